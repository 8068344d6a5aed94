"""Owns what a mail server's word that a message of ours never arrived does: what it had kept is owed again."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.house import SYSTEM, House
from tracker.casework.leaving import void_leaving
from tracker.charter.errors import CharterError
from tracker.correspondence.incoming import Incoming
from tracker.correspondence.tracking import ours
from tracker.models.cases import Case
from tracker.models.mail import Mail

LONGEST_STATUS = 300


def take_back(session: Session, house: House, mail: Mail, incoming: Incoming, *, now: datetime) -> None:
    """Void each message of ours that a bounce names, with the bounce as evidence: open again, by the same date.

    A Message-ID of ours cannot be made up (it is keyed), so that only who was sent a message can say this of it.
    """
    bounced: list[dict[str, Any]] = []
    for failed in dict.fromkeys(incoming.bounced):
        told = ours(house.secret, failed)
        case = session.scalar(select(Case).where(Case.reference == told[0])) if told else None
        if told is not None and case is not None:
            voided = _voided(session, house, case, told[1], _evidence(mail, incoming), now)
            bounced.append({"reference": case.reference, "message": told[1], "voided": voided})
            mail.case_id = case.id
    if bounced:
        mail.details = {**(mail.details or {}), "bounced": bounced, "status": incoming.bounce_status[:LONGEST_STATUS]}


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
