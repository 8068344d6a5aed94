"""The details of an entry on its page: facts and parts are added, changed and ended, and the history tells of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.web.staff.conftest import Desk, fields_of, form_of, soup_of
from tracker.casework.directory import directory_in_force
from tracker.charter.counting import brussels_day
from tracker.models.database import Database
from tracker.routing.directory import Certainty, Fact, load_directory

Desks = Callable[[str], Desk]
LANGUAGES = ("fr", "nl", "de", "en")
ENTRY = "/staff/directory/NATO-IS"
TEXTS = {f"text_{lang}": f"Said in {lang}" for lang in LANGUAGES}
SOURCE = {"source": "A page of NATO", "source_address": "https://www.nato.int/", "read_on": "2026-01-31"}
IN_A_WEEK = brussels_day(datetime.now(UTC)) + timedelta(days=7)


def facts(database: Database) -> tuple[Fact, ...]:
    with database.reading() as session:
        return directory_in_force(session).facts_of("NATO-IS")


def text_of(page: BeautifulSoup) -> str:
    return page.select_one("main").get_text(" ", strip=True)  # type: ignore[union-attr]


def way(page: BeautifulSoup, what: str, place: int = -1) -> str:
    return str(page.select(f"a[href*='{what}']")[place]["href"])


def test_a_fact_is_added_changed_and_ended_on_the_page_with_its_history(desk: Desks, database: Database) -> None:
    at, shipped = desk("gi"), load_directory().facts_of("NATO-IS")
    assert at.send(f"{ENTRY}/facts/new", **TEXTS, **SOURCE, why="Read today").status_code == 303
    (new,) = facts(database)[len(shipped) :]
    assert (new.texts["de"], new.certainty) == ("Said in de", Certainty.STATED)
    assert new.source is not None
    assert new.source.read_on == date(2026, 1, 31)

    page = at.page(ENTRY)
    assert "A page of NATO" in text_of(page)
    change = way(page, "/facts/", -3)
    assert fields_of(form_of(at.page(change)))["text_nl"] == "Said in nl"
    unsure = {"certainty": "unverified", "source": "", "source_address": "", "read_on": ""}
    assert at.send(change, text_en="Said otherwise", **unsure, why="No source").status_code == 303
    assert (facts(database)[-1].texts["en"], facts(database)[-1].source) == ("Said otherwise", None)

    assert at.send(way(at.page(ENTRY), "/end", -1), why="Wrong").status_code == 303
    assert facts(database) == shipped
    page = at.page(ENTRY)
    told = text_of(page)
    assert all(words in told for words in ("Read today", "No source", "Wrong", "no longer said something of it"))
    assert [one.get_text() for one in page.select("del")] == ["Said otherwise", "Said in en"]
    assert at.get(change).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"text_de": " "}, {"text_de"}),
        ({"source": ""}, {"source"}),
        ({"read_on": ""}, {"read_on"}),
        ({"read_on": IN_A_WEEK.isoformat(), "said_on": IN_A_WEEK.isoformat()}, {"read_on", "said_on"}),
        ({"source_address": "javascript:alert(1)"}, {"source_address"}),
        ({"certainty": "sworn", "why": ""}, {"certainty", "why"}),
    ],
)
def test_what_is_wrong_with_a_fact_is_said_at_its_field_and_nothing_typed_is_lost(
    desk: Desks, database: Database, wrong: dict[str, Any], fields: set[str]
) -> None:
    given = {**TEXTS, **SOURCE, "why": "Read today", **wrong}
    sent = desk("gi").send(f"{ENTRY}/facts/new", **given)
    page = soup_of(sent)
    assert sent.status_code == 400
    assert {str(link["href"])[1:].rsplit("-", 1)[0] for link in page.select(".govuk-error-summary a")} == fields
    assert fields_of(form_of(page))["text_fr"] == "Said in fr"
    assert facts(database) == load_directory().facts_of("NATO-IS")


def test_a_part_is_added_changed_and_ended_from_a_day_on(desk: Desks, database: Database) -> None:
    at, path = desk("gi"), "/staff/directory/M3"
    names = {f"name_{lang}": f"Desk {lang}" for lang in LANGUAGES}
    refused = at.send(f"{path}/parts/new", **names, mandate_fr="Il répond.", why="New")
    assert refused.status_code == 400
    assert len(soup_of(refused).select(".govuk-error-summary a")) == 3
    assert at.send(f"{path}/parts/new", **names, why="New").status_code == 303
    assert "Desk en" in text_of(at.page(path))
    later = IN_A_WEEK.isoformat()
    assert (
        at.send(way(at.page(path), "/parts/", -3), name_en="Office", from_day=later, why="Renamed").status_code == 303
    )
    with database.reading() as session:
        versions = directory_in_force(session).versions("M3")
    assert [one.parts[-1].names["en"] for one in versions[-2:]] == ["Desk en", "Office"]
    assert at.send(way(at.page(path), "/parts/", -2), why="Gone").status_code == 303
    told = text_of(at.page(path))
    assert all(words in told for words in ("New", "Renamed", "Gone", "(Its parts)"))
    with database.reading() as session:
        assert directory_in_force(session).versions("M3")[-1].parts == load_directory().versions("M3")[-1].parts


def test_whoever_writes_meanwhile_is_named_and_what_was_typed_stays(desk: Desks) -> None:
    at = desk("gi")
    page = at.page(f"{ENTRY}/facts/new")
    assert at.send(f"{ENTRY}/change", phone="+32 2 1", why="Call").status_code == 303
    late = at.send_form(page, f"{ENTRY}/facts/new", **TEXTS, **SOURCE, why="Read today")
    assert late.status_code == 409
    assert fields_of(form_of(soup_of(late)))["text_en"] == "Said in en"
    assert at.send_form(soup_of(late), f"{ENTRY}/facts/new").status_code == 303


@pytest.mark.parametrize(
    "path",
    ["facts/new", "facts/{mark}/change", "facts/{mark}/end", "parts/new", "parts/{key}/change", "parts/{key}/end"],
)
def test_only_an_administrator_finds_and_opens_these_pages(desk: Desks, path: str) -> None:
    found = [str(link["href"]) for link in desk("gi").page(ENTRY).select("a")]
    shape = path.split("/")
    mine = [one for one in found if one.startswith(f"{ENTRY}/{shape[0]}/") and one.endswith(shape[-1])]
    assert mine
    assert desk("gi").get(mine[0]).status_code == 200
    assert desk("an").get(mine[0]).status_code == 403
    assert desk("an").page(ENTRY).select("a[href*='/facts/'], a[href*='/parts/']") == []
