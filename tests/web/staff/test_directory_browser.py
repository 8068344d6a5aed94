"""The directory in a real browser: accessible, narrow, in four languages, and changed without scripts."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.web.staff.browsing import assert_sound, log_in, window
from tracker.casework.directory import directory_in_force
from tracker.charter.words import PostKind
from tracker.models.database import Database
from tracker.models.directory import Post


@pytest.fixture
def post(database: Database) -> None:
    """A post abroad with long names."""
    with database.writing() as session:
        session.add(
            Post(
                country="TH", city="Bangkok", kind=PostKind.EMBASSY, phone="+66 2 000 00 00", covers=["LA", "KH"],
                names=dict.fromkeys(("fr", "nl", "de", "en"), "Belgische-Botschaft-in-Bangkok " * 3),
                source="https://example.org/" + "long" * 20, read_on=date(2026, 1, 1), loaded_at=datetime.now(UTC),
            )
        )  # fmt: skip


@pytest.mark.usefixtures("post")
@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
def test_the_pages_have_no_fault_that_axe_finds_and_fit_a_narrow_screen(
    browser: Any, address: str, language: str
) -> None:
    pages = ["", "?all=1&words=nothing", "/NATO-IS", "/EMBASSY", "/new", "/M1/change", "/M1/end", "/M1/shipped"]
    with window(browser, address, language) as page:
        log_in(page, "gi", lands="profile")
        for path in pages:
            assert_sound(page, f"directory{path}")


def test_without_scripts_an_entry_is_found_and_changed(browser: Any, address: str, database: Database) -> None:
    with window(browser, address, "en", java_script_enabled=False) as page:
        log_in(page, "gi", lands="profile")
        page.goto("/staff/directory")
        page.fill("#words", "desarmement")
        with page.expect_navigation():
            page.press("#words", "Enter")
        page.click("text=Disarmament and Non-proliferation")
        page.click("text=Change it")
        page.fill("#phone", "+32 2 501 00 00")
        page.fill("#why", "New line")
        with page.expect_navigation():
            page.click("main form button")
        assert "New line" in page.inner_text("main")
    with database.reading() as session:
        assert directory_in_force(session).versions("M5")[-1].phone == "+32 2 501 00 00"
