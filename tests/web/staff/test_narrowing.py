"""The queue is narrowed and put in another order by plain addresses, and says what it is narrowed to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, select, text

from tests.web.staff.conftest import Desk, email_of, fields_of
from tracker.charter.words import Channel, Nature
from tracker.insight import stretches
from tracker.models.database import Database
from tracker.models.staff import Staff

File = Callable[..., str]


def _references(page: BeautifulSoup) -> list[str]:
    return [link.get_text() for link in page.select("main tbody th a")]


def _chips(page: BeautifulSoup) -> dict[str, str]:
    links = page.select(".staff-chips li:not(.staff-chips__all) a")
    return {link.get_text(" ", strip=True): str(link["href"]) for link in links}


def test_the_panel_narrows_the_list_and_each_chip_takes_one_filter_off(an: Desk, file: File) -> None:
    post = file(channel=Channel.POST, changes={"country": "MT"})
    fax = file(channel=Channel.FAX, changes={"country": "MT", "sensitive": True})
    file()
    panel = an.page(str(an.page("/staff/queue?view=service&show=week").select_one(".staff-narrowed a")["href"]))
    form = panel.select_one("#filter form")
    assert form is not None
    assert fields_of(form) | {"view": "service", "show": "week"} == fields_of(form), "the list stays the same"

    page = an.page(
        "/staff/queue?view=service&service=&country=MT&channel=fax&flag=sensitive&flag=unconfirmed&sort=due"
    )

    assert _references(page) == [fax]
    assert page.select_one(".staff-told").get_text(" ", strip=True) == "1 file"
    chips = _chips(page)
    assert list(chips) == [
        "Take off: Channel: Fax ×", "Take off: Country: Malta ×", "Take off: Sensitive ×",
        "Take off: Nature to be confirmed ×",
    ]  # fmt: skip
    assert set(_references(an.page("/staff/queue?view=service&country=MT"))) == {post, fax}
    without_fax = an.page(chips["Take off: Channel: Fax ×"])
    assert _references(without_fax) == [fax]
    assert "channel" not in chips["Take off: Channel: Fax ×"]
    (every,) = page.select(".staff-chips__all a")
    assert len(_references(an.page(str(every["href"])))) == 3


def test_a_list_that_nothing_fits_says_so_and_offers_to_clear(an: Desk, file: File) -> None:
    reference = file()

    page = an.page("/staff/queue?country=MT")

    told = page.select_one(".staff-told")
    assert told is not None
    assert "No file of this list is all of this." in told.get_text()
    assert _references(an.page(str(told.select_one("a")["href"]))) == [reference]
    kept = {link.get_text(strip=True): str(link["href"]) for link in page.select(".staff-lists a")}
    assert "country=MT" in kept["Overdue"], (
        "another list is narrowed in the same way, and shows no count of the whole"
    )


def test_the_orders_and_the_pages_of_a_stretch(
    an: Desk, file: File, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "PAGE", 2)
    monkeypatch.setattr(stretches, "STRETCH", 4)
    stretches._statement.cache_clear()
    moment = datetime.now(UTC)
    made = [file(received_at=moment - timedelta(days=day), channel=Channel.EMAIL) for day in (3, 5, 1, 4, 2)]
    page = an.page("/staff/queue?sort=reference")
    seen, told = _references(page), [page.select_one(".staff-told").get_text(" ", strip=True)]
    while link := page.select_one("a[rel=next]"):
        page = an.page(str(link["href"]))
        seen += _references(page)
        told += [found.get_text(" ", strip=True) for found in page.select(".staff-told")]
    stretches._statement.cache_clear()

    assert seen == [made[4], made[3], made[1], made[0], made[2]], (
        "four that are due first, then the last, each in order"
    )
    assert told[0].startswith("4 of the 4 files that are due first, up to ")
    assert told[1] == "1 of the last 1 files."
    assert _chips(page) == {"Take off: In the order of: Reference, newest first ×": "/staff/queue?view=mine"}
    assert page.select_one("a[rel=first]")["href"] == "/staff/queue?view=mine&sort=reference"


def test_a_filter_that_names_nobody_any_more_is_left_aside_and_said(
    an: Desk, desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference = file()
    with database.writing() as session:
        cy = session.scalars(select(Staff).where(Staff.email == email_of("cy"))).one()
        bo = session.scalars(select(Staff).where(Staff.email == email_of("bo"))).one()
        bo.active = False
        session.execute(text("UPDATE services SET valid_to = '2026-01-01' WHERE code = 'M4'"))
        far, gone = cy.id, bo.id

    for query, what in ((f"handler={far}", "Handler"), ("handler=99999", "Handler"), ("service=NONE", "Service")):
        page = an.page(f"/staff/queue?{query}&nature=information")
        assert f"“{what}” was left aside" in page.get_text(), query
        assert _references(page) == [reference]
        assert len(_chips(page)) == 1
    assert list(_chips(an.page(f"/staff/queue?handler={gone}"))) == [
        "Take off: Handler: Bo Peeters (no longer here) ×"
    ]
    page = an.page("/staff/queue?service=M4&filter=1")
    assert "(it is no longer there)" in next(iter(_chips(page)))
    assert page.select_one("select[name=service] option[selected]")["value"] == "M4"
    offered = {option.get_text(strip=True) for option in page.select("select[name=handler] option")}
    assert "Cy Peeters" not in offered
    assert {"All", "An Peeters"} <= offered
    everybody = desk("fa").page("/staff/queue?filter=1")
    assert "Cy Peeters" in {option.get_text(strip=True) for option in everybody.select("select[name=handler] option")}


@pytest.mark.parametrize(
    "query",
    [
        "nature=nothing&channel=%00&kind=x&language=xx&country=XX&flag=none&sort=size", "handler=1e9&service=%00'--",
        "handler=99999999999999999999", "sort=handler&next=99999999&from=2026-01-01.1", "sort=received&next=x&from=y",
        "sort=due&nature=complaint&next=1", "handler=١", "service=" + "x" * 3000,
        "_anchor=x&_external=1&_scheme=x&endpoint=y",
    ],
)  # fmt: skip
def test_an_address_made_up_by_somebody_shows_the_queue(an: Desk, file: File, query: str) -> None:
    file()

    assert an.get(f"/staff/queue?{query}").status_code == 200


def test_a_narrowed_page_takes_few_statements(an: Desk, file: File, database: Database) -> None:
    for _ in range(3):
        file(nature=Nature.COMPLAINT)
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    page = an.page("/staff/queue?view=all&nature=complaint&service=COMPLAINTS&sort=handler")

    assert len(_references(page)) == 3
    # The seven of any page, one more to find what fits before its rows are read, and the name of the service.
    assert len([one for one in said if one.startswith(("SELECT", "WITH"))]) == 9
