"""Owns the working calendar: on which days the federal public service is open.

It serves ``work_by`` and the reminders only. A due date needs no calendar, so no case is ever refused because this
data has a hole: past ``known_until`` a working day is provisional, and said to be so wherever it is shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from tracker.charter.datafile import DataFile, Table
from tracker.charter.errors import CharterError

WEEKEND = "weekend"
BRIDGE_DAY = "bridge_day"


class NegativeTerm(CharterError, ValueError):
    """A number of working days below zero."""

    code = "negative_term"

    def __init__(self, n: int) -> None:
        super().__init__(f"{n} working days cannot be counted: give zero or more.", n=n)


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar.

    The epact is the age of the moon on 1 January; the paschal full moon is corrected for the century, and the first
    Sunday strictly after it is Easter.
    """
    golden, century = year % 19 + 1, year // 100 + 1
    skipped_leap_days = 3 * century // 4 - 12
    moon_correction = (8 * century + 5) // 25 - 5
    epact = (11 * golden + 20 + moon_correction - skipped_leap_days) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    full_moon = 44 - epact if epact <= 23 else 74 - epact
    march_first = date(year, 3, 1)
    moon = march_first + timedelta(days=full_moon - 1)
    return moon + timedelta(days=7 - (moon.weekday() + 1) % 7)


@dataclass(frozen=True, slots=True)
class Closing:
    """A day closed every year by rule: a fixed date, or a number of days from Easter Sunday."""

    code: str
    source: str
    month: int | None
    day: int | None
    easter_offset: int | None
    valid_from: date | None  # first day of validity; None: open to the past
    valid_to: date | None  # first day no longer valid; None: no end

    def in_year(self, year: int) -> date | None:
        """Return the day it closes in a year, or None when the rule is not valid then."""
        if self.easter_offset is not None:
            day = easter(year) + timedelta(days=self.easter_offset)
        else:
            assert self.month is not None  # the file was checked on load
            assert self.day is not None
            day = date(year, self.month, self.day)
        if (self.valid_from and day < self.valid_from) or (self.valid_to and day >= self.valid_to):
            return None
        return day


@dataclass(frozen=True, slots=True)
class BridgeDay:
    """A day closed by a circular, once."""

    day: date
    source: str
    since: date | None  # the day from which it counts; None: from the start
    withdrawn: date | None = None  # the day from which it counts no more; None: it stands


@dataclass(frozen=True, slots=True)
class Known:
    """How far the bridge days are known, and since when we knew it."""

    until: date
    since: date | None
    withdrawn: date | None = None  # the day from which it counts no more; None: it stands


E = TypeVar("E", BridgeDay, Known)


