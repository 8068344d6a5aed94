"""Owns how the numbers of the cases that fit a search are found, on each database in the way that is quick there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, Select, TextClause, any_, bindparam, column, literal_column, select, table, text
from sqlalchemy.orm import Session

from tracker.charter.counting import at_brussels
from tracker.charter.words import CaseState, Nature
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.search import STRETCHES, mark, month
from tracker.models.words import Term

MOST_COUNTED = 1000
"""Counts stop here: "over 1,000"."""
FEW = 4096
"""So many are fetched at once: a short stretch never has more."""
AT_ONCE = 3 * FEW
"""Where so many are expected, there may be few all the same, and one look tells."""
CHUNK = 1500
"""How many cases are looked at together, to see whether they may be read."""
LONG = 16
"""How many short stretches a long one holds."""
WIDEST, STEP = 64, 4
"""How many short stretches are looked through at once, at most, and how many times more after finding too little."""
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
    if asked.terms:
        given["words"] = " & ".join(_one_of(term.ways, term.beginnings) for term in asked.terms)
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
        _allowed(viewer, since, until)
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

# Plans are made for the words asked for, never for any words.
_PREPARE = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), (SELECT max(case_id) FROM case_search)"
)


def _of_postgresql(
    session: Session, viewer: Viewer, asked: Asked, groups: Groups, given: dict[str, Any]
) -> list[int]:
    newest = session.execute(_PREPARE).one()[-1]
    if newest is None:
        return []
    search = _Search(session, _readable(viewer, *_received(asked)), given, [_one_of(group) for group in groups])
    if search.expected() <= AT_ONCE and (some := search.within([])) is not None:
        return search.readable(some, given["wanted"])
    dear = any(term.beginnings for term in asked.terms)  # each look gathers all the words that begin so
    return search.walk(min(newest, given["below"] - 1), step=STEP**2 if dear else STEP)


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: what is asked of the index and of the cases."""

    session: Session
    statement: Select[Any]
    given: dict[str, Any]
    marks: list[str]

    def expected(self) -> int:
        """Return how many cases the planner expects to have the words and the marks."""
        look = _look("words" in self.given, bool(self.marks), explain=True)
        told = self.session.scalar(look, self._asked([]))
        return int(told[0]["Plan"]["Plan Rows"])

    def within(self, stretch: Sequence[str]) -> list[int] | None:
        """Return the cases in a stretch that have the words and marks, newest first; None: more than a few."""
        look = _look("words" in self.given, bool(self.marks or stretch))
        some = sorted(self.session.scalar(look, self._asked(stretch)) or (), reverse=True)
        return some if len(some) <= FEW else None

    def readable(self, cases: list[int], wanted: int) -> list[int]:
        """Return the newest of some cases that may be read, at most so many."""
        found: list[int] = []
        cases = [case for case in cases if case < self.given["below"]]
        for first in range(0, len(cases), CHUNK):
            if len(found) < wanted:
                some = {**self.given, "cases": cases[first : first + CHUNK]}
                found += self.session.scalars(self.statement, some)
        return found[:wanted]

    def walk(self, newest: int, *, step: int) -> list[int]:
        """Return what is found from a case down, stretch by stretch: as much at once as is likely to be enough."""
        found: list[int] = []
        short, wanted = STRETCHES["b"], self.given["wanted"]
        place, size, crowded = newest >> short, 1, -1
        while place >= 0 and len(found) < wanted:
            stretch, lowest = _stretch(place, size)
            some = self.within(stretch)
            if some is None:  # there are many somewhere from here down to the lowest: never look that far again
                crowded, size = lowest, max(1, (place - lowest + 1) // 4)
                continue
            found += self.readable([case for case in some if case >> short <= place], wanted - len(found))
            each = len(some) / (place - lowest + 1)
            place = lowest - 1
            enough = round(1.2 * (wanted - len(found)) / each + 0.5) if each else WIDEST
            near = (place - crowded + 1) // 2 if 0 <= crowded <= place else WIDEST
            size = max(1, min(step * size, WIDEST, enough, near))
        return found

    def _asked(self, stretch: Sequence[str]) -> dict[str, Any]:
        marks = [*self.marks, _one_of(stretch)] if stretch else self.marks
        return {"words": self.given.get("words"), "marks": " & ".join(marks)}


@lru_cache(maxsize=8)
def _look(words: bool, marks: bool, *, explain: bool = False) -> TextClause:
    """Return the look into the index: by words, by marks, or both; or the question how much it would find."""
    asked = [f"{part} @@ CAST(:{part} AS tsquery)" for part, given in (("words", words), ("marks", marks)) if given]
    look = f"SELECT case_id FROM case_search{' WHERE ' * bool(asked)}{' AND '.join(asked)}"  # noqa: S608 - of ours
    if explain:
        return text(f"EXPLAIN (FORMAT JSON) {look}")
    return text(f"SELECT array_agg(case_id) FROM ({look} LIMIT {FEW + 1}) AS few")  # noqa: S608 - of ours


def _stretch(place: int, size: int) -> tuple[list[str], int]:
    """Return the marks of some short stretches down from a place, or of the long ones they make, and the lowest."""
    lowest = max(0, place - size + 1)
    if size < LONG:
        return [f"b_{number}" for number in range(lowest, place + 1)], lowest
    ratio = STRETCHES["c"] - STRETCHES["b"]
    last = max(0, (place >> ratio) - (size >> ratio) + 1)
    return [f"c_{number}" for number in range(last, (place >> ratio) + 1)], last << ratio


@lru_cache(maxsize=256)
def _readable(viewer: Viewer, since: bool, until: bool) -> Select[Any]:
    """Return which of some cases may be read, newest first."""
    some = bindparam("cases", type_=ARRAY(Case.id.type))
    return _allowed(viewer, since, until).where(Case.id == any_(some)).order_by(Case.id.desc())


def _allowed(viewer: Viewer, since: bool, until: bool) -> Select[Any]:
    """Return the cases that a viewer may read, received within the limits given."""
    query = select(Case.id).where(may_read(viewer))
    if since:
        query = query.where(Case.received_at >= bindparam("since", type_=Case.received_at.type))
    if until:
        query = query.where(Case.received_at < bindparam("until", type_=Case.received_at.type))
    return query


def _one_of(ways: Iterable[str], beginnings: Iterable[str] = ()) -> str:
    """Return one of some words as a tsquery; none of them has a character that means something there."""
    wanted = [f"'{way}'" for way in sorted(ways)] + [f"'{one}':*" for one in sorted(beginnings)]
    return f"({' | '.join(wanted)})"
