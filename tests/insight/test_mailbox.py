"""The piles of mail that was held or set aside hold what one may see, in order, in one statement each."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from tests.factories import make_staff, settle
from tests.insight.casebook import NOW, a_case, a_mail, viewer_of
from tracker.access.permissions import READ, CaseFacts, MailFacts, Person, may_with_mail
from tracker.charter.words import CaseState, MailOutcome, MailReason, Nature, Role
from tracker.insight.mailbox import (
    MOST_COUNTED,
    PAGE,
    Pile,
    Place,
    Suggested,
    counts,
    desks,
    mail_page,
    one_mail,
    suggested,
    to_decide,
    told_to_nobody,
)
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.models.staff import Staff


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session over the directory and its people: 1 duty desk, 2 clerk and 3 head of ME6, 4 dispatcher."""
    with database.writing() as session:
        settle(session, now=NOW)
        make_staff(session, "an@example.org", Role.CLERK, "ME6")
        make_staff(session, "bo@example.org", Role.HEAD, "ME6")
        make_staff(session, "di@example.org", Role.DISPATCHER, "M0.0")
        yield session


CLERK = Person(2, Role.CLERK, "ME6")
DISPATCHER = Person(4, Role.DISPATCHER, "M0.0", frozenset({1}))
AUDITOR = Person(99, Role.AUDITOR, None)


def _ids(session: Session, person: Person, pile: Pile = Pile.HELD, after: Place | None = None) -> list[int]:
    session.flush()
    return [row.id for row in mail_page(session, viewer_of(person), pile, after=after).rows]


def test_the_sql_of_what_one_may_see_is_the_table_of_permissions(session: Session) -> None:
    roll = random.Random(11)
    facts: dict[int, CaseFacts | None] = {}
    for number in range(1, 160):
        state = roll.choice([CaseState.OPEN, CaseState.OPEN, CaseState.TRIAGE, CaseState.CLOSED])
        service = None if state is CaseState.TRIAGE else roll.choice(["ME6", "DGE", "COMPLAINTS", "M0.0"])
        nature = roll.choice([Nature.INFORMATION, Nature.COMPLAINT])
        urgent_since = roll.choice([None, None, NOW])
        closed = {"due_on": None, "closed_at": NOW} if state is CaseState.CLOSED else {}
        case = a_case(
            session, number, roll.choice([1, 2, 3, 4]), state=state, service_code=service, nature=nature,
            sensitive=roll.random() < 0.3, about_staff_id=roll.choice([None, None, 2, 3, 4]),
            urgent_since=urgent_since, **closed,
        )  # fmt: skip
        facts[number] = CaseFacts(
            case.handler_id, frozenset({service} if service else ()), state is CaseState.TRIAGE,
            nature is Nature.COMPLAINT, case.sensitive, case.about_staff_id,
            urgent_since is not None and state is not CaseState.CLOSED,
        )  # fmt: skip
        a_mail(session, number, case_id=number if number % 4 else None)
        if number % 4 == 0:
            facts[number] = None
    session.flush()
    services = desks(session)
    assert services == {None, "M0.0"}, "the duty desk, and the dispatcher's own"
    for role in Role:
        for service in (None, "ME6", "M0.0", "COMPLAINTS"):
            for id_, stands_in in ((2, frozenset()), (3, frozenset({4})), (4, frozenset({2, 1}))):
                person = Person(id_, role, service, stands_in)
                expected = {n for n, case in facts.items() if may_with_mail(person, READ, MailFacts(case, services))}
                assert _all(session, person) == expected, person


def _all(session: Session, person: Person) -> set[int]:
    seen: set[int] = set()
    after = None
    while True:
        page = mail_page(session, viewer_of(person), Pile.HELD, after=after)
        seen |= {row.id for row in page.rows}
        if page.after is None:
            return seen
        after = page.after


