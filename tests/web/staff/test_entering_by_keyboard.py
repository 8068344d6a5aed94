"""A clerk enters a letter, a call and a visit by keyboard alone, with few stops, in a real browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.web.axe import faults
from tests.web.staff.browsing import assert_shown_sound, log_in, open_page, window
from tests.web.windows import next_page
from tracker.charter.words import CaseState, Channel
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Attachment
from tracker.models.paper import RegisterEntry

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
LETTER_STOPS = [
    "channel", "day", "name", "address", "email", "phone", "fax", "language", "subject", "text", "nature", "service",
    "urgent", "more", "files", "button",
]  # fmt: skip
TALK_STOPS = [
    "channel", "day", "clock", "name", "address", "email", "phone", "fax", "language", "subject",
    "text", "answered", "answer_by", "nature", "service", "urgent", "more", "files", "button",
]  # fmt: skip


class Keyboard:
    """A keyboard that remembers where it stopped."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.stops = [self.place]

    @property
    def place(self) -> str:
        """The name of the field that has the focus."""
        return str(
            self.page.evaluate(
                "(one => one.name || {SUMMARY: 'more', BUTTON: 'button'}[one.tagName] || one.tagName)"
                "(document.activeElement)"
            )
        )

    def to(self, name: str) -> None:
        """Press Tab until a field has the focus."""
        for _ in range(40):
            if self.place == name:
                return
            self.page.keyboard.press("Tab")
            self.stops.append(self.place)
        raise AssertionError(f"{name} cannot be reached: {self.stops}")

    def fill(self, **typed: str) -> None:
        """Type into fields, in their order on the page."""
        for name, text in typed.items():
            self.to(name)
            self.page.keyboard.type(text)


@pytest.mark.parametrize("language", ["fr", "nl"])  # the page is built alike in all four
def test_a_letter_is_entered_with_its_scan_in_sixteen_stops(
    browser: Any, address: str, database: Database, tmp_path: Path, language: str
) -> None:
    scan = tmp_path / "brief.pdf"
    scan.write_bytes(PDF)
    with window(browser, address, language) as page:
        log_in(page)
        page.on("filechooser", lambda _: None)  # the browser is told to hand it over long before it opens
        open_page(page, "/staff/cases/new?channel=post")
        keyboard = Keyboard(page)
        assert keyboard.stops == ["channel"], "the page begins at its first field"
        keyboard.fill(name="Jan Van den Broeck", address="Hoogstraat 1\n1000 Brussel", subject="Paspoort verloren")
        keyboard.to("files")
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Enter")
        chooser.value.set_files(str(scan))
        keyboard.to("button")
        assert keyboard.stops == LETTER_STOPS
        with next_page(page):
            page.keyboard.press("Enter")
        assert page.url.endswith("/cases/entered")
        assert faults(page) == []
    with database.reading() as session:
        case = session.scalars(select(Case)).one()
        line = session.scalars(select(RegisterEntry)).one()
        assert session.scalars(select(Attachment.message_id)).all() == [line.message_id]
    assert (case.channel, case.requester_address) == (Channel.POST, "Hoogstraat 1\n1000 Brussel")


@pytest.mark.parametrize("channel", ["phone", "counter"])
def test_a_conversation_that_was_answered_at_once_is_entered_by_keyboard(
    browser: Any, address: str, database: Database, channel: str
) -> None:
    with window(browser, address, "fr") as page:
        log_in(page)
        open_page(page, f"/staff/cases/new?channel={channel}")
        keyboard = Keyboard(page)
        keyboard.fill(
            name="Claire Dubois", phone="+32 470 12 34 56", subject="Horaires", text="Quand êtes-vous ouverts ?",
            answered="De 9 à 12 heures.",
        )  # fmt: skip
        keyboard.to("button")
        assert keyboard.stops == TALK_STOPS
        with next_page(page):
            page.keyboard.press("Enter")
        assert page.url.endswith("/cases/entered")
    with database.reading() as session:
        case = session.scalars(select(Case)).one()
    assert (case.channel, case.state) == (Channel(channel), CaseState.CLOSED)


def test_enter_in_a_line_sends_the_page_at_once(browser: Any, address: str, database: Database) -> None:
    """Also when a file waits, whose own button stands before the one that registers."""
    with window(browser, address, "fr") as page:
        log_in(page)
        open_page(page, "/staff/cases/new?channel=post")
        page.set_input_files("#files", files=[{"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF}])
        page.fill("#subject", "Passeport")
        with next_page(page):
            page.press("#subject", "Enter")
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        expect(page.locator(".suivi-files")).to_contain_text("a.pdf")
        page.fill("#name", "Claire Dubois")
        with next_page(page):
            page.press("#name", "Enter")
        assert page.url.endswith("/cases/entered")
    with database.reading() as session:
        assert len(session.scalars(select(Attachment)).all()) == 1


def test_a_day_long_past_is_confirmed_by_keyboard_with_its_reason(
    browser: Any, address: str, database: Database
) -> None:
    with window(browser, address, "de") as page:
        log_in(page)
        open_page(page, "/staff/cases/new?channel=post")
        page.fill("#day", "02.01.2026")
        page.fill("#name", "Claire Dubois")
        page.fill("#subject", "Reisepass")
        page.fill("#text", "Wo bleibt er?")
        with next_page(page):
            page.press("#subject", "Enter")
        assert faults(page) == []
        page.focus("#sure")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.type("Lag in Kinshasa")
        with next_page(page):
            page.keyboard.press("Enter")
        assert page.url.endswith("/cases/entered")
    with database.reading() as session:
        assert session.scalars(select(RegisterEntry.reason)).one() == "Lag in Kinshasa"


def test_what_was_entered_fits_a_narrow_screen_and_has_no_fault_that_axe_finds(
    browser: Any, address: str, database: Database
) -> None:
    with window(browser, address, "de") as page:
        log_in(page)
        for channel in ("post", "phone"):
            open_page(page, f"/staff/cases/new?channel={channel}")
            page.fill("#name", "Łukasz Wiśniewski-Vandenbroucke-Müller")
            page.fill("#subject", "Donaudampfschifffahrtsgesellschaftskapitän " * 3)
            page.fill("#text", "x")
            with next_page(page):
                page.press("#subject", "Enter")
            assert page.url.endswith("/cases/entered")
            assert_shown_sound(page)


def test_all_of_it_works_without_scripts(browser: Any, address: str, database: Database) -> None:
    with window(browser, address, "fr", java_script_enabled=False) as page:
        page.fill("#email", "an.peeters@example.org")
        page.fill("#password", "correct horse battery")
        with next_page(page):
            page.click("main button")
        page.goto("/staff/register")
        with next_page(page):
            page.click(".staff-ways a >> nth=2")
        page.fill("#name", "Claire Dubois")
        page.fill("#subject", "Horaires")
        page.fill("#text", "Quand ?")
        page.fill("#answered", "À neuf heures.")
        for selector in ("main form button", "main a[href='/staff/register']"):
            with next_page(page):
                page.click(selector)
        expect(page.locator(".staff-register")).to_contain_text("Claire Dubois")
