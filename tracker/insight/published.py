"""Owns the figures that everybody may read: how each promise was kept, with small numbers withheld.

Numbers under five could tell of one person. A line in which one stands is withheld whole; and where the months of a
promise stand beside its year, so many months are withheld that nothing under five can be found by subtraction.
Promises are never added up over their kinds: that sum would give away what is withheld of one.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.charter.words import ObligationKind
from tracker.insight.figures import Answers
from tracker.insight.keeping import JUDGED, Outcome
from tracker.models.figures import Figure

SMALLEST = 5
"""The least number that is published, beside none at all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many promises were to be kept in a period, and how many were, on time."""

    due: int
    on_time: int

    @property
    def share(self) -> float | None:
        """Which part was kept on time, open overdue ones counted; None: there was none."""
        return self.on_time / self.due if self.due else None

    @property
    def is_small(self) -> bool:
        """Say whether those kept, or those not kept, are so few that they are withheld."""
        return any(0 < number < SMALLEST for number in (self.on_time, self.due - self.on_time))

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.due + other.due, self.on_time + other.on_time)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of promise: its year and its months; None: withheld."""

    kind: ObligationKind
    year: Kept | None
    months: tuple[Kept | None, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """How the promises were kept over twelve months that are over (Brussels months)."""

    months: tuple[date, ...]
    lines: tuple[Line, ...]
    median_days: int | None
    """Of the answers that left; None: too few to say."""
    ninety_days: int | None

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was counted at all."""
        return all(line.year is not None and not line.year.due for line in self.lines)


def published(session: Session, months: Sequence[date]) -> Published:
    """Return what may be told of some months, the first days of which are given (one statement)."""
    counts: dict[str, dict[date, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    days: Counter[int] = Counter()
    columns = (Figure.cut, Figure.period, Figure.value, Figure.counted)
    wanted = (Figure.cut.in_(["kind", "days"]), Figure.period.in_(months))
    for cut, month, value, counted, number in session.execute(
        select(*columns, func.sum(Figure.number)).where(*wanted).group_by(*columns)
    ):
        if cut == "days":
            days[int(value)] += number
        else:
            counts[value][month][counted] += number
    lines = tuple(_line(kind, [_kept(counts[kind.value][month]) for month in months]) for kind in ObligationKind)
    answers = Answers(days)
    told = answers.number >= SMALLEST
    return Published(
        tuple(months), lines, answers.within(0.5) if told else None, answers.within(0.9) if told else None
    )


def _kept(counted: Counter[str]) -> Kept:
    return Kept(sum(counted[outcome] for outcome in JUDGED), counted[Outcome.KEPT])


def _line(kind: ObligationKind, months: Sequence[Kept]) -> Line:
    year = sum(months, Kept(0, 0))
    hidden = withheld(months)
    shown = tuple(None if place in hidden else month for place, month in enumerate(months))
    return Line(kind, None if year.is_small else year, shown)


def withheld(months: Sequence[Kept]) -> frozenset[int]:
    """Return the places of the months that are withheld: the small ones, and what would give them away.

    Where the year is told, what is withheld can be found together by subtraction: it must be at least two months,
    and not small together. The smallest that are left are taken, those first in which there was something.
    """
    hidden = {place for place, month in enumerate(months) if month.is_small}
    if not hidden or sum(months, Kept(0, 0)).is_small:
        return frozenset(hidden)
    rest = sorted(set(range(len(months))) - hidden, key=lambda place: (not months[place].due, months[place].due))
    while rest and (len(hidden) < 2 or sum((months[place] for place in hidden), Kept(0, 0)).is_small):
        hidden.add(rest.pop(0))
    return frozenset(hidden)
