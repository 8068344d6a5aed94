"""Owns what becomes of a mail that came in: read, decided about by the table, and made so, in one commit.

A mail that was laid down is decided about once, however often and from how many processes at once it is taken in.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, SQLAlchemyError
from sqlalchemy.orm import Session

from tracker.casework.house import CITIZEN, House
from tracker.casework.mail.bounce import take_back
from tracker.casework.mail.brake import brake_for
from tracker.casework.mail.known import (
    PATIENCE,
    digests_of,
    known_of,
    let_nobody_else_decide,
    like_before,
    said_by_itself,
    same_before,
)
from tracker.casework.mail.message import (
    Reading,
    Request,
    Unpacked,
    join_case,
    key_of,
    make_case,
    read_mail,
    request_of,
    unpack,
)
from tracker.casework.mail.store import EARLIEST, Mailroom
from tracker.casework.mail.table import Line, decide
from tracker.casework.mail.thread import LONGEST_ID, Thread, thread_of
from tracker.casework.staffing import NobodyThere
from tracker.charter.counting import aware
from tracker.charter.obligations import assess
from tracker.charter.words import Channel, MailOutcome, MailReason, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail

log = logging.getLogger(__name__)

BATCH = 200
NOT_READ = "not read"
"""Stands as the error of a mail that the disk did not give: it may well do so later."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a mail. ``reference``: the case it is on, or, while it is held, is presumed to be about."""

    mail_id: int
    outcome: MailOutcome
    reference: str | None
    reason: MailReason

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"outcome": self.outcome.value, "reference": self.reference, "reason": self.reason.value}


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """All that a mail says by itself, before a transaction is begun."""

    reading: Reading
    unpacked: Unpacked
    request: Request | None
    """What it would be registered as; none where nothing that came before it could make it a case."""


def take_in(database: Database, house: House, room: Mailroom, *, mail_id: int, now: datetime) -> TakenIn:
    """Read a mail that was laid down and do with it what the table says; ``now`` is aware.

    What takes time (reading it, drawing its pictures anew, telling its language and service) comes before the
    transaction, and keeps nobody waiting. Raises ``OSError`` when the disk fails, and what the database raises.
    """
    now = aware(now)
    with database.reading() as session:
        mail = session.get_one(Mail, mail_id)
        if not _is_to_decide(mail, now):
            return told(session, mail)
    try:
        reading = read_mail(room, mail, now=now)
        with unpack(reading.incoming, room) as unpacked:
            worked_out = _worked_out(house, mail, reading, unpacked, now)
            with database.writing() as session:
                return take_in_mail(session, house, mail_id=mail_id, worked_out=worked_out, now=now)
    except (OSError, NobodyThere):
        raise  # the disk, the database or the setting up: nothing that this mail has to do with
    except Exception as error:
        if isinstance(error, SQLAlchemyError) and not isinstance(error, DataError):
            raise
        log.error(
            "mail %s could not be made a message: %s", mail_id, type(error).__name__
        )  # its text stays out of logs
        return _hold_unread(database, house, mail_id=mail_id, why=type(error).__name__, now=now)


def _worked_out(house: House, mail: Mail, reading: Reading, unpacked: Unpacked, now: datetime) -> WorkedOut:
    if decide(said_by_itself(house, reading)).outcome is not MailOutcome.REGISTERED:
        return WorkedOut(reading, unpacked, None)
    request = request_of(house, reading, unpacked, key=key_of(mail), received_at=received(reading), now=now)
    return WorkedOut(reading, unpacked, request)


def received(reading: Reading) -> datetime:
    """Return when a mail first reached us (aware), as its row can hold it."""
    return max(reading.incoming.received_at, EARLIEST)


def _hold_unread(database: Database, house: House, *, mail_id: int, why: str, now: datetime) -> TakenIn:
    """Hold a mail that this version of Suivi fails over: it is a person's to read, and stops no other mail."""
    with database.writing() as session:
        mail = session.scalars(select(Mail).where(Mail.id == mail_id).with_for_update()).one()
        if _is_to_decide(mail, now):
            mail.received_at = mail.received_at or mail.arrived_at or mail.stored_at
            mail.outcome, mail.reason, mail.decided_at = MailOutcome.HELD, MailReason.UNREADABLE, now
            mail.details, mail.due_on = {"error": why}, due_on(house, mail)
            session.flush()
        return told(session, mail)


