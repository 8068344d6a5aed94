"""Owns a promise as a bar in time: where its days stand between what came in and what is due, each with its words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FIRST, LAST = 3.0, 97.0
"""Where the bar begins and ends, in hundredths of the room there is: marks stand out on both sides."""


class Mark(StrEnum):
    """What a day on the bar is; each has a shape of its own."""

    BEGAN = "began"
    LETTER = "letter"  # an interim letter left, and promised a date
    TODAY = "today"
    WORK_BY = "work_by"
    DUE = "due"
    LATE = "late"  # the first day on which it was broken
    KEPT = "kept"
    ENDED = "ended"  # replaced or waived


@dataclass(frozen=True, slots=True)
class Placed:
    """A day on the bar: where it stands, in hundredths, and its words."""

    mark: Mark
    day: date
    place: float
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its days in their order, and where what is spent, what is left and what is late begin and end."""

    days: tuple[Placed, ...]
    begins: float
    now: float
    due: float
    late: bool


def bar_of(days: Iterable[tuple[Mark, date, str]]) -> Bar:
    """Return the bar of some days (Brussels) with their words; one is ``BEGAN`` or else ``LETTER``, one ``DUE``.

    What is spent ends with ``TODAY``, ``KEPT`` or ``ENDED``: none of the three, and nothing is spent.
    """
    given: Sequence[tuple[Mark, date, str]] = sorted(days, key=lambda one: one[1])
    first, last = given[0][1], given[-1][1]
    length = max(1, (last - first).days)

    def place(day: date) -> float:
        return round(FIRST + (LAST - FIRST) * (day - first).days / length, 2)

    on = {mark: day for mark, day, _words in given}
    began = on.get(Mark.BEGAN) or on[Mark.LETTER]
    reached = next((on[mark] for mark in (Mark.KEPT, Mark.ENDED, Mark.TODAY) if mark in on), began)
    return Bar(
        days=tuple(Placed(mark, day, place(day), words) for mark, day, words in given),
        begins=place(began),
        now=place(reached),
        due=place(on[Mark.DUE]),
        late=reached > on[Mark.DUE],
    )
