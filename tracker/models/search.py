"""Owns what search finds a case by: its words and its marks, worked out from its rows and written in their commit.

Nothing here is a record: all of it can be worked out again (``rewrite``), and is not sealed.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, Text, event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracker.charter.words import CaseState
from tracker.models.base import Base, BigId
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message
from tracker.models.own_words import own_words
from tracker.models.words import words_of

LONGEST_TEXT = 200_000
"""Characters of one message that are read."""
MOST_BYTES = 800_000
"""What is kept of the words of one case: PostgreSQL takes no more than a megabyte."""

BATCH = 500
STRETCHES = {"b": 12, "c": 16}
"""How many bits of a number do not matter for the stretch it lies in: marks by which the newest are walked first."""

_Words = Text().with_variant(postgresql.TSVECTOR(), "postgresql")


class CaseSearch(Base):
    """One case as it is looked for. On SQLite triggers keep a full-text table, ``case_words``, beside it."""

    __tablename__ = "case_search"
    __table_args__ = (
        Index("ix_case_search_words", "words", "marks", postgresql_using="gin",
              postgresql_with={"gin_pending_list_limit": 256}).ddl_if(dialect="postgresql"),
    )  # fmt: skip

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    words: Mapped[str] = mapped_column(_Words)
    """The words of the requester's details, the subject, what was written and the names of files (``words_of``)."""
    marks: Mapped[str] = mapped_column(_Words)
    """What it is, and whose, as ``mark`` writes it: by these who may not read a case never meets it."""


_OF_CASE = (
    Case.id, Case.language, Case.received_at, Case.subject, Case.requester_name, Case.requester_email,
    Case.requester_phone, Case.requester_fax, Case.requester_address, Case.state, Case.nature, Case.channel,
    Case.service_code, Case.handler_id, Case.urgent_since, Case.urgent_taken_at,
)  # fmt: skip
_NAMES = frozenset(column.key for column in _OF_CASE)
_SAID = ("subject", "requester_name", "requester_email", "requester_phone", "requester_fax", "requester_address")
_OF_MESSAGE = (
    Message.case_id, Message.language, Message.subject, Message.body, Message.kind, Message.direction, Message.reason,
    Message.signature, Message.template,
)  # fmt: skip


def mark(what: str, value: object) -> str:
    """Return a mark, such as ``s_consular`` for the service CONSULAR: a word of letters and digits."""
    return f"{what}_{''.join(filter(str.isalnum, str(value).lower()))}"


def month(moment: datetime) -> str:
    """Return the mark of the month (UTC) of a receipt."""
    return f"m_{moment.astimezone(UTC):%Y%m}"


def stretches(case_id: int) -> list[str]:
    """Return the marks of the stretches of numbers that a case lies in."""
    return [f"{name}_{case_id >> bits}" for name, bits in STRETCHES.items()]


def marks_of(case: Any, associated: Iterable[str]) -> set[str]:
    """Return the marks of a case, from its columns and the services beside its own."""
    found = {
        mark("state", case.state), mark("nature", case.nature), mark("channel", case.channel),
        mark("language", case.language), mark("h", case.handler_id), month(case.received_at), *stretches(case.id),
    }  # fmt: skip
    found.update(mark("s", code) for code in (case.service_code, *associated) if code)
    unfinished = case.state in (CaseState.OPEN, CaseState.TRIAGE)
    if unfinished and case.urgent_since is not None and case.urgent_taken_at is None:
        found.add("ringing")
    return found


def words_of_case(case: Any, messages: Iterable[Any], files: Iterable[str] = ()) -> set[str]:
    """Return the words of a case, from its columns, its messages and the names of its files."""
    named = (PurePath(name).stem for name in files)  # every other file is a PDF: that finds nothing
    found = words_of("\n".join(filter(None, (*(getattr(case, name) for name in _SAID), *named))), case.language)
    for message in messages:
        found |= words_of(own_words(message)[:LONGEST_TEXT], message.language)
    return found


def packed(words: Iterable[str]) -> str:
    """Return words as they are stored, on either database."""
    text = " ".join(sorted(words))
    if len(text) * 4 > MOST_BYTES and len(encoded := text.encode()) > MOST_BYTES:
        text = encoded[:MOST_BYTES].decode(errors="ignore").rpartition(" ")[0]
    return text


