"""The working calendar: legal holidays and federal closing days by rule, bridge days by circular."""

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.charter.days import CALENDAR, RULES, day, moment, written
from tracker.charter.calendar import BridgeDay, Known, NegativeTerm, WorkingCalendar, easter
from tracker.charter.datafile import RulesFileError
from tracker.charter.obligations import assess
from tracker.charter.words import Channel, Nature

FEDERAL = {"all_souls", "kings_feast", "boxing_day", "bridge_day"}
BRIDGES = [
    "Fri 2009-01-02", "Fri 2009-05-22", "Mon 2009-07-20",
    "Mon 2012-04-30", "Fri 2012-05-18", "Fri 2012-11-16", "Mon 2012-12-24",
    "Fri 2015-01-02", "Fri 2015-05-15", "Mon 2015-07-20",
    "Fri 2016-05-06", "Fri 2016-07-22",
    "Fri 2017-05-26", "Fri 2017-11-03",
]  # fmt: skip
SMALL = """
[[known]]
until = 2026-12-31

[[closing]]
code = "new_year"
month = 1
day = 1
source = "law"
"""


@pytest.mark.parametrize("year", range(1990, 2061))
def test_the_legal_holidays_are_those_that_an_independent_source_computes(year: int) -> None:
    theirs = {found for found in holidays.country_holidays("BE", years=year) if found.weekday() != 6}
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))

    ours = {found for found in days if found.year == year and CALENDAR.why_closed(found) not in {None, "weekend"}}
    legal = {found for found in ours if CALENDAR.why_closed(found) not in FEDERAL and found.weekday() != 6}

    assert legal == theirs


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (1943, "Sun 1943-04-25"),  # the latest there can be
        (1954, "Sun 1954-04-18"), (1981, "Sun 1981-04-19"),  # the two exceptions of the epact
        (2008, "Sun 2008-03-23"), (2025, "Sun 2025-04-20"), (2026, "Sun 2026-04-05"), (2027, "Sun 2027-03-28"),
        (2038, "Sun 2038-04-25"), (2100, "Sun 2100-03-28"),
    ],
)  # fmt: skip
def test_easter(year: int, sunday: str) -> None:
    assert written(easter(year)) == sunday


@pytest.mark.parametrize(
    ("closed", "why"),
    [
        ("Thu 2026-01-01", "new_year"), ("Mon 2026-04-06", "easter_monday"), ("Fri 2026-05-01", "labour_day"),
        ("Thu 2026-05-14", "ascension"), ("Mon 2026-05-25", "whit_monday"), ("Tue 2026-07-21", "national_day"),
        ("Sat 2026-08-15", "assumption"), ("Sun 2026-11-01", "all_saints"), ("Mon 2026-11-02", "all_souls"),
        ("Wed 2026-11-11", "armistice"), ("Sun 2026-11-15", "kings_feast"), ("Mon 2027-11-15", "kings_feast"),
        ("Fri 2026-12-25", "christmas"), ("Sat 2026-12-26", "boxing_day"), ("Sat 2026-03-28", "weekend"),
        ("Fri 2017-11-03", "bridge_day"),
    ],
)  # fmt: skip
def test_a_closed_day_says_why(closed: str, why: str) -> None:
    assert CALENDAR.why_closed(day(closed)) == why
    assert not CALENDAR.is_open(day(closed))


@pytest.mark.parametrize("opened", ["Fri 2025-07-11", "Fri 2024-09-27", "Fri 2026-05-15", "Thu 2026-12-24"])
def test_community_days_and_days_without_a_circular_are_open(opened: str) -> None:
    assert CALENDAR.is_open(day(opened))


def test_the_bridge_days_are_those_of_the_circulars_that_were_read() -> None:
    assert [written(bridge.day) for bridge in CALENDAR.bridge_days] == BRIDGES
    assert all("https://" in bridge.source for bridge in CALENDAR.bridge_days)


def test_a_day_past_what_is_known_is_provisional_and_says_so() -> None:
    (known,) = assess(moment("Wed 2026-12-16"), Channel.EMAIL, Nature.INFORMATION, RULES, CALENDAR)
    (sure,) = assess(moment("Thu 2026-12-17"), Channel.EMAIL, Nature.INFORMATION, RULES, CALENDAR)
    (unsure,) = assess(moment("Mon 2026-12-21"), Channel.EMAIL, Nature.INFORMATION, RULES, CALENDAR)

    assert not known.provisional
    assert (written(sure.work_by), sure.provisional) == ("Thu 2026-12-31", False)  # 1 January is closed for ever
    assert (written(unsure.due_on), unsure.provisional) == ("Tue 2027-01-05", True)
    assert unsure.steps[-1].to_json() == {
        "code": "provisional",
        "values": {"work_by": "2027-01-05", "known_until": "2026-12-31"},
    }


