"""Letters on paper in a real browser: a letter is seen in a tab of its own before it is sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.factories import make_house
from tests.web.axe import faults
from tests.web.staff.browsing import log_in, window
from tests.web.windows import next_page
from tracker.casework.follow import send_code_again
from tracker.charter.words import Channel
from tracker.models.database import Database

CLAIRE = "claire@example.org"
ON_PAPER = {"channel": Channel.POST, "requester_address": "Rue Neuve 1\n1000 Bruxelles", "requester_email": CLAIRE}


def test_a_run_that_holds_what_may_not_leave_says_so_and_a_letter_is_seen_before_it_is_sent(
    browser: Any, address: str, file: Callable[..., str], database: Database
) -> None:
    first, _ = file(**ON_PAPER), file(**ON_PAPER, requester_name="محمد العربي " + "x" * 60)
    with window(browser, address, "nl") as page:
        log_in(page)
        page.goto("/staff/letters")
        with next_page(page):
            page.locator("main form button").first.click()
        assert page.url.endswith("/letters/runs/1")
        with database.writing() as session:
            send_code_again(session, make_house(), reference=first, email=CLAIRE, now=datetime.now(UTC))
        page.reload()
        assert page.locator(".suivi-alarm li").count() == 1

        page.goto(f"/staff/cases/{first}/answer")
        page.fill("#text", "Bonjour. " * 60)
        with next_page(page):
            page.locator("button[value=preview]").last.click()
        assert faults(page) == []
        with page.expect_popup() as opened:
            page.locator("button[name=print]").click()
        assert opened.value is not page
        with next_page(page):
            page.locator("button[value=send]").click()  # the tab it was opened from stands as it was
        assert page.url.endswith(f"/cases/{first}")
