"""The alarms on a case are on for as long as they are true, and never go off before."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, ending, leaving, letters
from tracker.casework.accounts import close_account
from tracker.casework.drafting import Draft
from tracker.casework.sweep import sweep
from tracker.charter.words import MessageKind, NoticeState, Role, WaiverGround
from tracker.insight.verify import verify
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Notice, Obligation
from tracker.models.staff import Staff

HOUSE = make_house()
LATER = MONDAY + timedelta(hours=3)


@pytest.fixture
def with_case(database: Database) -> dict[str, Any]:
    """What every use case is given of a case of ME6, with which DGE is associated."""
    with database.writing() as session:
        settle(session)
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.HEAD, "ME6"))
        case = make_case(session, service="ME6")
        assert session.scalars(select(Association.service_code)).all() == ["DGE"]
        return {"reference": case.reference, "actor": clerk, "now": LATER, "seen": None}


def answer(database: Database, with_case: dict[str, Any]) -> int:
    with database.writing() as session:
        return letters.answer(session, HOUSE, draft=Draft(text="Bonjour."), **with_case).id


def fails(database: Database, message_id: int | None = None, *, kind: MessageKind | None = None) -> int:
    """Give a message up, as the outbox does."""
    with database.writing() as session:
        line = _line(session, message_id, kind)
        line.state, line.settled_at = "failed", LATER
        leaving.on_failed(session, line)
        return line.message_id or 0


def leaves(database: Database, message_id: int | None = None, *, kind: MessageKind | None = None) -> None:
    with database.writing() as session:
        line = _line(session, message_id, kind)
        line.state, line.settled_at = "sent", LATER
        leaving.on_left(session, HOUSE, line, now=LATER)


def _line(session: Session, message_id: int | None, kind: MessageKind | None) -> Outbox:
    query = select(Outbox).join(Message, Message.id == Outbox.message_id)
    which = Message.id == message_id if message_id else Message.kind == kind
    return session.scalars(query.where(which)).one()


def alarms(database: Database) -> set[str]:
    """Return which are on; the services beside the case have the same, and the records are sound."""
    with database.reading() as session:
        case = session.scalars(select(Case).order_by(Case.id)).first()
        assert case is not None
        rung = {name for name in ("not_sent", "unattended") if getattr(case, name)}
        for beside in session.scalars(select(Association).where(Association.case_id == case.id)):
            assert {name for name in ("not_sent", "unattended") if getattr(beside, name)} == rung
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []
    return rung


def test_a_message_that_was_given_up_alarms_until_one_like_it_has_left(
    database: Database, with_case: dict[str, Any]
) -> None:
    assert alarms(database) == set()
    fails(database, answer(database, with_case))
    assert alarms(database) == {"not_sent"}

    again = answer(database, with_case)
    assert alarms(database) == {"not_sent"}  # written is not left
    leaves(database, again)

    assert alarms(database) == set()


def test_a_message_that_keeps_no_promise_alarms_as_well(database: Database, with_case: dict[str, Any]) -> None:
    fails(database, kind=MessageKind.ACKNOWLEDGEMENT)
    assert alarms(database) == {"not_sent"}

    with database.writing() as session:
        question = letters.ask(session, HOUSE, draft=Draft(text="Quand ?"), **with_case).id
    leaves(database, question)

    assert alarms(database) == {"not_sent"}  # that was another kind of message


def test_what_left_after_all_stops_the_alarm_only_when_it_came_later(
    database: Database, with_case: dict[str, Any]
) -> None:
    first, second = answer(database, with_case), answer(database, with_case)
    fails(database, second)

    leaves(database, first)

    assert alarms(database) == {"not_sent"}


def test_a_case_that_is_closed_alarms_nobody_and_one_taken_up_again_does(
    database: Database, with_case: dict[str, Any]
) -> None:
    leaves(database, answer(database, with_case))
    fails(database, kind=MessageKind.ACKNOWLEDGEMENT)
    assert alarms(database) == {"not_sent"}

    with database.writing() as session:
        ending.close(session, HOUSE, **with_case)
    assert alarms(database) == set()

    with database.writing() as session:
        ending.reopen(session, HOUSE, reason="A mistake.", **with_case)
    assert alarms(database) == {"not_sent"}


def test_a_service_that_joins_has_the_alarms_of_the_case(database: Database, with_case: dict[str, Any]) -> None:
    fails(database, answer(database, with_case))
    with database.writing() as session:
        assignment.route(session, HOUSE, service_code="MD8", **with_case)

    with database.reading() as session:
        assert session.scalars(select(Association.service_code).where(Association.not_sent)).all() == ["DGD"]
    assert alarms(database) == {"not_sent"}


def nobody_works_here(database: Database) -> datetime:
    """Send everybody home, and return a moment when the case is long past due."""
    with database.writing() as session:
        admin = acting(make_staff(session, "gi@suivi.example", Role.ADMIN))
        for member in session.scalars(select(Staff).where(Staff.role != Role.ADMIN)).all():
            if member.is_desk:
                member.active = False
            else:
                close_account(session, staff_id=member.id, successor_id=None, why="Gone.", actor=admin, now=LATER)
    return MONDAY + timedelta(days=20)


def test_a_promise_that_nobody_can_be_told_about_alarms_until_it_is_settled(
    database: Database, with_case: dict[str, Any]
) -> None:
    late = nobody_works_here(database)

    sweep(database, HOUSE, now=late)
    assert alarms(database) == {"unattended"}

    with database.writing() as session:
        given = with_case | {"now": late + timedelta(hours=1)}
        ending.waive(
            session, HOUSE, number=1, ground=WaiverGround.WITHDRAWN, evidence="She called.", **given
        )  # fmt: skip
    assert alarms(database) == set()

    with database.writing() as session:
        ending.void_waiver(session, HOUSE, number=1, reason="It was another.", **given)
    assert alarms(database) == {"unattended"}


def test_a_case_that_somebody_is_at_is_left_to_the_next_sweep_with_its_alarm(
    database: Database, with_case: dict[str, Any]
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")  # so nobody can hold a case while a sweep runs
    late = nobody_works_here(database)

    with database.writing() as session:
        session.scalars(select(Case).with_for_update()).one()
        assert sweep(database, HOUSE, now=late).breaches == 0
    with database.reading() as session:
        assert session.scalars(select(Notice)).all() == []
        assert session.scalars(select(Obligation.next_action_at)).one() <= late

    assert sweep(database, HOUSE, now=late).breaches == 1
    with database.reading() as session:
        assert NoticeState.UNATTENDED in session.scalars(select(Notice.state)).all()
    assert alarms(database) == {"unattended"}


@pytest.mark.parametrize("alarm", ["not_sent", "unattended"])
@pytest.mark.parametrize("model", [Case, Association])
def test_an_alarm_that_was_put_on_by_hand_shows(
    database: Database, with_case: dict[str, Any], alarm: str, model: Any
) -> None:
    with database.writing() as session:
        session.execute(update(model).values({alarm: True}))

    found = [problem.what for problem in verify(database, HOUSE.rules, HOUSE.calendar)]

    assert any(alarm in what for what in found)
