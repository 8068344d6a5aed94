"""Every migration goes up and down and keeps the data; the models are what the last one leaves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.factories import MONDAY, make_case, make_staff, settle
from tracker.charter.counting import NaiveDatetime
from tracker.charter.words import Channel, Direction, Language, NoticeState, Role
from tracker.models.base import seal_of, seal_of_text, sealed_columns, written_as_one
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.migrate import downgrade, script, upgrade
from tracker.models.obligations import Notice, Obligation
from tracker.models.paper import Letter, RegisterYear
from tracker.models.personal import DigestChoice
from tracker.models.schema import Base
from tracker.models.search import CaseSearch
from tracker.models.staff import Staff
from tracker.models.tallies import Tally, counted_tables
from tracker.models.texts import TextModule

BEFORE_SEARCH = "0008"
REVISIONS = [revision.revision for revision in reversed(list(ScriptDirectory(str(script())).walk_revisions()))]


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def empty(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with nothing in it, of each kind."""
    database = Database(request.getfixturevalue(request.param))
    yield database
    database.close()


def test_each_migration_goes_up_down_and_up_again(empty: Database) -> None:
    for place, revision in enumerate(REVISIONS):
        upgrade(empty.engine, revision)
        downgrade(empty.engine, REVISIONS[place - 1] if place else "base")
        upgrade(empty.engine, revision)

    downgrade(empty.engine, "base")
    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}


def test_upgrading_again_changes_nothing_and_keeps_the_data(empty: Database) -> None:
    upgrade(empty.engine)
    with empty.writing() as session:
        settle(session)
        reference = make_case(session).reference

    upgrade(empty.engine)

    with empty.reading() as session:
        assert session.execute(text("SELECT reference FROM cases")).scalars().all() == [reference]


def test_the_models_are_what_the_last_migration_leaves(empty: Database) -> None:
    upgrade(empty.engine)

    with empty.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": partial(_ours, connection.dialect.name)}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []
        inspector = inspect(connection)
        for table in Base.metadata.tables.values():
            declared = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            stored = {str(c["name"]) for c in inspector.get_check_constraints(table.name)}
            assert stored == declared, table.name


def test_rows_that_were_there_before_they_were_counted_are_counted(empty: Database) -> None:
    upgrade(empty.engine, "0023")
    with empty.engine.begin() as connection:
        for number in (1, 2):
            connection.execute(
                text(
                    "INSERT INTO house_changes (number, subject, what, at, actor, details, seal)"
                    " VALUES (:number, 'closing_days', 'counted', '2026-03-02 09:00:00+00:00', 'system', '{}', 0)"
                ),
                {"number": number},
            )
    upgrade(empty.engine)

    with empty.writing() as session:
        rows = {row.name: row for row in session.scalars(select(Tally))}
        assert {name: row.written for name, row in rows.items()} == {
            table.name: 2 * (table.name == "house_changes") for table in counted_tables()
        }
        assert all(row.seal == seal_of(Tally, {"name": row.name, "written": row.written}) for row in rows.values())


def test_texts_and_digests_that_were_there_before_they_were_counted_are_counted(empty: Database) -> None:
    upgrade(empty.engine)
    with empty.writing() as session:
        settle(session)
        an = make_staff(session, "an@suivi.example", Role.CLERK).id
        session.add(DigestChoice(staff_id=an, hour=8, chosen_at=MONDAY))
        for title in ("Apostille", "Visa"):
            session.add(TextModule(language="fr", title=title, body="…", version=1, changed_at=MONDAY, changed_by=an))
    counted = select(Tally.name, Tally.written, Tally.seal).where(Tally.name.in_(("digest_choices", "text_modules")))
    with empty.reading() as session:
        before = session.execute(counted.order_by(Tally.name)).all()
    downgrade(empty.engine, "0027")

    upgrade(empty.engine)

    with empty.reading() as session:
        assert session.execute(counted.order_by(Tally.name)).all() == before
        assert [row.written for row in before] == [1, 2]


def _ours(dialect: str, thing: Any, name: str | None, *_: object) -> bool:
    """Leave aside what SQLite keeps for full-text search, where PostgreSQL has an index: it is no table of ours."""
    return dialect != "sqlite" or not (name == "ix_case_search_words" or (name or "").startswith("case_words"))


