"""A head's Monday, by keyboard alone: the queue, what breaks on Thursday, files handed over, an absence."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.factories import make_house
from tests.journeys.conftest import Desk
from tests.web.staff.conftest import email_of
from tracker.casework.figures import count_figures
from tracker.charter.counting import brussels_day
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.operations import JobRun
from tracker.models.staff import Staff

NOW = datetime.now(UTC)


@pytest.mark.parametrize(("language", "why"), [("fr", "Congé d'An."), ("de", "An ist im Urlaub.")])
def test_a_heads_monday(
    at_desk: Desk, file: Callable[..., str], row: Callable[[str], Case], database: Database, language: str, why: str
) -> None:
    soon = [file(received_at=NOW - timedelta(days=10), subject=f"Apostille {number}") for number in range(4)]
    of = {}
    with database.writing() as session:
        for one in session.scalars(select(Staff)):
            of[one.email.partition(".")[0]] = one.id
        for case in session.scalars(select(Case)):
            case.handler_id = of["an"]
        session.add(JobRun(job="figures", succeeded_at=NOW))
    count_figures(database, make_house().calendar, now=NOW)

    with at_desk("bo", language) as keys:
        page = keys.page
        # The queue of the service: all of it is An's.
        keys.enter("a[href*='view=service']")
        expect(page.locator(".suivi-queue tbody tr")).to_have_count(4)

        # Where will the service break its word this week? Four files on one day, and the way down to them.
        keys.enter("nav a[href='/staff/dashboard']")
        keys.enter("#table-days ~ div a[href*='todo=1']")
        expect(page.locator("main tbody th a")).to_have_text(soon[::-1])
        keys.enter(f"a[href='/staff/cases/{soon[0]}']")
        expect(page.locator(".staff-strip")).to_contain_text(soon[0])

        # Two of them go to a colleague who has time.
        keys.enter("nav a[href='/staff/queue']")
        keys.enter("a[href*='view=service']")
        for reference in soon[:2]:
            keys.tick(f"[name=file][value='{reference}']")
        keys.enter("[name=do][value=hand-over]")
        expect(page.locator("main tbody th a")).to_have_text(soon[:2])
        keys.choose(colleague=of["bo"])
        keys.type(reason=why)
        keys.enter("main form button[type=submit]")
        expect(page.locator("main [role=status]")).to_contain_text(soon[1])
        keys.enter("main a.govuk-button")

        # An is away from today on; Cy stands in.
        keys.enter("nav a[href='/staff/absences']")
        keys.enter(f"a[href='/staff/absences/{of['an']}']")
        keys.day("away_from", brussels_day(NOW))
        keys.day("away_until", brussels_day(NOW) + timedelta(days=4))
        keys.choose(deputy=of["cy"])
        keys.enter("main form button[type=submit]")
        expect(page.locator(".govuk-notification-banner--success")).to_be_visible()
        expect(page.locator("main tbody tr", has_text="An Peeters")).to_contain_text("Cy Peeters")

    assert [row(one).handler_id for one in soon] == [of["bo"]] * 2 + [of["an"]] * 2
    with database.reading() as session:
        an = session.scalars(select(Staff).where(Staff.email == email_of("an"))).one()
    assert (an.away_from, an.deputy_id) == (brussels_day(NOW), of["cy"])
