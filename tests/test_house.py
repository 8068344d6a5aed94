"""Rules of the whole house: what may be imported, committed, pinned, licensed; and that every text is translated."""

import ast
import gettext
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import SECRET_KEY
from tests.licences import ROOT, licence_of, not_allowed, pinned, table, written

MODULES = sorted((ROOT / "tracker").rglob("*.py"))
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-dev.lock"]
LANGUAGES = ["fr", "nl", "de"]  # the texts in the code are the English ones

# Written so that this file does not match itself.
NOT_IN_A_COMMIT = re.compile(
    r"(?<![\w.])/(?:root|home|wor[k]|tm[p])/[\w.]|pypi\.or[g]|pythonhosted\.or[g]|registry\.npmj[s]|deb\.debian\.or[g]"
    r"|extra-index-ur[l]|find-link[s]",
)


def test_the_charter_loads_nothing_but_itself_and_the_standard_library() -> None:
    program = (
        "import sys; before = set(sys.modules)\n"
        "import importlib, pkgutil, tracker.charter as charter\n"
        "for found in pkgutil.walk_packages(charter.__path__, 'tracker.charter.'):\n"
        "    importlib.import_module(found.name)\n"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(roots - sys.stdlib_module_names - {'__main__', 'tracker'}))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('tracker.') and '.charter' not in name))\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    others, rooms = shown.stdout.splitlines()
    # What the interpreter loaded before, or keeps for itself behind an underscore, is not the charter's doing.
    assert [name for name in others.split() if not name.startswith("_")] == []
    assert rooms == ""


@pytest.mark.parametrize("door", ["tracker.wsgi", "tracker.scheduler.run"])
def test_what_rare_work_needs_is_loaded_only_for_it(door: str, tmp_path: Path) -> None:
    """Each of these would cost every process that runs all day several megabytes."""
    program = f"import sys, {door}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    settings = {"SECRET_KEY": SECRET_KEY, "VAR_DIR": str(tmp_path)}
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=settings, capture_output=True, text=True, check=True
    )
    rare = {"fontpkg", "leather", "py3langid", "pypdf", "rich", "segno", "typst", "xlsxwriter"}
    assert rare & set(shown.stdout.split()) == set()


def test_no_text_to_translate_stands_in_an_f_string_where_the_collector_does_not_see_it() -> None:
    for path in MODULES:
        formatted = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr))
        inside = (node for each in formatted for node in ast.walk(each) if isinstance(node, ast.Call))
        names = {node.func.id for node in inside if isinstance(node.func, ast.Name)}
        assert not names & {"_", "_l", "gettext", "ngettext", "lazy_gettext"}, path


def test_the_package_itself_holds_one_docstring() -> None:
    body = ast.parse((ROOT / "tracker/__init__.py").read_text()).body
    assert len(body) == 1
    assert ast.get_docstring(ast.Module(body, [])) is not None


def test_every_module_says_what_it_owns() -> None:
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert [path for path in MODULES if path.stem in {"utils", "helpers", "misc", "common"}] == []


def test_only_doors_web_and_scheduler_read_the_clock() -> None:
    reads = re.compile(r"\b(?:datetime|date)\.(?:now|utcnow|today)\(|\btime\.time\(")
    allowed = ("cli", "web", "scheduler", "wsgi", "app", "opening")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in MODULES
        if path.relative_to(ROOT / "tracker").parts[0].removesuffix(".py") not in allowed
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if reads.search(line)
    ]
    assert found == []


def test_only_doors_read_the_environment() -> None:
    reads = re.compile(r"\bos\.(?:environ|getenv)\b|\.from_env\(")
    doors = ("cli", "wsgi.py", "opening.py")
    found = [path for path in MODULES if reads.search(path.read_text())]
    assert [path for path in found if path.relative_to(ROOT / "tracker").parts[0] not in doors] == []


