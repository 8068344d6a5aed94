"""What staff send twice is done once: the second sending leads where the first led, with what that said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.web.staff.conftest import Desk, email_of, errors_of, fields_of, form_of
from tracker.charter.words import CaseState, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Message, Outbox
from tracker.models.operations import SentForm
from tracker.models.staff import Staff

File = Callable[..., str]
SEND = {"step": "send"}


@pytest.fixture
def ids(database: Database) -> dict[str, str]:
    with database.reading() as session:
        return {row.email: str(row.id) for row in session.scalars(select(Staff))}


def _typed(slug: str, ids: dict[str, str]) -> dict[str, str]:
    yesterday, later = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (-1, 20))
    return {
        "note": {"text": "She called.", "colleague": ""},
        "hand-over": {"colleague": ids[email_of("cy")], "reason": "Yours"},  # in a service that An does not see
        "route": {"service": "M1", "reason": "Theirs"},
        "answer": {"text": "Please come.", **SEND},
        "interim": {"reason": "We ask.", "promised_on": later, **SEND},
        "flag": {"urgent": "y", "reason": "Hospital"},
        "waive": {"ground": "withdrawn", "evidence": "She called"},
        "receipt": {"day": yesterday, "clock": "", "reason": "Stamped", "step": "save"},
        "ask-colleague": {"colleague": ids[email_of("cy")], "what": "In the register?"},
        "follow-up": {"what": "complaint", "channel": "phone", "subject": "Too long", "text": "I wait."},
        "split": {"subject": "A part", "text": "And the passport?", "reason": "Two in one"},
    }[slug]  # fmt: skip


@pytest.mark.parametrize(
    "slug",
    ["note", "hand-over", "route", "answer", "interim", "flag", "waive", "receipt", "ask-colleague", "follow-up",
     "split"],
)  # fmt: skip
def test_what_is_sent_twice_is_done_once_and_told_alike(
    slug: str, an: Desk, file: File, ids: dict[str, str], database: Database
) -> None:
    reference = file(nature=Nature.COMPLEX, confirmed=True) if slug == "interim" else file()
    path = f"/staff/cases/{reference}/{slug}"
    given = {"step": ""} | fields_of(form_of(an.page(path))) | _typed(slug, ids)

    first, once = an.client.post(path, data=given), _so_far(database)
    assert first.status_code == 303, errors_of(first)
    said = _said(an)
    second = an.client.post(path, data=given)

    assert (second.status_code, second.location) == (303, first.location)
    assert _said(an) == said
    assert _so_far(database) == once


def _said(at: Desk) -> Any:
    """Return what the next page will say, and forget it: as if that page had been shown."""
    with at.client.session_transaction() as browser:
        return browser.pop("_flashes", None), browser.pop("entered", None)


def _so_far(database: Database) -> list[int]:
    with database.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(kind)) or 0 for kind in (Case, History, Message, Outbox)
        ]


def test_closing_twice_and_what_somebody_did_between(
    an: Desk, desk: Callable[[str], Desk], file: File, row: Callable[[str], Case]
) -> None:
    reference = file()
    here, bo = f"/staff/cases/{reference}", desk("bo")
    an.send(f"{here}/waive", ground="withdrawn", evidence="She called")
    page = fields_of(form_of(an.page(f"{here}/close")))
    first = an.client.post(f"{here}/close", data=page)
    _said(an)
    assert bo.send(f"{here}/reopen", reason="She called again").status_code == 303

    second = an.client.post(f"{here}/close", data=page)

    assert (second.status_code, second.location) == (303, first.location)
    said = str(_said(an))
    assert "The file is closed." in said  # by An it was
    assert "The file has changed since then." in said
    assert row(reference).state is CaseState.OPEN
    assert an.send(f"{here}/close").status_code == 303  # from a page of its own it is another closing
    assert row(reference).state is CaseState.CLOSED


def test_what_differs_and_what_another_one_sends_is_told_as_before(
    an: Desk, desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    path = f"/staff/cases/{file()}/note"
    bo = desk("bo")
    mine, theirs = (fields_of(form_of(at.page(path))) for at in (an, bo))
    typed = {"text": "She called.", "colleague": ""}
    assert an.client.post(path, data=mine | typed).status_code == 303
    so_far = _so_far(database)

    for at, given in ((bo, theirs | typed), (an, mine | typed | {"text": "She called twice."})):
        answer = at.client.post(path, data=given)
        assert answer.status_code == 409
        assert "while you were writing" in errors_of(answer)

    assert _so_far(database) == so_far


def test_what_was_refused_may_be_sent_again(an: Desk, file: File, database: Database) -> None:
    path = f"/staff/cases/{file()}/close"
    page = fields_of(form_of(an.page(path)))
    for _ in range(2):
        assert an.client.post(path, data=page).status_code == 409
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SentForm)) == 0


def test_a_code_that_was_made_since_is_not_told_to_whoever_sends_the_old_form_again(
    an: Desk, desk: Callable[[str], Desk], file: File
) -> None:
    path, co = f"/staff/cases/{file()}/follow-up", desk("co")
    complaint = {"what": "complaint", "channel": "phone", "subject": "Too long", "text": "I wait."}
    given = fields_of(form_of(an.page(path))) | complaint
    told = _told(an, path, given)
    here = f"/staff/cases/{told['reference']}"
    assert (an.get(here).status_code, bool(told["code"])) == (404, True)  # it is about An
    assert co.send(f"{here}/contact", email="hers.alone@example.org", reason="He reads the other").status_code == 303

    again = _told(an, path, given)

    assert again == told | {"code": ""}
    assert "Tracking code" not in an.page("/staff/cases/entered").text


def _told(at: Desk, path: str, given: dict[str, str]) -> dict[str, str]:
    answer = at.client.post(path, data=given)
    assert answer.status_code == 303, errors_of(answer)
    with at.client.session_transaction() as browser:
        return dict(browser["entered"])


def test_an_answer_to_a_colleague(
    an: Desk, desk: Callable[[str], Desk], file: File, ids: dict[str, str], database: Database
) -> None:
    asked = {"colleague": ids[email_of("cy")], "what": "In the register?"}
    assert an.send(f"/staff/cases/{file()}/ask-colleague", **asked).status_code == 303
    cy = desk("cy")
    given = fields_of(form_of(cy.page("/staff/asked/1"))) | {"word": "Yes.", "step": "done"}
    told = []
    for _ in range(2):
        answer = cy.client.post("/staff/asked/1", data=given)
        told.append((answer.status_code, answer.location, _said(cy)))

    assert told[0] == told[1]
    assert "on record as done" in str(told[0])
    assert _so_far(database)[1] == 3
