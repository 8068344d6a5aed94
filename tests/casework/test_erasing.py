"""Personal data are erased whole, for good and once; what says how the promises were kept stays, and is sound."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, LargeBinary, String, select, text, update
from sqlalchemy.exc import DBAPIError

from tests.casework.lived import MAIL, MARKS, NAME, NOW, TYPED, live_through, plant
from tests.casework.mailing import lay, make_room, send, write
from tests.factories import acting, make_house, make_staff, settle
from tracker.access.permissions import ERASE, CaseFacts, Person, may
from tracker.casework import ending, erasing, follow
from tracker.casework.erasing import Folders, NotFinished, OtherReference, erase, remove_files, tidy
from tracker.casework.errors import Erased, Missing, NotPermitted
from tracker.casework.notes import note
from tracker.casework.purge import purge
from tracker.casework.what_goes import GOES, TAKEN_OUT
from tracker.charter.words import (
    Channel,
    ErasureGround,
    Language,
    MailOutcome,
    Nature,
    Role,
)
from tracker.insight.verify import verify
from tracker.models.base import Base, Moment, Word
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.erasure import Erasure
from tracker.models.history import History
from tracker.models.routing import RoutingExample
from tracker.models.staff import Staff

HOUSE = make_house()
STAYS = {
    "cases": {"reference", "service_code", "about_service_code", "official_language"},
    "messages": {"service_code", "signature", "template"},
    "outbox": {"state", "lease_owner"},
    "obligations": {"rule_id", "source"},
    "notices": {"rung", "recipients"},
    "history": {"actor"},
    "associations": {"service_code"},
    "tasks": {"service_code"},
    "staff_notices": {"recipients"},
    "action_notices": {"recipients"},
    "findings": {"theme", "cause"},
    "survey_asked": {"service_code"},
    "case_search": {"marks", "words"},  # worked out anew from what is left
    "erasures": {"files"},
}
"""By table, the columns that say how a case was handled, and by whom of the house."""
NOT_OF_A_CASE = {
    "services", "staff", "posts", "print_runs", "register_years", "text_modules", "routing_models",
    "routing_changes", "routing_rules", "calendar_feeds", "digest_choices", "digests", "saved_views", "first_views",
    "house_changes", "password_links", "mail_notices", "figures", "job_runs", "throttles", "ended_logins",
    "sent_forms", "tallies",
}  # fmt: skip
"""The tables of the house itself: none of them belongs to a case, and nothing in them is about a requester."""


def test_every_column_that_holds_text_either_goes_or_stays() -> None:
    """The heart of it: a column that is new is forgotten by nobody."""
    goes = {model.__tablename__: set(columns) for model, columns in GOES.items()}
    out = {model.__tablename__ for model in TAKEN_OUT}
    undecided = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if _holds_text(column.type) and table.name not in out | NOT_OF_A_CASE
        and column.name not in goes.get(table.name, set()) | STAYS.get(table.name, set())
    }  # fmt: skip
    assert undecided == set(), "say in GOES (casework/what_goes) or in STAYS what becomes of it when a case is erased"
    assert not {name for name, columns in goes.items() if columns & STAYS.get(name, set())}
    of_cases = {table for table in Base.metadata.tables if table not in NOT_OF_A_CASE}
    for name in NOT_OF_A_CASE:
        points_to = {key.column.table.name for key in Base.metadata.tables[name].foreign_keys}
        assert not points_to & of_cases, f"{name} is of a case"


def _holds_text(kind: Any) -> bool:
    if isinstance(kind, Word | Moment):
        return False
    return isinstance(kind, String | JSON | LargeBinary) or kind.__class__.__name__ == "TSVECTOR"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(attachments=tmp_path / "attachments", letters=tmp_path / "letters", mail=tmp_path / "mail")


@pytest.fixture
def lived(database: Database, folders: Folders, tmp_path: Path) -> str:
    """A complaint that has lived through all that one can, with the marks in every text; gives its reference."""
    with database.writing() as session:
        settle(session)
        staff = {
            "co": make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS"),
            "bo": make_staff(session, "bo@suivi.example", Role.HEAD, "ME6"),
            "an": make_staff(session, "an@suivi.example", Role.CLERK, "ME6"),
        }
        reference = live_through(session, staff)
    room = make_room(tmp_path)
    mail = lay(database, room, write(TYPED, sender=f"{NAME} <{MAIL}>", message_id="<x@quillfeather.example>"))
    with database.writing() as session:
        plant(session, reference, mail, folders)
    return reference


def _texts(database: Database) -> Iterator[tuple[str, str]]:
    """Yield every value of the database that is no number, with its table."""
    with database.engine.connect() as connection:
        for table in (*Base.metadata.tables, *(("case_words_data",) if database.is_sqlite else ())):
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                for value in row:
                    if value is not None and not isinstance(value, int | float | datetime | date):
                        yield table, value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _marked(database: Database, ours: set[str]) -> set[str]:
    return {table for table, value in _texts(database) if any(mark in value.casefold() for mark in MARKS)} - ours


def _erase(database: Database, reference: str, who: str = "co", **more: Any) -> Case:
    with database.writing() as session:
        staff = session.scalars(select(Staff).where(Staff.email == f"{who}@suivi.example")).one()
        given: dict[str, Any] = {
            "reference": reference, "ground": ErasureGround.REQUESTED, "reason": "Decision 12",
            "confirmed": reference, "actor": acting(staff), "now": NOW + timedelta(days=1), "seen": None,
        } | more  # fmt: skip
        return erase(session, HOUSE, **given)


def _problems(database: Database) -> list[str]:
    return [f"{one.table} {one.key}: {one.what}" for one in verify(database, HOUSE.rules, HOUSE.calendar)]


def test_nothing_of_the_person_is_left_in_any_column_or_file_and_the_records_are_sound(
    database: Database, folders: Folders, lived: str
) -> None:
    holds = {model.__tablename__ for model in (*GOES, *TAKEN_OUT)} | {"case_search"}
    assert holds - {"drafts"} <= _marked(database, set()), "the marks were planted in every table that goes"
    before = _promises(database)

    _erase(database, lived)

    assert _marked(database, {"case_words_data"}) == set()
    assert _promises(database) == before
    assert _problems(database) == []
    laid = [*folders.mail.rglob("*.eml"), *folders.attachments.rglob("*.pdf"), *folders.letters.rglob("*.pdf")]
    assert len(laid) == 3, "the files go after the commit"
    assert tidy(database, folders, now=NOW + timedelta(days=1)) == 2, "the one that was merged into it went with it"
    assert tidy(database, folders, now=NOW + timedelta(days=1)) == 0
    assert not any(path.exists() for path in laid)
    assert _problems(database) == []
    if database.is_sqlite:
        assert _marked(database, set()) == set(), "not even in the parts of the full-text table"
        database.close()
        for path in Path(str(database.url.database)).parent.glob("*.db*"):
            raw = path.read_bytes().lower()
            assert [mark for mark in MARKS if mark.encode() in raw] == [], path.name


def _promises(database: Database) -> list[Any]:
    with database.reading() as session:
        told = text("SELECT case_id, number, kind, due_on, state, settled_on, replaced_by, waiver_ground"
                    " FROM obligations ORDER BY case_id, number")  # fmt: skip
        steps = text("SELECT case_id, seq, at, actor, verb FROM history ORDER BY case_id, seq")
        kept = {row.case_id for row in session.execute(text("SELECT case_id FROM erasures"))}
        done = [tuple(row) for row in session.execute(steps)]
        last = {case: max(seq for of, seq, *_ in done if of == case) for case in kept}
        return [*map(tuple, session.execute(told)), *(row for row in done if last.get(row[0]) != row[1])]


def test_twice_is_once_and_whatever_is_done_afterwards_is_refused(database: Database, lived: str) -> None:
    with ThreadPoolExecutor(2) as two:  # a double click, or two heads at once
        versions = {case.version for case in two.map(lambda _: _erase(database, lived), range(2))}

    assert versions == {_erase(database, lived, confirmed="", seen=1).version}
    with database.writing() as session:
        co = acting(session.scalars(select(Staff).where(Staff.email == "co@suivi.example")).one())
        on: dict[str, Any] = {"reference": lived, "actor": co, "now": NOW + timedelta(days=2), "seen": None}
        acts: list[Callable[[], object]] = [
            lambda: ending.reopen(session, HOUSE, reason="x", **on),
            lambda: note(session, HOUSE, text="x", **on),
            lambda: follow.follow_up(session, HOUSE, text="x", channel=Channel.PHONE, received_at=NOW, **on),
            lambda: follow.new_question(
                session, HOUSE, text="x", subject="x", nature=Nature.INFORMATION, channel=Channel.PHONE,
                received_at=NOW, **{name: on[name] for name in ("reference", "actor", "now")},
            ),
        ]  # fmt: skip
        for act in acts:
            with pytest.raises(Erased):
                act()
        session.rollback()
    assert _problems(database) == []


def test_new_mail_about_an_erased_case_becomes_a_request_of_its_own(
    database: Database, lived: str, tmp_path: Path
) -> None:
    _erase(database, lived)

    taken = send(database, make_room(tmp_path), write(f"About {lived} again.", sender=f"{NAME} <{MAIL}>",
                 message_id="<y@quillfeather.example>"), now=NOW + timedelta(days=2))  # fmt: skip

    assert taken.outcome is MailOutcome.REGISTERED
    assert taken.reference != lived
    assert _problems(database) == []


def test_a_mail_that_is_handed_over_again_is_a_new_one_and_stays(
    database: Database, folders: Folders, lived: str, tmp_path: Path
) -> None:
    _erase(database, lived)
    again = send(database, make_room(tmp_path), write(TYPED, sender=f"{NAME} <{MAIL}>",
                 message_id="<x@quillfeather.example>"), now=NOW + timedelta(days=2))  # fmt: skip

    assert again.outcome is MailOutcome.REGISTERED
    tidy(database, folders, now=NOW + timedelta(days=3))
    assert len([*folders.mail.rglob("*.eml")]) == 1
    assert not [*folders.attachments.rglob("*.pdf"), *folders.letters.rglob("*.pdf")]


def test_what_is_not_finished_or_not_confirmed_is_not_erased(database: Database, lived: str) -> None:
    for more, refusal in (
        ({"confirmed": "DOS-2026-0001234-14"}, OtherReference),
        ({"reason": " "}, Missing),
        ({"who": "bo"}, NotPermitted),
        ({"who": "an"}, NotPermitted),
    ):
        with pytest.raises(refusal):
            _erase(database, lived, **more)
    for undone, what in (
        ("UPDATE cases SET state = 'open', closed_at = NULL WHERE reference = :it", "not_closed"),
        (
            "UPDATE messages SET left_on = NULL, voided_at = NULL, void_evidence = NULL, channel = 'post'"
            " WHERE act = 'answer'",
            "leaving",
        ),
        ("UPDATE tasks SET state = 'open', settled_at = NULL, settled_by = NULL", "asked"),
        ("UPDATE corrective_actions SET done_on = NULL", "action"),
        ("UPDATE mails SET settled_at = NULL", "mail"),
    ):
        with database.writing() as session:
            session.execute(text(undone), {"it": lived} if ":it" in undone else {})
            co = acting(session.scalars(select(Staff).where(Staff.email == "co@suivi.example")).one())
            with pytest.raises(NotFinished) as refused:
                erase(session, HOUSE, reference=lived, ground=ErasureGround.KEEPING_OVER, reason="x", confirmed=lived,
                      actor=co, now=NOW + timedelta(days=1), seen=None)  # fmt: skip
            assert refused.value.values["kind"] == what
            session.rollback()
    assert _marked(database, set()) != set()


def test_a_crash_on_the_way_leaves_all_or_nothing_and_the_files_are_found_again(
    database: Database, folders: Folders, lived: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(_texts(database))
    monkeypatch.setattr(erasing, "_empty", _die)
    with pytest.raises(KeyboardInterrupt):
        _erase(database, lived)
    monkeypatch.undo()
    assert sorted(_texts(database)) == before

    _erase(database, lived)
    monkeypatch.setattr(erasing, "path_of", _die)
    with pytest.raises(KeyboardInterrupt):
        remove_files(database, folders)
    monkeypatch.undo()
    left = {"letters": folders.letters, "mail": folders.mail}
    assert purge(database, folders.attachments, **left, now=NOW + timedelta(days=2)).erasures == 2
    assert not [path for folder in (folders.mail, folders.attachments, folders.letters)
                for path in folder.rglob("*.*")]  # fmt: skip


HEAD, CO = Person(1, Role.HEAD, "ME6"), Person(2, Role.COMPLAINTS, "COMPLAINTS")


@pytest.mark.parametrize(
    ("person", "facts", "allowed"),
    [
        (HEAD, {}, True),
        (HEAD, {"sensitive": True}, True),
        (HEAD, {"lead": "M1"}, False),  # only beside it
        (HEAD, {"lead": "COMPLAINTS", "complaint": True}, False),  # a complaint about the service
        (HEAD, {"concerns": 1}, False),
        (CO, {"lead": "COMPLAINTS", "complaint": True}, True),
        (CO, {"lead": "COMPLAINTS", "complaint": True, "sensitive": True}, False),
        (CO, {"lead": "COMPLAINTS", "complaint": True, "sensitive": True, "handler_id": 2}, True),
        (CO, {}, False),
        *((Person(3, role, "ME6"), {}, False) for role in Role if role is not Role.HEAD),
        (Person(3, Role.CLERK, "ME6"), {"handler_id": 3}, False),
        (Person(1, Role.HEAD, None, heads_dispatchers=True), {"lead": None, "services": frozenset()}, False),
    ],
)
def test_who_may_decide_it(person: Person, facts: dict[str, Any], allowed: bool) -> None:
    case = {"handler_id": 9, "services": frozenset({"ME6", "M1"}), "unassigned": False, "complaint": False,
            "sensitive": False, "concerns": None, "ringing": False, "lead": "ME6"}  # fmt: skip
    assert may(person, ERASE, CaseFacts(**case | facts)) == allowed


def _die(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_the_history_may_be_emptied_once_and_verify_tells_an_erasure_from_what_was_done_by_hand(
    database: Database, lived: str
) -> None:
    table: Any = History.__table__
    by_hand = update(table).where(table.c.seq == 1).values(details={})
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(by_hand)
    _erase(database, lived)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(by_hand)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text("DELETE FROM history"))

    with database.writing() as session:
        erased = session.scalars(select(Case).where(Case.reference == lived)).one().id
        session.add(RoutingExample(case_id=erased, text="x", language=Language.EN, urgent=False, service_code="ME6",
                                   noted_at=NOW))  # fmt: skip
    assert _problems(database) == [f"routing_examples {erased}: its case was erased, and it is there again"]
    with database.writing() as session:
        session.execute(text("DELETE FROM erasures"))
    assert any("erasure" in one for one in _problems(database)), "it was taken out"
    with database.writing() as session:
        other = session.scalars(select(Case).where(Case.subject == "Autre")).one()
        session.add(Erasure(case_id=other.id, ground=ErasureGround.BY_MISTAKE, erased_at=NOW, erased_by=1, entry=99,
                            files={}, gone_at=NOW))  # fmt: skip
        named = other.reference
    assert any("no entry of the history" in one and named in one for one in _problems(database))
