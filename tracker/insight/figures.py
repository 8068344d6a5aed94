"""Owns the reading of the figures: how promises were kept, how long answers took, who will be short of time.

The rows were counted ahead (``casework.figures``); here they are added up for whoever may see them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import reduce
from typing import Any

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session

from tracker.insight.heartbeat import FIGURES, last_success
from tracker.insight.keeping import JUDGED, Outcome
from tracker.models.directory import Service
from tracker.models.figures import Figure
from tracker.models.staff import Staff

CUTS = ("kind", "channel", "nature", "language")


@dataclass(frozen=True, slots=True)
class Scope:
    """What of the house somebody sees in figures."""

    services: frozenset[str] | None = None
    """Lead services, the empty one for what has none yet; None: all."""
    complaints: bool = False
    """Complaints only."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many promises came out which way."""

    numbers: Mapping[str, int]

    def __getitem__(self, outcome: str) -> int:
        return self.numbers.get(outcome, 0)

    @property
    def judged(self) -> int:
        """How many were to be kept by now: what the share is taken of."""
        return sum(self[outcome] for outcome in JUDGED)

    @property
    def share(self) -> float | None:
        """Which part of them was kept on time, open overdue ones counted; None: there was none."""
        return self[Outcome.KEPT] / self.judged if self.judged else None

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(Counter(self.numbers) + Counter(other.numbers))


@dataclass(frozen=True, slots=True)
class Answers:
    """How many answers left, by the days from receipt to answer."""

    by_days: Mapping[int, int]

    @property
    def number(self) -> int:
        """How many answers there were."""
        return sum(self.by_days.values())

    def within(self, share: float) -> int | None:
        """Return in how many days that share of the answers had left; None: there was none.

        The nearest rank: the least number of days that was enough for so many.
        """
        seen, wanted = 0, share * self.number
        for days in sorted(self.by_days):
            seen += self.by_days[days]
            if seen >= wanted:
                return days
        return None

    def __add__(self, other: "Answers") -> "Answers":
        return Answers(Counter(self.by_days) + Counter(other.by_days))


@dataclass(frozen=True, slots=True)
class Month:
    """One month, by the due dates of the promises and by the days on which answers and letters left."""

    first: date
    kept: Tally
    answers: Answers
    letters: int
    """Interim letters that left."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a dashboard shows, for one scope."""

    months: tuple[Month, ...]
    by: Mapping[str, Mapping[str, Tally]]
    """Of the months asked for: by kind, channel, nature, language (``CUTS``) and ``service``."""
    themes: Mapping[str, Mapping[str, int]]
    """Of the months asked for: complaints by what they are about (empty: nobody has said yet) and what was found."""
    whole: Month
    """The months asked for, together; ``first``: the first of them."""
    counted_at: datetime | None
    """When all was counted; None: not yet."""


@dataclass(frozen=True, slots=True)
class Load:
    """What falls due for somebody, or for all, against the pace at which promises were kept."""

    name: str
    """The handler; empty for all together."""
    handler_id: int | None
    service_code: str
    behind: int
    """Open, and the last working day for it is past."""
    due: tuple[int, ...]
    """How many fall due on each of the working days ahead."""
    pace: Fraction
    """What was kept a working day, over the last ones. Exact: a promise is not lost to rounding."""

    def left_over(self) -> tuple[int, ...]:
        """Return how many would lie there undone at the end of each day, at this pace, what is due first done first.

        What is done beyond what is due by then is not lost: it is of the days after.
        """
        owed, over = self.behind, []
        for number, due in enumerate(self.due, start=1):
            owed += due
            over.append(max(0, owed - int(self.pace * number)))
        return tuple(over)

    @property
    def short_by(self) -> int:
        """How many promises more than can be kept there are on the worst day."""
        return max(self.left_over(), default=0)

    def short_from(self, ahead: list[date]) -> date | None:
        """Return the first working day ahead by which not all that is due can be kept; None: all can."""
        return next((day for day, left in zip(ahead, self.left_over(), strict=True) if left), None)


