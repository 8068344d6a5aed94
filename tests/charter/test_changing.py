"""What changes a promise: its nature, its receipt, what follows, what comes back."""

import pytest

from tests.charter.days import CALENDAR, Case, day, moment
from tests.charter.test_calendar import LEARNT
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.changing import (
    ExtensionNotAllowed,
    NothingToKeepShort,
    NotTransmitted,
    NotWaived,
    ReceivedInFuture,
    TooLateToExtend,
    TooLateToKeepShort,
    UnknownObligation,
)
from tracker.charter.leaving import EvidenceMissing
from tracker.charter.promising import ReasonMissing
from tracker.charter.steps import StepCode
from tracker.charter.words import Act, Channel, Nature, ObligationState, WaiverGround


@pytest.mark.parametrize(
    ("nature", "owed"),
    [
        (Nature.INFORMATION, ("reply", "Tue 2026-03-17")),
        (Nature.COMPLEX, ("interim", "Tue 2026-03-17")),
        (Nature.MISDIRECTED, ("transmission", "Tue 2026-03-17")),
        (Nature.COMPLAINT, ("reply", "Tue 2026-03-17")),
        (Nature.DOCUMENT_ACCESS, ("reply", "Wed 2026-04-01")),
    ],
)
def test_what_a_request_is_owed_when_it_is_received(nature: Nature, owed: tuple[str, str]) -> None:
    assert Case("Mon 2026-03-02", nature=nature).owed() == [owed]


def test_a_letter_whose_nature_nobody_confirmed_carries_the_day_to_decide_by() -> None:
    case = Case("Mon 2026-03-02", Channel.POST, confirmed=False)
    assert (case.owed(), case.obligation(1).decide_by) == ([("reply", "Wed 2026-04-01")], day("Tue 2026-03-17"))

    case.becomes(Nature.INFORMATION, "Thu 2026-03-05")

    assert case.ledger.nature_confirmed
    assert case.obligation(1).decide_by is None
    assert case.obligation(1).says(StepCode.DECIDE_BY) is None
    assert case.states() == ["open"]


@pytest.mark.parametrize("channel", [c for c in Channel if c is not Channel.POST])
def test_where_the_period_is_the_same_there_is_nothing_to_decide_by(channel: Channel) -> None:
    assert Case("Mon 2026-03-02", channel, confirmed=False).obligation(1).decide_by is None


@pytest.mark.parametrize("nature", [Nature.INFORMATION, Nature.COMPLAINT, Nature.DOCUMENT_ACCESS])
def test_every_letter_with_thirty_days_has_a_day_to_decide_by(nature: Nature) -> None:
    case = Case("Mon 2026-03-02", Channel.POST, nature, confirmed=False)

    assert case.obligation(1).decide_by == day("Tue 2026-03-17")


def test_a_change_of_nature_counts_from_the_original_receipt() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.becomes(Nature.COMPLEX, "Thu 2026-03-12")

    assert case.owed() == [("interim", "Tue 2026-03-17")]
    assert (case.obligation(1).state, case.obligation(1).replaced_by) == (ObligationState.REPLACED, 2)
    assert not case.obligation(2).born_late
    said = case.obligation(2).says(StepCode.NATURE_CHANGED)
    assert said is not None
    assert said.values == {"before": "information", "after": "complex"}


def test_what_is_past_due_when_it_arises_is_born_late() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.becomes(Nature.COMPLEX, "Wed 2026-03-18")

    born = case.obligation(2)

    assert born.born_late
    assert born.breach_moment == moment("Wed 2026-03-18 00:00")  # by law, not by when it was found out
    assert born.was_breached(moment("Wed 2026-03-18"))
    assert not case.obligation(1).was_breached(moment("Wed 2026-03-18"))


def test_what_arises_on_its_last_day_is_not_late() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.becomes(Nature.COMPLEX, "Tue 2026-03-17 23:59")

    assert not case.obligation(2).born_late


def test_a_breach_stays_when_the_nature_changes() -> None:
    case = Case("Mon 2026-03-02")
    case.becomes(Nature.DOCUMENT_ACCESS, "Fri 2026-03-20")

    assert case.owed() == [("reply", "Wed 2026-04-01")]
    assert case.obligation(1).was_breached(moment("Fri 2026-03-20"))


