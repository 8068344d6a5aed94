"""Held mail in a real browser: accessible, narrow, by keyboard, without scripts; nothing in it is loaded or run."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from config import Settings
from tests.casework.mailing import CLAIRE, keyed, send, write
from tests.web.staff.browsing import log_in, tab_to, window
from tests.web.staff.conftest import PASSWORD, email_of
from tests.web.windows import next_page
from tracker.charter.words import MailOutcome
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.opening import open_mailroom

File = Callable[..., str]
Held = Callable[..., int]


@pytest.fixture
def held(app: Flask, database: Database, settings: Settings) -> Held:
    """Let a mail reach us; gives its number."""
    room = open_mailroom(settings)
    return lambda mail: send(database, room, mail, now=datetime.now(UTC)).mail_id


@pytest.fixture
def strange(held: Held, file: File) -> int:
    """A mail of a stranger on a case of An's, with everything a page could trip over."""
    mail = write(
        "Bonjour,\n\n"
        + "x" * 300
        + "\n\nLe lun. 2 mars 2026 à 10:00, Suivi <s@s.example> a écrit :\n> Quel numéro ?",
        sender="محمد العربي <a.very.long.address.indeed@a-very-long-domain-name.example.net>",
        to=keyed(file(requester_email=CLAIRE)),
        subject="S" * 200,
    )
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="f" * 100 + ".pdf")
    return held(mail)


def test_a_guess_is_confirmed_by_keyboard_alone(browser: Any, address: str, strange: int, database: Database) -> None:
    with window(browser, address, "nl") as page:
        log_in(page)
        tab_to(page, "nav a[href='/staff/mail']")
        with next_page(page):
            page.keyboard.press("Enter")
        tab_to(page, f"a[href='/staff/mail/{strange}']")
        with next_page(page):
            page.keyboard.press("Enter")
        tab_to(page, "main summary")
        page.keyboard.press("Enter")
        expect(page.locator("main details")).to_contain_text("Quel numéro ?", use_inner_text=True)
        tab_to(page, "form[action$='/join'] button")
        with next_page(page):
            page.keyboard.press("Enter")
        assert "/staff/cases/" in page.url
        expect(page.locator(".govuk-notification-banner--success")).to_be_visible()
    with database.reading() as session:
        assert session.get_one(Mail, strange).outcome is MailOutcome.ATTACHED


def test_it_is_set_aside_without_scripts(browser: Any, address: str, strange: int, database: Database) -> None:
    with window(browser, address, "fr", java_script_enabled=False) as page:
        page.fill("#email", email_of("an"))
        page.fill("#password", PASSWORD)
        with next_page(page):
            page.click("main button")
        page.goto(f"/staff/mail/{strange}")
        for selector in ("a[href$='/aside']", "main form button"):
            with next_page(page):
                page.click(selector)
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        page.fill("#reason", "Publicité")
        with next_page(page):
            page.click("main form button")
        expect(page.locator(".govuk-notification-banner--success")).to_be_visible()
    with database.reading() as session:
        assert session.get_one(Mail, strange).outcome is MailOutcome.IGNORED


def test_nothing_in_a_mail_is_loaded_or_run(browser: Any, address: str, held: Held, file: File) -> None:
    reference, mail = file(requester_email=CLAIRE), EmailMessage()
    for name, value in write(sender="eve@example.net", to=keyed(reference)).items():
        if name.lower() not in ("content-type", "content-transfer-encoding", "mime-version"):
            mail[name] = value
    mail.set_content(
        "<p>Read <b>this</b></p><img src='http://tracker.example/pixel.png' onerror='alert(1)'>"
        "<script>document.title='owned'</script><style>body{background:url(http://tracker.example/x)}</style>"
        "<a href='javascript:alert(1)'>click</a><iframe src='http://tracker.example'></iframe>",
        subtype="html",
    )
    number = held(mail)
    asked: list[str] = []
    with window(browser, address, "en") as page:
        log_in(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        page.goto(f"/staff/mail/{number}")
        expect(page.locator("main")).to_contain_text("Read this")
        harmful = page.locator("main img, main script, main iframe, main style, main a[href^='javascript']")
        assert harmful.count() == 0
        assert "owned" not in page.title()
    assert [url for url in asked if not url.startswith(address)] == []
