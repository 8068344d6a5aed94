"""The citizens' pages in a real browser: axe, 320 pixels, keyboard, and the whole way without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.axe import faults
from tests.web.public.conftest import LANGUAGES
from tests.web.windows import NARROW, WIDE, next_page, open_window, too_wide

BARRIERS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def check(page: Any) -> None:
    """No barrier that axe knows of, nothing wider than a small screen."""
    assert faults(page, runOnly=BARRIERS) == [], page.url
    page.set_viewport_size(NARROW)
    assert not too_wide(page), f"{page.url} scrolls sideways"
    page.set_viewport_size(WIDE)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_whole_way_without_javascript(browser: Any, address: str, lang: str) -> None:
    with open_window(browser, address, scripts=False) as page:
        page.goto(f"{address}/{lang}/")
        with next_page(page):
            page.click(f'a[href="/{lang}/request?kind=complaint"]')
        with next_page(page):
            page.locator("main button").last.click()

        assert page.locator(".govuk-error-summary li").count() >= 4
        expect(page.locator(".govuk-error-summary")).to_be_focused()

        page.fill("#name", "Zoë Müller")
        page.fill("#phone", "+32 470 12 34 56")
        page.fill("#subject", "Wachttijd")
        page.fill("#text", "Drie uur gewacht.")
        page.set_input_files("#files", {"name": "nota.txt", "mimeType": "text/plain", "buffer": b"drie uur"})
        if lang == "en":
            page.check('input[name="official_language"][value="nl"]')
        page.keyboard.press("Tab")
        with next_page(page):
            page.locator("main button").last.press("Enter")

        assert page.url == f"{address}/{lang}/request/sent"
        values = page.locator(".suivi-key__value")
        reference, code, due = (values.nth(number).inner_text() for number in range(3))
        with next_page(page):
            page.click(f'main a[href^="/{lang}/follow"]')
        expect(page.locator("#reference")).to_have_value(reference)
        page.fill("#code", code.lower())
        with next_page(page):
            page.press("#code", "Enter")
        expect(page.locator("main")).to_contain_text(due)
        page.fill("#text", "Nog iets.")
        with next_page(page):
            page.locator("main button").last.click()
        expect(page.locator(".suivi-line")).to_contain_text("Nog iets.")


def test_the_pages_of_a_case_are_open_to_everybody(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request")
    with next_page(page):
        page.locator("main button").last.click()
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    check(page)
    page.locator(".govuk-error-summary a").first.click()
    expect(page.locator("[name=kind]").first).to_be_focused()

    page.check('input[value="emergency"]')
    page.fill("#name", "Zoë Müller")
    page.fill("#email", "zoe@example.be")
    page.fill("#subject", "Ongeval")
    page.fill("#text", "x" * 120 + "\n\nبجواز")
    page.set_input_files("#files", {"name": "x.exe", "mimeType": "x/y", "buffer": b"MZ\x90\x00"})
    for _ in range(2):
        with next_page(page):
            page.locator("main button").last.click()
        check(page)
    reference, code = (page.locator(".suivi-key__value").nth(number).inner_text() for number in range(2))
    page.goto(f"{address}/nl/follow")
    page.fill("#reference", reference)
    page.fill("#code", "WRONG-CODE0")
    with next_page(page):
        page.press("#code", "Enter")
    check(page)
    page.fill("#code", code)
    with next_page(page):
        page.press("#code", "Enter")
    assert page.url.endswith("/nl/follow/case")
    check(page)


def test_the_numbers_appear_under_the_first_question_as_soon_as_emergency_is_chosen(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request")
    numbers = page.locator(".suivi-when--emergency")
    expect(numbers).to_be_hidden()

    page.check('input[value="emergency"]')

    expect(numbers).to_be_visible()
    assert numbers.bounding_box()["y"] < page.locator("#name").bounding_box()["y"]


def test_the_skip_link_and_the_form_work_by_keyboard(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request")
    page.keyboard.press("Tab")
    expect(page.locator(".govuk-skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for key in ("Tab", "Space"):
        page.keyboard.press(key)
    expect(page.locator('input[value="question"]')).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Zoë")
    expect(page.locator("#name")).to_have_value("Zoë")


def test_enter_in_a_field_sends_the_form_and_takes_no_file_off(page: Any, address: str) -> None:
    page.goto(f"{address}/nl/request?kind=question")
    page.set_input_files("#files", {"name": "nota.txt", "mimeType": "text/plain", "buffer": b"nota"})
    with next_page(page):
        page.locator("main button").last.click()
    expect(page.locator(".suivi-files li")).to_have_count(1)

    with next_page(page):
        page.press("#subject", "Enter")

    expect(page.locator(".suivi-files li")).to_have_count(1)
    expect(page.locator(".govuk-error-summary")).to_have_count(1)


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
