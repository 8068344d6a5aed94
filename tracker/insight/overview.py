"""Owns what stands above the queue: how many cases are in each list, and whether the machinery is awake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, literal, literal_column, select, true, union
from sqlalchemy.orm import Session

from tracker.charter.words import Nature, ObligationKind
from tracker.insight.complaints import late_to_tell
from tracker.insight.heartbeat import FETCH, SILENCE, SWEEP
from tracker.insight.mailbox import to_decide, told_to_nobody
from tracker.insight.shown import Days, Show, View, branches_of, conditions, spelled, urgent_ids, walked
from tracker.insight.sight import Branch, Viewer
from tracker.insight.tasks import asked_to_tell
from tracker.models.cases import Case
from tracker.models.database import plan_once
from tracker.models.operations import JobRun

MOST_COUNTED = 99
"""Counts stop here: "99+"."""
WINDOW = 250
"""How many of the next cases are looked at to count what no index counts."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many; ``more`` when there are at least that many."""

    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands above the queue: counts, and what staff must be alarmed about."""

    counts: dict[Show, Count]
    swept_at: datetime | None
    """When a sweep last succeeded."""
    fetched_at: datetime | None
    """When all mail was last fetched."""
    fetch_failed: bool
    """The last time mail was to be fetched, it could not."""
    mail_to_decide: Count
    """Held mail that waits for whoever looks."""
    late_actions: int
    """Corrective actions past their date: one's own, and to the coordinator everybody's; at most a hundred."""
    asked_of_me: int
    """What colleagues ask of whoever looks, or of their service; at most a hundred."""
    asked_late: int
    """How many of these are past their day."""
    mail_unattended: Count
    """Held and ignored mail that nobody could be told about, in the whole house."""

    def silent(self, now: datetime) -> bool:
        """Say whether no sweep has succeeded for a quarter of an hour: then nobody is being reminded of anything."""
        return self.swept_at is None or now - self.swept_at > SILENCE

    def mail_away(self, now: datetime) -> bool:
        """Say whether mail could not be fetched for a quarter of an hour: what citizens write does not arrive."""
        return self.fetch_failed and (self.fetched_at is None or now - self.fetched_at > SILENCE)


def overview(session: Session, viewer: Viewer, *, view: View, days: Days) -> Overview:
    """Return the counts of a view and the state of the machinery (one statement; on PostgreSQL one before it)."""
    plan_once(session)
    found = session.connection().execute(_statement(viewer, view, days)).one()._mapping
    cut = found["seen"] >= WINDOW
    counts = {show: _capped(found[show], cut=cut and show in _IN_WINDOW) for show in Show if show in found}
    counts[Show.EVERYTHING] = _capped(found["seen"], cut=cut)
    return Overview(
        counts=counts,
        swept_at=found["swept_at"],
        fetched_at=found["fetched_at"],
        fetch_failed=found["fetch_error"] is not None,
        mail_to_decide=_capped(found["mail_to_decide"], cut=False),
        late_actions=found["late_actions"],
        asked_of_me=found["asked_of_me"],
        asked_late=found["asked_late"],
        mail_unattended=_capped(found["mail_unattended"], cut=False),
    )


@lru_cache(maxsize=64)  # building it takes longer than running it
def _statement(viewer: Viewer, view: View, days: Days) -> Select[Any]:
    counted: dict[str, ColumnElement[int]] = {show: _count(_listed(viewer, view, show, days)) for show in _COUNTED}
    counted[Show.URGENT] = _count([urgent_ids(viewer)]) if viewer.reaches else literal(0)
    swept = select(JobRun.succeeded_at).where(JobRun.job == SWEEP).scalar_subquery()
    fetched = select(JobRun.succeeded_at).where(JobRun.job == FETCH).scalar_subquery()
    failed = select(JobRun.error).where(JobRun.job == FETCH).scalar_subquery()
    ahead = _ahead(branches_of(viewer, view, Show.EVERYTHING), days)
    columns: list[Any] = [column.label(name) for name, column in counted.items()]
    mail = (to_decide(viewer).label("mail_to_decide"), told_to_nobody().label("mail_unattended"))
    jobs = (swept.label("swept_at"), fetched.label("fetched_at"), failed.label("fetch_error"))
    late = late_to_tell(viewer, today=days.today).label("late_actions")
    asked = asked_to_tell(viewer, today=days.today)
    return select(*columns, *jobs, *mail, late, asked, ahead).select_from(asked.join(ahead, true()))


def _listed(viewer: Viewer, view: View, show: Show, days: Days) -> list[Select[Any]]:
    return [
        select(branch.id).where(branch.within, *conditions(show, days, branch)).order_by(*walked(show, branch))
        for branch in branches_of(viewer, view, show)
    ]


def _ahead(branches: Sequence[Branch], days: Days) -> Subquery:
    """Count, of the next cases due, what no index counts."""
    walks = [
        select(branch.id.label("id"), branch.due_on.label("due_on"), Case.next_kind, Case.nature)
        .where(branch.within, *conditions(Show.EVERYTHING, days, branch))
        .order_by(branch.due_on, branch.id)
        .limit(literal_column(str(WINDOW)))
        .subquery()
        for branch in branches
    ]
    if not walks:
        return select(
            *(literal(0).label(name) for name in (Show.OVERDUE, Show.INTERIM, Show.COMPLAINTS, "seen"))
        ).subquery()
    seen = union(*(select(walk) for walk in walks)).subquery()
    return select(
        func.count().filter(seen.c.due_on < spelled(days.today)).label(Show.OVERDUE),
        func.count().filter(seen.c.next_kind == ObligationKind.INTERIM).label(Show.INTERIM),
        func.count().filter(seen.c.nature == Nature.COMPLAINT).label(Show.COMPLAINTS),
        func.count().label("seen"),
    ).subquery()


_COUNTED = (
    Show.TODAY,
    Show.WEEK,
    Show.UNASSIGNED,
    Show.FAILED,
    Show.TO_CLOSE,
    Show.UNATTENDED,
)
_IN_WINDOW = frozenset({Show.INTERIM, Show.COMPLAINTS})


def _capped(number: int, *, cut: bool) -> Count:
    return Count(min(number, MOST_COUNTED), more=cut or number > MOST_COUNTED)


def _count(parts: Sequence[Select[Any]]) -> ColumnElement[int]:
    """Count to just past the cap, no further."""
    cap: ColumnElement[int] = literal_column(str(MOST_COUNTED + 1))
    if not parts:
        return literal(0)
    if len(parts) == 1:
        limited = parts[0].limit(cap).subquery()
        return select(func.count()).select_from(limited).scalar_subquery()
    several = union(*(select(part.limit(cap).subquery()) for part in parts)).subquery()
    return select(func.count()).select_from(several).scalar_subquery()
