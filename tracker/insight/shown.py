"""Owns what the queue can show: whose cases, and which of them, each as SQL conditions over their index."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ColumnElement, Date, Select, SQLColumnExpression, Subquery, literal_column, or_, select, union

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.words import Nature, ObligationKind
from tracker.insight.sight import (
    IN_TRIAGE,
    OPEN,
    RINGING,
    Branch,
    Viewer,
    all_i_may_see,
    may_read,
    mine,
    of_my_service,
)
from tracker.models.cases import Case


class View(StrEnum):
    """Whose cases are listed."""

    MINE = "mine"
    SERVICE = "service"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Days:
    """The day it is in Brussels, and how far the due dates go whose last working day is today, or in this week."""

    today: date
    today_until: date
    """A Sunday's work is Friday's: on Friday, what is due on Saturday and Sunday is to be done today."""
    week_until: date

    @classmethod
    def of(cls, today: date, calendar: WorkingCalendar) -> Self:
        """Return the days that count on a day (Brussels)."""
        sunday = today + timedelta(days=6 - today.weekday())
        return cls(today, *(calendar.open_day_after(day, 1) - timedelta(days=1) for day in (today, sunday)))


class Show(StrEnum):
    """Which of them."""

    EVERYTHING = "everything"
    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"
    INTERIM = "interim"
    COMPLAINTS = "complaints"
    UNASSIGNED = "unassigned"
    URGENT = "urgent"
    UNATTENDED = "unattended"
    FAILED = "failed"
    TO_CLOSE = "to_close"


FEW = frozenset({Show.UNATTENDED, Show.FAILED, Show.URGENT, Show.TO_CLOSE})
"""Found by an index of their own, and not by walking the queue."""


URGENT = (Case.urgent_since.is_not(None), Case.closed_at.is_(None))
"""As the index says it."""


def branches_of(viewer: Viewer, view: View, show: Show) -> list[Branch]:
    """Return the parts whose union a view is, each with an index of its own; they may overlap.

    What there is to close is for the handler and the lead service, not for those that are associated; what is
    unassigned, for those who dispatch it: no service leads it yet.
    """
    if show is Show.UNASSIGNED:
        viewer = replace(viewer, reaches=viewer.reaches - {"service"})
    led_only = show is Show.TO_CLOSE
    match view:
        case View.MINE:
            return mine(viewer)
        case View.SERVICE:
            return of_my_service(viewer, led_only=led_only)
    return all_i_may_see(viewer, led_only=led_only)


def conditions(show: Show, days: Days, branch: Branch) -> list[ColumnElement[bool]]:
    """Return what a case must be to be listed, said of the table that the branch walks."""
    due_on = branch.due_on
    owed = due_on.is_not(None)
    match show:
        case Show.OVERDUE:
            return [owed, due_on < spelled(days.today)]
        case Show.TODAY:
            return [owed, due_on >= spelled(days.today), due_on <= spelled(days.today_until)]
        case Show.WEEK:
            return [owed, due_on >= spelled(days.today), due_on <= spelled(days.week_until)]
        case Show.INTERIM:
            return [owed, Case.next_kind == literal_column(f"'{ObligationKind.INTERIM.value}'")]
        case Show.COMPLAINTS:
            return [owed, Case.nature == literal_column(f"'{Nature.COMPLAINT.value}'")]
        case Show.UNASSIGNED:
            return [IN_TRIAGE]
        case Show.URGENT:
            return [or_(OPEN, IN_TRIAGE), *URGENT]
        case Show.UNATTENDED:
            return [marked(branch, "unattended")]
        case Show.FAILED:
            return [marked(branch, "not_sent")]
        case Show.TO_CLOSE:
            # The last three follow from the first two; said, so that the database does not expect many.
            rest = (Case.next_kind, Case.next_work_by, Case.closed_at)
            return [OPEN, Case.next_due_on.is_(None), *(column.is_(None) for column in rest)]
    return [owed]


def spelled(day: date) -> ColumnElement[date]:
    """Return a day as it is written in a statement: PostgreSQL, which sees it, plans once for the whole day."""
    said: ColumnElement[date] = literal_column(f"'{day.isoformat()}'", Date)
    return said


def marked(branch: Branch, alarm: str) -> ColumnElement[bool]:
    """Return that an alarm is on, bare as the index says it: the ORM would write ``= 1`` on SQLite."""
    return literal_column(f"{branch.of.__tablename__}.{alarm}")


def walked(show: Show, branch: Branch) -> tuple[SQLColumnExpression[Any], ...]:
    """Return the order in which the database walks to what a list counts: that of the index which has it."""
    if show is Show.TO_CLOSE:
        return (Case.id,) if branch.by_handler else (Case.service_code,)
    return () if show in FEW else (branch.due_on, branch.id)


def fenced(found: Select[Any]) -> Subquery:
    """Have the database find all of a small set before anything else.

    ``OFFSET 0`` keeps PostgreSQL from planning for the first few rows only: it would read the whole table for them,
    believing that cases which owe nothing and are not closed were common.
    """
    return found.offset(literal_column("0")).subquery()


def urgent_ids(viewer: Viewer) -> Select[Any]:
    """Return urgent cases that nobody has taken, and those that the viewer has."""
    taken = [*URGENT, Case.next_due_on.is_not(None)]
    parts = [select(Case.id).where(may_read(viewer), RINGING)]
    parts += [select(Case.id).where(branch.within, *taken) for branch in mine(viewer)]
    both = union(*parts).subquery()
    return select(both.c.id)
