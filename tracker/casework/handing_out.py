"""Owns how a print run is handed out: its letters one by one, all of them in one PDF, and the list, in one folder."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from tracker.casework.errors import Refused
from tracker.casework.paper import recipient_of, write_whole
from tracker.charter.counting import brussels_day
from tracker.correspondence.files import sync
from tracker.correspondence.printrun import Sheet, listed, merged
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.paper import Letter, PrintRun


class UnknownRun(Refused):
    """No print run has this number."""

    code = "unknown_run"

    def __init__(self, run: int) -> None:
        super().__init__(f"There is no print run {run}: look at the list of runs.", run=run)


@dataclass(frozen=True, slots=True)
class HandedOut:
    """One run as it was laid out in a folder: so many letters and pages, without the sheets between them."""

    run: int
    folder: Path
    letters: int
    pages: int


def sheets_of(session: Session, run: int, of: ColumnElement[bool] | None = None) -> list[Sheet]:
    """Return the letters of a run, in the order in which they are printed; ``of``: only those on such cases."""
    query = (
        select(Letter, Message, Case)
        .join(Message, Message.id == Letter.message_id)
        .join(Case, Case.id == Message.case_id)
        .where(Letter.run_id == run, true() if of is None else of)
        .order_by(Letter.position)
    )
    return [
        Sheet(
            run=run,
            position=letter.position or 0,
            reference=case.reference,
            message=message.number,
            channel=message.channel,
            registered=message.registered_ground or "",
            recipient=recipient_of(session, case, message),
            address=", ".join((message.address or "").splitlines()),
            language=message.language,
            handler=str((message.signature or {}).get("name", "")),
            pages=letter.pages,
            by_hand=", ".join(one["name"] for one in letter.enclosed or () if not one["pages"]),
            stored_as=letter.stored_as,
        )
        for letter, message, case in session.execute(query)
    ]


def title_of(run: PrintRun) -> str:
    """Return what a run is called on its sheets."""
    return f"Suivi · {run.id} · {brussels_day(run.made_at).isoformat()}"


def merged_run(
    session: Session, folder: Path, run: int, of: ColumnElement[bool] | None = None, *, both_sides: bool = True
) -> bytes:
    """Return all letters of a run as one PDF; ``of``: only those on such cases. Raises ``UnknownRun``.

    ``both_sides``: each begins on a front side when it is printed on both.
    """
    row, sheets = session.get(PrintRun, run), sheets_of(session, run, of)
    if row is None or not sheets:
        raise UnknownRun(run)
    letters = [(folder / sheet.stored_as).read_bytes() for sheet in sheets]
    return merged(title_of(row), row.made_at, sheets, letters, both_sides=both_sides)


def lay_out(
    database: Database, folder: Path, out: Path, run: int, now: datetime, *, again: bool = False,
    both_sides: bool = True,
) -> HandedOut:  # fmt: skip
    """Write the files of a run into its folder under ``out``, and note that it was handed out.

    Everything is written aside; it takes its place only when it is whole and nobody else has handed it out meanwhile.
    """
    name = f"run-{run:06d}"
    with database.reading() as session:
        sheets, whole = sheets_of(session, run), merged_run(session, folder, run, both_sides=both_sides)
    out.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=ASIDE, dir=out))
    try:
        for sheet in sheets:
            write_whole(part / sheet.file, (folder / sheet.stored_as).read_bytes())
        write_whole(part / f"{name}.csv", listed(sheets))
        write_whole(part / f"{name}.pdf", whole)
        with database.writing() as session:
            row = session.get_one(PrintRun, run, with_for_update=True, populate_existing=True)
            if row.handed_at is not None and not again:
                return HandedOut(run, out / name, 0, 0)
            _put(part, out / name)
            row.handed_at = row.handed_at or now
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return HandedOut(run, out / name, len(sheets), sum(sheet.pages for sheet in sheets))


ASIDE = ".suivi-run-"
"""How a folder begins in which a run is being written."""


def _put(part: Path, place: Path) -> None:
    """Move a whole folder to its place; where it is there already, its files over those that are."""
    part.chmod(0o755)
    try:
        os.rename(part, place)
    except OSError:
        if not place.is_dir():
            raise
        wanted = {file.name for file in part.iterdir()}
        for file in sorted(part.iterdir()):
            os.replace(file, place / file.name)
        for old in place.glob("[0-9]*-*.pdf"):
            if old.name not in wanted:
                old.unlink()
        sync(place)
    sync(place.parent)


def sweep_out(out: Path, now: datetime) -> None:
    """Remove what a crash left half-written an hour ago or more."""
    for part in out.glob(f"{ASIDE}*"):
        if part.stat().st_mtime < (now - timedelta(hours=1)).timestamp():
            shutil.rmtree(part, ignore_errors=True)
