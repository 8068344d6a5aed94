"""Whom a notice reaches: the handler, who stands in, the head, guard duty; and whom it never reaches."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import MONDAY, make_staff, settle
from tracker.casework.people import ensure_duty_desk
from tracker.casework.staffing import Team
from tracker.charter.counting import brussels_day
from tracker.charter.words import Recipient, Role
from tracker.models.database import Database
from tracker.models.staff import Staff

TODAY = brussels_day(MONDAY)


def away(staff: Staff, deputy: Staff | None) -> None:
    staff.away_from, staff.away_until = TODAY, TODAY + timedelta(days=3)
    staff.deputy_id = deputy.id if deputy else None


def reached(session: Session, who: Recipient, handler: Staff, *, not_this: Staff | None = None) -> list[int]:
    session.flush()
    team = Team.load(session, day=TODAY)
    concerned = not_this.id if not_this else None
    return team.reached(who, handler_id=handler.id, service=handler.service_code, not_this=concerned)


def test_a_handler_who_is_away_is_replaced_by_the_deputy_then_by_the_head(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        first = make_staff(session, "first@suivi.example", Role.CLERK, "M3")
        second = make_staff(session, "second@suivi.example", Role.CLERK, "M3")
        head = make_staff(session, "head@suivi.example", Role.HEAD, "M3")

        assert reached(session, Recipient.HANDLER, clerk) == [clerk.id]
        away(clerk, first)
        assert reached(session, Recipient.HANDLER, clerk) == [first.id]
        away(first, second)
        assert reached(session, Recipient.HANDLER, clerk) == [second.id]
        away(second, clerk)  # a circle, however it came about
        assert reached(session, Recipient.HANDLER, clerk) == [head.id]
        away(head, None)
        assert reached(session, Recipient.HANDLER, clerk) == []


@pytest.mark.parametrize("concerned", ["deputy", "handler"])
def test_whoever_a_complaint_concerns_is_passed_over_for_the_head(database: Database, concerned: str) -> None:
    with database.writing() as session:
        settle(session)
        handler = make_staff(session, "handler@suivi.example", Role.CLERK, "M3")
        deputy = make_staff(session, "deputy@suivi.example", Role.CLERK, "M3")
        head = make_staff(session, "head@suivi.example", Role.HEAD, "M3")
        if concerned == "deputy":
            away(handler, deputy)
        not_this = {"deputy": deputy, "handler": handler}[concerned]

        assert reached(session, Recipient.HANDLER, handler, not_this=not_this) == [head.id]


def test_guard_duty_is_told_by_its_mailbox_when_it_has_one(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        desk = ensure_duty_desk(session, email="guard@suivi.example", now=MONDAY)
        nobody, guard = (Team.load(session, day=TODAY, duty_mailbox=read) for read in (False, True))

        assert nobody.reached(Recipient.DUTY, handler_id=desk.id, service=None) == []
        assert guard.reached(Recipient.DUTY, handler_id=desk.id, service=None) == [desk.id]


@pytest.mark.parametrize("email", ["Suivi <Suivi@Suivi.example>", "suivi@suivi.example"])
def test_the_duty_desk_has_the_bare_address_that_is_set_now(database: Database, email: str) -> None:
    with database.writing() as session:
        settle(session)
        ensure_duty_desk(session, email=email, now=MONDAY)

        desk = ensure_duty_desk(session, email=email, now=MONDAY)

        assert desk.email == "suivi@suivi.example"
