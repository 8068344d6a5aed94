"""The page of the router's models: what each is worth, what waits to be learnt, and the way back by one button."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.factories import MONDAY
from tests.web.staff.conftest import PEOPLE, Desk, errors_of
from tracker.casework.routing_in_force import SHIPPED, version_in_force
from tracker.models.database import Database
from tracker.models.routing import RoutingChange, RoutingModel
from tracker.routing.model import shipped_model

Desks = Callable[[str], Desk]
COMPARED = {"texts": 60, "before": 50, "after": 52, "gained": 3, "lost": 1}


@pytest.fixture
def trained(database: Database) -> str:
    """A model that was trained here, not in force."""
    model = replace(shipped_model(), about={**shipped_model().about, "version": "abcdef012345"})
    figures = {"first": 0.8125, "among_three": 0.9, "compared": COMPARED}
    with database.writing() as session:
        session.add(RoutingModel(version=model.version, content=model.to_bytes(), figures=figures, trained_at=MONDAY))
    return model.version


def in_force(database: Database) -> str:
    with database.reading() as session:
        return version_in_force(session)


def test_an_administrator_puts_a_model_in_force_and_goes_back(desk: Desks, database: Database, trained: str) -> None:
    at = desk("gi")
    page = at.page("/staff/routing")
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in page.select("tbody tr")]
    assert [row[0] for row in rows] == [trained, shipped_model().version]
    assert rows[0][2:5] == ["81.2\u00a0%", "90.0\u00a0%", "3 texts gained, 1 lost, of 60"]
    assert rows[1][5] == "in force"

    assert at.send("/staff/routing", version=trained).status_code == 303

    assert in_force(database) == trained
    assert f"Model {trained} is in force" in at.page("/staff/routing").get_text()
    assert at.send("/staff/routing", version=shipped_model().version).status_code == 303
    assert in_force(database) == SHIPPED
    with database.reading() as session:
        assert set(session.scalars(select(RoutingChange.actor))) == {"Gi Peeters"}


@pytest.mark.parametrize("version", ["", "nonsense", "x" * 500, "<b>"])
def test_a_model_that_is_not_there_is_refused_with_a_sentence(desk: Desks, database: Database, version: str) -> None:
    answer = desk("gi").send("/staff/routing", version=version)
    assert answer.status_code == 409
    assert "There is no model" in errors_of(answer)
    assert in_force(database) == SHIPPED


@pytest.mark.parametrize("who", [who for who in PEOPLE if who != "gi"])
def test_nobody_else_finds_or_opens_it(desk: Desks, who: str) -> None:
    at = desk(who)
    assert at.get("/staff/routing").status_code == 403
    assert at.client.post("/staff/routing", data={"version": "x"}).status_code in (400, 403)
    assert at.page("/staff/profile").select_one("a[href='/staff/routing']") is None


@pytest.mark.parametrize(("language", "words"), [("fr", "en vigueur"), ("nl", "van kracht"), ("de", "in Kraft")])
def test_it_speaks_the_languages_of_the_house(desk: Desks, trained: str, language: str, words: str) -> None:
    page = desk("gi").page(f"/staff/routing?lang={language}")
    assert words in page.get_text()