@pytest.mark.parametrize("nature", [Nature.INFORMATION, Nature.COMPLAINT])
def test_a_date_promised_to_the_citizen_stays_when_the_nature_changes(nature: Nature) -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.interim("Tue 2026-03-03", "Thu 2026-04-30")

    case.becomes(nature, "Mon 2026-03-09")

    assert case.owed() == [("promised_reply", "Thu 2026-04-30")]


@pytest.mark.parametrize(
    ("nature", "beside"),
    [
        (Nature.MISDIRECTED, ("transmission", "Tue 2026-03-17")),
        (Nature.DOCUMENT_ACCESS, ("reply", "Wed 2026-04-01")),  # the law gives no more time than that
    ],
)
def test_a_promised_date_covers_the_reply_and_nothing_else(nature: Nature, beside: tuple[str, str]) -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.interim("Tue 2026-03-03", "Thu 2026-04-30")

    case.becomes(nature, "Mon 2026-03-09")

    assert case.owed() == [("promised_reply", "Thu 2026-04-30"), beside]


def test_an_answer_sent_while_the_case_was_thought_misdirected_keeps_the_reply() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.answered("Tue 2026-03-03")

    case.becomes(Nature.INFORMATION, "Thu 2026-03-05")

    assert case.states() == ["replaced", "discharged"]
    assert case.obligation(2).settled_on == day("Tue 2026-03-03")


def test_a_complex_request_may_be_answered_within_the_ordinary_period() -> None:
    by_post = Case("Mon 2026-03-02", Channel.POST, Nature.COMPLEX)
    by_fax = Case("Mon 2026-03-02", Channel.FAX, Nature.COMPLEX)

    by_post.kept_short("Tue 2026-03-17")  # the last day on which it can be said
    by_fax.kept_short("Tue 2026-03-03")

    assert by_post.owed() == [("reply", "Wed 2026-04-01")]
    assert by_post.obligation(2).rule_id == "P2"
    assert by_fax.owed() == [("reply", "Tue 2026-03-17")]
    assert by_fax.obligation(2).rule_id == "H1"


def test_the_ordinary_period_must_be_chosen_in_time() -> None:
    with pytest.raises(TooLateToKeepShort, match="send the interim letter"):
        Case("Mon 2026-03-02", Channel.POST, Nature.COMPLEX).kept_short("Wed 2026-03-18")


def test_only_an_interim_letter_that_is_owed_can_be_spared() -> None:
    with pytest.raises(NothingToKeepShort):
        Case("Mon 2026-03-02", nature=Nature.COMPLAINT).kept_short("Tue 2026-03-03")
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    case.kept_short("Tue 2026-03-03")
    with pytest.raises(NothingToKeepShort):
        case.kept_short("Tue 2026-03-03")


def test_a_corrected_receipt_counts_again_what_is_open() -> None:
    case = Case("Mon 2026-03-09", Channel.POST, Nature.COMPLEX)
    case.kept_short("Tue 2026-03-10")

    case.corrected("Mon 2026-03-02", "Wed 2026-03-11", Channel.EMAIL)

    assert case.owed() == [("reply", "Tue 2026-03-17")]  # still within the period, now that of e-mail
    assert case.obligation(3).rule_id == "P1"
    assert case.ledger.received_on == day("Mon 2026-03-02")
    assert case.obligation(2).replaced_by == 3


def test_a_corrected_receipt_leaves_what_is_settled_and_what_was_promised() -> None:
    case = Case("Mon 2026-03-09", nature=Nature.COMPLEX)
    case.interim("Tue 2026-03-10", "Thu 2026-04-30")
    before = case.ledger.obligations

    case.corrected("Mon 2026-02-02", "Wed 2026-03-11")

    assert case.ledger.obligations == before


def test_a_corrected_hour_changes_no_date() -> None:
    case = Case("Mon 2026-03-02 09:00")
    case.corrected("Mon 2026-03-02 17:00", "Tue 2026-03-03")

    assert case.states() == ["open"]
    assert case.ledger.received_at == moment("Mon 2026-03-02 17:00")


def test_a_receipt_is_corrected_for_a_reason_and_not_into_the_future() -> None:
    case = Case("Mon 2026-03-02")

    with pytest.raises(ReasonMissing):
        case.corrected("Sun 2026-03-01", "Tue 2026-03-03", reason=" ")
    with pytest.raises(ReceivedInFuture):
        case.corrected("Wed 2026-03-04", "Tue 2026-03-03")
    with pytest.raises(ReceivedInFuture):
        Case("Wed 2026-03-04", recorded="Tue 2026-03-03")


