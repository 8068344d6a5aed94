"""What somebody should do next: one case, found by one statement, for the reason that counts in their work."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.factories import make_staff, settle
from tests.insight.casebook import NOW, TODAY, a_case, not_sent, viewer_of
from tracker.access.permissions import Person
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.words import CaseState, Role, TaskState
from tracker.insight.next_step import NextStep, Why, next_step
from tracker.insight.shown import Days
from tracker.models.database import Database
from tracker.models.tasks import Task

DAYS = Days.of(TODAY, WorkingCalendar.shipped())
CLERK = Person(2, Role.CLERK, "ME6")
HEAD = Person(3, Role.HEAD, "ME6")
DISPATCHER = Person(4, Role.DISPATCHER, "M0.0")
AUDITOR = Person(99, Role.AUDITOR, None)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session: 1 duty desk, 2 clerk and 3 head of ME6, 4 dispatcher."""
    with database.writing() as session:
        settle(session, now=NOW)
        make_staff(session, "an@example.org", Role.CLERK, "ME6")
        make_staff(session, "bo@example.org", Role.HEAD, "ME6")
        make_staff(session, "di@example.org", Role.DISPATCHER, "M0.0")
        yield session


def _next(session: Session, person: Person) -> NextStep | None:
    session.flush()
    return next_step(session, viewer_of(person), person.role, days=DAYS)


def _said(session: Session, person: Person) -> tuple[Why, int] | None:
    step = _next(session, person)
    return (step.why, int(step.reference.split("-")[2])) if step else None


def test_each_reason_goes_before_those_that_can_wait(session: Session, database: Database) -> None:
    assert [_said(session, person) for person in (CLERK, HEAD, DISPATCHER, AUDITOR)] == [None] * 4

    a_case(session, 1, 2, due_on=None)
    assert _said(session, CLERK) == (Why.TO_CLOSE, 1)
    a_case(session, 2, 2, due_on=date(2026, 3, 20))
    assert _said(session, CLERK) == (Why.OWED, 2)
    a_case(session, 3, 2, due_on=date(2026, 3, 6))
    assert _said(session, CLERK) == (Why.OWED, 3)
    assert _said(session, HEAD) is None, "a head is told what is overdue, not what colleagues do anyway"
    a_case(session, 4, 2, due_on=date(2026, 3, 2))
    assert _said(session, CLERK) == (Why.OWED, 4)
    assert _said(session, HEAD) == (Why.OVERDUE, 4)
    a_case(session, 5, 1, state=CaseState.TRIAGE, due_on=date(2026, 3, 9))
    a_case(session, 6, 1, state=CaseState.TRIAGE, due_on=date(2026, 3, 7))
    a_case(session, 7, 1, state=CaseState.TRIAGE, due_on=date(2026, 3, 3), sensitive=True)
    assert _said(session, DISPATCHER) == (Why.UNASSIGNED, 6)
    a_case(session, 8, 3, state=CaseState.TRIAGE, due_on=date(2026, 3, 19))
    assert _said(session, HEAD) == (Why.DECIDE, 8)
    a_case(session, 9, 2, due_on=date(2026, 3, 30), urgent_since=NOW, urgent_taken_at=NOW)
    assert _said(session, CLERK) == (Why.URGENT, 9)
    a_case(session, 10, 2, due_on=date(2026, 3, 30), urgent_since=NOW)
    assert [_said(session, person) for person in (CLERK, HEAD, DISPATCHER)] == [(Why.RINGS, 10)] * 3
    assert _said(session, AUDITOR) is None
    deputy = replace(CLERK, id=5, stands_in_for=frozenset({2}), service_code="M1")
    assert _said(session, deputy) == (Why.RINGS, 10)

    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for person in (CLERK, HEAD, DISPATCHER, AUDITOR):
        _next(session, person)
    assert len(statements) == 3


def test_what_waits_for_the_mail_server_is_nobodys_next_step_but_a_letter_must_be_posted(session: Session) -> None:
    not_sent(session, a_case(session, 1, 2, due_on=date(2026, 3, 2)), state="waiting")
    posted = a_case(session, 2, 2, due_on=date(2026, 3, 3))
    not_sent(session, posted, state="left", channel="post", address="Rue Haute 1, 1000 Bruxelles")
    returned = a_case(session, 3, 2, due_on=date(2026, 3, 4))

    step = _next(session, CLERK)
    assert step is not None
    assert (step.reference, step.to_post, step.not_sent) == (posted.reference, True, False)

    posted.about_staff_id = 2  # a complaint about An: it is not hers to see
    not_sent(session, returned)
    step = _next(session, CLERK)
    assert step is not None
    assert (step.reference, step.to_post, step.not_sent) == (returned.reference, False, True)


@pytest.mark.parametrize(
    ("needed_by", "of_service", "first"),
    [
        (date(2026, 3, 3), False, (Why.ASKED, 2)),  # past its day: before a file due next week
        (date(2026, 3, 4), False, (Why.ASKED, 2)),  # needed today
        (date(2026, 3, 4), True, (Why.ASKED, 2)),
        (date(2026, 3, 9), False, (Why.OWED, 1)),  # on the day on which a promise is to be sent: the promise first
        (date(2026, 3, 10), False, (Why.OWED, 1)),
    ],
)
def test_what_one_is_asked_for_stands_among_ones_files_by_its_day(
    session: Session, needed_by: date, of_service: bool, first: tuple[Why, int]
) -> None:
    a_case(session, 1, 2, due_on=date(2026, 3, 12), work_by=date(2026, 3, 9))
    a_case(session, 2, 3, due_on=date(2026, 3, 31), service_code="ME6")
    whom = {"service_code": "ME6"} if of_service else {"asked_id": 2}
    asked = Task(case_id=2, what="The rate", due_on=needed_by, asked_at=NOW, asked_by=3, state=TaskState.OPEN, **whom)
    session.add(asked)

    assert _said(session, CLERK) == first
    step = _next(session, CLERK)
    assert step is not None
    told = (asked.id, needed_by) if first[0] is Why.ASKED else (None, None)
    assert (step.task, step.needed_by) == told

    asked.state, asked.settled_at, asked.settled_by, asked.word = TaskState.DECLINED, NOW, 2, "Not mine"
    assert _said(session, CLERK) == (Why.OWED, 1)
