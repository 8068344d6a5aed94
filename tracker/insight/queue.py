"""Owns the deadline queue: what is due, of the cases that somebody may see, in the order in which it is due.

Two statements read a page of it, whatever its size: one the rows, one the counts and the alarms. Each walks a partial
index over the cases that still owe something, from a position (keyset), never by counting rows off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Label,
    Select,
    SQLColumnExpression,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import Session

from tracker.charter.words import CaseState, Channel, Language, Nature, ObligationKind, ObligationState
from tracker.insight.filters import waits_to_leave
from tracker.insight.shown import Days, Show, View, branches_of, conditions, fenced, urgent_ids
from tracker.insight.sight import Branch, Viewer
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.drafts import KeptDraft
from tracker.models.obligations import Obligation
from tracker.models.staff import Staff

PAGE = 50
NOTHING_OWED = date(9999, 12, 31)
"""Where cases that owe nothing stand: at the end."""


class Position(NamedTuple):
    """A place in the queue: what a page starts after, or ends before."""

    due_on: date
    id: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue."""

    id: int
    reference: str
    subject: str
    requester: str
    nature: Nature
    nature_confirmed: bool
    channel: Channel
    language: Language
    state: CaseState
    kind: ObligationKind | None
    due_on: date | None
    """The last day allowed (Brussels); none: nothing is owed."""
    work_by: date | None
    decide_by: date | None
    """Until when a person should confirm the nature (a letter may prove complex)."""
    service_code: str | None
    service_names: Mapping[str, str] | None
    """The name of its service, by language."""
    handler: str
    handler_is_desk: bool
    handler_away: bool
    urgent: bool
    taken: bool
    """False: urgent, and nobody has taken it yet."""
    sensitive: bool
    leaving: bool
    """Something that would keep a promise is written and has not left yet."""
    failed: bool
    """Something could not be sent."""
    begun: bool
    """Somebody began to write, and what was typed is kept."""

    @property
    def position(self) -> Position:
        """Where this row stands."""
        return Position(self.due_on or NOTHING_OWED, self.id)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue."""

    urgent: tuple[Row, ...]
    """On the first page: urgent cases that nobody has taken, and one's own."""
    rows: tuple[Row, ...]
    before: Position | None
    """What the page before ends before; none: this is the first."""
    after: Position | None
    """What the next page starts after; none: this is the last."""


def queue_page(
    session: Session,
    viewer: Viewer,
    *,
    view: View,
    show: Show,
    days: Days,
    after: Position | None = None,
    before: Position | None = None,
) -> Page:
    """Return one page of the queue (one statement)."""
    backward = before is not None
    first = after is None and before is None
    statement = _statement(viewer, view, show, days, after, before)
    found = _read(session, statement, days.today) if statement is not None else []
    urgent = [row for rank, row in found if rank == 0]
    on_top = {row.id for row in urgent}
    rows = [row for rank, row in found if rank == 1]
    more = len(rows) > PAGE
    if backward and not more:  # what is left before is the first page: show it whole
        return queue_page(session, viewer, view=view, show=show, days=days)
    rows = rows[:PAGE]
    if backward:
        rows.reverse()
    return Page(
        urgent=tuple(urgent[:PAGE]),
        rows=tuple(row for row in rows if row.id not in on_top),
        before=rows[0].position if rows and not first else None,
        after=rows[-1].position if rows and (more or backward) else None,
    )


def read_rows(session: Session, parts: Sequence[Select[Any]], today: date) -> list[tuple[int, Row]]:
    """Return the rows of some keys, each with its rank: 0 above all, 1 in the list (one statement)."""
    return _read(session, _rows(parts, backward=False), today)


def _read(session: Session, statement: Select[Any], today: date) -> list[tuple[int, Row]]:
    return [(row[0], _row(row, today)) for row in session.connection().execute(statement)]


def _order(show: Show, branch: Branch) -> tuple[SQLColumnExpression[Any], SQLColumnExpression[Any]]:
    """Return what a list is ordered by; the small lists also hold cases that owe nothing, at the end."""
    if show in (Show.FAILED, Show.URGENT, Show.UNASSIGNED):
        return func.coalesce(branch.due_on, literal(NOTHING_OWED)), branch.id
    return branch.due_on, branch.id


def first_keys(
    branch: Branch,
    show: Show,
    days: Days,
    after: Position | None,
    before: Position | None,
    *,
    most: int = PAGE + 1,
    more: Sequence[Label[Any]] = (),
    also: Sequence[ColumnElement[bool]] = (),
) -> Select[Any]:
    """Return the first keys of one part of the queue, by default one more than a page holds.

    ``more``: what each is to tell beside; ``also``: what it must be beside.
    """
    if show is Show.TO_CLOSE:
        return _keys_to_close(branch, days, after, before, most=most, more=more, also=also)
    due, id_ = _order(show, branch)
    columns: list[Label[Any]] = [literal_column("1").label("rank"), due.label("due"), id_.label("id")]
    query = select(*columns, *more).where(branch.within, *conditions(show, days, branch), *also)
    if before is not None:
        query = query.where(tuple_(due, id_) < tuple_(*before)).order_by(due.desc(), id_.desc())
    else:
        if after is not None:
            query = query.where(tuple_(due, id_) > tuple_(*after))
        query = query.order_by(due, id_)
    return query.limit(literal_column(str(most)))


