"""A letter, a fax, a mail, a call or a visit is entered with its own receipt; nonsense is sent back with its text."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Language, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message

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


def test_a_day_that_has_not_come_is_refused(an: Desk, database: Database) -> None:
    answer = _enter(an, day=(TODAY + timedelta(days=1)).isoformat())

    assert "This day has not come yet" in errors_of(answer)
    assert _cases(database) == []


def test_a_receipt_long_ago_is_asked_about_once(an: Desk, database: Database) -> None:
    refused = _enter(an, day=(TODAY - timedelta(days=45)).isoformat())
    assert refused.status_code == 400
    assert "more than 30 days ago" in errors_of(refused)

    answer = an.send_form(soup_of(refused), "/staff/cases/new", long_ago="y")

    assert answer.status_code == 303, errors_of(answer)
    assert len(_cases(database)) == 1


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
