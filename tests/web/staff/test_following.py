"""What a requester sends about a file joins it; a new question or a complaint gets a file of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Nature
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message
from tracker.models.paper import RegisterEntry

File = Callable[..., str]
PDF = b"%PDF-1.4\n%a scan\n"
Row = Callable[[str], Case]
YESTERDAY = brussels_day(datetime.now(UTC)) - timedelta(days=1)
CALL: dict[str, Any] = {"channel": "phone", "day": YESTERDAY.isoformat(), "clock": "", "text": "And my passport?"}


def _newest(database: Database) -> Case:
    with database.reading() as session:
        return session.scalars(select(Case).order_by(Case.id.desc())).first()  # type: ignore[return-value]


def test_a_new_question_gets_a_file_and_a_receipt_of_its_own(
    an: Desk, file: File, row: Row, database: Database
) -> None:
    reference = file()
    before = row(reference)
    page = an.page(f"/staff/cases/{reference}/follow-up")

    for _twice in range(2):  # a double click is one file
        answer = an.send_form(
            page, f"/staff/cases/{reference}/follow-up", **CALL, what="question", subject="Lost passport"
        )
        assert answer.status_code == 303, errors_of(answer)

    new = _newest(database)
    assert new.id == before.id + 1
    assert (new.continues_case_id, new.subject, new.requester_name) == (before.id, "Lost passport", "Claire Dubois")
    assert (brussels_day(new.received_at), new.next_due_on) == (YESTERDAY, YESTERDAY + timedelta(days=15))
    assert row(reference).version == before.version
    told = an.page(answer.headers["Location"]).get_text()
    assert new.reference in told


def test_a_complaint_never_joins_the_file_it_is_about(an: Desk, file: File, row: Row, database: Database) -> None:
    reference = file(sensitive=True)
    path = f"/staff/cases/{reference}/follow-up"

    answer = an.send(path, **CALL, what="complaint", subject="No answer")

    assert answer.status_code == 303, errors_of(answer)
    case, new = row(reference), _newest(database)
    assert (new.nature, new.about_case_id, new.about_staff_id) == (Nature.COMPLAINT, case.id, case.handler_id)
    assert new.handler_id != case.handler_id
    assert (new.service_code, new.nature_confirmed_at is not None, new.sensitive) == ("COMPLAINTS", True, True)
    with database.reading() as session:
        assert session.get(Association, (new.id, "ME6")) is not None
    page = an.page(answer.headers["Location"])
    assert new.reference in page.get_text()
    assert page.select_one(f"main a[href$='{new.reference}']") is None  # it is about whoever entered it
    assert an.get(f"/staff/cases/{new.reference}").status_code == 404


@pytest.mark.parametrize("what", ["question", "complaint", "nonsense"])
def test_a_file_of_its_own_needs_a_subject(an: Desk, file: File, database: Database, what: str) -> None:
    reference = file()

    answer = an.send(f"/staff/cases/{reference}/follow-up", **CALL, what=what, subject=" ")

    assert answer.status_code == 400
    assert errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["text"] == "And my passport?"
    assert _newest(database).reference == reference


def _book(database: Database) -> list[RegisterEntry]:
    with database.reading() as session:
        return list(session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)))


def test_a_scanned_letter_joins_the_file_and_has_its_line_once(an: Desk, file: File, database: Database) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/follow-up"
    page = an.page(path)
    letter = {"channel": "post", "day": YESTERDAY.strftime("%d/%m/%Y"), "files": (b"%PDF-1.4\n%%EOF\n", "scan.pdf")}
    assert an.send_form(page, path, **letter | {"files": None}).status_code == 400, "it says nothing"

    for _twice in range(2):
        answer = an.send_form(page, path, **letter)
        assert answer.status_code == 303, errors_of(answer)
        assert answer.headers["Location"].endswith(reference)

    (line,) = _book(database)
    assert (line.on_day, line.channel) == (YESTERDAY, Channel.POST)
    assert "scan.pdf" in an.page(f"/staff/cases/{reference}").get_text()
    assert "scan.pdf" in an.page("/staff/register").get_text()


def test_a_scan_that_was_forgotten_is_not_taken_for_a_second_click(an: Desk, file: File, database: Database) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/follow-up"
    page = an.page(path)
    assert an.send_form(page, path, **CALL).status_code == 303

    answer = an.send_form(page, path, **CALL, files=(b"%PDF-1.4\n%%EOF\n", "scan.pdf"))

    assert answer.status_code == 409
    assert an.send_form(soup_of(answer), path).status_code == 303
    assert "scan.pdf" in an.page(f"/staff/cases/{reference}").get_text()


def test_a_scan_outlives_a_mistake_and_an_unusual_day_is_asked_about(
    an: Desk, file: File, database: Database
) -> None:
    reference = file(received_at=datetime.now(UTC) - timedelta(days=60))
    path = f"/staff/cases/{reference}/follow-up"
    long_ago = (YESTERDAY - timedelta(days=20)).isoformat()

    scan = (b"%PDF-1.4\n%%EOF\n", "scan.pdf")
    refused = an.send(path, channel="post", day=long_ago, files=scan)
    assert refused.status_code == 400
    assert "5 days ago" in errors_of(refused)
    answer = an.send_form(soup_of(refused), path, sure="y", why="It lay in Kinshasa")

    assert answer.status_code == 303, errors_of(answer)
    assert _book(database)[0].reason == "It lay in Kinshasa"
    assert "scan.pdf" in an.page(f"/staff/cases/{reference}").get_text()


def test_a_scan_can_be_taken_off_again_without_a_word_about_the_rest(
    an: Desk, file: File, database: Database
) -> None:
    path = f"/staff/cases/{file()}/follow-up"
    page = soup_of(an.send(path, channel=None, files=(b"%PDF-1.4\n%%EOF\n", "scan.pdf")))
    button = page.select_one("button[name=remove]")
    assert button is not None

    answer = an.send_form(page, path, remove=str(button["value"]))

    assert errors_of(answer) == ""
    assert "scan.pdf" not in answer.text
    assert _book(database) == []


def test_what_is_too_large_costs_nothing_that_was_typed_and_no_scan_that_waited(
    an: Desk, file: File, database: Database
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/follow-up"
    waiting = an.send(path, **CALL | {"text": "", "day": "no day"}, files=(PDF, "first.pdf"))
    assert "first.pdf" in soup_of(waiting).get_text()

    answer = an.send_form(soup_of(waiting), path, **CALL, files=(PDF + b" " * 28_000_000, "big.pdf"))

    assert answer.status_code == 413
    page = soup_of(answer)
    assert page.select_one(".govuk-error-summary a[href='#files']") is not None
    assert fields_of(form_of(page))["text"] == CALL["text"]
    assert fields_of(form_of(page))["day"] == CALL["day"]
    assert "first.pdf" in page.get_text()
    again = an.send_form(page, path)
    assert again.status_code == 303, errors_of(again)
    with database.reading() as session:
        assert session.scalars(select(Attachment.name)).all() == ["first.pdf"]
        assert session.scalars(select(Message.body).order_by(Message.id.desc())).first() == CALL["text"]


def test_a_scan_whose_name_cannot_be_read_costs_nothing_that_was_typed(an: Desk, file: File) -> None:
    path = f"/staff/cases/{file()}/follow-up"
    fields = fields_of(form_of(an.page(path))) | CALL
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    scan = b'--x\r\nContent-Disposition: form-data; name="files"; filename="\xff\xfe.pdf"\r\n\r\n' + PDF
    body = "\r\n".join(parts).encode() + b"\r\n" + scan + b"\r\n--x--\r\n"

    answer = an.client.post(path, data=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 400
    assert "name of a file" in errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["text"] == CALL["text"]


@pytest.mark.parametrize("path", ["/staff/cases/{}/hand-over", "/staff/cases/{}/answer", "/staff/cases/{}/receipt"])
def test_a_page_without_files_that_is_sent_too_much_shows_what_was_typed(an: Desk, file: File, path: str) -> None:
    path = path.format(file())
    typed = fields_of(form_of(an.page(path))) | {
        "reason": "My dear text of reasons",
        "text": "My dear text of reasons",
    }

    answer = an.client.post(path, data=typed | {"z": "x" * 28_000_000})

    assert answer.status_code == 413
    assert "My dear text of reasons" in answer.text
