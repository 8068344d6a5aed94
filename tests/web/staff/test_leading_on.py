"""Once something is done, the page leads to the case; to the queue, saying who has it, when one sees it no longer."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.web.staff.conftest import Desk, soup_of
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.staff import Staff

File = Callable[..., str]
UNKNOWN = {"service": None, "subject": "?", "text": "zz"}


@pytest.fixture
def people(database: Database) -> dict[str, str]:
    """The ids of the people, as a list of colleagues sends them."""
    with database.reading() as session:
        return {row.email.split(".")[0]: str(row.id) for row in session.scalars(select(Staff))}


def _banner(at: Desk, answer: TestResponse) -> str:
    """Return what stands in the banner of the page that an answer leads to."""
    assert answer.status_code == 303
    shown = soup_of(at.get(answer.headers["Location"])).select_one(".govuk-notification-banner--success")
    assert shown is not None
    return shown.get_text(" ", strip=True)


def test_a_dispatcher_is_told_which_service_and_who_has_the_case_now(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference, di = file(**UNKNOWN), desk("di")
    with database.reading() as session:
        name = session.get_one(Service, "M1").names["en"]

    answer = di.send(f"/staff/cases/{reference}/route", service="M1")

    assert answer.headers["Location"] == "/staff/queue"
    said = _banner(di, answer)
    assert f"Cy Peeters · {name} has file {reference} now" in said
    assert di.get(f"/staff/cases/{reference}").status_code == 404


def test_a_dispatcher_who_gives_a_case_to_a_colleague_is_told_so(
    desk: Callable[[str], Desk], file: File, people: dict[str, str]
) -> None:
    reference, di = file(**UNKNOWN), desk("di")

    answer = di.send(f"/staff/cases/{reference}/assign", colleague=people["cy"])

    assert answer.headers["Location"] == "/staff/queue"
    assert "Cy Peeters" in _banner(di, answer)


def test_what_one_hands_over_to_another_service_is_gone_from_sight(
    desk: Callable[[str], Desk], file: File, people: dict[str, str]
) -> None:
    reference, di = file(**UNKNOWN), desk("di")
    di.send(f"/staff/cases/{reference}/take")

    answer = di.send(f"/staff/cases/{reference}/hand-over", colleague=people["an"], reason="She knows Egypt.")

    assert answer.headers["Location"] == "/staff/queue"
    assert f"file {reference} now" in _banner(di, answer)


def test_within_the_service_one_stays_with_the_case(an: Desk, file: File, people: dict[str, str]) -> None:
    reference = file()

    answer = an.send(f"/staff/cases/{reference}/hand-over", colleague=people["bo"], reason="On leave.")

    assert answer.headers["Location"] == f"/staff/cases/{reference}"
    assert re.search(r"Bo Peeters · .+ has the file now\.", _banner(an, answer))


def test_a_colleague_who_makes_a_case_sensitive_is_told_that_it_is_out_of_sight(
    desk: Callable[[str], Desk], file: File, people: dict[str, str]
) -> None:
    reference, an = file(), desk("an")
    an.send(f"/staff/cases/{reference}/hand-over", colleague=people["bo"], reason="On leave.")

    answer = an.send(f"/staff/cases/{reference}/flag", sensitive="y", reason="A minor.")

    assert answer.headers["Location"] == "/staff/queue"
    assert "Bo Peeters" in _banner(an, answer)
