"""What keeps a promise: leaving, not writing; and what happens when what left did not arrive."""

from datetime import date

import pytest

from tests.charter.days import RULES, Case, day, moment, written
from tracker.charter.entries import LeavingVoided, MessageLeft
from tracker.charter.leaving import AlreadyLeft, EvidenceMissing, LeftOnWrongDay, UnknownLeaving
from tracker.charter.ledger import PromisesOpen
from tracker.charter.promising import (
    HeadNeeded,
    InterimNotAllowed,
    NothingToPutOff,
    PromisedDateMissing,
    PromisedDateWrong,
    ReasonMissing,
    check_interim,
)
from tracker.charter.steps import StepCode
from tracker.charter.words import Act, Channel, Nature, ObligationKind, ObligationState, WaiverGround


def test_an_answer_that_leaves_discharges_the_reply_on_the_day_it_left() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    message = case.answered("Fri 2026-03-27", recorded="Mon 2026-03-30")

    kept = case.obligation(1)

    assert kept.state is ObligationState.DISCHARGED
    assert kept.settled_on == day("Fri 2026-03-27")
    assert kept.settled_at == case.entries[-1].at
    assert [m.message for m in case.ledger.discharging(kept)] == [message]
    assert not kept.settled_late


@pytest.mark.parametrize(
    ("posted", "recorded", "breached"),
    [
        ("Wed 2026-04-01", "Wed 2026-04-01", False),  # the last day allowed, until 24:00
        ("Wed 2026-04-01", "Tue 2026-04-07", False),  # posted in time, recorded late: kept
        ("Thu 2026-04-02", "Thu 2026-04-02", True),
    ],
)
def test_the_day_posted_counts_and_not_the_day_it_was_recorded(posted: str, recorded: str, breached: bool) -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.answered(posted, recorded=recorded)

    assert case.obligation(1).was_breached(moment("Fri 2026-05-01")) is breached


def test_an_open_promise_is_broken_at_midnight() -> None:
    owed = Case("Mon 2026-03-02").obligation(1)

    assert not owed.was_breached(moment("Tue 2026-03-17 23:59"))
    assert owed.was_breached(moment("Wed 2026-03-18 00:00"))
    assert owed.breach_moment == moment("Wed 2026-03-18 00:00")


def test_an_answer_discharges_reply_interim_and_promised_reply() -> None:
    reply = Case("Mon 2026-03-02")
    interim = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    promised = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    promised.interim("Tue 2026-03-03", "Thu 2026-04-30")

    for case in (reply, interim, promised):
        case.answered("Wed 2026-03-04")
        case.ledger.check_closable()

    assert promised.states() == ["discharged", "discharged"]


def test_an_answer_does_not_stand_in_for_a_transmission() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.answered("Tue 2026-03-03")

    assert case.owed() == [("transmission", "Tue 2026-03-17")]


def test_a_transmission_needs_forwarding_and_informing_and_counts_on_the_later_day() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.left(Act.FORWARD, "Tue 2026-03-03")
    assert case.owed() == [("transmission", "Tue 2026-03-17")]

    case.left(Act.INFORM, "Fri 2026-03-06")

    assert case.obligation(1).settled_on == day("Fri 2026-03-06")
    assert [m.act for m in case.ledger.discharging(case.obligation(1))] == [Act.FORWARD, Act.INFORM]


def test_one_message_may_forward_and_inform_at_once() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    for act in (Act.FORWARD, Act.INFORM):
        case.record(MessageLeft(moment("Tue 2026-03-03"), 1, act, day("Tue 2026-03-03")))
    assert case.states() == ["discharged"]

    case.bounced(1, "Wed 2026-03-04")

    assert case.owed() == [("transmission", "Tue 2026-03-17")]
    assert all(leaving.voided for leaving in case.ledger.leavings)


def test_for_a_foreign_body_without_consent_telling_the_requester_is_enough() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.left(Act.INFORM, "Tue 2026-03-03", inform_only=True)

    assert case.states() == ["discharged"]


@pytest.mark.parametrize("promised", ["Wed 2026-03-04", "Sat 2026-08-29"])
def test_an_interim_letter_discharges_the_interim_and_makes_a_promise(promised: str) -> None:
    case = Case("Mon 2026-03-02", Channel.POST, Nature.COMPLEX)
    case.interim("Tue 2026-03-03", promised, reason=" Waiting for the archive. ")

    first, second = case.ledger.obligations

    assert (first.state, first.settled_on) == (ObligationState.DISCHARGED, day("Tue 2026-03-03"))
    assert (second.kind, second.rule_id, second.days) == (ObligationKind.PROMISED_REPLY, "P4", None)
    assert (second.counted_from, written(second.due_on)) == (day("Tue 2026-03-03"), promised)
    assert second.steps[0].values["reason"] == "Waiting for the archive."
    assert case.ledger.next_obligation == second