def take_in_mail(
    session: Session,
    house: House,
    *,
    mail_id: int,
    worked_out: WorkedOut,
    now: datetime,
) -> TakenIn:
    """Decide about a mail and make it so, in the caller's commit; one decided about gives its outcome again."""
    mail = session.scalars(select(Mail).where(Mail.id == mail_id).with_for_update()).one()
    if not _is_to_decide(mail, now):
        return told(session, mail)
    reading = worked_out.reading
    incoming = reading.incoming
    let_nobody_else_decide(session, incoming.sender)
    before = same_before(session, mail, incoming)
    thread = thread_of(session, house, incoming)
    alike = like_before(session, mail, incoming, now=now)
    line = decide(known_of(session, house, reading, thread, before, alike, now=now))
    describe(mail, reading)
    mail.case_id = _presumed(line, thread, before, alike)
    mail.details = {**digests_of(incoming), **thread.to_json(), **reading.to_json()}
    _make_so(session, house, mail, worked_out, thread, line, now)
    mail.outcome, mail.reason, mail.decided_at = line.outcome, line.reason, now
    session.flush()
    return told(session, mail)


def _presumed(line: Line, thread: Thread, before: Mail | None, alike: Sequence[int]) -> int | None:
    """Return the case that a mail is presumed to be about: that of the same mail before, else where its thread leads,
    else, when it is held since the same words came before, that of the last of them."""
    if before is not None:
        return before.case_id
    if thread.case is not None:
        return thread.case.id
    return alike[0] if line.reason is MailReason.SAME_MAIL else None


def take_in_waiting(database: Database, house: House, room: Mailroom, *, now: datetime) -> int:
    """Take in every mail that a crash left undecided, and those whose sender wrote too many an hour ago.

    Returns how many were decided about. One that cannot be read from the disk is held, so that somebody sees it and
    it keeps none of the others waiting, and is tried again every hour.
    """
    now, done = aware(now), 0
    for mail_id in list(_waiting(database, now)):
        try:
            take_in(database, house, room, mail_id=mail_id, now=now)
            done += 1
        except OSError as error:
            log.error("mail %s cannot be read: %s", mail_id, type(error).__name__)
            _hold_unread(database, house, mail_id=mail_id, why=NOT_READ, now=now)
    return done


def _waiting(database: Database, now: datetime) -> Iterator[int]:
    for_now = (Mail.outcome == MailOutcome.HELD) & Mail.settled_at.is_(None) & (Mail.decided_at <= now - PATIENCE)
    too_many = for_now & (Mail.reason == MailReason.TOO_MANY)
    not_read = for_now & (Mail.reason == MailReason.UNREADABLE) & (Mail.details["error"].as_string() == NOT_READ)
    for which in (Mail.outcome.is_(None), too_many, not_read):
        with database.reading() as session:
            yield from session.scalars(select(Mail.id).where(which).order_by(Mail.id).limit(BATCH)).all()


def _is_to_decide(mail: Mail, now: datetime) -> bool:
    if mail.outcome is None:
        return True
    not_read = mail.reason is MailReason.UNREADABLE and (mail.details or {}).get("error") == NOT_READ
    waits = mail.outcome is MailOutcome.HELD and mail.settled_at is None
    for_now = waits and (not_read or mail.reason is MailReason.TOO_MANY)
    return for_now and mail.decided_at is not None and mail.decided_at <= now - PATIENCE


def told(session: Session, mail: Mail) -> TakenIn:
    assert mail.outcome is not None
    assert mail.reason is not None
    reference = session.scalar(select(Case.reference).where(Case.id == mail.case_id)) if mail.case_id else None
    return TakenIn(mail.id, mail.outcome, reference, mail.reason)


def describe(mail: Mail, reading: Reading) -> None:
    """Write down whose mail it is and when it first reached us."""
    incoming = reading.incoming
    mail.received_at = received(reading)
    mail.message_id = incoming.message_id[:LONGEST_ID] if incoming.message_id else None
    mail.sender = incoming.sender
    mail.sender_name = incoming.sender_name[:200] or None
    mail.subject = incoming.subject
    mail.language = reading.language
    mail.quoted = incoming.quoted or None


def _make_so(
    session: Session,
    house: House,
    mail: Mail,
    worked_out: WorkedOut,
    thread: Thread,
    line: Line,
    now: datetime,
) -> None:
    """Do what a line of the table says."""
    incoming, unpacked, mail.due_on = worked_out.reading.incoming, worked_out.unpacked, None
    if line.outcome is MailOutcome.HELD:
        mail.due_on = due_on(house, mail)
    elif line.outcome is MailOutcome.ATTACHED:
        assert thread.case is not None
        join_case(session, house, mail, incoming, unpacked, into=thread.case.reference, actor=CITIZEN, now=now)
    elif line.outcome is MailOutcome.REGISTERED:
        brake = brake_for(session, incoming.sender, now=now)
        assert worked_out.request is not None
        make_case(session, house, mail, worked_out.request, unpacked, actor=CITIZEN, now=now, brake=brake)
    elif line.reason is MailReason.BOUNCE:
        take_back(session, house, mail, incoming, now=now)


def due_on(house: House, mail: Mail) -> date:
    """Return by when (Brussels) a held mail would be answered, were it a request: P1, from its first arrival."""
    assert mail.received_at is not None
    owed = assess(mail.received_at, Channel.EMAIL, Nature.INFORMATION, house.rules, house.calendar)
    return owed[0].due_on