def test_each_pile_holds_its_own_in_order(session: Session) -> None:
    a_mail(session, 1, received_at=NOW)
    a_mail(session, 2, received_at=NOW - timedelta(days=2))
    a_mail(session, 3, outcome=MailOutcome.IGNORED, reason=MailReason.AUTOMATIC_REPLY)
    a_mail(session, 4, settled_at=NOW, settled_by=4)
    a_mail(session, 5, settled_at=NOW + timedelta(hours=1), settled_by=4, outcome=MailOutcome.IGNORED)
    a_mail(session, 6, undecided=True)

    assert _ids(session, DISPATCHER) == [2, 1]
    assert _ids(session, DISPATCHER, Pile.IGNORED) == [3]
    assert _ids(session, DISPATCHER, Pile.SETTLED) == [5, 4]
    assert counts(session, viewer_of(DISPATCHER)) == {Pile.HELD: 2, Pile.IGNORED: 1}
    assert _ids(session, CLERK) == []
    assert counts(session, viewer_of(CLERK)) == {Pile.HELD: 0, Pile.IGNORED: 0}


@pytest.mark.parametrize("pile", Pile)
def test_one_leafs_through_a_pile_without_missing_or_repeating_a_mail(session: Session, pile: Pile) -> None:
    for number in range(1, 2 * PAGE + 11):
        same_moment = NOW + timedelta(seconds=number // 7)
        settled: dict[str, Any] = {"settled_at": same_moment, "settled_by": 4} if pile is Pile.SETTLED else {}
        outcome = MailOutcome.IGNORED if pile is Pile.IGNORED else MailOutcome.HELD
        a_mail(session, number, received_at=same_moment, outcome=outcome, **settled)
    session.flush()

    read: list[int] = []
    after = None
    for _ in range(3):
        page = mail_page(session, viewer_of(AUDITOR), pile, after=after)
        read += [row.id for row in page.rows]
        after = page.after

    assert after is None
    in_order = list(range(1, 2 * PAGE + 11))
    assert read == (in_order[::-1] if pile is Pile.SETTLED else in_order)


def test_a_mail_tells_what_case_it_is_presumed_to_be_about_and_whether_the_sender_fits(session: Session) -> None:
    a_case(session, 1, 2, requester_email="Claire@Example.org")
    a_mail(session, 1, case_id=1, sender="claire@example.org")
    a_mail(session, 2, case_id=1, sender="somebody@example.org")
    a_mail(session, 3, sender=None)
    session.flush()

    fits, differs, nobodys = (one_mail(session, number) for number in (1, 2, 3))

    assert fits is not None
    assert fits.presumed is not None
    assert (fits.presumed.reference, fits.presumed.handler_id) == ("DOS-2026-0000001-27", 2)
    assert fits.sender_fits
    assert differs is not None
    assert not differs.sender_fits
    assert nobodys is not None
    assert nobodys.presumed is None
    assert not nobodys.sender_fits


def test_mail_about_a_merged_case_is_for_those_of_the_case_that_took_it_in(session: Session) -> None:
    a_case(session, 1, 4, service_code="M0.0")
    a_case(session, 2, 2)
    session.execute(
        update(Case)
        .where(Case.id == 1)
        .values(state=CaseState.MERGED, merged_into_id=2, next_due_on=None, next_work_by=None, next_kind=None)
    )  # fmt: skip
    a_mail(session, 1, case_id=1)

    assert _ids(session, CLERK) == [1]
    found = one_mail(session, 1)
    assert found is not None
    assert found.presumed is not None
    assert found.presumed.handler_id == 2


@pytest.mark.parametrize("number", [0, -1, 99, 2**63, 10**30])
def test_there_is_no_such_mail(session: Session, number: int) -> None:
    a_mail(session, 1, undecided=True)
    session.flush()

    assert one_mail(session, number) is None
    assert one_mail(session, 1) is None, "nothing has been decided about it yet"


def test_what_waits_for_somebody_is_what_they_have_to_decide_themselves(session: Session) -> None:
    a_case(session, 1, 2)
    a_mail(session, 1, case_id=1)
    a_mail(session, 2)
    session.flush()

    def waits(person: Person) -> int:
        return session.execute(select(to_decide(viewer_of(person)))).scalar_one()

    assert waits(CLERK) == 1
    assert waits(Person(3, Role.HEAD, "ME6")) == 0, "it is the handler's"
    assert waits(Person(3, Role.HEAD, "ME6", frozenset({2}))) == 1, "unless the head stands in"
    assert waits(DISPATCHER) == 1
    assert waits(Person(7, Role.HEAD, "M0.0")) == 1
    assert waits(AUDITOR) == 0
    assert waits(Person(9, Role.ADMIN, None)) == 0


def test_counts_stop_at_the_cap(session: Session) -> None:
    for number in range(1, MOST_COUNTED + 5):
        a_mail(session, number)

    assert counts(session, viewer_of(AUDITOR))[Pile.HELD] == MOST_COUNTED + 1


def test_a_pile_a_mail_and_the_counts_take_one_statement_each(session: Session, database: Database) -> None:
    a_case(session, 1, 2)
    for number in range(1, 20):
        a_mail(session, number, case_id=1)
    session.flush()
    session.expunge_all()
    said: list[Any] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    for read in (
        lambda: mail_page(session, viewer_of(CLERK), Pile.HELD),
        lambda: one_mail(session, 3),
        lambda: counts(session, viewer_of(CLERK)),
        lambda: desks(session),
    ):
        said.clear()
        read()
        assert len(said) == 1


def test_the_piles_are_walked_by_their_indexes(session: Session, database: Database) -> None:
    """The database does not read through the mail of years to find what waits."""
    said: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append((args[2], args[3])))
    for pile in Pile:
        mail_page(session, viewer_of(AUDITOR), pile)
    connection, explain = session.connection(), "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    if not database.is_sqlite:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # it reads small tables whole
    plans = [connection.exec_driver_sql(f"{explain} {sql}", given).all() for sql, given in said[:3]]

    for plan, index in zip(plans, ("held", "to_look_at", "settled"), strict=True):
        words = " ".join(str(row) for row in plan)
        assert f"ix_mails_{index}" in words
        assert "TEMP B-TREE" not in words


