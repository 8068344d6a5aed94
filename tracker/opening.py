"""Owns the way from the settings to what a process works with: logs, database, the law of the house."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text

from config import Settings, SettingsError
from tracker.casework.closing_days import CalendarInForce
from tracker.casework.house import House
from tracker.casework.mail.store import Mailroom
from tracker.casework.routing_in_force import RoutingInForce
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.rules import RuleBook
from tracker.models.database import Database

if TYPE_CHECKING:
    from tracker.casework.paper import Cabinet
    from tracker.correspondence.parcel import Sender
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


def is_not_there_yet(settings: Settings) -> bool:
    """Say whether the database is an SQLite file that nobody made yet: opening it would leave an empty one."""
    url = make_url(settings.database_url)
    return url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists())


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Let no other process set up the same database meanwhile; on SQLite every writer waits for its turn anyhow."""
    if database.is_sqlite:
        yield
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET lock_timeout = 0"))  # another may migrate for minutes
        connection.execute(text(f"SELECT pg_advisory_lock({SETTING_UP})"))
        try:
            yield
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({SETTING_UP})"))


def open_cabinet(settings: Settings) -> "Cabinet":
    """Return where what goes on paper is kept."""
    from tracker.casework.paper import Cabinet  # it sets letters: only where there are some

    return Cabinet(settings.letters_dir, settings.attachments_dir)


def open_routing(settings: Settings, database: Database | None = None) -> RoutingInForce:
    """Return what gives the router in force; without a database, that of the product."""
    return RoutingInForce(database, partial(_router, settings))


def _router(settings: Settings) -> "Router":
    """Return the router with the model of the product; its encoder shares its largest part with other processes."""
    from tracker.routing import router as routing  # some hundred milliseconds: only where something is routed
    from tracker.routing.directory import load_directory
    from tracker.routing.meaning import Meaning
    from tracker.routing.nature import URGENT_AT

    return routing.Router(
        load_directory(),
        meaning=Meaning(settings.routing_dir if settings.var_dir.is_dir() else None),
        auto_at=routing.AUTO_AT if settings.route_auto is None else settings.route_auto,
        suggest_at=routing.SUGGEST_AT if settings.route_suggest is None else settings.route_suggest,
        urgent_from=URGENT_AT if settings.route_urgent is None else settings.route_urgent,
    )


def open_house(settings: Settings, routing: RoutingInForce | None = None, database: Database | None = None) -> House:
    """Return the rules, the calendar and the router in force.

    ``routing``: none, and the router is the product's; ``database``: none, and the calendar is.
    Raises ``RulesFileError`` with file and line.
    """
    shipped = WorkingCalendar.shipped()
    return House(
        rules=RuleBook.shipped(),
        shipped_calendar=shipped,
        router=routing or open_routing(settings),
        reference_prefix=settings.reference_prefix,
        base_url=settings.base_url,
        secret=settings.secret_key.encode(),
        duty_email=settings.duty_email,
        survey_url=settings.survey_url,
        survey_months=settings.survey_months,
        calendar_in_force=CalendarInForce(database, shipped) if database is not None else None,
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
    from tracker.correspondence.parcel import Sender
    from tracker.correspondence.transport import transport_for

    database = open_database(settings)
    return Machine(
        database=database,
        house=open_house(settings, open_routing(settings, database), database),
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
    """Send logs to standard error, a line each, as text or as JSON; they hold no personal data.

    ``LOG_LEVEL`` is that of our own; of what we use only warnings are told, and what is worse.
    """
    level = getattr(logging, settings.log_level)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Told(as_json=settings.log_format == "json"))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler])
    logging.getLogger("tracker").setLevel(level)


class _Told(logging.Formatter):
    """Writes when (UTC), how grave, what, and what was given beside it as ``extra={"figures": …}``."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line; the trace of an error follows it in text, and stands in it in JSON."""
        when, level = datetime.fromtimestamp(record.created, UTC).isoformat(), record.levelname.lower()
        figures: dict[str, object] = getattr(record, "figures", {})
        trace = self.formatException(record.exc_info) if record.exc_info else None
        if self._as_json:
            told = {**figures, "event": record.getMessage(), "level": level, "logger": record.name, "timestamp": when}
            return json.dumps(
                told if trace is None else {**told, "exception": trace}, default=str, ensure_ascii=False
            )
        line = " ".join([when, level, record.getMessage(), *(f"{name}={value}" for name, value in figures.items())])
        return line if trace is None else f"{line}\n{trace}"


def clock() -> datetime:
    """Return the present moment in UTC: the doors and the scheduler read it here, every other room is told."""
    return datetime.now(UTC)
