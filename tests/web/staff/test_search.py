"""The page that finds files: a reference leads straight on, words are marked, markup stays text, no log has them."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from tests.web.staff.conftest import Desk, soup_of
from tracker.charter.reference import Reference
from tracker.charter.words import Channel
from tracker.models.database import Database

File = Callable[..., str]


def found(desk: Desk, **asked: Any) -> list[str]:
    """The references of what the page shows."""
    page = soup_of(desk.client.get("/staff/search", query_string=asked))
    return [link.get_text() for link in page.select(".staff-hits a")]


def said(desk: Desk, **asked: Any) -> str:
    page = soup_of(desk.client.get("/staff/search", query_string=asked))
    return page.select_one("main").get_text(" ", strip=True)  # type: ignore[union-attr]


@pytest.mark.parametrize("way", ["{}", " {} ", "lower", "bare"])
def test_a_file_opens_by_its_reference_however_it_is_written(an: Desk, file: File, way: str) -> None:
    reference = file()
    written = {"lower": reference.lower().replace("-", " "), "bare": reference.replace("-", "")}.get(
        way, way.format(reference)
    )

    first = an.client.get("/staff/search", query_string={"q": written}, follow_redirects=True)

    assert first.status_code == 200
    assert first.request.path == f"/staff/cases/{reference}"


def test_a_reference_that_leads_nowhere_says_so(an: Desk) -> None:
    answer = an.client.get("/staff/search", query_string={"q": "DOS-2026-0001234-14"}, follow_redirects=True)

    assert answer.status_code == 404
    assert "You can see no file with the reference" in answer.text


def test_a_shortened_or_mistyped_reference_shows_the_file_it_means(an: Desk, desk: Any, file: File) -> None:
    reference = file()
    prefix, year, number, check = reference.split("-")
    swapped = number[:-2] + number[-1] + number[-2]
    other = next(cc for cc in ("11", "22", "33") if cc != check)
    for asked in (
        f"DOS {year}/{int(number)}", f"{year}/{int(number)}", str(int(number)), number, f"DOS-{int(number)}",
        f"{prefix}-{year}-{number}", f"{prefix}{year}{number}{other}", f"{year}{number}{check}", f"{year}{number}",
        f"dos{year}{number.replace('0', 'O')}{other}",
        f"{prefix}-{year}-{number}-{other}", f"{prefix}-{year}-{number[1:]}-{check}",
        *([f"{prefix}-{year}-{swapped}-{check}"] if swapped != number else []),
    ):  # fmt: skip
        assert found(an, q=asked) == [reference], asked
        assert found(desk("cy"), q=asked) == [], f"{asked}: of another service"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"q": "xyzzy"}, "Try fewer words"),
        ({"q": "de la"}, "almost every file"),
        ({"q": "../../etc/passwd"}, "Try fewer words"),
        ({"q": "x" * 5000}, "200"),
        ({"q": "\x00'; DROP TABLE cases"}, "Try fewer words"),
        ({"q": "%00"}, "Try fewer words"),
        ({"q": "9" * 40}, "Try fewer words"),
        ({"q": "9223372036854775808"}, "Try fewer words"),
        ({"q": "dubois", "service": "NONSENSE"}, "Choose a service of the list"),
        ({"q": "dubois", "since": "yesterday"}, "Write the date"),
        ({"q": "dubois", "since": "31/12/2030", "until": "1/1/2020"}, "Try fewer words"),
        ({"q": "dubois", "after": "-1"}, "1 file"),
        ({"q": "dubois", "after": "9" * 18}, "Older files"),
        ({}, "Search"),
    ],
)
def test_whatever_is_asked_is_answered(an: Desk, file: File, asked: dict[str, str], sentence: str) -> None:
    file()

    answer = an.client.get("/staff/search", query_string=asked)

    assert answer.status_code == 200
    assert sentence in soup_of(answer).get_text(" ", strip=True)


def test_what_citizens_wrote_is_shown_as_text_with_the_words_marked(an: Desk, file: File) -> None:
    reference = file(
        subject="<b>Diplôme</b>", text="<script>alert(1)</script> pour mes diplômes & <mark>autres</mark>"
    )

    page = an.page("/staff/search?q=diplome")

    assert [link.get_text() for link in page.select(".staff-hits a")] == [reference]
    assert [mark.get_text() for mark in page.select(".staff-hits mark")] == ["Diplôme", "diplômes"]
    assert page.select(".staff-hits b, .staff-hits script") == []


def test_filters_and_pages_go_on_with_what_was_asked(an: Desk, file: File) -> None:
    for channel in [Channel.WEB] * 51 + [Channel.PHONE]:
        file(channel=channel)

    page = an.page("/staff/search?q=dubois&channel=web&language=fr&since=01/01/2020")

    assert "51 files" in page.get_text()
    older = str(page.select_one(".staff-pages a[rel=next]")["href"])  # type: ignore[index]
    rest = an.page(older)
    assert len(page.select(".staff-hits > li")) == 50
    assert len(rest.select(".staff-hits > li")) == 1
    assert rest.select_one(".staff-pages a[rel=first]") is not None
    assert rest.select_one("option[value=web][selected]") is not None


def test_sensitive_files_and_complaints_about_oneself_are_not_even_counted(
    an: Desk, desk: Callable[[str], Desk], file: File
) -> None:
    file(sensitive=True, service="M1")
    about = file(about_staff_id=an.staff.id, nature="complaint", service=None)  # type: ignore[union-attr]

    assert "No file that you may see" in said(an, q="dubois")
    assert found(desk("co"), q="dubois") == [about]
    assert found(desk("el"), q="dubois") == [about]
    assert desk("gi").get("/staff/search?q=dubois").status_code == 403


def test_the_words_reach_no_log(an: Desk, file: File, caplog: pytest.LogCaptureFixture) -> None:
    file()
    caplog.set_level(logging.DEBUG)

    an.get("/staff/search?q=confidential-word")

    assert "confidential" not in caplog.text


def test_a_page_takes_few_statements(an: Desk, file: File, database: Database) -> None:
    for _ in range(3):
        file()
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    an.page("/staff/search?q=diplome")

    assert len([one for one in statements if one != "BEGIN"]) <= (7 if database.is_sqlite else 10)


def test_the_number_in_a_reference_is_that_of_its_case() -> None:
    assert Reference.parse("DOS-2026-0001234-14").number == 1234  # what a shortened reference is looked up by
