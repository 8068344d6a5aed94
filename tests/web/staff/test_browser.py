"""The staff pages in a real browser: accessible, by keyboard, narrow, and without scripts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.web.staff.browsing import log_in, window
from tests.web.staff.conftest import PASSWORD, email_of
from tests.web.windows import next_page
from tracker.charter.words import CaseState, Channel, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.staff import Staff

File = Callable[..., str]


@pytest.fixture
def lived(file: File) -> str:
    """A case that has lived: late, urgent, complex, written to; and some others around it."""
    file(received_at=datetime.now(UTC) - timedelta(days=20), sensitive=True)
    file(nature=Nature.COMPLAINT, subject="A" * 140, requester_name="محمد العربي")
    return file(
        nature=Nature.COMPLEX, channel=Channel.POST, requester_address="Rue Haute 1\n1000 Bruxelles", urgent=True,
        received_at=datetime.now(UTC) - timedelta(days=17), text="Bonjour,\n\n" + "mot " * 200 + "x" * 300,
    )  # fmt: skip


def test_the_basic_way_works_without_scripts(
    browser: Any, address: str, file: File, row: Callable[[str], Case]
) -> None:
    reference = file()
    with window(browser, address, "fr", java_script_enabled=False) as page:
        page.fill("#email", email_of("an"))
        page.fill("#password", PASSWORD)
        for selector in ("main button", f"a[href='/staff/cases/{reference}']", "a[href$='/answer']"):
            with next_page(page):
                page.click(selector)
        page.fill("#text", "Il vous faut une apostille.")
        with next_page(page):
            page.click("button.govuk-button[value=preview]")
        expect(page.locator(".staff-paper")).to_contain_text("Il vous faut une apostille.")
        for selector in ("button[value=send]", "a[href$='/waive']"):
            with next_page(page):
                page.click(selector)
        page.check("input[value=withdrawn]")
        page.fill("#evidence", "Elle a appelé lundi.")
        for selector in ("main form button", "a[href$='/close']", "main form button"):
            with next_page(page):
                page.click(selector)
        expect(page.locator(".govuk-notification-banner")).to_contain_text("clôturé")
    assert row(reference).state is CaseState.CLOSED


DEAD = """() => Array.from(document.querySelectorAll("button, a[href^='#'], summary")).filter(one =>
    one.checkVisibility() && (one.tagName === "A" ? !document.getElementById(one.hash.slice(1))
        : one.tagName === "BUTTON" ? one.type !== "submit" || !one.form : !one.closest("details"))
    ).map(one => one.outerHTML.slice(0, 120))"""
"""What can be seen and does nothing by itself: a button that sends no form, a link to a place that is not there."""


def test_a_clerks_day_works_without_scripts_and_no_page_shows_what_needs_one(
    browser: Any, address: str, file: File, row: Callable[[str], Case], database: Database
) -> None:
    with database.reading() as session:
        of = {one.email: one.id for one in session.scalars(select(Staff))}
    reference, other = file(subject="Apostille pour Lima", changes={"handler_id": of[email_of("bo")]}), file()
    here = f"/staff/cases/{reference}"
    with window(browser, address, "fr", java_script_enabled=False) as page:
        log_in(page)
        dead = {}
        for path in (
            "queue?show=today",
            "queue?view=service&sort=handler&filter=1",
            f"queue/several?do=later&file={other}",
            f"cases/{other}",
            f"cases/{other}/answer",
            f"cases/{other}/hand-over",
            f"cases/{other}/follow-up",
            "cases/new?channel=post",
            "register",
            "letters",
            "mail",
            "texts",
            "asked",
            "profile",
            "directory",
        ):
            page.goto(f"/staff/{path}")
            dead |= {path: found} if (found := page.evaluate(DEAD)) else {}
        assert dead == {}

        page.fill("#find", "apostille lima")
        for selector in (".staff-find button", f"main a[href='{here}']", "a[href$='/take']", "main form button"):
            with next_page(page):
                page.click(selector)
        page.goto(f"{here}/note")
        page.fill("#text", "Elle a téléphoné.")
        with next_page(page):
            page.click("button[value=keep]")
        expect(page.locator("#kept")).to_contain_text("Gardé comme brouillon")
        page.goto(f"{here}/note")
        expect(page.locator("#text")).to_have_value("Elle a téléphoné.")
        with next_page(page):
            page.click("main form button:has-text('Ajouter la note')")
        expect(page.locator(".govuk-notification-banner")).to_contain_text("La note est dans le dossier.")
        page.goto("/staff/queue")
        page.check(f"input[name=file][value='{other}']")
        with next_page(page):
            page.click("button[name=do][value=hand-over]")
        expect(page.locator("main")).to_contain_text(other)
    assert row(reference).handler_id == of[email_of("an")]


def test_no_script_or_style_is_refused_by_the_policy(browser: Any, address: str, lived: str) -> None:
    said: list[str] = []
    with window(browser, address, "en") as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        log_in(page)
        for path in ("queue", f"cases/{lived}", f"cases/{lived}/answer", "cases/new"):
            page.goto(f"/staff/{path}")
    assert said == []
