"""A file is set aside in one's own list, before its last working day only; nothing that was promised moves."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.insight.casebook import viewer_of
from tracker.access.permissions import Person
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.set_aside import CannotWait, WaitsTooLong, next_working_day, set_aside
from tracker.casework.several import Chosen, set_several_aside
from tracker.casework.sweep import sweep
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Role
from tracker.insight.next_step import next_step
from tracker.insight.set_aside import set_aside_by
from tracker.insight.shown import Days
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.obligations import Notice
from tracker.models.set_aside import SetAside
from tracker.models.staff import Staff

TODAY = brussels_day(MONDAY)
DUE = date(2026, 3, 17)


@pytest.fixture
def an(database: Database) -> Staff:
    """A clerk of ME6 with two cases due on Tuesday 17 March 2026; a colleague has a third."""
    with database.writing() as session:
        settle(session)
        an, bo = (make_staff(session, f"{who}@example.org", Role.CLERK, "ME6") for who in ("an", "bo"))
        for handler in (an, an, bo):
            make_case(session, service="ME6").handler_id = handler.id
    return an


def _put(session: Session, staff: Staff, number: int, until: date, reason: str = "The post", **more: Any) -> bool:
    case = session.get_one(Case, number)
    told = {"reference": case.reference, "until": until, "reason": reason, "actor": acting(staff), "now": MONDAY}
    return set_aside(session, make_house(), **told | more)


def _first(session: Session, staff: Staff, day: date) -> str | None:
    session.flush()
    step = next_step(session, viewer_of(Person(staff.id, staff.role, staff.service_code)), staff.role,
                     days=Days.of(day, make_house().calendar))  # fmt: skip
    return step.reference if step else None


@pytest.mark.parametrize(
    ("until", "changed", "refused"),
    [
        (date(2026, 3, 3), {}, None),
        (date(2026, 3, 16), {}, None),  # the last working day before it must be done
        (DUE, {}, WaitsTooLong),
        (date(2026, 3, 14), {}, WaitsTooLong),  # a Saturday
        (TODAY, {}, WaitsTooLong),
        (date(2026, 3, 3), {"next_work_by": date(2026, 3, 3)}, CannotWait),
        (date(2026, 3, 3), {"next_due_on": date(2026, 2, 27), "next_work_by": date(2026, 2, 27)}, CannotWait),
        (date(2026, 3, 3), {"urgent_since": MONDAY}, CannotWait),
        (date(2026, 3, 3), {"not_sent": True}, CannotWait),
    ],
)
def test_only_what_can_wait_is_set_aside_and_only_up_to_the_day_before(
    database: Database, an: Staff, until: date, changed: dict[str, Any], refused: type[Exception] | None
) -> None:
    with database.writing() as session:
        for name, value in changed.items():
            setattr(session.get_one(Case, 1), name, value)
        if refused is None:
            assert _put(session, an, 1, until)
        else:
            with pytest.raises(refused):
                _put(session, an, 1, until)


def test_it_moves_ones_own_list_and_no_notice(database: Database, an: Staff) -> None:
    with database.writing() as session:
        with pytest.raises(Missing):
            _put(session, an, 1, date(2026, 3, 11), reason=" ")
        with pytest.raises(NotPermitted):
            _put(session, an, 3, date(2026, 3, 11))
        one, other = (session.get_one(Case, number).reference for number in (1, 2))
        assert _first(session, an, TODAY) == one
        assert _put(session, an, 1, date(2026, 3, 11))
        assert not _put(session, an, 1, date(2026, 3, 11)), "a second click changes nothing"
        assert _first(session, an, TODAY) == other
        assert _put(session, an, 1, date(2026, 3, 16), reason="Later still")
        assert set_aside_by(session, an.id, today=TODAY) == {1: date(2026, 3, 16)}
        assert _first(session, an, date(2026, 3, 16)) == one, "it is back on its day"
        kept = session.execute(select(SetAside.reason, SetAside.ended_at).order_by(SetAside.id)).all()
        assert [tuple(row) for row in kept] == [("The post", MONDAY), ("Later still", None)]

    sweep(database, make_house(), now=MONDAY + timedelta(days=12))
    with database.writing() as session:
        told = session.scalars(select(Notice.rung).where(Notice.obligation_id == 1, Notice.state == "sent")).all()
        assert told == ["before-2"], "the reminder comes on its day all the same"
        session.get_one(Case, 1).next_work_by = date(2026, 3, 13)
        session.flush()
        assert set_aside_by(session, an.id, today=TODAY) == {}, "what is due sooner comes up again by itself"


def test_several_are_set_aside_each_by_itself(database: Database, an: Staff) -> None:
    with database.reading() as session:
        chosen = [Chosen(one.reference, one.version) for one in session.scalars(select(Case).order_by(Case.id))]
    until = next_working_day(make_house(), MONDAY)

    outcome = set_several_aside(
        database, make_house(), cases=chosen, until=until, reason="The post", actor=acting(an), now=MONDAY
    )

    assert until == date(2026, 3, 3)
    assert outcome.done == tuple(one.reference for one in chosen[:2])
    assert [type(one.refusal) for one in outcome.not_done] == [NotPermitted]


def test_a_letter_whose_nature_nobody_confirmed_waits_no_longer_than_it_may_be_decided(
    database: Database, an: Staff
) -> None:
    with database.writing() as session:
        case = make_case(
            session, service="ME6", channel=Channel.POST, requester_address="Rue Haute 1\n1000 Bruxelles"
        )
        case.handler_id = an.id
        assert case.next_work_by == date(2026, 4, 1)
        with pytest.raises(WaitsTooLong):
            _put(session, an, case.id, date(2026, 3, 17))
        assert _put(session, an, case.id, date(2026, 3, 16))
