"""Owns the way to the database: one engine, a session to read with, a session that writes in one commit."""

import select
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from tracker.charter.counting import brussels_day

BUSY_SECONDS = 10
"""How long a writer waits for its turn, or for a row that another holds, before the caller hears that it is busy."""


_WROTE = "wrote"
"""What a connection is marked with while anything has been sent over it that does not only read."""


class Database:
    """One database, PostgreSQL or SQLite, for as long as a process lives.

    ``reading()`` gives a session that is rolled back at the end; ``writing()`` one that commits once at the end,
    or not at all when anything is raised. On SQLite a writer takes its turn with its first statement, read or write
    (``BEGIN IMMEDIATE``), since a reader that turns writer half-way would be refused; what is worked out before that
    keeps nobody waiting.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        options: dict[str, Any] = {} if self.is_sqlite else {"pool_size": pool_size, "pool_pre_ping": True}
        # What citizens wrote stays out of the texts of errors, and so out of the logs.
        self.engine: Engine = create_engine(self.url, hide_parameters=True, **options)
        self._writer = self.engine
        if not self.is_sqlite:
            event.listen(self.engine, "connect", _wait_no_longer)
            event.listen(self.engine, "before_cursor_execute", _note_what_writes)
            _ping_only_what_has_news(self.engine)
        if self.is_sqlite:
            _teach_sqlite(self.engine)
            self._writer = self.engine.execution_options(immediate=True)
        self._glancing = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    def glance(self, statement: Executable) -> Any:
        """Return the one value of a statement outside of any transaction: for what every request asks anew."""
        with self._glancing.connect() as connection:
            return connection.execute(statement).scalar()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session whose work is thrown away at the end.

        What is read for every page and asks for columns goes to its ``connection()``: what a session does beside, for
        objects, is a third of the time of fifty rows.
        """
        with Session(self.engine, autoflush=False) as session:
            yield session
            self.end_reading(session)

    def end_reading(self, session: Session) -> None:
        """End a transaction that only read with COMMIT; one that wrote is left to be thrown away.

        After a ROLLBACK the driver forgets every statement that PostgreSQL had prepared, and each of the next page
        would be planned anew: that is most of what PostgreSQL does for a page of the queue.
        """
        if self.is_sqlite or not session.in_transaction():
            return
        with suppress(DBAPIError):  # the connection is lost, and nothing with it
            if not session.connection().info.pop(_WROTE, False):
                session.expunge_all()
                session.commit()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that commits at the end: state, history and outgoing messages together, or nothing."""
        with Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.commit()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


_ONE_PLAN = text("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)")


def plan_once(session: Session) -> None:
    """Let PostgreSQL keep one plan for whoever asks, to the end of the transaction.

    For statements of many parts, each with an index of its own: to plan one for every value takes longer than to run
    it, and PostgreSQL would do so for ever where it believes that it saves a little by that.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_ONE_PLAN)


def _wait_no_longer(connection: Any, _record: Any) -> None:
    """Let nobody wait for a lock on PostgreSQL longer than on SQLite: a worker that waits serves nobody else."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
    connection.commit()


def _note_what_writes(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    if not statement.startswith(("SELECT", "WITH", "EXPLAIN (FORMAT")):
        connection.info[_WROTE] = True


def _ping_only_what_has_news(engine: Engine) -> None:
    """Ask a server whether it is still there only where the line has something to read: so a hang-up shows.

    Every page takes a connection, and asking is a round trip. A server that goes, or ends a connection, says so on
    the line; one that vanishes without a word would not answer the question either.
    """
    ping = engine.dialect.do_ping

    def do_ping(connection: Any) -> bool:
        line = select.poll()
        line.register(connection.fileno(), select.POLLIN)
        return ping(connection) if line.poll(0) else True

    engine.dialect.do_ping = do_ping  # type: ignore[assignment, method-assign]


def _teach_sqlite(engine: Engine) -> None:
    """Make SQLite behave as a database of record: WAL, foreign keys, and transactions where we say."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late; on_begin sends ours
        connection.create_function("brussels_day", 1, _brussels_day, deterministic=True)
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged request survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        if connection.get_execution_options().get("immediate", False):
            _take_turn(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _brussels_day(moment: str | None) -> str | None:
    """Return the day in Brussels of a moment as SQLite keeps it (UTC, without saying so); it knows no time zones."""
    return moment and brussels_day(datetime.fromisoformat(moment).replace(tzinfo=UTC)).isoformat()


def _take_turn(connection: Any) -> None:
    """Begin to write as soon as the writer before us is done.

    Left alone, SQLite looks again ever more rarely, down to ten times a second, where a commit takes milliseconds: so
    it is asked anew every few. Raises ``OperationalError`` when it is busy for as long as the connection may wait.
    """
    cursor = connection.connection.cursor()
    patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
    until = monotonic() + patience / 1000
    cursor.execute("PRAGMA busy_timeout = 3")
    try:
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                    raise OperationalError("BEGIN IMMEDIATE", None, error) from error
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {patience}")
        cursor.close()
