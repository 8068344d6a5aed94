"""The whole way in a real browser: a citizen asks, staff answer from the queue, the citizen reads the answer."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import expect

from tests.cli.conftest import TRACKER, call
from tests.web.windows import next_page
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language
from tracker.correspondence.explanation import date_in_words

PASSWORD = "a clerk's long password"

WORDS = {  # subject, text, answer
    "fr": ("Légalisation d'un diplôme", "Comment légaliser mon diplôme pour l’Égypte ?", "Voici la marche à suivre."),
    "nl": ("Legalisatie van een diploma", "Hoe laat ik mijn diploma legaliseren voor Egypte?", "Zo gaat u te werk."),
    "de": ("Beglaubigung eines Diploms", "Wie lasse ich mein Diplom für Ägypten beglaubigen?", "So gehen Sie vor."),
    "en": ("Legalising a diploma", "How do I have my diploma legalised for Egypt?", "This is how to go about it."),
}  # fmt: skip


@dataclass
class Mailbox:
    """A mail server's end: it accepts everything and keeps it."""

    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Accept one mail."""
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@dataclass
class Suivi:
    """A running Suivi: its address, its commands, and the mail that left it."""

    address: str
    environment: dict[str, str]
    mailbox: Mailbox

    def run(self, *command: str, given: str = "") -> str:
        """Run a command to its end, and return what it printed."""
        done = call(*command, given=given, settings=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def suivi(database_url: str, tmp_path: Path) -> Iterator[Suivi]:
    """Serve a fresh installation with a clerk, an SMTP server beside it."""
    mailbox, port = Mailbox(), _free_port()
    smtp = Controller(mailbox, hostname="127.0.0.1", port=_free_port())
    smtp.start()
    environment = {
        **os.environ,
        "SECRET_KEY": "a secret of more than thirty-two characters",
        "DATABASE_URL": database_url,
        "VAR_DIR": str(tmp_path / "var"),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SMTP_URL": f"smtp://127.0.0.1:{smtp.port}",
    }
    suivi = Suivi(environment["BASE_URL"], environment, mailbox)
    suivi.run("init")
    for email, *role in (
        ("an.peeters@suivi.example", "--role", "clerk", "--service", "CONSULAR"),
        ("dispatcher@suivi.example", "--role", "dispatcher"),
    ):
        suivi.run("user", "add", email, *role, "--password-stdin", given=PASSWORD)
    command = [TRACKER, "serve", "--port", str(port), "--workers", "1"]
    with open(tmp_path / "serve.log", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_served(server, suivi.address)
            yield suivi
        finally:
            server.terminate()
            server.wait(30)
            smtp.stop()


def _wait_until_served(server: subprocess.Popen[bytes], address: str) -> None:
    """Wait until the first page comes, or say why it never will."""
    while server.poll() is None:
        try:
            with urlopen(f"{address}/healthz", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.02)
    raise AssertionError(f"the server ended with {server.returncode}")


def _file_a_request(page: Any, suivi: Suivi, lang: str) -> tuple[str, str]:
    """Send the form as a citizen who starts at the choice of language; return reference and code."""
    subject, text, _ = WORDS[lang]
    page.goto(suivi.address)
    for link in (f'main a[hreflang="{lang}"]', 'main a[href*="/request"]'):
        with next_page(page):
            page.locator(link).first.click()
    page.check('[name=kind][value="question"]')
    page.fill("[name=name]", "Claire Dubois")
    page.fill("[name=email]", f"claire.{lang}@example.org")
    page.select_option("[name=country]", "EG")
    if lang == "en":
        page.check('[name=official_language][value="nl"]')
    page.fill("[name=subject]", subject)
    page.fill("[name=text]", text)
    with next_page(page):
        page.locator("main form button[type=submit]").last.click()
    assert page.url.endswith(f"/{lang}/request/sent")
    shown = page.locator("main").inner_text()
    reference = re.search(r"DOS-\d{4}-\d{7}-\d{2}", shown)
    code = re.search(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", shown)
    assert reference, shown
    assert code, shown
    return reference[0], code[0]


def _answer_it(page: Any, suivi: Suivi, reference: str, lang: str) -> None:
    """Log in as staff, find the case in the queue, preview the answer and send it."""
    row = json.loads(suivi.run("route", "--json", given=" ".join(WORDS[lang][:2])))
    who = "an.peeters@suivi.example" if row["decision"] == "auto" else "dispatcher@suivi.example"
    page.goto(f"{suivi.address}/staff/queue")
    page.fill("[name=email]", who)
    page.fill("[name=password]", PASSWORD)
    with next_page(page):
        page.keyboard.press("Enter")
    if who.startswith("dispatcher"):
        page.goto(f"{suivi.address}/staff/queue?view=all")
    with next_page(page):
        page.get_by_role("rowheader").get_by_role("link", name=reference).click()
    page.goto(f"{suivi.address}/staff/cases/{reference}/answer")
    page.fill("[name=text]", WORDS[lang][2])
    with next_page(page):
        page.locator('button.govuk-button[name=step][value="preview"]').click()
    expect(page.locator(".staff-paper")).to_contain_text(WORDS[lang][2])
    with next_page(page):
        page.locator('button[name=step][value="send"]').click()
    assert page.url.rstrip("/").endswith(reference)


@pytest.mark.parametrize(
    ("database_url", "lang", "script"),
    [
        ("postgresql", "nl", True),
        ("sqlite", "fr", False),
        ("sqlite", "de", True),
        ("postgresql", "en", False),
    ],
    indirect=["database_url"],
)
def test_a_request_filed_in_a_browser_is_answered_and_read(
    browser: Any, suivi: Suivi, lang: str, script: bool
) -> None:
    citizen = browser.new_context(java_script_enabled=script)
    clerk = browser.new_context(java_script_enabled=script)
    try:
        page = citizen.new_page()
        reference, code = _file_a_request(page, suivi, lang)
        promised = page.locator("main").inner_text().replace("\u00a0", " ")  # a date is kept whole

        _answer_it(clerk.new_page(), suivi, reference, lang)
        suivi.run("deliver")

        page.goto(f"{suivi.address}/{lang}/follow")
        page.fill("[name=reference]", reference.lower())
        page.fill("[name=code]", code)
        with next_page(page):
            page.locator("main form button[type=submit]").first.click()
        expect(page.locator("main")).to_contain_text(WORDS[lang][2])
        due = brussels_day(datetime.now(UTC)) + timedelta(days=15)
        assert date_in_words(due, Language(lang)) in promised
        assert "kept by message 3" in suivi.run("explain", reference)
        subjects = [str(mail["Subject"]) for mail in suivi.mailbox.mails]
        assert len(subjects) == 2
        assert all(reference in subject for subject in subjects)
    finally:
        citizen.close()
        clerk.close()
    suivi.run("verify")
