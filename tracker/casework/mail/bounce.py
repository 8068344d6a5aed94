"""Owns what a mail server's word that a message of ours never arrived does: what it had kept is owed again."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import erasure_of
from tracker.casework.house import SYSTEM, House
from tracker.casework.leaving import void_leaving
from tracker.casework.writing import message_of
from tracker.charter.errors import CharterError
from tracker.charter.words import Channel
from tracker.correspondence.incoming import Incoming
from tracker.correspondence.tracking import MailKind, message_id, ours
from tracker.models.cases import Case
from tracker.models.mail import Mail

LONGEST_STATUS = 300
GIVEN_UP_AFTER = timedelta(days=10)
"""Mail servers give a mail up after some five days (RFC 5321, 4.5.4.1): a report much later is not theirs."""


def take_back(session: Session, house: House, mail: Mail, incoming: Incoming, *, now: datetime) -> None:
    """Void each message of ours that a bounce names, with the bounce as evidence: open again, by the same date.

    A Message-ID of ours cannot be made up (it is keyed), so that only who was sent a message can say this of it, and
    only while a mail server may still be trying: whoever got our answer cannot take it back from us a year later. A
    report that voids nothing is listed for the handler all the same; what it says of an erased case is nobody's.
    """
    bounced: list[dict[str, Any]] = []
    for failed in dict.fromkeys(incoming.bounced):
        told = ours(house.secret, failed)
        case = session.scalar(select(Case).where(Case.reference == told[0])) if told else None
        if told is not None and case is not None and erasure_of(session, case) is None:
            voided = _may_be_true(session, house, case, told[1], failed, incoming) and _voided(
                session, house, case, told[1], _evidence(mail, incoming), now
            )
            bounced.append({"reference": case.reference, "message": told[1], "voided": voided})
            mail.case_id = case.id
    if bounced:
        mail.details = {**(mail.details or {}), "bounced": bounced, "status": incoming.bounce_status[:LONGEST_STATUS]}


def _may_be_true(session: Session, house: House, case: Case, number: int, failed: str, incoming: Incoming) -> bool:
    """Say whether the report is of this very message, which left by mail, and not long ago."""
    message = message_of(session, case.id, number)
    if message is None or message.channel is not Channel.EMAIL or message.left_at is None:
        return False
    its_id = message_id(house.secret, MailKind.MESSAGE, case.reference, number, message.written_at, domain="")
    same = failed.strip("<> ").lower().rpartition("@")[0] == its_id.strip("<>").rpartition("@")[0]
    return same and incoming.received_at - message.left_at <= GIVEN_UP_AFTER


def _voided(session: Session, house: House, case: Case, number: int, evidence: str, now: datetime) -> bool:
    """Void one message; false when there is nothing left to take back, and a person looks at the bounce anyhow."""
    if case.merged_into_id is not None:
        return False  # what it had kept went to the case that took this one in
    try:
        with session.begin_nested():
            void_leaving(
                session,
                house,
                reference=case.reference,
                message_number=number,
                evidence=evidence,
                actor=SYSTEM,
                now=now,
                seen=None,
            )
    except CharterError:
        return False
    return True


def _evidence(mail: Mail, incoming: Incoming) -> str:
    status = " ".join(incoming.bounce_status.split())[:LONGEST_STATUS]
    return f"{status or 'undeliverable'} (mail {mail.id})"
