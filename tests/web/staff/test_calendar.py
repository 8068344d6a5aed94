"""The calendar of one's deadlines: a secret address shown once, revocable, that tells nothing about a citizen."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Flask
from icalendar import Calendar
from sqlalchemy import event, select

from tests.web.staff.conftest import Desk, email_of, soup_of
from tracker.casework.calendar_feed import digest_of
from tracker.casework.digest import hour_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Nature, Role
from tracker.insight.upcoming import upcoming
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.personal import CalendarFeed
from tracker.models.staff import Staff
from tracker.web.staff.accounts import now
from tracker.web.staff.calendar import WRONG_FROM_ONE_PLACE


def _made(at: Desk) -> str:
    """Make an address in the profile and return its path."""
    page = at.page("/staff/profile")
    form = {"csrf_token": page.select_one("[name=csrf_token]")["value"], "step": "make"}  # type: ignore[index]
    answer = at.client.post("/staff/profile/calendar", data=form)
    assert answer.headers["Cache-Control"] == "no-store"
    shown = soup_of(answer).select_one("code.staff-address")
    assert shown is not None
    return "/staff/calendar/" + shown.get_text().rpartition("/")[2]


def _events(app: Flask, path: str) -> dict[str, Any]:
    answer = Desk(app).get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    return {str(e["summary"]).split(" ")[0]: e for e in Calendar.from_ical(answer.data).walk("VEVENT")}


def _id(database: Database, who: str) -> int:
    with database.reading() as session:
        return session.scalars(select(Staff.id).where(Staff.email == email_of(who))).one()


def _hand(database: Database, reference: str, who: str) -> None:
    with database.writing() as session:
        session.scalars(select(Case).where(Case.reference == reference)).one().handler_id = _id(database, who)


def test_a_calendar_reads_the_dates_of_ones_own_files_and_nothing_about_a_citizen(
    app: Flask, database: Database, desk: Callable[[str], Desk], file: Callable[..., str]
) -> None:
    mine = file(subject="Een geheim", requester_name="Jan Geheim", text="Niemand mag dit lezen")
    theirs = file(service="M1")
    _hand(database, mine, "an")
    _hand(database, theirs, "cy")
    path = _made(desk("an"))

    found = _events(app, path)

    assert found.keys() == {mine}
    with database.reading() as session:
        case = session.scalars(select(Case).where(Case.reference == mine)).one()
        days = (case.next_work_by, case.next_due_on)
        kept = session.scalars(select(CalendarFeed)).one()
        assert kept.digest == digest_of(path.removeprefix("/staff/calendar/").removesuffix(".ics"))
    told = found[mine]
    assert told.decoded("dtstart") == days[0]
    assert told.decoded("dtend") - told.decoded("dtstart") == timedelta(days=1)
    assert all(day and f" {day.day} " in told["description"] for day in days)
    assert str(told["url"]).endswith(f"/staff/cases/{mine}")
    assert told["uid"] == _events(app, path)[mine]["uid"]
    text = Desk(app).get(path).text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in text
    assert "DTSTAMP" in text
    assert not [word for word in ("geheim", "Jan", "Niemand") if word in text]


def test_an_address_ends_when_it_is_revoked_replaced_or_its_owner_is_gone(
    app: Flask, database: Database, desk: Callable[[str], Desk]
) -> None:
    at, stranger = desk("an"), Desk(app)
    first = _made(at)
    second = _made(at)
    assert at.client.head("/staff/profile/calendar").status_code == 302
    assert [stranger.get(path).status_code for path in (first, second)] == [404, 200], "looking revokes nothing"
    page = at.page("/staff/profile")
    assert page.select_one("code.staff-address") is None
    form = {"csrf_token": page.select_one("[name=csrf_token]")["value"], "step": "revoke"}  # type: ignore[index]
    assert at.client.post("/staff/profile/calendar", data=form).status_code == 303
    revoked, never = stranger.get(second), stranger.get("/staff/calendar/never.ics")
    secret = second.removeprefix("/staff/calendar/").removesuffix(".ics")
    assert (revoked.status_code, revoked.text) == (404, never.text)
    assert secret not in revoked.text  # an address that was a secret is not written down once more
    third = _made(at)
    with database.writing() as session:
        session.scalars(select(Staff).where(Staff.email == email_of("an"))).one().role = Role.ADMIN
    assert stranger.get(third).status_code == 404
    assert at.page("/staff/profile").select_one("#calendar") is None
    with database.writing() as session:
        row = session.scalars(select(Staff).where(Staff.email == email_of("an"))).one()
        row.role, row.active = Role.CLERK, False
    assert stranger.get(third).status_code == 404


def test_a_deputy_sees_the_files_of_whoever_is_away_but_none_about_themselves(
    app: Flask, database: Database, desk: Callable[[str], Desk], file: Callable[..., str]
) -> None:
    theirs, about = file(), file(nature=Nature.COMPLAINT, about_staff_id=_id(database, "cy"))
    for reference in (theirs, about):
        _hand(database, reference, "an")
    path = _made(desk("cy"))
    assert _events(app, path) == {}
    with database.writing() as session:
        row = session.scalars(select(Staff).where(Staff.email == email_of("an"))).one()
        row.away_from, row.deputy_id = brussels_day(now()), _id(database, "cy")

    found = _events(app, path)

    assert found.keys() == {theirs}
    with database.reading() as session:
        assert (
            session.scalars(select(Staff.name).where(Staff.email == email_of("an"))).one()
            in found[theirs]["description"]
        )


def test_whoever_goes_on_asking_for_what_is_not_there_is_told_to_stop(
    app: Flask, desk: Callable[[str], Desk]
) -> None:
    path, stranger = _made(desk("an")), Desk(app)

    answers = [
        stranger.get(f"/staff/calendar/{number}.ics").status_code for number in range(WRONG_FROM_ONE_PLACE + 2)
    ]

    assert answers == [404] * WRONG_FROM_ONE_PLACE + [429] * 2
    assert stranger.get(path).status_code == 200, "a colleague in the same building still reads theirs"


def test_what_is_owed_is_one_statement_over_the_index_of_what_handlers_owe(
    database: Database, file: Callable[..., str]
) -> None:
    reference, handler = file(), _id(database, "an")
    said: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: said.append((given[2], given[3])))
    with database.reading() as session:
        found = upcoming(session, {handler}, person_id=handler, until=date(9999, 1, 1), most=500)
        ((statement, values),) = [each for each in said if each[0].startswith("SELECT")]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()

    assert [each.reference for each in found] == [reference]
    assert any("ix_cases_queue_handler" in str(row) for row in plan), plan


def test_the_hour_of_the_digest_is_chosen_in_the_profile(database: Database, desk: Callable[[str], Desk]) -> None:
    at, person = desk("an"), _id(database, "an")
    for typed, kept in (("7", 7), ("7", 7), ("", None)):
        assert at.send("/staff/profile", digest=typed).status_code == 303
        with database.reading() as session:
            assert hour_of(session, person) == kept
    assert at.send("/staff/profile", digest="24").status_code == 400
    assert desk("gi").page("/staff/profile").select_one("[name=digest]") is None, "an administrator has no files"
