"""Whom a notice reaches: the handler, who stands in, the head, guard duty; and whom it never reaches."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, make_case, make_house, make_staff, settle
from tracker.casework.house import SYSTEM
from tracker.casework.people import ensure_duty_desk, load_directory, set_absence
from tracker.casework.staffing import Team, stands_in_for
from tracker.casework.sweep import sweep
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, NoticeState, Recipient, Role
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.obligations import Notice
from tracker.models.staff import Staff
from tracker.routing import directory

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


def test_the_head_has_the_files_of_whoever_is_away_without_anybody_to_stand_in(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        deputy = make_staff(session, "deputy@suivi.example", Role.CLERK, "M3")
        head = make_staff(session, "head@suivi.example", Role.HEAD, "M3")
        other = make_staff(session, "other@suivi.example", Role.HEAD, "M1")

        def of(head: Staff) -> frozenset[int]:
            session.flush()
            return stands_in_for(session, head.id, Role.HEAD, day=TODAY)

        away(clerk, deputy)
        assert of(head) == frozenset(), "the deputy is there"
        deputy.active = False
        assert of(head) == {clerk.id}, "the deputy has left"
        deputy.active = True
        away(deputy, clerk)
        assert of(head) == {clerk.id, deputy.id}, "they would stand in for each other in a circle"
        away(deputy, other)
        assert [of(head), of(other)] == [set(), {clerk.id, deputy.id}]
        away(clerk, None)
        assert [of(head), of(other)] == [{clerk.id}, {deputy.id}]
        for one in (clerk, deputy):
            team = Team.load(session, day=TODAY)
            there = team.there(team.members[one.id])
            assert there is not None
            assert one.id in stands_in_for(session, there.id, there.role, day=TODAY), "notices go the same way"


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


def test_a_deputy_stands_in_for_the_whole_chain_of_those_away(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        first, second, third = (
            make_staff(session, f"{name}@suivi.example", Role.CLERK, "M3") for name in ("first", "second", "third")
        )
        set_absence(
            session,
            staff_id=second.id,
            away_from=TODAY,
            away_until=TODAY,
            deputy_id=third.id,
            actor=SYSTEM,
            now=MONDAY,
        )
        set_absence(
            session,
            staff_id=first.id,
            away_from=TODAY,
            away_until=None,
            deputy_id=second.id,
            actor=SYSTEM,
            now=MONDAY,
        )
        session.flush()

        assert stands_in_for(session, third.id, Role.CLERK, day=TODAY) == {first.id, second.id}
        assert stands_in_for(session, third.id, Role.CLERK, day=TODAY + timedelta(days=1)) == frozenset()


def test_what_the_desk_holds_is_in_the_hands_of_every_dispatcher(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        dispatcher = make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        desk = session.scalars(select(Staff.id).where(Staff.is_desk)).one()

        assert stands_in_for(session, dispatcher.id, Role.DISPATCHER, day=TODAY) == {desk}
        assert stands_in_for(session, clerk.id, Role.CLERK, day=TODAY) == frozenset()


@pytest.mark.parametrize("has_head", [True, False])
def test_a_case_too_long_in_triage_rings_at_the_head_of_dispatchers_without_a_service(
    database: Database, has_head: bool
) -> None:
    with database.writing() as session:
        settle(session)
        dispatcher = make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER)
        make_staff(session, "other@suivi.example", Role.HEAD, "M3")  # heads a service that dispatches nothing
        head = make_staff(session, "head@suivi.example", Role.HEAD) if has_head else None
        case = make_case(session, subject="?", text="???")
        assert (case.state, case.handler_id) == (CaseState.TRIAGE, dispatcher.id)

    def rang() -> list[Notice]:
        with database.reading() as session:
            return list(session.scalars(select(Notice).where(Notice.rung == "triage")))

    sweep(database, make_house(), now=MONDAY + timedelta(hours=8))
    assert rang() == []
    sweep(database, make_house(), now=MONDAY + timedelta(days=2))

    (notice,) = rang()
    assert notice.recipients == ([head.id] if head else [])
    assert notice.state == (NoticeState.SENT if head else NoticeState.UNATTENDED)


def test_the_directory_may_be_loaded_again_and_put_what_is_there_under_what_is_new(database: Database) -> None:
    shipped = directory.load_directory()
    crisis = next(one for one in shipped.entries if one.code == "CRISIS")
    above = replace(crisis, code="ABOVE", parent=None)
    between = replace(crisis, code="BETWEEN", parent="ABOVE")
    rest = tuple(one for one in shipped.entries if one.code != "CRISIS")
    changed = directory.Directory((replace(crisis, parent="BETWEEN"), *rest, above, between))
    with database.writing() as session:
        settle(session)
        before = {row.code: row.seal for row in session.scalars(select(Service))}

    with database.writing() as session:
        assert load_directory(session, changed, day=brussels_day(MONDAY)) == len(before) + 2

    with database.reading() as session:
        rows = {row.code: row for row in session.scalars(select(Service))}
    assert (rows["CRISIS"].parent_code, rows["BETWEEN"].parent_code) == ("BETWEEN", "ABOVE")
    assert {code for code, seal in before.items() if rows[code].seal != seal} == {"CRISIS"}
