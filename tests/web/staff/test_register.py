"""The register page: both sides by day and by year, its gaps, and only numbers of what one may not see."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from tests.web.staff.conftest import Desk, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel
from tracker.models.database import Database
from tracker.models.paper import RegisterEntry

NOW = datetime.now(UTC)
TODAY = brussels_day(NOW)
LETTER: dict[str, Any] = {"channel": Channel.POST, "requester_address": "Rue Haute 1\n1000 Bruxelles", "now": NOW}


def _rows(page: Any) -> list[str]:
    return [row.get_text(" ", strip=True) for row in page.select(".staff-register tbody tr")]


def test_today_opens_with_what_came_in(an: Desk, file: Callable[..., str]) -> None:
    first, second = file(**LETTER), file(**LETTER, requester_name="Jan Peeters")

    page = an.page("/staff/register")

    rows = _rows(page)
    assert len(rows) == 2
    assert first in rows[0]
    assert second in rows[1]
    assert f"{TODAY.year}/2" in rows[1]
    assert "Jan Peeters" in rows[1]
    entered = page.select_one("td[data-name=Entered] .staff-day").get_text(strip=True)
    assert re.fullmatch(r"at \d\d:\d\d", entered), entered  # the day stands above the lines
    assert page.select_one("a[aria-current=true]").get_text(" ", strip=True) == "In 2"
    ways = [str(link["href"]) for link in page.select(".staff-ways a")]
    assert ways == [f"/staff/cases/new?channel={channel}" for channel in ("post", "fax", "phone", "counter")]


def test_what_left_stands_on_the_other_side(an: Desk, file: Callable[..., str]) -> None:
    reference = file(channel=Channel.PHONE, requester_phone="+32 470 12 34 56", answer_by=Channel.PHONE)
    an.send(f"/staff/cases/{reference}/answer", "send", text="Oui.")

    (row,) = _rows(an.page("/staff/register?direction=out"))

    assert reference in row


def test_a_letter_that_was_posted_and_came_back_is_on_both_sides(an: Desk, file: Callable[..., str]) -> None:
    reference = file(**LETTER)
    an.send(f"/staff/cases/{reference}/answer", "send", text="Voici.")
    an.send(f"/staff/cases/{reference}/left")
    an.send(f"/staff/cases/{reference}/returned", evidence="Unknown at this address")

    assert "came back" in _rows(an.page("/staff/register"))[1]
    assert len(_rows(an.page("/staff/register?direction=out"))) == 1


def test_days_years_and_channels_lead_to_each_other(an: Desk, file: Callable[..., str]) -> None:
    before = NOW - timedelta(days=9)
    file(**LETTER | {"now": before, "received_at": before})
    file(**LETTER)
    file(**LETTER | {"channel": Channel.FAX, "requester_fax": "+32 2 123 45 67"})

    page = an.page("/staff/register")
    anything = page.select_one("#channel option[value='']")
    assert anything is not None
    assert anything.get_text() == "All ways"
    earlier = page.select_one("a[rel=prev]")
    assert earlier is not None
    assert len(_rows(an.page(str(earlier["href"])))) == 1
    year = an.page(f"/staff/register?year={before.year}")
    assert len(_rows(year)) == (3 if before.year == NOW.year else 1)
    faxes = an.page("/staff/register?channel=fax")
    assert len(_rows(faxes)) == 1
    assert len(_rows(an.page(f"/staff/register?day={TODAY:%d/%m/%Y}"))) == 2


def test_a_gap_is_shown_where_it_is_and_above(an: Desk, file: Callable[..., str], database: Database) -> None:
    for _ in range(5):
        file(**LETTER)
    assert an.page("/staff/register").select_one(".suivi-alarm") is None
    with database.writing() as session:
        session.execute(delete(RegisterEntry).where(RegisterEntry.number.in_([2, 3])))

    page = an.page("/staff/register")

    alarm = page.select_one(".suivi-alarm")
    assert alarm is not None
    assert "2–3" in alarm.get_text()
    assert len(page.select(".suivi-alarm")) == 1, "one thing is told once"
    assert [("Missing" in row) for row in _rows(page)] == [False, True, False, False]


def test_a_line_taken_off_the_end_is_told_above(an: Desk, file: Callable[..., str], database: Database) -> None:
    for _ in range(3):
        file(**LETTER)
    with database.writing() as session:
        session.execute(delete(RegisterEntry).where(RegisterEntry.number == 3))

    def alarm(side: str) -> str:
        found = an.page(f"/staff/register?direction={side}").select_one(".suivi-alarm")
        return found.get_text() if found else ""

    assert "Numbers of this year that no line has: 3." in alarm("in")
    assert alarm("out") == ""
    with database.writing() as session:  # whoever also takes back how far the book had come
        session.execute(text("DROP TRIGGER register_years_never_go_back"))
        session.execute(text("UPDATE register_years SET number = 2"))
    assert "1 message on paper or said has no line here any more" in alarm("in")


def test_what_one_may_not_see_has_its_number_and_nothing_else(
    desk: Callable[[str], Desk], file: Callable[..., str]
) -> None:
    hidden = file(**LETTER, sensitive=True, requester_name="Somebody Secret", subject="A secret")

    row = _rows(desk("cy").page("/staff/register"))[0]

    assert f"{TODAY.year}/1" in row
    for secret in ("Secret", "secret", hidden):
        assert secret not in row


def test_a_line_is_looked_for_in_the_year_and_the_words_stay_with_the_tabs(
    an: Desk, file: Callable[..., str]
) -> None:
    before = NOW - timedelta(days=9)
    file(**LETTER | {"now": before, "received_at": before}, requester_name="Zoë Müller")
    second = file(**LETTER, requester_name="Jan Peeters")

    page = an.page(f"/staff/register?words=MULLER&day=&year={before.year}")

    assert ["Zoë Müller" in row for row in _rows(page)] == [True]
    assert page.select_one("input[name=words]")["value"] == "MULLER"
    assert page.select_one(".staff-count") is None
    assert all("words=MULLER" in str(link["href"]) for link in page.select(".staff-lists a"))
    today = an.page(f"/staff/register?words=MULLER&day={TODAY:%d/%m/%Y}")
    assert _rows(today) == []
    assert today.select_one("input[name=day]")["value"] == TODAY.isoformat()
    assert second in _rows(an.page(f"/staff/register?words={second}"))[0]
    nothing = an.page("/staff/register?words=nobody")
    assert _rows(nothing) == []
    assert "No line was found." in nothing.get_text()


@pytest.mark.parametrize("who", ["el", "fa"])
def test_whoever_only_reads_has_no_way_to_enter(
    desk: Callable[[str], Desk], file: Callable[..., str], who: str
) -> None:
    file(**LETTER)

    page = desk(who).page("/staff/register")

    assert len(_rows(page)) == 1
    assert page.select_one(".staff-ways") is None


@pytest.mark.parametrize(
    "asked",
    [
        "day=2026-02-30", "day=soon", "year=0", "year=99999999999999999999", "year=%C2%B2", "from=-1", "from=1e9",
        "from=999999999", "direction=sideways", "channel=pigeon", "channel=web", "day=0001-01-01", "day=9999-12-31",
        "year=2026&day=2026-01-01", "words=%00", "words=0000/0", "words=9999/999999999", "words=%5B%28%5C",
        "words=%F0%9F%90%A6", f"words={'x+' * 300}", "words=2026/1&from=0", "day=%00", "from=%D9%A3",
    ],
)  # fmt: skip
def test_nonsense_in_the_address_harms_nobody(an: Desk, asked: str) -> None:
    answer = an.get(f"/staff/register?{asked}")

    assert answer.status_code == 200
    assert soup_of(answer).select_one("h1") is not None