def test_open_days_are_counted_without_the_day_itself() -> None:
    friday, saturday = day("Fri 2026-04-03"), day("Sat 2026-04-04")

    assert written(CALENDAR.open_day_after(friday, 1)) == "Tue 2026-04-07"  # over Easter Monday
    assert written(CALENDAR.open_day_before(day("Tue 2026-04-07"), 1)) == "Fri 2026-04-03"
    assert written(CALENDAR.open_day_before(friday, 5)) == "Fri 2026-03-27"
    assert CALENDAR.open_day_before(friday, 0) == CALENDAR.last_open_on_or_before(saturday) == friday
    assert written(CALENDAR.open_day_after(saturday, 0)) == "Tue 2026-04-07"
    with pytest.raises(NegativeTerm):
        CALENDAR.open_day_after(friday, -1)


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(1, 40))
def test_going_back_and_forth_by_open_days_meets_again(start: date, n: int) -> None:
    before = CALENDAR.open_day_before(start, n)

    assert before < start
    assert CALENDAR.is_open(before)
    assert sum(CALENDAR.is_open(before + timedelta(days=k)) for k in range((start - before).days)) == n
    assert CALENDAR.open_day_after(before, n) == CALENDAR.open_day_after(start, 0)


LEARNT = (
    SMALL
    + """
[[known]]
until = 2027-12-31
since = 2026-11-20

[[bridge_day]]
day = 2026-12-31
source = "circular"
since = 2026-11-20
"""
)


def test_what_is_learnt_later_does_not_change_what_was_counted_before() -> None:
    calendar = WorkingCalendar.load(LEARNT)

    before, after = calendar.as_known_on(date(2026, 11, 19)), calendar.as_known_on(date(2026, 11, 20))

    assert calendar.known_until == after.known_until == date(2027, 12, 31)
    assert before.known_until == date(2026, 12, 31)
    assert before.is_open(date(2026, 12, 31))
    assert not after.is_open(date(2026, 12, 31))
    assert after is calendar
    assert calendar.as_known_on(date(2026, 1, 1)) is before


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[[closing]]\n", 1, "known"),
        (SMALL + "\n[[closing]]\ncode = 'x'\nsource = 'law'\nmonth = 2\nday = 29\n", 15, "not a day of every year"),
        (SMALL + "\n[[closing]]\ncode = 'x'\nsource = 'law'\nmonth = 2\n", 11, "either month and day"),
        (SMALL + f"\n[[closing]]\ncode = 'x'\nsource = 'law'\nmonth = 2\nday = {10**22}\n", 15, "too large"),
        (SMALL + f"\n[[closing]]\ncode = 'x'\nsource = 'law'\neaster_offset = -{10**9}\n", 14, "too large"),
        (SMALL + "\n[[bridge_day]]\nday = 2027-01-02\nsource = 'law'\n", 12, "week-end"),
        (SMALL + "\n[[bridge_day]]\nday = 2027-01-04\n", 11, "source is missing"),
        (SMALL + "\n[[bridge_day]]\nday = '2027-01-04'\nsource = 'law'\n", 12, "must be a date"),
        (SMALL + "\n[[bridge_day]]\nsource = 'law'\n", 11, "day is missing"),
        (SMALL + "\n[[known]]\nuntil = 2027-12-31\n", 11, "since"),
        (SMALL + "\n[[known]]\nuntil = 2028-12-31\nsince = 2027-12-01\n"
         + "[[known]]\nuntil = 2029-12-31\nsince = 2027-11-01\n", 16, "later since"),
        (SMALL + "\n[[known]]\nsince = 2027-12-31\n", 11, "until is missing"),
        (SMALL + "\n[[holiday]]\nday = 1\n", 11, "holiday is not known"),
        (SMALL + "\n[[closing]\n", 11, "not valid TOML"),
    ],
)  # fmt: skip
def test_a_calendar_that_does_not_hold_together_is_refused_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(RulesFileError, match=says) as refused:
        WorkingCalendar.load(text)

    assert (refused.value.file, refused.value.line) == ("calendar.toml", line)


def test_what_is_withdrawn_stood_until_then() -> None:
    bridge, spring = date(2026, 12, 31), date(2027, 5, 7)
    calendar = WorkingCalendar.load(LEARNT).with_entries(
        [
            BridgeDay(spring, "circular", date(2026, 12, 1), date(2026, 12, 10)),
            BridgeDay(spring, "another", date(2027, 1, 5)),
        ],
        [Known(date(2028, 12, 31), date(2026, 12, 1), date(2026, 12, 10))],
    )

    assert calendar.changed_on == (date(2026, 11, 20), date(2026, 12, 1), date(2026, 12, 10), date(2027, 1, 5))
    for on, closed, until in (
        (date(2026, 11, 19), set(), date(2026, 12, 31)),
        (date(2026, 11, 30), {bridge}, date(2027, 12, 31)),
        (date(2026, 12, 1), {bridge, spring}, date(2028, 12, 31)),
        (date(2026, 12, 9), {bridge, spring}, date(2028, 12, 31)),
        (date(2026, 12, 10), {bridge}, date(2027, 12, 31)),
        (date(2027, 1, 5), {bridge, spring}, date(2027, 12, 31)),
    ):
        then = calendar.as_known_on(on)
        assert {one for one in (bridge, spring) if not then.is_open(one)} == closed, on
        assert then.known_until == until
        assert then.as_known_on(on) is then, "a view of a view is the same"
