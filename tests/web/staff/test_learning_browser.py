"""The whole way of learning in a real browser: corrected, trained by the command, proposed otherwise, taken back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from config import Settings
from tests.conftest import SECRET_KEY
from tests.factories import INTAKE, make_house
from tests.lessons import begin_with, first_model, some
from tests.web.staff.browsing import log_in, window
from tests.web.windows import next_page
from tracker.casework.house import CITIZEN
from tracker.casework.register import register
from tracker.casework.routing_in_force import RoutingInForce
from tracker.cli import main
from tracker.models.database import Database
from tracker.routing.model import shipped_model
from tracker.web.site import Site

CORRECTED = ("Qui restaure la fresque du hall ?", "La fresque du hall historique est abîmée : à restaurer.")
LATER = "Je voudrais restaurer la fresque d'un hall historique."
PROTOCOL = "Protocole (P)"


@pytest.fixture
def ask(app: Flask, settings: Settings, database: Database) -> Callable[[str], str]:
    """Register a request with the router in force, trained first on a few texts alone; gives its reference."""
    begin_with(database, first_model())
    house = replace(make_house(), router=RoutingInForce(database, make_house().router))
    app.extensions["suivi"] = Site(settings=settings, database=database, house=house)

    def register_it(text: str) -> str:
        intake = replace(INTAKE, subject="Demande", text=text)
        with database.writing() as session:
            return register(session, house, intake=intake, actor=CITIZEN, now=datetime.now(UTC)).case.reference

    return register_it


def proposed(page: Any, reference: str) -> list[str]:
    """Open a case and return the services proposed for it, each with how likely it is."""
    page.goto(f"/staff/cases/{reference}")
    return [str(one).splitlines()[0] for one in page.locator(".staff-proposals > ol > li").all_inner_texts()]


def train(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run `tracker route train` on the few texts instead of the product's thousands, which take minutes."""
    monkeypatch.setattr("tracker.routing.examples.shipped_examples", some)
    for name, value in (
        ("SECRET_KEY", SECRET_KEY),
        ("DATABASE_URL", settings.database_url),
        ("VAR_DIR", str(settings.var_dir)),
    ):
        monkeypatch.setenv(name, value)
    assert main(["route", "train", "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_correction_in_the_browser_changes_a_later_proposal_and_a_button_takes_it_back(
    browser: Any,
    address: str,
    ask: Callable[[str], str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with window(browser, address, "fr") as page:
        log_in(page, "di")
        before = proposed(page, ask(LATER))
        assert PROTOCOL not in before[0]
        for text in CORRECTED:
            reference = ask(text)
            assert PROTOCOL not in proposed(page, reference)[0]
            page.goto(f"/staff/cases/{reference}/route")
            page.select_option("[name=service]", "PROTOCOL")
            with next_page(page):
                page.click("main form button.govuk-button:not(.govuk-button--secondary)")
            expect(page.locator(".govuk-notification-banner--success")).to_be_visible()

        told = train(settings, monkeypatch, capsys)

        assert (told["replaced"], told["corrections"], told["in_force"]) == (first_model().version, 2, True)
        assert PROTOCOL in proposed(page, ask(LATER))[0]
    with window(browser, address, "fr") as page:
        log_in(page, "gi", lands="admin")
        page.goto("/staff/routing")
        assert page.locator("main tbody tr").count() == 3
        with next_page(page):
            page.click(f"button[name=version][value='{first_model().version}']")
        expect(page.locator(".govuk-notification-banner--success")).to_be_visible()
        in_force = page.locator("main tbody tr", has_text=first_model().version)
        assert in_force.locator("button").count() == 0
        assert (
            page.locator(f"button[value='{told['version']}'], button[value='{shipped_model().version}']").count() == 2
        )
    with window(browser, address, "fr") as page:
        log_in(page, "di")
        assert proposed(page, ask(LATER)) == before
