"""Owns what a person decides about mail that was held or ignored: whose it is, that it is nothing, or just seen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import SETTLE, MailFacts, may_with_mail
from tracker.casework.casefile import facts_of, find
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor, House
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
from tracker.casework.mail.store import Mailroom
from tracker.casework.mail.taking_in import TakenIn, describe, received, told
from tracker.charter.words import MailOutcome, MailReason
from tracker.insight.mailbox import desks
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.mail import Mail


class MailSettled(Refused):
    """Somebody has decided about this mail already, or it was taken in by itself."""

    code = "mail_settled"

    def __init__(self) -> None:
        super().__init__("This mail has been decided about in the meantime: look at the list again.")


class UnknownMail(Refused):
    """There is no such mail."""

    code = "unknown_mail"

    def __init__(self, number: object) -> None:
        super().__init__(f"There is no mail with the number {number}: look at the list again.", number=str(number))


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail that was read, with its files, for as long as somebody decides where it goes."""

    mail_id: int
    into: str | None
    """The reference of the case that it is for; none: a new one."""
    reading: Reading
    unpacked: Unpacked
    request: Request | None
    """What it is registered as, when it is for none."""


@contextmanager
def opened(
    database: Database, house: House, room: Mailroom, *, mail_id: int, into: str | None, now: datetime
) -> Iterator[Opened]:
    """Read a mail that was held or ignored and keep its files, before a transaction is begun: nobody waits for it.

    ``into`` is the reference of the case that it goes to; none: a new one. What nobody releases is thrown away again.
    Raises ``UnknownMail``, ``MailSettled``, or ``OSError`` when the raw mail cannot be read.
    """
    with database.reading() as session:
        mail = session.get(Mail, mail_id)
        if mail is None:
            raise UnknownMail(mail_id)
        _check_open(mail)
    reading = read_mail(room, mail, now=now, whole=True)
    with unpack(reading.incoming, room) as unpacked:
        request = None
        if into is None:
            at = mail.received_at or received(reading)
            request = request_of(house, reading, unpacked, key=key_of(mail), received_at=at, now=now)
        yield Opened(mail_id, into, reading, unpacked, request)


def release(session: Session, house: House, mail: Opened, *, actor: Actor, now: datetime) -> TakenIn:
    """Give a mail that was held or ignored to the case that it was opened for, or register it as a new one.

    It counts from its first arrival, however long it was held. Raises ``MailSettled``, ``UnknownMail``,
    ``NotPermitted`` or ``UnknownReference``.
    """
    row, incoming = _take(session, mail.mail_id, actor), mail.reading.incoming
    was = {"outcome": row.outcome, "reason": row.reason}
    if row.language is None:  # it had not been read when it was held
        first = row.received_at
        describe(row, mail.reading)
        row.received_at = first or row.received_at
    row.quoted = incoming.quoted or None
    if mail.request is not None:
        make_case(session, house, row, mail.request, mail.unpacked, actor=actor, now=now)
        row.outcome = MailOutcome.REGISTERED
    else:
        assert mail.into is not None
        who = _deliverer(session, mail.into, actor)
        join_case(session, house, row, incoming, mail.unpacked, into=mail.into, actor=who, now=now)
        row.outcome = MailOutcome.ATTACHED
    row.details = {**(row.details or {}), **mail.reading.to_json(), "was": was}
    _settle(row, actor, now)
    session.flush()
    return told(session, row)


def set_aside(session: Session, *, mail_id: int, reason: str, actor: Actor, now: datetime) -> TakenIn:
    """Record that a held mail is nothing to answer, and why. Raises ``Missing`` and what ``release`` raises."""
    if not reason.strip():
        raise Missing("reason")
    mail = _take(session, mail_id, actor)
    was = {"outcome": mail.outcome, "reason": mail.reason}
    mail.details = {**(mail.details or {}), "was": was, "set_aside": reason.strip()}
    mail.outcome = MailOutcome.IGNORED
    _settle(mail, actor, now)
    return told(session, mail)


def seen(session: Session, *, mail_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Record that somebody looked at ignored mails and left them at that; return how many there were.

    A held mail among them stays as it is: it needs a decision. Raises ``NotPermitted`` or ``UnknownMail``.
    """
    done = 0
    for mail_id in sorted(set(mail_ids)):
        mail = _locked(session, mail_id)
        _permit(session, mail, actor)
        if mail.outcome is MailOutcome.IGNORED and mail.settled_at is None:
            mail.settled_at, mail.settled_by = now, actor.staff_id
            done += 1
    return done


def _take(session: Session, mail_id: int, actor: Actor) -> Mail:
    """Lock a mail that waits for somebody's decision."""
    mail = _locked(session, mail_id)
    _permit(session, mail, actor)
    _check_open(mail)
    return mail


def _check_open(mail: Mail) -> None:
    if mail.outcome not in (MailOutcome.HELD, MailOutcome.IGNORED) or mail.settled_at is not None:
        raise MailSettled


def _locked(session: Session, mail_id: int) -> Mail:
    mail = session.scalar(select(Mail).where(Mail.id == mail_id).with_for_update())
    if mail is None:
        raise UnknownMail(mail_id)
    return mail


def _settle(mail: Mail, actor: Actor, now: datetime) -> None:
    mail.reason, mail.due_on, mail.settled_at, mail.settled_by = MailReason.BY_HAND, None, now, actor.staff_id


def _permit(session: Session, mail: Mail, actor: Actor) -> None:
    """Make sure that an actor may decide about a mail; raises ``NotPermitted``."""
    if actor.person is None or not may_with_mail(actor.person, SETTLE, _facts_of(session, mail)):
        raise NotPermitted(SETTLE)


def _deliverer(session: Session, into: str, actor: Actor) -> Actor:
    """Return the one in whose name a mail joins a case.

    A dispatcher hands mail to any service, whose cases are not theirs to read: it is a delivery, in their name only.
    """
    case = find(session, into)
    dispatches = actor.person is not None and may_with_mail(actor.person, SETTLE, MailFacts(None, desks(session)))
    concerned = case.about_staff_id is not None and case.about_staff_id == actor.staff_id
    return Actor(actor.name) if dispatches and not concerned else actor


def _facts_of(session: Session, mail: Mail) -> MailFacts:
    presumed = None
    if mail.case_id is not None:
        case = find(session, session.get_one(Case, mail.case_id).reference)  # one that was merged leads on
        beside = session.scalars(select(Association.service_code).where(Association.case_id == case.id)).all()
        presumed = facts_of(case, beside)
    return MailFacts(presumed, desks(session))
