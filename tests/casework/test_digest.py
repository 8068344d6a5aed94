"""The daily digest: once a day and person whatever happens, at the hour chosen, of what is owed; no citizen in it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework.digest import choose_digest, digest
from tracker.casework.tasks import ask
from tracker.charter.words import Channel, Language, Nature, Role
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.insight.shown import Days
from tracker.insight.upcoming import owed
from tracker.models.database import Database
from tracker.models.messages import Outbox
from tracker.models.personal import Digest
from tracker.models.staff import Staff

HOUSE = make_house()
DUE = MONDAY + timedelta(days=15)  # Tuesday 17 March, 10:00 in Brussels
SENDER = Sender(
    mail_from="Suivi <suivi@example.be>", base_url="https://suivi.example", attachments=Path("/nowhere"),
    secret=b"a secret for tests only, of 32 bytes or more",
)  # fmt: skip


@pytest.fixture
def an(database: Database) -> Staff:
    """A clerk of ME6 with a case that is due on Tuesday the 17th, who wants a digest at eight."""
    with database.writing() as session:
        settle(session)
        staff = make_staff(session, "an@example.org", Role.CLERK, "ME6", language=Language.NL)
        make_case(session, service="ME6", requester_name="Jan Geheim", subject="Een geheim")
        choose_digest(session, staff_id=staff.id, hour=8, now=MONDAY)
    return staff


def told(database: Database) -> list[tuple[int, int, bool]]:
    """Whom each digest is for, how many things it tells, and whether a mail leaves."""
    with database.reading() as session:
        query = select(Digest.staff_id, Digest.told, Outbox.id).outerjoin(Outbox, Outbox.digest_id == Digest.id)
        return [
            (staff, number, line is not None) for staff, number, line in session.execute(query.order_by(Digest.id))
        ]


def at(moment: datetime, hour: int, *, days: int = 0) -> datetime:
    return moment.replace(hour=hour - 1) + timedelta(days=days)  # Brussels is one hour ahead in winter


def test_it_goes_out_once_a_day_from_the_hour_that_was_chosen(database: Database, an: Staff) -> None:
    assert digest(database, HOUSE, now=at(DUE, 7)).sent == 0
    assert told(database) == []
    assert [digest(database, HOUSE, now=at(DUE, hour)).sent for hour in (8, 8, 9, 23)] == [1, 0, 0, 0]
    assert told(database) == [(an.id, 1, True)]
    assert digest(database, HOUSE, now=at(DUE, 8, days=1)).sent == 1, "it is overdue the next day"


def test_a_pass_that_dies_leaves_nothing_and_many_at_once_leave_one_digest(database: Database, an: Staff) -> None:
    def interrupt(*given: Any) -> None:
        if given[2].startswith("INSERT INTO outbox"):
            raise KeyboardInterrupt

    event.listen(database.engine, "after_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        digest(database, HOUSE, now=at(DUE, 8))
    event.remove(database.engine, "after_cursor_execute", interrupt)
    assert told(database) == []

    with ThreadPoolExecutor(4) as pool:
        passes = list(pool.map(lambda _: digest(database, HOUSE, now=at(DUE, 8)), range(4)))

    assert sum(one.sent for one in passes) == 1
    assert told(database) == [(an.id, 1, True)]


def test_nothing_due_sends_nothing_and_closed_days_and_late_choices_wait(database: Database, an: Staff) -> None:
    assert digest(database, HOUSE, now=at(MONDAY, 8, days=1)).quiet == 1
    assert told(database) == [(an.id, 0, False)]
    assert digest(database, HOUSE, now=at(DUE, 8, days=4)) == digest(database, HOUSE, now=at(DUE, 7, days=4))
    with database.writing() as session:
        choose_digest(session, staff_id=an.id, hour=9, now=at(DUE, 10))
    assert digest(database, HOUSE, now=at(DUE, 11)).sent == 0, "nine had passed when it was chosen"
    assert digest(database, HOUSE, now=at(DUE, 9, days=1)).sent == 1
    with database.writing() as session:
        choose_digest(session, staff_id=an.id, hour=None, now=at(DUE, 10, days=1))
    assert digest(database, HOUSE, now=at(DUE, 11, days=2)).sent == 0


def test_who_stands_in_is_told_of_the_files_of_whoever_is_away_but_not_of_what_concerns_them(
    database: Database, an: Staff
) -> None:
    with database.writing() as session:
        bo = make_staff(session, "bo@example.org", Role.CLERK, "M1")
        make_case(session, service="ME6", nature=Nature.COMPLAINT, about_staff_id=bo.id)
        choose_digest(session, staff_id=bo.id, hour=8, now=MONDAY)
        away = session.get_one(Staff, an.id)
        away.away_from, away.deputy_id = DUE.date(), bo.id

    assert digest(database, HOUSE, now=at(DUE, 8)).sent == 1
    assert told(database) == [(bo.id, 1, True)]


def test_many_overdue_files_are_counted_and_the_most_urgent_named(database: Database, an: Staff) -> None:
    with database.writing() as session:
        for day in range(30):
            make_case(session, service="ME6", received_at=MONDAY + timedelta(hours=day), nature=Nature.COMPLEX)
        bo = make_staff(session, "bo@example.org", Role.CLERK, "M1").id
        make_case(session, service="ME6", nature=Nature.COMPLAINT, about_staff_id=bo)
    assert digest(database, HOUSE, now=at(DUE, 8, days=3)).sent == 1
    with database.reading() as session:
        told = session.scalars(select(Digest)).one()
        first = owed(session, {an.id}, Days.of(DUE.date() + timedelta(days=3), HOUSE.calendar), most=25)
    overdue = told.contents["overdue"]
    assert (told.told, overdue["count"], len(overdue["lines"]), told.contents["interim"]) == (31, 31, 25, 30)
    assert [line[2] for line in overdue["lines"]] == sorted(line[2] for line in overdue["lines"])
    assert len(first) == 25, "no more are read"


@pytest.mark.parametrize("language", Language)
def test_the_mail_names_what_is_due_with_its_page_and_no_citizen(
    database: Database, an: Staff, language: Language
) -> None:
    with database.writing() as session:
        session.get_one(Staff, an.id).language = language
        make_case(session, service="ME6", channel=Channel.POST, received_at=MONDAY - timedelta(days=20))
        cy = make_staff(session, "cy@example.org", Role.CLERK, "M1")
        other = make_case(session, service="M1", received_at=at(DUE, 7)).reference
        ask(session, HOUSE, reference=other, what="Who?", due_on=DUE.date(), asked_id=an.id, actor=acting(cy),
            now=at(DUE, 7), seen=None)  # fmt: skip
    digest(database, HOUSE, now=at(DUE, 8))
    with database.reading() as session:
        mail = parcel_of(
            session, session.scalars(select(Outbox).where(Outbox.digest_id.is_not(None))).one(), SENDER
        ).mail
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert lines, text
    assert other in lines[-1]
    assert str(DUE.year) in lines[-1]
    assert all("https://suivi.example/staff/cases/DOS-2026-" in line for line in lines)
    assert mail["To"] == "An <an@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert not [word for word in ("eheim", "{", "\n\n\n") if word in text], text


def test_any_number_of_people_take_the_same_number_of_statements(database: Database, an: Staff) -> None:
    def add(session: Session, number: int, day: int) -> None:
        staff = make_staff(session, f"clerk{number}.{day}@example.org", Role.CLERK, "M1")
        choose_digest(session, staff_id=staff.id, hour=8, now=MONDAY)

    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    counts = []
    for day in range(2):
        said.clear()
        digest(database, HOUSE, now=at(DUE, 8, days=day))
        counts.append(len(said))
        with database.writing() as session:
            for number in range(20):
                add(session, number, day)
    assert counts[0] == counts[1]