def test_an_interim_letter_on_a_complaint_replaces_the_reply() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLAINT)
    case.interim("Tue 2026-03-10", "Thu 2026-04-30")

    assert case.states() == ["replaced", "open"]
    assert case.obligation(1).replaced_by == 2
    assert not case.obligation(1).was_breached(moment("Fri 2026-05-01"))


def test_an_interim_letter_sent_late_leaves_the_breach() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.interim("Thu 2026-03-19", "Thu 2026-04-30")

    assert case.obligation(1).was_breached(moment("Thu 2026-03-19"))
    assert case.owed() == [("promised_reply", "Thu 2026-04-30")]


def test_the_letter_decides_what_left_in_time_even_when_a_complaint_is_recorded_late() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLAINT)
    case.interim("Tue 2026-03-17", "Thu 2026-04-30", recorded="Fri 2026-03-20")

    assert not case.obligation(1).was_breached(moment("Fri 2026-05-01"))


@pytest.mark.parametrize(
    "nature", [Nature.INFORMATION, Nature.MISDIRECTED, Nature.DOCUMENT_ACCESS]
)  # fmt: skip
def test_an_interim_letter_needs_a_complex_request_or_a_complaint(nature: Nature) -> None:
    case = Case("Mon 2026-03-02", nature=nature)

    with pytest.raises(InterimNotAllowed, match="change its nature first"):
        case.interim("Tue 2026-03-03", "Thu 2026-04-30")
    assert case.states() == ["open"]


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_an_interim_letter_needs_a_reason(reason: str | None) -> None:
    with pytest.raises(ReasonMissing):
        Case("Mon 2026-03-02", nature=Nature.COMPLEX).interim("Tue 2026-03-03", "Thu 2026-04-30", reason=reason)


@pytest.mark.parametrize("promised", ["Tue 2026-03-03", "Mon 2026-03-02", "Mon 2026-08-31"])
def test_a_promised_date_lies_after_the_letter_and_at_most_180_days_off(promised: str) -> None:
    with pytest.raises(PromisedDateWrong, match="give a date from 2026-03-04 to 2026-08-30"):
        Case("Mon 2026-03-02", nature=Nature.COMPLEX).interim("Tue 2026-03-03", promised)


def test_an_interim_letter_states_a_date() -> None:
    with pytest.raises(PromisedDateMissing):
        Case("Mon 2026-03-02", nature=Nature.COMPLEX).interim("Tue 2026-03-03", None)


def test_an_interim_letter_needs_something_to_put_off() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.answered("Tue 2026-03-03")

    with pytest.raises(NothingToPutOff):
        case.interim("Wed 2026-03-04", "Thu 2026-04-30")


def test_the_same_check_can_be_made_before_the_letter_is_written() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    on = day("Tue 2026-03-03")

    check_interim(case.ledger, date(2026, 4, 30), "why", on=on, by_head=False, rules=RULES)

    with pytest.raises(PromisedDateWrong):
        check_interim(case.ledger, on, "why", on=on, by_head=False, rules=RULES)


def test_a_renewal_before_the_date_needs_the_head_and_counts_as_renewed() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.interim("Tue 2026-03-03", "Thu 2026-04-30")
    with pytest.raises(HeadNeeded, match="already promised for 2026-04-30"):
        case.interim("Wed 2026-04-29", "Fri 2026-05-29")

    case.interim("Wed 2026-04-29", "Fri 2026-05-29", by_head=True)

    assert case.states() == ["discharged", "replaced", "open"]
    assert case.obligation(3).says(StepCode.RENEWED) is not None
    assert not case.obligation(2).was_breached(moment("Mon 2026-06-01"))


def test_a_renewal_after_the_date_leaves_the_breach() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.interim("Tue 2026-03-03", "Thu 2026-04-30")

    case.interim("Mon 2026-05-04", "Fri 2026-05-29", by_head=True)

    assert case.obligation(2).was_breached(moment("Mon 2026-05-04"))
    assert case.owed() == [("promised_reply", "Fri 2026-05-29")]


