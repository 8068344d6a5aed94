"""Owns what somebody should do next: the one case that comes first, and why."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from tracker.charter.words import PAPER, ObligationKind, Role
from tracker.insight.set_aside import waits_for
from tracker.insight.shown import URGENT, Days, Show, View, branches_of, conditions, fenced
from tracker.insight.sight import IN_TRIAGE, RINGING, Branch, Viewer, may_read, mine
from tracker.insight.tasks import asked_by_day
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.staff import Staff
from tracker.models.tasks import Task

_FAR = date(9999, 12, 31)


class Why(StrEnum):
    """Why a case comes first; in this order."""

    RINGS = "rings"
    """It is urgent, and nobody has taken it."""
    URGENT = "urgent"
    """It is urgent, and one's own."""
    DECIDE = "decide"
    """It waits for the dispatchers' head to decide where it goes."""
    UNASSIGNED = "unassigned"
    """No service has it yet."""
    OVERDUE = "overdue"
    """It is the latest of the service whose head looks."""
    OWED = "owed"
    """It is the first due of one's own."""
    ASKED = "asked"
    """One is asked for something on it, to be done before what is the first due of one's own."""
    TO_CLOSE = "to_close"
    """It owes nothing any more, and is still open."""


_FEW = frozenset({Why.RINGS, Why.URGENT, Why.TO_CLOSE})
"""Found by an index of their own and sorted then, and not by walking the queue."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one case that comes first."""

    why: Why
    reference: str
    kind: ObligationKind | None
    due_on: date | None
    """The last day allowed (Brussels); none: nothing is owed."""
    work_by: date | None
    since: datetime | None
    """Since when it waits for a service."""
    not_sent: bool
    """A message could not be sent, or came back."""
    to_post: bool
    """What keeps the promise is written, and waits to be posted or faxed."""
    handler_id: int
    handler: str
    task: int | None
    """The number of what one is asked for."""
    needed_by: date | None
    """Until when that is needed (Brussels)."""


def next_step(session: Session, viewer: Viewer, role: Role, *, days: Days) -> NextStep | None:
    """Return what comes first for somebody who works on cases; none: nothing waits, or they only read.

    What has been handed to the mail server and waits for its turn is nobody's next step.
    """
    statement = _statement(viewer, role, days)
    row = session.connection().execute(statement).first() if statement is not None else None
    if row is None:
        return None
    why = Why.ASKED if row.task is not None else list(Why)[row.rank]
    return NextStep(why, *row[1:])


@lru_cache(maxsize=64)  # building it takes longer than running it
def _statement(viewer: Viewer, role: Role, days: Days) -> Select[Any] | None:
    if "own" not in viewer.reaches:  # direction and audit read; nobody waits for them
        return None
    parts = [_first(Why.RINGS, may_read(viewer), RINGING)]
    parts += [
        _first(Why.URGENT, branch.within, *URGENT, Case.next_due_on.is_not(None), of=branch)
        for branch in mine(viewer)
    ]
    if role is Role.HEAD:
        parts += [_first(Why.DECIDE, branch.within, IN_TRIAGE, of=branch) for branch in mine(viewer)]
        parts += _listed(Why.OVERDUE, viewer, View.ALL, Show.OVERDUE, days)
    if role is Role.DISPATCHER:
        parts += _listed(Why.UNASSIGNED, viewer, View.ALL, Show.UNASSIGNED, days)
    aside = waits_for(viewer.id, days.today)
    parts += _listed(Why.OWED, viewer, View.MINE, Show.EVERYTHING, days, aside)
    parts.append(_asked(viewer))
    parts += _listed(Why.TO_CLOSE, viewer, View.MINE, Show.TO_CLOSE, days)
    found = union_all(*(select(part.subquery()) for part in parts)).subquery("found")
    return (
        select(
            found.c.rank,
            Case.reference,
            Case.next_kind,
            Case.next_due_on,
            Case.next_work_by,
            Case.triage_since,
            Case.not_sent,
            _waits(on_paper=True),
            Staff.id,
            Staff.name,
            found.c.task,
            Task.due_on,
        )
        .join(Case, Case.id == found.c.id)
        .join(Staff, Staff.id == Case.handler_id)
        .outerjoin(Task, Task.id == found.c.task)
        .order_by(found.c.rank, _by(found), found.c.task.is_not(None), found.c.due, found.c.id)
        .limit(1)
    )


def _listed(
    why: Why, viewer: Viewer, view: View, show: Show, days: Days, aside: ColumnElement[bool] | None = None
) -> list[Select[Any]]:
    return [
        _first(why, branch.within, *conditions(show, days, branch), of=branch, aside=aside)
        for branch in branches_of(viewer, view, show)
    ]


def _first(
    why: Why, *within: ColumnElement[bool], of: Branch | None = None, aside: ColumnElement[bool] | None = None
) -> Select[Any]:
    """Return the first of some cases, in the order of the queue, without those that are set aside."""
    due, id_ = (of.due_on, of.id) if of is not None else (Case.next_due_on, Case.id)
    columns: list[SQLColumnExpression[Any]] = [
        literal_column(str(list(Why).index(why))).label("rank"),
        func.coalesce(due, literal(_FAR)).label("due"),
        id_.label("id"),
        cast(null(), BigInteger).label("task"),
    ]
    query = select(*columns).where(*within)
    if aside is not None:
        query = query.where(or_(Case.not_sent, not_(aside)))
    if why in (Why.URGENT, Why.OVERDUE, Why.OWED):
        query = query.where(or_(Case.not_sent, not_(_waits(on_paper=False))))
    if why in _FEW:
        found = fenced(query)
        return select(found).order_by(found.c.due, found.c.id).limit(literal_column("1"))
    return query.order_by(due, id_).limit(literal_column("1"))


def _asked(viewer: Viewer) -> Select[Any]:
    """Return what one is asked for and is needed first; it stands among the files that are owed, by its day."""
    asked = asked_by_day(viewer)
    return (
        select(
            literal_column(str(list(Why).index(Why.OWED))).label("rank"),
            asked.c.due_on.label("due"),
            asked.c.case_id.label("id"),
            asked.c.id.label("task"),
        )
        .order_by(asked.c.due_on, asked.c.id)
        .limit(literal_column("1"))
    )


def _by(found: Subquery) -> ColumnElement[date]:
    """Return the day by which something is to be done: of a file that is owed, the last working day."""
    return case(
        (
            found.c.rank == literal_column(str(list(Why).index(Why.OWED))),
            func.coalesce(Task.due_on, Case.next_work_by, found.c.due),
        ),
        else_=found.c.due,
    )


def _waits(*, on_paper: bool) -> ColumnElement[bool]:
    """Say whether something that would keep a promise is written and has not left: to be posted, or to be mailed."""
    paper = Message.channel.in_([literal_column(f"'{channel}'") for channel in PAPER])
    return (
        select(Message.id)
        .where(
            Message.case_id == Case.id,
            Message.act.is_not(None),
            Message.left_on.is_(None),
            paper if on_paper else not_(paper),
        )
        .correlate(Case)
        .offset(literal_column("0"))  # or PostgreSQL would read all that waits in the house, to answer for one case
        .exists()
    )
