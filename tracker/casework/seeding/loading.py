"""Owns the writing of a population in bulk: PostgreSQL by COPY, indexes after; SQLite row by row; in one commit."""

import gc
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.casework.daybook import keep_last_numbers
from tracker.casework.house import House
from tracker.casework.seeding.book import Book
from tracker.casework.seeding.opinions import surveys_of
from tracker.casework.seeding.people import Office
from tracker.casework.seeding.plan import Day, Plan, blocks_of, days_of, processes
from tracker.casework.seeding.population import Maker
from tracker.casework.seeding.rows import MODELS, as_bound, as_copied, columns
from tracker.models.base import Base
from tracker.models.paper import RegisterEntry

MANY = 20_000
"""From so many cases on, PostgreSQL's indexes and foreign keys are dropped first and made anew at the end."""
CONSTRAINTS = """
    SELECT conrelid::regclass::text AS owner, conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE contype IN ('f', 'u', 'p') AND connamespace = current_schema()::regnamespace
      AND (conrelid::regclass::text = ANY(:tables) OR confrelid::regclass::text = ANY(:tables))
    ORDER BY position(contype IN 'fup')
"""
"""The keys of some tables and whatever refers to them, in the order in which they can be dropped."""
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ANY(:tables)
"""
AHEAD = 4
"""How many blocks may be made before they are written: what bounds the memory."""


def load(session: Session, plan: Plan, office: Office, house: House) -> int:
    """Write the whole population into the session's transaction and return how many rows there were."""
    days = days_of(plan)
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    written = (_load_sqlite if on_sqlite else _load_postgresql)(session, plan, office, house, days)
    keep_last_numbers(session)
    return written + _load_surveys(session, plan, house, on_sqlite=on_sqlite)


def _load_surveys(session: Session, plan: Plan, house: House, *, on_sqlite: bool) -> int:
    """Write what was asked of the cases that are there now, and what was replied; return how many rows it took."""
    connection: Any = session.connection().connection.driver_connection
    written = 0
    for block in surveys_of(session, plan, house):
        for model, rows in block.items():
            written += len(rows)
            if on_sqlite:
                statement, bound = _insert_of(model)
                connection.executemany(statement, [bound(row) for row in rows])
            elif rows:
                _copy(connection, model, as_copied(rows), frozen=False)
    if not on_sqlite:
        session.execute(text("SELECT setval('survey_asked_id_seq', (SELECT coalesce(max(id), 1) FROM survey_asked))"))
        session.execute(text("ANALYZE survey_asked, survey_replies"))
    return written


def _insert_of(model: type[Base]) -> tuple[str, Callable[[str], tuple[Any, ...]]]:
    """Return the statement that writes a row of a table into SQLite, and how a row of text becomes its values."""
    names = columns(model)
    places = ", ".join("?" * len(names))
    return f"INSERT INTO {model.__tablename__} ({', '.join(names)}) VALUES ({places})", as_bound(model)  # noqa: S608


def _load_sqlite(session: Session, plan: Plan, office: Office, house: House, days: Sequence[Day]) -> int:
    maker, written = Maker(plan, house, office), 0
    cursor = session.connection().connection.cursor()
    inserts = {model: _insert_of(model) for model in MODELS}
    for model, rows in _in_order(maker, days):
        statement, bound = inserts[model]
        cursor.executemany(statement, [bound(row) for row in rows])
        written += len(rows)
    cursor.execute("ANALYZE")
    return written


def _in_order(maker: Maker, days: Sequence[Day]) -> Iterator[tuple[type[Base], list[str]]]:
    """Yield the rows of every block, table by table, and those of the daily book as soon as they are numbered."""
    book = Book()
    for block in blocks_of(days):
        made = maker.rows(block)
        lines = made.pop(RegisterEntry)
        yield RegisterEntry, book.numbered(before=block[0].day)
        book.take(lines)
        yield from made.items()
    yield RegisterEntry, book.numbered()


