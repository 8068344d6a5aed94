"""A letter, a fax, a mail, a call or a visit is entered with its own receipt; nonsense is sent back with its text."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Channel, Direction, Language, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message
from tracker.models.paper import RegisterEntry

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
TODAY = brussels_day(datetime.now(UTC))
RIGHT = {
    "channel": "post",
    "day": (TODAY - timedelta(days=4)).isoformat(),
    "clock": "",
    "nature": "information",
    "language": "nl",
    "name": "Jan Van den Broeck",
    "address": "Hoogstraat 1\n1000 Brussel",
    "subject": "Paspoort verloren",
    "text": "Geachte,\n\nmijn paspoort is weg.",
    "service": "ME6",
}


def _enter(at: Desk, **typed: Any) -> Any:
    return at.send("/staff/cases/new", **RIGHT | typed)


def _cases(database: Database) -> list[Case]:
    with database.reading() as session:
        return list(session.scalars(select(Case)))


def test_a_letter_counts_from_the_day_it_came_in(an: Desk, database: Database) -> None:
    answer = _enter(an)

    assert answer.status_code == 303, errors_of(answer)
    (case,) = _cases(database)
    assert brussels_day(case.received_at) == TODAY - timedelta(days=4)
    assert case.next_due_on == TODAY + timedelta(days=26)
    assert (case.channel, case.language, case.requester_address) == (
        Channel.POST,
        Language.NL,
        "Hoogstraat 1\n1000 Brussel",
    )
    page = an.page("/staff/cases/entered")
    assert case.reference in page.get_text()
    assert page.select_one(f"main a[href='/staff/cases/{case.reference}']") is not None


@pytest.mark.parametrize("channel", ["post", "email", "phone", "counter", "fax"])
def test_each_way_in_can_be_entered(an: Desk, database: Database, channel: str) -> None:
    answer = _enter(
        an, channel=channel, email="jan@example.org", phone="+32 470 12 34 56", fax="+32 2 123 45 67", clock="09:30",
        answer_by="email" if channel in ("phone", "counter") else "",
    )  # fmt: skip

    assert answer.status_code == 303, errors_of(answer)
    assert _cases(database)[0].channel == channel


def test_a_call_has_an_hour(an: Desk, database: Database) -> None:
    _enter(an, channel="phone", phone="+32 470 12 34 56", clock="09:30", answer_by="phone")

    received_at = _cases(database)[0].received_at
    assert received_at.astimezone(tz=__import__("zoneinfo").ZoneInfo("Europe/Brussels")).strftime("%H:%M") == "09:30"


def test_the_same_page_sent_twice_is_one_case(an: Desk, database: Database) -> None:
    page = an.page("/staff/cases/new")

    for _ in range(2):
        assert an.send_form(page, "/staff/cases/new", **RIGHT).status_code == 303

    assert len(_cases(database)) == 1
    scan = (b"%PDF-1.4\n%%EOF\n", "scan.pdf")  # it was forgotten: with it, it is another
    for _ in range(2):
        assert an.send_form(page, "/staff/cases/new", **RIGHT, files=scan).status_code == 303
    assert len(_cases(database)) == 2


@pytest.mark.parametrize(("days", "asked"), [(1, "has not come yet"), (-6, "5 days ago"), (-45, "5 days ago")])
def test_an_unusual_day_is_asked_about_and_the_register_keeps_the_reason(
    an: Desk, database: Database, days: int, asked: str
) -> None:
    day = TODAY + timedelta(days=days)
    refused = _enter(an, day=day.isoformat())
    assert refused.status_code == 400
    assert asked in errors_of(refused)
    for half in ({"sure": "y"}, {"why": "Au poste de Kinshasa"}):
        assert an.send_form(soup_of(refused), "/staff/cases/new", **half).status_code == 400
    assert _cases(database) == []

    answer = an.send_form(soup_of(refused), "/staff/cases/new", sure="y", why="Au poste de Kinshasa")

    assert answer.status_code == 303, errors_of(answer)
    (case,) = _cases(database)
    assert brussels_day(case.received_at) == min(day, TODAY)
    assert case.next_due_on == min(day, TODAY) + timedelta(days=30)
    (line,) = _book(database)
    assert (line.on_day, line.reason) == (day, "Au poste de Kinshasa")
    assert "Au poste de Kinshasa" in an.page(f"/staff/cases/{case.reference}").get_text()


def test_a_usual_day_is_not_asked_about(an: Desk, database: Database) -> None:
    answer = _enter(an, day=(TODAY - timedelta(days=5)).strftime("%d/%m/%Y"), sure="y", why="…")

    assert answer.status_code == 303, errors_of(answer)
    assert _book(database)[0].reason is None


def test_the_confirmation_says_the_number_in_the_register(an: Desk, database: Database) -> None:
    _enter(an)
    _enter(an, subject="Een tweede brief")

    said = an.page("/staff/cases/entered").get_text(" ", strip=True)

    assert "No. 2 of" in said
    assert f"{TODAY.year}/2" in said


def _book(database: Database) -> list[RegisterEntry]:
    with database.reading() as session:
        return list(session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)))


CALL: dict[str, Any] = {
    "channel": "phone", "phone": "+32 470 12 34 56", "address": "", "day": TODAY.isoformat(),
    "answered": "Het kantoor is open van 9 tot 12.",
}  # fmt: skip


@pytest.mark.parametrize("who", ["an", "cy", "di"])
def test_a_call_that_was_answered_at_once_has_a_reference_and_owes_nothing(
    desk: Callable[[str], Desk], database: Database, who: str
) -> None:
    at = desk(who)
    answer = _enter(at, **CALL)

    assert answer.status_code == 303, errors_of(answer)
    (case,) = _cases(database)
    assert (case.state, case.next_due_on) == (CaseState.CLOSED, None)
    page = at.page("/staff/cases/entered").get_text(" ", strip=True)
    assert case.reference in page
    assert "Nothing is owed." in page
    assert [line.direction for line in _book(database)] == [Direction.IN, Direction.OUT]


def test_only_a_conversation_is_answered_at_once(an: Desk, database: Database) -> None:
    answer = _enter(an, answered="Ja.")

    assert answer.status_code == 400
    assert soup_of(answer).select_one("#answered-error") is not None
    assert _cases(database) == []


def _scan(name: str = "scan.pdf", content: bytes = PDF) -> tuple[bytes, str]:
    return content, name


def test_a_scan_is_enough_to_say_what_a_letter_says(an: Desk, app: Flask, database: Database) -> None:
    answer = _enter(an, text="", files=_scan())

    assert answer.status_code == 303, errors_of(answer)
    (case,) = _cases(database)
    (entry,) = an.page("/staff/register").select(".staff-register tbody tr")
    link = entry.select_one("a.staff-scan")
    assert link is not None
    assert "scan.pdf" in link.get_text()
    kept = an.get(str(link["href"]))
    assert kept.status_code == 200
    assert kept.data == PDF
    kept.close()
    assert case.reference in entry.get_text()


def test_a_picture_is_a_scan_too_and_another_kind_is_refused_with_all_that_was_typed(
    an: Desk, database: Database
) -> None:
    refused = _enter(an, text="", files=_scan("letter.pdf", b"MZ\x90 a program"))
    assert refused.status_code == 400
    assert "letter.pdf" in errors_of(refused)
    assert fields_of(form_of(soup_of(refused)))["name"] == RIGHT["name"]

    picture = io.BytesIO()
    Image.new("RGB", (30, 40), "white").save(picture, "PNG")
    answer = an.send_form(soup_of(refused), "/staff/cases/new", files=_scan("page.png", picture.getvalue()))

    assert answer.status_code == 303, errors_of(answer)


def test_a_scan_outlives_a_mistake_and_can_be_taken_off(an: Desk, database: Database) -> None:
    refused = _enter(an, text="", name="", files=_scan())
    assert refused.status_code == 400
    page = soup_of(refused)
    assert "scan.pdf" in page.get_text()
    taken_off = page.select_one("button[name=remove]")
    assert taken_off is not None

    without = an.send_form(page, "/staff/cases/new", remove=str(taken_off["value"]))
    assert without.status_code == 200
    assert "scan.pdf" not in soup_of(without).get_text()
    assert an.send_form(soup_of(without), "/staff/cases/new", name="Jan").status_code == 400, "nothing says what"

    answer = an.send_form(page, "/staff/cases/new", name="Jan")
    assert answer.status_code == 400, "the scan was taken off"
    answer = an.send_form(page, "/staff/cases/new", name="Jan", files=_scan())
    assert answer.status_code == 303, errors_of(answer)
    with database.reading() as session:
        assert session.scalars(select(Attachment.case_id)).all() == [1]


def test_what_is_too_large_costs_nothing_that_was_typed(an: Desk, database: Database) -> None:
    answer = _enter(an, files=_scan("big.pdf", PDF + b" " * 28_000_000))

    assert answer.status_code == 413
    page = soup_of(answer)
    assert page.select_one(".govuk-error-summary a[href='#files']") is not None
    assert fields_of(form_of(page))["text"].replace("\r\n", "\n") == RIGHT["text"]
    again = an.send_form(page, "/staff/cases/new")
    assert again.status_code == 303, errors_of(again)
    assert len(_cases(database)) == 1


def test_a_page_without_a_token_of_ours_enters_nothing(an: Desk, database: Database) -> None:
    answer = _enter(an, csrf_token="x")
    assert answer.status_code == 400
    assert _cases(database) == []
    assert fields_of(form_of(soup_of(answer)))["name"] == RIGHT["name"]
    assert an.send_form(soup_of(answer), "/staff/cases/new").status_code == 303

    assert _enter(an, csrf_token="x", whose="x", subject="Another").status_code == 400
    assert _enter(an, csrf_token=None, whose=None, subject="Another").status_code == 400
    assert len(_cases(database)) == 1


def test_the_address_of_the_page_names_the_way_in(an: Desk) -> None:
    page = an.page("/staff/cases/new?channel=counter")
    assert fields_of(form_of(page))["channel"] == "counter"
    assert "channel" not in fields_of(form_of(an.page("/staff/cases/new?channel=pigeon")))


def test_a_complaint_is_linked_to_the_file_it_is_about(
    an: Desk, file: Callable[..., str], database: Database
) -> None:
    about = file()

    answer = _enter(an, nature="complaint", about=about.lower(), service="")

    assert answer.status_code == 303, errors_of(answer)
    complaint = next(case for case in _cases(database) if case.nature is Nature.COMPLAINT)
    assert complaint.about_case_id == 1


def test_a_request_for_another_service_is_entered_but_not_opened(an: Desk, database: Database) -> None:
    _enter(an, service="M1", nature="complaint")

    page = an.page("/staff/cases/entered")

    assert _cases(database)[0].reference in page.get_text()
    assert "you cannot open it" in page.get_text()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"channel": None}, "channel"), ({"channel": "web"}, "channel"), ({"channel": "pigeon"}, "channel"),
        ({"day": ""}, "day"), ({"day": "2026-02-30"}, "day"), ({"day": "\0"}, "day"), ({"day": "0001-01-01"}, "day"),
        ({"clock": "25:00"}, "clock"), ({"clock": "soon"}, "clock"),
        ({"name": " "}, "name"), ({"name": "x" * 121}, "name"), ({"name": None}, "name"),
        ({"email": "jan"}, "email"), ({"email": "a@b@c"}, "email"), ({"email": "x" * 300 + "@example.org"}, "email"),
        ({"phone": "call me"}, "phone"), ({"fax": "1"}, "fax"), ({"address": "x" * 501}, "address"),
        ({"subject": "\x00\x07"}, "subject"), ({"subject": "x" * 151}, "subject"),
        ({"text": ""}, "text"), ({"text": "x" * 20_001}, "text"), ({"text": "é" * 900_000}, "text"),
        ({"language": "xx"}, "language"), ({"country": "XX"}, "country"), ({"service": "NOPE"}, "service"),
        ({"nature": "odd"}, "nature"), ({"answer_by": "pigeon"}, "answer_by"), ({"answer_by": "email"}, "email"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_beside_its_field_and_the_rest_is_kept(
    an: Desk, database: Database, changed: dict[str, Any], field: str
) -> None:
    answer = _enter(an, **changed)

    assert answer.status_code == 400
    page = soup_of(answer)
    assert page.select_one(f"#{field}-error") is not None
    link = page.select_one(".govuk-error-summary a")
    assert link is not None
    assert page.select_one(str(link["href"])) is not None
    kept = fields_of(form_of(page))
    for name in RIGHT.keys() - changed.keys():
        assert kept[name].replace("\r\n", "\n") == RIGHT[name], name
    assert _cases(database) == []


def test_a_day_that_cannot_be_read_has_one_sentence_of_its_own(an: Desk) -> None:
    said = soup_of(_enter(an, day="20/13/2026")).select_one("#day-error")

    assert said is not None
    assert said.get_text(" ", strip=True) == "Error: Write the date with day, month and year, like 31/12/2026."


@pytest.mark.parametrize("day", ["31/12/1989", "01/01/2191"])
def test_a_day_too_early_or_too_late_says_from_when_to_when_it_may_be(an: Desk, day: str) -> None:
    said = soup_of(_enter(an, day=day)).select_one("#day-error")

    assert said is not None
    assert " ".join(said.get_text().split()) == "Error: Give a date from 1 January 1990 to 31 December 2190."


def test_a_complaint_about_a_file_that_does_not_exist_says_so(an: Desk, database: Database) -> None:
    answer = _enter(an, nature="complaint", about="DOS-2026-0001234-14")

    assert answer.status_code == 409
    assert errors_of(answer)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_any_script_can_be_entered(an: Desk, database: Database) -> None:
    answer = _enter(an, name="محمد العربي", subject="护照遗失", text="Здравствуйте 👋\n\nשלום")

    assert answer.status_code == 303, errors_of(answer)
    assert _cases(database)[0].requester_name == "محمد العربي"
