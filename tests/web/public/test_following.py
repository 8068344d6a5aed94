"""Following a case: reference and code together open it, nothing else does, and nothing tells whether it exists."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.web.public.conftest import errors, hidden, post, reference_in, send, soup
from tracker.charter.reference import Reference
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox

TEXT = "Ik vergat nog iets te zeggen."


def filed(client: FlaskClient, **changes: Any) -> tuple[str, str]:
    """File a request and return its reference and code, as the confirmation shows them."""
    values = soup(client.get(send(client, **changes).location)).select(".suivi-key__value")
    return values[0].get_text(strip=True), values[1].get_text(strip=True)


def enter(client: FlaskClient, reference: str, code: str, **more: str) -> TestResponse:
    return client.post(
        "/nl/follow", data={**hidden(client, "/nl/follow"), "reference": reference, "code": code, **more}
    )


def test_reference_and_code_open_the_case(client: FlaskClient, app: Flask) -> None:
    reference, code = filed(client)

    with app.test_client() as other:
        response = enter(other, reference, code)
        assert response.location == "/nl/follow/case"
        page = soup(other.get(response.location)).get_text(" ", strip=True)

    assert reference in page
    assert "Paspoort verlopen" in page
    assert "Mijn paspoort is verlopen." in page
    assert "An Peeters" in page
    assert "15 kalenderdagen na ontvangst" in page
    assert "dat is dag 0" in page


@pytest.mark.parametrize("mangle", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_typing_is_forgiven(client: FlaskClient, mangle: Any) -> None:
    reference, code = filed(client)

    assert enter(client, mangle(reference), mangle(code)).status_code == 303


def test_an_unknown_reference_and_a_wrong_code_get_one_same_answer(client: FlaskClient) -> None:
    reference, code = filed(client)
    unknown = Reference("DOS", 2026, 987654).format()

    pages = []
    for given in (unknown, reference):
        response = enter(client, given, "AAAAA-AAAAA" if code != "AAAAA-AAAAA" else "BBBBB-BBBBB")
        assert response.status_code == 400
        pages.append(_neutral(response, given))

    assert pages[0] == pages[1]


def test_a_reference_that_cannot_be_is_told_so(client: FlaskClient) -> None:
    assert "Schrijf de referentie zoals" in errors(enter(client, "abc", "x"))[0]
    assert "cijfer" in errors(enter(client, "DOS-2026-0001234-15", "x"))[0]


def test_ten_wrong_codes_close_the_door_for_a_quarter_of_an_hour(client: FlaskClient) -> None:
    reference, code = filed(client)
    for _ in range(10):
        assert enter(client, reference, "WRONG-CODE0").status_code == 400

    locked = enter(client, reference, code)
    assert locked.status_code == 429
    assert "wacht een kwartier" in errors(locked)[0]

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=31)):
        assert enter(client, reference, code).status_code == 303


def test_a_stranger_cannot_lock_the_owner_out(client: FlaskClient, app: Flask) -> None:
    reference, code = filed(client)
    with app.test_client() as stranger:
        stranger.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        for _ in range(11):
            enter(stranger, reference, "WRONG-CODE0")
        assert enter(stranger, reference, code).status_code == 429

    assert enter(client, reference, code).status_code == 303


def test_the_page_of_a_case_is_closed_without_the_code(client: FlaskClient, app: Flask) -> None:
    filed(client)

    with app.test_client() as other:
        response = other.get("/nl/follow/case")
        assert response.status_code == 303
        assert response.location == "/nl/follow"


def test_access_ends_after_two_hours(client: FlaskClient) -> None:
    enter(client, *filed(client))

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2, minutes=1)):
        assert client.get("/nl/follow/case").status_code == 303


def test_something_is_added_with_a_file(client: FlaskClient, database: Database) -> None:
    reference, code = filed(client)
    enter(client, reference, code)
    fields = hidden(client, "/nl/follow/case")

    for _ in range(2):  # a double click
        response = post(client, "/nl/follow/case", {**fields, "text": TEXT, "files": (b"%PDF-1.7\nx", "bewijs.pdf")})
        assert response.status_code == 303

    page = client.get("/nl/follow/case").get_data(as_text=True)
    assert "We hebben het aan uw dossier toegevoegd." in page
    assert page.count(TEXT) == 1
    assert "bewijs.pdf" in page
    with database.reading() as session:
        assert len(session.scalars(select(Message).where(Message.body == TEXT)).all()) == 1
    post(client, "/nl/follow/case", {**fields, "text": TEXT, "files": (b"%PDF-1.7\ny", "vergeten.pdf")})
    assert "vergeten.pdf" in client.get("/nl/follow/case").get_data(as_text=True)


def test_text_added_too_late_is_kept_through_the_door(client: FlaskClient) -> None:
    reference, code = filed(client)
    enter(client, reference, code)
    fields = hidden(client, "/nl/follow/case")

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=3)):
        refused = client.post("/nl/follow/case", data={**fields, "text": TEXT})
        assert refused.status_code == 403
        assert TEXT in refused.get_data(as_text=True)
        back = {str(f["name"]): str(f["value"]) for f in soup(refused).select("main form input[type=hidden]")}
        entered = client.post("/nl/follow", data={**back, "reference": reference, "code": code})

    box = soup(entered).select_one("textarea#text")
    assert box is not None
    assert box.get_text().strip() == TEXT


@pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 20_001])
def test_what_cannot_be_added_comes_back(client: FlaskClient, text: str) -> None:
    enter(client, *filed(client))

    response = client.post("/nl/follow/case", data={**hidden(client, "/nl/follow/case"), "text": text})

    assert response.status_code == 400
    assert errors(response)


def test_a_forged_token_adds_nothing_and_keeps_the_text(client: FlaskClient, database: Database) -> None:
    enter(client, *filed(client))

    response = client.post("/nl/follow/case", data={"csrf_token": "forged", "text": TEXT})

    assert response.status_code == 400
    assert TEXT in response.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalars(select(Message).where(Message.body == TEXT)).all() == []


def ask_for_code(client: FlaskClient, reference: str, email: str) -> TestResponse:
    fields = hidden(client, "/nl/follow/code")
    return client.post("/nl/follow/code", data={**fields, "reference": reference, "email": email})


def test_a_lost_code_is_sent_to_the_address_on_file_and_the_old_one_is_void(
    client: FlaskClient, database: Database
) -> None:
    reference, code = filed(client)

    assert ask_for_code(client, reference, "Zoe@Example.be").status_code == 200

    with database.reading() as session:
        mail = session.scalars(
            select(Message).join(Outbox, Outbox.message_id == Message.id).order_by(Message.id.desc())
        )
        sent = mail.first()
    assert sent is not None
    assert sent.address == "zoe@example.be"
    found = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", sent.body.replace(reference, ""))
    assert found is not None
    assert enter(client, reference, code).status_code == 400
    assert enter(client, reference, found.group()).status_code == 303


def test_whoever_asks_for_a_code_gets_the_same_answer(client: FlaskClient, database: Database) -> None:
    reference, _code = filed(client)
    unknown = Reference("DOS", 2026, 987654).format()

    answers = []
    for given, email in (
        (reference, "zoe@example.be"),
        (reference, "stranger@example.be"),
        (unknown, "zoe@example.be"),
    ):
        response = ask_for_code(client, given, email)
        assert response.status_code == 200
        answers.append(_neutral(response, given))

    assert len(set(answers)) == 1
    with database.reading() as session:
        assert session.scalars(select(Message.address).where(Message.address == "stranger@example.be")).all() == []


def test_codes_cannot_be_asked_for_without_end(client: FlaskClient) -> None:
    reference, _code = filed(client)
    statuses = [ask_for_code(client, reference, "zoe@example.be").status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]


def test_a_stranger_cannot_keep_the_owner_from_a_new_code(client: FlaskClient, app: Flask) -> None:
    reference, _code = filed(client)
    with app.test_client() as stranger:
        stranger.environ_base["REMOTE_ADDR"] = "192.0.2.7"
        statuses = [ask_for_code(stranger, reference, "stranger@example.be").status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]

    assert ask_for_code(client, reference, "zoe@example.be").status_code == 200


def test_a_code_is_not_sent_without_end_from_whatever_place(client: FlaskClient) -> None:
    reference, _code = filed(client)
    statuses = []
    for number in range(6):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        statuses.append(ask_for_code(client, reference, "ZOE@example.be").status_code)

    assert statuses == [200] * 5 + [429]


def test_a_busy_database_brings_the_text_back(app: Flask, client: FlaskClient, database: Database) -> None:
    enter(client, *filed(client))
    fields = {**hidden(client, "/nl/follow/case"), "text": TEXT}
    with database.engine.connect().execution_options(immediate=True) as blocker, blocker.begin():
        with app.extensions["suivi"].database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        response = client.post("/nl/follow/case", data=fields)

    assert response.status_code == 503
    form = soup(response).select("main form")[-1]
    assert [box.get_text().strip() for box in form.select("textarea")] == [TEXT]
    assert form.select_one("input[name=key]")["value"] == fields["key"]  # type: ignore[index]
    assert client.post("/nl/follow/case", data=fields).status_code == 303


def test_a_busy_database_brings_the_door_back(app: Flask, client: FlaskClient, database: Database) -> None:
    reference, _code = filed(client)
    door = {**hidden(client, "/nl/follow"), "reference": reference, "code": "wrong", "text": TEXT}
    lost = {**hidden(client, "/nl/follow/code"), "reference": reference, "email": "zoe@example.be"}
    with database.engine.connect().execution_options(immediate=True) as blocker, blocker.begin():
        with app.extensions["suivi"].database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        entered, asked = client.post("/nl/follow", data=door), client.post("/nl/follow/code", data=lost)

    for response, typed in ((entered, (reference, "wrong", TEXT)), (asked, (reference, "zoe@example.be"))):
        assert response.status_code == 503
        assert all(text in response.get_data(as_text=True) for text in typed)


def test_a_void_code_closes_the_page_that_it_opened(client: FlaskClient, database: Database) -> None:
    reference, code = filed(client)
    enter(client, reference, code)
    ask_for_code(client, reference, "zoe@example.be")

    assert client.get("/nl/follow/case").status_code == 303


def test_the_case_is_shown_as_late_when_it_is(client: FlaskClient) -> None:
    reference, code = filed(client)

    with time_machine.travel(datetime.now(UTC) + timedelta(days=16)):
        enter(client, reference, code)
        page = soup(client.get("/nl/follow/case"))
        days = [one.get_text(strip=True).split(" ")[0] for one in page.select(".suivi-bar__days li")]
        assert "We zijn te laat" in page.get_text()
        assert days == ["ontvangen", "uiterlijk", "te", "vandaag,"]


def test_the_reference_alone_may_stand_in_the_address_of_the_door(client: FlaskClient) -> None:
    reference, _code = filed(client)
    field = soup(client.get(f"/nl/follow?reference={reference}")).select_one("#reference")

    assert field is not None
    assert field["value"] == reference
    with pytest.raises(AssertionError):
        reference_in(client.get("/nl/follow/case").get_data(as_text=True))


def _neutral(response: TestResponse, reference: str) -> str:
    """A page without what differs by chance: the token, and the reference that was typed."""
    page = response.get_data(as_text=True).replace(reference, "REFERENCE")
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def test_a_merged_case_leads_to_the_one_it_was_merged_into(client: FlaskClient, database: Database) -> None:
    reference, code = filed(client, subject="De eerste")
    survivor, _other = filed(client, subject="De tweede")
    with database.writing() as session:
        first = session.scalars(select(Case).where(Case.reference == reference)).one()
        kept = session.scalars(select(Case).where(Case.reference == survivor)).one()
        first.state, first.merged_into_id = "merged", kept.id
        first.triage_since = first.next_due_on = first.next_kind = first.next_work_by = None

    enter(client, reference, code)

    page = soup(client.get("/nl/follow/case")).get_text(" ", strip=True)
    assert survivor in page
    assert f"Uw dossier {reference} is met dit dossier samengevoegd" in page


def test_a_question_of_ours_stands_on_top_until_it_is_answered(client: FlaskClient, database: Database) -> None:
    reference, code = filed(client)
    now = datetime.now(UTC)
    with database.writing() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        session.add(
            Message(case_id=case.id, number=50, direction="out", kind="question", channel="email", language="nl",
                    subject="Uw vraag", body="Welk paspoort?", signature={"name": "An Peeters"}, written_at=now,
                    left_on=now.date(), left_at=now)
        )  # fmt: skip
    enter(client, reference, code)
    waiting = soup(client.get("/nl/follow/case"))

    client.post("/nl/follow/case", data={**hidden(client, "/nl/follow/case"), "text": "Dat van mijn zoon."})

    assert waiting.select_one('.govuk-inset-text a[href="#text"]') is not None
    assert soup(client.get("/nl/follow/case")).select_one(".govuk-inset-text") is None


def test_an_emergency_shows_the_numbers_first(client: FlaskClient) -> None:
    urgent = filed(client, kind="emergency")
    enter(client, *urgent)
    numbers = soup(client.get("/nl/follow/case")).select(".suivi-phones a[href^=tel]")
    enter(client, *filed(client))

    assert len(numbers) >= 2
    assert not soup(client.get("/nl/follow/case")).select(".suivi-phones")
