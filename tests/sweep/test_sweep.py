"""The sweep: one notice for each rung that is past, to whom it is for, and breaches dated when they became true."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest
from sqlalchemy import event, func, select, text

from tests.sweep.conftest import NOW, employ, owe
from tracker.casework.house import House
from tracker.casework.sweep import sweep
from tracker.charter import ladder
from tracker.charter.counting import NaiveDatetime, midnight_after
from tracker.charter.words import CaseState, NoticeState
from tracker.models.base import seal_of, sealed_columns
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Outbox
from tracker.models.obligations import Breach, Notice, Obligation

CASES = 600


@pytest.fixture
def staff(database: Database, house: House) -> dict[str, int]:
    """Cases of every age, and who works on them."""
    staff = employ(database)
    owe(database, house, staff, cases=CASES)
    return staff


def expected(database: Database, house: House, now: datetime) -> set[tuple[int, str, date]]:
    """Return every rung that is past at a moment, worked out one by one from the ladder."""
    with database.reading() as session:
        rows = session.execute(select(Obligation, Case).join(Case, Case.id == Obligation.case_id)).all()
        return {
            (promise.id, moment.rung, promise.due_on)
            for promise, case in rows
            for moment in takewhile(
                lambda moment: moment.at <= now,
                ladder.moments(
                    house.rules.ladder,
                    house.calendar,
                    promise,
                    ladder.Situation(case.channel, case.nature, case.urgent_since, case.triage_since),
                ),
            )
        }


def noticed(database: Database) -> set[tuple[int, str, date]]:
    """Return the rungs that have a notice; the database itself refuses a second one."""
    with database.reading() as session:
        return {tuple(row) for row in session.execute(select(Notice.obligation_id, Notice.rung, Notice.due_on))}


def told(database: Database, *, case_id: int) -> dict[str, Notice]:
    with database.reading() as session:
        query = select(Notice).where(Notice.obligation_id == case_id)
        return {notice.rung: notice for notice in session.scalars(query)}


def cases_of(database: Database, *wanted: Any) -> Iterator[tuple[Case, Obligation]]:
    with database.reading() as session:
        query = select(Case, Obligation).join(Obligation, Obligation.case_id == Case.id).where(*wanted)
        yield from session.execute(query.order_by(Obligation.due_on, Case.id))


def test_every_rung_that_is_past_has_one_notice(database: Database, house: House, staff: dict[str, int]) -> None:
    swept = sweep(database, house, now=NOW)

    assert noticed(database) == expected(database, house, NOW)
    with database.reading() as session:
        by_state = dict(session.execute(select(Notice.state, func.count()).group_by(Notice.state)).all())
        escalated = session.scalar(select(func.count()).where(Notice.escalation))
        assert session.scalar(select(func.count()).select_from(Breach)) == swept.breaches
    assert swept.notices == by_state[NoticeState.SENT] > swept.escalations == escalated > 0
    assert by_state[NoticeState.SKIPPED] > 0
    assert by_state[NoticeState.UNATTENDED] > 0


def test_exactly_one_line_waits_in_the_outbox_for_each_notice_sent(
    database: Database, house: House, staff: dict[str, int]
) -> None:
    sweep(database, house, now=NOW)

    with database.reading() as session:
        sent = set(session.scalars(select(Notice.id).where(Notice.state == NoticeState.SENT)))
        waiting = list(session.scalars(select(Outbox.notice_id)))
    assert set(waiting) == sent
    assert len(waiting) == len(sent)


def test_running_it_twice_changes_nothing(database: Database, house: House, staff: dict[str, int]) -> None:
    sweep(database, house, now=NOW)
    before = noticed(database)

    again = sweep(database, house, now=NOW)

    assert (again.examined, again.notices, again.breaches) == (0, 0, 0)
    assert noticed(database) == before


def test_a_missed_night_loses_nothing(database: Database, house: House, staff: dict[str, int]) -> None:
    nightly = [NOW + timedelta(days=day) for day in range(9)]
    for night in (nightly[0], nightly[8]):
        sweep(database, house, now=night)

    assert noticed(database) == expected(database, house, nightly[8])


def test_of_several_rungs_past_the_highest_is_sent_and_the_breach_always(
    database: Database, house: House, staff: dict[str, int]
) -> None:
    sweep(database, house, now=NOW)

    case, promise = next(
        cases_of(database, Case.handler_id == staff["clerk-CONSULAR"], Obligation.decide_by.is_(None))
    )
    assert promise.due_on < NOW.date() - timedelta(days=20)
    notices = told(database, case_id=case.id)
    sent = [rung for rung, notice in notices.items() if notice.state is NoticeState.SENT]
    highest = max(notices, key=lambda rung: notices[rung].moment)
    assert sorted(sent) == sorted({"breach", highest})
    assert notices["before-5"].state is NoticeState.SKIPPED
    assert notices["before-5"].recipients == []


def test_a_breach_is_dated_when_it_became_true(database: Database, house: House, staff: dict[str, int]) -> None:
    sweep(database, house, now=NOW)

    with database.reading() as session:
        rows = session.execute(select(Breach, Obligation).join(Obligation)).all()
        owed = session.scalar(select(func.count()).where(Obligation.due_on < date(2026, 6, 17)))
    assert len(rows) == owed
    for breach, promise in rows:
        assert breach.due_on == promise.due_on
        assert breach.became_true_at == midnight_after(promise.due_on)
        assert breach.recorded_at == NOW


def test_a_breach_tells_handler_and_head(database: Database, house: House, staff: dict[str, int]) -> None:
    sweep(database, house, now=NOW)

    case, _ = next(cases_of(database, Case.handler_id == staff["clerk-CONSULAR"]))
    breach = told(database, case_id=case.id)["breach"]
    assert breach.recipients == [staff["clerk-CONSULAR"], staff["head-CONSULAR"]]
    assert breach.escalation


def test_of_a_handler_away_the_deputy_is_told(database: Database, house: House, staff: dict[str, int]) -> None:
    sweep(database, house, now=NOW)

    case, _ = next(cases_of(database, Case.handler_id == staff["away"], Case.about_staff_id.is_(None)))
    assert told(database, case_id=case.id)["breach"].recipients == [staff["clerk-M1"], staff["head-M1"]]


def test_where_nobody_is_there_to_tell_the_notice_is_unattended(
    database: Database, house: House, staff: dict[str, int]
) -> None:
    sweep(database, house, now=NOW)

    case, promise = next(cases_of(database, Case.handler_id == staff["desk"], Case.state == CaseState.TRIAGE))
    assert promise.due_on < NOW.date()
    breach = told(database, case_id=case.id)["breach"]
    assert (breach.state, breach.recipients, breach.escalation) == (NoticeState.UNATTENDED, [], False)


def test_whoever_a_complaint_is_about_is_not_told(database: Database, house: House, staff: dict[str, int]) -> None:
    sweep(database, house, now=NOW)

    case, _ = next(cases_of(database, Case.about_staff_id == staff["head-M1"], Case.service_code == "M1"))
    assert all(staff["head-M1"] not in n.recipients for n in told(database, case_id=case.id).values())


def test_an_urgent_case_rings_until_somebody_takes_it(
    database: Database, house: House, staff: dict[str, int]
) -> None:
    sweep(database, house, now=NOW)
    (case, _), *_ = (pair for pair in cases_of(database) if pair[0].urgent_since)
    assert told(database, case_id=case.id)["urgent-4"].recipients == [staff["dispatcher"]]
    sweep(database, house, now=NOW + timedelta(minutes=30))
    assert "urgent-5" in told(database, case_id=case.id)
    with database.writing() as session:
        session.get_one(Case, case.id).urgent_taken_at = NOW + timedelta(minutes=31)

    sweep(database, house, now=NOW + timedelta(minutes=61))

    assert "urgent-6" not in told(database, case_id=case.id)


def test_rows_carry_their_seal(database: Database, house: House, staff: dict[str, int]) -> None:
    sweep(database, house, now=NOW)

    with database.reading() as session:
        for model in (Notice, Breach):
            rows = session.scalars(select(model)).all()
            assert rows
            for row in rows:
                assert row.seal == seal_of(model, {name: getattr(row, name) for name in sealed_columns(model)})


def test_looking_for_nothing_takes_one_query(database: Database, house: House, staff: dict[str, int]) -> None:
    sweep(database, house, now=NOW)
    asked: list[str] = []
    event.listen(
        database.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]), retval=False
    )

    sweep(database, house, now=NOW)

    assert len([statement for statement in asked if not statement.startswith("BEGIN")]) == 1


def test_the_search_goes_by_the_partial_index(database: Database, house: House, staff: dict[str, int]) -> None:
    with database.reading() as session:
        if database.is_sqlite:
            plan = "EXPLAIN QUERY PLAN "
        else:
            session.execute(text("SET enable_seqscan = off"))
            plan = "EXPLAIN "
        query = (
            "SELECT id FROM obligations WHERE obligations.state = 'open' AND next_action_at <= '2026-06-17'"
            " ORDER BY next_action_at, id LIMIT 500"
        )
        assert "ix_obligations_next_action" in str(session.execute(text(plan + query)).all())


def test_a_moment_without_time_zone_is_refused(database: Database, house: House) -> None:
    with pytest.raises(NaiveDatetime):
        sweep(database, house, now=datetime(2026, 6, 17, 9, 30, tzinfo=UTC).replace(tzinfo=None))
