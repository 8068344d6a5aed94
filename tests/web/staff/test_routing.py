"""The page of the router's models: what each is worth, what waits to be learnt, and the way back by one button."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from tests.factories import INTAKE, MONDAY, make_house
from tests.lessons import begin_with, first_model, some
from tests.web.staff.conftest import PEOPLE, Desk, errors_of
from tracker.casework.house import CITIZEN, SYSTEM
from tracker.casework.learning import learn
from tracker.casework.register import register
from tracker.casework.routing_in_force import SHIPPED, RoutingInForce, version_in_force
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.routing import RoutingChange, RoutingModel
from tracker.routing.model import shipped_model
from tracker.web.site import Site

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
    assert rows[0][2:5] == ["81.2%", "90.0%", "3 texts gained, 1 lost, of 60"]
    assert rows[1][5] == "in force"

    assert at.send("/staff/routing", version=trained).status_code == 303

    assert in_force(database) == trained
    assert f"Model {trained} is in force" in at.page("/staff/routing").get_text()
    assert at.send("/staff/routing", version=shipped_model().version).status_code == 303
    assert in_force(database) == SHIPPED
    with database.reading() as session:
        assert set(session.scalars(select(RoutingChange.actor))) == {"Gi Peeters"}


def test_a_model_that_came_with_the_product_since_stands_there_once(desk: Desks, database: Database) -> None:
    begin_with(database, shipped_model())
    page = desk("gi").page("/staff/routing")
    assert len(page.select("tbody tr")) == 1
    assert page.select("main button[name=version]") == []


def test_a_correction_at_the_desk_changes_a_later_proposal_and_going_back_restores_the_former(
    app: Flask, settings: Settings, desk: Desks, database: Database
) -> None:
    begin_with(database, first_model())
    house = replace(make_house(), router=RoutingInForce(database, make_house().router))
    app.extensions["suivi"] = Site(settings=settings, database=database, house=house)

    def ask(text: str) -> str:
        intake = replace(INTAKE, subject="Demande", text=text)
        with database.writing() as session:
            return register(session, house, intake=intake, actor=CITIZEN, now=datetime.now(UTC)).case.reference

    def proposed() -> str:
        with database.reading() as session:
            reference = ask("Je voudrais restaurer la fresque d'un hall historique.")
            case = session.scalars(select(Case).where(Case.reference == reference)).one()
            assert case.routing is not None
            return str(case.routing["suggestions"][0]["code"])

    before = proposed()
    assert before != "PROTOCOL"
    for text in ("Qui restaure la fresque du hall ?", "La fresque du hall historique est abîmée : à restaurer."):
        sent = desk("di").send(f"/staff/cases/{ask(text)}/route", service="PROTOCOL")
        assert sent.status_code == 303, errors_of(sent)
    assert "2 corrections wait" in desk("gi").page("/staff/routing").get_text()

    learn(database, house, some(), actor=SYSTEM, now=datetime.now(UTC))

    assert proposed() == "PROTOCOL"
    page = desk("gi").page("/staff/routing")
    assert "0 corrections wait" in page.get_text()
    assert first_model().version in [str(one["value"]) for one in page.select("main button[name=version]")]
    assert desk("gi").send("/staff/routing", version=first_model().version).status_code == 303
    assert proposed() == before


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
