"""Owns how the numbers of the cases that fit a search are found, on each database in the way that is quick there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Select,
    SQLColumnExpression,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.orm import Session

from tracker.charter.counting import at_brussels
from tracker.charter.words import CaseState, Nature
from tracker.insight.sight import Viewer, may_read
from tracker.insight.walking import FEW, PREPARE, Part, Search, one_of
from tracker.models.cases import Case
from tracker.models.search import mark, month
from tracker.models.words import Term

MOST_COUNTED = 1000
"""Counts stop here: "over 1,000"."""
AT_ONCE, DEAR = FEW // 2, 6
"""Where no more are expected, one look for all is tried; so many times more for the beginnings of words."""
MOST_MONTHS = 60
ALL_NUMBERS = 2**62
FILTERS = {"service": "s", "state": "state", "nature": "nature", "channel": "channel", "language": "language"}
"""What a search can be narrowed to, and the marks that stand for it."""

Groups = tuple[tuple[str, ...], ...]
"""Marks of which a case must have one out of each group."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: all the words, in cases that are all of this."""

    terms: tuple[Term, ...]
    service: str | None = None
    state: str | None = None
    nature: str | None = None
    channel: str | None = None
    language: str | None = None
    since: date | None = None
    until: date | None = None
    """The days of receipt (Brussels), both included."""

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is asked for."""
        return not self.terms and not any(getattr(self, name) for name in (*FILTERS, "since", "until"))

    @property
    def marks(self) -> Groups:
        """Return the marks that every case found has."""
        groups = [(mark(what, given),) for name, what in FILTERS.items() if (given := getattr(self, name))]
        return (*groups, self._months) if self._months else tuple(groups)

    @property
    def _months(self) -> tuple[str, ...]:
        """Return the marks of the months in which they were received; none when that is too many to name."""
        if self.since is None or self.until is None:
            return ()
        days = (self.until - self.since).days
        if not 0 <= days <= 30 * MOST_MONTHS:
            return ()
        moments = (
            at_brussels(self.since + timedelta(days=day), time(0)) for day in (*range(0, days + 2, 27), days + 1)
        )
        return tuple(dict.fromkeys(map(month, moments)))

    @property
    def limits(self) -> dict[str, Any]:
        """Return between which moments they were received."""
        return {
            "since": None if self.since is None else at_brussels(self.since, time(0)),
            "until": None if self.until is None else at_brussels(self.until + timedelta(days=1), time(0)),
        }


def keys(session: Session, viewer: Viewer, asked: Asked, wanted: int, *, below: int | None) -> list[int]:
    """Return the numbers of the newest cases that fit and may be read, at most ``wanted``, all below one number."""
    groups = (*asked.marks, *_reach(viewer))
    given = {**asked.limits, "below": ALL_NUMBERS if below is None else below, "wanted": wanted}
    given = {name: value for name, value in given.items() if value is not None}
    if session.get_bind().dialect.name == "sqlite":
        given["match"] = _match(asked.terms, groups)
        return list(session.scalars(_sqlite(viewer, *_received(asked)), given))
    return _of_postgresql(session, viewer, asked, groups, given)


def _received(asked: Asked) -> tuple[bool, bool]:
    return asked.since is not None, asked.until is not None


def _reach(viewer: Viewer) -> Groups:
    """Return the marks of which a case that a viewer may read has at least one: what keeps the others out early.

    Whether they may is decided by ``may_read`` all the same.
    """
    if "all" in viewer.reaches:
        return ()
    found = [mark("h", person) for person in sorted(viewer.own)]
    if viewer.service_code is not None and ("service" in viewer.reaches or viewer.is_head):
        found.append(mark("s", viewer.service_code))
    if "unassigned" in viewer.reaches:
        found.append(mark("state", CaseState.TRIAGE))
    if "ringing" in viewer.reaches:
        found.append("ringing")
    if "complaints" in viewer.reaches:
        found.append(mark("nature", Nature.COMPLAINT))
    return (tuple(found),)


# SQLite ---------------------------------------------------------------------------------------------------------

_full_text = table("case_words", column("rowid"), column("case_words"))


@lru_cache(maxsize=64)
def _sqlite(viewer: Viewer, since: bool, until: bool) -> Select[Any]:
    number: Any = literal_column("+case_words.rowid")  # the plus: it is the full text that is walked, not the cases
    rowid: Any = _full_text.c.rowid
    return (
        _allowed(viewer, since, until, Case.id)
        .join(_full_text, Case.id == number)
        .where(_full_text.c.case_words.op("MATCH")(bindparam("match")), rowid < bindparam("below"))
        .order_by(rowid.desc())
        .limit(bindparam("wanted"))
    )


def _match(terms: Sequence[Term], groups: Groups) -> str:
    """Return what FTS5 is asked for; every word is quoted."""
    sought = [
        [f'"{way}"' for way in sorted(term.ways)] + [f'"{one}" *' for one in sorted(term.beginnings)]
        for term in terms
    ]
    marks = [[f'"{one}"' for one in group] for group in groups]
    parts = [
        f"{name} : ({' AND '.join(f'({one_of})' for one_of in map(' OR '.join, all_of))})"
        for name, all_of in (("words", sought), ("marks", marks))
        if all_of
    ]
    return " AND ".join(parts) or 'marks : ("b_" *)'  # every case lies in a stretch


# PostgreSQL -----------------------------------------------------------------------------------------------------


def _of_postgresql(
    session: Session, viewer: Viewer, asked: Asked, groups: Groups, given: dict[str, Any]
) -> list[int]:
    newest = session.execute(PREPARE).one()[-1]
    if newest is None:
        return []
    parts: list[Part] = [("words", one_of(term.ways, term.beginnings)) for term in asked.terms]
    parts += [("marks", one_of(group)) for group in groups]
    search = Search(session, _readable(viewer, *_received(asked)), given, parts)
    dear = any(term.beginnings for term in asked.terms)  # each look gathers all the words that begin so
    few = AT_ONCE * DEAR if dear else AT_ONCE
    if search.expected() <= few and (some := search.within([])) is not None:
        return search.readable(some, given["wanted"])
    return search.walk(min(newest, given["below"] - 1), dear=dear)


@lru_cache(maxsize=256)
def _readable(viewer: Viewer, since: bool, until: bool) -> Select[Any]:
    """Return which of some cases may be read, as one list."""
    some = cast(bindparam("cases", type_=Text), ARRAY(Case.id.type))
    return _allowed(viewer, since, until, func.array_agg(Case.id)).where(Case.id == any_(some))


def _allowed(viewer: Viewer, since: bool, until: bool, told: SQLColumnExpression[Any]) -> Select[Any]:
    """Return what is told of the cases that a viewer may read, received within the limits given."""
    query = select(told).where(may_read(viewer))
    if since:
        query = query.where(Case.received_at >= bindparam("since", type_=Case.received_at.type))
    if until:
        query = query.where(Case.received_at < bindparam("until", type_=Case.received_at.type))
    return query