def figures(session: Session, scope: Scope, months: Iterable[date], shown: Iterable[date]) -> Figures:
    """Return the figures of some months, and of those ``shown`` together, by what they are about (two statements)."""
    of_months, chosen = list(months), set(shown)
    by: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    kept: dict[date, Counter[str]] = defaultdict(Counter)
    days: dict[date, Counter[int]] = defaultdict(Counter)
    letters: Counter[date] = Counter()
    themes: dict[str, Counter[str]] = defaultdict(Counter)
    for month, cut, value, service, counted, number in session.execute(_sums(scope, of_months)):
        if cut == "days":
            days[month][int(value)] += number
            continue
        if cut == "letters":
            letters[month] += number
            continue
        if cut == "theme":
            themes[value][counted] += number * (month in chosen)
            continue
        if month in chosen:
            by[cut][value][counted] += number
        if cut == "kind":
            kept[month][counted] += number
            if month in chosen:
                by["service"][service][counted] += number
    lines = tuple(Month(m, Tally(kept[m]), Answers(days[m]), letters[m]) for m in of_months)
    return Figures(
        months=lines,
        by={cut: {value: Tally(n) for value, n in sorted(values.items())} for cut, values in by.items()},
        themes={theme: counts for theme, counts in themes.items() if counts.total()},
        whole=reduce(_together, (line for line in lines if line.first in chosen), _NOTHING),
        counted_at=last_success(session, FIGURES),
    )


_NOTHING = Month(date.max, Tally({}), Answers({}), 0)


def _together(one: Month, other: Month) -> Month:
    return Month(
        min(one.first, other.first), one.kept + other.kept, one.answers + other.answers, one.letters + other.letters
    )


def _sums(scope: Scope, months: list[date]) -> Any:
    service = case((Figure.cut == "kind", Figure.service_code), else_="")
    columns = (Figure.period, Figure.cut, Figure.value, service.label("service"), Figure.counted)
    return (
        select(*columns, func.sum(Figure.number))
        .where(Figure.cut.in_([*CUTS, "days", "letters", "theme"]), Figure.period.in_(months), *within(scope))
        .where(Figure.counted != Outcome.DUE)
        .group_by(Figure.period, Figure.cut, Figure.value, service, Figure.counted)
    )


def load(session: Session, scope: Scope, *, ahead: list[date], back: list[date]) -> tuple[Load, list[Load]]:
    """Return the load of all together, and of each handler in each service, the worst first (one statement).

    ``ahead``, ``back``: the working days looked at, in Brussels.
    """
    of: dict[tuple[str, str, str], Counter[tuple[str, date]]] = defaultdict(Counter)
    found = (
        select(Figure.service_code, Figure.value, Staff.name, Figure.counted, Figure.period, Figure.number)
        .join(Staff, Staff.id == cast(Figure.value, Integer))
        .where(Figure.cut == "load", *within(scope))
    )
    whole: Counter[tuple[str, date]] = Counter()
    for service, handler, name, counted, day, number in session.execute(found):
        of[service, handler, name][counted, day] += number
        whole[counted, day] += number

    def made(name: str, handler: str, service: str, numbers: Counter[tuple[str, date]]) -> Load:
        behind = sum(number for (counted, _), number in numbers.items() if counted == "behind")
        due = tuple(numbers["due", day] for day in ahead)
        return Load(name, int(handler) if handler else None, service, behind, due,
                    Fraction(sum(numbers["done", day] for day in back), len(back)))  # fmt: skip

    each = [made(name, handler, service, numbers) for (service, handler, name), numbers in of.items()]
    return made("", "", "", whole), sorted(each, key=lambda one: (-one.short_by, one.name))


def service_names(session: Session, language: str) -> dict[str, str]:
    """Return the name of every service in a language, by its code (one statement)."""
    found = session.execute(select(Service.code, Service.names))
    return {code: str(names[language]) for code, names in found}


def within(scope: Scope) -> list[Any]:
    """Return what a row of the figures must be to be seen."""
    conditions: list[Any] = [Figure.service_code.in_(sorted(scope.services))] if scope.services is not None else []
    return [*conditions, Figure.complaint.is_(True)] if scope.complaints else conditions
