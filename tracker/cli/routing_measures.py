"""Owns what is measured of routing: a real `tracker route` that is given one text after the other, and its memory."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tracker.cli.failures import UsageError
from tracker.cli.measuring import Figure, figure
from tracker.routing.examples import shipped_examples

TEXTS = 400
"""As many; a small population gets fewer."""
WARMING = 20
"""Texts before the clock starts: the first in each language have its words read."""


def routed(kind: str, cases: int, environment: dict[str, str], tracker: list[str]) -> Iterator[Figure]:
    """Measure how long one text takes, how many a second that makes, and the memory of the process."""
    every = shipped_examples()
    texts = every[:: max(1, len(every) // (min(TEXTS, cases // 4) + WARMING))]
    command = [*tracker, "route", "--jsonl"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own command
        assert process.stdin is not None
        assert process.stdout is not None
        seen = []
        for one in texts:
            line = json.dumps({"text": one.text, "lang": one.lang}).encode() + b"\n"
            started = time.perf_counter()
            process.stdin.write(line)
            process.stdin.flush()
            if b"decision" not in process.stdout.readline():
                raise UsageError("A text was not routed: try `tracker route` by hand.")
            seen.append(1000 * (time.perf_counter() - started))
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.stdin.close()
    seen = seen[WARMING:]
    yield figure(kind, cases, "one text routed", "ms", seen, 20)
    yield Figure(kind, cases, "texts routed", "texts/s", 1000 * len(seen) / sum(seen), None, None)
    most = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    yield Figure(kind, cases, "memory of the process that routes, at most", "MB", most / 1024, None, 350)