def test_a_follow_up_joins_what_is_open() -> None:
    case = Case("Mon 2026-03-02")
    case.followed_up("Thu 2026-03-05")

    assert case.owed() == [("reply", "Tue 2026-03-17")]
    assert len(case.ledger.obligations) == 1


@pytest.mark.parametrize(
    ("channel", "nature", "rule", "due"),
    [
        (Channel.EMAIL, Nature.INFORMATION, "P1", "Tue 2026-03-24"),
        (Channel.POST, Nature.INFORMATION, "P2", "Wed 2026-04-08"),
        (Channel.POST, Nature.COMPLEX, "P2", "Wed 2026-04-08"),
        (Channel.PHONE, Nature.MISDIRECTED, "H1", "Tue 2026-03-24"),
        (Channel.POST, Nature.COMPLAINT, "P6", "Wed 2026-04-08"),
        (Channel.EMAIL, Nature.DOCUMENT_ACCESS, "L1", "Wed 2026-04-08"),
    ],
)
def test_a_follow_up_on_a_settled_case_starts_its_own_clock(
    channel: Channel, nature: Nature, rule: str, due: str
) -> None:
    case = Case("Mon 2026-03-02", nature=nature)
    case.waived(1, "Tue 2026-03-03")

    case.followed_up("Mon 2026-03-09", channel)

    assert case.owed() == [("reply", due)]
    assert (case.obligation(2).rule_id, case.obligation(2).channel) == (rule, channel)


def test_a_follow_up_that_came_after_the_answer_was_posted_is_not_lost() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.followed_up("Tue 2026-03-10")  # the reply seems to be open

    case.answered("Mon 2026-03-09", recorded="Thu 2026-03-12")  # but the letter had left the day before

    assert case.owed() == [("reply", "Wed 2026-03-25")]
    case.answered("Fri 2026-03-13")
    case.ledger.check_closable()


def test_a_follow_up_before_the_answer_is_answered_by_it() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.followed_up("Mon 2026-03-09")

    case.answered("Mon 2026-03-09", recorded="Thu 2026-03-12")

    case.ledger.check_closable()


def test_an_answer_that_left_before_a_follow_up_does_not_answer_it() -> None:
    case = Case("Mon 2026-03-02", Channel.POST)
    case.answered("Tue 2026-03-03")
    case.followed_up("Mon 2026-03-09")

    case.answered("Fri 2026-03-06", recorded="Tue 2026-03-10")

    assert case.owed() == [("reply", "Tue 2026-03-24")]


@pytest.mark.parametrize(("taken_back", "broken"), [("Tue 2026-03-17", False), ("Wed 2026-03-18", True)])
def test_a_waiver_that_is_taken_back_leaves_the_promise_owed_by_the_same_date(taken_back: str, broken: bool) -> None:
    case = Case("Mon 2026-03-02").waived(1, "Tue 2026-03-03", WaiverGround.NO_REPLY_CALLED_FOR)

    case.unwaived(1, taken_back)

    owed = case.obligation(1)
    assert case.owed() == [("reply", "Tue 2026-03-17")]
    assert (owed.waiver_ground, owed.waiver_evidence, owed.settled_on, owed.settled_at) == (None, None, None, None)
    assert owed.steps[-1].code is StepCode.WAIVER_VOIDED
    assert owed.was_breached(moment(taken_back)) is broken
    assert owed.breach_moment == moment("Wed 2026-03-18 00:00")


def test_what_left_while_a_promise_was_waived_keeps_it_when_the_waiver_is_taken_back() -> None:
    case = Case("Mon 2026-03-02").waived(1, "Tue 2026-03-03")
    case.answered("Wed 2026-03-04")

    case.unwaived(1, "Fri 2026-03-20")

    assert (case.obligation(1).state, case.obligation(1).settled_on) == (
        ObligationState.DISCHARGED,
        day("Wed 2026-03-04"),
    )


def test_a_waived_promise_is_owed_again_as_what_the_case_is_now() -> None:
    case = Case("Mon 2026-03-02", Channel.POST).waived(1, "Tue 2026-03-03")
    case.becomes(Nature.COMPLEX, "Wed 2026-03-04")

    case.unwaived(1, "Thu 2026-03-05")

    assert case.states() == ["replaced", "open"]
    assert case.owed() == [("interim", "Tue 2026-03-17")]


