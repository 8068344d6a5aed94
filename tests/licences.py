"""Which licences the installed dependencies carry; `python -m tests.licences` writes them into `THIRD_PARTY.md`."""

import re
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- dependencies: begin -->\n", "<!-- dependencies: end -->\n"

# What a work under EUPL-1.2 may depend on and be shipped beside. The reciprocal ones (LGPL, MPL) are used unchanged.
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "OFL-1.1",
}
ALLOWED |= {"MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib"}

# What older packages write instead of an SPDX identifier. "BSD License" says not which: their licence file does.
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# Those that state nothing a program can read: read by a person in their licence file.
_READ_BY_HAND = {
    "axe-playwright-python": "MIT AND MPL-2.0",
    "passlib": "BSD-3-Clause",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
}


def pinned(lock: Path) -> list[Requirement]:
    """Every requirement of a lock file that applies to this machine."""
    lines = [line.split(" \\")[0] for line in lock.read_text().splitlines() if re.match(r"[A-Za-z0-9]", line)]
    requirements = [Requirement(line) for line in lines]
    return [each for each in requirements if each.marker is None or each.marker.evaluate()]


def licence_of(found: Distribution) -> str:
    """The licence of an installed distribution as an SPDX expression; `unknown` when it does not say."""
    metadata = found.metadata
    if expression := metadata.get("License-Expression"):
        return expression
    classified = [
        _CLASSIFIERS.get(each.rpartition(" :: ")[2], each)
        for each in metadata.get_all("Classifier") or []
        if each.startswith("License :: OSI Approved ::")
    ]
    if classified:
        return " AND ".join(sorted(classified))
    written = metadata.get("License") or ""
    return written if written in ALLOWED else _READ_BY_HAND.get(canonicalize_name(found.name), "unknown")


def not_allowed(expression: str) -> set[str]:
    """The parts of an SPDX expression that are not on the allowed list; either side of an OR may do."""
    choices = [set(choice.strip(" ()").split(" AND ")) - ALLOWED for choice in expression.split(" OR ")]
    return min(choices, key=len)


def table() -> str:
    """The runtime dependencies with their licences, as a Markdown table."""
    names = sorted(canonicalize_name(each.name) for each in pinned(ROOT / "requirements.lock"))
    rows = [f"| {name} | {licence_of(distribution(name))} |" for name in names]
    return "\n".join(["| package | licence |", "|---|---|", *rows]) + "\n"


def written() -> str:
    """The table as `THIRD_PARTY.md` has it."""
    text = (ROOT / "THIRD_PARTY.md").read_text()
    return text[text.index(START) + len(START) : text.index(END)]


if __name__ == "__main__":
    page = ROOT / "THIRD_PARTY.md"
    page.write_text(page.read_text().replace(START + written() + END, START + table() + END))
