"""A form of staff that cannot be taken: nothing is done, and what was typed comes back to be sent again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.models.cases import Case
from tracker.models.database import Database

File = Callable[..., str]
Row = Callable[[str], Case]
TYPED = "She wrote: “<b>and now?</b>”"
LAST_WEEK = brussels_day(datetime.now(UTC) - timedelta(days=7)).isoformat()


@contextmanager
def _somebody_else_writes(database: Database) -> Iterator[None]:
    """Hold the one place of a writer; whoever waits for it loses patience at once."""
    with database.engine.connect().execution_options(immediate=True) as blocker, blocker.begin():
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        yield


@pytest.mark.parametrize(
    ("slug", "button", "kept", "typed"),
    [
        ("follow-up", None, "text", {"channel": "phone"}),
        ("reopen", None, "reason", {}),
        ("answer", "send", "text", {}),
        ("receipt", "save", "reason", {"day": LAST_WEEK, "clock": ""}),
    ],
)
def test_a_form_about_a_case_comes_back(
    an: Desk,
    file: File,
    row: Row,
    database: Database,
    slug: str,
    button: str | None,
    kept: str,
    typed: dict[str, Any],
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/{slug}"
    if slug == "reopen":
        an.send(f"/staff/cases/{reference}/waive", ground="withdrawn", evidence="She called.")
        assert an.send(f"/staff/cases/{reference}/close").status_code == 303
    page, before = an.page(path), row(reference).version

    with _somebody_else_writes(database):
        answer = an.send_form(page, path, button, **typed, **{kept: TYPED})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "What you typed is all here" in errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))[kept] == TYPED
    assert row(reference).version == before
    again = an.send_form(soup_of(answer), path, button)
    assert again.status_code == 303, errors_of(again)
    assert row(reference).version == before + 1


def test_a_request_that_was_being_entered_comes_back(an: Desk, database: Database) -> None:
    page = an.page("/staff/cases/new")
    typed = {"channel": "phone", "name": "Jan", "phone": "+32 2 501 81 11", "answer_by": "phone", "subject": "Visum"}

    with _somebody_else_writes(database):
        answer = an.send_form(page, "/staff/cases/new", text=TYPED, **typed)

    assert answer.status_code == 503
    assert fields_of(form_of(soup_of(answer)))["text"] == TYPED
    assert an.send_form(soup_of(answer), "/staff/cases/new").status_code == 303
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_a_form_that_comes_back_still_knows_what_its_reader_saw(an: Desk, file: File, row: Row) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/hand-over"
    page = an.page(path)
    assert an.send(f"/staff/cases/{reference}/note", text="Meanwhile.").status_code == 303

    returned = an.send_form(page, path, colleague="", reason="On leave.")  # no colleague chosen
    assert returned.status_code == 400
    answer = an.send_form(soup_of(returned), path, colleague=str(row(reference).handler_id + 1))

    assert answer.status_code == 409
    assert "What changed meanwhile" in answer.text


def test_the_empty_line_of_a_list_is_no_colleague(an: Desk, file: File) -> None:
    answer = an.send(f"/staff/cases/{file()}/hand-over", colleague="", reason=TYPED)

    assert answer.status_code == 400
    assert "Choose a colleague." in errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["reason"] == TYPED


def test_what_a_correction_would_change_is_shown_while_somebody_else_writes(
    an: Desk, file: File, row: Row, database: Database
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/receipt"
    page = an.page(path)

    with _somebody_else_writes(database):
        shown = an.send_form(page, path, "preview", day=LAST_WEEK, clock="", reason=TYPED)

    assert shown.status_code == 200, errors_of(shown)
    assert "Owed after the correction" in shown.text
    assert row(reference).version == 1
    assert an.send_form(soup_of(shown), path, "save").status_code == 303


def test_a_correction_of_what_changed_meanwhile_is_not_even_shown(an: Desk, file: File) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/receipt"
    page = an.page(path)
    assert an.send(f"/staff/cases/{reference}/note", text="Meanwhile.").status_code == 303

    answer = an.send_form(page, path, "preview", day=LAST_WEEK, clock="", reason=TYPED)

    assert answer.status_code == 409
    assert "What changed meanwhile" in answer.text
