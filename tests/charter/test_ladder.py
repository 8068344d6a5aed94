"""Who is told about an obligation, and when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.charter.days import CALENDAR, RULES, Case, day, moment
from tracker.charter import ladder
from tracker.charter.counting import BRUSSELS, midnight_after
from tracker.charter.ladder import Moment, Situation
from tracker.charter.words import Channel, Nature, Recipient

BY_MAIL = Situation(Channel.EMAIL, Nature.INFORMATION)
BY_POST = Situation(Channel.POST, Nature.INFORMATION)


@dataclass(frozen=True)
class Promise:
    """What the ladder reads of an obligation."""

    due_on: date
    work_by: date
    decide_by: date | None = None
    arose_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    born_late: bool = False


def promise(due: str, work_by: str, decide_by: str | None = None) -> Promise:
    return Promise(day(due), day(work_by), day(decide_by) if decide_by else None)


SATURDAY = promise("Sat 2026-04-11", "Fri 2026-04-10")


def clock(at: datetime) -> str:
    return at.astimezone(BRUSSELS).strftime("%a %Y-%m-%d %H:%M")


def first(n: int, of: Promise, situation: Situation) -> list[tuple[str, str, str]]:
    found = islice(ladder.moments(RULES.ladder, CALENDAR, of, situation), n)
    return [(m.rung, clock(m.at), " ".join(m.to)) for m in found]


def due(
    of: Promise, situation: Situation, now: str | datetime, already: frozenset[str] = frozenset()
) -> tuple[list[str], list[str]]:
    at = moment(now) if isinstance(now, str) else now
    sent, skipped = ladder.due(RULES.ladder, CALENDAR, of, situation, now=at, already=already)
    return [m.rung for m in sent], [m.rung for m in skipped]


def test_the_ladder_of_an_email_counts_working_days_in_brussels() -> None:
    assert first(8, SATURDAY, BY_MAIL) == [
        ("before-5", "Thu 2026-04-02 08:00", "handler"),  # Easter Monday is no working day
        ("before-2", "Wed 2026-04-08 08:00", "handler"),
        ("before-0", "Fri 2026-04-10 08:00", "handler"),  # the last working day, not the Saturday
        ("breach", "Sun 2026-04-12 00:00", "handler head"),  # the Saturday is allowed until 24:00
        ("after-5", "Fri 2026-04-17 08:00", "head"),
        ("after-10", "Fri 2026-04-24 08:00", "direction"),
        ("after-15", "Mon 2026-05-04 08:00", "direction"),
        ("after-20", "Mon 2026-05-11 08:00", "direction"),
    ]


def test_for_post_every_rung_before_comes_two_working_days_earlier() -> None:
    assert first(5, SATURDAY, BY_POST) == [
        ("before-5", "Tue 2026-03-31 08:00", "handler"),
        ("before-2", "Fri 2026-04-03 08:00", "handler"),
        ("before-0", "Wed 2026-04-08 08:00", "handler"),
        ("breach", "Sun 2026-04-12 00:00", "handler head"),
        ("after-5", "Fri 2026-04-17 08:00", "head"),
    ]


def test_a_complaint_goes_to_the_coordinator_too() -> None:
    told = {rung: to for rung, _, to in first(7, SATURDAY, Situation(Channel.EMAIL, Nature.COMPLAINT))}

    assert told["after-5"] == "head"
    assert told["after-10"] == told["after-15"] == "direction coordinator"


def test_an_unconfirmed_letter_rings_for_the_decision_about_its_nature() -> None:
    case = Case("Mon 2026-03-02", Channel.POST, confirmed=False)
    found = list(islice(ladder.moments(RULES.ladder, CALENDAR, case.obligation(1), BY_POST), 6))

    assert [(m.rung, clock(m.at)) for m in found] == [
        ("decide-5", "Tue 2026-03-10 08:00"),
        ("decide-2", "Fri 2026-03-13 08:00"),
        ("decide-0", "Tue 2026-03-17 08:00"),
        ("before-5", "Mon 2026-03-23 08:00"),
        ("before-2", "Thu 2026-03-26 08:00"),
        ("before-0", "Mon 2026-03-30 08:00"),
    ]
    assert {m.to for m in found} == {(Recipient.HANDLER,)}


@pytest.mark.parametrize(
    ("since", "rings"),
    [
        ("Fri 2026-03-27 15:00", "Mon 2026-03-30 15:00"),  # over the night of 23 hours
        ("Mon 2026-03-30 09:12", "Tue 2026-03-31 09:12"),
        ("Sat 2026-03-28 10:00", "Tue 2026-03-31 08:00"),  # its first working day is the Monday, all of it
        ("Fri 2026-04-03 16:00", "Tue 2026-04-07 16:00"),
    ],
)
def test_after_one_working_day_with_the_dispatcher_their_head_is_told(since: str, rings: str) -> None:
    situation = BY_MAIL._replace(triage_since=moment(since))
    found = ladder.moments(RULES.ladder, CALENDAR, promise("Thu 2026-05-07", "Thu 2026-05-07"), situation)

    triage = next(m for m in found if m.rung == "triage")

    assert (clock(triage.at), triage.to) == (rings, (Recipient.DISPATCHERS_HEAD,))


def test_an_urgent_case_rings_at_once_and_every_thirty_minutes_until_taken() -> None:
    urgent = BY_MAIL._replace(urgent_since=moment("Sun 2026-10-25 01:45"))  # the night that has an hour twice

    assert first(4, promise("Mon 2026-11-09", "Mon 2026-11-09"), urgent) == [
        ("urgent-0", "Sun 2026-10-25 01:45", "duty"),
        ("urgent-1", "Sun 2026-10-25 02:15", "duty"),
        ("urgent-2", "Sun 2026-10-25 02:45", "duty"),
        ("urgent-3", "Sun 2026-10-25 02:15", "duty"),  # the clocks were put back; half an hour is half an hour
    ]


def test_of_several_rungs_past_the_highest_is_sent_and_the_others_are_skipped() -> None:
    assert due(SATURDAY, BY_MAIL, "Wed 2026-04-01") == ([], [])
    assert due(SATURDAY, BY_MAIL, "Thu 2026-04-02") == (["before-5"], [])
    assert due(SATURDAY, BY_MAIL, "Fri 2026-04-10") == (["before-0"], ["before-5", "before-2"])
    assert due(SATURDAY, BY_MAIL, "Fri 2026-04-10", frozenset({"before-5"})) == (["before-0"], ["before-2"])
    assert due(SATURDAY, BY_MAIL, "Fri 2026-04-10", frozenset({"before-0"})) == ([], ["before-5", "before-2"])


def test_a_breach_is_always_sent() -> None:
    assert due(SATURDAY, BY_MAIL, "Sat 2026-04-25", frozenset({"before-5", "before-2", "before-0"})) == (
        ["breach", "after-10"],
        ["after-5"],
    )


def test_a_rung_comes_at_its_moment_and_not_before() -> None:
    breach = midnight_after(SATURDAY.due_on)
    before = frozenset({"before-5", "before-2", "before-0"})

    assert due(SATURDAY, BY_MAIL, breach - timedelta(microseconds=1), before) == ([], [])
    assert due(SATURDAY, BY_MAIL, breach, before) == (["breach"], [])


def test_what_goes_to_the_duty_role_does_not_silence_what_goes_to_the_handler() -> None:
    urgent = BY_MAIL._replace(urgent_since=moment("Fri 2026-04-10 07:00"))

    sent, skipped = due(SATURDAY, urgent, "Fri 2026-04-10 08:10", frozenset({"before-5", "before-2"}))

    assert sent == ["before-0", "urgent-2"]
    assert skipped == ["urgent-0", "urgent-1"]


def test_an_obligation_born_late_is_told_to_the_head_once() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.becomes(Nature.MISDIRECTED, "Thu 2026-03-26")  # seven working days after the transmission was due
    late = case.obligation(2)

    sent, skipped = ladder.due(RULES.ladder, CALENDAR, late, BY_POST, now=moment("Thu 2026-03-26 10:01"))
    already = frozenset(m.rung for m in (*sent, *skipped))
    later, none = ladder.due(
        RULES.ladder, CALENDAR, late, BY_POST, now=moment("Tue 2026-03-31 10:00"), already=already
    )

    assert late.born_late
    assert [(m.rung, m.to) for m in sent] == [("breach", (Recipient.HEAD,))]
    assert [m.rung for m in skipped] == ["before-5", "before-2", "before-0", "after-5"]
    assert [(m.rung, m.to) for m in later] == [("after-10", (Recipient.DIRECTION,))]
    assert none == ()


DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
SITUATIONS = st.builds(
    Situation,
    st.sampled_from(Channel),
    st.sampled_from(Nature),
    urgent_since=st.none() | DAYS.map(midnight_after),
    triage_since=st.none() | DAYS.map(midnight_after),
)


@st.composite
def promises(draw: st.DrawFn) -> Promise:
    due_on = draw(DAYS)
    decide_by = draw(st.none() | st.just(due_on - timedelta(days=15)))
    arose = midnight_after(due_on + timedelta(days=draw(st.integers(-40, 20))))
    late = arose >= midnight_after(due_on)
    return Promise(due_on, CALENDAR.last_open_on_or_before(due_on), decide_by, arose, late)


def moments_until(of: Promise, situation: Situation, end: datetime) -> list[Moment]:
    found: list[Moment] = []
    for m in ladder.moments(RULES.ladder, CALENDAR, of, situation):
        if m.at > end:
            return found
        found.append(m)
    raise AssertionError("a ladder never ends")


@given(promises(), SITUATIONS)
def test_every_rung_is_unique_and_in_order(of: Promise, situation: Situation) -> None:
    situation = situation._replace(urgent_since=situation.urgent_since and midnight_after(of.due_on))
    found = moments_until(of, situation, midnight_after(of.due_on) + timedelta(days=40))

    assert len({m.rung for m in found}) == len(found)
    assert [m.at for m in found] == sorted(m.at for m in found)
    assert {"breach", "before-5", "before-2", "before-0", "after-10", "after-25"} <= {m.rung for m in found}
    assert next(m.at for m in found if m.rung == "breach") == midnight_after(of.due_on)


@given(promises(), SITUATIONS, st.lists(st.integers(-60 * 24, 60 * 24), min_size=1, max_size=8))
def test_whenever_the_sweep_comes_by_the_same_rungs_are_settled_in_the_end(
    of: Promise, situation: Situation, hours: list[int]
) -> None:
    situation = situation._replace(urgent_since=situation.urgent_since and midnight_after(of.due_on))
    sweeps = [midnight_after(of.due_on) + timedelta(hours=h) for h in hours]
    last = max(sweeps)

    told: frozenset[str] = frozenset()
    for now in sweeps:  # in any order: a slow process may come after a quick one
        sent, skipped = ladder.due(RULES.ladder, CALENDAR, of, situation, now=now, already=told)
        new = {m.rung for m in (*sent, *skipped)}
        assert not new & told
        assert all(m.at <= now for m in (*sent, *skipped))
        assert "breach" not in {m.rung for m in skipped}
        told |= new

    once = due(of, situation, last)
    assert told == {*once[0], *once[1]} == {m.rung for m in moments_until(of, situation, last)}


@given(promises(), SITUATIONS, st.integers(-60 * 24, 60 * 24))
def test_the_next_moment_is_the_first_that_the_sweep_has_not_seen(
    of: Promise, situation: Situation, hours: int
) -> None:
    now = midnight_after(of.due_on) + timedelta(hours=hours)
    situation = situation._replace(urgent_since=situation.urgent_since and midnight_after(of.due_on))
    sent, skipped = due(of, situation, now)

    following = ladder.next_at(
        RULES.ladder, CALENDAR, of, situation, already=frozenset((*sent, *skipped))
    )  # fmt: skip

    assert following > now
    just_before = following - timedelta(microseconds=1)
    told = frozenset((*sent, *skipped))
    assert due(of, situation, just_before, told) == ([], [])
    assert due(of, situation, following, told) != ([], [])


def test_weighing_an_obligation_costs_some_microseconds() -> None:
    start = day("Mon 2026-03-02")
    owed = [Promise(d := start + timedelta(days=n % 60), CALENDAR.last_open_on_or_before(d)) for n in range(3000)]
    already = frozenset({"before-5", "before-2"})

    began = perf_counter()
    for one in owed:
        ladder.due(RULES.ladder, CALENDAR, one, BY_POST, now=moment("Tue 2026-04-07"), already=already)
        ladder.next_at(RULES.ladder, CALENDAR, one, BY_POST, already=already)
    each = (perf_counter() - began) / len(owed)

    assert each < 0.0002  # some 10 microseconds when the machine is free; the sweep has 150 for a notice
