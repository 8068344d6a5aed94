"""Owns the daily book of a made-up population: every line gets its numbers in the order in which it was entered."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import count

from tracker.casework.seeding.rows import DAY_NUMBER, NUMBER, SEPARATOR
from tracker.models.base import seal_of_text


class Book:
    """Takes lines in as the cases are made, and gives them back numbered, day by day.

    A case has lines for weeks after the day on which it came in, so that the days of many cases must be together
    first. They are kept by the day on which they were entered, since no two days share a number of the day.
    """

    def __init__(self) -> None:
        self._held: dict[str, list[str]] = {}
        self._ids = count(1)
        self._of_the_year: Counter[str] = Counter()

    def take(self, lines: Iterable[str]) -> None:
        """Take in lines of some cases, as ``rows.fill`` gives them."""
        for line in lines:
            day, rest = line.split(SEPARATOR, 1)
            self._held.setdefault(day, []).append(rest)

    def numbered(self, *, before: date | None = None) -> list[str]:
        """Return the lines of the days (Brussels) that are whole, as rows, and let go of them.

        ``before``: the first day of the cases still to come; one of them can have come in the night before. None:
        there are no more.
        """
        end = (before - timedelta(days=1)).isoformat() if before else None
        whole = sorted(day for day in self._held if end is None or day < end)
        return [row for day in whole for row in self._of_day(day)]

    def _of_day(self, day: str) -> list[str]:
        of_the_day: Counter[str] = Counter()
        rows = []
        for line in sorted(self._held.pop(day)):
            _moment, side, text = line.split(SEPARATOR, 2)
            year = side + day[:4]
            self._of_the_year[year] += 1
            of_the_day[side] += 1
            text = text.replace(NUMBER, str(self._of_the_year[year]), 1)
            text = text.replace(DAY_NUMBER, str(of_the_day[side]), 1)
            rows.append(f"{text}{SEPARATOR}{next(self._ids)}{SEPARATOR}{seal_of_text(text)}")
        return rows
