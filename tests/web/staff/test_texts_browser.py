"""Text modules and the letter that is ready, in a real browser: accessible, narrow, by keyboard, without scripts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.web.staff.browsing import log_in, window
from tests.web.staff.conftest import email_of
from tests.web.windows import next_page
from tracker.charter.words import Language, Nature
from tracker.models.database import Database
from tracker.models.staff import Staff
from tracker.models.texts import TextModule

NOW = datetime.now(UTC)
File = Callable[..., str]


@pytest.fixture
def texts(database: Database) -> None:
    """Two text modules, one of them long."""
    with database.writing() as session:
        bo = session.scalars(select(Staff.id).where(Staff.email == email_of("bo"))).one()
        for title, body, service in (
            ("Légaliser un diplôme", "Votre demande [référence] : [? laquelle]." + " mot" * 300, "ME6"),
            ("Délais " + "long" * 25, "Nous répondons avant le [date limite].", None),
        ):
            more = {"language": Language.FR, "version": 1, "changed_at": NOW, "changed_by": bo}
            session.add(TextModule(title=title, body=body, service_code=service, **more))


@pytest.fixture
def near(file: File) -> str:
    """A complex case whose interim date comes near."""
    return file(nature=Nature.COMPLEX, received_at=NOW - timedelta(days=12))


@pytest.mark.usefixtures("texts")
def test_without_scripts_a_text_is_found_by_the_enter_key_and_put_in(browser: Any, address: str, near: str) -> None:
    with window(browser, address, "en", java_script_enabled=False) as page:
        log_in(page)
        page.goto(f"/staff/cases/{near}/answer")
        page.fill("#text", "Bonjour.")
        page.click("#texts summary")
        page.fill("#words", "DIPLOME")
        with next_page(page):
            page.keyboard.press("Enter")
        expect(page.locator("button[name=insert]")).to_have_count(1)
        with next_page(page):
            page.click("button[name=insert]")

        typed = page.input_value("#text")
        page.focus("#words")
        with next_page(page):
            page.keyboard.press(
                "Enter"
            )  # looked for already: the letter goes on, and the gate names what is not filled

        assert typed.startswith("Bonjour.\n\nVotre demande [référence] : [? laquelle].")
        assert "[? laquelle]" in page.locator(".govuk-error-summary").inner_text()
        assert page.input_value("#text") == typed
