"""Owns the queue narrowed to some files, or read in another order: a stretch at a time, so that no page walks it all.

A stretch is the next so many cases by due date, found by the indexes of the queue; in it the filters are tried and
the order is made. Where more cases come after it, whoever reads is told how far was looked, and may look further.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Label,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    func,
    literal_column,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.orm import Session

from tracker.insight.filters import Filters, Sort
from tracker.insight.queue import PAGE, Position, Row, first_keys, read_rows, urgent_keys
from tracker.insight.shown import Days, Show, View, branches_of
from tracker.insight.sight import Viewer
from tracker.models.cases import Case
from tracker.models.staff import Staff

STRETCH = 3000
"""How many cases are looked at for one page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of the queue beside whose cases and which list."""

    filters: Filters
    sort: Sort
    start: Position | None = None
    """What the stretch starts after; none: the beginning."""
    after: int | None = None
    """The case after which the page starts, in its order; none: the first page of the stretch."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One page of what fits."""

    urgent: tuple[Row, ...]
    """On the first page: urgent cases that nobody has taken, and one's own, whether they fit or not."""
    rows: tuple[Row, ...]
    found: int
    """How many fit in the stretch."""
    looked: int
    """How many were looked at."""
    after: int | None
    """The case after which the next page of the stretch starts; none: this is its last page."""
    further: Position | None
    """Where the next stretch starts; none: all have been looked at."""


def stretch_page(session: Session, viewer: Viewer, *, view: View, show: Show, days: Days, asked: Asked) -> Stretch:
    """Return one page of what fits (two statements)."""
    statement = _statement(viewer, view, show, days, asked)
    if statement is None:
        return Stretch((), (), 0, 0, None, None)
    found = session.execute(statement).all()
    numbers = [row.id for row in found if row.id is not None]
    first = asked.start is None and asked.after is None
    parts = [urgent_keys(viewer)] if first and show is not Show.URGENT else []
    if numbers:
        parts.append(_listed(tuple(numbers[:PAGE])))
    read = read_rows(session, parts, days.today) if parts else []
    urgent = tuple(row for rank, row in read if rank == 0)
    by_number = {row.id: row for rank, row in read if rank == 1}
    on_top = {row.id for row in urgent}
    rows = tuple(by_number[n] for n in numbers[:PAGE] if n in by_number and n not in on_top)
    last = found[0]
    return Stretch(
        urgent=urgent,
        rows=rows,
        found=last.found,
        looked=last.looked,
        after=numbers[PAGE - 1] if len(numbers) > PAGE else None,
        further=Position(last.last_due, last.last_id) if last.looked >= STRETCH else None,
    )


def _listed(numbers: tuple[int, ...]) -> Select[Any]:
    rank: Label[Any] = literal_column("1").label("rank")
    return select(rank, Case.next_due_on.label("due"), Case.id.label("id")).where(Case.id.in_(numbers))


@lru_cache(maxsize=64)  # building it takes longer than running it
def _statement(viewer: Viewer, view: View, show: Show, days: Days, asked: Asked) -> Select[Any] | None:
    """Return the statement that finds a page and says how far it looked; none for whoever sees nothing.

    It always gives a row: without a number when nothing fits.
    """
    walk = _walk(viewer, view, show, days, asked)
    if walk is None:
        return None
    page = _page(walk, asked)
    last = select(walk).order_by(walk.c.due.desc(), walk.c.id.desc()).limit(1).subquery("last")
    seen = select(func.count().label("looked"), func.count().filter(_fits(walk)).label("found")).select_from(walk)
    counted = seen.subquery("counted")
    return (
        select(page.c.id, counted.c.looked, counted.c.found, last.c.due.label("last_due"), last.c.id.label("last_id"))
        .select_from(counted)
        .outerjoin(last, true())
        .outerjoin(page, true())
        .order_by(page.c.place)
    )


def _walk(viewer: Viewer, view: View, show: Show, days: Days, asked: Asked) -> CTE | None:
    """Return the cases of the stretch: where each stands, whether it fits, and what the order goes by."""
    looked_at = asked.filters.looked_at()
    more: list[Label[Any]] = [(and_(*looked_at) if looked_at else true()).label("fits")]
    if asked.sort is Sort.RECEIVED:
        more.append(Case.received_at.label("received_at"))
    if asked.sort is Sort.HANDLER:
        more.append(Case.handler_id.label("handler_id"))
    parts = [
        first_keys(branch, show, days, asked.start, None, most=STRETCH, more=more, also=asked.filters.indexed(branch))
        for branch in branches_of(viewer, view, show)
    ]
    if not parts:
        return None
    both = union(*(select(part.subquery()) for part in parts)).subquery()
    return select(both).order_by(both.c.due, both.c.id).limit(literal_column(str(STRETCH))).cte("walk")


def _fits(walk: CTE) -> ColumnElement[bool]:
    fits: ColumnElement[bool] = walk.c.fits.is_(True)
    return fits


def _page(walk: CTE, asked: Asked) -> Subquery:
    """Return the numbers of a page in their order, and one more."""
    place = Case.id == asked.after

    def of(column: Any) -> ScalarSelect[Any]:
        return select(column).where(place).scalar_subquery()

    source: Any = walk
    match asked.sort:
        case Sort.RECEIVED:
            keys: tuple[Any, ...] = (walk.c.received_at, walk.c.id)
            behind: tuple[Any, ...] = (of(Case.received_at), asked.after)
        case Sort.REFERENCE:
            keys, behind = (-walk.c.id,), (-(asked.after or 0),)
        case Sort.HANDLER:
            source = walk.join(Staff, Staff.id == walk.c.handler_id)
            name = select(Staff.name).join(Case, Case.handler_id == Staff.id).where(place).scalar_subquery()
            keys = (Staff.name, walk.c.handler_id, walk.c.due, walk.c.id)
            behind = (name, of(Case.handler_id), select(walk.c.due).where(walk.c.id == asked.after).scalar_subquery(),
                      asked.after)  # fmt: skip
        case _:
            keys = (walk.c.due, walk.c.id)
            behind = (select(walk.c.due).where(walk.c.id == asked.after).scalar_subquery(), asked.after)
    query = select(walk.c.id, func.row_number().over(order_by=keys).label("place")).select_from(source)
    query = query.where(_fits(walk))
    if asked.after is not None:
        query = query.where(tuple_(*keys) > tuple_(*behind))
    return query.order_by(*keys).limit(literal_column(str(PAGE + 1))).subquery("page")
