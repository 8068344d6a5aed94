"""A wrong name, number or address is put right: answers follow, and no stranger keeps a code that works."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, leaving, letters
from tracker.casework.contact import correct_contact
from tracker.casework.drafting import Draft
from tracker.casework.errors import CaseChanged, Missing, NotPermitted
from tracker.casework.house import Actor
from tracker.charter.words import Channel, ChannelReason, Direction, MessageKind, Nature, Role
from tracker.correspondence.tracking import tracking_code
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Message, Outbox
from tracker.models.staff import Staff

HOUSE = make_house()
NOW = MONDAY + timedelta(days=1)
KNOWN: dict[str, Any] = {
    "name": "Claire Dubois", "email": "claire.dubois@example.org", "phone": None, "fax": None, "address": None,
    "reason": "She called: one letter was wrong.",
}  # fmt: skip


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def clerk(session: Session) -> Actor:
    return acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))


def _correct(session: Session, case: Case, actor: Actor, *, seen: int | None = None, **changes: Any) -> Case:
    return correct_contact(
        session, HOUSE, reference=case.reference, actor=actor, now=NOW, seen=seen, **KNOWN | changes
    )


def _codes(session: Session, case: Case) -> list[Message]:
    kind = Message.kind == MessageKind.TRACKING_CODE
    return list(session.scalars(select(Message).where(Message.case_id == case.id, kind)))


def _messages(session: Session, case: Case) -> list[Message]:
    return list(session.scalars(select(Message).where(Message.case_id == case.id).order_by(Message.number)))


def test_an_answer_that_bounced_goes_to_the_right_address(session: Session, clerk: Actor) -> None:
    case = make_case(session, service="CONSULAR", channel=Channel.EMAIL)
    wrote: dict[str, Any] = {"reference": case.reference, "actor": clerk, "now": NOW, "seen": None}
    first = letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **wrote)
    leaving.on_left(
        session, HOUSE, session.scalars(select(Outbox).where(Outbox.message_id == first.id)).one(), now=NOW
    )
    assert case.next_due_on is None
    leaving.void_leaving(session, HOUSE, message_number=first.number, evidence="550 no such user", **wrote)

    _correct(session, case, clerk, email="claire.dubois@example.com")
    again = letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **wrote)

    assert (first.address, again.address) == ("claire.dubois@example.org", "claire.dubois@example.com")
    assert case.next_due_on is not None  # writing keeps nothing: the second still has to leave


def test_the_code_that_went_to_a_stranger_is_void_and_a_new_one_goes_to_the_right_address(
    session: Session, clerk: Actor
) -> None:
    case = make_case(session, service="CONSULAR")

    _correct(session, case, clerk, email="claire.dubois@example.com", phone="+32 470 12 34 56")

    session.flush()
    assert case.code_version == 2
    assert [message.address for message in _codes(session, case)] == ["claire.dubois@example.com"]
    entry = session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq.desc())).first()
    assert entry is not None
    assert (entry.verb, entry.actor, entry.details["reason"]) == ("correct_contact", clerk.name, KNOWN["reason"])
    assert entry.details["changed"] == {
        "email": {"before": "claire.dubois@example.org", "after": "claire.dubois@example.com"},
        "phone": {"before": None, "after": "+32 470 12 34 56"},
    }


@pytest.mark.parametrize(
    ("channel", "right", "by"),
    [
        (Channel.EMAIL, {}, (Channel.EMAIL, KNOWN["email"], ["waiting"])),
        (Channel.POST, {}, (Channel.EMAIL, KNOWN["email"], ["waiting"])),
        (Channel.POST, {"email": None, "address": "Rue Haute 1"}, (Channel.POST, "Rue Haute 1", [])),
    ],
)
def test_whoever_could_not_be_told_gets_the_acknowledgement_with_the_address(
    session: Session, clerk: Actor, channel: Channel, right: dict[str, Any], by: tuple[Channel, str, list[str]]
) -> None:
    case = make_case(session, service="CONSULAR", channel=channel, requester_email=None)
    assert [m.direction for m in _messages(session, case)] == [Direction.IN]

    _correct(session, case, clerk, **right)

    _request, told = _messages(session, case)
    assert (told.kind, case.code_version) == (MessageKind.ACKNOWLEDGEMENT, 1)
    waits = session.scalars(select(Outbox.state).where(Outbox.message_id == told.id)).all()
    assert (told.channel, told.address, waits) == by
    handler = session.get_one(Staff, case.handler_id)
    due = case.next_due_on
    assert due is not None
    code = tracking_code(HOUSE.secret, case.reference, 1)
    for said in (case.reference, code, handler.phone, f"{due.day} ", str(due.year)):
        assert said in told.body, said

    _correct(
        session, case, clerk, **KNOWN | {"email": "claire@right.example"}
    )  # from now on it is the code that is new
    assert [m.kind for m in _messages(session, case)][2:] == [MessageKind.TRACKING_CODE]


def test_a_complaint_that_could_not_be_acknowledged_is_acknowledged_as_one(session: Session, clerk: Actor) -> None:
    case = make_case(session, service="CONSULAR", requester_email=None, nature=Nature.COMPLAINT)
    clerk = acting(session.get_one(Staff, case.handler_id))

    _correct(session, case, clerk)

    assert [m.kind for m in _messages(session, case)][1:] == [MessageKind.COMPLAINT_ACKNOWLEDGEMENT]


def test_a_sensitive_case_is_not_acknowledged_by_mail(session: Session, clerk: Actor) -> None:
    case = make_case(session, service="CONSULAR", requester_email=None, sensitive=True)

    _correct(session, case, acting(session.get_one(Staff, case.handler_id)))

    assert len(_messages(session, case)) == 1


def test_another_number_leaves_the_code_as_it_is(session: Session, clerk: Actor) -> None:
    case = make_case(session, service="CONSULAR")

    _correct(session, case, clerk, phone="+32 470 12 34 56")

    assert (case.requester_phone, case.code_version, _codes(session, case)) == ("+32 470 12 34 56", 1, [])


def test_the_way_back_follows_the_addresses(session: Session, clerk: Actor) -> None:
    case = make_case(session, service="CONSULAR", channel=Channel.POST)  # it came by post, with no address on it
    assert (case.reply_channel, case.reply_channel_reason) == (Channel.EMAIL, ChannelReason.NO_ADDRESS)

    _correct(session, case, clerk, address="Rue Haute 1\n1000 Bruxelles")
    assert (case.reply_channel, case.reply_channel_reason) == (Channel.POST, None)

    _correct(session, case, clerk, email=None)
    assert (case.reply_channel, case.reply_channel_reason) == (Channel.WEB, ChannelReason.NO_ADDRESS)


def test_a_sensitive_case_says_nothing_by_mail(session: Session, clerk: Actor) -> None:
    case = make_case(session, service="CONSULAR", sensitive=True)
    assignment.assign(
        session, HOUSE, reference=case.reference, handler_id=clerk.staff_id or 0, actor=Actor("system", None),
        now=NOW, seen=None,
    )  # fmt: skip

    _correct(session, case, clerk, email="claire.dubois@example.com")

    assert (case.code_version, _codes(session, case)) == (2, [])


def test_what_is_refused(session: Session, clerk: Actor) -> None:
    case = make_case(session, service="CONSULAR")
    stranger = acting(make_staff(session, "cy.peeters@suivi.example", Role.CLERK, "M1"))

    with pytest.raises(Missing):
        _correct(session, case, clerk, reason="  ")
    with pytest.raises(Missing):
        _correct(session, case, clerk, name=" ")
    with pytest.raises(NotPermitted):
        _correct(session, case, stranger, email=None)
    with pytest.raises(CaseChanged):
        _correct(session, case, clerk, email=None, seen=0)
    assert (case.requester_email, case.version) == ("claire.dubois@example.org", 1)
