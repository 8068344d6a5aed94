"""What holds for every case, whatever happens to it and in whatever order."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.charter.days import CALENDAR, RULES
from tracker.charter.counting import brussels_day, midnight_after
from tracker.charter.entries import (
    Entry,
    Extended,
    FollowedUp,
    LeavingVoided,
    MessageLeft,
    NatureSet,
    ReceiptCorrected,
    Received,
    Recounted,
    Returned,
    Waived,
    WaiverVoided,
    WithinPeriod,
    entry_from_json,
    entry_to_json,
)
from tracker.charter.errors import CharterError
from tracker.charter.ledger import Ledger, PromisesOpen, replay
from tracker.charter.obligations import Obligation
from tracker.charter.words import Act, Channel, Nature, ObligationKind, ObligationState, WaiverGround

STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1))  # noqa: DTZ001
GAPS = st.sampled_from([0, 0, 1, 1, 2, 5, 14, 15, 16, 31, 60])
BACK = st.sampled_from([0, 0, 0, 1, 3, 20])
CHANNELS = st.sampled_from(Channel)
NATURES = st.sampled_from([*Nature, Nature.COMPLEX, Nature.COMPLAINT, Nature.MISDIRECTED])
TEXTS = st.sampled_from(["because", "because", "because", ""])


def _left(act: st.SearchStrategy[Act]) -> st.SearchStrategy[Any]:
    """Something leaves: mostly a new message, mostly today."""

    def make(again: bool, act: Act, back: int, ahead: int, reason: str, head: bool, only: bool) -> Any:
        def happen(at: datetime, ledger: Ledger) -> Entry:
            left_on = brussels_day(at) - timedelta(days=back)
            return MessageLeft(
                at,
                len(ledger.leavings) + (0 if again else 1),
                act,
                left_on,
                left_on + timedelta(days=ahead) if act is Act.INTERIM else None,
                reason,
                by_head=head,
                inform_only=only and act is Act.INFORM,
            )

        return happen

    ahead = st.sampled_from([1, 10, 30, 90, 180, 0, 181])
    rarely = st.sampled_from([False] * 5 + [True])
    return st.builds(make, rarely, act, BACK, ahead, TEXTS, st.booleans(), rarely)


def _voided(pick: int, text: str) -> Any:
    def happen(at: datetime, ledger: Ledger) -> Entry:
        standing = [m.message for m in ledger.leavings if not m.voided] or [1]
        return LeavingVoided(at, standing[pick % len(standing)], text)

    return happen


def _waived(pick: int, text: str) -> Any:
    def happen(at: datetime, ledger: Ledger) -> Entry:
        owed = [o.number for o in ledger.open_obligations] or [1]
        return Waived(at, owed[pick % len(owed)], WaiverGround.DUPLICATE, text)

    return happen


def _unwaived(pick: int, text: str) -> Any:
    def happen(at: datetime, ledger: Ledger) -> Entry:
        waived = [o.number for o in ledger.obligations if o.state is ObligationState.WAIVED] or [1]
        return WaiverVoided(at, waived[pick % len(waived)], text)

    return happen


def _corrected(back: int, channel: Channel, reason: str) -> Any:
    return lambda at, ledger: ReceiptCorrected(at, ledger.received_at + timedelta(days=back), channel, reason)


_KINDS: list[st.SearchStrategy[Any]] = [
    _left(st.sampled_from(Act)),
    _left(st.just(Act.ANSWER)),
    _left(st.just(Act.INTERIM)),
    _left(st.just(Act.INTERIM)),
    _left(st.sampled_from([Act.FORWARD, Act.INFORM])),
    st.builds(_voided, st.integers(0, 5), TEXTS),
    st.builds(_voided, st.integers(0, 5), TEXTS),
    st.builds(lambda nature: lambda at, _: NatureSet(at, nature), NATURES),
    st.builds(_corrected, st.integers(-30, 10), CHANNELS, TEXTS),
    st.builds(_waived, st.integers(0, 5), TEXTS),
    st.builds(_unwaived, st.integers(0, 5), TEXTS),
    st.builds(lambda back, by: lambda at, _: FollowedUp(at, at - timedelta(days=back), by), BACK, CHANNELS),
    st.builds(lambda back: lambda at, _: Returned(at, at - timedelta(days=back)), BACK),
    st.sampled_from(
        [
            lambda at, _: WithinPeriod(at),
            lambda at, _: Extended(at, "archive"),
            lambda at, _: Recounted(at, "circular"),
        ]
    ),
]


# What happens to a case: how many days after the last thing, and what, made from the moment and the ledger.
HAPPENINGS = st.lists(st.tuples(GAPS, st.one_of(_KINDS)), max_size=14)


def live(start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]) -> Iterator[
    tuple[Ledger | None, Entry, Ledger]
]:  # fmt: skip
    """Live through a case; yield the ledger before, each entry that was accepted, and the ledger after."""
    at = midnight_after(start.date()) + (start - datetime.combine(start.date(), datetime.min.time()))
    first = Received(at, at - timedelta(days=back), channel, nature)
    ledger = Ledger.open(first, rules=RULES, calendar=CALENDAR)
    yield None, first, ledger
    for gap, make in happens:
        at += timedelta(days=gap, seconds=1)
        entry = make(at, ledger)
        try:
            after = ledger.record(entry, rules=RULES, calendar=CALENDAR)
        except CharterError as refused:
            _is_one_clear_sentence(refused)
            continue
        yield ledger, entry, after
        ledger = after


def _is_one_clear_sentence(refused: CharterError) -> None:
    said = str(refused)
    assert type(refused).code != CharterError.code
    assert said[0].isupper() or said[0] == "“"
    assert said.endswith(".")
    assert "\n" not in said


LIVES = (STARTS, st.sampled_from([0, 0, 2, 20, 45]), CHANNELS, NATURES, HAPPENINGS)


@settings(max_examples=400)
@given(*LIVES)
def test_every_ledger_is_sound(
    start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]
) -> None:
    for _, _, ledger in live(start, back, channel, nature, happens):
        assert [o.number for o in ledger.obligations] == list(range(1, len(ledger.obligations) + 1))
        for obligation in ledger.obligations:
            _is_sound(obligation)
            _rests_on_what_left(ledger, obligation)
            _leads_to_an_end(ledger, obligation)
        for leaving in ledger.leavings:
            states = {ledger.obligations[number - 1].state for number in leaving.settled}
            assert leaving.voided or states <= {ObligationState.DISCHARGED, ObligationState.REPLACED}


def _is_sound(o: Obligation) -> None:
    assert o.is_open == (o.settled_at is None) == (o.settled_on is None)
    assert (o.replaced_by is not None) == (o.state is ObligationState.REPLACED)
    assert bool(o.waiver_ground and o.waiver_evidence) == (o.state is ObligationState.WAIVED)
    assert o.work_by <= o.due_on
    assert CALENDAR.is_open(o.work_by)
    assert o.born_late == (brussels_day(o.arose_at) > o.due_on)
    if o.kind is ObligationKind.PROMISED_REPLY:
        assert (o.days, o.rule_id) == (None, "P4")
        assert timedelta(1) <= o.due_on - o.counted_from <= timedelta(180)
    else:
        rule = RULES.rule(o.rule_id, o.rule_version)
        assert rule is not None
        assert o.days in {rule.days[o.channel], rule.days[o.channel] + (rule.extension_days or 0)}
        assert o.due_on == o.counted_from + timedelta(days=o.days or 0)


def _rests_on_what_left(ledger: Ledger, o: Obligation) -> None:
    """A promise is discharged exactly when messages that left, and arrived for all we know, keep it."""
    kept_by = ledger.discharging(o)
    assert bool(kept_by) == (o.state is ObligationState.DISCHARGED)
    if not kept_by:
        return
    assert o.settled_on == max(leaving.left_on for leaving in kept_by)
    acts = sorted(leaving.act for leaving in kept_by)
    if o.kind is ObligationKind.TRANSMISSION:
        assert acts == [Act.FORWARD, Act.INFORM] or kept_by[0].inform_only
    else:
        assert acts == [Act.ANSWER] or (o.kind is ObligationKind.INTERIM and acts == [Act.INTERIM])


def _leads_to_an_end(ledger: Ledger, o: Obligation) -> None:
    """What was replaced leads to what is open, kept or waived: nothing drops out of sight, nothing goes in circles.

    It leads to a later obligation, but for the promise of a letter that never arrived: that leads back.
    """
    seen = set()
    while o.replaced_by is not None:
        assert o.number not in seen
        seen.add(o.number)
        following = ledger.obligations[o.replaced_by - 1]
        if following.number < o.number:
            assert o.kind is ObligationKind.PROMISED_REPLY
            assert any(leaving.voided and leaving.opened == o.number for leaving in ledger.leavings)
        o = following


@settings(max_examples=400)
@given(*LIVES)
def test_nothing_that_was_said_is_unsaid(
    start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]
) -> None:
    for before, entry, after in live(start, back, channel, nature, happens):
        for old in before.obligations if before else ():
            new = after.obligations[old.number - 1]
            assert (new.due_on, new.work_by, new.counted_from) == (old.due_on, old.work_by, old.counted_from)
            assert (new.kind, new.rule_id, new.arose_at) == (old.kind, old.rule_id, old.arose_at)
            taken_back = isinstance(entry, WaiverVoided) and entry.number == old.number
            if not isinstance(entry, LeavingVoided) and not old.is_open and not taken_back:
                assert new == old  # only a lost message, or a waiver taken back, undoes anything
            if isinstance(entry, LeavingVoided) and old.state is ObligationState.WAIVED:
                assert new == old
            if old.is_open and new.was_breached(entry.at) < old.was_breached(entry.at):
                assert isinstance(entry, MessageLeft)  # it had left in time, and that is recorded only now
                assert entry.left_on <= old.due_on


@settings(max_examples=400)
@given(*LIVES)
def test_a_new_date_is_never_later_than_promised_but_by_a_letter_or_the_law(
    start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]
) -> None:
    for before, entry, after in live(start, back, channel, nature, happens):
        if before is None or isinstance(entry, (NatureSet, ReceiptCorrected, WithinPeriod, Extended, LeavingVoided)):
            continue
        for old in before.open_obligations:
            new = after.obligations[old.number - 1]
            if new.replaced_by is not None:
                following = after.obligations[new.replaced_by - 1]
                put_off = isinstance(entry, MessageLeft) and entry.act is Act.INTERIM
                assert put_off or following.due_on <= old.due_on


@settings(max_examples=300)
@given(*LIVES)
def test_a_case_closes_exactly_when_nothing_is_owed(
    start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]
) -> None:
    for _, _, ledger in live(start, back, channel, nature, happens):
        owed = [o for o in ledger.obligations if o.state is ObligationState.OPEN]
        try:
            ledger.check_closable()
        except PromisesOpen:
            closable = False
        else:
            closable = True

        assert closable == (not owed) == (ledger.next_obligation is None)
        if owed:
            assert ledger.next_obligation in owed
            assert ledger.next_obligation.due_on == min(o.due_on for o in owed)


@settings(max_examples=400)
@given(*LIVES)
def test_where_nothing_is_owed_every_follow_up_was_answered_waived_or_kept(
    start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]
) -> None:
    ends = (ObligationState.DISCHARGED, ObligationState.WAIVED)
    for _, _, ledger in live(start, back, channel, nature, happens):
        if ledger.open_obligations:
            continue
        days = [o.settled_on for o in ledger.obligations if o.settled_on and o.state in ends]
        days += [m.left_on for m in ledger.leavings if m.act is Act.ANSWER and not m.voided]
        assert all(follow_up.received_on <= max(days) for follow_up in ledger.follow_ups)


@settings(max_examples=300)
@given(*LIVES)
def test_the_history_gives_the_ledger_again(
    start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]
) -> None:
    lived = list(live(start, back, channel, nature, happens))

    stored = json.loads(json.dumps([entry_to_json(entry) for _, entry, _ in lived]))
    again = replay((entry_from_json(entry) for entry in stored), rules=RULES, calendar=CALENDAR)

    assert again == lived[-1][2]
    assert replay([entry for _, entry, _ in lived], rules=RULES, calendar=CALENDAR) == again


@settings(max_examples=200)
@given(*LIVES)
def test_an_answer_that_leaves_today_leaves_only_transmissions_open(
    start: datetime, back: int, channel: Channel, nature: Nature, happens: list[Any]
) -> None:
    *_, (_, last, ledger) = live(start, back, channel, nature, happens)
    at = last.at + timedelta(days=1)

    after = ledger.record(
        MessageLeft(at, 99, Act.ANSWER, brussels_day(at)), rules=RULES, calendar=CALENDAR
    )  # fmt: skip

    assert {o.kind for o in after.open_obligations} <= {ObligationKind.TRANSMISSION}