def _keys_to_close(
    branch: Branch,
    days: Days,
    after: Position | None,
    before: Position | None,
    *,
    most: int,
    more: Sequence[Label[Any]],
    also: Sequence[ColumnElement[bool]],
) -> Select[Any]:
    """Return the same for what owes nothing: few, so they are found first and sorted then (see ``fenced``)."""
    found = fenced(select(Case.id, *more).where(branch.within, *conditions(Show.TO_CLOSE, days, branch), *also))
    columns: list[Label[Any]] = [literal_column("1").label("rank"), literal(NOTHING_OWED).label("due")]
    query = select(*columns, found.c.id.label("id"), *(found.c[column.name] for column in more))
    query = query.order_by(found.c.id if before is None else found.c.id.desc())
    if after is not None:
        query = query.where(found.c.id > after.id)
    if before is not None:
        query = query.where(found.c.id < before.id)
    return query.limit(literal_column(str(most)))


def urgent_keys(viewer: Viewer) -> Select[Any]:
    """Return the keys of what stands above every list."""
    due = func.coalesce(Case.next_due_on, literal(NOTHING_OWED))
    columns: list[SQLColumnExpression[Any]] = [
        literal_column("0").label("rank"),
        due.label("due"),
        Case.id.label("id"),
    ]
    return (
        select(*columns)
        .where(Case.id.in_(urgent_ids(viewer)))
        .order_by(due, Case.id)
        .limit(literal_column(str(PAGE)))
    )


@lru_cache(maxsize=64)  # building it takes longer than running it
def _statement(
    viewer: Viewer, view: View, show: Show, days: Days, after: Position | None, before: Position | None
) -> Select[Any] | None:
    """Return the statement that reads a page; none for whoever sees nothing."""
    parts = [first_keys(branch, show, days, after, before) for branch in branches_of(viewer, view, show)]
    if viewer.reaches and after is None and before is None and show is not Show.URGENT:
        parts.append(urgent_keys(viewer))
    return _rows(parts, backward=before is not None) if parts else None


def _rows(parts: Sequence[Select[Any]], *, backward: bool) -> Select[Any]:
    keys = union(*(select(part.subquery()) for part in parts)).subquery("keys")
    order = (keys.c.due.desc(), keys.c.id.desc()) if backward else (keys.c.due, keys.c.id)
    first = select(keys).order_by(keys.c.rank, *order).limit(literal_column(str(2 * PAGE + 1))).subquery("first")
    order = (first.c.due.desc(), first.c.id.desc()) if backward else (first.c.due, first.c.id)
    return (
        select(
            first.c.rank,
            Case.id,
            Case.reference,
            Case.subject,
            Case.requester_name,
            Case.nature,
            Case.nature_confirmed_at,
            Case.channel,
            Case.language,
            Case.state,
            Case.next_kind,
            Case.next_due_on,
            Case.next_work_by,
            _decide_by(),
            Case.service_code,
            Service.names,
            Staff.name,
            Staff.is_desk,
            Staff.away_from,
            Staff.away_until,
            Case.urgent_since,
            Case.urgent_taken_at,
            Case.sensitive,
            waits_to_leave(),
            Case.not_sent,
            _begun(),
        )
        .join(Case, Case.id == first.c.id)
        .join(Staff, Staff.id == Case.handler_id)
        .outerjoin(Service, Service.code == Case.service_code)
        .order_by(first.c.rank, *order)
    )


def _decide_by() -> ColumnElement[date | None]:
    return (
        select(func.min(Obligation.decide_by))
        .where(Obligation.case_id == Case.id, Obligation.state == ObligationState.OPEN)
        .correlate(Case)
        .scalar_subquery()
    )


def _begun() -> ColumnElement[bool]:
    return select(KeptDraft.id).where(KeptDraft.case_id == Case.id).correlate(Case).exists()


def _row(found: Any, today: date) -> Row:
    (_, id_, reference, subject, requester, nature, confirmed_at, channel, language, state, kind, due_on, work_by,
     decide_by, service, service_names, handler, is_desk, away_from, away_until, urgent_since, taken_at, sensitive,
     leaving, failed, begun) = found  # fmt: skip
    away = away_from is not None and away_from <= today and (away_until is None or today <= away_until)
    return Row(
        id=id_,
        reference=reference,
        subject=subject,
        requester=requester,
        nature=nature,
        nature_confirmed=confirmed_at is not None,
        channel=channel,
        language=language,
        state=state,
        kind=kind,
        due_on=due_on,
        work_by=work_by,
        decide_by=decide_by,
        service_code=service,
        service_names=service_names,
        handler=handler,
        handler_is_desk=is_desk,
        handler_away=away,
        urgent=urgent_since is not None,
        taken=urgent_since is None or taken_at is not None,
        sensitive=sensitive,
        leaving=leaving,
        failed=failed,
        begun=begun,
    )
