"""Owns what a case is and when it came: its nature confirmed, its receipt corrected, its period kept or extended."""

from datetime import datetime

from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.errors import Missing
from tracker.casework.house import Actor, House
from tracker.casework.staffing import COMPLAINTS_SERVICE
from tracker.charter.entries import Extended, NatureSet, ReceiptCorrected, WithinPeriod
from tracker.charter.words import Nature, Verb
from tracker.models.cases import Association, Case


def confirm_nature(
    session: Session,
    house: House,
    *,
    reference: str,
    nature: Nature,
    ground: str | None = None,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Confirm what a case is, or say that it is something else.

    Open obligations are then replaced, counted from the original receipt; breaches and promised dates stay. A case
    that proves a complaint also goes to the complaints coordinator (charter §6). A complex one needs its ground.
    """
    file = CaseFile.take(
        session, house, reference=reference, verb=Verb.CONFIRM_NATURE, actor=actor, now=now, seen=seen
    )
    case, before = file.case, file.case.nature
    if nature is Nature.COMPLEX and not (ground or "").strip():
        raise Missing("ground")
    entry = NatureSet(at=now, nature=nature, ground=ground)
    file.try_entry(entry)
    case.nature, case.nature_ground, case.nature_confirmed_at = nature, ground or None, now
    if nature is Nature.COMPLAINT:
        to_complaints(session, case, now)
    file.done(Verb.CONFIRM_NATURE, entry, details={"from": before, "to": nature, "ground": ground})
    return case


def to_complaints(session: Session, case: Case, now: datetime) -> None:
    """Put the complaints coordinator on a case, beside whoever leads it."""
    if case.service_code != COMPLAINTS_SERVICE and session.get(Association, (case.id, COMPLAINTS_SERVICE)) is None:
        session.add(Association(case_id=case.id, service_code=COMPLAINTS_SERVICE, since=now))


def keep_short(
    session: Session, house: House, *, reference: str, actor: Actor, now: datetime, seen: int | None
) -> Case:
    """Record in time that a complex request will be answered within the ordinary period: no interim letter is due."""
    file = CaseFile.take(session, house, reference=reference, verb=Verb.KEEP_SHORT, actor=actor, now=now, seen=seen)
    file.done(Verb.KEEP_SHORT, WithinPeriod(at=now))
    return file.case


def extend(
    session: Session, house: House, *, reference: str, reason: str, actor: Actor, now: datetime, seen: int | None
) -> Case:
    """Extend the period of a request for a document, once (law of 11 April 1994, art. 6 §5)."""
    file = CaseFile.take(session, house, reference=reference, verb=Verb.EXTEND, actor=actor, now=now, seen=seen)
    file.done(Verb.EXTEND, Extended(at=now, reason=reason), details={"reason": reason})
    return file.case


def correct_receipt(
    session: Session,
    house: House,
    *,
    reference: str,
    received_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Correct the moment at which a case first reached the FPS, with the reason; open promises are counted again."""
    file = CaseFile.take(
        session, house, reference=reference, verb=Verb.CORRECT_RECEIPT, actor=actor, now=now, seen=seen
    )
    before = file.case.received_at
    entry = ReceiptCorrected(at=now, received_at=received_at, channel=file.case.channel, reason=reason)
    file.try_entry(entry)
    file.case.received_at = received_at
    file.done(
        Verb.CORRECT_RECEIPT,
        entry,
        details={"from": before.isoformat(), "to": received_at.isoformat(), "reason": reason},
    )
    return file.case
