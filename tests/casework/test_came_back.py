"""A message that came back alarms until one to the same reader has left and arrived; the records say the same."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import leaving, letters
from tracker.casework.drafting import Draft
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, ChannelReason, MessageKind, Role
from tracker.correspondence.gate import SendRefused
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox

HOUSE = make_house()
LATER = MONDAY + timedelta(hours=3)
LETTER = Draft(text="Bonjour.", channel=Channel.POST, channel_reason=ChannelReason.NO_ADDRESS)


@pytest.fixture
def with_case(database: Database) -> dict[str, Any]:
    with database.writing() as session:
        settle(session)
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "ME6"))
        case = make_case(session, service="ME6", requester_address="Rue Haute 1\n1000 Bruxelles")
        return {"reference": case.reference, "actor": clerk, "now": LATER, "seen": None}


def _alarmed(database: Database) -> bool:
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []
    with database.reading() as session:
        return session.scalars(select(Case.not_sent)).one()


def _voided(database: Database, number: int, with_case: dict[str, Any]) -> None:
    with database.writing() as session:
        leaving.void_leaving(session, HOUSE, message_number=number, evidence="550 no such user", **with_case)


def _mailed(database: Database, with_case: dict[str, Any]) -> int:
    with database.writing() as session:
        message = letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **with_case)
        line = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        line.state, line.settled_at = "sent", LATER
        leaving.on_left(session, HOUSE, line, now=LATER)
        return message.number


def test_it_alarms_until_the_same_words_have_gone_by_post(database: Database, with_case: dict[str, Any]) -> None:
    number = _mailed(database, with_case)
    assert not _alarmed(database)

    _voided(database, number, with_case)
    assert _alarmed(database)

    with database.writing() as session:
        letter = letters.answer(session, HOUSE, draft=LETTER, **with_case).number
    assert _alarmed(database), "it is written, and has not left"

    with database.writing() as session:
        leaving.record_leaving(session, HOUSE, message_number=letter, left_on=brussels_day(LATER), **with_case)
    assert not _alarmed(database)


def test_a_letter_that_comes_back_too_alarms_again(database: Database, with_case: dict[str, Any]) -> None:
    _voided(database, _mailed(database, with_case), with_case)
    again = _mailed(database, with_case)
    assert not _alarmed(database)

    _voided(database, again, with_case)

    assert _alarmed(database)


def test_what_left_before_does_not_stop_it(database: Database, with_case: dict[str, Any]) -> None:
    _mailed(database, with_case)
    second = _mailed(database, with_case)
    with database.reading() as session:
        kinds = session.scalars(select(Message.kind).order_by(Message.number)).all()
    assert kinds.count(MessageKind.ANSWER) == 2

    _voided(database, second, with_case)

    assert _alarmed(database)


def test_the_reason_that_there_is_no_address_fits_only_once_what_went_there_came_back(
    database: Database, with_case: dict[str, Any]
) -> None:
    number = _mailed(database, with_case)
    with pytest.raises(SendRefused), database.writing() as session:
        letters.answer(session, HOUSE, draft=LETTER, **with_case)

    _voided(database, number, with_case)
    with database.writing() as session:
        assert letters.answer(session, HOUSE, draft=LETTER, **with_case).channel_reason is ChannelReason.NO_ADDRESS

    _mailed(database, with_case)
    with pytest.raises(SendRefused), database.writing() as session:
        letters.answer(session, HOUSE, draft=LETTER, **with_case)
