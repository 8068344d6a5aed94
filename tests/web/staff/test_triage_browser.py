"""Triage in a real browser: accessible, narrow, confirmed with one key, and without scripts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.web.staff.browsing import assert_sound, log_in, window

File = Callable[..., str]
WAITS: dict[str, Any] = {"service": None, "changes": {"state": "triage", "triage_since": datetime.now(UTC)}}
VISA = "Ma tante de Kinshasa demande un visa Schengen, et l'ambassade ne répond pas : on m'a raccroché au nez."


@pytest.fixture
def waiting(file: File) -> list[str]:
    """Cases as the router left them to a person."""
    texts = [VISA, "Le climat, la biodiversité ; et ma pension.", "Mon frère a été arrêté à Lima, au secours."]
    return [file(subject=text[:20], text=text, **WAITS) for text in texts]


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_the_pages_have_no_fault_that_axe_finds_and_fit_a_narrow_screen(
    browser: Any, address: str, waiting: list[str], language: str
) -> None:
    with window(browser, address, language) as page:
        log_in(page, "di")
        for path in (
            "queue?show=unassigned",
            *(f"cases/{one}?triage=1" for one in waiting),
            f"cases/{waiting[0]}/nature",
        ):
            assert_sound(page, path)


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_confirms_one_proposal_after_the_other(browser: Any, address: str, file: File, scripts: bool) -> None:
    for _ in range(2):
        file(subject="visa", text="Ma tante demande un visa Schengen au consulat.", **WAITS)
    with window(browser, address, "en", java_script_enabled=scripts) as page:
        log_in(page, "di")
        page.goto("/staff/queue?show=unassigned")
        page.click("text=Go through them")
        for _ in range(2):
            page.wait_for_selector(".staff-proposals button")
            first = page.url
            with page.expect_navigation():
                page.keyboard.press("Enter")
            assert page.url != first
        assert page.locator(".staff-proposals button").count() == 0
