"""A complaint judged and acted on by keyboard alone, in a real browser; its pages are sound, wide and narrow."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import expect
from sqlalchemy import select

from tests.web.staff.browsing import assert_sound, log_in, tab_to, window
from tests.web.windows import next_page
from tracker.charter.counting import brussels_day
from tracker.charter.words import Nature, Outcome
from tracker.models.complaints import CorrectiveAction, Finding
from tracker.models.database import Database
from tracker.models.staff import Staff

TODAY = brussels_day(datetime.now(UTC))


def test_a_complaint_is_judged_and_acted_on_by_keyboard_alone(
    browser: Any, address: str, file: Callable[..., str], database: Database
) -> None:
    reference = file(nature=Nature.COMPLAINT, subject="Unfreundlich am Telefon " * 3)
    here = f"/staff/cases/{reference}"
    with window(browser, address, "de") as page:
        log_in(page, "co")
        page.goto("/staff/complaints")
        tab_to(page, f"a[href='{here}']")
        with next_page(page):
            page.keyboard.press("Enter")
        tab_to(page, f"a[href='{here}/finding']")
        with next_page(page):
            page.keyboard.press("Enter")
        tab_to(page, "input[name=ground]")
        page.keyboard.press("Space")
        tab_to(page, "input[name=outcome]")
        page.keyboard.press("ArrowDown")
        tab_to(page, "[name=reasons]")
        page.keyboard.type("Mittags war niemand da.")
        tab_to(page, "[name=theme]")
        page.keyboard.type("Empfang am T")
        tab_to(page, "[name=cause]")
        page.keyboard.type("Zu viele")
        tab_to(page, "main button[type=submit]")
        with next_page(page):
            page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Mittags war niemand da.")
        tab_to(page, f"a[href='{here}/corrective-action']")
        with next_page(page):
            page.keyboard.press("Enter")
        tab_to(page, "[name=what]")
        page.keyboard.type("Zwei Leitungen am Mittag.")
        tab_to(page, "[name=owner]")
        page.keyboard.type("Co")
        tab_to(page, "[name=due_on]")
        page.locator("[name=due_on]").fill((TODAY + timedelta(days=9)).isoformat())
        tab_to(page, "main button[type=submit]")
        with next_page(page):
            page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Zwei Leitungen am Mittag.")
        with database.writing() as session:
            found = session.scalars(select(Finding)).one()
            action = session.scalars(select(CorrectiveAction)).one()
            assert (found.outcome, found.theme, found.cause) == (Outcome.FOUNDED, "phone", "workload")
            action.due_on = TODAY - timedelta(days=1)
            assert session.get_one(Staff, action.owner_id).email.startswith("co.")
        assert_sound(page, f"cases/{reference}", "fr", "de")
        for path in ("complaints", "complaints?show=late", "actions", f"cases/{reference}/finding"):
            assert_sound(page, path, "fr")