def test_only_a_waived_promise_is_taken_back_and_with_a_reason() -> None:
    case = Case("Mon 2026-03-02")
    with pytest.raises(NotWaived, match="choose a waived one"):
        case.unwaived(1, "Tue 2026-03-03")
    case.waived(1, "Tue 2026-03-03")
    with pytest.raises(NotWaived):
        case.unwaived(2, "Tue 2026-03-03")
    with pytest.raises(ReasonMissing):
        case.unwaived(1, "Tue 2026-03-03", reason=" ")
    case.unwaived(1, "Tue 2026-03-03")
    with pytest.raises(NotWaived):
        case.unwaived(1, "Tue 2026-03-03")


def test_a_promise_that_never_reached_the_citizen_is_not_owed_by_taking_a_waiver_back() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.COMPLEX)
    letter = case.interim("Tue 2026-03-03", "Thu 2026-04-30")
    case.waived(2, "Wed 2026-03-04").bounced(letter, "Thu 2026-03-05")
    assert case.owed() == [("interim", "Tue 2026-03-17")]

    with pytest.raises(NotWaived):
        case.unwaived(2, "Fri 2026-03-06")


def thought_misdirected() -> Case:
    """A case that is answered at once, and on which the requester writes again while a transmission is still owed."""
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.answered("Tue 2026-03-03")
    return case.followed_up("Mon 2026-03-09", Channel.POST)


def test_a_changed_nature_that_settles_the_last_promise_leaves_the_follow_up_its_own() -> None:
    case = thought_misdirected()

    case.becomes(Nature.INFORMATION, "Wed 2026-03-11")  # the answer of the third was all that was owed

    assert case.states() == ["replaced", "discharged", "open"]
    assert case.owed() == [("reply", "Wed 2026-04-08")]  # 30 days from the letter
    assert case.ledger.follow_ups == ()


def test_a_follow_up_that_a_later_answer_covered_gets_no_promise_of_its_own() -> None:
    case = thought_misdirected()
    case.answered("Tue 2026-03-10")

    case.becomes(Nature.INFORMATION, "Wed 2026-03-11")

    case.ledger.check_closable()


def test_whoever_waives_the_last_promise_had_read_what_lay_there() -> None:
    case = Case("Mon 2026-03-02")
    case.followed_up("Mon 2026-03-09")
    case.waived(1, "Tue 2026-03-10")  # "thank you, it is settled"

    case.ledger.check_closable()


def test_a_lost_message_whose_place_an_earlier_one_takes_leaves_what_came_between_its_own_promise() -> None:
    case = Case("Mon 2026-03-02")
    case.followed_up("Thu 2026-03-05")
    covering = case.answered("Fri 2026-03-06")
    case.answered("Wed 2026-03-04", recorded="Mon 2026-03-09")  # a letter, posted before the follow-up came

    case.bounced(covering, "Tue 2026-03-10")

    assert case.owed() == [("reply", "Fri 2026-03-20")]
    assert case.states() == ["discharged", "open"]


def test_a_follow_up_keeps_its_own_receipt_when_the_case_is_put_right() -> None:
    case = Case("Mon 2026-03-02")
    case.answered("Tue 2026-03-03")
    case.followed_up("Mon 2026-03-09", Channel.POST)

    case.corrected("Sun 2026-03-01", "Tue 2026-03-10")
    case.becomes(Nature.COMPLAINT, "Wed 2026-03-11")

    assert case.owed() == [("reply", "Wed 2026-04-08")]
    assert case.obligation(3).rule_id == "P6"


def transmitted() -> Case:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.left(Act.FORWARD, "Tue 2026-03-03")
    case.left(Act.INFORM, "Tue 2026-03-03")
    return case


def test_a_case_that_comes_back_is_transmitted_anew_from_its_return() -> None:
    case = transmitted()
    case.came_back("Mon 2026-03-09")
    assert case.owed() == [("transmission", "Tue 2026-03-24")]

    case.left(Act.FORWARD, "Tue 2026-03-10")
    assert case.owed() == [("transmission", "Tue 2026-03-24")]  # what was said before does not count again
    case.left(Act.INFORM, "Wed 2026-03-11")

    assert case.states() == ["discharged", "discharged"]


def test_a_return_on_the_very_day_counts_no_message_twice() -> None:
    case = transmitted()
    case.came_back("Tue 2026-03-03")

    assert case.owed() == [("transmission", "Wed 2026-03-18")]


def test_a_return_gives_no_more_time_while_the_first_transmission_is_open() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.left(Act.FORWARD, "Tue 2026-03-03")
    case.came_back("Mon 2026-03-09")

    case.left(Act.INFORM, "Tue 2026-03-10")

    assert case.owed() == [("transmission", "Tue 2026-03-17")]