def found_by(
    case: Any, messages: Iterable[Any], associated: Iterable[str], files: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the row by which a case is found."""
    return {
        "case_id": case.id,
        "words": packed(words_of_case(case, messages, files)),
        "marks": packed(marks_of(case, associated)),
    }


def rewrite(connection: Connection, cases: Collection[int]) -> None:
    """Work out anew what some cases are found by, from their rows (five statements)."""
    _write(connection, list(_worked_out(connection, cases)))


def rewrite_all(database: Database) -> Iterator[list[int]]:
    """Work out anew what every case is found by; yield the cases of each batch that were found by something else.

    Each batch is a commit of its own; the cases in it are locked meanwhile, so that nobody changes them.
    """
    for cases in _batches(database):
        with database.writing() as session:
            session.execute(select(Case.id).where(Case.id.in_(cases)).order_by(Case.id).with_for_update())
            wrong = list(_wrong(session.connection(), cases))
            _write(session.connection(), wrong)
        yield [row["case_id"] for row in wrong]


def found_wrong(database: Database) -> Iterator[int]:
    """Yield the cases that are not found by what they should be."""
    for cases in _batches(database):
        with database.reading() as session:
            yield from (row["case_id"] for row in _wrong(session.connection(), cases))


def _batches(database: Database) -> Iterator[list[int]]:
    last = 0
    while True:
        with database.reading() as session:
            cases = list(session.scalars(select(Case.id).where(Case.id > last).order_by(Case.id).limit(BATCH)))
        if not cases:
            return
        yield cases
        last = cases[-1]


def _wrong(connection: Connection, cases: Collection[int]) -> Iterator[dict[str, Any]]:
    """Yield what some cases should be found by where that is not what is stored."""
    kept = select(CaseSearch.case_id, CaseSearch.words, CaseSearch.marks).where(CaseSearch.case_id.in_(cases))
    stored = {key: (_read(words), _read(marks)) for key, words, marks in connection.execute(kept)}
    for row in _worked_out(connection, cases):
        if stored.get(row["case_id"]) != (_read(row["words"]), _read(row["marks"])):
            yield row


def _read(words: str) -> frozenset[str]:
    """Return the words of a column: PostgreSQL puts each between quotation marks."""
    return frozenset(words.replace("'", "").split(" "))


def _write(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        new = insert(CaseSearch)
        kept = {name: new.excluded[name] for name in ("words", "marks")}
        connection.execute(new.on_conflict_do_update(index_elements=["case_id"], set_=kept), rows)


def _worked_out(connection: Connection, cases: Collection[int]) -> Iterator[dict[str, Any]]:
    messages: dict[int, list[Any]] = {}
    for message in connection.execute(select(*_OF_MESSAGE).where(Message.case_id.in_(cases))):
        messages.setdefault(message.case_id, []).append(message)
    services: dict[int, list[str]] = {}
    beside = select(Association.case_id, Association.service_code).where(Association.case_id.in_(cases))
    for case_id, code in connection.execute(beside):
        services.setdefault(case_id, []).append(code)
    files: dict[int, list[str]] = {}
    names = select(Attachment.case_id, Attachment.name).where(Attachment.case_id.in_(cases))
    for of, name in connection.execute(names):
        files.setdefault(of or 0, []).append(name)
    for case in connection.execute(select(*_OF_CASE).where(Case.id.in_(cases)).order_by(Case.id)):
        yield found_by(case, messages.get(case.id, ()), services.get(case.id, ()), files.get(case.id, ()))


TOUCHED = "cases to be found anew"


@event.listens_for(Session, "after_flush")
def _note(session: Session, _: object) -> None:
    """Note which cases a flush changed in what they are found by."""
    touched: set[int] = session.info.setdefault(TOUCHED, set())
    touched.update(row.case_id for row in session.new if isinstance(row, Message | Association))
    touched.update(row.id for row in session.new if isinstance(row, Case))
    touched.update(row.case_id for row in session.deleted if isinstance(row, Association))
    for row in session.dirty | session.new:
        if isinstance(row, Attachment):  # it came to a case, or went with a merged one
            moved = inspect(row).attrs["case_id"].history
            touched.update(case for case in (*(moved.added or ()), *(moved.deleted or ())) if case is not None)
    for row in session.dirty:
        if isinstance(row, Case) and any(inspect(row).attrs[name].history.has_changes() for name in _NAMES):
            touched.add(row.id)


@event.listens_for(Session, "before_commit")
def _write_touched(session: Session) -> None:
    """Write in the same commit what those cases are found by from now on."""
    session.flush()
    touched = session.info.pop(TOUCHED, None)
    if touched:
        rewrite(session.connection(), touched)
