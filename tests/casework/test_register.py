"""A request gets its reference, its handler, its service and its dates, in one commit."""

from datetime import date

import pytest
from sqlalchemy import func, select

from tests.factories import CITIZEN, INTAKE, MONDAY, make_case, make_house, make_staff, settle
from tracker.casework.register import register
from tracker.charter.reference import Reference
from tracker.charter.words import CaseState, Channel, Language, MessageKind, Nature, ObligationKind, Role
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Obligation
from tracker.models.staff import Staff


def test_a_request_has_reference_handler_and_dated_promise_from_its_first_commit(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        make_staff(session, "an.peeters@suivi.example", Role.DISPATCHER)
        make_case(session, subject="?", text="???")

    with database.reading() as session:
        case = session.scalars(select(Case)).one()
        promise = session.scalars(select(Obligation)).one()
        handler = session.get_one(Staff, case.handler_id)
        entry = session.scalars(select(History)).one()
        assert Reference.parse(case.reference).format() == case.reference
        assert case.reference.startswith("DOS-2026-")
        assert (handler.name, case.state, case.service_code) == ("An Peeters", CaseState.TRIAGE, None)
        assert (promise.kind, promise.due_on) == (ObligationKind.REPLY, date(2026, 3, 17))
        assert (case.next_kind, case.next_due_on) == (promise.kind, promise.due_on)
        assert (entry.seq, case.version, entry.actor) == (1, 1, "citizen")


def test_the_acknowledgement_waits_in_the_outbox_from_the_same_commit(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        case = make_case(session)
        reference = case.reference

    with database.reading() as session:
        message = session.scalars(select(Message).where(Message.kind == MessageKind.ACKNOWLEDGEMENT)).one()
        waiting = session.scalars(select(Outbox)).one()
        assert waiting.message_id == message.id
        assert message.left_on is None
        assert reference in message.body
        assert "17 mars 2026" in message.body
        assert message.signature is not None
        assert message.signature["reference"] == reference


def test_the_same_form_sent_twice_is_one_case(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        first = make_case(session, submission_key="form-1")
    with database.writing() as session:
        second = register(
            session,
            make_house(),
            intake=INTAKE.__class__(**{**_values(), "submission_key": "form-1"}),
            actor=CITIZEN,
            now=MONDAY,
        )
    with database.reading() as session:
        assert second.again
        assert second.case.reference == first.reference
        assert session.scalar(select(func.count()).select_from(Case)) == 1


def _values() -> dict[str, object]:
    return {name: getattr(INTAKE, name) for name in INTAKE.__dataclass_fields__}


def test_without_any_staff_the_duty_desk_holds_the_case(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        case = make_case(session)

        handler = session.get_one(Staff, case.handler_id)
        assert handler.is_desk


def test_a_complaint_goes_to_the_coordinator_and_the_competent_service(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        coordinator = make_staff(session, "coordinator@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "CONSULAR")
        case = make_case(
            session, nature=Nature.COMPLAINT, about_service="CONSULAR", about_staff_id=clerk.id, subject="Accueil"
        )

        joined = session.scalars(select(Association.service_code).where(Association.case_id == case.id)).all()
        assert (case.service_code, case.handler_id) == ("COMPLAINTS", coordinator.id)
        assert "CONSULAR" in joined


def test_whoever_a_complaint_concerns_never_handles_it(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        only = make_staff(session, "coordinator@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
        case = make_case(session, nature=Nature.COMPLAINT, about_staff_id=only.id)

        assert case.handler_id != only.id


def test_a_complaint_about_a_case_is_not_for_whoever_handles_that_case(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        both = [make_staff(session, f"coordinator{n}@suivi.example", Role.COMPLAINTS, "COMPLAINTS") for n in (1, 2)]
        first = make_case(session, nature=Nature.COMPLAINT)
        others = [make_case(session, nature=Nature.COMPLAINT, about_reference=first.reference) for _ in range(2)]

        assert first.handler_id in {person.id for person in both}
        assert {case.about_staff_id for case in others} == {first.handler_id}
        assert first.handler_id not in {case.handler_id for case in others}


def test_a_complaint_about_a_case_that_a_desk_holds_concerns_nobody(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        held = make_case(session)

        assert make_case(session, nature=Nature.COMPLAINT, about_reference=held.reference).about_staff_id is None


@pytest.mark.parametrize(("lead", "associated"), [("ME6", {"DGE"}), ("MD8", {"DGD"}), ("M1", set())])
def test_services_that_share_a_competence_join_by_themselves(
    database: Database, lead: str, associated: set[str]
) -> None:
    with database.writing() as session:
        settle(session)
        case = make_case(session, service=lead)

        joined = session.scalars(select(Association.service_code).where(Association.case_id == case.id)).all()
        assert case.service_code == lead
        assert set(joined) == associated


def test_cases_of_a_service_are_dealt_to_its_clerks_in_turn(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerks = {make_staff(session, f"clerk{n}@suivi.example", Role.CLERK, "M3").id for n in (1, 2, 3)}
        handlers = [make_case(session, service="M3").handler_id for _ in range(6)]

    assert sorted(handlers) == sorted([*clerks, *clerks])


def test_a_courtesy_english_has_an_official_language_beside_it(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        case = make_case(session, language=Language.EN, official_language=Language.NL)

        assert case.official_language is Language.NL


def test_a_letter_of_unconfirmed_nature_must_be_decided_on_within_fifteen_days(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        case = make_case(
            session, channel=Channel.POST, requester_email=None, requester_address="Rue Haute 1\n1000 Bruxelles"
        )
        promise = session.scalars(select(Obligation).where(Obligation.case_id == case.id)).one()

        assert (promise.due_on, promise.decide_by) == (date(2026, 4, 1), date(2026, 3, 17))
        assert case.reply_channel is Channel.POST