def test_what_comes_back_and_proves_to_be_ours_was_ours_from_the_start() -> None:
    case = transmitted()
    case.came_back("Mon 2026-03-30")

    case.becomes(Nature.INFORMATION, "Tue 2026-03-31")

    assert case.owed() == [("reply", "Tue 2026-03-17")]
    assert case.obligation(3).born_late


def test_only_what_was_forwarded_comes_back() -> None:
    with pytest.raises(NotTransmitted):
        Case("Mon 2026-03-02").came_back("Mon 2026-03-09")
    case = Case("Mon 2026-03-02", nature=Nature.MISDIRECTED)
    case.left(Act.INFORM, "Tue 2026-03-03", inform_only=True)
    with pytest.raises(NotTransmitted, match="add a follow-up"):
        case.came_back("Mon 2026-03-09")


def test_access_to_a_document_is_extended_once_by_fifteen_days() -> None:
    case = Case("Mon 2026-03-02", nature=Nature.DOCUMENT_ACCESS)
    case.extended("Wed 2026-04-01")

    assert case.owed() == [("reply", "Thu 2026-04-16")]
    assert (case.obligation(2).days, case.obligation(2).rule_id) == (45, "L1")
    with pytest.raises(ExtensionNotAllowed, match="only once"):
        case.extended("Thu 2026-04-02")


def test_an_extension_survives_a_corrected_receipt_and_stays_the_only_one() -> None:
    case = Case("Mon 2026-03-09", nature=Nature.DOCUMENT_ACCESS)
    case.extended("Tue 2026-03-10")

    case.corrected("Mon 2026-03-02", "Wed 2026-03-11")

    assert case.owed() == [("reply", "Thu 2026-04-16")]
    with pytest.raises(ExtensionNotAllowed):
        case.extended("Thu 2026-03-12")


def test_an_extension_comes_before_the_answer_is_due_with_a_reason_and_for_documents_only() -> None:
    late = Case("Mon 2026-03-02", nature=Nature.DOCUMENT_ACCESS)

    with pytest.raises(TooLateToExtend):
        late.extended("Thu 2026-04-02")
    with pytest.raises(ReasonMissing):
        late.extended("Wed 2026-04-01", reason="")
    with pytest.raises(ExtensionNotAllowed):
        Case("Mon 2026-03-02").extended("Tue 2026-03-03")


def test_a_closing_day_learnt_later_changes_nothing_until_somebody_counts_again() -> None:
    case = Case("Wed 2026-11-18", Channel.POST, calendar=WorkingCalendar.load(SMALLER))
    assert case.obligation(1).work_by == day("Fri 2026-12-18")
    case.becomes(Nature.INFORMATION, "Mon 2026-11-23")
    assert case.obligation(1).work_by == day("Fri 2026-12-18")

    case.recounted("Mon 2026-11-23")

    assert case.states() == ["replaced", "open"]
    assert case.obligation(2).work_by == day("Thu 2026-12-17")
    assert case.obligation(2).due_on == case.obligation(1).due_on  # the citizen's date never moves


SMALLER = LEARNT.replace("day = 2026-12-31", "day = 2026-12-18")


def test_counting_again_needs_a_reason_and_touches_only_what_differs() -> None:
    case = Case("Mon 2026-03-02")
    before = case.ledger.obligations

    case.recounted("Tue 2026-03-03")

    assert case.ledger.obligations == before
    with pytest.raises(ReasonMissing):
        case.recounted("Tue 2026-03-03", reason="")


def test_a_waiver_names_an_open_promise_and_its_evidence() -> None:
    case = Case("Mon 2026-03-02")

    with pytest.raises(EvidenceMissing):
        case.waived(1, "Tue 2026-03-03", evidence=" ")
    for unknown in (0, 2, -1):
        with pytest.raises(UnknownObligation):
            case.waived(unknown, "Tue 2026-03-03")
    case.waived(1, "Tue 2026-03-03")
    with pytest.raises(UnknownObligation):
        case.waived(1, "Tue 2026-03-03")


def test_the_ledger_before_an_entry_is_not_changed_by_it() -> None:
    case = Case("Mon 2026-03-02")
    before = case.ledger
    copy = repr(before)

    case.answered("Tue 2026-03-03")

    assert repr(before) == copy
    assert before != case.ledger
    assert CALENDAR.known_until == day("Thu 2026-12-31")
