"""The staff pages in a real browser: accessible, by keyboard, narrow, and without scripts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.axe import faults
from tests.web.staff.browsing import assert_sound, log_in, tab_to, window
from tests.web.staff.conftest import PASSWORD, email_of
from tracker.charter.words import CaseState, Channel, Nature
from tracker.models.cases import Case

LANGUAGES = ("fr", "nl", "de", "en")
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_have_no_fault_that_axe_finds_and_fit_a_narrow_screen(
    browser: Any, address: str, lived: str, language: str
) -> None:
    pages = [
        "queue?view=service",
        f"cases/{lived}",
        "cases/new",
        f"cases/{lived}/interim",
        f"cases/{lived}/waive",
        "profile",
    ]
    with window(browser, address, language) as page:
        assert faults(page) == []
        log_in(page)
        for path in pages:
            assert_sound(page, path)


@pytest.mark.parametrize("language", ["nl", "de"])
def test_a_clerk_answers_by_keyboard_alone(
    browser: Any, address: str, file: File, row: Callable[[str], Case], language: str
) -> None:
    reference = file(channel=Channel.PHONE, requester_phone="+32 470 12 34 56", answer_by=Channel.PHONE)
    with window(browser, address, language) as page:
        page.keyboard.type(email_of("an")) if page.evaluate("document.activeElement.id") == "email" else tab_to(
            page, "#email"
        )
        page.keyboard.type(email_of("an"))
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/staff/queue")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"  # the skip link comes first
        page.keyboard.press("Enter")
        tab_to(page, f"a[href='/staff/cases/{reference}']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{reference}")
        tab_to(page, "a[href$='/answer']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/answer")
        tab_to(page, "button[value=preview]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".govuk-error-summary")
        assert page.evaluate("document.activeElement.classList.contains('govuk-error-summary')")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "text"
        page.keyboard.type("U hebt een apostille nodig.")
        tab_to(page, "button[value=preview]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".staff-paper")
        assert "U hebt een apostille nodig." in page.inner_text(".staff-paper")
        assert faults(page) == []
        tab_to(page, "button[value=send]")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{reference}")
        assert page.query_selector(".govuk-notification-banner--success") is not None
    assert row(reference).next_due_on is None


def test_the_basic_way_works_without_scripts(
    browser: Any, address: str, file: File, row: Callable[[str], Case]
) -> None:
    reference = file()
    with window(browser, address, "fr", java_script_enabled=False) as page:
        page.fill("#email", email_of("an"))
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.click(f"a[href='/staff/cases/{reference}']")
        page.click("a[href$='/waive']")
        page.check("input[value=withdrawn]")
        page.fill("#evidence", "Elle a appelé lundi.")
        page.click("main form button")
        page.click("a[href$='/close']")
        page.click("main form button")
        assert "clôturé" in page.inner_text(".govuk-notification-banner")
    assert row(reference).state is CaseState.CLOSED


def test_no_script_or_style_is_refused_by_the_policy(browser: Any, address: str, lived: str) -> None:
    said: list[str] = []
    with window(browser, address, "en") as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        log_in(page)
        for path in ("queue", f"cases/{lived}", f"cases/{lived}/answer", "cases/new"):
            page.goto(f"/staff/{path}")
    assert said == []
