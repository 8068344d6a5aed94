"""The queue lists what is due, in the order in which it is due, and only what one may see."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.factories import make_staff, settle
from tests.insight.casebook import NOW, TODAY, a_case, not_sent, unattended, viewer_of
from tracker.access.permissions import READ, CaseFacts, Person, may
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.words import CaseState, Nature, ObligationKind, Role
from tracker.insight.overview import Count, overview
from tracker.insight.queue import PAGE, Page, Row, queue_page
from tracker.insight.shown import Days, Show, View
from tracker.insight.sight import Viewer, all_i_may_see, may_read, mine, of_my_service
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.operations import JobRun


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session over the directory and its people: 1 duty desk, 2 clerk and 3 head of ME6, 4 clerk of DGE."""
    with database.writing() as session:
        settle(session, now=NOW)
        make_staff(session, "an@example.org", Role.CLERK, "ME6")
        make_staff(session, "bo@example.org", Role.HEAD, "ME6")
        make_staff(session, "cy@example.org", Role.CLERK, "DGE")
        yield session


DAYS = Days.of(TODAY, WorkingCalendar.shipped())
CLERK = Person(2, Role.CLERK, "ME6")
HEAD = Person(3, Role.HEAD, "ME6")
AUDITOR = Person(99, Role.AUDITOR, None)


def _page(session: Session, person: Person, view: View = View.ALL, show: Show = Show.EVERYTHING) -> Page:
    session.flush()
    return queue_page(session, viewer_of(person), view=view, show=show, days=DAYS)


def _numbers(rows: tuple[Row, ...]) -> list[int]:
    return [row.id for row in rows]


def test_the_sql_of_what_one_may_see_is_the_table_of_permissions(session: Session) -> None:
    roll = random.Random(7)
    facts = {}
    for number in range(1, 240):
        state = roll.choice([CaseState.OPEN, CaseState.OPEN, CaseState.OPEN, CaseState.TRIAGE, CaseState.CLOSED])
        service = None if state is CaseState.TRIAGE else roll.choice(["ME6", "DGE", "COMPLAINTS", "M1"])
        associated = [code for code in ("DGE", "COMPLAINTS") if code != service and roll.random() < 0.25]
        nature = roll.choice([Nature.INFORMATION, Nature.COMPLAINT])
        urgent_since, taken_at = roll.choice([(None, None), (None, None), (NOW, None), (NOW, None), (NOW, NOW)])
        closed = {"due_on": None, "closed_at": NOW} if state is CaseState.CLOSED else {}
        case = a_case(
            session, number, roll.choice([1, 2, 3, 4]), state=state, service_code=service, nature=nature,
            sensitive=roll.random() < 0.3, about_staff_id=roll.choice([None, None, 2, 3, 4]), associated=associated,
            urgent_since=urgent_since, urgent_taken_at=taken_at, **closed,
        )  # fmt: skip
        services = frozenset((*associated, *((service,) if service else ())))
        facts[number] = CaseFacts(
            case.handler_id, services, state is CaseState.TRIAGE, nature is Nature.COMPLAINT, case.sensitive,
            case.about_staff_id, bool(urgent_since) and not taken_at and state is not CaseState.CLOSED,
        )  # fmt: skip
    for role in Role:
        for service in (None, "ME6", "DGE", "COMPLAINTS"):
            for id_, stands_in in ((2, frozenset()), (3, frozenset({4})), (4, frozenset({2, 1}))):
                person = Person(id_, role, service, stands_in, heads_dispatchers=id_ == 3)
                expected = {number for number, fact in facts.items() if may(person, READ, fact)}
                viewer = viewer_of(person)
                assert set(session.scalars(select(Case.id).where(may_read(viewer)))) == expected, person
                assert _union(session, all_i_may_see(viewer)) == expected, person
                own = {n for n in expected if facts[n].handler_id in viewer.own}
                assert _union(session, mine(viewer)) == own, person
                if role in (Role.CLERK, Role.HEAD):
                    of_service = {n for n in expected if service in facts[n].services}
                    assert _union(session, of_my_service(viewer)) == of_service, person


def _union(session: Session, branches: list) -> set[int]:
    return {number for branch in branches for number in session.scalars(select(Case.id).where(branch.within))}


def test_the_queue_is_in_the_order_of_the_due_dates(session: Session) -> None:
    for number, day in ((1, 20), (2, 6), (3, 13), (4, 6)):
        a_case(session, number, 2, due_on=date(2026, 3, day))

    page = _page(session, CLERK, View.MINE)

    assert _numbers(page.rows) == [2, 4, 3, 1]
    assert page.before is None
    assert page.after is None


