"""Owns how PostgreSQL looks into the index of words and marks: at once, or stretch by stretch from the newest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, TextClause, text
from sqlalchemy.orm import Session

from tracker.models.search import STRETCHES

FEW = 4096
"""So many are fetched at once: a short stretch never has more."""
CHUNK = 1500
"""How many cases are looked at together, to see whether they may be read."""
LONG = 16
"""How many short stretches a long one holds."""
WIDEST, STEP = 64, 4
"""How many short stretches are looked through at once, at most, and how many times more after finding too little."""

# Plans are made for the words asked for, never for any words.
PREPARE = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), (SELECT max(case_id) FROM case_search)"
)

Part = tuple[str, str]
"""A column of ``case_search``, and the tsquery that it is to fit.

Each is a condition of its own: PostgreSQL then skips, in each list of the index, to what the others still allow. In
one query for all of them it would go through every case of a handler to see that a stretch has none.
"""


@dataclass(frozen=True, slots=True)
class Search:
    """One search: what is asked of the index and of the cases."""

    session: Session
    statement: Select[Any]
    given: dict[str, Any]
    parts: list[Part]

    def expected(self) -> int:
        """Return how many cases the planner expects to have the words and the marks."""
        told = self._looked(_expected, self.parts)
        return int(told[0]["Plan"]["Plan Rows"])

    def within(self, stretch: Sequence[str]) -> list[int] | None:
        """Return the cases in a stretch that have the words and marks, newest first; None: more than a few."""
        parts = [("marks", one_of(stretch)), *self.parts] if stretch else self.parts
        some = sorted(self._looked(_look, parts) or (), reverse=True)
        return some if len(some) <= FEW else None

    def readable(self, cases: list[int], wanted: int) -> list[int]:
        """Return the newest of some cases that may be read, at most so many."""
        found: list[int] = []
        cases = [case for case in cases if case < self.given["below"]]
        for first in range(0, len(cases), CHUNK):
            if len(found) < wanted:
                some = ",".join(
                    map(str, cases[first : first + CHUNK])
                )  # as a list the driver would take ten times longer
                allowed = self.session.connection().scalar(self.statement, {**self.given, "cases": f"{{{some}}}"})
                found += sorted(allowed or (), reverse=True)
        return found[:wanted]

    def walk(self, newest: int, *, dear: bool) -> list[int]:
        """Return what is found from a case down, stretch by stretch: as much at once as is likely to be enough."""
        found: list[int] = []
        fitting: list[int] = []  # of which it is not yet known whether they may be read
        short, wanted, step = STRETCHES["b"], self.given["wanted"], STEP**2 if dear else STEP
        place, size, crowded = newest >> short, 1, -1
        while place >= 0 and len(found) < wanted:
            stretch, lowest = _stretch(place, size)
            some = self.within(stretch)
            if some is None:  # there are many somewhere from here down to the lowest: never look that far again
                crowded, size = lowest, max(1, (place - lowest + 1) // 4)
                continue
            fitting += [case for case in some if case >> short <= place]
            each = len(some) / (place - lowest + 1)
            place, size = (lowest - 1, step * size) if some or dear else (self._next(lowest - 1), 1)
            if place < 0 or len(found) + len(fitting) >= wanted:
                found += self.readable(fitting, wanted - len(found))
                fitting = []
            enough = round(1.2 * (wanted - len(found) - len(fitting)) / each + 0.5) if each else WIDEST
            near = (place - crowded + 1) // 2 if 0 <= crowded <= place else WIDEST
            size = max(1, min(size, WIDEST, enough, near))
        return found

    def _next(self, place: int) -> int:
        """Return the first short stretch from a place down in which there is something; -1: there is none.

        It is looked for in the rest of the long stretch, then in the other long ones, then in the one found.
        """
        ratio = STRETCHES["c"] - STRETCHES["b"]
        lowest = place >> ratio << ratio
        found = self._first("b", place, lowest)
        if found >= lowest:
            return found
        long = self._first("c", (lowest >> ratio) - 1, 0)
        return self._first("b", (long + 1 << ratio) - 1, long << ratio) if long >= 0 else -1

    def _first(self, stretches: str, place: int, lowest: int) -> int:
        """Return the first stretch of a length, from a place down, in which there is something; else one too low."""
        if place < lowest:
            return lowest - 1
        return int(self._looked(_first, self.parts, stretches=f"{stretches}_", place=place, lowest=lowest))

    def _looked(self, look: Callable[[tuple[str, ...]], TextClause], parts: Sequence[Part], **given: Any) -> Any:
        """Return the answer to a look into the index."""
        asked = {f"part_{number}": query for number, (_, query) in enumerate(parts)}
        return self.session.connection().scalar(look(tuple(column for column, _ in parts)), {**given, **asked})


@lru_cache(maxsize=64)
def _look(columns: tuple[str, ...]) -> TextClause:
    return text(f"SELECT array_agg(case_id) FROM (SELECT case_id {_where(columns)} LIMIT {FEW + 1}) AS few")  # noqa: S608 - of ours


@lru_cache(maxsize=64)
def _expected(columns: tuple[str, ...]) -> TextClause:
    return text(f"EXPLAIN (FORMAT JSON) SELECT case_id {_where(columns)}")


@lru_cache(maxsize=64)
def _first(columns: tuple[str, ...]) -> TextClause:
    """Return the look from stretch to stretch: it goes on for as long as there is nothing."""
    inside = _where(columns, "marks @@ CAST(:stretches || place AS tsquery)")
    return text(f"""
        WITH RECURSIVE down(place) AS (
            SELECT CAST(:place AS bigint) UNION ALL
            SELECT place - 1 FROM down WHERE place >= :lowest AND NOT EXISTS (SELECT {inside})
        ) SELECT min(place) FROM down""")  # noqa: S608 - of ours


def _where(columns: Sequence[str], *first: str) -> str:
    asked = [*first, *(f"{column} @@ CAST(:part_{number} AS tsquery)" for number, column in enumerate(columns))]
    return f"FROM case_search{' WHERE ' * bool(asked)}{' AND '.join(asked)}"


def _stretch(place: int, size: int) -> tuple[list[str], int]:
    """Return the marks of some short stretches down from a place, or of the long ones they make, and the lowest."""
    lowest = max(0, place - size + 1)
    if size < LONG:
        return [f"b_{number}" for number in range(lowest, place + 1)], lowest
    ratio = STRETCHES["c"] - STRETCHES["b"]
    last = max(0, (place >> ratio) - (size >> ratio) + 1)
    return [f"c_{number}" for number in range(last, (place >> ratio) + 1)], last << ratio


def one_of(ways: Iterable[str], beginnings: Iterable[str] = ()) -> str:
    """Return one of some words as a tsquery; none of them has a character that means something there."""
    wanted = [f"'{way}'" for way in sorted(ways)] + [f"'{one}':*" for one in sorted(beginnings)]
    return " | ".join(wanted)
