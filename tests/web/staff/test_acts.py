"""Each thing that can be done to a case, done through its page; and what comes back when it cannot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.web.staff.conftest import Desk, email_of, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Channel, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Message
from tracker.models.obligations import Obligation
from tracker.models.staff import Staff

File = Callable[..., str]
Row = Callable[[str], Case]
TODAY = brussels_day(datetime.now(UTC))


@pytest.fixture
def people(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {row.email.split(".")[0]: row.id for row in session.scalars(select(Staff))}


def _do(at: Desk, reference: str, slug: str, **typed: Any) -> None:
    answer = at.send(f"/staff/cases/{reference}/{slug}", **typed)
    assert answer.status_code == 303, (slug, errors_of(answer))


def test_confirm_the_nature(an: Desk, file: File, row: Row) -> None:
    reference = file()

    _do(an, reference, "nature", nature="complex", ground="Student visa: a regulated procedure")

    case = row(reference)
    assert (case.nature, case.nature_ground) == (Nature.COMPLEX, "Student visa: a regulated procedure")
    assert case.nature_confirmed_at is not None


def test_a_complex_nature_needs_its_ground(an: Desk, file: File) -> None:
    answer = an.send(f"/staff/cases/{file()}/nature", nature="complex", ground="  ")

    assert answer.status_code in (400, 409)
    assert errors_of(answer)
    assert form_of(soup_of(answer)).select_one("input[value=complex][checked]") is not None


def test_route_to_a_service(desk: Callable[[str], Desk], file: File, row: Row) -> None:
    reference = file(service=None, subject="?", text="zz")
    assert row(reference).state is CaseState.TRIAGE

    _do(desk("di"), reference, "route", service="M1")

    case = row(reference)
    assert (case.state, case.service_code) == (CaseState.OPEN, "M1")


def test_assign_hand_over_and_take(desk: Callable[[str], Desk], file: File, row: Row, people: dict[str, int]) -> None:
    reference = file()

    _do(desk("an"), reference, "hand-over", colleague=str(people["bo"]), reason="On leave from tomorrow.")
    assert row(reference).handler_id == people["bo"]
    _do(desk("an"), reference, "take")
    assert row(reference).handler_id == people["an"]
    _do(desk("bo"), reference, "assign", colleague=str(people["bo"]))
    assert row(reference).handler_id == people["bo"]


def test_flag_urgent_and_sensitive(an: Desk, file: File, row: Row) -> None:
    reference = file()

    _do(an, reference, "flag", urgent="y", sensitive="y", reason="Arrested in Cairo.")
    assert row(reference).urgent_since is not None
    assert row(reference).sensitive
    _do(an, reference, "flag", urgent=None, reason="Released.")
    assert row(reference).urgent_since is None
    assert row(reference).sensitive


@pytest.mark.parametrize("reason", ["", " \n ", "\0", "x" * 100_000, None])
def test_a_flag_needs_a_reason_of_some_words(an: Desk, file: File, row: Row, reason: str | None) -> None:
    reference = file()

    answer = an.send(f"/staff/cases/{reference}/flag", urgent="y", reason=reason)

    assert answer.status_code == 400
    assert errors_of(answer)
    assert row(reference).version == 1


def test_keep_short(an: Desk, file: File, row: Row) -> None:
    reference = file(nature=Nature.COMPLEX)

    _do(an, reference, "keep-short")

    assert row(reference).next_kind == "reply"


def test_extend(an: Desk, file: File, row: Row) -> None:
    reference = file(nature=Nature.DOCUMENT_ACCESS)
    before = row(reference).next_due_on
    assert before is not None

    _do(an, reference, "extend", reason="The archive is in Ghent.")

    assert row(reference).next_due_on == before + timedelta(days=15)


def test_waive_then_close_then_reopen(an: Desk, file: File, row: Row, database: Database) -> None:
    reference = file()
    refused = an.send(f"/staff/cases/{reference}/close")
    assert refused.status_code == 409
    assert errors_of(refused)

    _do(an, reference, "waive", ground="withdrawn", evidence="She called on Monday.")
    _do(an, reference, "close")
    assert row(reference).state is CaseState.CLOSED
    _do(an, reference, "reopen", reason="Closed by mistake.")

    assert row(reference).state is CaseState.OPEN
    with database.reading() as session:
        promise = session.scalars(select(Obligation)).one()
    assert (promise.state, promise.waiver_evidence) == ("waived", "She called on Monday.")


def test_a_waiver_is_taken_back_on_the_page_where_the_action_stands(
    an: Desk, file: File, row: Row, database: Database
) -> None:
    reference = file()
    due_on = row(reference).next_due_on
    assert not an.page(f"/staff/cases/{reference}").select("a[href$='/void-waiver']")
    _do(an, reference, "waive", ground="no_reply_called_for", evidence="A thank-you.")
    assert row(reference).next_due_on is None
    assert an.page(f"/staff/cases/{reference}").select("a[href$='/void-waiver']")

    _do(an, reference, "void-waiver", reason="It was a question.")

    assert row(reference).next_due_on == due_on
    line = an.page(f"/staff/cases/{reference}").select_one(".suivi-line")
    assert line is not None
    assert "It was a question." in line.text


def test_merge_a_duplicate(an: Desk, file: File, row: Row) -> None:
    stays, goes = file(), file()

    _do(an, goes, "merge", into=stays.lower(), reason="Sent twice.")

    assert row(goes).merged_into_id == row(stays).id


@pytest.mark.parametrize("into", ["DOS-2026-0001234-14", "nonsense", "DOS-2026-0001234-15"])
def test_a_merge_into_nothing_is_refused_with_what_was_typed(an: Desk, file: File, into: str) -> None:
    answer = an.send(f"/staff/cases/{file()}/merge", into=into, reason="Sent twice.")

    assert answer.status_code == 409
    assert fields_of(form_of(soup_of(answer)))["reason"] == "Sent twice."


def test_correct_the_receipt_after_seeing_what_it_changes(an: Desk, file: File, row: Row) -> None:
    reference = file()
    before, right = row(reference).next_due_on, TODAY - timedelta(days=9)
    assert before is not None
    path = f"/staff/cases/{reference}/receipt"

    shown = an.send(path, "preview", day=right.isoformat(), clock="", reason="The stamp says so.")

    assert shown.status_code == 200
    assert "Owed after the correction" in shown.text
    assert row(reference).next_due_on == before  # nothing is done yet
    done = an.send_form(soup_of(shown), path, "save")
    assert done.status_code == 303
    assert row(reference).next_due_on == right + timedelta(days=15)


@pytest.mark.parametrize(
    "day", ["", "2026-02-30", "31.12", "tomorrow", (TODAY + timedelta(days=2)).isoformat(), "\0"]
)
def test_a_wrong_day_of_receipt_is_refused_with_the_reason_kept(an: Desk, file: File, row: Row, day: str) -> None:
    reference = file()
    before = row(reference).version

    answer = an.send(f"/staff/cases/{reference}/receipt", "save", day=day, reason="The stamp says so.")

    assert answer.status_code in (400, 409)
    assert errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["reason"] == "The stamp says so."
    assert row(reference).version == before


def test_add_what_the_requester_said(an: Desk, file: File, database: Database) -> None:
    reference = file()

    _do(an, reference, "follow-up", channel="phone", clock="", text="She asks how long it takes.")

    with database.reading() as session:
        assert session.scalars(select(Message).where(Message.kind == "follow_up")).one().channel is Channel.PHONE


def test_take_back_what_the_other_body_returns(an: Desk, file: File, row: Row, database: Database) -> None:
    reference = file(nature=Nature.MISDIRECTED, channel=Channel.POST, requester_address="Rue Haute 1, 1000 Bruxelles")
    sent = an.send(f"/staff/cases/{reference}/transmit", "send", to="EXT:FPS-ECONOMY", text="")
    assert sent.status_code == 303, errors_of(sent)
    with database.writing() as session:
        from tests.factories import make_house
        from tracker.casework.leaving import on_left
        from tracker.models.messages import Outbox

        for waiting in session.scalars(select(Outbox)).all():
            on_left(session, make_house(), waiting, now=datetime.now(UTC))
    while an.page(f"/staff/cases/{reference}").select_one("a[href$='/left']"):
        _do(an, reference, "left")
    assert row(reference).next_due_on is None

    _do(an, reference, "come-back", day=TODAY.isoformat(), reason="Not theirs either.")

    assert row(reference).next_kind == "transmission"
    lines = an.page("/staff/register").select(".staff-register tbody tr")
    assert ["came back" in line.get_text() for line in lines] == [True]


def test_what_is_refused_stands_beside_its_field_and_where_nothing_can_be_chosen_one_is_led_back(
    an: Desk, file: File
) -> None:
    reference = file()

    merged = an.send(f"/staff/cases/{reference}/merge", into="DOS-2026-0000999-11", reason="Twice.")
    untied = an.client.get(f"/staff/cases/{reference}/unlink", follow_redirects=True)

    beside = soup_of(merged).select_one("#into-error")
    assert beside is not None
    assert "DOS-2026-0000999-11" in beside.get_text()
    assert untied.request.path == f"/staff/cases/{reference}"
    assert "there is nothing to choose on this file" in untied.text


SLUGS = ["nature", "hand-over", "waive", "merge", "note", "follow-up", "left", "returned", "route", "assign"]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    "typed",
    [{}, {"": "\0"}, {"": "x" * 200_000}, {"": "-1"}, {"": "‮𝔘💥\x07"}, {"": "' OR 1=1; --"}],
    ids=["absent", "nul", "over-long", "number", "odd", "quote"],
)
def test_bad_input_is_refused_with_a_sentence_and_changes_nothing(
    an: Desk, file: File, row: Row, slug: str, typed: dict[str, str]
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/{slug}"
    fields = fields_of(form_of(an.page(f"/staff/cases/{reference}/note")))  # no letter waits: those pages lead back
    hidden = {"csrf_token", "whose", "seen"}
    names = {
        "nature",
        "ground",
        "colleague",
        "reason",
        "promise",
        "evidence",
        "into",
        "message",
        "channel",
        "day",
        "service",
    }
    sent = {name: value for name, value in fields.items() if name in hidden}
    if typed:
        sent |= dict.fromkeys(names, typed[""])
    sent |= {"text": typed[""] if typed.get("") in ("\0", "x" * 200_000) else ""}

    answer = an.client.post(path, data=sent)

    assert answer.status_code in (400, 409), answer.status_code
    assert errors_of(answer)
    assert row(reference).version == 1


def test_two_clerks_at_once_the_second_is_told_what_changed_and_keeps_the_text(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/note"
    page = desk("an").page(path)
    _do(desk("bo"), reference, "nature", nature="information")

    at = desk("an")
    answer = at.send_form(page, path, text="What I wanted to say.")

    assert answer.status_code in (400, 409)
    shown = soup_of(answer)
    if answer.status_code == 400:  # the token was another browser's: the text comes back first
        answer = at.send_form(shown, path)
        shown = soup_of(answer)
    assert "Bo Peeters" in shown.get_text()
    assert fields_of(form_of(shown))["text"] == "What I wanted to say."
    again = at.send_form(shown, path)
    assert again.status_code == 303
    with database.reading() as session:
        verbs = [str(entry.verb) for entry in session.scalars(select(History).order_by(History.seq))]
    assert verbs[-2:] == ["confirm_nature", "write"]


@pytest.mark.parametrize("seen", ["", "abc", "-1", "99999999999999999999", "١", None])
def test_a_form_that_does_not_say_what_it_saw_changes_nothing(
    an: Desk, file: File, row: Row, seen: str | None
) -> None:
    reference = file()

    answer = an.send(f"/staff/cases/{reference}/note", text="Mine.", seen=seen)

    assert answer.status_code == 409
    assert row(reference).version == 1


def test_what_a_closed_case_does_not_allow_leads_back_with_the_sentence(an: Desk, file: File) -> None:
    reference = file()
    _do(an, reference, "waive", ground="withdrawn", evidence="She called.")
    _do(an, reference, "close")

    answer = an.client.get(f"/staff/cases/{reference}/answer", follow_redirects=True)

    assert answer.request.path == f"/staff/cases/{reference}"
    assert soup_of(answer).select_one(".govuk-notification-banner") is not None


def test_the_person_a_complaint_is_about_is_not_offered_as_its_handler(
    desk: Callable[[str], Desk], file: File, people: dict[str, int]
) -> None:
    reference = file(nature=Nature.COMPLAINT, about_staff_id=people["an"])

    choices = desk("co").page(f"/staff/cases/{reference}/assign").select("#colleague option")

    assert str(people["an"]) not in {str(option["value"]) for option in choices}
    assert email_of("an")
