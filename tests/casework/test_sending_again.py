"""What Suivi wrote by itself and never arrived is sent again: the same way or another, with the reason kept."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import contact, leaving, letters
from tracker.casework.drafting import Draft
from tracker.casework.errors import Missing
from tracker.casework.house import SYSTEM
from tracker.casework.sending_again import NotLost, send_again
from tracker.charter.words import (
    Act,
    Channel,
    ChannelReason,
    MessageKind,
    Nature,
    ObligationKind,
    ObligationState,
    Role,
    Verb,
)
from tracker.correspondence.gate import SendRefused
from tracker.insight.casepage import lost_messages
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Obligation

HOUSE = make_house()
TUESDAY = MONDAY + timedelta(days=1)
POSTAL = "Rue Haute 1\n1000 Bruxelles"
CLAIRE = "claire.dubois@example.org"


@pytest.fixture
def given(database: Database) -> dict[str, Any]:
    """What every use case is given of a case whose requester has an e-mail address that turns out to be dead."""
    with database.writing() as session:
        settle(session)
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
        case = make_case(session, service="CONSULAR", requester_email=CLAIRE, requester_address=POSTAL)
        return {"reference": case.reference, "actor": clerk, "now": TUESDAY, "seen": None}


@pytest.fixture(autouse=True)
def _consistent(database: Database, given: dict[str, Any]) -> Iterator[None]:
    yield
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def case_of(session: Session) -> Case:
    return session.scalars(select(Case)).one()


def leaves(session: Session, message: Message) -> None:
    """Let the mail server accept a message."""
    line = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
    leaving.on_left(session, HOUSE, line, now=TUESDAY)
    line.state, line.settled_at = "sent", TUESDAY
    session.flush()


def bounces(session: Session, given: dict[str, Any], kind: MessageKind = MessageKind.ACKNOWLEDGEMENT) -> Message:
    """Let a message leave and come back."""
    message = session.scalars(select(Message).where(Message.kind == kind)).one()
    leaves(session, message)
    leaving.void_leaving(session, HOUSE, message_number=message.number, evidence="5.1.1", **given | {"actor": SYSTEM})
    session.flush()
    return message


def again(session: Session, given: dict[str, Any], number: int, **more: Any) -> Message:
    how: dict[str, Any] = {"channel": Channel.EMAIL, "address": None, "channel_reason": None, "reason": "Revenu"}
    message = send_again(session, HOUSE, message_number=number, **given | how | more)
    session.flush()
    return message


def test_an_acknowledgement_goes_again_to_the_address_that_was_put_right(
    database: Database, given: dict[str, Any]
) -> None:
    with database.writing() as session:
        lost = bounces(session, given)
        assert case_of(session).not_sent
        contact.correct_contact(
            session, HOUSE, name="Claire Dubois", email="claire@right.example", phone=None, fax=None, address=POSTAL,
            reason="Faute de frappe", **given,
        )  # fmt: skip

        message = again(session, given, lost.number)

        assert (message.kind, message.address, message.channel_reason) == (lost.kind, "claire@right.example", None)
        assert case_of(session).reference in message.body
        assert session.scalars(select(Outbox.state).where(Outbox.message_id == message.id)).one() == "waiting"
        assert lost_messages(session, message.case_id) == ()
        written = session.scalars(select(History).where(History.verb == Verb.WRITE).order_by(History.id)).all()[-1]
        assert (written.details["again"], written.details["reason"]) == (lost.number, "Revenu")
        leaves(session, message)
        assert not case_of(session).not_sent


def test_it_goes_by_post_when_the_usual_address_is_dead(database: Database, given: dict[str, Any]) -> None:
    with database.writing() as session:
        lost = bounces(session, given)

        message = again(session, given, lost.number, channel=Channel.POST)

        assert (message.channel, message.address) == (Channel.POST, POSTAL)
        assert message.channel_reason is ChannelReason.NO_ADDRESS
        assert session.scalar(select(Outbox.id).where(Outbox.message_id == message.id)) is None


def test_another_way_than_the_usual_one_needs_its_reason_while_that_is_open(
    database: Database, given: dict[str, Any]
) -> None:
    with database.writing() as session:
        line = session.scalars(select(Outbox)).one()
        line.state, line.settled_at, line.last_error = "failed", TUESDAY, "451"
        leaving.on_failed(session, line)
        session.flush()
        with pytest.raises(SendRefused, match="reason"):
            again(session, given, 2, channel=Channel.POST)

    with database.writing() as session:
        asked = again(session, given, 2, channel=Channel.POST, channel_reason=ChannelReason.ASKED)
        assert asked.channel_reason is ChannelReason.ASKED


def test_a_transmission_that_came_back_goes_to_another_address_and_keeps_the_promise_when_it_leaves(
    database: Database, given: dict[str, Any]
) -> None:
    with database.writing() as session:
        letters.transmit(session, HOUSE, draft=Draft(to="EXT:PENSIONS"), **given)
        session.flush()
        notice = session.scalars(select(Message).where(Message.kind == MessageKind.TRANSMISSION_NOTICE)).one()
        leaves(session, notice)
        lost = bounces(session, given, MessageKind.TRANSMISSION)
        owed = select(Obligation.state).where(Obligation.kind == ObligationKind.TRANSMISSION)
        assert session.scalars(owed).one() is ObligationState.OPEN
    with pytest.raises(SendRefused), database.writing() as session:
        again(session, given, lost.number, address="not an address")

    with database.writing() as session:
        message = again(session, given, lost.number, address="dossiers@pensions.example")

        assert (message.act, message.service_code, message.body) == (Act.FORWARD, "EXT:PENSIONS", lost.body)
        assert message.address == "dossiers@pensions.example"
        assert case_of(session).nature is Nature.MISDIRECTED
        assert len(session.scalars(select(Message).where(Message.kind == notice.kind)).all()) == 1
        assert session.scalars(owed).one() is ObligationState.OPEN
        leaves(session, message)
        assert session.scalars(owed).one() is ObligationState.DISCHARGED


def test_what_is_not_lost_is_not_sent_again(database: Database, given: dict[str, Any]) -> None:
    with pytest.raises(NotLost), database.writing() as session:
        again(session, given, 2)  # on its way
    with database.writing() as session:
        answer = letters.answer(session, HOUSE, draft=Draft(text="Voici."), **given)
        number = answer.number
        session.flush()
        bounces(session, given, MessageKind.ANSWER)
    for one in (number, 1, 99):  # an answer has a page of its own
        with pytest.raises(NotLost), database.writing() as session:
            again(session, given, one)
    with database.writing() as session:
        lost = bounces(session, given)
    with pytest.raises(Missing), database.writing() as session:
        again(session, given, lost.number, reason=" ")
    with database.writing() as session:
        again(session, given, lost.number)
    with pytest.raises(NotLost), database.writing() as session:
        again(session, given, lost.number)


def test_a_sensitive_case_is_not_written_to_by_mail_again(database: Database, given: dict[str, Any]) -> None:
    with database.writing() as session:
        lost = bounces(session, given)
        session.execute(update(Case).values(sensitive=True, reply_channel=Channel.POST))
        session.expire_all()
        with pytest.raises(SendRefused):
            again(session, given, lost.number)
    with database.writing() as session:
        session.execute(update(Case).values(sensitive=False, reply_channel=Channel.EMAIL))
