"""A list that was filtered is kept under a name: opened again, shared by a head, begun with, changed, deleted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, select, text

from tests.web.staff.conftest import Desk, errors_of, soup_of
from tracker.access.permissions import Person
from tracker.casework.saved_views import MOST, NoSuchView, TooManyViews, begin_with, keep_view
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.rules import RuleBook
from tracker.charter.words import Channel
from tracker.insight.verify import verify
from tracker.models.database import Database
from tracker.models.views import FirstView

File = Callable[..., str]
QUERY = "view=service&channel=fax&flag=sensitive&flag=unconfirmed&sort=received"
NOW = datetime.now(UTC)


def _tabs(page: BeautifulSoup) -> dict[str, str]:
    return {link.get_text(strip=True): str(link["href"]) for link in page.select("nav[aria-label='My views'] li a")}


def _references(page: BeautifulSoup) -> list[str]:
    return [link.get_text() for link in page.select("main tbody th a")]


def _person(at: Desk) -> Person:
    assert at.staff is not None
    return Person(at.staff.id, at.staff.role, at.staff.service_code)


def _keep(at: Desk, name: str, query: str = QUERY, **typed: str) -> None:
    answer = at.send(f"/staff/queue/views?{query}", name=name, **typed)
    assert answer.status_code == 303, errors_of(answer)


def test_a_view_is_kept_opened_and_begun_with(an: Desk, file: File) -> None:
    fax = file(channel=Channel.FAX, changes={"sensitive": True})
    file()
    link = an.page(f"/staff/queue?{QUERY}").select_one("nav[aria-label='My views'] > a")
    assert link is not None
    assert link.get_text() == "Keep this list as a view"

    answer = an.send(str(link["href"]), name="  My   faxes ", first="y")

    assert answer.status_code == 303
    page = an.page(str(answer.headers["Location"]))
    assert "The view “My faxes” is kept." in page.get_text()
    assert page.select_one("nav[aria-label='My views'] a[aria-current]").get_text() == "My faxes"
    begun = an.page("/staff/queue")
    assert _references(begun) == [fax]
    assert _references(an.page("/staff/queue?tick=all")) == [fax], "all of this list are ticked, not of another"
    assert len(begun.select(".staff-chips li")) == 5, "four that are filtered by, and all at once"
    assert _references(an.page(_tabs(begun)["My faxes"])) == [fax]
    assert len(_references(an.page("/staff/queue?view=mine"))) == 2, "the plain lists are as they were"
    kept = an.page("/staff/queue/views").get_text(" ", strip=True)
    assert "My service · All that is owed · Channel: Fax · Sensitive · Nature to be confirmed" in kept


def test_a_view_is_renamed_and_deleted(an: Desk, database: Database) -> None:
    _keep(an, "One", first="y")
    where = "/staff/queue/views/1"

    assert an.send(where, name="Two").status_code == 303
    assert list(_tabs(an.page("/staff/queue"))) == ["Two"]
    _keep(an, "One")
    assert "You have a view called “Two” already" in errors_of(an.send("/staff/queue/views/2", name="Two"))
    assert "Give the view a name." in errors_of(an.send(where, name=" "))
    assert an.send(where, "delete").status_code == 303
    assert list(_tabs(an.page("/staff/queue"))) == ["One"]
    assert an.get(where).status_code == 404
    with database.reading() as session:
        assert session.scalars(select(FirstView)).all() == []


def test_a_head_shares_a_view_with_the_service(desk: Callable[[str], Desk], file: File) -> None:
    fax = file(channel=Channel.FAX)
    an, bo, cy = desk("an"), desk("bo"), desk("cy")
    _keep(bo, "Fax", "view=service&channel=fax", shared="y")
    _keep(an, "Mine alone", "view=mine&channel=fax")

    assert _references(an.page(_tabs(an.page("/staff/queue"))["Fax"])) == [fax]
    assert list(_tabs(bo.page("/staff/queue"))) == ["Fax"]
    assert _tabs(cy.page("/staff/queue")) == {}, "of another service"
    page = an.page("/staff/queue/views/1")
    assert page.select_one("input[name=name]") is None, "only its owner, or the head, changes it"
    assert page.select_one("button[value=delete]") is None
    assert an.send("/staff/queue/views/1", first="y").status_code == 303
    assert _references(an.page("/staff/queue")) == [fax]
    assert "no longer there" in errors_of(an.send("/staff/queue/views/1", "delete"))
    assert cy.get("/staff/queue/views/1").status_code == 404
    assert an.page("/staff/queue/views?view=all&nature=complaint").select_one("input[name=shared]") is None
    refused = an.send("/staff/queue/views?view=all&nature=complaint", name="Ours", shared="y")
    assert refused.status_code == 409, "only a head shares"
    shown = soup_of(refused).select_one("input[name=name]")
    assert shown is not None
    assert shown["value"] == "Ours", "what was typed is not lost"
    assert bo.send("/staff/queue/views/1", name="Fax", shared=None).status_code == 303
    assert list(_tabs(an.page("/staff/queue"))) == ["Mine alone"]
    assert len(an.page("/staff/queue").select(".staff-chips li")) == 0, "what is no longer shared is not begun with"


def test_a_view_that_names_somebody_who_is_gone_opens_and_says_so(an: Desk, file: File, database: Database) -> None:
    reference = file(channel=Channel.FAX)
    with database.writing() as session:
        query = {"view": "service", "handler": 99999, "service": "GONE", "channel": "fax"}
        keep_view(session, person=_person(an), name="Old", query=query, shared=False, now=NOW)

    page = an.page(_tabs(an.page("/staff/queue"))["Old"])

    assert _references(page) == [reference]
    for what in ("Service", "Handler"):
        assert f"“{what}” was left aside" in page.get_text()


def test_a_person_keeps_twenty_views_and_begins_only_with_what_they_see(
    an: Desk, desk: Callable[[str], Desk], database: Database
) -> None:
    with database.writing() as session:
        for number in range(MOST):
            keep_view(session, person=_person(an), name=str(number), query={}, shared=False, now=NOW)
        with pytest.raises(TooManyViews):
            keep_view(session, person=_person(an), name="x", query={}, shared=False, now=NOW)
        with pytest.raises(NoSuchView):
            begin_with(session, person=_person(desk("cy")), number=1, now=NOW)

    assert "You keep 20 views already" in errors_of(an.send(f"/staff/queue/views?{QUERY}", name="One more"))


def test_verify_sees_a_view_that_was_changed_behind_our_back(an: Desk, database: Database) -> None:
    _keep(an, "One", first="y")
    rules, calendar = RuleBook.shipped(), WorkingCalendar.shipped()
    assert not [one for one in verify(database, rules, calendar) if "view" in one.table]
    with database.writing() as session:
        session.execute(text('UPDATE saved_views SET query = \'{"channel": "post"}\''))
        session.execute(text("UPDATE first_views SET chosen_at = :when"), {"when": NOW - timedelta(days=1)})

    found = {one.table for one in verify(database, rules, calendar)}

    assert {"saved_views", "first_views"} <= found


def test_the_list_of_views_takes_as_many_statements_for_twenty_as_for_one(an: Desk, database: Database) -> None:
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    counts = []
    for number in range(MOST):
        with database.writing() as session:
            query = {"view": "all", "service": "M1", "handler": _person(an).id}
            keep_view(session, person=_person(an), name=f"View {number}", query=query, shared=False, now=NOW)
        if number in (0, MOST - 1):
            said.clear()
            page = an.page("/staff/queue/views").get_text(" ")
            counts.append(len(said))
    assert page.count("Handler: An Peeters") == MOST
    assert counts[0] == counts[1]
