"""What was answered in the conversation itself has a reference, that conversation as its answer, and is over."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import INTAKE, MONDAY, acting, make_house, make_staff, settle
from tracker.casework.entering import enter
from tracker.casework.house import Actor
from tracker.casework.register import Registered
from tracker.charter.counting import brussels_day
from tracker.charter.words import Act, CaseState, Channel, Direction, MessageKind, Nature, Role
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Obligation
from tracker.models.paper import RegisterEntry

CALL: dict[str, Any] = {"channel": Channel.PHONE, "requester_phone": "+32 470 12 34 56", "confirmed": True}
LATER = MONDAY + timedelta(hours=3)


@pytest.fixture
def people(database: Database) -> dict[str, Actor]:
    """A clerk of ME6, one of M1 and a dispatcher."""
    with database.writing() as session:
        settle(session)
        return {
            "an": acting(make_staff(session, "an@example.org", Role.CLERK, "ME6")),
            "cy": acting(make_staff(session, "cy@example.org", Role.CLERK, "M1")),
            "di": acting(make_staff(session, "di@example.org", Role.DISPATCHER)),
        }


def _enter(
    database: Database, actor: Actor, answered: str = "À la rue des Petits Carmes.", **more: Any
) -> Registered:
    intake = replace(INTAKE, **CALL | more)
    with database.writing() as session:
        return enter(session, make_house(), intake=intake, answered=answered, actor=actor, now=LATER)


def _messages(database: Database) -> list[Message]:
    with database.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.number)))


@pytest.mark.parametrize("who", ["an", "cy", "di"])
@pytest.mark.parametrize("channel", [Channel.PHONE, Channel.COUNTER])
def test_answered_at_once_keeps_the_promise_and_is_over(
    database: Database, people: dict[str, Actor], channel: Channel, who: str
) -> None:
    done = _enter(database, people[who], channel=channel)

    request, answer = _messages(database)
    assert (answer.kind, answer.act, answer.channel) == (MessageKind.ANSWER, Act.ANSWER, channel)
    assert (answer.left_on, answer.left_at) == (brussels_day(MONDAY), LATER)
    assert "À la rue des Petits Carmes." in answer.body
    assert answer.signature is not None
    with database.reading() as session:
        case = session.scalars(select(Case)).one()
        owed = session.scalars(select(Obligation)).one()
        book = session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)).all()
        mails = session.scalars(select(Outbox)).all()
    assert list(verify(database, make_house().rules, make_house().calendar)) == []
    assert (case.reference, case.state, case.next_due_on) == (done.case.reference, CaseState.CLOSED, None)
    assert owed.settled_on == brussels_day(MONDAY)
    assert done.owed == ()
    assert [(line.direction, line.number, line.message_id) for line in book] == [
        (Direction.IN, 1, request.id), (Direction.OUT, 1, answer.id),
    ]  # fmt: skip
    assert mails == [], "nobody is told that an answer will come"


def test_a_caller_who_leaves_nothing_but_a_name_has_a_reference_too(
    database: Database, people: dict[str, Actor]
) -> None:
    done = _enter(database, people["an"], requester_phone=None, requester_email=None)

    assert done.code
    assert _messages(database)[1].left_on is not None


def test_another_way_chosen_for_later_answers_is_kept(database: Database, people: dict[str, Actor]) -> None:
    _enter(database, people["an"], answer_by=Channel.EMAIL)

    with database.reading() as session:
        assert session.scalars(select(Case.reply_channel)).one() is Channel.EMAIL


@pytest.mark.parametrize(
    ("more", "state", "owes"),
    [
        ({"nature": Nature.COMPLAINT}, CaseState.OPEN, False),
        ({"nature": Nature.MISDIRECTED, "service": "ME6"}, CaseState.OPEN, True),
        ({"urgent": True, "service": "ME6"}, CaseState.OPEN, False),
    ],
)
def test_what_somebody_still_has_to_look_at_stays_open(
    database: Database, people: dict[str, Actor], more: dict[str, Any], state: CaseState, owes: bool
) -> None:
    _enter(database, people["an"], **more)

    with database.reading() as session:
        case = session.scalars(select(Case)).one()
    assert (case.state, case.next_due_on is not None) == (state, owes)


def test_nothing_said_or_another_way_in_is_an_ordinary_request(database: Database, people: dict[str, Actor]) -> None:
    _enter(database, people["an"], answered="  \n")
    _enter(database, people["an"], channel=Channel.POST, requester_address="Rue Haute 1\n1000 Bruxelles")

    with database.reading() as session:
        assert all(case.next_due_on is not None for case in session.scalars(select(Case)))
        assert MessageKind.ANSWER not in session.scalars(select(Message.kind)).all()


def test_the_same_page_twice_is_answered_once(database: Database, people: dict[str, Actor]) -> None:
    first = _enter(database, people["an"], submission_key="k" * 24)
    again = _enter(database, people["an"], submission_key="k" * 24)

    assert again.again
    assert again.case.reference == first.case.reference
    assert len(_messages(database)) == 2