def test_a_page_leads_to_the_next_and_back_without_losing_or_repeating_a_case(session: Session) -> None:
    for number in range(1, 2 * PAGE + 21):
        a_case(session, number, 2, due_on=TODAY + timedelta(days=number // 7))
    viewer = viewer_of(CLERK)
    ask = {"view": View.MINE, "show": Show.EVERYTHING, "days": DAYS}

    first = queue_page(session, viewer, **ask)
    second = queue_page(session, viewer, **ask, after=first.after)
    third = queue_page(session, viewer, **ask, after=second.after)
    back = queue_page(session, viewer, **ask, before=third.before)
    start = queue_page(session, viewer, **ask, before=back.before)

    assert _numbers(first.rows + second.rows + third.rows) == list(range(1, 2 * PAGE + 21))
    assert third.after is None
    assert back.rows == second.rows
    assert start == first


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        (Show.EVERYTHING, [1, 2, 3, 4, 5, 6, 7]),
        (Show.OVERDUE, [1]),
        (Show.TODAY, [2]),
        (Show.WEEK, [2, 3, 4, 5]),  # due on Saturday or Sunday: to be done by Friday
        (Show.INTERIM, [4]),
        (Show.COMPLAINTS, [5]),
        (Show.UNASSIGNED, [6]),
        (Show.UNATTENDED, [7]),
        (Show.FAILED, [7]),
        (Show.TO_CLOSE, [8]),
    ],
)
def test_each_list_shows_its_own(session: Session, show: Show, expected: list[int]) -> None:
    a_case(session, 1, 2, due_on=date(2026, 3, 3))
    a_case(session, 2, 2, due_on=TODAY)
    a_case(session, 3, 2, due_on=date(2026, 3, 7), work_by=date(2026, 3, 6))
    a_case(session, 4, 2, due_on=date(2026, 3, 8), work_by=date(2026, 3, 6), kind=ObligationKind.INTERIM)
    a_case(session, 5, 2, due_on=date(2026, 3, 8), work_by=date(2026, 3, 6), nature=Nature.COMPLAINT)
    a_case(session, 6, 2, due_on=date(2026, 3, 20), state=CaseState.TRIAGE)
    alarm = a_case(session, 7, 2, due_on=date(2026, 3, 23))
    unattended(session, alarm)
    not_sent(session, alarm)
    a_case(session, 8, 2, due_on=None)
    a_case(session, 9, 2, due_on=None, state=CaseState.CLOSED, closed_at=NOW)

    assert _numbers(_page(session, CLERK, View.MINE, show).rows) == expected
    counts = overview(session, viewer_of(CLERK), view=View.MINE, days=DAYS).counts
    assert counts[show] == Count(len(expected), more=False)


def test_on_friday_what_is_due_at_the_weekend_is_to_be_done_today(session: Session) -> None:
    a_case(session, 1, 2, due_on=date(2026, 4, 5), work_by=date(2026, 4, 3))  # Easter Sunday
    a_case(session, 2, 2, due_on=date(2026, 4, 6), work_by=date(2026, 4, 3))  # Easter Monday: closed
    a_case(session, 3, 2, due_on=date(2026, 4, 7))
    friday = Days.of(date(2026, 4, 3), WorkingCalendar.shipped())

    page = queue_page(session, viewer_of(CLERK), view=View.MINE, show=Show.TODAY, days=friday)

    assert _numbers(page.rows) == [1, 2]


def test_an_urgent_case_that_nobody_has_taken_stands_first_on_page_one_whatever_the_list(session: Session) -> None:
    a_case(session, 1, 2, due_on=date(2026, 3, 3))
    a_case(session, 2, 3, due_on=date(2026, 3, 30), urgent_since=NOW)
    a_case(session, 3, 2, due_on=date(2026, 3, 31), urgent_since=NOW, urgent_taken_at=NOW)
    a_case(session, 4, 3, due_on=date(2026, 3, 31), urgent_since=NOW, urgent_taken_at=NOW)  # a colleague has it

    page = _page(session, CLERK, View.MINE, Show.OVERDUE)

    assert _numbers(page.urgent) == [2, 3]
    assert [row.taken for row in page.urgent] == [False, True]
    assert _numbers(page.rows) == [1]
    counts = overview(session, viewer_of(CLERK), view=View.MINE, days=DAYS).counts
    assert counts[Show.URGENT] == Count(2, more=False)


def test_what_a_colleague_who_is_away_left_to_me_is_mine(session: Session) -> None:
    a_case(session, 1, 4, service_code="DGE")

    assert _numbers(_page(session, CLERK, View.MINE).rows) == []
    deputy = Person(2, Role.CLERK, "ME6", frozenset({4}))
    assert _numbers(_page(session, deputy, View.MINE).rows) == [1]


