"""What is asked of colleagues and services on a case: by when, who may read it meanwhile, and what becomes of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.insight.casebook import viewer_of
from tracker.access.permissions import READ, Person, may
from tracker.casework import ending, tasks
from tracker.casework.assignment import flag, route
from tracker.casework.casefile import asked_on, facts_of
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.nature import confirm_nature
from tracker.casework.notes import note
from tracker.casework.tasks import AskedTooLate, CannotBeAsked, NotBeside, SensitiveStays, TaskNotOpen
from tracker.charter.moves import MoveNotAllowed
from tracker.charter.words import Nature, Role, TaskState, WaiverGround, WordToStaff
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.insight.sight import may_read
from tracker.insight.tasks import asked_of, contributions_of, one_task
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.history import History
from tracker.models.messages import Outbox
from tracker.models.staff import Staff
from tracker.models.tasks import StaffNotice, Task

HOUSE = make_house()
LATER = MONDAY + timedelta(days=2)
DAY = date(2026, 3, 4)
"""The Brussels day of ``LATER``; a question of ``MONDAY`` is to be sent by Tuesday 17 March."""
SENDER = Sender(mail_from="Suivi <suivi@example.be>", base_url="https://suivi.example", attachments=Path("/nowhere"),
                secret=b"a secret for tests only, of 32 bytes or more")  # fmt: skip
PEOPLE = {"an": (Role.CLERK, "ME6"), "bo": (Role.HEAD, "ME6"), "cy": (Role.CLERK, "M1"), "dg": (Role.CLERK, "DGE"),
          "di": (Role.DISPATCHER, None), "co": (Role.COMPLAINTS, "COMPLAINTS"), "gi": (Role.ADMIN, None),
          "el": (Role.DIRECTION, None)}  # fmt: skip


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def people(session: Session) -> dict[str, Staff]:
    return {who: make_staff(session, f"{who}@suivi.example", *role) for who, role in PEOPLE.items()}


@pytest.fixture
def case(session: Session, people: dict[str, Staff]) -> Case:
    case = make_case(session, subject="?", text="???")
    route(session, HOUSE, reference=case.reference, service_code="ME6", actor=acting(people["di"]), now=MONDAY,
          seen=None)  # fmt: skip
    session.flush()
    return case


def _ask(session: Session, case: Case, by: Staff, **more: Any) -> Task:
    given = {"what": "Is the visa in the register?", "due_on": DAY + timedelta(days=3), "now": LATER} | more
    return tasks.ask(session, HOUSE, reference=case.reference, actor=acting(by), seen=None, **given)


def _reads(session: Session, case: Case, who: Staff) -> bool:
    """Say whether somebody may read a case: the table and the SQL must say the same."""
    session.flush()
    person = Person(who.id, who.role, who.service_code)
    found = may(person, READ, facts_of(case, ["DGE"], asked=asked_on(session, case.id)))
    same = session.scalar(select(Case.id).where(Case.id == case.id, may_read(viewer_of(person)))) is not None
    assert found == same
    return found


def _words(session: Session) -> list[tuple[WordToStaff, list[int]]]:
    return [(one.kind, one.recipients) for one in session.scalars(select(StaffNotice).order_by(StaffNotice.id))]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_day_proposed_lies_before_the_promise_and_none_after_it_is_accepted(
    session: Session, people: dict[str, Staff], case: Case
) -> None:
    calendar = HOUSE.calendar
    assert tasks.days_to_ask(date(2026, 3, 17), DAY, calendar) == (date(2026, 3, 16), date(2026, 3, 17))
    assert tasks.days_to_ask(date(2026, 3, 17), date(2026, 3, 17), calendar)[0] == date(2026, 3, 17)
    for owed in (None, date(2026, 3, 3)):  # nothing is owed, or it is past already
        assert tasks.days_to_ask(owed, DAY, calendar) == (date(2026, 3, 11), DAY + tasks.LONGEST)
    for due_on in (DAY - timedelta(days=1), date(2026, 3, 18)):
        with pytest.raises(AskedTooLate, match="2026-03-17"):
            _ask(session, case, people["an"], asked_id=people["cy"].id, due_on=due_on)


def test_who_is_asked_reads_the_file_until_it_is_settled_and_does_nothing_else(
    session: Session, people: dict[str, Staff], case: Case
) -> None:
    an, cy = people["an"], people["cy"]
    assert not _reads(session, case, cy)
    task = _ask(session, case, an, asked_id=cy.id)

    assert _reads(session, case, cy)
    assert [one.id for one in asked_of(session, viewer_of(Person(cy.id, cy.role, cy.service_code)))] == [task.id]
    deputy = Person(people["co"].id, Role.COMPLAINTS, "COMPLAINTS", frozenset({cy.id}))
    assert one_task(session, viewer_of(deputy), task.id)  # who stands in reads and answers
    with pytest.raises(NotPermitted):
        _ask(session, case, cy, asked_id=an.id)
    with pytest.raises(NotPermitted):
        tasks.settle(session, HOUSE, number=task.id, done=True, word="", actor=acting(people["co"]), now=LATER)
    with pytest.raises(Missing):
        tasks.settle(session, HOUSE, number=task.id, done=False, word=" ", actor=acting(cy), now=LATER)
    tasks.settle(session, HOUSE, number=task.id, done=True, word="It is.", actor=acting(cy), now=LATER)

    assert (task.state, task.settled_by, task.word) == (TaskState.DONE, cy.id, "It is.")
    assert not _reads(session, case, cy)
    assert _words(session) == [(WordToStaff.ASKED, [cy.id]), (WordToStaff.DONE, [an.id])]
    with pytest.raises(TaskNotOpen):
        tasks.withdraw(session, HOUSE, number=task.id, word="", actor=acting(an), now=LATER)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whom_a_file_is_closed_to_cannot_be_asked(session: Session, people: dict[str, Staff], case: Case) -> None:
    an, bo, cy = people["an"], people["bo"], people["cy"]
    for asked in (people["gi"].id, people["el"].id, 1, 9999):  # runs the machine, reads all, the duty desk, nobody
        with pytest.raises(CannotBeAsked):
            _ask(session, case, an, asked_id=asked)
    with pytest.raises(NotBeside):
        _ask(session, case, an, service_code="M1")
    with pytest.raises(Missing):
        _ask(session, case, an, asked_id=cy.id, what=" ")
    hers, theirs, his = (_ask(session, case, an, **to) for to in (
        {"asked_id": cy.id}, {"service_code": "DGE"}, {"asked_id": bo.id}))  # fmt: skip
    flag(session, HOUSE, reference=case.reference, sensitive=True, reason="A minor.", actor=acting(an), now=LATER,
         seen=None)  # fmt: skip

    # What was asked of those who may not read it any longer is taken back; the head reads it as before.
    assert [one.state for one in (hers, theirs, his)] == [TaskState.WITHDRAWN, TaskState.WITHDRAWN, TaskState.OPEN]
    for to in ({"asked_id": cy.id}, {"service_code": "DGE"}):
        with pytest.raises(SensitiveStays):
            _ask(session, case, an, **to)
    flag(session, HOUSE, reference=case.reference, sensitive=False, reason="No.", actor=acting(an), now=LATER,
         seen=None)  # fmt: skip
    again = _ask(session, case, an, asked_id=cy.id)
    confirm_nature(session, HOUSE, reference=case.reference, nature=Nature.COMPLAINT, about_staff_id=cy.id,
                   actor=acting(an), now=LATER, seen=None)  # fmt: skip
    assert again.state is TaskState.WITHDRAWN  # whom a complaint is about takes no part in it
    with pytest.raises(CannotBeAsked):
        _ask(session, case, people["bo"], asked_id=cy.id)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_service_contributes_with_a_note_that_stands_beside_the_answer(
    session: Session, people: dict[str, Staff], case: Case
) -> None:
    an, dg = people["an"], people["dg"]
    task = _ask(session, case, an, service_code="DGE")
    assert _words(session) == [(WordToStaff.ASKED, [dg.id])]  # it has no head: its clerks
    row = session.scalars(select(Outbox).where(Outbox.staff_notice_id.is_not(None))).one()
    service = session.get_one(Service, "DGE").names[dg.language]
    assert f"{service}\n" in str(parcel_of(session, row, SENDER).mail.get_body(("plain",)).get_content())
    with pytest.raises(NotPermitted):
        tasks.settle(session, HOUSE, number=task.id, done=True, word="No.", actor=acting(people["cy"]), now=LATER)
    with pytest.raises(Missing):
        tasks.settle(session, HOUSE, number=task.id, done=True, word="", actor=acting(dg), now=LATER)
    tasks.settle(session, HOUSE, number=task.id, done=True, word="Directive 2004/38.", actor=acting(dg), now=LATER)

    (found,) = contributions_of(session, case.id)
    assert (found.contribution, found.settled_by, found.service_code) == ("Directive 2004/38.", dg.name, "DGE")


def test_what_is_still_asked_is_taken_back_as_the_file_ends(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        an, cy, dg = (make_staff(session, f"{w}@suivi.example", *PEOPLE[w]) for w in ("an", "cy", "dg"))
        cases = [make_case(session, service="ME6") for _ in range(2)]
        given = [_ask(session, case, an, asked_id=cy.id) for case in cases]
        closing: dict[str, Any] = {"reference": cases[0].reference, "actor": acting(an), "now": LATER, "seen": None}
        ending.waive(session, HOUSE, number=1, ground=WaiverGround.WITHDRAWN, evidence="A call.", **closing)
        ending.close(session, HOUSE, **closing)
        cases[1].sensitive, survivor = True, make_case(session, service="ME6")
        given.append(_ask(session, survivor, an, asked_id=cy.id))
        cases[1].handler_id = an.id
        ending.merge(session, HOUSE, into=survivor.reference, reason="Twice.",
                     **closing | {"reference": cases[1].reference})  # fmt: skip
        with pytest.raises(MoveNotAllowed):
            _ask(session, cases[0], an, asked_id=cy.id)
        assert [task.state for task in given] == [TaskState.WITHDRAWN] * 3, "the one that stays is sensitive now"
        entry = session.scalars(select(History).where(History.verb == "close")).one()
        assert [one["state"] for one in entry.details["tasks"]] == ["withdrawn"]
        assert dg.id not in {one for _, to in _words(session) for one in to}

        rows = session.scalars(select(Outbox).where(Outbox.staff_notice_id.is_not(None)).order_by(Outbox.id)).all()
        mail = parcel_of(session, rows[0], SENDER)
        body = mail.mail.get_body(("plain",))
        assert body is not None
        assert mail.recipients == ("cy@suivi.example",)
        assert f"https://suivi.example/staff/asked/{given[0].id}" in body.get_content()
        for secret in ("visa", "Dubois", "diplôme"):
            assert secret not in mail.mail.as_string()

    assert [one.what for one in verify(database, HOUSE.rules, HOUSE.calendar)] == []
    with database.writing() as session:
        session.execute(text("UPDATE tasks SET what = 'Nothing.' WHERE id = 1"))
        words = "SELECT id FROM staff_notices WHERE task_id = 2"
        session.execute(text(f"DELETE FROM outbox WHERE staff_notice_id IN ({words})"))
        session.execute(text("DELETE FROM staff_notices WHERE task_id = 2"))
        session.execute(text("DELETE FROM tasks WHERE id = 2"))
    found = [one.what for one in verify(database, HOUSE.rules, HOUSE.calendar)]
    assert any("seal" in what for what in found)
    assert any("what differ" in what for what in found)
    assert "task 2 is missing" in found
    assert "the word that task 2 is asked is missing" in found
    assert not any("task 1 is asked" in what for what in found)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_note_names_colleagues_who_are_told_if_they_may_read_the_file(
    session: Session, people: dict[str, Staff], case: Case
) -> None:
    an, bo, cy, dg = (people[who] for who in ("an", "bo", "cy", "dg"))
    for who, name in ((bo, "Bo Claes"), (dg, "Bo Claes-Maes"), (cy, "Cy Wouters")):
        who.name = name
    session.flush()
    given: dict[str, Any] = {"reference": case.reference, "actor": acting(an), "now": LATER, "seen": None}

    done = note(session, HOUSE, text="@bo  claes-maes, @Cy Wouters: cy@suivi.example? @Bo Claesens", **given)

    assert (done.told, done.closed_to) == (("Bo Claes-Maes",), ("Cy Wouters",))
    assert _words(session) == [(WordToStaff.MENTIONED, [dg.id])]
    assert note(session, HOUSE, text="No @ for anybody.", **given).told == ()
    an.away_from, an.deputy_id = DAY, cy.id
    session.flush()
    assert note(session, HOUSE, text="@Cy Wouters", **given).told == ("Cy Wouters",), "who stands in reads it"
    an.away_from = an.deputy_id = None
    session.flush()
    assert note(session, HOUSE, text=f"@Bo Claes. @{an.name}", **given).told == ("Bo Claes",)
    for name, typed in (
        ("Manon N'Diaye", "@Manon N’Diaye"),
        ("Zoé O’Brien-Maes", "@zoe\u0301 o'brien‑maes"),
        ("علي حداد", "@علي حداد،"),
    ):
        bo.name = name
        session.flush()
        assert note(session, HOUSE, text=typed, **given).told == (name,), "however machines write it"
    row = session.scalars(select(Outbox).where(Outbox.staff_notice_id.is_not(None))).first()
    assert row is not None
    mail = parcel_of(session, row, SENDER)
    assert mail.recipients == ("dg@suivi.example",)
    assert "Wouters" not in mail.mail.as_string()
