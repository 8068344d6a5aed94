"""Who has a case: what stops the ringing, who can be given it, which services stay on it, where it comes back to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, ending, follow, notes
from tracker.casework.assignment import CannotHandle
from tracker.casework.casefile import CaseFile
from tracker.casework.errors import NotPermitted
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.sweep import sweep
from tracker.charter.words import CaseState, Channel, Nature, Role, Verb, WaiverGround
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.obligations import Notice, Obligation

HOUSE = make_house()
LATER = MONDAY + timedelta(hours=1)
NEXT_WEEK = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session on a settled database, committed at the end."""
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def dispatcher(session: Session) -> Actor:
    return acting(make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER))


@pytest.fixture
def clerk(session: Session) -> Actor:
    return acting(make_staff(session, "clerk@suivi.example", Role.CLERK, "M3"))


def route(session: Session, case: Case, service: str, actor: Actor) -> Case:
    return assignment.route(
        session,
        HOUSE,
        reference=case.reference,
        service_code=service,
        reason="not ours",
        actor=actor,
        now=LATER,
        seen=None,
    )


def test_an_urgent_case_that_is_given_to_somebody_rings_until_they_take_it(
    session: Session, dispatcher: Actor, clerk: Actor
) -> None:
    case = make_case(session, subject="?", text="???", urgent=True)
    assert clerk.staff_id is not None

    route(session, case, "M3", dispatcher)
    assert (case.handler_id, case.urgent_taken_at) == (clerk.staff_id, None)
    assignment.assign(
        session, HOUSE, reference=case.reference, handler_id=clerk.staff_id, actor=SYSTEM, now=LATER, seen=None
    )
    assert case.urgent_taken_at is None

    assignment.take(session, HOUSE, reference=case.reference, actor=clerk, now=LATER, seen=None)
    assert case.urgent_taken_at == LATER


def test_guard_duty_takes_an_urgent_case_of_any_service_once(session: Session, dispatcher: Actor) -> None:
    case = make_case(session, service="M3", urgent=True)
    colleague = acting(make_staff(session, "colleague@suivi.example", Role.DISPATCHER))

    def take(actor: Actor) -> None:
        assignment.take(session, HOUSE, reference=case.reference, actor=actor, now=LATER, seen=None)

    take(dispatcher)

    assert (case.handler_id, case.service_code, case.urgent_taken_at) == (dispatcher.staff_id, "M3", LATER)
    with pytest.raises(NotPermitted):
        take(colleague)
    notes.note(session, HOUSE, reference=case.reference, text="Appelé.", actor=dispatcher, now=LATER, seen=None)


@pytest.mark.parametrize("shape", [{}, {"urgent": True, "sensitive": True}])
def test_guard_duty_takes_nothing_else_of_a_service(
    session: Session, dispatcher: Actor, clerk: Actor, shape: dict[str, bool]
) -> None:
    case = make_case(session, service="M3", **shape)
    assert case.handler_id == clerk.staff_id

    with pytest.raises(NotPermitted):
        assignment.take(session, HOUSE, reference=case.reference, actor=dispatcher, now=LATER, seen=None)


def test_a_case_that_is_flagged_urgent_again_rings_at_once(database: Database) -> None:
    def flag(urgent: bool, now: datetime) -> None:
        with database.writing() as session:
            assignment.flag(
                session, HOUSE, reference=reference, urgent=urgent, reason="Accident.", actor=SYSTEM, now=now,
                seen=None,
            )  # fmt: skip

    def rings(now: datetime) -> list[str]:
        sweep(database, HOUSE, now=now)
        with database.reading() as session:
            told = session.scalars(select(Notice.rung).where(Notice.rung.startswith("urgent")).order_by(Notice.id))
            return list(told)

    with database.writing() as session:
        settle(session)
        reference = make_case(session).reference
    flag(True, LATER)
    assert rings(LATER) == ["urgent-0"]
    assert rings(LATER + timedelta(minutes=30)) == ["urgent-0", "urgent-1"]
    flag(False, LATER + timedelta(minutes=40))

    again = LATER + timedelta(minutes=50)
    flag(True, again)

    assert rings(again) == ["urgent-0", "urgent-1", "urgent-2"]
    assert rings(again + timedelta(minutes=29)) == ["urgent-0", "urgent-1", "urgent-2"]
    assert rings(again + timedelta(minutes=30))[-1] == "urgent-3"


@pytest.mark.parametrize("role", [Role.DIRECTION, Role.AUDITOR, Role.ADMIN])
def test_nobody_is_given_a_case_who_could_not_answer_it(session: Session, dispatcher: Actor, role: Role) -> None:
    case = make_case(session, subject="?", text="???")
    reader = make_staff(session, "reader@suivi.example", role)

    with pytest.raises(CannotHandle):
        assignment.assign(
            session, HOUSE, reference=case.reference, handler_id=reader.id, actor=dispatcher, now=LATER, seen=None
        )


def test_a_complaint_keeps_its_coordinator_and_the_competent_service(session: Session) -> None:
    case = make_case(session, nature=Nature.COMPLAINT, service="CONSULAR", about_service="M3", subject="Accueil")

    def on_it() -> set[str | None]:
        session.flush()
        joined = session.scalars(select(Association.service_code).where(Association.case_id == case.id))
        return {case.service_code, *joined}

    assert on_it() == {"COMPLAINTS", "CONSULAR", "M3"}
    route(session, case, "CONSULAR", SYSTEM)
    assert on_it() == {"COMPLAINTS", "CONSULAR", "M3"}
    route(session, case, "COMPLAINTS", SYSTEM)
    assert on_it() == {"COMPLAINTS", "CONSULAR", "M3"}


def test_a_complaint_that_the_coordinator_takes_leaves_triage(session: Session) -> None:
    case = make_case(session, nature=Nature.COMPLAINT, subject="Accueil")
    assert case.state is CaseState.TRIAGE
    coordinator = acting(make_staff(session, "coordinator@suivi.example", Role.COMPLAINTS))

    assignment.take(session, HOUSE, reference=case.reference, actor=coordinator, now=LATER, seen=None)

    assert (case.state, case.service_code, case.triage_since) == (CaseState.OPEN, "COMPLAINTS", None)


def test_a_case_that_no_service_had_comes_back_to_the_dispatchers(session: Session, dispatcher: Actor) -> None:
    case = make_case(session, subject="?", text="???")
    ending.waive(
        session, HOUSE, reference=case.reference, number=1, ground=WaiverGround.NOT_A_REQUEST, evidence="Publicité.",
        actor=dispatcher, now=LATER, seen=None,
    )  # fmt: skip
    ending.close(session, HOUSE, reference=case.reference, actor=dispatcher, now=LATER, seen=None)

    follow.follow_up(
        session, HOUSE, reference=case.reference, text="Si, c'est une question !", channel=Channel.WEB,
        received_at=NEXT_WEEK, actor=SYSTEM, now=NEXT_WEEK,
    )  # fmt: skip

    assert (case.state, case.triage_since) == (CaseState.TRIAGE, NEXT_WEEK)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_an_act_waits_for_the_sweep_that_is_at_its_promises(database: Database) -> None:
    """Else the sweep would work out the next look from what the case was before the act."""
    with database.writing() as session:
        settle(session)
        case = make_case(session)
    with database.writing() as sweeping:
        sweeping.scalars(select(Obligation).where(Obligation.case_id == case.id).with_for_update()).one()
        with database.reading() as other:
            other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                CaseFile.take(other, HOUSE, reference=case.reference, verb=Verb.FLAG, actor=SYSTEM, now=LATER)