def test_a_service_sees_what_it_leads_and_what_it_is_associated_with_once(session: Session) -> None:
    a_case(session, 1, 2, associated=["DGE"])
    a_case(session, 2, 4, service_code="DGE")
    a_case(session, 3, 3)

    assert _numbers(_page(session, Person(4, Role.CLERK, "DGE"), View.SERVICE).rows) == [1, 2]
    assert _numbers(_page(session, Person(4, Role.CLERK, "DGE"), View.ALL).rows) == [1, 2]


def test_a_failed_message_is_no_alarm_once_a_later_one_of_its_kind_has_left(session: Session) -> None:
    case = a_case(session, 1, 2)
    not_sent(session, case)
    assert _page(session, CLERK, View.MINE, Show.FAILED).rows[0].failed

    not_sent(session, case, number=3, state="left", left_on=TODAY, left_at=NOW)

    assert _page(session, CLERK, View.MINE, Show.FAILED).rows == ()


def test_an_answer_in_the_outbox_shows_as_not_gone_yet(session: Session) -> None:
    not_sent(session, a_case(session, 1, 2), state="waiting")

    (row,) = _page(session, CLERK, View.MINE).rows

    assert row.leaving
    assert not row.failed


def test_a_letter_whose_nature_nobody_confirmed_shows_until_when_to_decide(session: Session) -> None:
    from tracker.models.obligations import Obligation

    case = a_case(session, 1, 2)
    session.query(Obligation).filter_by(case_id=case.id).one().decide_by = date(2026, 3, 19)

    assert _page(session, CLERK, View.MINE).rows[0].decide_by == date(2026, 3, 19)


def test_counts_stop_at_99_and_say_so(session: Session) -> None:
    for number in range(1, 131):
        a_case(session, number, 2, due_on=TODAY)

    counts = overview(session, viewer_of(CLERK), view=View.MINE, days=DAYS).counts

    assert counts[Show.TODAY] == Count(99, more=True)
    assert counts[Show.OVERDUE] == Count(0, more=False)


def test_a_sweep_silent_for_a_quarter_of_an_hour_is_an_alarm(session: Session) -> None:
    viewer = viewer_of(AUDITOR)
    assert overview(session, viewer, view=View.ALL, days=DAYS).silent(NOW)

    session.add(JobRun(job="sweep", succeeded_at=NOW - timedelta(minutes=15)))
    session.flush()

    found = overview(session, viewer, view=View.ALL, days=DAYS)
    assert not found.silent(NOW)
    assert found.silent(NOW + timedelta(seconds=1))


def test_a_mailbox_that_does_not_answer_for_a_quarter_of_an_hour_is_an_alarm(session: Session) -> None:
    viewer = viewer_of(AUDITOR)

    def away(now: datetime) -> bool:
        session.flush()
        return overview(session, viewer, view=View.ALL, days=DAYS).mail_away(now)

    assert not away(NOW), "where no mail is fetched, none is missed"
    run = JobRun(job="fetch", succeeded_at=NOW - timedelta(minutes=15), failed_at=NOW, error="MailboxLost")
    session.add(run)
    assert not away(NOW)
    assert away(NOW + timedelta(seconds=1))
    run.succeeded_at = None
    assert away(NOW), "it never worked"
    run.succeeded_at, run.error = NOW - timedelta(hours=1), None
    assert not away(NOW), "it works, and there is much to fetch"


def test_a_page_of_the_queue_takes_two_statements(session: Session, database: Database) -> None:
    for number in range(1, 61):
        a_case(session, number, 2, due_on=TODAY, state=CaseState.TRIAGE if number % 3 else CaseState.OPEN)
    session.flush()
    said = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    for person in (CLERK, HEAD, AUDITOR, Person(1, Role.DISPATCHER, None), Person(5, Role.COMPLAINTS, "COMPLAINTS")):
        said.clear()
        viewer: Viewer = viewer_of(person)
        queue_page(session, viewer, view=View.ALL, show=Show.EVERYTHING, days=DAYS)
        overview(session, viewer, view=View.ALL, days=DAYS)
        assert len([one for one in said if "set_config" not in one]) == 2


def test_whoever_may_read_no_case_has_an_empty_queue(session: Session) -> None:
    a_case(session, 1, 2, urgent_since=NOW)
    admin = Person(50, Role.ADMIN, None)

    assert _page(session, admin) == Page((), (), None, None)
    counts = overview(session, viewer_of(admin), view=View.ALL, days=DAYS).counts
    assert {count.number for count in counts.values()} == {0}
