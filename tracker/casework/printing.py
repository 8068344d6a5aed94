"""Owns the print run: what waits on paper becomes letters, and is handed out once; and the day a run was posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Select, exists, literal_column, or_, select, true
from sqlalchemy.orm import Session

from tracker.casework.handing_out import HandedOut, UnknownRun, lay_out, sheets_of, sweep_out
from tracker.casework.house import Actor, House
from tracker.casework.leaving import NotWaiting, record_leaving
from tracker.casework.paper import Cabinet, letter_of, set_ahead
from tracker.charter.errors import CharterError
from tracker.charter.words import PAPER, Act, CaseState, MessageKind
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.paper import Letter, PrintRun

BLOCK = 500
"""How many letters are looked up at once."""


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A letter that could not be printed, or not be marked as posted, and why."""

    reference: str
    message: int
    refusal: CharterError


@dataclass(frozen=True, slots=True)
class Printed:
    """What one print run did: the runs that it handed out, and the letters that it could not print."""

    runs: tuple[HandedOut, ...]
    kept_back: tuple[KeptBack, ...]


def print_run(
    database: Database,
    house: House,
    cabinet: Cabinet,
    out: Path,
    *,
    now: datetime,
    actor: Actor,
    again: int | None = None,
    both_sides: bool = True,
) -> Printed:
    """Print what waits to be posted or faxed and has not been printed: one folder for the run, under ``out``.

    The run is committed first, then its files are written, then it counts as handed out: what a crash interrupts is
    handed out next time, under the same number and with the same letters. ``again``: hand out that run once more
    instead. ``both_sides``: each begins on a front side in the one PDF of all. Raises ``UnknownRun``, and ``OSError``
    when nothing can be written there.
    """
    if again is not None:
        return Printed((lay_out(database, cabinet.letters, out, again, now, again=True, both_sides=both_sides),), ())
    sweep_out(out, now)
    _, kept_back = make_run(database, house, cabinet, now=now, actor=actor)
    with database.reading() as session:
        there = exists().where(Letter.run_id == PrintRun.id)  # none is left where all were taken back meanwhile
        waiting = select(PrintRun.id).where(PrintRun.handed_at.is_(None), there).order_by(PrintRun.id)
        runs = list(session.scalars(waiting))
    handed = (lay_out(database, cabinet.letters, out, run, now, both_sides=both_sides) for run in runs)
    return Printed(tuple(one for one in handed if one.letters), kept_back)


def make_run(
    database: Database,
    house: House,
    cabinet: Cabinet,
    *,
    now: datetime,
    actor: Actor,
    of: ColumnElement[bool] | None = None,
    at_once: bool = False,
) -> tuple[int | None, tuple[KeptBack, ...]]:
    """Make the letters that wait, one commit each, and a run of those that no run has; none: nothing is new.

    ``of``: only those on such cases. ``at_once``: it counts as handed out, since whoever makes it has it on a page.
    """
    kept_back = []
    with database.reading() as session:
        new = waiting_letters().where(Letter.run_id.is_(None), true() if of is None else of)
        waiting = [row.id for row in session.execute(new)]
    for message_id in waiting:
        with database.reading() as session:
            set_ahead(session, house, cabinet, message_id=message_id, now=now)
        try:
            with database.writing() as session:
                letter_of(session, house, cabinet, message_id=message_id, now=now)
        except NotWaiting:
            continue  # it left, or was merged away, meanwhile
        except CharterError as refusal:
            kept_back.append(_kept_back(database, message_id, refusal))
    with database.writing() as session:
        return _run_of(session, waiting, now, actor, at_once), tuple(kept_back)


def _run_of(session: Session, waiting: Sequence[int], now: datetime, actor: Actor, at_once: bool) -> int | None:
    """Put into a run what was made, is still waiting, and is in no run yet."""
    run, position = None, 0
    for start in range(0, len(waiting), BLOCK):
        made = (
            select(Letter)
            .join(Message, Message.id == Letter.message_id)
            .where(
                Letter.message_id.in_(waiting[start : start + BLOCK]),
                Letter.run_id.is_(None),
                Message.left_on.is_(None),
            )
            .order_by(Letter.message_id)
            .with_for_update(of=Letter)
        )
        for letter in session.scalars(made):
            if run is None:
                run = PrintRun(made_at=now, made_by=actor.staff_id, handed_at=now if at_once else None)
                session.add(run)
                session.flush()
            position += 1
            letter.run_id, letter.position = run.id, position
    return run.id if run is not None else None


def waiting_letters() -> Select[int, int, str, int | None]:
    """Return the query for what waits to be posted or faxed: its id and number, its case, the run it is in.

    An interim letter on a case that another has taken in would promise something void: it is listed, not printed.
    """
    return (
        select(Message.id, Message.number, Case.reference, Letter.run_id)
        .join(Case, Case.id == Message.case_id)
        .outerjoin(Letter, Letter.message_id == Message.id)
        .where(
            *_ON_PAPER,
            Message.kind != MessageKind.NOTE,
            or_(Case.state != CaseState.MERGED, Message.act.is_(None), Message.act != Act.INTERIM),
        )
        .order_by(Message.id)
    )


_ON_PAPER = (
    Message.left_on.is_(None),
    Message.direction == literal_column("'out'"),
    or_(*(Message.channel == literal_column(f"'{channel}'") for channel in PAPER)),
)
"""As the index of them says it (``messages.WAITS_ON_PAPER``): a value bound later would pass it by on SQLite."""


def _kept_back(database: Database, message_id: int, refusal: CharterError) -> KeptBack:
    with database.reading() as session:
        named = select(Case.reference, Message.number).join(Message, Message.case_id == Case.id)
        return KeptBack(*session.execute(named.where(Message.id == message_id)).one(), refusal)


@dataclass(frozen=True, slots=True)
class PostedRun:
    """How many letters of a run are now marked as posted, and those that are not, with the reason."""

    posted: int
    kept_back: tuple[KeptBack, ...]


def post_run(
    database: Database,
    house: House,
    *,
    run: int,
    left_on: date,
    actor: Actor,
    now: datetime,
    of: ColumnElement[bool] | None = None,
) -> PostedRun:
    """Record the day (Brussels) on which the letters of a run were posted or faxed: that keeps promises.

    One commit each. What has left already, or may not be marked by this actor, is told and left as it is; doing it
    again changes nothing. ``of``: only those on such cases. Raises ``UnknownRun``.
    """
    with database.reading() as session:
        if session.get(PrintRun, run) is None:
            raise UnknownRun(run)
        sheets = sheets_of(session, run, of)
    posted, kept_back = 0, []
    for sheet in sheets:
        try:
            with database.writing() as session:
                record_leaving(
                    session,
                    house,
                    reference=sheet.reference,
                    message_number=sheet.message,
                    left_on=left_on,
                    actor=actor,
                    now=now,
                    seen=None,
                    as_named=True,
                )
            posted += 1
        except CharterError as refusal:
            kept_back.append(KeptBack(sheet.reference, sheet.message, refusal))
    return PostedRun(posted, tuple(kept_back))