@pytest.mark.parametrize(
    "nonsense",
    [
        "UPDATE cases SET state = 'closed'",  # closed exactly when closed_at is set
        "UPDATE cases SET state = 'lost'",
        "UPDATE cases SET channel = 'pigeon'",
        "UPDATE cases SET language = 'en', official_language = NULL",
        "UPDATE cases SET next_kind = NULL",
        "UPDATE obligations SET state = 'discharged'",  # without a day on which it was settled
        "UPDATE obligations SET state = 'waived', settled_at = arose_at, settled_on = due_on, next_action_at = NULL",
        "UPDATE obligations SET work_by = '2026-12-31'",  # after the due date
        "UPDATE messages SET act = 'interim'",  # without a reason and a promised date
        "UPDATE messages SET left_on = '2026-03-03' WHERE direction = 'in'",
        "UPDATE messages SET signature = NULL WHERE direction = 'out'",
        "UPDATE messages SET voided_at = written_at",
        "UPDATE staff SET deputy_id = id",
        "UPDATE staff SET email = 'Capital@Letters.example'",
    ],
)
def test_the_database_refuses_nonsense(database: Database, nonsense: str) -> None:
    with database.writing() as session:
        settle(session)
        make_case(session)

    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text(nonsense))


def test_a_moment_without_a_time_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 3, 2, 9, 0, tzinfo=UTC).replace(tzinfo=None)
    with database.writing() as session:
        settle(session)
        with pytest.raises(NaiveDatetime, match="time zone"):
            make_case(session, now=naive)


def test_an_association_takes_on_the_date_that_its_case_owes(empty: Database) -> None:
    upgrade(empty.engine)
    with empty.writing() as session:
        settle(session)
        session.add(Association(case_id=make_case(session).id, service_code="DGE", since=datetime.now(UTC)))
    downgrade(empty.engine, "0001")

    upgrade(empty.engine)

    with empty.reading() as session:
        assert session.scalars(select(Association.next_due_on)).all() == [date(2026, 3, 17)]


def test_cases_take_on_the_alarms_that_are_true_of_them(empty: Database) -> None:
    upgrade(empty.engine)
    with empty.writing() as session:
        settle(session)
        for _ in range(3):
            make_case(session, service="ME6")
        session.execute(text("UPDATE outbox SET state = 'failed' WHERE message_id IN (SELECT id FROM messages"
                             " WHERE case_id = 2)"))  # fmt: skip
        promise = session.scalars(select(Obligation).where(Obligation.case_id == 3)).one()
        session.add(
            Notice(
                obligation_id=promise.id, rung="before-5", due_on=promise.due_on, state=NoticeState.UNATTENDED,
                moment=promise.arose_at, recorded_at=promise.arose_at, escalation=False, recipients=[],
            )
        )  # fmt: skip
    downgrade(empty.engine, "0002")

    upgrade(empty.engine)

    with empty.reading() as session:
        for model, key in ((Case, Case.id), (Association, Association.case_id)):
            found = session.execute(select(key, model.not_sent, model.unattended).order_by(key)).all()
            assert [tuple(row) for row in found] == [(1, False, False), (2, True, False), (3, False, True)]


def test_a_title_for_all_languages_becomes_one_for_each_and_the_seals_hold(empty: Database) -> None:
    upgrade(empty.engine)
    titles = {"fr": "Attachée", "nl": "Attaché"}
    with empty.writing() as session:
        settle(session)
        make_staff(session, "an@suivi.example", Role.CLERK, titles=titles, language=Language.NL)
        make_staff(session, "bo@suivi.example", Role.CLERK)
        make_case(session)
        session.add(
            Letter(message_id=2, stored_as="2.pdf", size=9, pages=1, sha256="0" * 64, made_at=datetime.now(UTC))
        )
    downgrade(empty.engine, "0003")
    with empty.reading() as session:
        told = dict(session.execute(text("SELECT email, title FROM staff WHERE is_desk IS FALSE")).all())
        assert told == {"an@suivi.example": "Attaché", "bo@suivi.example": None}
        assert _seal_of_letter_before(session) == session.execute(text("SELECT seal FROM letters")).scalar_one()

    upgrade(empty.engine)

    with empty.reading() as session:
        an = session.scalars(select(Staff).where(Staff.email == "an@suivi.example")).one()
        assert an.titles == dict.fromkeys(Language, "Attaché")
        for row in (*session.scalars(select(Staff)), *session.scalars(select(Letter))):
            assert row.seal == seal_of(type(row), {name: getattr(row, name) for name in sealed_columns(type(row))})


