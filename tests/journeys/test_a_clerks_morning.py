"""A clerk's morning, by keyboard alone: ten files of every kind, from the queue to what is owed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.journeys.conftest import Desk, Mails
from tests.journeys.keyboard import Keyboard
from tests.web.axe import faults
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Language, MessageKind, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message

WORDS = {
    "fr": ("Apostille", "Il vous faut une apostille.", "Nous attendons le poste.", "Envoyé deux fois."),
    "nl": ("Apostille", "U hebt een apostille nodig.", "Wij wachten op de post.", "Tweemaal verstuurd."),
}
KINDS: dict[str, dict[str, Any]] = {
    "form": {},
    "mail": {"channel": Channel.EMAIL},
    "post": {"channel": Channel.POST, "requester_address": "Rue Haute 1\n1000 Bruxelles", "requester_email": None},
    "complex": {"nature": Nature.COMPLEX},
    "misdirected": {"nature": Nature.MISDIRECTED},
    "access": {"nature": Nature.DOCUMENT_ACCESS},
    "emergency": {"urgent": True},
    "phone": {"channel": Channel.PHONE, "requester_phone": "+32 470 12 34 56", "answer_by": Channel.PHONE},
    "follow-up": {},
    "duplicate": {},
}


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_a_clerks_morning(
    at_desk: Desk,
    mails: Mails,
    file: Callable[..., str],
    row: Callable[[str], Case],
    database: Database,
    language: str,
) -> None:
    subject, answer, why, twice = WORDS[language]
    today, now = brussels_day(datetime.now(UTC)), datetime.now(UTC)
    files = {
        kind: file(
            subject=f"{subject} {kind}", language=Language(language), received_at=now - timedelta(days=2), **more
        )
        for kind, more in KINDS.items()
    }

    with at_desk("an", language) as keys:
        page = keys.page

        def send(kind: str, letter: str, **typed: str) -> None:
            keys.enter(f"a[href='/staff/cases/{files[kind]}/{letter}']")
            keys.type(**typed)
            if letter == "interim":
                keys.day("promised_on", today + timedelta(days=40))
            if kind == "phone":
                keys.day("spoken_on", today)
            if letter == "transmit":
                keys.choose(to="EXT:PENSIONS")
            keys.enter("button.govuk-button[value=preview]")
            keys.enter("button[value=send]")
            expect(page.locator(".govuk-notification-banner--success")).to_be_visible()

        # The emergency stands above all others: taken first, then answered.
        keys.enter(f".staff-urgent a[href='/staff/cases/{files['emergency']}']")
        keys.enter("a[href$='/take']")
        keys.enter("form button[type=submit]")
        send("emergency", "answer", text=answer)

        # By form and by mail, with the keys of the queue; an answer without words leads back to where they belong.
        by_keys(keys, files["form"])
        keys.enter("a[href$='/answer']")
        keys.enter("button.govuk-button[value=preview]")
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        keys.press("Tab", "Enter")
        assert keys.look("#text")["there"]
        keys.type(text=answer)
        keys.enter("button.govuk-button[value=preview]")
        assert language != "fr" or faults(page) == []
        keys.enter("button[value=send]")
        by_keys(keys, files["mail"])
        send("mail", "answer", text=answer)

        # A document, and a conversation that was held: by Tab.
        for kind in ("access", "phone"):
            by_tab(keys, files[kind])
            send(kind, "answer", text=answer)

        # By post: printed with what says that it arrived, and both posted today.
        by_keys(keys, files["post"])
        send("post", "answer", text=answer)
        keys.enter("nav a[href='/staff/letters']")
        keys.enter("form button[type=submit]")
        for link in (f"a[href^='/staff/cases/{files['post']}/left']", "a[href$='/left']"):
            keys.enter(link)
            keys.enter("form button[type=submit]")

        # One that takes longer: the letter that says so, and its answer.
        by_keys(keys, files["complex"])
        send("complex", "interim", reason=why)
        send("complex", "answer", text=answer)

        # One that is for somebody else.
        by_tab(keys, files["misdirected"])
        send("misdirected", "transmit")

        # Claire calls about one of hers, and has sent another twice.
        by_keys(keys, files["follow-up"])
        keys.enter("a[href$='/follow-up']")
        keys.choose(channel="phone")
        keys.type(text=why)
        keys.enter("form button.govuk-button[type=submit]:not([name])")
        send("follow-up", "answer", text=answer)
        by_tab(keys, files["duplicate"])
        keys.enter("a[href$='/merge']")
        keys.type(reason=twice, into=files["form"])
        keys.enter("form button[type=submit]")

        mails()
        keys.enter("nav a[href='/staff/queue']")
        expect(page.locator(".suivi-queue tbody tr")).to_have_count(0)

    assert {kind for kind, one in files.items() if row(one).next_due_on is not None} == set()
    assert row(files["duplicate"]).merged_into_id == row(files["form"]).id
    with database.reading() as session:
        left = session.execute(select(Message.kind, Message.left_on).where(Message.act.is_not(None))).all()
    assert all(day == today for _, day in left)
    assert sorted(kind for kind, _ in left).count(MessageKind.ANSWER) == 8


def by_keys(keys: Keyboard, reference: str) -> None:
    """Go back to the queue, to a file, and into it, with keys of one letter."""
    keys.page.keyboard.press("g")
    keys.follow("m", "**/staff/queue?view=mine")
    for _ in KINDS:
        keys.press("j")
        if keys.look(f"a[href='/staff/cases/{reference}']")["there"]:
            break
    keys.follow("o", f"**/staff/cases/{reference}")


def by_tab(keys: Keyboard, reference: str) -> None:
    """Go back to the queue by the menu, and to a file by Tab and Enter."""
    keys.enter("nav a[href='/staff/queue']")
    keys.enter(f"main table a[href='/staff/cases/{reference}']")