def test_a_case_with_an_open_promise_cannot_close() -> None:
    case = Case("Mon 2026-03-02")
    with pytest.raises(PromisesOpen, match="reply by 2026-03-17") as refused:
        case.ledger.check_closable()
    assert refused.value.values["numbers"] == [1]

    case.waived(1, "Tue 2026-03-03")

    case.ledger.check_closable()


@pytest.mark.parametrize("left_on", ["Sun 2026-03-01", "Thu 2026-03-05"])
def test_a_message_leaves_neither_before_the_receipt_nor_in_the_future(left_on: str) -> None:
    with pytest.raises(LeftOnWrongDay, match=r"from 2026-03-02.* to 2026-03-04"):
        Case("Mon 2026-03-02").answered(left_on, recorded="Wed 2026-03-04")


def test_the_same_message_leaves_once() -> None:
    case = Case("Mon 2026-03-02")
    case.answered("Tue 2026-03-03")

    with pytest.raises(AlreadyLeft):
        case.record(case.entries[-1])


def test_a_bounce_opens_the_promise_again_by_the_same_date() -> None:
    case = Case("Mon 2026-03-02")
    message = case.answered("Tue 2026-03-03")

    case.bounced(message, "Thu 2026-03-05")

    assert case.owed() == [("reply", "Tue 2026-03-17")]
    assert case.obligation(1).settled_at is None
    assert case.ledger.discharging(case.obligation(1)) == ()
    assert case.ledger.leavings[0].evidence == "550 no such user"
    case.answered("Fri 2026-03-06")
    assert case.states() == ["discharged"]


def test_a_bounce_found_after_the_due_date_is_a_breach() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    message = case.answered("Tue 2026-03-31")
    assert not case.obligation(1).was_breached(moment("Mon 2026-04-20"))

    case.bounced(message, "Mon 2026-04-20", "letter returned")

    assert case.obligation(1).was_breached(moment("Mon 2026-04-20"))


@pytest.mark.parametrize("evidence", ["", " \t"])
def test_taking_a_leaving_back_needs_evidence(evidence: str) -> None:
    case = Case("Mon 2026-03-02")
    message = case.answered("Tue 2026-03-03")

    with pytest.raises(EvidenceMissing):
        case.bounced(message, "Wed 2026-03-04", evidence)
    assert case.states() == ["discharged"]


def test_only_what_left_can_be_taken_back_and_only_once() -> None:
    case = Case("Mon 2026-03-02")
    message = case.answered("Tue 2026-03-03")
    case.bounced(message, "Wed 2026-03-04")

    for unknown in (message, 99):
        with pytest.raises(UnknownLeaving):
            case.record(LeavingVoided(moment("Thu 2026-03-05"), unknown, "bounce"))


def test_a_letter_sent_again_after_it_came_back_counts() -> None:
    case = Case("Mon 2026-03-02")
    message = case.answered("Tue 2026-03-03")
    case.bounced(message, "Wed 2026-03-04")

    case.record(MessageLeft(moment("Thu 2026-03-05"), message, Act.ANSWER, day("Thu 2026-03-05")))

    assert case.obligation(1).settled_on == day("Thu 2026-03-05")


def test_a_lost_interim_letter_promised_nothing() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    letter = case.interim("Tue 2026-03-03", "Thu 2026-04-30")

    case.bounced(letter, "Thu 2026-03-05")

    assert case.owed() == [("interim", "Tue 2026-03-17")]
    assert (case.obligation(2).state, case.obligation(2).replaced_by) == (ObligationState.REPLACED, 1)
    case.interim("Fri 2026-03-06", "Thu 2026-04-30")  # no renewal: the head is not needed
    assert case.owed() == [("promised_reply", "Thu 2026-04-30")]


def test_a_lost_interim_letter_on_a_complaint_brings_the_reply_back() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLAINT)
    letter = case.interim("Tue 2026-03-03", "Thu 2026-04-30")

    case.bounced(letter, "Thu 2026-03-05")

    assert case.owed() == [("reply", "Tue 2026-03-17")]


def test_an_answer_takes_the_place_of_an_interim_letter_that_proves_lost_later() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    letter = case.interim("Tue 2026-03-03", "Thu 2026-04-30")
    answer = case.answered("Tue 2026-03-10")

    case.bounced(letter, "Fri 2026-05-08")

    assert case.obligation(1).settled_on == day("Tue 2026-03-10")
    assert [m.message for m in case.ledger.discharging(case.obligation(1))] == [answer]
    assert not any(o.was_breached(moment("Fri 2026-05-08")) for o in case.ledger.obligations)
    case.bounced(answer, "Mon 2026-05-11")
    assert case.owed() == [("interim", "Tue 2026-03-17")]