def test_the_daily_book_goes_on_after_the_last_number_it_gave(empty: Database) -> None:
    paper = {"channel": Channel.POST, "requester_address": "Rue Haute 1\n1000 Bruxelles"}
    last_year = datetime(2025, 12, 30, 9, tzinfo=UTC)
    upgrade(empty.engine)
    with empty.writing() as session:
        settle(session)
        for now in (last_year, last_year, MONDAY, MONDAY + timedelta(days=1)):
            make_case(session, now=now, received_at=now, **paper)
        before = _last_numbers(session)
    assert before == [("in", 2025, 2, date(2025, 12, 30), 2), ("in", 2026, 2, date(2026, 3, 3), 1)]
    downgrade(empty.engine, "0007")

    upgrade(empty.engine)

    with empty.writing() as session:
        assert _last_numbers(session) == before
        for row in session.scalars(select(RegisterYear)):
            assert row.seal == seal_of(RegisterYear, {name: getattr(row, name) for name in sealed_columns(type(row))})
        session.execute(text("DELETE FROM register_entries WHERE year = 2026 AND number = 2"))
        make_case(session, now=MONDAY + timedelta(days=1), **paper)
        assert _last_numbers(session)[1] == ("in", 2026, 3, date(2026, 3, 3), 2)


@pytest.mark.parametrize(
    "forgetting",
    ["DELETE FROM register_years", "UPDATE register_years SET number = 1", "UPDATE register_years SET year = 1999"],
)
def test_the_last_number_of_the_daily_book_is_never_forgotten(database: Database, forgetting: str) -> None:
    with database.writing() as session:
        session.add(RegisterYear(direction=Direction.IN, year=2026, number=2, day=date(2026, 3, 2), day_number=2))

    with pytest.raises(DBAPIError, match="never given twice"), database.writing() as session:
        session.execute(text(forgetting))


def test_what_was_erased_stays_so_and_every_other_history_stays_closed(empty: Database) -> None:
    upgrade(empty.engine)
    with empty.writing() as session:
        settle(session)
        for _ in range(2):
            make_case(session)
        session.execute(text("INSERT INTO erasures (case_id, ground, erased_at, erased_by, entry, files, seal)"
                             " VALUES (1, 'requested', '2026-03-02 09:00', 1, 2, '{}', 0)"))  # fmt: skip
        session.execute(text("UPDATE history SET details = '{}' WHERE case_id = 1"))
    downgrade(empty.engine, "0022")
    _is_closed(empty, "UPDATE history SET details = '{}' WHERE case_id = 1")

    upgrade(empty.engine)

    with empty.reading() as session:
        assert [bool(row) for row in session.scalars(select(History.details).order_by(History.case_id))] == [
            False,
            True,
        ]
    for change in ("UPDATE history SET details = '{}'", "UPDATE history SET seq = 9", "DELETE FROM history"):
        _is_closed(empty, change)


def _is_closed(database: Database, change: str) -> None:
    with pytest.raises(DBAPIError, match="the history is never"), database.writing() as session:
        session.execute(text(change))


def _last_numbers(session: Session) -> list[tuple[object, ...]]:
    rows = session.scalars(select(RegisterYear).order_by(RegisterYear.year))
    return [(row.direction.value, row.year, row.number, row.day, row.day_number) for row in rows]


def _seal_of_letter_before(session: Session) -> int:
    """Return the seal that the only letter had before it said what is enclosed."""
    row = session.execute(select(*(c for c in Letter.__table__.columns if c.name not in ("enclosed", "seal")))).one()
    return seal_of_text(written_as_one(row))


def test_cases_that_were_there_before_are_found(empty: Database) -> None:
    upgrade(empty.engine)
    found = select(CaseSearch.case_id, CaseSearch.words, CaseSearch.marks)
    with empty.writing() as session:
        settle(session)
        for language in Language:
            make_case(session, language=language, requester_phone="+32 470 12 34 56", service="ME6")
    with empty.reading() as session:
        before = session.execute(found.order_by(CaseSearch.case_id)).all()
    downgrade(empty.engine, BEFORE_SEARCH)

    upgrade(empty.engine)

    with empty.reading() as session:
        assert session.execute(found.order_by(CaseSearch.case_id)).all() == before
        assert len(before) == len(Language)
        assert all("70123456" in row.words and "s_me6" in row.marks for row in before)
