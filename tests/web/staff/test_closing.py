"""A file closes with a message that says so, how it is opened again, and where to say what one thought of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Channel, Language, WaiverGround
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox

File = Callable[..., str]
Row = Callable[[str], Case]
SURVEY = "https://survey.example/{language}/suivi"


def _with_survey(app: Flask, url: str | None) -> None:
    site = app.extensions["suivi"]
    app.extensions["suivi"] = replace(site, house=replace(site.house, survey_url=url))


def _settled(an: Desk, file: File, **more: object) -> str:
    """Return a case on which nothing is owed any more."""
    reference = file(**more)
    waived = an.send(
        f"/staff/cases/{reference}/waive", ground=WaiverGround.WITHDRAWN.value, evidence="Her mail of Monday."
    )
    assert waived.status_code == 303, errors_of(waived)
    return reference


def _messages(database: Database) -> list[Message]:
    with database.reading() as session:
        return list(session.scalars(select(Message).where(Message.kind == "closing")))


@pytest.mark.parametrize("language", Language)
def test_it_goes_as_previewed_with_the_survey_in_the_requesters_language(
    app: Flask, an: Desk, file: File, row: Row, database: Database, language: Language
) -> None:
    _with_survey(app, SURVEY)
    more = {"official_language": Language.FR} if language is Language.EN else {}
    reference = _settled(an, file, channel=Channel.EMAIL, language=language, **more)
    path = f"/staff/cases/{reference}/closing"

    preview = an.send(path, "preview", text="Un mot.")
    paper = soup_of(preview).select_one(".staff-paper")
    assert paper is not None, errors_of(preview)
    assert row(reference).state is not CaseState.CLOSED
    sent = an.send_form(soup_of(preview), path, "send")

    assert sent.status_code == 303, errors_of(sent)
    (message,) = _messages(database)
    assert message.body == paper.get_text()
    assert f"https://survey.example/{language}/suivi" in message.body
    assert f'<a href="https://survey.example/{language}/suivi"' in (message.html or "")
    assert "Un mot." in message.body
    assert row(reference).state is CaseState.CLOSED
    with database.reading() as session:
        assert session.scalars(select(Outbox.state).where(Outbox.message_id == message.id)).one() == "waiting"


def test_without_a_survey_there_is_no_link_and_no_word_is_needed(
    an: Desk, file: File, row: Row, database: Database
) -> None:
    reference = _settled(an, file, channel=Channel.EMAIL)

    sent = an.send(f"/staff/cases/{reference}/closing", "send")

    assert sent.status_code == 303, errors_of(sent)
    (message,) = _messages(database)
    assert "survey" not in message.body
    assert message.body.count("http") == 0
    assert row(reference).state is CaseState.CLOSED


def test_nothing_is_said_while_something_is_owed(an: Desk, file: File, row: Row, database: Database) -> None:
    reference = file(channel=Channel.EMAIL)

    answer = an.send(f"/staff/cases/{reference}/closing", "preview", text="Au revoir.")

    assert answer.status_code == 409
    assert fields_of(form_of(soup_of(answer)))["text"] == "Au revoir."
    assert an.send(f"/staff/cases/{reference}/closing", "send").status_code == 409
    assert _messages(database) == []
    assert row(reference).state is not CaseState.CLOSED


def test_a_closing_letter_on_paper_is_posted_after_the_file_is_closed(
    an: Desk, file: File, row: Row, database: Database
) -> None:
    reference = _settled(
        an, file, channel=Channel.POST, requester_address="Rue Haute 1\n1000 Bruxelles", requester_email=None
    )
    an.send(f"/staff/cases/{reference}/closing", "send")

    posted = an.send(f"/staff/cases/{reference}/left", left_on=brussels_day(datetime.now(UTC)).isoformat())

    assert posted.status_code == 303, errors_of(posted)
    assert _messages(database)[0].left_on == brussels_day(datetime.now(UTC))
    assert row(reference).state is CaseState.CLOSED


def test_both_ways_to_close_are_offered_once_nothing_is_owed(an: Desk, file: File) -> None:
    def offered(reference: str) -> set[str]:
        links = an.page(f"/staff/cases/{reference}").select(".staff-acts a[href^='/']")
        return {str(link["href"]).rsplit("/", 1)[1] for link in links} & {"close", "closing"}

    assert offered(file()) == set()
    assert offered(_settled(an, file)) == {"close", "closing"}
