"""`tracker letters`: the print run as a machine calls it, killed at any moment and called again."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from tests.cli import loaded
from tests.cli.conftest import Told, assert_one_sentence
from tests.conftest import SECRET_KEY
from tests.factories import make_case, settle
from tests.processes import FORKING
from tracker.charter.words import Channel, Language
from tracker.models.database import Database
from tracker.models.paper import Letter, PrintRun

LETTERS = 8


def fill(database: Database, how_many: int = LETTERS, **more: str) -> list[str]:
    """Register letters from citizens, each with its acknowledgement on paper."""
    with database.writing() as session:
        settle(session)
        known = {"channel": Channel.POST, "requester_email": None, "requester_address": "Rue Neuve 1\n1000 Bruxelles"}
        languages = list(Language)
        return [
            make_case(session, language=languages[turn % 4], official_language=Language.NL, **known | more).reference
            for turn in range(how_many)
        ]


def test_it_prints_each_letter_once_and_says_so(
    tracker: Callable[..., Told], database: Database, tmp_path: Path
) -> None:
    references, out = fill(database, 3), tmp_path / "out"

    told = tracker("letters", "--out", str(out), "--json")

    assert told.returncode == 0, told
    (run,) = json.loads(told.stdout)["runs"]
    folder = Path(run["folder"])
    assert (folder, run["letters"]) == (out / f"run-{run['run']:06d}", 3)
    with open(folder / f"{folder.name}.csv", encoding="utf-8", newline="") as listed:
        assert [row["reference"] for row in csv.DictReader(listed)] == references
    assert (folder / f"{folder.name}.pdf").read_bytes().startswith(b"%PDF-")
    assert tracker("letters", "--out", str(out)).stdout == "Nothing waits to be printed.\n"
    assert f"Run {run['run']}: 3 letters" in tracker("letters", "--out", str(out), "--again", str(run["run"])).stdout
    assert tracker("verify").returncode == 0


def test_the_pdf_of_all_is_for_both_sides_unless_asked_for_one_and_the_help_says_so(
    tracker: Callable[..., Told], database: Database, tmp_path: Path
) -> None:
    fill(database, 2)
    (run,) = json.loads(tracker("letters", "--out", str(tmp_path), "--json").stdout)["runs"]
    whole = Path(run["folder"]) / f"run-{run['run']:06d}.pdf"
    both = len(PdfReader(whole).pages)

    tracker("letters", "--out", str(tmp_path), "--again", str(run["run"]), "--one-side")

    assert (both, len(PdfReader(whole).pages)) == (8, 4)
    assert "front side when it is printed on both" in " ".join(tracker("letters", "--help").stdout.split())


def test_what_cannot_be_printed_is_named(tracker: Callable[..., Told], database: Database, tmp_path: Path) -> None:
    (reference,) = fill(database, 1, requester_name="王小明")

    told = tracker("letters", "--out", str(tmp_path / "out"), "--json")

    assert told.returncode == 1
    (kept_back,) = json.loads(told.stdout)["kept_back"]
    assert (kept_back["reference"], kept_back["code"]) == (reference, "not_printable")
    assert "王" in kept_back["reason"]


def test_a_place_that_cannot_be_written_is_one_sentence(
    tracker: Callable[..., Told], database: Database, tmp_path: Path
) -> None:
    fill(database, 1)
    (tmp_path / "file").write_text("x")

    assert_one_sentence(tracker("letters", "--out", str(tmp_path / "file")), 2)
    assert_one_sentence(tracker("letters", "--out", str(tmp_path / "file" / "below")), 2)
    assert_one_sentence(tracker("letters", "--out", str(tmp_path), "--again", "99"), 1)
    assert_one_sentence(tracker("letters"), 2)


def test_verify_finds_a_letter_that_is_gone_or_was_changed(
    tracker: Callable[..., Told], database: Database, tmp_path: Path
) -> None:
    fill(database, 2)
    tracker("letters", "--out", str(tmp_path / "out"))
    one, other = sorted((tmp_path / "var" / "letters").iterdir())

    one.unlink()
    other.write_bytes(other.read_bytes() + b" ")

    told = tracker("verify")
    assert told.returncode == 1
    assert "letters" in told.stdout
    assert "cannot be read" in told.stdout
    assert "is not the one that was kept" in told.stdout


MOMENTS: dict[str, Callable[[Path, Path], bool]] = {
    "the first letter is made": lambda kept, out: len(list(kept.glob("*.pdf"))) >= 1,
    "half of the letters are made": lambda kept, out: len(list(kept.glob("*.pdf"))) >= LETTERS // 2,
    "all letters are made": lambda kept, out: len(list(kept.glob("*.pdf"))) >= LETTERS,
    "the run is being written": lambda kept, out: any(out.glob(".suivi-run-*/[0-9]*.pdf")),
    "the run is in its place": lambda kept, out: any(out.glob("run-*")),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_and_called_again_it_prints_every_letter_as_one_file(
    database: Database, database_url: str, tmp_path: Path, tracker: Callable[..., Told], moment: str
) -> None:
    references, out, kept = fill(database), tmp_path / "out", tmp_path / "var" / "letters"
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path / "var")}
    streams = tmp_path / "streams"
    streams.mkdir()
    for stream in loaded.STREAMS:
        (streams / stream).touch()
    running = FORKING.Process(target=loaded.begin, args=(("letters", "--out", str(out)), settings, streams))
    running.start()
    while running.is_alive() and not MOMENTS[moment](kept, out):
        running.join(0.001)
    running.kill()
    running.join()

    assert tracker("letters", "--out", str(out)).returncode == 0
    assert tracker("letters", "--out", str(out)).stdout == "Nothing waits to be printed.\n"

    printed: dict[str, set[bytes]] = {}
    for path in out.glob("run-*/[0-9]*.pdf"):
        printed.setdefault(path.name[5:], set()).add(path.read_bytes())
    assert sorted(printed) == sorted(f"{reference}-2.pdf" for reference in references)
    with database.reading() as session:
        letters = list(session.scalars(select(Letter)))
        assert all(run.handed_at is not None for run in session.scalars(select(PrintRun)))
    assert {frozenset(copies) for copies in printed.values()} == {
        frozenset({(kept / letter.stored_as).read_bytes()}) for letter in letters
    }
