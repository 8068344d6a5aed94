"""The survey at the desk: results that give nobody away, and what comes back on a slip or is said aloud."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from tests.closing import closed
from tests.factories import acting, make_house
from tests.web.staff.conftest import Desk, email_of, errors_of
from tracker.casework import surveys
from tracker.casework.figures import count_figures
from tracker.casework.house import CITIZEN
from tracker.casework.surveys import Given
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Channel, Language, Nature, Opinion, SurveyQuestion
from tracker.insight.survey import remarks, results
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.staff import Staff
from tracker.models.survey import SurveyAsked, SurveyReply

TICKED = {"answered": "yes", "clear": "partly", "in_time": "yes", "wish": "nothing"}


@pytest.fixture
def close(app: Flask, database: Database) -> Callable[..., str]:
    """Close a case of ME6 that was answered an hour before; gives its reference."""

    def do(**more: Any) -> str:
        now, opinion, remark = (
            datetime.now(UTC) - timedelta(hours=2),
            more.pop("opinion", None),
            more.pop("remark", ""),
        )
        house = app.extensions["suivi"].house
        with database.writing() as session:
            clerk = session.scalars(select(Staff).where(Staff.email == email_of("an"))).one()
            case, message = closed(session, house, acting(clerk), now=now, service="ME6", **more)
            asked = session.scalars(select(SurveyAsked).where(SurveyAsked.case_id == case.id)).one_or_none()
            if asked is not None:
                message.left_on, message.left_at = brussels_day(now), now
            if asked is not None and opinion is not None:
                said = Given(dict.fromkeys(SurveyQuestion, opinion), remark)
                surveys.reply(session, asked, said, channel=Channel.WEB, actor=CITIZEN, now=now)
            return case.reference

    return do


def count(database: Database) -> None:
    """Count what the scheduler counts every quarter of an hour."""
    count_figures(database, make_house().calendar, now=datetime.now(UTC))


def test_figures_are_shown_from_five_replies_on_to_whom_they_concern(
    desk: Callable[[str], Desk], close: Callable[..., str], database: Database
) -> None:
    for n in range(6):
        opinion = (Opinion.YES, Opinion.YES, Opinion.NO, Opinion.PARTLY, None, None)[n]
        close(
            requester_email=f"one{n}@example.org",
            opinion=opinion,
            remark="Claire DUBOIS le dit : bien." if n == 2 else "",
        )
    bo, el = desk("bo"), desk("el")
    count(database)

    few = bo.page("/staff/survey").get_text(" ", strip=True)
    assert few.count("fewer than 5") == 2  # in the explanation, and in the line of the month
    assert "%" not in few
    close(requester_email="one7@example.org", opinion=Opinion.NO)
    count(database)
    for who in (bo, el, desk("fa")):
        said = who.page("/staff/survey").get_text(" ", strip=True)
        assert "71%" in said
        assert ("… … le dit : bien." in said) is (who is bo)
        assert "Dubois" not in said
        assert "DUBOIS" not in said
    assert "Nobody was asked" in desk("hu").page("/staff/survey").get_text()  # a head of no service
    for who in ("an", "di", "co", "gi"):
        assert desk(who).get("/staff/survey").status_code == 403
        assert desk(who).get("/staff/survey.csv").status_code == 403
    (line,) = csv.DictReader(StringIO(el.get("/staff/survey.csv").text))
    assert (line["service"], line["asked"], line["replies"]) == ("ME6", "7", "5")
    assert (line["answered_yes"], line["answered_partly"], line["answered_no"]) == ("2", "1", "2")

    statements: list[str] = []
    with database.reading() as session:
        event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        since = brussels_day(datetime.now(UTC)) - timedelta(days=300)
        results(session, since=since, language=Language.FR)
        remarks(session, service_code="ME6", since=since)
    assert len([one for one in statements if one.startswith("SELECT")]) == 3


def test_a_question_that_never_arrived_was_not_asked(
    close: Callable[..., str], desk: Callable[[str], Desk], database: Database
) -> None:
    close()
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == "closing")).one()
        message.voided_at, message.void_evidence = datetime.now(UTC), "550 5.1.1"

    count(database)
    assert "Nobody was asked" in desk("bo").page("/staff/survey").get_text()


def test_a_slip_opens_the_file_again_or_becomes_a_complaint(
    an: Desk, close: Callable[..., str], row: Callable[[str], Case], database: Database
) -> None:
    paper = {"channel": Channel.POST, "requester_address": "Rue de la Loi 1\n1000 Bruxelles"}
    first, second = close(**paper), close(requester_email="bos@example.org", **paper)
    path = f"/staff/cases/{first}/survey"

    nothing = an.send(path)
    assert nothing.status_code == 400
    assert errors_of(nothing).count("Choose one of the three") == 3
    happy = an.send(path, channel="post", **TICKED | {"clear": "yes", "wish": "reopen"})
    assert happy.status_code == 409
    sent = an.send(path, channel="post", **TICKED | {"wish": "reopen", "remark": "Et le Maroc ?"})
    assert sent.status_code == 303, errors_of(sent)
    case = row(first)
    assert (case.state, case.next_due_on) == (CaseState.OPEN, brussels_day(datetime.now(UTC)) + timedelta(days=30))
    complained = an.send(f"/staff/cases/{second}/survey", channel="post", **TICKED | {"wish": "complain"})
    assert complained.location.endswith("/entered")
    with database.reading() as session:
        complaint = session.scalars(select(Case).where(Case.nature == Nature.COMPLAINT)).one()
        assert (complaint.about_case_id, complaint.channel) == (row(second).id, Channel.POST)
        assert {reply.entered_by for reply in session.scalars(select(SurveyReply))} == {
            an.staff.id if an.staff else 0
        }


def test_the_questions_are_read_aloud_to_whom_would_be_asked_and_to_nobody_else(
    an: Desk, close: Callable[..., str], row: Callable[[str], Case], database: Database
) -> None:
    spoken = {"channel": Channel.PHONE, "requester_phone": "+32 470 12 34 56", "answer_by": Channel.PHONE}
    reference = close(requester_email=None, **spoken)
    assert f"/staff/cases/{reference}/survey" in str(an.page(f"/staff/cases/{reference}"))

    for answer in ("no", "yes"):
        sent = an.send(f"/staff/cases/{reference}/survey", channel="phone", **TICKED | {"answered": answer})
        assert sent.status_code == 303, errors_of(sent)
    with database.reading() as session:
        assert session.scalars(select(SurveyReply.answered)).all() == ["yes"]
        assert session.scalars(select(SurveyAsked.message_id)).all() == [None]
    assert "A reply to the survey was entered." in an.page(f"/staff/cases/{reference}").get_text()
    other = close(requester_email=None, **spoken)
    refused = an.send(f"/staff/cases/{other}/survey", channel="phone", **TICKED)
    assert refused.status_code == 409
    assert "Nobody is asked about this file" in errors_of(refused)