def _load_postgresql(session: Session, plan: Plan, office: Office, house: House, days: Sequence[Day]) -> int:
    connection: Any = session.connection().connection.driver_connection
    written = 0
    with _bare(session, whole=plan.cases < MANY) as frozen:
        book = Book()
        for first, lines, of_the_book in _made(plan, office, house, days):
            for model, (rows, copied) in lines.items():
                _copy(connection, model, copied, frozen=frozen)
                written += rows
            written += _enter(connection, book.numbered(before=first), frozen=frozen)
            book.take(of_the_book)
        written += _enter(connection, book.numbered(), frozen=frozen)
    for table in [model.__tablename__ for model in MODELS if "id" in model.__table__.c]:
        session.execute(text(f"SELECT setval('{table}_id_seq', (SELECT coalesce(max(id), 1) FROM {table}))"))  # noqa: S608
    session.execute(text(f"ANALYZE {', '.join(model.__tablename__ for model in MODELS)}"))
    return written


def _enter(connection: Any, rows: Sequence[str], *, frozen: bool) -> int:
    """Write numbered lines of the daily book and return how many there were."""
    if rows:
        _copy(connection, RegisterEntry, as_copied(rows), frozen=frozen)
    return len(rows)


def _copy(connection: Any, model: type[Base], lines: bytes, *, frozen: bool) -> None:
    option = " WITH (FREEZE)" if frozen else ""
    with connection.cursor() as cursor:
        statement = f"COPY {model.__tablename__} ({', '.join(columns(model))}) FROM STDIN{option}"
        with cursor.copy(statement) as copy:
            copy.write(lines)


Lines = dict[type[Base], tuple[int, bytes]]
Made = tuple[date, Lines, list[str]]
"""A block: its first day, its rows as lines for COPY, and its lines of the daily book, still without numbers."""

_maker: Maker | None = None


def _made(plan: Plan, office: Office, house: House, days: Sequence[Day]) -> Iterator[Made]:
    """Yield the blocks in the order of their days, made by other processes while the one before is being written."""
    blocks = list(blocks_of(days))
    if len(blocks) < AHEAD:
        maker = Maker(plan, house, office)
        yield from (_lines(maker, block) for block in blocks)
        return
    with multiprocessing.get_context("spawn").Pool(processes(), _begin, (plan, office)) as pool:
        waiting: deque[Any] = deque()
        for block in blocks:
            waiting.append(pool.apply_async(_make, (block,)))
            if len(waiting) > AHEAD:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()


def _begin(plan: Plan, office: Office) -> None:
    """Make ready a process that makes rows: it needs the rules and the calendar, and no database."""
    global _maker
    from tracker.charter.calendar import WorkingCalendar
    from tracker.charter.rules import RuleBook

    def nobody() -> Any:
        raise AssertionError("a made-up population is not routed")

    house = House(RuleBook.shipped(), WorkingCalendar.shipped(), nobody, plan.prefix, "", b"")
    _maker = Maker(plan, house, office)
    gc.disable()  # nothing made here refers to itself, and looking for what does takes a third of the time


def _make(block: list[Day]) -> Made:
    assert _maker is not None
    return _lines(_maker, block)


def _lines(maker: Maker, block: list[Day]) -> Made:
    made = maker.rows(block)
    of_the_book = made.pop(RegisterEntry)
    return block[0].day, {model: (len(rows), as_copied(rows)) for model, rows in made.items() if rows}, of_the_book


@contextmanager
def _bare(session: Session, *, whole: bool) -> Iterator[bool]:
    """Take the tables' indexes, keys and triggers off, and put them on again after; in one transaction.

    Emptied in this very transaction, they can be written as frozen: nothing needs to be cleaned up later.
    """
    if whole:
        yield False
        return
    tables = [model.__tablename__ for model in MODELS]
    constraints = session.execute(text(CONSTRAINTS), {"tables": tables}).all()
    for one in constraints:
        session.execute(text(f"ALTER TABLE {one.owner} DROP CONSTRAINT {one.conname}"))
    indexes = session.execute(text(INDEXES), {"tables": tables}).all()
    for index in indexes:
        session.execute(text(f"DROP INDEX {index.indexname}"))
    for table in tables:
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    session.execute(text(f"TRUNCATE {', '.join(tables)}"))
    yield True
    session.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
    for index in indexes:
        session.execute(text(index.indexdef))
    for one in reversed(constraints):
        session.execute(text(f"ALTER TABLE {one.owner} ADD CONSTRAINT {one.conname} {one.definition}"))
    for table in tables:
        session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
