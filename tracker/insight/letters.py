"""Owns how letters on paper are read: what waits to be printed or posted, and the runs, as far as one may see."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from tracker.charter.words import PAPER, Act, CaseState, Channel, MessageKind, VoidPrintGround
from tracker.insight.sight import Viewer, may_print
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.paper import Letter, PrintRun, VoidPrint
from tracker.models.staff import Staff

PAGE = 200
"""How many waiting letters a page shows: the most urgent ones first."""
RUNS = 20

# Spelled out, not bound: the database matches its partial index against what is written in the statement.
_WAITS = (
    Message.left_on.is_(None),
    Message.direction == literal_column("'out'"),
    or_(*(Message.channel == literal_column(f"'{channel}'") for channel in PAPER)),
    Message.kind != MessageKind.NOTE,
)
_VOID = (Case.state == CaseState.MERGED) & Message.act.is_not(None) & (Message.act == Act.INTERIM)
"""An interim letter on a case that another has taken in: it would promise something void, and is not printed."""
_into = aliased(Case)


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One letter or fax: what it is, whom it goes to, and how far it has come."""

    reference: str
    number: int
    kind: MessageKind
    channel: Channel
    registered: bool
    requester: str
    to_service: str | None
    written_at: datetime
    due_on: date | None
    """The earliest date that its case owes (Brussels)."""
    run: int | None
    position: int | None
    left_on: date | None
    voided: bool
    merged_into: str | None = None
    """The case that has taken its case in."""
    promises_void: bool = False
    """It is an interim letter on such a case: it is not printed."""
    by_hand: tuple[str, ...] = ()
    """The files that go with it and somebody has to add by hand; known once its PDF is made."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One print run, as far as its reader may see its letters."""

    number: int
    made_at: datetime
    made_by: str | None
    """None: the command made it."""
    letters: int
    waiting: int
    """How many of them have not been marked as posted."""


_COLUMNS = (
    Case.reference, Message.number, Message.kind, Message.channel, Message.registered_ground, Case.requester_name,
    Message.service_code, Message.written_at, Case.next_due_on, Letter.run_id, Letter.position, Message.left_on,
    Message.voided_at, Letter.enclosed, _into.reference.label("merged_into"), _VOID.label("promises_void"),
)  # fmt: skip


def waiting_letters(session: Session, viewer: Viewer) -> list[PaperLine]:
    """Return what waits to be posted or faxed on the cases that a viewer may read, the most urgent first."""
    query = (
        _lines().where(*_WAITS, may_print(viewer)).order_by(Case.next_due_on.is_(None), Case.next_due_on, Message.id)
    )
    return [_line(row) for row in session.execute(query.limit(PAGE))]


def count_unprinted(session: Session, viewer: Viewer) -> int:
    """Return how many of them no run has yet."""
    query = select(func.count()).select_from(Message).join(Case, Case.id == Message.case_id)
    query = query.outerjoin(Letter, Letter.message_id == Message.id)
    return session.scalar(query.where(*_WAITS, ~_VOID, Letter.run_id.is_(None), may_print(viewer))) or 0


def newest_runs(session: Session, viewer: Viewer, number: int | None = None) -> list[RunLine]:
    """Return the newest runs in which there is a letter that a viewer may see; or the one of that number."""
    here = select(func.count()).select_from(Letter).join(Message, Message.id == Letter.message_id)
    here = here.join(Case, Case.id == Message.case_id).where(Letter.run_id == PrintRun.id, may_print(viewer))
    void = select(func.count()).select_from(VoidPrint).join(Message, Message.id == VoidPrint.message_id)
    void = void.join(Case, Case.id == Message.case_id).where(VoidPrint.run_id == PrintRun.id, may_print(viewer))
    letters, taken_back = here.scalar_subquery(), void.scalar_subquery()
    unposted = here.where(Message.left_on.is_(None)).scalar_subquery()
    query = (
        select(PrintRun.id, PrintRun.made_at, Staff.name, letters, unposted)
        .outerjoin(Staff, Staff.id == PrintRun.made_by)
        .where(letters + taken_back > 0)
        .order_by(PrintRun.id.desc())
        .limit(RUNS)
    )
    if number is not None:
        query = query.where(PrintRun.id == number)
    return [RunLine(*row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class VoidLine:
    """A print that must not be posted: its letter changed since, and is printed again."""

    position: int
    reference: str
    number: int
    ground: VoidPrintGround


def void_prints_in(session: Session, viewer: Viewer, number: int) -> list[VoidLine]:
    """Return what of a run must not be posted any more, as far as a viewer may see it."""
    query = (
        select(VoidPrint.position, Case.reference, Message.number, VoidPrint.ground)
        .join(Message, Message.id == VoidPrint.message_id)
        .join(Case, Case.id == Message.case_id)
        .where(VoidPrint.run_id == number, may_print(viewer))
        .order_by(VoidPrint.position)
    )
    return [VoidLine(*row) for row in session.execute(query)]


def letters_in(session: Session, viewer: Viewer, number: int) -> list[PaperLine]:
    """Return the letters of a run that a viewer may see, in their order."""
    query = _lines().where(Letter.run_id == number, may_print(viewer)).order_by(Letter.position)
    return [_line(row) for row in session.execute(query)]


def _lines() -> Any:
    columns: tuple[Any, ...] = _COLUMNS
    lines = select(*columns).select_from(Message).join(Case, Case.id == Message.case_id)
    return lines.outerjoin(Letter, Letter.message_id == Message.id).outerjoin(_into, _into.id == Case.merged_into_id)


def _line(row: Row[Any]) -> PaperLine:
    return PaperLine(
        reference=row.reference,
        number=row.number,
        kind=row.kind,
        channel=row.channel,
        registered=row.registered_ground is not None,
        requester=row.requester_name,
        to_service=row.service_code,
        written_at=row.written_at,
        due_on=row.next_due_on,
        run=row.run_id,
        position=row.position,
        left_on=row.left_on,
        voided=row.voided_at is not None,
        merged_into=row.merged_into,
        promises_void=bool(row.promises_void),
        by_hand=tuple(one["name"] for one in row.enclosed or () if not one["pages"]),
    )
