"""What staff teach the router: kept in the commit of the act, masked, one for each case, never of a sensitive one."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, follow, letters
from tracker.casework.drafting import Draft
from tracker.casework.house import Actor
from tracker.casework.leaving import on_left
from tracker.casework.teaching import CONFIRMED, CORRECTED, taught
from tracker.charter.words import Channel, Nature, Role
from tracker.insight.routing import models
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox
from tracker.models.routing import RoutingExample

HOUSE = make_house()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session on a settled database."""
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def dispatcher(session: Session) -> Actor:
    return acting(make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER))


def route(session: Session, case: Case, service: str, actor: Actor) -> None:
    assignment.route(
        session,
        HOUSE,
        reference=case.reference,
        service_code=service,
        reason="not ours",
        actor=actor,
        now=MONDAY,
        seen=None,
    )


def transmit(session: Session, case: Case, body: str, actor: Actor) -> list[Message]:
    draft = Draft(text="Compétence.", to=body, to_address="info@body.example")
    return letters.transmit(session, HOUSE, reference=case.reference, draft=draft, actor=actor, now=MONDAY, seen=None)


def kept(session: Session) -> list[RoutingExample]:
    return list(session.scalars(select(RoutingExample)))


def test_a_proposal_confirmed_and_one_corrected_are_kept_with_what_was_proposed(
    session: Session, dispatcher: Actor
) -> None:
    right, wrong = make_case(session), make_case(session)
    assert right.routing is not None
    first = right.routing["suggestions"][0]["code"]

    route(session, right, first, dispatcher)
    route(session, wrong, "PROTOCOL", dispatcher)

    assert [(one.case_id, one.proposed, one.service_code, one.noted_by) for one in kept(session)] == [
        (right.id, first, first, dispatcher.staff_id), (wrong.id, first, "PROTOCOL", dispatcher.staff_id)
    ]  # fmt: skip
    assert {one.model for one in kept(session)} == {HOUSE.router().model.version}
    assert [(one.code, one.weight) for one in taught(session)] == [(first, CONFIRMED), ("PROTOCOL", CORRECTED)]
    told = models(session, {"version": "shipped"})
    assert (told.corrections, told.confirmations) == (1, 1)


def test_the_latest_service_of_a_case_counts(session: Session, dispatcher: Actor) -> None:
    case = make_case(session)
    for service in ("M3", "M5"):
        route(session, case, service, dispatcher)
    assert [one.service_code for one in kept(session)] == ["M5"]


def test_a_transmission_teaches_and_a_return_takes_that_back(session: Session, dispatcher: Actor) -> None:
    case = make_case(session)
    for message in transmit(session, case, "EXT:PENSIONS", dispatcher):
        outbox = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        on_left(session, HOUSE, outbox, now=MONDAY)
    assert [one.service_code for one in kept(session)] == ["EXT:PENSIONS"]

    follow.come_back(
        session, HOUSE, reference=case.reference, channel=Channel.EMAIL, received_at=MONDAY, reason="Pas pour nous.",
        actor=dispatcher, now=MONDAY, seen=None,
    )  # fmt: skip

    assert kept(session) == []


def test_personal_data_is_masked(session: Session, dispatcher: Actor) -> None:
    case = make_case(
        session, requester_name="Ann Lindekens", requester_phone="0478 12 34 56", subject="Paspoort van Ann",
        text="Mijn paspoort is gestolen in Sevilla. Ann Lindekens, 0478 12 34 56, ann@example.org, Dorpsveld 3",
        requester_address="Dorpsveld 3\n9000 Gent",
    )  # fmt: skip
    route(session, case, "CONSULAR", dispatcher)

    (one,) = kept(session)
    assert not any(word in one.text for word in ("Ann", "Lindekens", "0478", "@", "Dorpsveld"))
    assert "paspoort is gestolen in Sevilla" in one.text


def test_nothing_of_a_sensitive_case_is_kept_nor_what_was_kept_before(session: Session, dispatcher: Actor) -> None:
    sensitive, later = make_case(session, sensitive=True), make_case(session)
    head = acting(make_staff(session, "head@suivi.example", Role.HEAD, "M3"))
    assert sensitive.handler_id == dispatcher.staff_id
    route(session, sensitive, "M3", dispatcher)
    route(session, later, "M3", dispatcher)
    assert [one.case_id for one in kept(session)] == [later.id]

    assignment.flag(
        session,
        HOUSE,
        reference=later.reference,
        sensitive=True,
        reason="Menaces.",
        actor=head,
        now=MONDAY,
        seen=None,
    )

    assert kept(session) == []


def test_only_a_nature_that_a_person_confirmed_is_kept(session: Session, dispatcher: Actor) -> None:
    case = make_case(session)
    route(session, case, "M3", dispatcher)
    assert kept(session)[0].nature is None

    case.nature, case.nature_confirmed_at = Nature.COMPLEX, MONDAY
    route(session, case, "M5", dispatcher)
    assert kept(session)[0].nature is Nature.COMPLEX
