"""`tracker seed`: every state, channel, nature and language, sound to the last seal, all or nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, text

from tests.casework.mailing import make_room
from tests.cli.conftest import assert_one_sentence, call
from tests.conftest import SECRET_KEY
from tests.databases import migrate
from tests.factories import make_house, settle
from tracker.casework.daybook import KEPT
from tracker.casework.directory import directory_in_force
from tracker.casework.mail.records import verify_mail
from tracker.casework.mail.ringing import ring
from tracker.casework.routing_rules import rules_in_force
from tracker.casework.seeding import loading, plan, population
from tracker.casework.seeding.dispatching import dispatch
from tracker.casework.seeding.mailbag import ONE_IN, send_mail
from tracker.casework.seeding.population import NotEmpty, seed
from tracker.casework.seeding.together import AT_MOST, LOOKED_AT, work_together
from tracker.casework.sweep import sweep
from tracker.casework.trying_rules import rules_without_target
from tracker.charter.counting import brussels_day
from tracker.charter.words import (
    CaseState,
    Channel,
    Direction,
    Effect,
    Language,
    LinkKind,
    MailReason,
    MessageKind,
    Nature,
    NoticeState,
    ObligationState,
    Opinion,
    Outcome,
    TaskState,
)
from tracker.insight.to_and_fro import waiting_for_head
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction, Finding
from tracker.models.database import Database
from tracker.models.drafts import KeptDraft
from tracker.models.links import CaseLink
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Breach, Discharge, Notice, Obligation
from tracker.models.paper import RegisterEntry
from tracker.models.search import found_wrong
from tracker.models.set_aside import SetAside
from tracker.models.survey import SurveyReply
from tracker.models.tasks import Task
from tracker.models.texts import TextModule
from tracker.models.views import SavedView

NOW = datetime(2026, 6, 17, 9, 30, tzinfo=UTC)
CASES = 700


def populate(database: Database, *, cases: int = CASES, number: int = 1) -> int:
    with database.writing() as session:
        settle(session, now=NOW)
    return seed(database, make_house(), cases=cases, open_share=0.3, now=NOW, number=number)


def counted(database: Database, column: object) -> dict[object, int]:
    with database.reading() as session:
        return dict(session.execute(select(column, func.count()).group_by(column)).all())  # type: ignore[call-overload]


def test_the_population_holds_everything_and_is_sound(database: Database) -> None:
    populate(database)

    assert list(verify(database, make_house().rules, make_house().calendar)) == []
    assert list(found_wrong(database)) == [], "each is found by its own words"
    assert counted(database, Case.state).keys() == set(CaseState)
    assert counted(database, Case.channel).keys() == set(Channel)
    assert counted(database, Case.nature).keys() == set(Nature)
    assert counted(database, Case.language).keys() == set(Language)
    assert counted(database, Obligation.state).keys() == set(ObligationState)
    assert counted(database, Notice.state).keys() >= {NoticeState.SENT, NoticeState.UNATTENDED}
    assert counted(database, Outbox.state).keys() == {"waiting", "sent", "failed"}
    assert counted(database, Finding.outcome).keys() == {None, *Outcome}
    assert counted(database, CorrectiveAction.effect).keys() >= {None, Effect.WORKED}
    assert counted(database, SurveyReply.answered).keys() == set(Opinion)
    assert counted(database, TextModule.language).keys() == set(Language)
    assert counted(database, TextModule.service_code).keys() >= {None, "CONSULAR"}
    kinds = set(MessageKind) - {
        MessageKind.NOTE,
        MessageKind.EMERGENCY,
        MessageKind.CLOSING,
        MessageKind.TRACKING_CODE,
    }
    assert counted(database, Message.kind).keys() == kinds
    states = counted(database, Case.state)
    assert sum(states.values()) == CASES
    assert 0.25 < (states[CaseState.OPEN] + states[CaseState.TRIAGE]) / CASES < 0.36
    with database.reading() as session:
        letters = select(func.count()).where(Message.act.is_not(None), Message.left_on.is_(None))
        assert session.scalar(letters.where(Message.channel == Channel.POST))
        assert session.scalar(select(func.count()).select_from(Breach))
        assert session.scalar(select(func.count()).where(Discharge.voided_at.is_not(None)))


def test_mail_about_the_cases_has_come_in_and_some_of_it_is_held(database: Database, tmp_path: Path) -> None:
    populate(database)

    taken = send_mail(database, make_house(), make_room(tmp_path), cases=CASES, now=NOW)

    assert len(taken) == CASES // ONE_IN
    assert {one.reason for one in taken} == {
        MailReason.REPLY,
        MailReason.OTHER_SENDER,
        MailReason.REFERENCE_ONLY,
        MailReason.MISTYPED_REFERENCE,
        MailReason.AUTOMATIC_REPLY,
        MailReason.MAILING_LIST,
    }
    house, room = make_house(), make_room(tmp_path)
    assert list(verify(database, house.rules, house.calendar)) == []
    assert list(verify_mail(database, mail=room.mail, attachments=room.attachments)) == []
    assert ring(database, house, now=NOW).notices > 0


def test_all_paper_and_speech_stands_in_the_daily_book_in_the_order_of_its_entry(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "BLOCK", 60)  # what is entered for a case comes blocks after its receipt

    populate(database)

    with database.reading() as session:
        lines = session.scalars(select(RegisterEntry).order_by(RegisterEntry.id)).all()
        said = session.scalars(select(Message).where(Message.channel.in_(KEPT))).all()
        messages = {message.id: message for message in session.scalars(select(Message))}
        names = {case.id: case.requester_name for case in session.scalars(select(Case))}
    kept = {(m.id, m.direction) for m in said if m.direction is Direction.IN or m.left_on is not None}
    assert sorted((line.message_id, line.direction) for line in lines) == sorted(kept)
    for direction in Direction:
        side = [line for line in lines if line.direction is direction]
        assert [line.entered_at for line in side] == sorted(line.entered_at for line in side)
        for year in {line.year for line in side}:
            numbers = [line.number for line in side if line.year == year]
            assert numbers == list(range(1, len(numbers) + 1))
        for day in {line.day for line in side}:
            numbers = [line.day_number for line in side if line.day == day]
            assert numbers == list(range(1, len(numbers) + 1))
    for line in lines:
        message = messages[line.message_id]
        assert (line.case_id, line.channel, line.subject) == (message.case_id, message.channel, message.subject)
        assert (line.day, line.year) == (brussels_day(line.entered_at), line.day.year)
        assert line.on_day == (message.left_on or brussels_day(message.written_at))
        assert line.entered_at < NOW
        assert (line.correspondent == names[line.case_id]) == (message.service_code is None)
        assert line.entered_by is not None
    assert {line.channel for line in lines} == set(KEPT)


def test_nothing_is_due_at_its_moment_and_life_goes_on_after(database: Database) -> None:
    populate(database)

    at_once = sweep(database, make_house(), now=NOW)
    later = sweep(database, make_house(), now=NOW + timedelta(days=3))

    assert at_once.notices == 0
    assert later.notices > 0
    assert list(verify(database, make_house().rules, make_house().calendar)) == []


def test_no_address_of_anybody_real_is_written_to(database: Database) -> None:
    populate(database)

    with database.reading() as session:
        query = select(Message.address).join(Outbox, Outbox.message_id == Message.id)
        assert all(address.endswith(".example") for address in session.scalars(query))


def test_the_same_number_gives_the_same_people(database: Database) -> None:
    populate(database, cases=60, number=7)
    with database.reading() as session:
        people = list(session.scalars(select(Case.requester_name).order_by(Case.id)))

    again = plan.Plan(60, 0.3, NOW, 7, "DOS")
    other = plan.Plan(60, 0.3, NOW, 8, "DOS")
    with database.reading() as session:
        office = population.Office.load(session, day=NOW.date())
        names = [names_in(one, office) for one in (again, other)]
    assert names[0] == people
    assert names[1] != people


def names_in(wanted: plan.Plan, office: population.Office) -> list[str]:
    rows = population.Maker(wanted, make_house(), office).rows(plan.days_of(wanted))[Case]
    place = population.MODELS and list(Case.__table__.columns.keys()).index("requester_name") - 1
    return [row.split("\x1f")[place] for row in rows]


def test_it_is_refused_where_there_are_cases(database: Database) -> None:
    populate(database, cases=40)

    with pytest.raises(NotEmpty):
        seed(database, make_house(), cases=40, open_share=0.3, now=NOW, number=1)


def test_a_large_one_is_made_by_several_processes_and_leaves_the_tables_as_they_were(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "MANY", 1)
    monkeypatch.setattr(plan, "BLOCK", 150)
    before = shape_of_tables(postgres)

    populate(postgres)

    assert shape_of_tables(postgres) == before
    assert list(verify(postgres, make_house().rules, make_house().calendar)) == []
    with postgres.writing() as session:
        assert session.scalar(text("SELECT nextval('cases_id_seq')")) == CASES + 1
        lines = session.scalar(select(func.count()).select_from(RegisterEntry)) or 0
        assert lines
        assert session.scalar(text("SELECT nextval('register_entries_id_seq')")) == lines + 1


def test_whatever_stops_it_nothing_is_left_behind(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MANY", 1)
    monkeypatch.setattr(plan, "BLOCK", 100)
    before = shape_of_tables(database)
    whole = population.Maker.rows

    def breaks_off(self: population.Maker, days: object) -> object:
        if days[-1].first > CASES / 2:  # type: ignore[index]
            raise KeyboardInterrupt
        return whole(self, days)  # type: ignore[arg-type]

    monkeypatch.setattr(population.Maker, "rows", breaks_off)
    monkeypatch.setattr(loading, "AHEAD", 1000)
    with pytest.raises(KeyboardInterrupt):
        populate(database)

    assert shape_of_tables(database) == before
    with database.reading() as session:
        assert not session.scalar(select(func.count()).select_from(Case))


def shape_of_tables(database: Database) -> dict[str, object]:
    """Return the indexes, keys and triggers of every table of PostgreSQL; SQLite keeps them on."""
    if database.is_sqlite:
        return {}
    look, found = inspect(database.engine), {}
    for table in look.get_table_names():
        found[table] = (
            sorted(str(index) for index in look.get_indexes(table)),
            sorted(str(key) for key in look.get_foreign_keys(table)),
            sorted(str(key) for key in look.get_unique_constraints(table)),
            str(look.get_pk_constraint(table)),
        )
    with database.reading() as session:
        triggers = "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
        found["triggers"] = [tuple(row) for row in session.execute(text(triggers))]
    return found


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """A freshly migrated PostgreSQL database."""
    migrate(postgres_url)
    database = Database(postgres_url)
    yield database
    database.close()


def test_the_command(database: Database, database_url: str, tmp_path: Path) -> None:
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path)}
    with database.writing() as session:
        settle(session, now=NOW)

    words = ("seed", "--cases", "120", "--open-share", "0.5", "--at", NOW.isoformat(), "--seed", "3")
    told = call(*words, settings=settings, anew=database_url.startswith("sqlite"))
    again = call(*words, settings=settings)

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("120 cases in ")
    assert_one_sentence(again, 1)


def test_the_dispatchers_have_rules_files_that_wander_and_requests_in_doubt(database: Database) -> None:
    populate(database, cases=200)
    house = make_house()

    dispatch(database, house, now=NOW)

    assert list(verify(database, house.rules, house.calendar)) == []
    with database.reading() as session:
        rules = rules_in_force(session)
        router = house.router().with_directory(directory_in_force(session)).with_rules(rules)
        asked = session.scalars(select(Case).where(Case.registered_at > NOW - timedelta(days=4))).all()
        waiting = waiting_for_head(session, session.scalars(select(Case.id).where(Case.state == CaseState.TRIAGE)))
    assert len(rules.rules) == 3
    assert [rule.code for rule in rules_without_target(router, NOW)] == ["TASK-FORCE"]
    assert len(waiting) == 2, "one came back, one was to move a third time; a third file moved twice only"
    assert any(case.state is CaseState.TRIAGE and case.routing and case.routing["suggestions"] for case in asked)


def test_clerks_ask_each_other_link_split_set_aside_keep_views_and_begin_to_write(database: Database) -> None:
    populate(database)
    house = make_house()

    done = work_together(database, house, now=NOW)

    assert list(verify(database, house.rules, house.calendar)) == []
    today = brussels_day(NOW)
    with database.reading() as session:
        tasks = session.scalars(select(Task)).all()
        kinds = set(session.scalars(select(CaseLink.kind)))
        kept = [
            session.scalar(select(func.count()).select_from(one)) or 0 for one in (SetAside, KeptDraft, SavedView)
        ]
    assert {(task.state, task.service_code is not None) for task in tasks} >= {
        (TaskState.OPEN, False), (TaskState.DONE, False), (TaskState.DECLINED, False), (TaskState.OPEN, True),
        (TaskState.DONE, True),
    }  # fmt: skip
    assert any(task.state is TaskState.OPEN and task.due_on < today for task in tasks)
    assert kinds == {LinkKind.SAME_MATTER, LinkKind.SPLIT}
    assert all(kept)
    assert done < AT_MOST + LOOKED_AT // 50
