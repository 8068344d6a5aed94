"""Who is asked what they thought of an answer, what a reply is, and what an unhappy one leads to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.closing import answered, closed
from tests.factories import MONDAY, acting, make_house, make_staff, settle
from tracker.casework import surveys
from tracker.casework.follow import follow_up
from tracker.casework.house import CITIZEN, Actor
from tracker.casework.paper import facts_of
from tracker.casework.surveys import Given, NotAsked, NothingWrong, RepliedAlready, SurveyOver, UnknownSurvey
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Channel, Language, Nature, Opinion, Role, SurveyQuestion
from tracker.correspondence.incoming import read
from tracker.correspondence.letter import render
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.correspondence.survey_links import HIDDEN
from tracker.correspondence.tracking import tracking_code
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Obligation
from tracker.models.survey import SurveyAsked, SurveyReply

HOUSE = make_house()
SENDER = Sender(
    mail_from="suivi@example.be", base_url=HOUSE.base_url, attachments=Path("unused"), secret=HOUSE.secret
)
NOW = MONDAY + timedelta(days=1)
DAY = timedelta(days=1)


def given(answered: Opinion = Opinion.YES, remark: str = "") -> Given:
    return Given({**dict.fromkeys(SurveyQuestion, Opinion.YES), SurveyQuestion.ANSWERED: answered}, remark)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A unit of work on a database of each kind."""
    with database.writing() as session:
        yield session


@pytest.fixture
def clerk(session: Session) -> Actor:
    """A clerk of the consular service, in a house with its directory."""
    settle(session)
    return acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))


def the_survey(session: Session, case: Case) -> SurveyAsked:
    return session.scalars(select(SurveyAsked).where(SurveyAsked.case_id == case.id)).one()


@pytest.mark.parametrize("language", Language)
def test_the_closing_mail_asks_with_a_link_that_opens_the_questions_and_nothing_else(
    session: Session, clerk: Actor, language: Language
) -> None:
    official = Language.FR if language is Language.EN else None
    case, message = closed(session, HOUSE, clerk, now=NOW, language=language, official_language=official)

    asked = the_survey(session, case)
    code = surveys.code_of(HOUSE, case, asked.number)
    link = f"https://suivi.example/{language}/survey/{case.reference}/"
    assert f"{link}{HIDDEN}" in message.body
    assert code not in f"{message.body}{message.html}"
    row = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
    mail = parcel_of(session, row, SENDER).mail
    sent = [mail.get_body([kind]).get_content() for kind in ("plain", "html")]
    assert all(f"{link}{code}" in text and HIDDEN not in text for text in sent)
    quoting = f"Subject: Re\r\n\r\nThanks.\r\n\r\n> {link}{code}\r\n".encode()
    returned = read(quoting, mail_hosts=(), arrived_at=NOW, now=NOW)
    assert code not in f"{returned.text}{returned.new_text}{returned.quoted}"
    assert HIDDEN in returned.text
    assert (asked.message_id, asked.service_code, asked.until) == (
        message.id, "CONSULAR", brussels_day(NOW) + timedelta(days=60)
    )  # fmt: skip
    assert surveys.find_survey(session, HOUSE, reference=case.reference, code=code.lower(), now=NOW) is asked
    assert case.state is CaseState.CLOSED
    for wrong in ("", "AAAAA-AAAAA", tracking_code(HOUSE.secret, case.reference, 1)):
        with pytest.raises(UnknownSurvey):
            surveys.find_survey(session, HOUSE, reference=case.reference, code=wrong, now=NOW)
    with pytest.raises(UnknownSurvey):
        surveys.find_survey(session, HOUSE, reference="DOS-2026-0009999-00", code=code, now=NOW)
    with pytest.raises(SurveyOver):
        surveys.find_survey(session, HOUSE, reference=case.reference, code=code, now=NOW + 61 * DAY)


