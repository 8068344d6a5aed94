"""`tracker verify`: sound records pass; whatever is altered behind Suivi's back is named, in every column."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Connection, Table, Update, delete, func, insert, select, text, true, update
from sqlalchemy.orm import Session

from tests.cli.conftest import Told, call
from tests.cli.test_explain import leave, live_through
from tests.closing import answered
from tests.conftest import SECRET_KEY
from tests.factories import MONDAY, acting, make_case, make_house, make_staff
from tracker.casework.complaints import Found, record_finding
from tracker.casework.corrective import add_action
from tracker.casework.ending import close
from tracker.casework.erasing import erase
from tracker.casework.links import link
from tracker.casework.notes import note
from tracker.casework.tasks import ask
from tracker.charter.words import (
    Channel,
    Direction,
    ErasureGround,
    Language,
    MailOutcome,
    MailReason,
    MessageKind,
    Nature,
    Opinion,
    PostKind,
    Role,
    RoutingSubject,
    RuleState,
    VoidPrintGround,
)
from tracker.insight.verify import Problem, verify
from tracker.models.base import Moment, Sealed, Word
from tracker.models.cases import Association
from tracker.models.complaints import ActionNotice, CorrectiveAction, Finding
from tracker.models.database import Database
from tracker.models.directory import Post
from tracker.models.drafts import KeptDraft
from tracker.models.history import History
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.obligations import Breach, Discharge, Notice, Obligation
from tracker.models.paper import Letter, PrintRun, RegisterEntry, RegisterYear, VoidPrint
from tracker.models.personal import CalendarFeed, Digest, DigestChoice, PasswordLink
from tracker.models.routing import RoutingChange, RoutingExample, RoutingModel, RoutingRule
from tracker.models.schema import TABLES_OF_RECORD
from tracker.models.set_aside import SetAside
from tracker.models.staff import Staff
from tracker.models.survey import SurveyAsked, SurveyReply
from tracker.models.tallies import Tally, counted_tables
from tracker.models.texts import TextModule
from tracker.models.views import FirstView, SavedView


def problems(database: Database) -> list[Problem]:
    house = make_house()
    return list(verify(database, house.rules, house.calendar))


@pytest.fixture
def lived(database: Database) -> Database:
    """A case that has lived through everything, so that every table of record holds something."""
    live_through(database)
    with database.writing() as session:
        session.add(Association(case_id=1, service_code="M1", since=MONDAY))
        session.add(
            Attachment(
                case_id=1, message_id=1, name="diploma.pdf", stored_as="ab/cd.pdf", media_type="application/pdf",
                size=12, sha256="0" * 64, added_at=MONDAY,
            )
        )  # fmt: skip
        session.add_all(on_paper_and_by_mail(MONDAY))
        session.flush()
        session.add(FirstView(staff_id=1, view_id=1, chosen_at=MONDAY))
        complain(session)
    erase_one(database)
    with database.reading() as session:
        for model in TABLES_OF_RECORD:
            assert session.scalar(select(func.count()).select_from(model)), model
    return database


def erase_one(database: Database) -> None:
    """Add a case that was answered and closed, and of which the personal data were erased."""
    house, later = make_house(), MONDAY + timedelta(days=40)
    with database.writing() as session:
        bea = acting(session.scalars(select(Staff).where(Staff.email == "bea.claes@suivi.example")).one())
        reference = answered(session, house, bea, now=later).reference
    leave(database, later)
    on: dict[str, Any] = {"reference": reference, "actor": bea, "now": later, "seen": None}
    with database.writing() as session:
        close(session, house, **on)
        erase(session, house, ground=ErasureGround.REQUESTED, reason="12", confirmed=reference, **on)


def complain(session: Session) -> None:
    """Add a complaint that was judged and acted on."""
    co = make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
    case = make_case(session, nature=Nature.COMPLAINT)
    told: dict[str, Any] = {"reference": case.reference, "actor": acting(co), "now": MONDAY, "seen": None}
    record_finding(session, make_house(), found=Found(note="In time."), **told)
    add_action(session, make_house(), what="Two lines.", owner_id=co.id, due_on=date(2026, 4, 1), **told)
    session.add(ActionNotice(id=1, action_id=1, due_on=date(2026, 4, 1), recipients=[co.id], recorded_at=MONDAY))
    session.flush()
    session.add(Outbox(action_notice_id=1, state="sent", attempts=1, next_try_at=MONDAY))
    cy = make_staff(session, "cy@suivi.example", Role.CLERK, "M1")
    ask(session, make_house(), what="Who was there?", asked_id=cy.id, due_on=date(2026, 3, 4), **told)
    other = make_case(session, nature=Nature.COMPLAINT).reference
    link(session, make_house(), other=other, word="One visit.", **told)


def on_paper_and_by_mail(at: datetime) -> Iterator[Sealed]:
    """Yield a row of each table of record that this case had no use for."""
    yield Mail(
        sha256="1" * 64, size=9, stored_at=at, received_at=at, outcome=MailOutcome.IGNORED,
        reason=MailReason.MAILING_LIST, decided_at=at,
    )  # fmt: skip
    yield MailNotice(staff_id=1, day=at.date(), mails=[1], recorded_at=at)
    yield CalendarFeed(staff_id=1, digest="3" * 64, made_at=at)
    yield PasswordLink(staff_id=1, digest="5" * 64, made_at=at, made_by=1, until=at)
    yield DigestChoice(staff_id=1, hour=8, chosen_at=at)
    yield Digest(staff_id=1, day=at.date(), told=0, contents={}, recorded_at=at)
    yield SurveyAsked(
        id=1, case_id=1, number=1, channel=Channel.EMAIL, language=Language.FR, whom="4" * 32, asked_on=at.date(),
        until=at.date() + timedelta(days=60),
    )  # fmt: skip
    yield SurveyReply(
        asked_id=1, answered=Opinion.YES, clear=Opinion.PARTLY, in_time=Opinion.NO, channel=Channel.WEB, replied_at=at
    )
    yield KeptDraft(case_id=1, kind=MessageKind.QUESTION, author_id=1, typed={"text": "Which year?"}, kept_at=at)
    yield SavedView(id=1, staff_id=1, name="Visas", query={"country": "TH"}, changed_at=at)
    yield SetAside(staff_id=1, case_id=1, until=at.date(), reason="Waiting for the post", made_at=at)
    yield PrintRun(id=1, made_at=at)
    yield Letter(message_id=2, stored_as="ab/letter.pdf", size=9, pages=1, sha256="2" * 64, made_at=at)
    yield VoidPrint(message_id=2, run_id=1, position=1, ground=VoidPrintGround.CODE, voided_at=at)
    yield TextModule(language="fr", title="Apostille", body="…", version=1, changed_at=at, changed_by=1)
    yield RoutingExample(
        case_id=1, text="Légaliser un diplôme", language=Language.FR, urgent=False, service_code="CONSULAR",
        noted_at=at,
    )  # fmt: skip
    yield Post(
        country="TH", city="Bangkok", kind=PostKind.EMBASSY, names={"fr": "Ambassade"}, phone="+66 2", covers=["LA"],
        source="List of posts", read_on=at.date(), loaded_at=at,
    )  # fmt: skip
    yield RoutingModel(version="1234567890ab", content=b"a model", figures={"first": 0.8}, trained_at=at)
    yield RoutingChange(number=1, subject=RoutingSubject.MODEL, what="1234567890ab", at=at, actor="system")
    yield RoutingRule(
        name="Boats", note="…", words={"fr": ["bateau"]}, service_code="M5", state=RuleState.DRAFT, version=1,
        changed_at=at, changed_by=1,
    )  # fmt: skip
    yield RegisterYear(direction=Direction.IN, year=2026, number=2, day=at.date(), day_number=2)
    for number in (1, 2):
        yield RegisterEntry(
            direction=Direction.IN, year=2026, number=number, day=at.date(), day_number=number, channel=Channel.POST,
            on_day=at.date(), correspondent="Jan Janssens", subject="Legalisatie", case_id=1, message_id=number,
            entered_at=at,
        )  # fmt: skip


@contextmanager
def behind_its_back(database: Database) -> Iterator[Connection]:
    """Write with every safeguard of the database put aside, as somebody with its password could."""
    with database.engine.connect().execution_options(immediate=True) as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            connection.rollback()
            connection.connection.execute("PRAGMA foreign_keys = OFF")
            for trigger in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {trigger.name}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
            checks = "SELECT conrelid::regclass AS owner, conname FROM pg_constraint WHERE contype = 'c'"
            for check in connection.execute(text(f"{checks} AND connamespace = 'public'::regnamespace")).all():
                connection.execute(text(f"ALTER TABLE {check.owner} DROP CONSTRAINT {check.conname}"))
        connection.commit()
        yield connection
        connection.commit()
        connection.invalidate()  # nobody after us works without the safeguards


def altered(column: Column[Any], value: Any) -> Any:
    """Return a value of the same kind that is not the one that was there."""
    kind = column.type
    if isinstance(kind, Word):
        return next(word for word in kind.words if word is not value)
    if isinstance(kind, Moment):
        return (value or MONDAY) + timedelta(seconds=1)
    python = kind.python_type
    if python is bool:
        return not value
    if python is int:
        return (value or 0) + 1000
    if python is bytes:
        return value[:-1]
    if issubclass(python, datetime | date):
        return (value or MONDAY.date()) + timedelta(days=1)
    if isinstance(kind, JSON):
        return [value, "altered"] if isinstance(value, list) else {"altered": value}
    return f"{value[:-1]}{'x' if value[-1] != 'x' else 'y'}" if value else "x"


def columns_of_record() -> Iterator[tuple[type[Sealed], Table, Column[Any]]]:
    for model in TABLES_OF_RECORD:
        table: Table = model.__table__  # type: ignore[attr-defined]
        for column in table.columns:
            if column.name != "id":  # how a row is named, not what it says
                yield model, table, column


def test_records_that_nobody_touched_are_sound(lived: Database) -> None:
    assert problems(lived) == []


def test_a_field_altered_in_any_column_of_any_table_of_record_is_named(lived: Database) -> None:
    by_table: dict[str, list[Column[Any]]] = {}
    for _, table, column in columns_of_record():
        by_table.setdefault(table.name, []).append(column)
    missed = []
    with behind_its_back(lived) as connection:
        for columns in zip_longest(*by_table.values()):  # one column of each table at a time, to be quick
            done = [alter(connection, column) for column in columns if column is not None]
            connection.commit()

            named = {(problem.table, problem.key.split(" (")[0]) for problem in problems(lived)}
            missed += [
                (column.table.name, column.name) for column, key, _ in done if (column.table.name, key) not in named
            ]

            for _, _, undo in done:
                connection.execute(undo)
            connection.commit()
    assert missed == []
    assert problems(lived) == []


def alter(connection: Connection, column: Column[Any]) -> tuple[Column[Any], str, Update]:
    """Alter one field of a row; return the column, how the row is named now, and how to undo it."""
    table = column.table
    row = connection.execute(select(table).limit(1)).one()
    keys = {key.name: row._mapping[key.name] for key in table.primary_key.columns}
    value, before = row._mapping[column.name], [table.c[name] == key for name, key in keys.items()]
    other = altered(column, value)
    connection.execute(update(table).where(*before).values({column: other}))
    keys.update({column.name: other} if column.name in keys else {})
    after = [table.c[name] == key for name, key in keys.items()]
    return column, " ".join(str(key) for key in keys.values()), update(table).where(*after).values({column: value})


@pytest.mark.parametrize(
    "model", [History, Message, Obligation, Discharge, Breach, Notice, Outbox, Finding, CorrectiveAction]
)
def test_a_row_taken_out_is_missed(lived: Database, model: type[Any]) -> None:
    with behind_its_back(lived) as connection:
        table = model.__table__
        key = next(iter(table.primary_key.columns))
        known = select(func.max(key)).where(table.c.case_id == 1 if model is Message else true())
        connection.execute(delete(table).where(key == connection.scalar(known)))

    assert problems(lived)


def test_the_last_row_of_a_table_that_is_counted_is_missed_and_so_is_its_count(lived: Database) -> None:
    named = []
    with behind_its_back(lived) as connection:
        for table in counted_tables():
            written = connection.scalar(select(func.count()).select_from(table)) or 0
            last = next(iter(table.primary_key.columns))
            connection.execute(delete(table).where(last == connection.scalar(select(func.max(last)))))
            named.append(Problem(table.name, "", f"{written} rows were written, and {written - 1} are left"))
    assert {table.name for table in counted_tables()} >= {
        "house_changes",
        "set_aside",
        "password_links",
        "text_modules",
        "digest_choices",
    }
    assert problems(lived) == named

    with behind_its_back(lived) as connection:
        connection.execute(delete(Tally))
    assert {one.what.split(",")[0] for one in problems(lived)} == {"how many were written is not kept"}


def test_the_last_notice_on_a_promise_that_was_kept_is_missed_though_it_was_taken_out_with_its_mail(
    lived: Database,
) -> None:
    with behind_its_back(lived) as connection:
        kept = connection.scalar(select(Obligation.id).where(Obligation.number == 2))
        notices = connection.scalars(
            select(Notice.id).where(Notice.obligation_id == kept).order_by(Notice.moment)
        ).all()
        connection.execute(delete(Outbox).where(Outbox.notice_id == notices[-1]))
        connection.execute(delete(Notice).where(Notice.id == notices[-1]))

    what = f"{len(notices)} were there when it was settled, and {len(notices) - 1} are left"
    assert problems(lived) == [Problem("notices", f"of promise {kept}", what)]


def test_the_last_message_of_a_case_is_missed_though_it_discharged_nothing(lived: Database) -> None:
    later = MONDAY + timedelta(days=40)
    with lived.writing() as session:
        clerk = acting(make_staff(session, "last@suivi.example", Role.CLERK, "CONSULAR"))
        thanked, noted = (make_case(session, now=later, service="CONSULAR") for _ in range(2))
        words: dict[str, Any] = {"reference": noted.reference, "actor": clerk, "now": later, "seen": None}
        note(session, make_house(), text="She rang.", **words)
    assert problems(lived) == []
    with behind_its_back(lived) as connection:
        for case in (thanked, noted):
            last = select(Message.id).where(Message.case_id == case.id).order_by(Message.number.desc()).limit(1)
            number = connection.scalar(last)
            connection.execute(delete(Outbox).where(Outbox.message_id == number))
            connection.execute(delete(Message).where(Message.id == number))

    expected = [
        (case, f"there were {told}, as the history says, and {told - 1} are left")
        for case, told in ((thanked, 2), (noted, 3))
    ]
    assert problems(lived) == [Problem("messages", f"{c.id} ({c.reference})", what) for c, what in expected]


def test_a_line_taken_out_of_the_daily_book_is_missed(lived: Database) -> None:
    with behind_its_back(lived) as connection:
        connection.execute(delete(RegisterEntry).where(RegisterEntry.number == 1))

    assert problems(lived) == [Problem("register_entries", "in 2026", "no. 1: the line was taken out")]


def test_the_last_lines_of_the_daily_book_are_missed_by_their_messages(lived: Database) -> None:
    day = timedelta(days=1)
    with lived.writing() as session:
        paper = {"channel": Channel.POST, "service": "CONSULAR", "requester_address": "Rue Haute 1\n1000 Bruxelles"}
        make_case(session, now=MONDAY + 40 * day, **paper)
        last = make_case(session, now=MONDAY + 41 * day, **paper)
    assert problems(lived) == []
    with behind_its_back(lived) as connection:
        connection.execute(delete(RegisterEntry).where(RegisterEntry.case_id == last.id))
        message = connection.scalar(select(Message.id).where(Message.case_id == last.id))

    assert problems(lived) == [
        Problem("register_entries", "in 2026", "no. 4: the line was taken out"),
        Problem(
            "register_entries",
            f"in message {message} ({last.reference})",
            "the message has no line: it was taken out",
        ),
    ]


def test_how_far_the_daily_book_has_come_is_missed_when_it_is_taken_out(lived: Database) -> None:
    with behind_its_back(lived) as connection:
        connection.execute(delete(RegisterYear))

    what = "the last number that was given is not kept"
    assert problems(lived) == [Problem("register_years", "in 2026", what)]


def test_a_row_put_in_with_a_seal_of_its_own_is_not_believed(lived: Database) -> None:
    with behind_its_back(lived) as connection:
        row = connection.execute(select(History.__table__).order_by(History.id.desc()).limit(1)).one()._asdict()
        connection.execute(insert(History.__table__).values(row | {"id": row["id"] + 1, "seq": row["seq"] + 2}))

    assert {"history", "cases"} <= {problem.table for problem in problems(lived)}


def test_what_cannot_even_be_read_is_named(lived: Database) -> None:
    with behind_its_back(lived) as connection:
        connection.execute(text("UPDATE messages SET kind = 'poem' WHERE id = 2"))

    assert Problem("messages", "2", "the row cannot be read (ValueError)") in problems(lived)


def test_the_command_lists_the_problems_and_exits_with_one(
    lived: Database, database_url: str, tracker: Callable[..., Told]
) -> None:
    with lived.writing() as session:
        for alone in (Letter, Mail, Attachment, MailNotice):  # the command looks for their files and mails too
            session.execute(delete(alone))
    sound = tracker("verify")
    with behind_its_back(lived) as connection:
        connection.execute(text("UPDATE obligations SET due_on = '2026-03-18', work_by = '2026-03-18' WHERE id = 1"))

    told, as_json = tracker("verify"), tracker("verify", "--json")

    assert (sound.returncode, sound.stderr) == (0, "")
    (line,) = tracker("erased", "--json").stdout.splitlines()
    assert json.loads(line).items() >= {"ground": "requested", "reason": "12", "by": "Bea Claes"}.items()
    assert tracker("erased").stdout.endswith("requested  Bea Claes: 12\n")
    assert told.returncode == as_json.returncode == 1
    assert "obligations 1: the row was changed: its seal does not fit" in told.stdout
    assert "due_on, work_by differ from what the history says" in told.stdout
    assert {"table", "key", "what"} == json.loads(as_json.stdout.splitlines()[0]).keys()


@pytest.fixture
def tracker(database_url: str, tmp_path: Any) -> Callable[..., Told]:
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path / "var")}
    return lambda *words: call(*words, settings=settings)


def test_every_word_of_the_closed_lists_can_be_altered() -> None:
    assert all(len(list(c.type.words)) > 1 for _, _, c in columns_of_record() if isinstance(c.type, Word))
    assert all(issubclass(c.type.words, StrEnum) for _, _, c in columns_of_record() if isinstance(c.type, Word))
