"""The queue page tells a clerk at once what to do next."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from tests.web.staff.conftest import Desk
from tracker.charter.reference import Reference
from tracker.charter.words import Channel, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.operations import JobRun

File = Callable[..., str]


def _references(page: object) -> list[str]:
    return [link.get_text() for link in page.select("main tbody th a")]  # type: ignore[attr-defined]


def test_a_row_says_what_is_owed_when_and_by_whom(an: Desk, file: File) -> None:
    reference = file(channel=Channel.EMAIL, subject="Visa for a <b>student</b>", requester_name="José Ñandú")

    row = an.page("/staff/queue").select_one("main tbody tr")

    assert row is not None
    words = row.get_text(" ", strip=True)
    for part in (
        reference,
        "in 12 days",
        "Visa for a <b>student</b>",
        "José Ñandú",
        "Reply",
        "Information",
        "E-mail",
    ):
        assert part in words
    assert "An Peeters" in words
    assert row.select_one(f"a[href='/staff/cases/{reference}']") is not None


def test_an_overdue_case_is_told_by_words_and_shape_not_by_colour_alone(an: Desk, file: File) -> None:
    file(received_at=datetime.now(UTC) - timedelta(days=20))

    row = an.page("/staff/queue").select_one("main tbody tr.suivi-queue__late")

    assert row is not None
    assert "5 days late" in row.get_text()
    assert row.select_one(".suivi-mark--late") is not None


def test_the_lists_are_counted_and_lead_to_themselves(an: Desk, file: File) -> None:
    late = file(received_at=datetime.now(UTC) - timedelta(days=20))
    file()

    page = an.page("/staff/queue")
    links = {link.get_text(" ", strip=True): link["href"] for link in page.select(".staff-lists a")}

    assert _references(page)[0] == late
    assert "Overdue 1" in links
    assert "All that is owed 2" in links
    assert _references(an.page(str(links["Overdue 1"]))) == [late]


def test_each_role_starts_where_its_work_is(desk: Callable[[str], Desk], file: File) -> None:
    file()
    starts = {
        who: desk(who).page("/staff/queue").select_one(".staff-lists a[aria-current]") for who in ("an", "bo", "di")
    }

    assert {who: link.get_text() for who, link in starts.items() if link} == {
        "an": "My files",
        "bo": "My service",
        "di": "All I may see",
    }


def test_an_urgent_case_stands_above_everything(an: Desk, file: File) -> None:
    file(received_at=datetime.now(UTC) - timedelta(days=20))
    urgent = file(urgent=True)

    page = an.page("/staff/queue?show=overdue")

    assert _references(page)[0] == urgent
    assert "Urgent: still to be taken" in page.get_text()


@pytest.mark.parametrize(
    "query",
    [
        "?view=all&show=nothing", "?view=theirs", "?after=yesterday.1", "?after=2026-01-01", "?after=.", "?show=%00",
        "?before=2026-13-01.5", "?after=2026-01-01.99999999999999999999", "?after=0001-01-01.-5&before=9999-12-31.1",
        "?view=mine'--", "?after=2026-01-01.١",
    ],
)  # fmt: skip
def test_an_address_made_up_by_somebody_shows_the_queue(an: Desk, file: File, query: str) -> None:
    file()

    assert an.get(f"/staff/queue{query}").status_code == 200


def test_one_can_leaf_to_the_next_page_and_back(an: Desk, file: File, database: Database) -> None:
    file()
    with database.writing() as session:
        first = session.get_one(Case, 1)
        plain = {c.name: getattr(first, c.name) for c in Case.__table__.columns if c.name != "seal"}
        for number in range(2, 61):
            reference = Reference("DOS", 2026, number).format()
            session.add(Case(**plain | {"id": number, "reference": reference}))

    page = an.page("/staff/queue")
    later = page.select_one("a[rel=next]")
    assert later is not None
    second = an.page(str(later["href"]))
    sooner = second.select_one("a[rel=prev]")

    assert len(_references(page)) == 50
    assert len(_references(second)) == 10
    assert sooner is not None
    assert _references(an.page(str(sooner["href"]))) == _references(page)


def test_a_silent_sweep_is_an_alarm_for_everybody(an: Desk, database: Database) -> None:
    assert "No reminder has gone out" not in an.get("/staff/queue").text
    with database.writing() as session:
        session.get_one(JobRun, "sweep").succeeded_at = datetime.now(UTC) - timedelta(minutes=20)

    assert "No reminder has gone out" in an.get("/staff/queue").text


def test_a_mailbox_that_does_not_answer_is_an_alarm_for_everybody(an: Desk, database: Database) -> None:
    assert "the mailbox does not answer" not in an.get("/staff/queue").text
    with database.writing() as session:
        session.add(JobRun(job="fetch", failed_at=datetime.now(UTC), error="MailboxLost"))

    assert "the mailbox does not answer" in an.get("/staff/queue").text


def test_the_first_line_names_the_one_file_that_comes_first_and_why(an: Desk, file: File) -> None:
    assert "Nothing is due: no file waits for you." in an.get("/staff/queue").text
    file()
    late = file(received_at=datetime.now(UTC) - timedelta(days=20))

    line = an.page("/staff/queue?show=today").select_one(".staff-next--pressing")

    assert line is not None
    assert line.get_text(" ", strip=True).startswith(f"Next: {late} – Reply: 5 days late, it was due on ")
    assert line.select_one(f"a[href='/staff/cases/{late}']") is not None


def test_a_page_of_the_queue_takes_seven_statements(an: Desk, file: File, database: Database) -> None:
    for _ in range(3):
        file(nature=Nature.COMPLAINT)
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    an.page("/staff/queue?view=all")

    # Who looks, for whom they stand in, their views, the rows, the counts, what comes first, what is set aside.
    assert len([one for one in said if one.startswith("SELECT")]) == 7
