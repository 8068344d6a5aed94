"""Owns the way from the settings to what a process works with: logs, database, the law of the house."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import text

from config import Settings, SettingsError
from tracker.casework.house import House
from tracker.casework.mail.store import Mailroom
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.rules import RuleBook
from tracker.models.database import Database

if TYPE_CHECKING:
    from tracker.correspondence.mail import Sender
    from tracker.correspondence.transport import Transport
    from tracker.routing.router import Router

SETTING_UP = 0x5075697669
"""The key of the lock under which a database is set up."""


def open_database(settings: Settings) -> Database:
    """Return the database; the folder of an SQLite file is made. Raises ``SettingsError`` when that cannot be."""
    database = Database(settings.database_url)
    path = database.url.database
    if database.is_sqlite and path:
        folder = settings.var_dir if path.startswith(str(settings.var_dir)) else None
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"VAR_DIR is {str(folder)!r}, which cannot be made ({error.strerror}).") from error
    return database


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Let no other process set up the same database meanwhile; on SQLite every writer waits for its turn anyhow."""
    if database.is_sqlite:
        yield
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({SETTING_UP})"))
        try:
            yield
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({SETTING_UP})"))


def open_house(settings: Settings) -> House:
    """Return the rules, the calendar and the router in force. Raises ``RulesFileError`` with file and line."""

    @cache
    def router() -> "Router":
        from tracker.routing import router as routing  # some hundred milliseconds: only where something is routed
        from tracker.routing.directory import load_directory

        return routing.Router(
            load_directory(),
            auto_at=routing.AUTO_AT if settings.route_auto is None else settings.route_auto,
            suggest_at=routing.SUGGEST_AT if settings.route_suggest is None else settings.route_suggest,
        )

    return House(
        rules=RuleBook.shipped(),
        calendar=WorkingCalendar.shipped(),
        router=router,
        reference_prefix=settings.reference_prefix,
        base_url=settings.base_url,
        secret=settings.secret_key.encode(),
        duty_email=settings.duty_email,
        survey_url=settings.survey_url,
    )


@dataclass(frozen=True)
class Machine:
    """What the jobs work with."""

    database: Database
    house: House
    transport: "Transport"
    """The way out for mail."""
    sender: "Sender"
    attachments: Path
    """The folder that uploads lie in."""
    mail: Path
    """The folder that raw mail lies in."""
    letters: Path
    """The folder that letters lie in, as they were printed."""
    settings: Settings
    stopping: Event = field(default_factory=Event)
    """Set when the process is told to end: a long job looks at it between two pieces of work."""


def open_machine(settings: Settings) -> Machine:
    """Return what the jobs work with. Raises ``SettingsError`` or ``RulesFileError``."""
    from tracker.correspondence.mail import Sender
    from tracker.correspondence.transport import transport_for

    return Machine(
        database=open_database(settings),
        house=open_house(settings),
        transport=transport_for(settings.smtp_url, settings.outbox_dir),
        sender=Sender(
            mail_from=settings.mail_from,
            base_url=settings.base_url,
            attachments=settings.attachments_dir,
            secret=settings.secret_key.encode(),
            fetches=settings.imap_url is not None,
        ),
        attachments=settings.attachments_dir,
        mail=settings.mail_dir,
        letters=settings.letters_dir,
        settings=settings,
    )


def open_mailroom(settings: Settings) -> Mailroom:
    """Return where mail is kept that comes in, and what it is judged by."""
    return Mailroom(
        mail=settings.mail_dir,
        attachments=settings.attachments_dir,
        mail_bytes=settings.mail_bytes,
        file_bytes=settings.upload_bytes,
        hosts=settings.mail_hosts,
        address=parseaddr(settings.mail_from)[1].lower(),
    )


def open_logs(settings: Settings) -> None:
    """Send structured logs to standard error, as text or JSON lines; they hold no personal data."""
    import structlog

    level = getattr(logging, settings.log_level)
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer()
            if settings.log_format == "json"
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def clock() -> datetime:
    """Return the present moment in UTC: the doors and the scheduler read it here, every other room is told."""
    return datetime.now(UTC)
