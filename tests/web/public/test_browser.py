"""The citizens' pages in a real browser: axe, 320 pixels, keyboard, and the whole way without JavaScript."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.axe import faults
from tests.web.public.conftest import LANGUAGES
from tests.web.public.test_pages import PATHS

BARRIERS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh window."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def check(page: Any) -> None:
    """No barrier that axe knows of, nothing blocked by the policy, nothing wider than a small screen."""
    assert faults(page, runOnly=BARRIERS) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, f"{page.url} scrolls sideways"
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_open_to_everybody(page: Any, address: str, lang: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    check(page)
    for path in PATHS:
        page.goto(f"{address}/{lang}{path}")
        check(page)
    assert [line for line in said if "404" not in line] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_whole_way_without_javascript(browser: Any, address: str, lang: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{lang}/")
    page.click(f'a[href="/{lang}/request?kind=complaint"]')
    page.locator("main button").last.click()

    assert page.locator(".govuk-error-summary li").count() >= 4
    assert page.evaluate("document.activeElement.className").startswith("govuk-error-summary")

    page.fill("#name", "Zoë Müller")
    page.fill("#phone", "+32 470 12 34 56")
    page.fill("#subject", "Wachttijd")
    page.fill("#text", "Drie uur gewacht.")
    page.set_input_files("#files", {"name": "nota.txt", "mimeType": "text/plain", "buffer": b"drie uur"})
    if lang == "en":
        page.check('input[name="official_language"][value="nl"]')
    page.keyboard.press("Tab")
    page.locator("main button").last.press("Enter")

    values = page.locator(".suivi-key__value")
    reference, code, due = (values.nth(number).inner_text() for number in range(3))
    assert page.url == f"{address}/{lang}/request/sent"
    page.click(f'main a[href^="/{lang}/follow"]')
    assert page.input_value("#reference") == reference
    page.fill("#code", code.lower())
    page.press("#code", "Enter")
    assert due in page.inner_text("main")
    page.fill("#text", "Nog iets.")
    page.locator("main button").last.click()
    assert "Nog iets." in page.inner_text(".suivi-line")
    context.close()


def test_the_pages_of_a_case_are_open_to_everybody(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request")
    page.locator("main button").last.click()
    assert page.evaluate("document.activeElement.className").startswith("govuk-error-summary")
    check(page)
    page.locator(".govuk-error-summary a").first.click()
    assert page.evaluate("document.activeElement.name") == "kind"

    page.check('input[value="emergency"]')
    page.fill("#name", "Zoë Müller")
    page.fill("#email", "zoe@example.be")
    page.fill("#subject", "Ongeval")
    page.fill("#text", "x" * 120 + "\n\nبجواز")
    page.set_input_files("#files", {"name": "x.exe", "mimeType": "x/y", "buffer": b"MZ\x90\x00"})
    page.locator("main button").last.click()
    check(page)
    page.locator("main button").last.click()
    check(page)
    reference, code = (page.locator(".suivi-key__value").nth(number).inner_text() for number in range(2))
    page.goto(f"{address}/nl/follow")
    page.fill("#reference", reference)
    page.fill("#code", "WRONG-CODE0")
    page.press("#code", "Enter")
    check(page)
    page.fill("#code", code)
    page.press("#code", "Enter")
    assert page.url.endswith("/nl/follow/case")
    check(page)


def test_the_numbers_appear_under_the_first_question_as_soon_as_emergency_is_chosen(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request")
    numbers = page.locator(".suivi-when--emergency")
    assert not numbers.is_visible()

    page.check('input[value="emergency"]')

    assert numbers.is_visible()
    assert numbers.bounding_box()["y"] < page.locator("#name").bounding_box()["y"]


def test_the_skip_link_and_the_form_work_by_keyboard(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "govuk-skip-link"
    page.keyboard.press("Enter")
    for key in ("Tab", "Space"):
        page.keyboard.press(key)
    assert page.is_checked('input[value="question"]')
    page.keyboard.press("Tab")
    page.keyboard.type("Zoë")
    assert page.input_value("#name") == "Zoë"


def test_enter_in_a_field_sends_the_form_and_takes_no_file_off(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request?kind=question")
    page.set_input_files("#files", {"name": "nota.txt", "mimeType": "text/plain", "buffer": b"nota"})
    page.locator("main button").last.click()
    assert page.locator(".suivi-files li").count() == 1

    page.press("#subject", "Enter")

    assert page.locator(".suivi-files li").count() == 1
    assert page.locator(".govuk-error-summary").count() == 1


def test_two_clicks_are_one_request(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request?kind=question")
    for field, value in (("name", "Zoë"), ("email", "zoe@example.be"), ("subject", "x"), ("text", "y")):
        page.fill(f"#{field}", value)
    page.locator("main button").last.dblclick()
    page.wait_for_url("**/request/sent")
    first = page.locator(".suivi-key__value").first.inner_text()
    page.go_back()
    page.locator("main button").last.click()
    page.wait_for_url("**/request/sent")

    assert page.locator(".suivi-key__value").first.inner_text() == first
