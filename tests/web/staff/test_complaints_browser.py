"""The pages of a complaint that was judged and acted on are sound in a real browser, wide and narrow."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from tests.web.staff.browsing import assert_sound, log_in, window
from tests.web.staff.conftest import Desk
from tracker.charter.counting import brussels_day
from tracker.charter.words import Nature
from tracker.models.complaints import CorrectiveAction
from tracker.models.database import Database

TODAY = brussels_day(datetime.now(UTC))


def test_the_pages_of_a_complaint_have_no_fault_that_axe_finds_and_fit_a_narrow_screen(
    browser: Any, address: str, file: Callable[..., str], desk: Callable[[str], Desk], database: Database
) -> None:
    reference, co = file(nature=Nature.COMPLAINT, subject="Unfreundlich am Telefon " * 3), desk("co")
    assert co.staff is not None
    co.send(f"/staff/cases/{reference}/finding", ground="", outcome="founded", reasons="Mittags war niemand da.",
            theme="phone", cause="workload")  # fmt: skip
    co.send(f"/staff/cases/{reference}/corrective-action", what="Zwei Leitungen am Mittag.", owner=str(co.staff.id),
            due_on=(TODAY + timedelta(days=9)).isoformat())  # fmt: skip
    with database.writing() as session:
        session.scalars(select(CorrectiveAction)).one().due_on = TODAY - timedelta(days=1)
    with window(browser, address, "de") as page:
        log_in(page, "co")
        assert_sound(page, f"cases/{reference}", "fr", "de")
        for path in ("complaints", "complaints?show=late", "actions", f"cases/{reference}/finding"):
            assert_sound(page, path, "fr")
