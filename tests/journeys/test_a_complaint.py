"""A complaint, by keyboard alone: from the form to what was done because of it, and into the yearly report."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.journeys.conftest import Desk, Mails
from tests.web.public.conftest import reference_in
from tracker.charter.complaints import Analysis
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language, Outcome
from tracker.models.complaints import CorrectiveAction, Finding
from tracker.models.database import Database
from tracker.models.staff import Staff

WORDS = {
    "nl": ("De telefoon van het loket", "Niemand nam op, drie dagen lang.", "federale Ombudsman"),
    "en": ("The telephone of the desk", "Nobody answered for three days.", "Federal Ombudsman"),
}  # fmt: skip


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """The people by the first part of their addresses."""
    with database.reading() as session:
        return {one.email.partition(".")[0]: one.id for one in session.scalars(select(Staff))}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_complaint_from_the_form_to_the_yearly_report(
    at_page: Desk, at_desk: Desk, mails: Mails, ids: dict[str, int], database: Database, language: str
) -> None:
    subject, text, ombudsman = WORDS[language]
    today = brussels_day(datetime.now(UTC))

    with at_page(f"/{language}/") as keys:
        keys.enter(f"a[href='/{language}/request?kind=complaint']")
        keys.type(about_whom="An Peeters", name="Zoë Müller", email="zoe@example.be")
        if language == "en":
            keys.choose(official_language="nl")
        keys.type(subject=subject, text=text)
        keys.enter("form > button.govuk-button:not([name])")
        reference = reference_in(keys.page.locator("main").inner_text())
    (acknowledgement,) = mails()
    assert reference in acknowledgement

    here = f"/staff/cases/{reference}"
    with at_desk("co", language) as keys:
        page = keys.page
        keys.enter("nav a[href='/staff/complaints']")
        keys.enter(f"a[href='{here}']")
        # Whom it is about neither handles it nor sees it; Bo does.
        keys.enter(f"a[href='{here}/nature']")
        keys.choose(about_service="ME6", about_staff=ids["an"])
        keys.enter("form button[type=submit]")
        keys.enter(f"a[href='{here}/hand-over']")
        keys.choose(colleague=ids["bo"])
        keys.type(reason="ME6")
        keys.enter("form button[type=submit]")
        # Admissible and founded, with theme and cause.
        keys.enter(f"a[href='{here}/finding']")
        keys.choose(ground="", outcome=Outcome.FOUNDED)
        keys.type(reasons=text)
        keys.choose(theme="phone", cause="workload")
        keys.enter("form button[type=submit]")
        expect(page.locator(".staff-facts").first).to_contain_text(
            Analysis.shipped().themes["phone"].names[Language(language)]
        )

    with at_desk("bo", language) as keys:
        keys.enter(f"a[href='{here}']")
        keys.enter(f"a[href='{here}/answer']")
        keys.type(text=subject)
        keys.enter("button.govuk-button[value=preview]")
        expect(keys.page.locator(".staff-paper")).to_contain_text(ombudsman)
        keys.enter("button[value=send]")
        expect(keys.page.locator(".govuk-notification-banner--success")).to_be_visible()
    assert any(ombudsman in mail and subject in mail for mail in mails()[1:])

    with at_desk("co", language) as keys:
        page = keys.page
        keys.enter("nav a[href='/staff/complaints']")
        keys.enter(f"a[href='{here}']")
        keys.enter(f"a[href='{here}/corrective-action']")
        keys.type(what=subject)
        keys.choose(owner=ids["cy"])
        keys.day("due_on", today + timedelta(days=9))
        keys.enter("form button[type=submit]")
        keys.enter(f"a[href='{here}/action-done']")
        keys.enter("form button[type=submit]")
        keys.enter(f"a[href='{here}/effect']")
        keys.type(looked_at=text)
        keys.choose(effect="worked")
        keys.enter("form button[type=submit]")
        expect(page.locator("main li.suivi-card", has_text=subject)).to_contain_text(text)
        keys.enter("nav a[href='/staff/complaints']")
        keys.to("a[href$='report.csv'], a[href*='report.csv?']")
        with page.expect_download() as report:
            page.keyboard.press("Enter")
        lines = csv.DictReader(Path(report.value.path()).read_text("utf-8-sig").splitlines())
    counted = {(line["measure"], line["code"]): line["value"] for line in lines}
    for figure in (
        ("received", ""), ("answered", ""), ("by_outcome", "founded"), ("by_theme", "phone"),
        ("by_cause", "workload"), ("actions_on_time", ""), ("by_effect", "worked"),
    ):  # fmt: skip
        assert counted[figure] == "1", figure
    with database.reading() as session:
        found = session.scalars(select(Finding)).one()
        action = session.scalars(select(CorrectiveAction)).one()
    assert (found.outcome, found.theme, found.cause) == (Outcome.FOUNDED, "phone", "workload")
    assert (action.owner_id, action.due_on, action.done_on) == (ids["cy"], today + timedelta(days=9), today)
