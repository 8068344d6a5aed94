"""A dispatcher's morning, by keyboard alone: file after file with Enter, one corrected, one that goes to and fro."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.factories import acting, make_house
from tests.journeys.conftest import Desk
from tracker.casework import assignment
from tracker.charter.words import Language
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.staff import Staff

WORDS = {
    "nl": ("Visum", "Mijn tante vraagt een Schengenvisum aan in Kinshasa, welke documenten?", "Geen visum."),
    "fr": ("Visa", "Ma tante demande un visa Schengen au consulat de Kinshasa, quels documents ?", "Pas un visa."),
}  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_a_dispatchers_morning(
    at_desk: Desk, file: Callable[..., str], row: Callable[[str], Case], database: Database, language: str
) -> None:
    subject, text, reason = WORDS[language]
    waits: dict[str, Any] = {"service": None, "subject": subject, "text": text, "language": Language(language)}
    waits |= {"changes": {"state": "triage", "triage_since": datetime.now(UTC)}}
    first, second, third, fourth = (file(**waits) for _ in range(4))
    astray = file(subject=subject, text=text)
    with database.writing() as session:
        of = {one.email.partition(".")[0]: one for one in session.scalars(select(Staff))}
        for who, service in (("an", "M1"), ("cy", "ME6")):  # one gives it away, the other gives it back
            assignment.route(
                session, make_house(), reference=astray, service_code=service, reason=reason, actor=acting(of[who]),
                now=datetime.now(UTC), seen=None,
            )  # fmt: skip

    with at_desk("di", language) as keys:
        page = keys.page
        keys.enter("main a[href*='show=unassigned']")
        keys.enter("a[href='/staff/triage']")

        # Two are where they belong: Enter, and the next is there, its button under the hand.
        for reference in (first, second):
            expect(page.locator(".staff-strip")).to_contain_text(reference)
            assert keys.look(".staff-proposals button")["there"]
            boxes = [page.locator(one).first.bounding_box() for one in (".staff-case__asked", ".staff-proposals")]
            assert boxes[0]["x"] < boxes[1]["x"], "the request is read before what is proposed stands beside it"
            keys.enter(".staff-proposals button")

        # One is for another service than what is proposed.
        expect(page.locator(".staff-strip")).to_contain_text(third)
        keys.pick("#elsewhere", "M1")
        keys.enter(".staff-elsewhere button")

        # One is left for later, and taken up again.
        expect(page.locator(".staff-strip")).to_contain_text(fourth)
        keys.enter("a[href*='triage?after']")
        expect(page.locator("main")).to_contain_text(fourth)
        keys.find(fourth)
        keys.enter(".staff-proposals button")

        # The one that goes to and fro is not a dispatcher's to move any more: their head decides.
        keys.find(astray)
        expect(page.locator(".suivi-alarm")).to_contain_text("Hu Peeters")

    with at_desk("hu", language) as keys:
        keys.enter(f"main table a[href='/staff/cases/{astray}']")
        expect(keys.page.locator(".suivi-alarm li")).to_have_count(2)
        keys.enter(f"main a[href='/staff/cases/{astray}/route']")
        keys.choose(service="M2")
        keys.type(reason=reason)
        keys.enter("form button.govuk-button[type=submit]")

    assert [row(one).service_code for one in (third, astray)] == ["M1", "M2"]
    assert None not in {row(one).service_code for one in (first, second, fourth)}
    assert row(astray).handler_id != of["hu"].id
