"""Owns what is owed soon on the cases of some members of staff: references and dates, nothing of a citizen."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, Select, case, cast, func, literal, null, or_, select, text
from sqlalchemy.orm import Session

from tracker.charter.words import ObligationKind
from tracker.insight.shown import Days
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


class Section(StrEnum):
    """The sections of a digest."""

    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"
    LETTERS = "letters"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Owed:
    """One open obligation; one letter that waits to be posted or faxed, without kind or date; or what is asked.

    That has no kind, and the person who is asked in the place of the handler. ``many`` and ``interim`` are told of
    the first of those of one section, handler and person concerned: how many there are, and are interim letters.
    """

    section: Section
    handler_id: int
    about_staff_id: int | None
    reference: str
    kind: ObligationKind | None
    due_on: date | None
    many: int
    interim: int


def owed(session: Session, handlers: Collection[int], days: Days, *, most: int) -> list[Owed]:
    """Return what is owed on the cases of some handlers this week and before, the first due first.

    So many at most of each section, handler and person concerned, with how many there are (one statement).
    """
    section = case(
        (Obligation.due_on < days.today, Section.OVERDUE.value),
        (Obligation.due_on <= days.today_until, Section.TODAY.value),
        else_=Section.WEEK.value,
    )
    query = (
        select(*_as_owed(section, Case.handler_id, Obligation.kind, Obligation.due_on, Obligation.id))
        .join(Obligation, Obligation.case_id == Case.id)
        .where(
            Case.handler_id.in_(sorted(handlers)),
            Case.next_due_on <= days.week_until,
            text("obligations.state = 'open'"),
            Obligation.due_on <= days.week_until,
        )
    )
    return _first_of_each(session, query, most)


def letters_waiting(session: Session, handlers: Collection[int], *, most: int) -> list[Owed]:
    """Return the letters on the cases of some handlers that wait to be posted or faxed, the oldest first."""
    query = (
        select(*_as_owed(literal(Section.LETTERS.value), Case.handler_id, _NO_KIND, _NO_DAY, Message.id))
        .join(Message, Message.case_id == Case.id)
        .where(_WAITS_ON_PAPER, Case.handler_id.in_(sorted(handlers)))
    )
    return _first_of_each(session, query, most)


def asked(session: Session, people: Collection[int], *, most: int) -> list[Owed]:
    """Return what colleagues ask of some people on other cases, the first needed first, likewise."""
    query = (
        select(*_as_owed(literal(Section.ASKED.value), Task.asked_id, _NO_KIND, Task.due_on, Task.id))
        .join(Task, Task.case_id == Case.id)
        .where(text("tasks.state = 'open'"), Task.asked_id.in_(sorted(people)))
    )
    return _first_of_each(session, query, most)


_NO_KIND, _NO_DAY = null().label("kind"), cast(null(), Date)


def _as_owed(*columns: Any) -> tuple[Any, ...]:
    section, handler, kind, due_on, number = columns
    return (
        section.label("section"), handler.label("handler_id"), Case.about_staff_id, Case.reference,
        kind.label("kind"), due_on.label("due_on"), number.label("number"),
    )  # fmt: skip


def _first_of_each(session: Session, query: Select[Any], most: int) -> list[Owed]:
    """Return the first of each section, handler and person concerned, with how many there are."""
    one = query.subquery("one")
    apart = (one.c.section, one.c.handler_id, one.c.about_staff_id)
    place = func.row_number().over(partition_by=apart, order_by=(one.c.due_on, one.c.number))
    interim = case((one.c.kind == ObligationKind.INTERIM.value, 1), else_=0)
    told = select(
        one, place.label("place"), func.count().over(partition_by=apart).label("many"),
        func.sum(interim).over(partition_by=apart).label("interim"),
    ).subquery("told")  # fmt: skip
    first = select(told).where(told.c.place <= most).order_by(told.c.due_on, told.c.number)
    return [
        Owed(
            Section(row.section), row.handler_id, row.about_staff_id, row.reference,
            ObligationKind(row.kind) if row.kind else None, row.due_on,
            many=row.many if row.place == 1 else 0, interim=int(row.interim) if row.place == 1 else 0,
        )
        for row in session.execute(first)
    ]  # fmt: skip


_WAITS_ON_PAPER = text(
    "messages.left_on IS NULL AND messages.direction = 'out'"
    " AND (messages.channel = 'post' OR messages.channel = 'fax')"
)
"""As the index of them says it (``messages.WAITS_ON_PAPER``)."""
