"""Owns what is owed soon on the cases of some members of staff: references and dates, nothing of a citizen."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from tracker.charter.words import ObligationKind
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.obligations import Obligation
from tracker.models.personal import CalendarFeed
from tracker.models.staff import Staff
from tracker.models.tasks import Task


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One open obligation."""

    reference: str
    number: int
    """Of the obligation, within its case."""
    kind: ObligationKind
    work_by: date
    due_on: date
    """Both Brussels."""
    arose_at: datetime
    handler_id: int
    handler: str


def upcoming(
    session: Session, own: Collection[int], *, person_id: int, until: date, most: int
) -> tuple[Upcoming, ...]:
    """Return what is owed on the cases of ``own``, overdue or with its last day by ``until`` (Brussels).

    The first due first, and at most so many (one statement, over the handlers' index of live cases). A case that
    concerns ``person_id`` is left out: whoever a complaint is about does not see it (user charter §6).
    """
    query = (
        select(
            Case.reference,
            Obligation.number,
            Obligation.kind,
            Obligation.work_by,
            Obligation.due_on,
            Obligation.arose_at,
            Case.handler_id,
            Staff.name,
        )
        .join(Case, Case.id == Obligation.case_id)
        .join(Staff, Staff.id == Case.handler_id)
        .where(
            Case.handler_id.in_(sorted(own)),
            Case.next_due_on <= until,  # the first that the case owes: what walks the index
            text("obligations.state = 'open'"),
            Obligation.due_on <= until,
            or_(Case.about_staff_id.is_(None), Case.about_staff_id != person_id),
            ~Staff.is_desk,
        )
        .order_by(Obligation.due_on, Obligation.id)
        .limit(most)
    )
    return tuple(Upcoming(*row) for row in session.execute(query))


def feed_made_at(session: Session, staff_id: int) -> datetime | None:
    """Return when somebody made the calendar address that they have (UTC); None: they have none."""
    in_use = CalendarFeed.staff_id == staff_id, CalendarFeed.revoked_at.is_(None)
    return session.scalar(select(CalendarFeed.made_at).where(*in_use))


@dataclass(frozen=True, slots=True)
class Owed:
    """One open obligation; one letter that waits to be posted or faxed, without kind or date; or what is asked.

    That has no kind, and the person who is asked in the place of the handler.
    """

    handler_id: int
    about_staff_id: int | None
    reference: str
    kind: ObligationKind | None = None
    due_on: date | None = None


def owed(session: Session, handlers: Collection[int], *, until: date) -> list[Owed]:
    """Return what is owed on the cases of some handlers with its last day by ``until``, the first due first."""
    query = (
        select(Case.handler_id, Case.about_staff_id, Case.reference, Obligation.kind, Obligation.due_on)
        .join(Obligation, Obligation.case_id == Case.id)
        .where(
            Case.handler_id.in_(sorted(handlers)),
            Case.next_due_on <= until,
            text("obligations.state = 'open'"),
            Obligation.due_on <= until,
        )
        .order_by(Obligation.due_on, Obligation.id)
    )
    return [Owed(*row) for row in session.execute(query)]


def letters_waiting(session: Session, handlers: Collection[int]) -> list[Owed]:
    """Return the letters on the cases of some handlers that wait to be posted or faxed, the oldest first."""
    query = (
        select(Case.handler_id, Case.about_staff_id, Case.reference)
        .join(Message, Message.case_id == Case.id)
        .where(_WAITS_ON_PAPER, Case.handler_id.in_(sorted(handlers)))
        .order_by(Message.id)
    )
    return [Owed(*row) for row in session.execute(query)]


def asked(session: Session, people: Collection[int]) -> list[Owed]:
    """Return what colleagues ask of some people on other cases, the first needed first; ``due_on``: by when."""
    query = (
        select(Task.asked_id, Case.about_staff_id, Case.reference, Task.due_on)
        .join(Case, Case.id == Task.case_id)
        .where(text("tasks.state = 'open'"), Task.asked_id.in_(sorted(people)))
        .order_by(Task.due_on, Task.id)
    )
    return [
        Owed(asked_id, about, reference, due_on=due_on)
        for asked_id, about, reference, due_on in session.execute(query)
        if asked_id is not None
    ]


_WAITS_ON_PAPER = text(
    "messages.left_on IS NULL AND messages.direction = 'out'"
    " AND (messages.channel = 'post' OR messages.channel = 'fax')"
)
"""As the index of them says it (``messages.WAITS_ON_PAPER``)."""
