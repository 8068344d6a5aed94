"""The staff side is closed by default: every route says what it needs, and every role gets exactly what it may."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from tests.insight.casebook import a_mail
from tests.web.staff.conftest import PEOPLE, Desk, email_of, soup_of
from tracker.access.permissions import READ, MailFacts, Room, may, may_enter, may_keep_rules, may_with_mail
from tracker.app import create_app
from tracker.charter.words import Nature, Role
from tracker.insight.casepage import case_header
from tracker.insight.mailbox import desks
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.routing import RoutingChange
from tracker.models.staff import Staff
from tracker.opening import open_mailroom
from tracker.web.staff.accounts import Account
from tracker.web.staff.blueprint import Needs, facts_of, needs_of, staff

OPEN_TO_ANYONE = {
    "staff.calendar_feed",
    "staff.new_password",
    "staff.start",
    "staff.login",
    "staff.log_in",
    "staff.log_out",
}


def _routes(app: Flask) -> list[tuple[str, str, Needs]]:
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("staff."):
            needs = needs_of(app.view_functions[rule.endpoint])
            assert needs is not None, f"{rule.endpoint} does not say what it needs, so it is closed to everybody"
            found.append((rule.endpoint, rule.rule.replace("<int:number>", "1").replace("<code>", "M1"), needs))
    return found


def test_every_route_says_what_it_needs_and_only_the_login_is_open(app: Flask) -> None:
    assert {endpoint for endpoint, _, needs in _routes(app) if needs.anyone} == OPEN_TO_ANYONE
    on_cases = [needs for _, rule, needs in _routes(app) if "<reference>" in rule]
    assert len(on_cases) >= 20
    assert all(needs.on_case for needs in on_cases)


def test_a_view_that_says_nothing_is_closed(settings: Settings, an: Desk) -> None:
    app = create_app(settings)
    app.add_url_rule("/staff/forgotten", "staff.forgotten", lambda: "open!")

    answer = Desk(app, an.staff).get("/staff/forgotten")

    app.extensions["suivi"].database.close()
    assert answer.status_code == 403
    assert staff.before_request_funcs[None], "the guard stands before every view"


def test_nobody_gets_in_without_a_login(app: Flask, file: Callable[..., str]) -> None:
    reference, stranger = file(), Desk(app)
    for endpoint, rule, needs in _routes(app):
        if not needs.anyone:
            path = rule.replace("<reference>", reference)
            answer = stranger.get(path)
            assert answer.status_code == 302, endpoint
            assert answer.headers["Location"].startswith("/staff/login?next="), endpoint


@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_opens_exactly_what_the_table_of_permissions_says(
    app: Flask, database: Database, desk: Callable[[str], Desk], file: Callable[..., str], who: str
) -> None:
    with database.reading() as session:
        people = {s.email: s for s in session.scalars(select(Staff))}
    cases = [
        file(),
        file(service=None, subject="???", text="zzz zzz"),  # nobody knows whose it is: triage
        file(nature=Nature.COMPLAINT, about_staff_id=people[email_of("an")].id),
        file(service="M1", sensitive=True),
        file(urgent=True),
        file(urgent=True, sensitive=True),
        file(urgent=True, changes={"urgent_taken_at": datetime.now(UTC)}),
        file(urgent=True, nature=Nature.COMPLAINT, about_staff_id=people[email_of("di")].id),
    ]
    person, at = Account(people[email_of(who)], frozenset(), heads_dispatchers=who == "hu").person, desk(who)
    facts = {}
    with database.reading() as session:
        for reference in cases:
            header = case_header(session, reference)
            assert header is not None
            facts[reference] = facts_of(header)
    for endpoint, rule, needs in _routes(app):
        if needs.anyone:
            continue
        if needs.on_mail is not None:
            continue  # below
        if needs.rules:
            with database.reading() as session:
                allowed = may_keep_rules(person, desks(session))
            assert (at.get(rule).status_code != 403) == allowed, endpoint
            continue
        if needs.room is not None:
            answer = at.get(rule)
            assert (answer.status_code != 403) == may_enter(person, needs.room), endpoint
            if answer.status_code == 200 and b"<main" in answer.data:
                assert b'href="/staff/texts"' in answer.data.split(b"<main")[0], f"{endpoint}: the menu"
            continue
        for reference, of_case in facts.items():
            status = at.get(rule.replace("<reference>", reference)).status_code
            if not may(person, READ, of_case):
                assert status == 404, (endpoint, reference)
            elif not may(person, needs.on_case or "", of_case):
                assert status == 403, (endpoint, reference)
            elif endpoint not in ("staff.attachment", "staff.paper"):
                assert status in (200, 303), (endpoint, reference)


@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_opens_exactly_the_mail_that_the_table_of_permissions_says(
    app: Flask,
    database: Database,
    desk: Callable[[str], Desk],
    file: Callable[..., str],
    settings: Settings,
    who: str,
) -> None:
    with database.reading() as session:
        people = {s.email: s for s in session.scalars(select(Staff))}
    presumed = [
        None,
        file(),
        file(service=None, subject="???", text="zzz zzz"),
        file(nature=Nature.COMPLAINT, about_staff_id=people[email_of("an")].id),
        file(service="M1", sensitive=True),
        file(urgent=True),
    ]
    mails = dict(enumerate(presumed, start=1))
    room = open_mailroom(settings)
    with database.writing() as session:
        for number, reference in mails.items():
            laid = room.mail / f"{number:02x}" / f"{number:02x}{'0' * 62}.eml"
            laid.parent.mkdir(parents=True)
            laid.write_bytes(b"Subject: x\r\n\r\nx")
            case = session.scalar(select(Case.id).where(Case.reference == reference)) if reference else None
            a_mail(session, number, case_id=case, sha256=f"{number:02x}{'0' * 62}")
    person, at = Account(people[email_of(who)], frozenset(), heads_dispatchers=who == "hu").person, desk(who)
    tried = [(endpoint, rule, needs) for endpoint, rule, needs in _routes(app) if needs.on_mail]
    assert len(tried) == 5
    for number, reference in mails.items():
        with database.reading() as session:
            header = case_header(session, reference) if reference else None
            facts = MailFacts(facts_of(header) if header else None, desks(session))
        for endpoint, rule, needs in tried:
            answer = at.get(rule.replace("/1", f"/{number}"))
            expected = 403 if may_with_mail(person, READ, facts) else 404
            allowed = expected == 403 and may_with_mail(person, needs.on_mail or "", facts)
            assert answer.status_code == (200 if allowed else expected), (endpoint, reference)
            answer.close()


def test_a_case_that_one_may_not_see_is_answered_like_one_that_does_not_exist(
    desk: Callable[[str], Desk], file: Callable[..., str], database: Database
) -> None:
    with database.reading() as session:
        about = session.scalars(select(Staff.id).where(Staff.email == email_of("an"))).one()
    hidden = file(nature=Nature.COMPLAINT, about_staff_id=about)

    at = desk("an")
    seen = soup_of(at.get(f"/staff/cases/{hidden}")).select_one("main")
    unknown = soup_of(at.get("/staff/cases/DOS-2026-0001234-14")).select_one("main")

    assert seen is not None
    assert unknown is not None
    assert seen.get_text().replace(hidden, "…") == unknown.get_text().replace("DOS-2026-0001234-14", "…")


def test_the_administrator_of_the_machine_has_no_queue_but_lands_on_its_state(desk: Callable[[str], Desk]) -> None:
    at = desk("gi")

    assert at.get("/staff/").headers["Location"] == "/staff/admin"
    assert at.get("/staff/queue").status_code == 403


def test_what_is_done_is_checked_again_where_it_is_done(
    app: Flask, an: Desk, file: Callable[..., str], database: Database
) -> None:
    """The page was opened while it was allowed; the case has gone to another service since."""
    reference = file()
    page = an.page(f"/staff/cases/{reference}/note")
    with database.writing() as session:
        from tracker.models.cases import Case

        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        case.service_code, case.handler_id = "M1", 4

    answer = an.send_form(page, f"/staff/cases/{reference}/note", text="too late")

    assert answer.status_code in (403, 404, 409)


POSTED = {
    "/staff/rules/new": "rules", "/staff/rules/1": "rules", "/staff/rules/1/change": "rules",
    "/staff/routing": Room.ROUTING,
    "/staff/directory/new": Room.WRITE_DIRECTORY, "/staff/directory/M1/change": Room.WRITE_DIRECTORY,
    "/staff/directory/M1/end": Room.WRITE_DIRECTORY, "/staff/directory/M1/shipped": Room.WRITE_DIRECTORY,
    "/staff/directory/NATO-IS/facts/new": Room.WRITE_DIRECTORY, "/staff/directory/M3/parts/new": Room.WRITE_DIRECTORY,
}  # fmt: skip
"""Where what the router goes by is changed, and who may."""


@pytest.mark.parametrize("who", PEOPLE)
def test_what_is_posted_by_hand_with_a_token_that_counts_changes_nothing_for_whom_it_is_closed(
    database: Database, desk: Callable[[str], Desk], file: Callable[..., str], who: str
) -> None:
    at, reference = desk(who), file(service=None, subject="???", text="zzz zzz")
    token = at.page("/staff/profile").select_one("input[name=csrf_token]")["value"]  # type: ignore[index]
    with database.reading() as session:
        person = Account(session.scalars(select(Staff).where(Staff.email == email_of(who))).one(), frozenset()).person
        keeps, before = (
            may_keep_rules(person, desks(session)),
            session.scalar(select(func.count(RoutingChange.number))),
        )
    for path, needs in POSTED.items():
        status = at.client.post(path, data={"csrf_token": token, "step": "put", "version": "x"}).status_code
        allowed = keeps if needs == "rules" else may_enter(person, Room(needs))
        assert status in ((200, 400, 404, 409) if allowed else (403,)), path
    assert at.client.post("/staff/triage", data={"csrf_token": token}).status_code == 405
    for code in ("M99", "NATO-IS", "M1\0", ""):
        given = {"csrf_token": token, "service": code, "seen": "1"}
        assert 400 <= at.client.post(f"/staff/cases/{reference}/route", data=given).status_code < 500, code
    with database.reading() as session:
        assert session.scalar(select(func.count(RoutingChange.number))) == before
        assert session.scalars(select(Case.service_code).where(Case.reference == reference)).one() is None


def test_the_roles_of_the_table_are_all_tried() -> None:
    assert {role for role, _ in PEOPLE.values()} == set(Role)
