"""Owns what a person decides about mail that was held or ignored: whose it is, that it is nothing, or just seen."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import SETTLE, MailFacts, may_with_mail
from tracker.casework.casefile import facts_of, find
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor, House
from tracker.casework.mail.message import join_case, make_case, read_mail, unpack
from tracker.casework.mail.store import Mailroom
from tracker.casework.mail.taking_in import TakenIn, told
from tracker.charter.words import MailOutcome, MailReason
from tracker.insight.mailbox import desks
from tracker.models.cases import Association, Case
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


def release(
    session: Session,
    house: House,
    room: Mailroom,
    *,
    mail_id: int,
    into: str | None,
    actor: Actor,
    now: datetime,
) -> TakenIn:
    """Give a mail that was held or ignored to a case (``into``: its reference), or register it as a new one.

    It counts from its first arrival, however long it was held. Raises ``MailSettled``, ``UnknownMail``,
    ``NotPermitted``, ``UnknownReference``, or ``OSError`` when the raw mail cannot be read.
    """
    mail = _take(session, mail_id, actor)
    was = {"outcome": mail.outcome, "reason": mail.reason}
    incoming = read_mail(room, mail, now=now, whole=True).incoming
    mail.quoted = incoming.quoted or None
    with unpack(incoming, room) as unpacked:
        if into is None:
            make_case(session, house, mail, incoming, unpacked, actor=actor, now=now)
            mail.outcome = MailOutcome.REGISTERED
        else:
            who = _deliverer(session, into, actor)
            join_case(session, house, mail, incoming, unpacked, into=into, actor=who, now=now)
            mail.outcome = MailOutcome.ATTACHED
        mail.details = {**(mail.details or {}), "was": was}
        _settle(mail, actor, now)
        session.flush()
    return told(session, mail)


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
    if mail.outcome not in (MailOutcome.HELD, MailOutcome.IGNORED) or mail.settled_at is not None:
        raise MailSettled
    return mail


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
