"""Owns how each promise counts in the figures, said once in SQL: kept, late, overdue, or apart from these.

"What is waived or renewed is counted apart, never as kept" (DESIGN 2.3). What counts is the promise as it stands; a
breach stays, whatever became of the promise afterwards.
"""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, SQLColumnExpression, and_, case, cast, func, literal_column, select, text
from sqlalchemy.orm import aliased

from tracker.charter.words import ObligationKind, ObligationState
from tracker.models.obligations import Obligation


class Outcome(StrEnum):
    """How a promise counts, in the month in which its due date falls."""

    KEPT = "kept"
    """It was kept not later than its due date."""
    LATE = "late"
    """It was kept, waived or replaced after its due date."""
    BORN_LATE = "born_late"
    """The same, where the date was past already when the promise arose: a nature or a receipt was put right."""
    OVERDUE = "overdue"
    """It is open, and its due date is past."""
    DUE = "due"
    """It is open, and its due date is not past."""
    WAIVED = "waived"
    """It was waived in time, with evidence."""
    RENEWED = "renewed"
    """The date of an interim letter was moved in time by another letter, with the head of service."""
    PUT_OFF = "put_off"
    """An interim letter moved it in time to the date which that letter promises: that one counts by itself."""


JUDGED = (Outcome.KEPT, Outcome.LATE, Outcome.BORN_LATE, Outcome.OVERDUE)
"""What the share kept on time is taken of."""
APART = (Outcome.WAIVED, Outcome.RENEWED, Outcome.PUT_OFF)


def outcome(today: date) -> ColumnElement[str | None]:
    """Return how a row of the obligations counts on a day (Brussels); NULL: not at all.

    A promise that was only counted again (another nature, another receipt) does not count unless it was broken: the
    one in its place does. Broken, it counts as late, unless the one in its place was born late and so tells the same
    breach. The promise of a letter that never arrived was never made: what is owed again counts.
    """
    o, kind = Obligation, ObligationKind
    late = o.settled_on > o.due_on
    how_late = case((o.born_late.is_(True), _word(Outcome.BORN_LATE)), else_=_word(Outcome.LATE))
    heir = aliased(Obligation)
    of_heir = and_(heir.case_id == o.case_id, heir.number == o.replaced_by)
    heir_kind: Any = select(heir.kind).where(of_heir).correlate(Obligation).scalar_subquery()
    heir_born_late: Any = select(heir.born_late).where(of_heir).correlate(Obligation).scalar_subquery()
    replaced = case(
        (and_(o.kind == kind.PROMISED_REPLY, o.replaced_by < o.number), None),
        (late, case((heir_born_late.is_(True), None), else_=how_late)),
        (heir_kind != kind.PROMISED_REPLY, None),
        (o.kind == kind.PROMISED_REPLY, _word(Outcome.RENEWED)),
        else_=_word(Outcome.PUT_OFF),
    )
    return case(
        (o.state == ObligationState.OPEN,
         case((o.due_on < today, _word(Outcome.OVERDUE)), else_=_word(Outcome.DUE))),
        (o.state == ObligationState.REPLACED, replaced),
        (late, how_late),
        (o.state == ObligationState.DISCHARGED, _word(Outcome.KEPT)),
        else_=_word(Outcome.WAIVED),
    )  # fmt: skip


def month_of(day: SQLColumnExpression[date], *, sqlite: bool) -> ColumnElement[date]:
    """Return the first day of the month in which a day falls."""
    if sqlite:
        return func.date(day, text("'start of month'"), type_=Date)
    return cast(func.date_trunc(text("'month'"), day), Date)


def brussels_day_of(moment: SQLColumnExpression[Any], *, sqlite: bool) -> ColumnElement[date]:
    """Return the day in Brussels on which a stored moment falls."""
    if sqlite:
        return func.brussels_day(moment, type_=Date)  # see models.database
    return cast(func.timezone(text("'Europe/Brussels'"), moment), Date)


def _word(word: Outcome) -> ColumnElement[str]:
    return literal_column(f"'{word.value}'")
