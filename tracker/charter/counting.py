"""Owns the counting of calendar days in Brussels.

The charter promises an answer "within 15 calendar days following receipt" (FPS Foreign Affairs, user charter, §2).
The day of receipt is day 0, the due date is that date + N, until 24:00 in Brussels. It is never moved for a
week-end or a holiday, and never counted in multiples of 24 hours: a day of 23 or 25 hours is one day.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.charter.errors import CharterError

BRUSSELS = ZoneInfo("Europe/Brussels")
FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)


class NaiveDatetime(CharterError, ValueError):
    """A moment without a time zone: nobody can say on which day it falls in Brussels."""

    code = "naive_datetime"

    def __init__(self, moment: datetime) -> None:
        super().__init__(
            f"{moment.isoformat()} has no time zone: add one, for instance +01:00 or Z.", moment=moment.isoformat()
        )


class DayOutOfRange(CharterError, ValueError):
    """A day so far off that it can only be a slip of the pen."""

    code = "day_out_of_range"

    def __init__(self, given: object) -> None:
        super().__init__(
            f"{given} is not a usable date: give one between {FIRST_DAY} and {LAST_DAY}.",
            given=str(given),
            first=FIRST_DAY.isoformat(),
            last=LAST_DAY.isoformat(),
        )


def aware(moment: datetime) -> datetime:
    """Return the same moment in UTC; raise NaiveDatetime when it has no time zone."""
    if moment.utcoffset() is None:
        raise NaiveDatetime(moment)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise DayOutOfRange(moment.isoformat()) from None


def in_range(day: date) -> date:
    """Return the day itself; raise DayOutOfRange outside 1900 to 2199."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise DayOutOfRange(day)
    return day


def brussels_day(moment: datetime) -> date:
    """Return the calendar day in Brussels on which a moment falls: day 0 of every count from it.

    Raises NaiveDatetime without a time zone, DayOutOfRange outside 1900 to 2199.
    """
    try:
        return in_range(aware(moment).astimezone(BRUSSELS).date())
    except OverflowError:
        raise DayOutOfRange(moment.isoformat()) from None


def days_after(day: date, days: int) -> date:
    """Return the calendar day that many days later, whatever day of the week it is.

    Raises DayOutOfRange when it falls after 2199.
    """
    try:
        return in_range(day + timedelta(days=days))
    except OverflowError:
        raise DayOutOfRange(f"{day} + {days} days") from None


def at_brussels(day: date, clock: time) -> datetime:
    """Return the moment (UTC) at which clocks in Brussels show that time on that day.

    Of an hour that comes twice (last Sunday of October) it is the first; an hour that does not exist (last Sunday
    of March) is read with the offset from before the change.
    """
    return datetime.combine(day, clock, tzinfo=BRUSSELS).astimezone(UTC)


def midnight_after(day: date) -> datetime:
    """Return the moment (UTC) at which a day ends in Brussels: 24:00, when an unkept promise becomes a breach."""
    return at_brussels(day + timedelta(days=1), time())