def test_a_renewal_takes_the_place_of_a_first_letter_that_proves_lost_later() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    first = case.interim("Tue 2026-03-03", "Thu 2026-04-30")
    second = case.interim("Fri 2026-03-20", "Fri 2026-05-29", by_head=True)

    case.bounced(first, "Mon 2026-03-23")

    assert case.owed() == [("promised_reply", "Fri 2026-05-29")]
    assert case.obligation(1).settled_on == day("Fri 2026-03-20")  # the first letter that arrived, and too late
    assert case.obligation(1).settled_late
    case.bounced(second, "Tue 2026-03-24")
    assert case.owed() == [("interim", "Tue 2026-03-17")]


def test_a_lost_renewal_brings_the_first_date_back() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.interim("Tue 2026-03-03", "Thu 2026-04-30")
    second = case.interim("Fri 2026-03-20", "Fri 2026-05-29", by_head=True)

    case.bounced(second, "Mon 2026-03-23")

    assert case.owed() == [("promised_reply", "Thu 2026-04-30")]


def test_a_second_copy_that_arrived_takes_the_place_of_one_that_did_not() -> None:
    case = Case("Mon 2026-03-02")
    by_mail = case.answered("Tue 2026-03-03")
    by_post = case.answered("Wed 2026-03-04")

    case.bounced(by_mail, "Fri 2026-03-06")

    assert case.obligation(1).settled_on == day("Wed 2026-03-04")
    assert [m.message for m in case.ledger.discharging(case.obligation(1))] == [by_post]


def test_the_answer_to_a_follow_up_does_not_hide_that_the_first_answer_was_lost() -> None:
    case = Case("Mon 2026-03-02")
    first = case.answered("Tue 2026-03-03")
    case.followed_up("Mon 2026-03-09")
    case.answered("Tue 2026-03-10")

    case.bounced(first, "Wed 2026-03-11")

    assert case.owed() == [("reply", "Tue 2026-03-17")]


def test_a_follow_up_that_was_found_late_is_not_answered_by_a_copy_that_left_before_anybody_knew() -> None:
    case = Case("Mon 2026-03-02")
    first = case.answered("Wed 2026-03-04")
    case.answered("Wed 2026-03-04")
    case.followed_up("Tue 2026-03-03", recorded="Fri 2026-03-06")

    case.bounced(first, "Mon 2026-03-09")

    assert case.states() == ["discharged", "open"]
    assert case.owed() == [("reply", "Wed 2026-03-18")]


@pytest.mark.parametrize("lost", [1, 2])
def test_either_half_of_a_transmission_that_is_lost_opens_it_again(lost: int) -> None:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.left(Act.FORWARD, "Tue 2026-03-03")
    case.left(Act.INFORM, "Tue 2026-03-03")

    case.bounced(lost, "Wed 2026-03-04")
    assert case.owed() == [("transmission", "Tue 2026-03-17")]
    case.left(Act.FORWARD if lost == 1 else Act.INFORM, "Thu 2026-03-05")

    assert case.obligation(1).settled_on == day("Thu 2026-03-05")


def test_a_lost_answer_opens_what_the_case_is_owed_by_now() -> None:
    case = Case("Mon 2026-03-02")
    answer = case.answered("Tue 2026-03-03")
    case.becomes(Nature.MISDIRECTED, "Wed 2026-03-04")
    assert case.owed() == []  # a case that owes nothing still owes nothing

    case.bounced(answer, "Thu 2026-03-05")

    assert case.owed() == [("transmission", "Tue 2026-03-17")]
    assert case.obligation(1).replaced_by == 2


def test_a_waiver_is_a_persons_word_with_evidence_and_is_never_undone_by_a_message() -> None:
    case = Case("Mon 2026-03-02")
    case.waived(1, "Tue 2026-03-03", WaiverGround.WITHDRAWN, "e-mail of 3 March")

    case.answered("Wed 2026-03-04")

    waived = case.obligation(1)
    assert waived.state is ObligationState.WAIVED
    assert (waived.waiver_ground, waived.waiver_evidence) == (WaiverGround.WITHDRAWN, "e-mail of 3 March")
