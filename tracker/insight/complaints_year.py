"""Owns the figures about the complaints of one year (user charter §6): counts only, no word that somebody wrote."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.charter.counting import brussels_day, midnight_after
from tracker.charter.words import CaseState, MessageKind, Nature, ObligationState
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction, Finding
from tracker.models.messages import Message
from tracker.models.obligations import Breach, Obligation

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Year:
    """The complaints received in a Brussels year, as they stood on ``day``; every list of counts is by code."""

    year: int
    day: date
    received: int
    closed: int
    by_channel: Counts
    by_theme: Counts
    by_cause: Counts
    by_outcome: Counts
    """``founded``, ``partly``, ``unfounded``, ``inadmissible``, or ``open``: not found yet."""
    by_ground: Counts
    """Why complaints were not admissible."""
    answered: int
    median_days: int | None
    """Calendar days from receipt to the first answer that left, for those that have one."""
    slowest_days: int | None
    due: int
    """How many had a promise that was settled by keeping it, or that is past its date."""
    on_time: int
    """How many of these broke none: an open one that is overdue is not on time."""
    actions: int
    actions_done: int
    actions_on_time: int
    """Done by the date that was set."""
    actions_late: int
    """Past their date and not done."""
    by_effect: Counts
    """Of the actions that were done: ``worked``, ``partly``, ``none``, or ``open``: not looked at yet."""

    @property
    def on_time_share(self) -> int | None:
        """Whole per cent of ``due`` that were on time, rounded down; none: nothing was due yet."""
        return 100 * self.on_time // self.due if self.due else None


class _Complaint(NamedTuple):
    channel: Any
    state: Any
    received_at: datetime
    admissible: bool | None
    ground: Any
    outcome: Any
    theme: str | None
    cause: str | None
    answered_on: date | None
    broken: int
    overdue: int
    waiting: int
    kept: int


def year_of(session: Session, year: int, *, today: date) -> Year:
    """Return the figures of a year as they stand on a Brussels day (two statements)."""
    rows = [_Complaint(*row) for row in session.execute(_complaints(year, today))]
    found = session.execute(_actions(year)).all()
    days = [(row.answered_on - brussels_day(row.received_at)).days for row in rows if row.answered_on is not None]
    late = [bool(row.broken or row.overdue) for row in rows if row.broken or row.overdue or _kept(row)]
    done = [action for action in found if action.done_on is not None]
    return Year(
        year=year,
        day=today,
        received=len(rows),
        closed=sum(row.state is CaseState.CLOSED for row in rows),
        by_channel=_counted(row.channel for row in rows),
        by_theme=_counted(row.theme for row in rows if row.theme),
        by_cause=_counted(row.cause for row in rows if row.cause),
        by_outcome=_counted(_outcome(row) for row in rows),
        by_ground=_counted(row.ground for row in rows if row.ground),
        answered=len(days),
        median_days=round(median(days)) if days else None,
        slowest_days=max(days, default=None),
        due=len(late),
        on_time=late.count(False),
        actions=len(found),
        actions_done=len(done),
        actions_on_time=sum(action.done_on <= action.due_on for action in done),
        actions_late=sum(action.done_on is None and action.due_on < today for action in found),
        by_effect=_counted(action.effect or "open" for action in done),
    )


def first_year(session: Session) -> int | None:
    """Return the Brussels year of the first complaint registered; none: there was none yet (one statement)."""
    complaints = select(Case.received_at).where(Case.nature == Nature.COMPLAINT)
    first = session.scalar(complaints.order_by(Case.id).limit(1))  # found along the key: no look at every case
    return brussels_day(first).year if first is not None else None


def _kept(row: _Complaint) -> bool:
    return bool(row.kept) and not row.waiting


def _outcome(row: _Complaint) -> Any:
    return "inadmissible" if row.admissible is False else row.outcome or "open"


def _counted(codes: Any) -> dict[str, int]:
    """Count by code, the most frequent first."""
    return dict(Counter(str(getattr(code, "value", code)) for code in codes).most_common())


def _within(year: int) -> Any:
    first, last = midnight_after(date(year - 1, 12, 31)), midnight_after(date(year, 12, 31))
    return (
        (Case.nature == Nature.COMPLAINT) & (Case.state != CaseState.MERGED)
        & (Case.received_at >= first) & (Case.received_at < last)
    )  # fmt: skip


def _complaints(year: int, today: date) -> Any:
    answered = (
        select(func.min(Message.left_on))
        .where(Message.case_id == Case.id, Message.kind == MessageKind.ANSWER, Message.voided_at.is_(None))
        .correlate(Case)
        .scalar_subquery()
    )
    is_open = Obligation.state == ObligationState.OPEN
    promises = (
        select(
            Obligation.case_id,
            func.count(Breach.obligation_id).label("broken"),
            func.count().filter(is_open, Obligation.due_on < today).label("overdue"),
            func.count().filter(is_open, Obligation.due_on >= today).label("waiting"),
            func.count().filter(Obligation.state == ObligationState.DISCHARGED).label("kept"),
        )
        .join(Case, Case.id == Obligation.case_id)
        .outerjoin(Breach, Breach.obligation_id == Obligation.id)
        .where(_within(year))
        .group_by(Obligation.case_id)
        .subquery()
    )
    return (
        select(
            Case.channel, Case.state, Case.received_at, Finding.admissible, Finding.ground, Finding.outcome,
            Finding.theme, Finding.cause, answered, func.coalesce(promises.c.broken, 0),
            func.coalesce(promises.c.overdue, 0), func.coalesce(promises.c.waiting, 0),
            func.coalesce(promises.c.kept, 0),
        )
        .outerjoin(Finding, Finding.case_id == Case.id)
        .outerjoin(promises, promises.c.case_id == Case.id)
        .where(_within(year))
    )  # fmt: skip


def _actions(year: int) -> Any:
    return (
        select(CorrectiveAction.due_on, CorrectiveAction.done_on, CorrectiveAction.effect)
        .join(Case, Case.id == CorrectiveAction.case_id)
        .where(_within(year))
    )
