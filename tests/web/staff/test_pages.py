"""Every staff page, in four languages: one heading, labels, unique ids, and every word in the reader's language."""

import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import html5lib
import pytest
from bs4 import BeautifulSoup
from flask import Flask

from tests.web.staff.conftest import Desk, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Nature

LANGUAGES = ("fr", "nl", "de", "en")
ACTS = [
    "", "/answer", "/interim", "/ask", "/transmit", "/note", "/follow-up", "/nature", "/keep-short", "/extend",
    "/receipt", "/come-back", "/route", "/assign", "/hand-over", "/take", "/flag", "/waive", "/close", "/merge",
    "/left", "/returned", "/send-again", "/void-waiver", "/whole", "?show=dates",
]  # fmt: skip


def _pages(reference: str) -> list[str]:
    rooms = ["/staff/queue", "/staff/queue?show=unattended", "/staff/cases/new", "/staff/profile"]
    return [*rooms, "/staff/cases/DOS-2026-0001234-15", *(f"/staff/cases/{reference}{act}" for act in ACTS)]


def _check(text: str, path: str, language: str) -> None:
    html5lib.HTMLParser(strict=True).parse(text)
    page = BeautifulSoup(text, "html.parser")
    assert page.html is not None
    assert page.html["lang"] == language, path
    assert len(page.select("h1")) == 1, path
    ids = Counter(str(tag["id"]) for tag in page.select("[id]"))
    assert [one for one, times in ids.items() if times > 1] == [], path
    labels = {str(label["for"]) for label in page.select("label[for]")}
    for field in page.select("input:not([type=hidden]), select, textarea"):
        assert field.get("id") in labels or field.get("aria-label"), (path, str(field)[:120])
    for tag in page.select("[aria-describedby], [aria-labelledby]"):
        for one in str(tag.get("aria-describedby") or tag.get("aria-labelledby")).split():
            assert one in ids, (path, one)
    for choices in page.select(".govuk-radios"):
        assert choices.find_parent("fieldset") is not None, path
    first = page.select_one("body a")
    assert first is not None
    assert first["href"] == "#main", path
    assert page.select_one("[style], main script, [onclick]") is None, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_well_made(an: Desk, file: Callable[..., str], language: str) -> None:
    reference = file(
        nature=Nature.COMPLEX, channel=Channel.POST, requester_address="Rue Haute 1", urgent=True, sensitive=True,
        received_at=datetime.now(UTC) - timedelta(days=17), requester_fax="+32 2 123 45 67", country="EG",
    )  # fmt: skip
    an.send(f"/staff/cases/{reference}/answer", "send", text="Voilà.")
    an.get(f"/staff/queue?lang={language}")
    for path in _pages(reference):
        answer = an.client.get(path, follow_redirects=True)  # where nothing can be chosen: to the page of the file
        assert answer.status_code in (200, 404), (path, answer.status_code)
        _check(answer.text, path, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_that_comes_back_is_well_made(an: Desk, file: Callable[..., str], language: str) -> None:
    reference = file(nature=Nature.COMPLEX)
    an.get(f"/staff/queue?lang={language}")
    for act in (
        "answer",
        "interim",
        "transmit",
        "note",
        "follow-up",
        "receipt",
        "hand-over",
        "flag",
        "waive",
        "merge",
    ):
        path = f"/staff/cases/{reference}/{act}"
        empty = {"text": "", "reason": "", "day": "", "to": "", "into": "", "channel": None, "colleague": ""}
        answer = an.send(path, "send", **empty)
        assert answer.status_code == 400, act
        _check(answer.text, path, language)
        summary = BeautifulSoup(answer.text, "html.parser").select_one(".govuk-error-summary")
        assert summary is not None
        assert summary.has_attr("autofocus"), act
        for link in summary.select("a"):
            assert f'id="{str(link["href"])[1:]}"' in answer.text, act
    for path, typed in (("/staff/cases/new", {}), ("/staff/profile", {"away_until": "2026-01-01"})):
        answer = an.send(path, **typed)
        assert answer.status_code == 400
        _check(answer.text, path, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_login_is_well_made(app: Flask, language: str) -> None:
    at = Desk(app)
    _check(at.get(f"/staff/login?lang={language}").text, "/staff/login", language)
    _check(at.send("/staff/login", email="", password="").text, "/staff/login", language)


def test_the_profile_language_is_used_and_another_can_be_chosen(desk: Callable[[str], Desk]) -> None:
    at = desk("bo")
    assert at.page("/staff/queue").html["lang"] == "en"  # type: ignore[index]

    saved = at.send("/staff/profile", language="nl")
    assert saved.status_code == 303
    assert at.page("/staff/queue").html["lang"] == "nl"  # type: ignore[index]
    assert at.page("/staff/queue?lang=de").html["lang"] == "de"  # type: ignore[index]
    assert at.page("/staff/profile").html["lang"] == "de"  # type: ignore[index]


def test_an_absence_with_its_deputy_is_kept(desk: Callable[[str], Desk]) -> None:
    at, first = desk("an"), brussels_day(datetime.now(UTC)) + timedelta(days=3)

    saved = at.send(
        "/staff/profile", away_from=first.isoformat(), away_until=(first + timedelta(days=7)).isoformat(), deputy="4"
    )

    assert saved.status_code == 303
    page = at.page("/staff/profile")
    assert page.select_one(f"#away_from[value='{first.isoformat()}']") is not None
    assert page.select_one("#deputy option[selected][value='4']") is not None


def test_deputies_who_stand_in_for_each_other_are_refused(desk: Callable[[str], Desk]) -> None:
    assert desk("cy").send("/staff/profile", deputy="2").status_code == 303

    answer = desk("an").send("/staff/profile", deputy="4")

    assert answer.status_code == 409
    assert "circle" in answer.text


@pytest.mark.parametrize(
    "typed",
    [
        {"language": "xx"}, {"away_from": "soon"}, {"away_until": "2026-01-01"}, {"deputy": "999"}, {"deputy": "\0"},
        {"away_from": "2026-03-10", "away_until": "2026-03-01"}, {"language": None},
    ],
)  # fmt: skip
def test_a_profile_of_nonsense_is_refused(an: Desk, typed: dict[str, str | None]) -> None:
    assert an.send("/staff/profile", **typed).status_code == 400


@pytest.mark.parametrize("asked", ["endpoint=x", "_method=TRACE", "_scheme=javascript&_external=1", "_anchor=x"])
def test_whatever_is_asked_of_a_page_its_languages_lead_to_the_same_page(an: Desk, asked: str) -> None:
    answer = an.get(f"/staff/queue?show=today&{asked}")

    assert answer.status_code == 200
    links = [str(link["href"]) for link in soup_of(answer).select("a[hreflang]")]
    assert len(links) == len(LANGUAGES) - 1
    assert {link.split("lang=")[0] for link in links} == {f"/staff/queue?show=today&{asked}&"}


@pytest.mark.parametrize("number", [0, 2**31, 2**63 - 1, 2**63, 10**40])
def test_there_is_no_file_of_any_number(an: Desk, file: Callable[..., str], number: int) -> None:
    assert an.get(f"/staff/cases/{file()}/files/{number}").status_code == 404


def test_a_file_in_the_place_of_a_text_is_an_empty_field(an: Desk, file: Callable[..., str]) -> None:
    reference = file(nature=Nature.COMPLEX)
    for path in (f"/staff/cases/{reference}/interim", f"/staff/cases/{reference}/receipt", "/staff/cases/new"):
        fields = fields_of(form_of(an.page(path)))
        for name in fields.keys() - {"csrf_token", "whose"}:
            sent = fields | {name: (io.BytesIO(b"2026-01-01"), "text.txt")}
            answer = an.client.post(path, data=sent, content_type="multipart/form-data")
            assert answer.status_code in (200, 303, 400, 409), (path, name)
