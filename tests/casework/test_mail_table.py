"""The table by which mail is decided about, line by line, and which line goes before which."""

from dataclasses import replace
from typing import Any

import pytest

from tracker.casework.mail.table import MOST_ALIKE, MOST_IN_AN_HOUR, MOST_RECIPIENTS, TABLE, Known, decide
from tracker.charter.words import MailOutcome, MailReason
from tracker.correspondence.sorting import Sort

REGISTERED, ATTACHED, HELD, IGNORED = MailOutcome
PLAIN = Known(sort=Sort.PERSON)
REPLY = {"answers_ours": True, "from_the_requester": True, "names_a_case": True}

CASES: list[tuple[dict[str, Any], MailOutcome, MailReason]] = [
    ({}, REGISTERED, MailReason.NEW_REQUEST),
    ({"has_text": False, "has_files": True}, REGISTERED, MailReason.NEW_REQUEST),
    ({"recipients": MOST_RECIPIENTS}, REGISTERED, MailReason.NEW_REQUEST),
    ({"taken_in_within_the_hour": MOST_IN_AN_HOUR - 1}, REGISTERED, MailReason.NEW_REQUEST),
    (REPLY, ATTACHED, MailReason.REPLY),
    (REPLY | {"from_the_requester": False}, HELD, MailReason.OTHER_SENDER),
    (REPLY | {"answers_ours": False}, HELD, MailReason.REFERENCE_ONLY),
    ({"names_a_case": True}, HELD, MailReason.REFERENCE_ONLY),
    ({"nearly_names_a_case": True}, HELD, MailReason.MISTYPED_REFERENCE),
    ({"nearly_names_a_case": True, "names_a_case": True}, HELD, MailReason.REFERENCE_ONLY),
    ({"from_us": True}, IGNORED, MailReason.OWN_MAIL),
    ({"sort": Sort.OWN_MAIL}, IGNORED, MailReason.OWN_MAIL),
    ({"sort": Sort.BOUNCE}, IGNORED, MailReason.BOUNCE),
    ({"sort": Sort.DELAYED}, IGNORED, MailReason.DELAYED),
    ({"sort": Sort.AUTOMATIC_REPLY}, IGNORED, MailReason.AUTOMATIC_REPLY),
    ({"sort": Sort.MAILING_LIST}, IGNORED, MailReason.MAILING_LIST),
    ({"came_before": True}, IGNORED, MailReason.SAME_MAIL),
    ({"too_big": True}, HELD, MailReason.TOO_BIG),
    ({"unreadable": True}, HELD, MailReason.UNREADABLE),
    ({"encrypted": True}, HELD, MailReason.ENCRYPTED),
    ({"has_text": False}, HELD, MailReason.EMPTY),
    ({"has_sender": False}, HELD, MailReason.NO_SENDER),
    ({"recipients": MOST_RECIPIENTS + 1}, HELD, MailReason.MANY_RECIPIENTS),
    ({"disproven": True}, HELD, MailReason.SENDER_NOT_PROVEN),
    ({"taken_in_within_the_hour": MOST_IN_AN_HOUR}, HELD, MailReason.TOO_MANY),
    ({"alike_within_the_day": MOST_ALIKE - 1}, REGISTERED, MailReason.NEW_REQUEST),
    ({"alike_within_the_day": MOST_ALIKE}, HELD, MailReason.SAME_MAIL),
    (REPLY | {"alike_within_the_day": MOST_ALIKE}, ATTACHED, MailReason.REPLY),
]


@pytest.mark.parametrize(("known", "outcome", "reason"), CASES, ids=lambda value: str(value))
def test_each_line_of_the_table(known: dict[str, Any], outcome: MailOutcome, reason: MailReason) -> None:
    line = decide(replace(PLAIN, **known))

    assert (line.outcome, line.reason) == (outcome, reason)


def test_every_line_is_tried_and_every_reason_but_a_persons_has_a_line() -> None:
    tried = {reason for _, _, reason in CASES}

    assert tried == {line.reason for line in TABLE} == set(MailReason) - {MailReason.BY_HAND}


@pytest.mark.parametrize("sort", [sort for sort in Sort if sort is not Sort.PERSON])
@pytest.mark.parametrize("also", [{}, REPLY, {"names_a_case": True}, {"too_big": True}, {"has_sender": False}])
def test_what_no_person_wrote_is_never_a_message_whatever_it_says(sort: Sort, also: dict[str, Any]) -> None:
    assert decide(replace(PLAIN, sort=sort, **also)).outcome is IGNORED


@pytest.mark.parametrize("doubt", ["too_big", "unreadable", "encrypted", "disproven"])
def test_what_cannot_be_trusted_is_never_attached(doubt: str) -> None:
    assert decide(replace(PLAIN, **REPLY, **{doubt: True})).outcome is HELD


def test_only_an_answer_to_ours_from_the_requester_is_attached() -> None:
    for number in range(2**4):
        names = ("answers_ours", "from_the_requester", "names_a_case", "nearly_names_a_case")
        known = {name: bool(number >> place & 1) for place, name in enumerate(names)}

        attached = decide(replace(PLAIN, **known)).outcome is ATTACHED

        assert attached == (known["answers_ours"] and known["from_the_requester"])