def test_a_letter_has_the_short_code_and_a_page_to_tick_before_it_is_kept_and_after(
    session: Session, clerk: Actor
) -> None:
    address = "Chaussée de Charleroi 145\n1060 Bruxelles"
    case, message = closed(session, HOUSE, clerk, now=NOW, channel=Channel.POST, requester_address=address)

    code = surveys.code_of(HOUSE, case, 1)
    assert f"https://suivi.example/fr/survey (code {HIDDEN})" in message.body
    facts = facts_of(session, HOUSE, case, message)
    assert f"https://suivi.example/fr/survey (code {code})" in facts.text
    pages = PdfReader(BytesIO(render(facts))).pages
    assert len(pages) == 2
    said = " ".join(pages[1].extract_text().split())
    assert all(one in said for one in (case.reference, code, "Je demande de rouvrir mon dossier"))
    assert said.count("En partie") == 3


def test_complaints_urgent_and_sensitive_cases_are_not_asked_nor_is_a_conversation(
    session: Session, clerk: Actor
) -> None:
    head = acting(make_staff(session, "bo@suivi.example", Role.HEAD, "CONSULAR"))
    coordinator = acting(make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS"))
    assert surveys.may_ask(session, HOUSE, answered(session, HOUSE, clerk, now=NOW), NOW)
    for who, more in (
        (coordinator, {"nature": Nature.COMPLAINT, "about_service": "CONSULAR"}),
        (clerk, {"urgent": True}),
        (head, {"sensitive": True}),
    ):
        case = answered(session, HOUSE, who, now=NOW, **more)
        assert not surveys.may_ask(session, HOUSE, case, NOW), more

    spoken = {"channel": Channel.PHONE, "requester_phone": "+32 470 12 34 56", "answer_by": Channel.PHONE}
    assert "/survey" not in closed(session, HOUSE, clerk, now=NOW, **spoken)[1].body
    assert session.scalar(select(func.count(SurveyAsked.id))) == 0


def test_nobody_is_asked_twice_in_three_months_about_other_cases_whatever_the_spelling(
    session: Session, clerk: Actor
) -> None:
    closed(session, HOUSE, clerk, now=NOW)
    for days, email, asked in ((30, "Claire.DUBOIS@example.org", False), (31, "other@example.org", True),
                               (92, "claire.dubois@example.org", True)):  # fmt: skip
        _, message = closed(session, HOUSE, clerk, now=NOW + days * DAY, requester_email=email)
        assert ("/survey/" in message.body) is asked, days
    often = replace(HOUSE, survey_months=0)
    assert "/survey/" in closed(session, often, clerk, now=NOW + 93 * DAY)[1].body
    elsewhere = replace(HOUSE, survey_url="https://survey.example/{language}")
    assert "https://survey.example/fr" in closed(session, elsewhere, clerk, now=NOW + 200 * DAY)[1].body
    assert session.scalar(select(func.count(SurveyAsked.id))) == 4


def test_a_reply_is_one_and_may_be_changed_until_the_end_and_discharges_nothing(
    session: Session, clerk: Actor
) -> None:
    case, _ = closed(session, HOUSE, clerk, now=NOW)
    asked, promises = the_survey(session, case), select(func.count(Obligation.id))
    before = session.scalar(promises)

    first = surveys.reply(session, asked, given(), channel=Channel.WEB, actor=CITIZEN, now=NOW + DAY)
    surveys.reply(session, asked, given(), channel=Channel.WEB, actor=CITIZEN, now=NOW + 2 * DAY)
    assert (first.replied_at, first.changed_at) == (NOW + DAY, None)
    surveys.reply(
        session, asked, given(Opinion.NO, " Pas du tout. "), channel=Channel.WEB, actor=CITIZEN, now=NOW + 3 * DAY
    )

    with pytest.raises(RepliedAlready):  # what they said is theirs: nobody of ours says something else in their place
        surveys.reply(session, asked, given(), channel=Channel.PHONE, actor=clerk, now=NOW + 4 * DAY)
    (row,) = session.scalars(select(SurveyReply))
    assert (row.answered, row.clear, row.remark, row.changed_at) == ("no", "yes", "Pas du tout.", NOW + 3 * DAY)
    assert session.scalar(promises) == before
    with pytest.raises(SurveyOver):
        surveys.reply(session, asked, given(), channel=Channel.WEB, actor=CITIZEN, now=NOW + 61 * DAY)


def test_an_unhappy_reply_opens_the_case_again_once_with_a_reply_of_its_own_due(
    session: Session, clerk: Actor
) -> None:
    case, _ = closed(session, HOUSE, clerk, now=NOW)
    asked, later = the_survey(session, case), NOW + 5 * DAY
    surveys.reply(session, asked, given(), channel=Channel.WEB, actor=CITIZEN, now=later)
    with pytest.raises(NothingWrong):
        surveys.reopen(session, HOUSE, asked, now=later)
    surveys.reply(session, asked, given(Opinion.PARTLY), channel=Channel.WEB, actor=CITIZEN, now=later)

    messages = {surveys.reopen(session, HOUSE, asked, now=later).id for _ in range(2)}

    (number,) = messages
    assert "En partie" in session.get_one(Message, number).body
    assert case.state is CaseState.OPEN
    assert case.next_due_on == brussels_day(later) + timedelta(days=15)


def test_an_unhappy_reply_becomes_a_linked_complaint_with_its_words(session: Session, clerk: Actor) -> None:
    case, _ = closed(session, HOUSE, clerk, now=NOW)
    asked = the_survey(session, case)
    surveys.reply(session, asked, given(Opinion.NO, "Trois mois !"), channel=Channel.WEB, actor=CITIZEN, now=NOW)

    made = {surveys.complain(session, HOUSE, asked, now=NOW + DAY).case.id for _ in range(2)}

    (number,) = made
    complaint = session.get_one(Case, number)
    assert (complaint.nature, complaint.about_case_id) == (Nature.COMPLAINT, case.id)
    assert complaint.requester_email == case.requester_email
    request = session.scalars(select(Message).where(Message.case_id == number, Message.number == 1)).one()
    assert request.body == "Trois mois !"
    assert case.state is CaseState.CLOSED


def test_a_file_opened_again_is_asked_about_its_new_answer(session: Session, clerk: Actor) -> None:
    case, _ = closed(session, HOUSE, clerk, now=NOW)
    more = NOW + 10 * DAY
    follow_up(
        session, HOUSE, reference=case.reference, text="Et pour le Maroc ?", channel=Channel.WEB, received_at=more,
        actor=CITIZEN, now=more,
    )  # fmt: skip
    assert not surveys.may_ask(session, HOUSE, case, more)
    session.execute(
        text("UPDATE messages SET left_at = :at WHERE case_id = :case AND kind = 'answer'"),
        {"at": str(more + DAY), "case": case.id},
    )
    assert surveys.may_ask(session, HOUSE, case, more + DAY)


def test_by_telephone_the_questions_are_asked_aloud_of_whom_would_be_asked(session: Session, clerk: Actor) -> None:
    spoken = {"channel": Channel.PHONE, "requester_phone": "+32 470 12 34 56", "answer_by": Channel.PHONE}
    case, _ = closed(session, HOUSE, clerk, now=NOW, requester_email=None, **spoken)
    with_case = {"reference": case.reference, "actor": clerk, "channel": Channel.PHONE, "seen": None}

    asked = surveys.ask_aloud(session, HOUSE, now=NOW + DAY, **with_case)
    row = surveys.reply(session, asked, given(), channel=Channel.PHONE, actor=clerk, now=NOW + DAY)
    again = surveys.ask_aloud(session, HOUSE, now=NOW + 2 * DAY, **with_case)

    assert again is asked
    assert row.entered_by == clerk.staff_id
    other = answered(session, HOUSE, clerk, now=NOW + DAY)
    with pytest.raises(NotAsked):
        surveys.ask_aloud(session, HOUSE, now=NOW + DAY, **{**with_case, "reference": other.reference})


def test_verify_sees_a_survey_that_was_changed_or_taken_out(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
        case, _ = closed(session, HOUSE, clerk, now=NOW)
        asked = the_survey(session, case)
        surveys.reply(session, asked, given(Opinion.NO), channel=Channel.WEB, actor=CITIZEN, now=NOW + DAY)
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []

    with database.writing() as session:
        session.execute(text("UPDATE survey_replies SET answered = 'yes'"))
    assert [one.table for one in verify(database, HOUSE.rules, HOUSE.calendar)] == ["survey_replies"]
    with database.writing() as session:
        session.execute(text("DELETE FROM survey_asked"))
    assert [one.table for one in verify(database, HOUSE.rules, HOUSE.calendar)] == ["survey_asked"]