def test_nobody_is_left_out_who_looked_at_a_mail(session: Session) -> None:
    a_mail(session, 1, settled_at=NOW, settled_by=4, due_on=date(2026, 3, 19))
    session.flush()

    found = one_mail(session, 1)

    assert found is not None
    assert found.settled_by == session.scalars(select(Staff.name).where(Staff.id == 4)).one()
    assert found.pile is Pile.SETTLED
    assert isinstance(found.settled_at, datetime)
    assert session.get_one(Mail, 1).due_on == found.due_on


def test_what_nobody_could_be_told_about_is_counted_for_everybody(session: Session) -> None:
    a_mail(session, 1, details={"unattended": True})
    a_mail(session, 2, details={"unattended": True}, outcome=MailOutcome.IGNORED)
    a_mail(session, 3, details={"link": "token"})
    a_mail(session, 4)
    a_mail(session, 5, details={"unattended": True}, settled_at=NOW, settled_by=4)
    session.flush()

    assert session.execute(select(told_to_nobody())).scalar_one() == 2


def test_the_corrections_of_a_mistyped_reference_tell_no_more_than_one_may_know(session: Session) -> None:
    first = a_case(session, 1, 2, requester_email="claire@example.org", subject="Visa")
    second = a_case(session, 2, 2, requester_email="other@example.org")
    offered = [first.reference, second.reference, "DOS-2026-0000099-00"]
    a_mail(session, 1, sender="Claire@example.org", details={"offered": offered})
    session.flush()
    mail = one_mail(session, 1)
    assert mail is not None

    assert suggested(session, viewer_of(CLERK), mail) == [
        Suggested(first.reference, "Visa", True),
        Suggested(second.reference, "Case 2", False),
    ]
    assert suggested(session, viewer_of(DISPATCHER), mail) == [
        Suggested(first.reference, None, True),
        Suggested(second.reference, None, False),
    ]
