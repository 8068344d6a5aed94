"""Closing days as administrators add them: a preview first; where it is told that the next ones are missing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from tests.web.staff.conftest import Desk, errors_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.house import HouseChange
from tracker.web.site import Site

PATH = "/staff/closing-days"


def test_closing_days_are_previewed_added_and_withdrawn(
    app: Flask, desk: Callable[[str], Desk], database: Database, file: Callable[..., str], row: Callable[[str], Case]
) -> None:
    gi, site = desk("gi"), app.extensions["suivi"]
    assert isinstance(site, Site)
    today = brussels_day(datetime.now(UTC))
    shipped = site.house.shipped_calendar
    due = next(day for n in range(20) if shipped.is_open(day := today + timedelta(days=8 + n)))
    received = datetime.now(UTC) - timedelta(days=15 - (due - today).days)
    reference = file(subject="Een geheim", received_at=min(received, datetime.now(UTC)))
    owed = row(reference).next_due_on
    assert owed is not None
    closing = shipped.last_open_on_or_before(owed)
    typed = {"days": f"{closing:%d/%m/%Y}\n", "source": "Circular 700", "until": f"{today.year + 1}-12-31"}

    for wrong, said in (({"days": "tomorrow"}, "31/12/2026"), ({"days": "", "until": ""}, "closing days"),
                        ({"source": ""}, "circular"), ({"days": f"{today}"}, "not possible")):  # fmt: skip
        refused = gi.send(PATH, "preview", **typed | wrong)
        assert refused.status_code in (400, 409)
        assert said in errors_of(refused).casefold(), errors_of(refused)
    assert gi.send(PATH, "add", **typed).status_code == 200, "nothing is added that was not previewed"
    page = gi.send(PATH, "preview", **typed)
    assert "No due date moves" in page.text
    assert "ME6" in page.text
    with database.reading() as session:
        assert session.scalars(select(HouseChange).where(HouseChange.subject == "closing_days")).all() == []
    assert gi.send_form(soup_of(page), PATH, "add").status_code == 303
    shown = gi.page(PATH)
    assert "Circular 700" in shown.get_text()
    assert not [one for one in (reference, "geheim") if one in page.text + shown.get_text()]
    links = {str(link["href"]) for link in shown.select("a[href*=withdraw]")}
    assert links == {f"{PATH}/withdraw?day={closing}", f"{PATH}/withdraw?until={date(today.year + 1, 12, 31)}"}
    for link in sorted(links):
        assert gi.send(link).status_code == 400, "a reason is asked for"
        assert gi.send(link, why="Taken back.").status_code == 303
    assert "Circular 700" not in gi.page(PATH).get_text()
    assert gi.get(f"{PATH}/withdraw?day=never").status_code == 404

    history = gi.page("/staff/history?kind=closing_days")
    assert [line.get_text(strip=True) for line in history.select(".staff-timeline strong")] == [
        "Closing days withdrawn", "Closing days withdrawn", "Closing days added",
    ]  # fmt: skip
    assert "Reason: Taken back." in history.get_text()
    assert history.select_one("a[rel=next]") is None


def test_administrators_land_where_they_are_told_that_the_next_closing_days_are_missing(
    desk: Callable[[str], Desk],
) -> None:
    page = desk("gi").page("/staff/admin")

    links = {str(link["href"]) for link in page.select("a[href]")}
    assert {"/staff/people", PATH, "/staff/history", "/staff/texts", "/staff/directory"} <= links
    soon = datetime.now(UTC).date() > date(2026, 7, 1)  # half a year before what the product knows ends
    assert (page.select_one(f".staff-alarm a[href='{PATH}']") is not None) == soon


def test_the_history_is_read_by_kind_and_by_person(desk: Callable[[str], Desk], database: Database) -> None:
    gi = desk("gi")
    with database.reading() as session:
        number = session.scalars(
            select(HouseChange.what).where(HouseChange.details["act"].as_string() == "add")
        ).first()
    for n in range(3):
        assert gi.send(f"/staff/people/{number}", name=f"Name {n}").status_code == 303

    shown = gi.page(f"/staff/history?kind=person&who={number}")
    assert len(shown.select(".staff-timeline strong")) == 4
    assert "Name 1" in shown.get_text()
    assert gi.get("/staff/history?after=x~y~z&who=-1&kind=poem").status_code == 200
