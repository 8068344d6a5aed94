"""Letters on paper in a real browser: accessible, narrow; a letter is seen in a tab of its own before it is sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories import make_house
from tests.web.axe import faults
from tests.web.staff.browsing import assert_sound, log_in, window
from tracker.casework.follow import send_code_again
from tracker.charter.words import Channel
from tracker.models.database import Database

CLAIRE = "claire@example.org"
ON_PAPER = {"channel": Channel.POST, "requester_address": "Rue Neuve 1\n1000 Bruxelles", "requester_email": CLAIRE}


@pytest.mark.parametrize("language", ["nl", "de"])
def test_the_pages_of_letters_have_no_fault_that_axe_finds_and_fit_a_narrow_screen(
    browser: Any, address: str, file: Callable[..., str], database: Database, language: str
) -> None:
    first, _ = file(**ON_PAPER), file(**ON_PAPER, requester_name="محمد العربي " + "x" * 60)
    with window(browser, address, language) as page:
        log_in(page)
        assert_sound(page, "letters")
        page.locator("main form button").first.click()
        page.wait_for_url("**/letters/runs/1")
        with database.writing() as session:
            send_code_again(session, make_house(), reference=first, email=CLAIRE, now=datetime.now(UTC))
        assert_sound(page, "letters/runs/1")
        assert page.locator(".suivi-alarm li").count() == 1
        assert_sound(page, "letters")

        assert_sound(page, f"cases/{first}/answer")
        page.fill("#text", "Bonjour. " * 60)
        page.locator("button[value=preview]").last.click()
        assert faults(page) == []
        with page.expect_popup() as opened:
            page.locator("button[name=print]").click()
        assert opened.value is not page
        page.locator("button[value=send]").click()  # the tab it was opened from stands as it was
        page.wait_for_url(f"**/cases/{first}")
