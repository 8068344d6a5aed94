"""The entries of a ledger: kept as JSON, read back as they were, refused when altered."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tests.charter.days import CALENDAR, RULES, Case, moment
from tracker.charter.counting import NaiveDatetime
from tracker.charter.entries import (
    BadEntry,
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
    WithinPeriod,
    entry_from_json,
    entry_to_json,
)
from tracker.charter.ledger import replay
from tracker.charter.steps import Step, StepCode, steps_of
from tracker.charter.words import Act, Channel, Nature, WaiverGround

AT = datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1)))  # in the hour that comes twice
ENTRIES: list[Entry] = [
    Received(AT, AT, Channel.FAX, Nature.COMPLAINT, confirmed=True),
    NatureSet(AT, Nature.COMPLEX, ground="Law of 1980"),
    NatureSet(AT, Nature.COMPLEX),
    WithinPeriod(AT),
    ReceiptCorrected(AT, AT, Channel.POST, "stamp"),
    Recounted(AT, "circular"),
    MessageLeft(AT, 3, Act.INTERIM, date(2026, 10, 25), date(2026, 12, 1), "archive", by_head=True),
    MessageLeft(AT, 3, Act.INFORM, date(2026, 10, 25), inform_only=True),
    LeavingVoided(AT, 3, "550"),
    Waived(AT, 1, WaiverGround.DUPLICATE, "see DOS-2026-0001234-14"),
    FollowedUp(AT, AT, Channel.COUNTER),
    Returned(AT, AT),
    Extended(AT, "archive"),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: type(e).__name__)
def test_an_entry_is_read_back_from_json_as_it_was(entry: Entry) -> None:
    stored = json.loads(json.dumps(entry_to_json(entry)))

    assert entry_from_json(stored) == entry
    assert entry.at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert entry.at.tzinfo is UTC


def test_an_entry_has_a_time_zone() -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001

    with pytest.raises(NaiveDatetime):
        WithinPeriod(naive)
    with pytest.raises(NaiveDatetime):
        FollowedUp(AT, naive, Channel.POST)


LEFT = {
    "entry": "message_left",
    "at": "2026-03-02T09:00:00+00:00",
    "message": 1,
    "act": "answer",
    "left_on": "2026-03-02",
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"entry": "message_sent"}, "'message_sent' is not the name of an entry"),
        ({"entry": None}, "None is not the name"),
        ({"act": "wave"}, "'wave' is not a valid Act"),
        ({"message": "1"}, "'1' is not a int"),
        ({"message": True}, "True is not a int"),
        ({"left_on": "the second"}, "Invalid isoformat"),
        ({"left_on": 3}, "must be str"),
        ({"at": "2026-03-02T09:00:00"}, "no time zone"),
        ({"left": "2026-03-02"}, "left does not belong to a message_left"),
    ],
)
def test_an_altered_entry_is_refused(change: dict[str, object], says: str) -> None:
    assert isinstance(entry_from_json(LEFT), MessageLeft)

    with pytest.raises((BadEntry, NaiveDatetime), match=says):
        entry_from_json(LEFT | change)


def test_an_entry_without_a_part_that_it_needs_is_refused() -> None:
    with pytest.raises(BadEntry, match="left_on"):
        entry_from_json({name: value for name, value in LEFT.items() if name != "left_on"})


def test_a_history_begins_with_the_receipt_and_has_one() -> None:
    received = Case("Mon 2026-03-02").entries[0]

    for wrong in ([], [WithinPeriod(AT)], [received, received]):
        with pytest.raises(BadEntry):
            replay(wrong, rules=RULES, calendar=CALENDAR)


def test_steps_are_read_back_from_json_as_they_were() -> None:
    case = Case("Fri 2026-03-27", Channel.POST, confirmed=False)
    case.becomes(Nature.COMPLEX, "Mon 2026-04-20")
    steps = [step for obligation in case.ledger.obligations for step in obligation.steps]

    assert steps_of(json.loads(json.dumps([step.to_json() for step in steps]))) == tuple(steps)
    assert Step(StepCode.WITHIN_PERIOD).to_json() == {"code": "within_period", "values": {}}


def test_the_steps_lead_from_the_receipt_to_the_date() -> None:
    case = Case("Fri 2026-03-27")

    assert [step.to_json() for step in case.obligation(1).steps] == [
        {"code": "received", "values": {"received_on": "2026-03-27", "channel": "email"}},
        {"code": "counted", "values": {"days": 15, "due_on": "2026-04-11", "rule": "P1", "version": 1}},
        {"code": "closed_day", "values": {"due_on": "2026-04-11", "why": "weekend"}},
        {"code": "work_by", "values": {"work_by": "2026-04-10"}},
    ]
    assert moment("Fri 2026-03-27") == case.ledger.received_at
