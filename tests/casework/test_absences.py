"""Absences and deputies: who may set them, what the history keeps of each change, and that nothing else moves."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.verify.test_verify import behind_its_back
from tracker.casework.errors import NotPermitted
from tracker.casework.house import SYSTEM
from tracker.casework.people import CannotDeputise, DeputyCircle, set_absence
from tracker.charter.counting import brussels_day
from tracker.charter.words import HouseSubject, Role
from tracker.insight.house import changes, changes_of
from tracker.insight.verify import verify
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.house import HouseChange

TODAY = brussels_day(MONDAY)
NONE: dict[str, Any] = {"away_from": None, "away_until": None, "deputy_id": None}


def test_a_head_sets_and_ends_absences_of_the_service_and_each_change_is_kept(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        deputy = make_staff(session, "deputy@suivi.example", Role.CLERK, "M3")
        head = acting(make_staff(session, "head@suivi.example", Role.HEAD, "M3"))
        others = [
            acting(make_staff(session, f"{role}.{service}@other.example", role, service))
            for role, service in ((Role.HEAD, "M1"), (Role.HEAD, None), (Role.CLERK, "M3"), (Role.DIRECTION, None))
        ]
        case = make_case(session, service="M3")
        case.handler_id = clerk.id
        entries = session.scalar(select(func.count(History.id)))
        away = {"away_from": TODAY, "away_until": TODAY + timedelta(days=3), "deputy_id": deputy.id}
        for other in others:
            with pytest.raises(NotPermitted):
                set_absence(session, staff_id=clerk.id, **away, actor=other, now=MONDAY)
        for _ in range(2):  # the same again is no change
            set_absence(session, staff_id=clerk.id, **away, actor=head, now=MONDAY)
        set_absence(session, staff_id=clerk.id, **NONE, actor=acting(clerk), now=MONDAY + timedelta(days=1))

        ended, set_ = changes_of(session, clerk.id, HouseSubject.ABSENCE)
        assert (set_.actor, set_.before["away_from"], set_.after["deputy_id"]) == (head.name, None, deputy.name)
        assert (ended.actor, ended.after) == (clerk.name, NONE)
        assert ended.before["away_until"] == (TODAY + timedelta(days=3)).isoformat()
        assert case.handler_id == clerk.id
        assert session.scalar(select(func.count(History.id))) == entries, "back again, no file has moved"


def test_who_cannot_stand_in_is_refused_and_so_is_a_circle(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        one, two, three = (make_staff(session, f"{n}@suivi.example", Role.CLERK, "M3") for n in ("a", "b", "c"))
        three.active = False
        set_absence(session, staff_id=one.id, **NONE | {"deputy_id": two.id}, actor=SYSTEM, now=MONDAY)
        for who, deputy, refused in (
            (two, one, DeputyCircle), (two, two, DeputyCircle), (two, three, CannotDeputise),
        ):  # fmt: skip
            with pytest.raises(refused):
                set_absence(session, staff_id=who.id, **NONE | {"deputy_id": deputy.id}, actor=SYSTEM, now=MONDAY)


def test_the_history_of_the_house_is_verified_and_read_page_by_page(database: Database) -> None:
    house = make_house()
    with database.writing() as session:
        settle(session)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        number = clerk.id
        for days in range(7):
            away = NONE | {"away_from": TODAY + timedelta(days=days)}
            set_absence(session, staff_id=number, **away, actor=SYSTEM, now=MONDAY)  # all at one moment

    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    with database.reading() as session:
        assert len(changes(session)) == 8
        assert sum(one.startswith("SELECT") for one in statements) == 3, "however many they are"
        pages, after = [], None
        while found := changes(session, after=after, most=3)[:3]:
            pages.append([one.act for one in found])
            after = found[-1].place
        assert pages == [["absence"] * 3, ["absence"] * 3, ["absence", "add"]]
        assert len(changes(session, subject=HouseSubject.PERSON)) == 1
        assert len(changes(session, staff_id=number, most=99)) == 8
        assert changes(session, staff_id=number + 1) == []
        assert len(changes(session, after="~~", most=99)) == 8, "a place that nobody gave"
    assert list(verify(database, house.rules, house.calendar)) == []
    with behind_its_back(database) as connection:
        connection.execute(text(f"UPDATE staff SET away_from = NULL WHERE id = {number}"))
        connection.execute(text("DELETE FROM house_changes WHERE number = 2"))
    told = {(one.table, one.what) for one in verify(database, house.rules, house.calendar)}
    assert ("staff", "away_from differ from what the history of the house says") in told
    assert ("house_changes", "a change before it was taken out") in told
    with database.reading() as session:
        assert session.scalar(select(func.count(HouseChange.number))) == 7
