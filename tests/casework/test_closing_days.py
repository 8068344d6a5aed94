"""Closing days that administrators add: what they change, what they never change, and that every process knows."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework.casefile import CaseFile
from tracker.casework.closing_days import (
    CalendarInForce,
    ClosingTooSoon,
    DayAlreadyClosed,
    NotAddedHere,
    add_closing_days,
    counts_from,
    take_in_shipped,
    withdraw_closing_days,
)
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.house import Actor, House
from tracker.casework.recounting import _count_again, count_again
from tracker.casework.sweep import sweep
from tracker.charter.calendar import BridgeDay, Known
from tracker.charter.words import HouseSubject, Language, ObligationState, Role
from tracker.cli.note import note_of
from tracker.insight.closing_days import touched
from tracker.insight.house import changes
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.house import HouseChange
from tracker.models.obligations import Breach, Obligation

SHIPPED = make_house().shipped_calendar
DUE = date(2026, 3, 17)
"""Tuesday: fifteen days after Monday 2 March."""
SAYS = "Circular 700"
LATER = MONDAY + timedelta(days=1)


def a_house(database: Database) -> House:
    return replace(make_house(), calendar_in_force=CalendarInForce(database, SHIPPED, looks_every=0))


def an_admin(session: Session) -> Actor:
    settle(session)
    return acting(make_staff(session, "admin@suivi.example", Role.ADMIN))


def add(session: Session, actor: Actor, *days: date, until: date | None = None, now: datetime = MONDAY) -> None:
    add_closing_days(session, SHIPPED, days=days, until=until, source=SAYS, actor=actor, now=now)


def open_dates(session: Session) -> list[tuple[date, date, bool]]:
    rows = session.scalars(select(Obligation).where(Obligation.state == ObligationState.OPEN).order_by(Obligation.id))
    return [(row.due_on, row.work_by, row.provisional) for row in rows]


def test_what_cannot_be_added_or_withdrawn_is_refused(database: Database) -> None:
    with database.writing() as session:
        admin = an_admin(session)
        head = acting(make_staff(session, "head@suivi.example", Role.HEAD, "M3"))
        right: dict[str, Any] = {"days": [DUE], "until": None, "source": SAYS, "actor": admin, "now": MONDAY}
        wrong: list[tuple[dict[str, Any], type[Exception]]] = [
            ({"actor": head}, NotPermitted),
            ({"days": []}, Missing),
            ({"source": " "}, Missing),
            ({"days": [MONDAY.date()]}, ClosingTooSoon),
            ({"days": [date(2031, 1, 2)]}, ClosingTooSoon),
            ({"days": [date(2026, 5, 1)]}, DayAlreadyClosed),
            ({"days": [date(2026, 3, 21)]}, DayAlreadyClosed),
            ({"until": SHIPPED.known_until}, ClosingTooSoon),
            ({"until": date(2072, 12, 31)}, ClosingTooSoon),
        ]
        for more, refused in wrong:
            with pytest.raises(refused), session.begin_nested():
                add_closing_days(session, SHIPPED, **right | more)
        add_closing_days(session, SHIPPED, **right)
        with pytest.raises(DayAlreadyClosed), session.begin_nested():
            add_closing_days(session, SHIPPED, **right)
        out: dict[str, Any] = {"days": [DUE], "until": None, "why": "Taken back.", "actor": admin, "now": MONDAY}
        wrong = [
            ({"actor": head}, NotPermitted),
            ({"why": ""}, Missing),
            ({"days": [date(2026, 5, 4)]}, NotAddedHere),
            ({"days": [], "until": date(2027, 12, 31)}, NotAddedHere),
            ({"now": MONDAY + timedelta(days=15)}, ClosingTooSoon),
        ]
        for more, refused in wrong:
            with pytest.raises(refused), session.begin_nested():
                withdraw_closing_days(session, SHIPPED, **out | more)
        withdraw_closing_days(session, SHIPPED, **out)
        with pytest.raises(NotAddedHere), session.begin_nested():
            withdraw_closing_days(session, SHIPPED, **out)


@pytest.mark.parametrize(("clock", "days"), [("12:00", 1), ("21:59", 1), ("22:00", 2), ("23:30", 1)])
def test_a_change_counts_from_the_next_day_and_never_within_the_hour(clock: str, days: int) -> None:
    now = datetime.fromisoformat(f"2026-03-02T{clock}:00+00:00")  # in Brussels one hour later

    assert counts_from(now) == date(2026, 3, 2 + days) + timedelta(days=clock == "23:30")


def test_a_closing_day_moves_the_last_working_day_and_never_the_due_date(database: Database) -> None:
    house = a_house(database)
    with database.writing() as session:
        admin = an_admin(session)
        make_case(session, service="M3")
        make_case(session, service=None, subject="???", text="zzz zzz", received_at=MONDAY + timedelta(days=1))
    with database.writing() as session:
        add(session, admin, DUE)
        assert house.shipped_calendar.is_open(DUE)
    with database.reading() as session:
        calendar = house.calendar
        assert not calendar.is_open(DUE), "every process looks again"
        statements: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
        told = touched(session, calendar, LATER.date())
        assert sum(one.startswith("SELECT") for one in statements) == 1
        assert (told.promises, told.earlier, told.promised, told.by_rule) == (1, 1, 0, {"P1": 1})
        assert open_dates(session)[0] == (DUE, DUE, False), "it counts from tomorrow"
    assert count_again(database, house, now=MONDAY) == {"files": 0, "left": 0}
    assert list(verify(database, house.rules, house.calendar)) == []

    assert count_again(database, house, now=LATER) == {"files": 1, "left": 0}
    assert list(verify(database, house.rules, house.calendar)) == [], "before the sweep has looked again"
    assert count_again(database, house, now=LATER + timedelta(minutes=1)) == {"files": 0, "left": 0}
    with database.writing() as session:
        change = session.scalars(select(HouseChange).where(HouseChange.what == DUE.isoformat())).one()
        reference = session.scalars(select(Case.reference).where(Case.service_code == "M3")).one()
        assert not _count_again(session, house, reference, change, LATER), "another scheduler was quicker"
    sweep(database, house, now=LATER + timedelta(minutes=2))

    with database.reading() as session:
        assert (DUE, date(2026, 3, 16), False) in open_dates(session)
        assert all(due in (DUE, date(2026, 3, 18)) for due, _, _ in open_dates(session))
        entry = session.scalars(select(History).order_by(History.id.desc()).limit(1)).one()
        reference = session.get_one(Case, entry.case_id).reference
        told_all = note_of(session, house, reference, now=LATER, language=Language.EN)
        assert f"The working days were counted again, because closing days changed. ({admin.name})" in told_all
        assert SAYS in told_all
        assert (entry.actor, entry.details["reason"]) == (admin.name, SAYS)
        assert [one.act for one in changes(session, subject=HouseSubject.CLOSING_DAYS)] == ["counted", "add"]
        assert session.scalar(select(func.count(Breach.obligation_id))) == 0
    assert list(verify(database, house.rules, house.calendar)) == []


def test_what_is_withdrawn_in_time_comes_back_and_what_was_counted_stays_explained(database: Database) -> None:
    house = a_house(database)
    with database.writing() as session:
        admin = an_admin(session)
        add(session, admin, DUE, date(2026, 3, 18))
    with database.writing() as session:
        number = make_case(session, service="M3").id
    assert open_work_by(database, number) == DUE
    assert count_again(database, house, now=LATER) == {"files": 1, "left": 0}
    assert open_work_by(database, number) == date(2026, 3, 16)
    with database.writing() as session:
        withdraw_closing_days(session, SHIPPED, days=[DUE], until=None, why="Taken back.", actor=admin, now=LATER)
    assert house.calendar.is_open(DUE)
    assert not house.calendar.as_known_on(LATER.date()).is_open(DUE)
    assert count_again(database, house, now=LATER + timedelta(days=1)) == {"files": 1, "left": 0}
    assert open_work_by(database, number) == DUE
    assert list(verify(database, house.rules, house.calendar)) == []


def open_work_by(database: Database, case_id: int) -> date:
    with database.reading() as session:
        ours = Obligation.case_id == case_id, Obligation.state == ObligationState.OPEN
        return session.scalars(select(Obligation.work_by).where(*ours)).one()


def test_a_date_that_is_no_longer_provisional_is_said_so_and_an_overdue_one_is_not_broken_twice(
    database: Database,
) -> None:
    house = a_house(database)
    received = datetime(2026, 12, 21, 9, 0, tzinfo=MONDAY.tzinfo)
    after = received + timedelta(days=20)
    with database.writing() as session:
        admin = an_admin(session)
        make_case(session, service="M3", received_at=received)
        make_case(session, service="M3", received_at=after)
        assert [provisional for _, _, provisional in open_dates(session)] == [True, True]
    sweep(database, house, now=after)
    with database.writing() as session:
        add(session, admin, until=date(2027, 12, 31), now=after)
    assert house.calendar.known_until == date(2027, 12, 31)
    assert count_again(database, house, now=after + timedelta(days=1), most=1) == {"files": 1, "left": 0}
    with database.reading() as session:
        assert [provisional for _, _, provisional in open_dates(session)] == [True, False]
        assert session.scalar(select(func.count(Breach.obligation_id))) == 1
    assert list(verify(database, house.rules, house.calendar)) == []


def test_closing_days_of_a_new_version_count_from_when_it_was_installed_and_not_from_when_it_was_made(
    database: Database,
) -> None:
    made = date(2026, 2, 20)
    newer = SHIPPED.with_entries([BridgeDay(DUE, SAYS, made)], [Known(date(2027, 12, 31), made)])
    house = replace(
        make_house(), shipped_calendar=newer, calendar_in_force=CalendarInForce(database, newer, looks_every=0)
    )
    with database.writing() as session:
        settle(session)
        number = make_case(session, service="M3").id  # by the version before
    assert house.calendar.is_open(DUE)
    assert list(verify(database, house.rules, house.calendar)) == [], "what was counted before stays explained"

    assert count_again(database, house, now=MONDAY) == {"files": 0, "left": 0}, "taken in, and counts from tomorrow"
    assert count_again(database, house, now=LATER) == {"files": 1, "left": 0}
    assert open_work_by(database, number) == date(2026, 3, 16)
    assert house.calendar.known_until == date(2027, 12, 31)
    with database.writing() as session:
        assert open_dates(session)[-1][0] == DUE, "the promise itself never moves"
        assert take_in_shipped(session, newer, now=LATER) is None, "once"
        assert [(one.act, one.actor) for one in changes(session, subject=HouseSubject.CLOSING_DAYS)] == [
            ("counted", "system"), ("add", "system")
        ]  # fmt: skip
    assert list(verify(database, house.rules, house.calendar)) == []


def test_a_file_that_was_refused_on_the_way_is_named_and_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = a_house(database)
    with database.writing() as session:
        admin = an_admin(session)
        first, second = (make_case(session, service="M3") for _ in range(2))
        add(session, admin, DUE)
    entry, refused = CaseFile.try_entry, [first.id]

    def busy(file: CaseFile, *told: Any) -> Any:
        if file.case.id in refused:
            raise Missing("reason")
        return entry(file, *told)

    monkeypatch.setattr(CaseFile, "try_entry", busy)
    assert count_again(database, house, now=LATER) == {"files": 1, "left": 1}
    assert (open_work_by(database, first.id), open_work_by(database, second.id)) == (DUE, date(2026, 3, 16))
    assert count_again(database, house, now=LATER) == {"files": 0, "left": 1}, "and nothing is written again"
    with database.reading() as session:
        newest, *_ = changes(session, subject=HouseSubject.CLOSING_DAYS)
        assert newest.more["refused"] == [first.reference]
    refused.clear()
    assert count_again(database, house, now=LATER + timedelta(minutes=1)) == {"files": 1, "left": 0}
    assert open_work_by(database, first.id) == date(2026, 3, 16)
    assert count_again(database, house, now=LATER + timedelta(minutes=2)) == {"files": 0, "left": 0}
    assert list(verify(database, house.rules, house.calendar)) == []
