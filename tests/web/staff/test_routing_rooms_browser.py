"""The rooms of routing in a real browser: triage, rules, models, directory; by keyboard alone, without scripts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import select

from tests.web.staff.browsing import assert_shown_sound, log_in, tab_to, window
from tests.web.windows import next_page
from tracker.casework.directory import directory_in_force
from tracker.charter.words import RuleState
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.routing import RoutingRule

File = Callable[..., str]
WAITS: dict[str, Any] = {"service": None, "changes": {"state": "triage", "triage_since": datetime.now(UTC)}}
VISA = "Ma tante de Kinshasa demande un visa Schengen, et l'ambassade ne répond pas : on m'a raccroché au nez."
LONG = "Belgische-Botschaft-in-Bangkok " * 3


def _enter(page: Any) -> None:
    """Press Enter where it leads to another page, and wait for that."""
    with next_page(page):
        page.keyboard.press("Enter")


def test_on_a_narrow_screen_the_request_comes_before_the_proposals(browser: Any, address: str, file: File) -> None:
    reference = file(subject="visa", text=VISA * 5, **WAITS)
    with window(browser, address, "fr", width=320) as page:
        log_in(page, "di")
        page.goto(f"/staff/cases/{reference}?triage=")
        assert page.evaluate("window.scrollY") == 0, "nothing below the request takes the focus"
        text, proposed = (page.locator(one).bounding_box() for one in (".staff-case__asked", ".staff-proposals"))
        assert text["y"] + text["height"] <= proposed["y"]
        with next_page(page):
            page.click(".staff-proposals .staff-if-narrow >> nth=0")


def test_a_rule_is_written_tried_and_put_in_force_by_keyboard_alone(
    browser: Any, address: str, file: File, database: Database
) -> None:
    file(subject="Vraag", text="Wie controleert de trawlers op zee?")
    with window(browser, address, "nl") as page:
        log_in(page, "hu")
        page.goto("/staff/rules")
        tab_to(page, 'a[href="/staff/rules/new"]')
        _enter(page)
        for field, typed in (("name", "Trawlers"), ("service", "Ontw"), ("words_nl", "trawler*"), ("note", "Vraag")):
            tab_to(page, f"#{field}")
            page.keyboard.type(typed)
        tab_to(page, "main form button:not([name])")
        _enter(page)
        tab_to(page, 'button[value="try"]')
        _enter(page)
        assert_shown_sound(page)
        tab_to(page, 'button[value="put"]')
        _enter(page)
        expect(page.locator('button[value="off"]')).to_be_visible()
    with database.reading() as session:
        rule = session.scalars(select(RoutingRule)).one()
    assert (rule.state, rule.service_code, rule.words) == (RuleState.IN_FORCE, "M5", {"nl": ["trawler*"]})


def test_triage_rules_and_directory_work_without_scripts(
    browser: Any, address: str, file: File, row: Callable[[str], Case], database: Database
) -> None:
    first, second = (file(subject="visa", text=VISA, **WAITS) for _ in range(2))
    with window(browser, address, "en", java_script_enabled=False) as page:
        log_in(page, "di")
        page.goto("/staff/triage")
        with next_page(page):
            page.click(".staff-proposals button >> nth=0")
        page.select_option("#elsewhere", "M1")
        with next_page(page):
            page.click(".staff-elsewhere button")
        expect(page.locator("main")).to_contain_text("No file waits for a service any more.")
    assert row(first).service_code
    assert row(second).service_code == "M1"
    with window(browser, address, "en", java_script_enabled=False) as page:
        log_in(page, "gi", lands="admin")
        page.goto("/staff/rules/new")
        page.fill("#name", "Trawlers")
        page.fill("#words_en", "trawler*")
        page.fill("#note", "Asked every spring")
        page.select_option("#service", "M5")
        for button in ("main form button:not([name])", 'button[value="try"]', 'button[value="put"]'):
            with next_page(page):
                page.click(button)
        expect(page.locator('button[value="off"]')).to_be_visible()
        page.goto("/staff/directory")
        page.fill("#words", "desarmement")
        with next_page(page):
            page.press("#words", "Enter")
        for link in ("Disarmament and Non-proliferation", "Change it"):
            with next_page(page):
                page.click(f"text={link}")
        page.fill("#phone", "+32 2 501 00 00")
        page.fill("#why", "New line")
        with next_page(page):
            page.click("main form button")
        expect(page.locator("main")).to_contain_text("New line")
    with database.reading() as session:
        assert directory_in_force(session).versions("M5")[-1].phone == "+32 2 501 00 00"