@dataclass(frozen=True, slots=True, eq=False)
class WorkingCalendar:
    """The open days of the service; a frozen value, compared by identity."""

    closings: tuple[Closing, ...]
    bridge_days: tuple[BridgeDay, ...]
    known: tuple[Known, ...]  # oldest knowledge first
    _years: dict[int, dict[date, str]] = field(default_factory=dict, repr=False)  # memo: years already worked out
    _views: dict[int, "WorkingCalendar"] = field(default_factory=dict, repr=False)  # memo of as_known_on

    @classmethod
    def load(cls, source: str | Path | Traversable, name: str = "calendar.toml") -> "WorkingCalendar":
        """Read a calendar file (a path, or the text itself); raise RulesFileError with the line of a mistake."""
        file = DataFile.read(source, name)
        file.only_keys(("closing", "bridge_day", "known"))
        known = _all_known(file)
        bridges = tuple(_bridge_day(table) for table in file.tables("bridge_day"))
        closings = tuple(_closing(table) for table in file.tables("closing"))
        return cls(closings, bridges, known)

    @classmethod
    def shipped(cls) -> "WorkingCalendar":
        """Read the calendar that comes with the program."""
        return cls.load(files("tracker.charter") / "data" / "calendar.toml")

    def with_entries(self, bridge_days: Iterable[BridgeDay], known: Iterable[Known]) -> "WorkingCalendar":
        """Return the calendar with what an installation has learnt beside it."""
        learnt = sorted((*self.known, *known), key=lambda entry: entry.since or date.min)
        days = (*self.bridge_days, *bridge_days)
        return replace(self, bridge_days=days, known=tuple(learnt), _years={}, _views={})

    @property
    def known_until(self) -> date:
        """The last day for which the bridge days are known."""
        return max(entry.until for entry in self.known if entry.withdrawn is None)

    @property
    def changed_on(self) -> tuple[date, ...]:
        """The days from which something that was learnt, or withdrawn, counts: the oldest first."""
        entries: tuple[BridgeDay | Known, ...] = (*self.bridge_days, *self.known)
        return tuple(sorted({day for entry in entries for day in (entry.since, entry.withdrawn) if day}))

    def as_known_on(self, day: date) -> "WorkingCalendar":
        """Return the calendar as it stood on a day, without what entered the table later.

        A count stored then is reproduced exactly, however much has been learnt since.
        """
        later = sum(change > day for change in self.changed_on)
        if not later:
            return self
        if later not in self._views:  # how many changes are still to come tells which state it is
            bridges = tuple(
                _then(entry, day) for entry in self.bridge_days if not (entry.since and entry.since > day)
            )
            known = tuple(_then(entry, day) for entry in self.known if not (entry.since and entry.since > day))
            self._views[later] = replace(self, bridge_days=bridges, known=known, _years={}, _views={})
        return self._views[later]

    def why_closed(self, day: date) -> str | None:
        """Return the code of the reason a day is closed, or None when it is open.

        ``weekend``, ``bridge_day``, or the code of a closing rule such as ``all_saints``.
        """
        closed = self._years.get(day.year)
        if closed is None:
            closed = self._years[day.year] = dict(self._closed_in(day.year))
        return closed.get(day) or (WEEKEND if day.weekday() >= 5 else None)

    def _closed_in(self, year: int) -> Iterator[tuple[date, str]]:
        stand = (bridge for bridge in self.bridge_days if bridge.day.year == year and bridge.withdrawn is None)
        yield from ((bridge.day, BRIDGE_DAY) for bridge in stand)
        for closing in self.closings:
            if day := closing.in_year(year):
                yield day, closing.code

    def is_open(self, day: date) -> bool:
        """Tell whether the service is open on a day."""
        return self.why_closed(day) is None

    def provisional(self, day: date) -> bool:
        """Tell whether a day taken as open might still prove to be a bridge day: the table ends before it."""
        return day > self.known_until

    def last_open_on_or_before(self, day: date) -> date:
        """Return the day itself when open, else the last open day before it: the ``work_by`` of a due date."""
        return self.open_day_before(day, 0)

    def open_day_before(self, day: date, n: int) -> date:
        """Return the n-th open day strictly before a day; for 0, the last open day on or before it.

        Raises NegativeTerm below 0.
        """
        return self._walk(day, n, timedelta(days=-1))

    def open_day_after(self, day: date, n: int) -> date:
        """Return the n-th open day strictly after a day; for 0, the first open day on or after it.

        Raises NegativeTerm below 0.
        """
        return self._walk(day, n, timedelta(days=1))

    def _walk(self, day: date, n: int, step: timedelta) -> date:
        if n < 0:
            raise NegativeTerm(n)
        if n:
            day += step
        while True:
            if self.is_open(day):
                n -= 1
                if n <= 0:
                    return day
            day += step


def _then(entry: E, day: date) -> E:
    """Return an entry as it stood on a day: what was withdrawn later still stood."""
    return replace(entry, withdrawn=None) if entry.withdrawn is not None and entry.withdrawn > day else entry


def _all_known(file: DataFile) -> tuple[Known, ...]:
    tables = file.tables("known")
    known = tuple(_known(table) for table in tables)
    if not known:
        raise file.error(1, "a [[known]] must say how far the bridge days are known.")
    for place, (entry, table) in enumerate(zip(known, tables, strict=True)):
        if (entry.since is None) != (place == 0):
            raise table.error("the first [[known]] has no since; each further one says since when it was known.")
        if place > 1 and (known[place - 1].since or date.min) > (entry.since or date.min):
            raise table.error("each [[known]] must have a later since than the one before.", "since")
    return known


def _known(table: Table) -> Known:
    table.only_keys("until", "since")
    until = table.day("until")
    if until is None:
        raise table.error("until is missing: up to which day are the bridge days known?")
    return Known(until, table.day("since"))


def _bridge_day(table: Table) -> BridgeDay:
    table.only_keys("day", "source", "since")
    day = table.day("day")
    if day is None:
        raise table.error("day is missing: which day was closed?")
    if day.weekday() >= 5:
        raise table.error(f"{day} falls in a week-end and cannot be a bridge day.", "day")
    return BridgeDay(day, table.text("source"), table.day("since"))


def _closing(table: Table) -> Closing:
    table.only_keys("code", "source", "month", "day", "easter_offset", "valid_from", "valid_to")
    closing = Closing(
        code=table.text("code"),
        source=table.text("source"),
        month=table.optional_number("month", 1),
        day=table.optional_number("day", 1),
        easter_offset=table.number("easter_offset") if "easter_offset" in table.values else None,
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
    )
    fixed = closing.month is not None and closing.day is not None
    if fixed == (closing.easter_offset is not None):
        raise table.error("give either month and day, or easter_offset.")
    try:
        closing.in_year(2001)  # not a leap year: 29 February would be refused here, and must be
    except ValueError:
        raise table.error(f"{closing.day}.{closing.month}. is not a day of every year.", "day") from None
    return closing