def test_nothing_committed_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    assert len(names) > 20
    found = [
        f"{name}: {match.group()}"
        for name in names
        if (match := NOT_IN_A_COMMIT.search((ROOT / name).read_bytes().decode("utf-8", "replace")))
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_each_package_with_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) > 20
    for block in blocks:
        assert re.match(r"[a-z0-9-]+==[^ ]+( ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_the_locks_fit_what_the_project_asks_for_and_each_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = {LOCKS[0]: project["dependencies"] + extras["build"]}
    asked[LOCKS[1]] = asked[LOCKS[0]] + extras["dev"]
    versions = {
        lock: {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in pinned(lock)}
        for lock in LOCKS
    }
    for lock, wanted in asked.items():
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(versions[lock][canonicalize_name(requirement.name)]), requirement
    assert versions[LOCKS[0]].items() <= versions[LOCKS[1]].items()


def test_what_is_installed_is_what_is_pinned() -> None:
    wrong = [
        f"{each.name}: {distribution(each.name).version} is installed, {each.specifier} pinned"
        for each in pinned(LOCKS[1])
        if not each.specifier.contains(distribution(each.name).version)
    ]
    assert wrong == []


def test_every_licence_fits() -> None:
    found = {each.name: not_allowed(licence_of(distribution(each.name))) for each in pinned(LOCKS[1])}
    assert {name: parts for name, parts in found.items() if parts} == {}
    assert not_allowed("MIT OR GPL-3.0-only") == set()
    assert not_allowed("MIT AND GPL-3.0-only") == {"GPL-3.0-only"}


def test_third_party_lists_what_is_pinned() -> None:
    """Whole rows, but for numpy, which another Python pins in another version with another list of licences."""

    def rows(text: str) -> list[str]:
        return [line if "| numpy |" not in line else "| numpy |" for line in text.splitlines()]

    assert rows(written()) == rows(table()), "run: .venv/bin/python -m tests.licences"


def test_third_party_names_every_vendored_folder() -> None:
    page = (ROOT / "THIRD_PARTY.md").read_text()
    for notice in (ROOT / "tracker/static").rglob("LICENSE*"):
        assert f"`{notice.parent.relative_to(ROOT)}/`" in page


def _in_the_code() -> dict[str | tuple[str, str], str]:
    """Every text to translate, with a place where it stands; plural texts as (singular, plural)."""
    with open(ROOT / "babel.cfg") as file:
        methods, options = parse_mapping_cfg(file, "babel.cfg")
    found: dict[str | tuple[str, str], str] = {}
    for folder in ("tracker", "templates"):
        for name, line, message, _, _ in extract_from_dir(
            str(ROOT / folder), methods, options, keywords=_keywords(), strip_comment_tags=True
        ):
            found[message if isinstance(message, str) else (message[0], message[1])] = f"{folder}/{name}:{line}"
    return found


def _keywords() -> dict[str, tuple[int, ...] | None]:
    from babel.messages.extract import DEFAULT_KEYWORDS

    return {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}


def _catalog(language: str) -> Catalog:
    path = ROOT / f"tracker/locale/{language}/LC_MESSAGES/messages.po"
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: run make messages and translate it"
    with open(path, "rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    """Each original with its translation."""
    if isinstance(message.id, str):
        yield message.id, str(message.string)
    else:
        originals = [message.id[0]] + [message.id[1]] * (len(message.string) - 1)
        yield from zip(originals, message.string, strict=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    """Nothing missing, nothing obsolete, nothing guessed, and the same placeholders as in English."""
    in_code = _in_the_code()
    if not in_code:
        pytest.fail("no text to translate was found: does babel.cfg still fit?")
    catalog = _catalog(language)
    translated = {message.id for message in catalog if message.id}
    assert {text: in_code[text] for text in in_code.keys() - translated} == {}, "run make messages, then translate"
    assert translated - in_code.keys() == set(), "run make messages: these texts are gone from the code"
    for message in catalog:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        for original, text in _texts(message):
            assert text.strip(), f"not translated: {original}"
            placeholders = [sorted(re.findall(r"%\(\w+\)[sd]|(?<!\{)\{\w*\}", each)) for each in (original, text)]
            if isinstance(message.id, str):
                assert placeholders[0] == placeholders[1], original
            else:
                assert set(placeholders[1]) <= set(placeholders[0]), original
            assert bool(re.search(r"\s$", original)) == bool(re.search(r"\s$", text)), original


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_texts_are_those_that_were_translated(language: str) -> None:
    with open(ROOT / f"tracker/locale/{language}/LC_MESSAGES/messages.mo", "rb") as file:
        compiled = gettext.GNUTranslations(file)
    written_down: dict[object, object] = {}
    for message in _catalog(language):
        context = f"{message.context}\x04" if message.context else ""
        if message.id and isinstance(message.id, str):
            written_down[context + message.id] = message.string
        elif message.id:
            written_down.update({(context + message.id[0], index): text for index, text in enumerate(message.string)})
    in_mo = {key: text for key, text in compiled._catalog.items() if key != ""}  # type: ignore[attr-defined]
    assert in_mo == written_down, "run make messages and commit the .mo files"


OTHER_WORDS = {
    "fr": re.compile(
        r"promesse|\bremettre\b(?! en)|\bremise? à un", re.IGNORECASE
    ),  # engagement; confier à un collègue
    "nl": re.compile(r"verbintenis|toezegging", re.IGNORECASE),  # belofte
    "de": re.compile(r"verspr[eo]ch", re.IGNORECASE),  # Zusage
    "en": re.compile(r"\bcommitment", re.IGNORECASE),  # promise
}
"""Words for a promise, and for handing a file over, that would stand beside the one that each language uses."""


@pytest.mark.parametrize("language", OTHER_WORDS)
def test_a_promise_has_one_word_on_every_page_and_in_every_letter(language: str) -> None:
    assert [said for said in _said_in(language) if OTHER_WORDS[language].search(said)] == []


def test_no_line_in_french_begins_with_a_mark_that_belongs_to_the_word_before() -> None:
    broken = re.compile(r"[^ \n] [:;?!»]|« ")
    told = (re.sub(r"\{%.*?%\}", "{}", said, flags=re.DOTALL) for said in _said_in("fr"))
    assert [said for said in told if broken.search(said)] == []


def test_dutch_quotes_open_above_the_line() -> None:
    assert [said for said in _said_in("nl") if "„" in said] == []


def _said_in(language: str) -> Iterator[str]:
    """Yield every sentence of ours in a language: of pages, of labels and refusals, of letters."""
    yield from _said_on_pages(language)
    for path in (ROOT / "templates/correspondence").glob(f"*/{language}/*.txt"):
        yield path.read_text("utf-8")


def _said_on_pages(language: str) -> Iterator[str]:
    for message in _catalog("fr" if language == "en" else language):
        yield from (original if language == "en" else text for original, text in _texts(message) if original)
    for path in (ROOT / "tracker/correspondence/data").glob("*.toml"):
        yield from _in_table(tomllib.loads(path.read_text("utf-8")), language)


def _in_table(value: object, language: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == language and isinstance(inner, str):
                yield inner
            else:
                yield from _in_table(inner, language)
    elif isinstance(value, list):
        for inner in value:
            yield from _in_table(inner, language)
