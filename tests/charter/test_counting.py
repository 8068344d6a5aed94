"""How days are counted: calendar days in Brussels, day 0 the day of receipt, never moved."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.charter.days import CALENDAR, RULES, day, moment, written
from tracker.charter.counting import (
    DayOutOfRange,
    NaiveDatetime,
    at_brussels,
    aware,
    brussels_day,
    days_after,
    midnight_after,
)
from tracker.charter.obligations import assess
from tracker.charter.words import Channel, Nature, ObligationKind

EMAIL, POST, WEB, FAX, PHONE, COUNTER = (
    Channel.EMAIL, Channel.POST, Channel.WEB, Channel.FAX, Channel.PHONE, Channel.COUNTER,
)  # fmt: skip


@pytest.mark.parametrize(
    ("received", "due", "work_by"),
    [
        ("Mon 2026-01-05", "Tue 2026-01-20", "Tue 2026-01-20"),
        ("Fri 2026-01-09", "Sat 2026-01-24", "Fri 2026-01-23"),  # the due date stays on the Saturday
        ("Sun 2026-01-11", "Mon 2026-01-26", "Mon 2026-01-26"),  # a Sunday is a day of receipt like any other
        ("Fri 2026-02-13", "Sat 2026-02-28", "Fri 2026-02-27"),
        ("Fri 2026-03-20", "Sat 2026-04-04", "Fri 2026-04-03"),
        ("Sun 2026-03-22", "Mon 2026-04-06", "Fri 2026-04-03"),  # Easter Monday, after a day of 23 hours
        ("Fri 2026-03-27", "Sat 2026-04-11", "Fri 2026-04-10"),
        ("Wed 2026-04-29", "Thu 2026-05-14", "Wed 2026-05-13"),  # Ascension
        ("Sun 2026-05-10", "Mon 2026-05-25", "Fri 2026-05-22"),  # Whit Monday
        ("Mon 2026-07-06", "Tue 2026-07-21", "Mon 2026-07-20"),  # the national day
        ("Sat 2026-09-12", "Sun 2026-09-27", "Fri 2026-09-25"),  # a community day closes nothing; the Sunday does
        ("Sat 2026-10-17", "Sun 2026-11-01", "Fri 2026-10-30"),
        ("Sun 2026-10-18", "Mon 2026-11-02", "Fri 2026-10-30"),  # All Souls: closed for federal staff
        ("Sun 2026-10-25", "Mon 2026-11-09", "Mon 2026-11-09"),  # a day of 25 hours is one day
        ("Tue 2026-10-27", "Wed 2026-11-11", "Tue 2026-11-10"),
        ("Wed 2026-12-16", "Thu 2026-12-31", "Thu 2026-12-31"),
        ("Thu 2026-12-17", "Fri 2027-01-01", "Thu 2026-12-31"),  # the year ends, the count does not
        ("Tue 2028-02-15", "Wed 2028-03-01", "Wed 2028-03-01"),  # 29 February is counted
        ("Mon 2027-02-15", "Tue 2027-03-02", "Tue 2027-03-02"),  # and there is none in 2027
    ],
)
def test_an_email_is_answered_within_fifteen_calendar_days(received: str, due: str, work_by: str) -> None:
    (owed,) = assess(moment(received), EMAIL, Nature.INFORMATION, RULES, CALENDAR)

    assert (owed.kind, owed.days) == (ObligationKind.REPLY, 15)
    assert (written(owed.due_on), written(owed.work_by)) == (due, work_by)


@pytest.mark.parametrize(
    ("received", "due", "work_by"),
    [
        ("Thu 2026-07-16", "Sat 2026-08-15", "Fri 2026-08-14"),  # Assumption, on a Saturday
        ("Sun 2026-05-31", "Tue 2026-06-30", "Tue 2026-06-30"),
        ("Wed 2026-12-02", "Fri 2027-01-01", "Thu 2026-12-31"),
        ("Tue 2028-02-29", "Thu 2028-03-30", "Thu 2028-03-30"),
        ("Sat 2026-01-31", "Mon 2026-03-02", "Mon 2026-03-02"),
    ],
)
def test_a_letter_is_answered_within_thirty_calendar_days(received: str, due: str, work_by: str) -> None:
    (owed,) = assess(moment(received), POST, Nature.INFORMATION, RULES, CALENDAR)

    assert (owed.kind, owed.days) == (ObligationKind.REPLY, 30)
    assert (written(owed.due_on), written(owed.work_by)) == (due, work_by)


@pytest.mark.parametrize(
    ("nature", "kind", "rules"),
    [
        (Nature.INFORMATION, "reply", {WEB: "P1 15", EMAIL: "P1 15", POST: "P2 30", FAX: "H1 15"}),
        (Nature.INFORMATION, "reply", {PHONE: "H1 15", COUNTER: "H1 15"}),
        (Nature.COMPLEX, "interim", dict.fromkeys(Channel, "P3 15")),
        (Nature.MISDIRECTED, "transmission", dict.fromkeys(Channel, "P5 15")),
        (Nature.COMPLAINT, "reply", dict.fromkeys(Channel, "P6 15") | {POST: "P6 30"}),
        (Nature.DOCUMENT_ACCESS, "reply", dict.fromkeys(Channel, "L1 30")),
    ],
)
def test_each_nature_is_owed_what_its_rule_says(nature: Nature, kind: str, rules: dict[Channel, str]) -> None:
    for channel, expected in rules.items():
        (owed,) = assess(moment("Mon 2026-03-02"), channel, nature, RULES, CALENDAR)

        assert owed.kind == kind
        assert f"{owed.rule_id} {owed.days}" == expected
        assert owed.due_on == owed.counted_from + timedelta(days=owed.days or 0)
        assert "https://" in owed.source


@pytest.mark.parametrize(
    ("received_at", "day_zero"),
    [
        ("2026-07-14T21:59:59+00:00", "Tue 2026-07-14"),
        ("2026-07-14T22:00:00+00:00", "Wed 2026-07-15"),  # midnight in Brussels, in summer
        ("2026-01-14T22:30:00+00:00", "Wed 2026-01-14"),
        ("2026-01-14T23:00:00+00:00", "Thu 2026-01-15"),  # midnight in Brussels, in winter
        ("2026-12-31T23:15:00+00:00", "Fri 2027-01-01"),
        ("2028-02-28T23:30:00+00:00", "Tue 2028-02-29"),
        ("2026-03-29T00:59:59+00:00", "Sun 2026-03-29"),  # the last second before the gap
        ("2026-10-24T22:30:00+00:00", "Sun 2026-10-25"),
        ("2026-10-25T23:00:00+00:00", "Mon 2026-10-26"),
        ("2026-06-30T20:00:00-04:00", "Wed 2026-07-01"),  # handed in at a post abroad
    ],
)
def test_the_day_of_receipt_is_the_day_in_brussels(received_at: str, day_zero: str) -> None:
    assert written(brussels_day(datetime.fromisoformat(received_at))) == day_zero


def test_a_promise_lasts_until_midnight_in_brussels() -> None:
    assert midnight_after(day("Sat 2026-04-11")) == datetime(2026, 4, 11, 22, tzinfo=UTC)
    assert midnight_after(day("Sat 2026-10-24")) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert midnight_after(day("Sun 2026-10-25")) == datetime(2026, 10, 25, 23, tzinfo=UTC)  # 25 hours later
    assert midnight_after(day("Thu 2026-12-31")) == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_read_as_the_first() -> None:
    assert at_brussels(day("Sun 2026-10-25"), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    naive = datetime(2026, 3, 2, 10)  # noqa: DTZ001

    with pytest.raises(NaiveDatetime, match="no time zone"):
        brussels_day(naive)
    with pytest.raises(NaiveDatetime):
        aware(naive)


@pytest.mark.parametrize("year", [1, 1899, 2200, 9999])
def test_a_year_that_can_only_be_a_slip_is_refused(year: int) -> None:
    with pytest.raises(DayOutOfRange, match="between 1900-01-01 and 2199-12-31"):
        brussels_day(datetime(year, 12, 31, 23, 30, tzinfo=UTC))


@pytest.mark.parametrize("offset", [-14, 14])
def test_the_ends_of_time_are_refused_too(offset: int) -> None:
    zone = timezone(timedelta(hours=offset))
    for end in (datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)):
        with pytest.raises(DayOutOfRange):
            brussels_day(end)
    with pytest.raises(DayOutOfRange):
        days_after(date(2199, 12, 31), 1)
    with pytest.raises(DayOutOfRange):
        days_after(date(2026, 1, 1), 10**12)


MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.timezones(), allow_imaginary=False)  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(Channel), st.sampled_from(Nature))
def test_nothing_is_due_earlier_or_later_than_promised(
    received_at: datetime, channel: Channel, nature: Nature
) -> None:
    (owed,) = assess(received_at, channel, nature, RULES, CALENDAR)

    assert owed.days is not None
    assert owed.counted_from == brussels_day(received_at)
    assert owed.due_on.toordinal() - owed.counted_from.toordinal() == owed.days
    assert owed.work_by <= owed.due_on
    assert CALENDAR.is_open(owed.work_by)
    between = (owed.work_by + timedelta(days=n) for n in range(1, (owed.due_on - owed.work_by).days + 1))
    assert not any(CALENDAR.is_open(closed) for closed in between)
    assert owed.provisional == (owed.work_by > CALENDAR.known_until)


@given(MOMENTS)
def test_the_hour_of_receipt_never_matters(received_at: datetime) -> None:
    whole_day = brussels_day(received_at)

    first = at_brussels(whole_day, time())
    last = midnight_after(whole_day) - timedelta(microseconds=1)

    assert brussels_day(first) == brussels_day(last) == whole_day
    assert first <= received_at <= last
    assert 23 <= (midnight_after(whole_day) - first) / timedelta(hours=1) <= 25


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_a_later_receipt_is_never_due_earlier(received_on: date) -> None:
    today, tomorrow = (
        assess(at_brussels(d, time(12)), POST, Nature.INFORMATION, RULES, CALENDAR)[0]
        for d in (received_on, received_on + timedelta(days=1))
    )

    assert tomorrow.due_on == today.due_on + timedelta(days=1)
    assert tomorrow.work_by >= today.work_by
