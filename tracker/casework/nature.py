"""Owns what a case is and when it came: its nature confirmed, its receipt corrected, its period kept or extended."""

from datetime import datetime

from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.corrective import give_on
from tracker.casework.errors import Missing
from tracker.casework.house import Actor, House
from tracker.casework.people import UnknownService
from tracker.casework.staffing import COMPLAINTS_SERVICE, Team
from tracker.casework.tasks import closed_to
from tracker.charter.counting import brussels_day
from tracker.charter.entries import Extended, NatureSet, ReceiptCorrected, WithinPeriod
from tracker.charter.obligations import Obligation
from tracker.charter.words import Nature, ServiceKind, Verb
from tracker.models.cases import Association, Case
from tracker.models.directory import Service


def confirm_nature(
    session: Session,
    house: House,
    *,
    reference: str,
    nature: Nature,
    ground: str | None = None,
    about_staff_id: int | None = None,
    about_service: str | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Confirm what a case is, or say that it is something else.

    Open obligations are then replaced, counted from the original receipt; breaches and promised dates stay. A case
    that proves a complaint also goes to the complaints coordinator and the service it is about; whoever it concerns
    stops handling it (charter §6). A complaint is about whom and what is given here: who was named before and is not
    any more takes part in it again like everybody else, and that needs a ``reason``. A complex one needs its ground.
    Raises ``Missing`` or ``UnknownService``.
    """
    file = CaseFile.take(
        session, house, reference=reference, verb=Verb.CONFIRM_NATURE, actor=actor, now=now, seen=seen
    )
    case, before = file.case, file.case.nature
    if nature is Nature.COMPLEX and not (ground or "").strip():
        raise Missing("ground")
    if nature is Nature.COMPLAINT:
        _check_concerned(session, case, about_staff_id, about_service, reason)
    entry = NatureSet(at=now, nature=nature, ground=ground)
    file.try_entry(entry)
    case.nature, case.nature_ground, case.nature_confirmed_at = nature, ground or None, now
    details: dict[str, object] = {"from": before, "to": nature, "ground": ground}
    if nature is Nature.COMPLAINT:
        case.about_staff_id, case.about_service_code = about_staff_id, about_service
        details |= _to_complaints(session, case, now) | dict(closed_to(file))
        details |= {"reason": reason.strip()} if reason.strip() else {}
    file.done(Verb.CONFIRM_NATURE, entry, details=details)
    return case


def _check_concerned(
    session: Session, case: Case, staff_id: int | None, service_code: str | None, reason: str
) -> None:
    """Refuse a service that is not there, and to name somebody no more without saying why."""
    if service_code is not None and session.get(Service, service_code) is None:
        raise UnknownService(service_code)
    named = ((case.about_staff_id, staff_id), (case.about_service_code, service_code))
    if any(was is not None and given is None for was, given in named) and not reason.strip():
        raise Missing("reason")


def _to_complaints(session: Session, case: Case, now: datetime) -> dict[str, object]:
    """Put the coordinator and the service it is about beside whoever leads; take it from whom it concerns.

    Returns what the history says of it.
    """
    joining = {COMPLAINTS_SERVICE}
    concerned = session.get(Service, case.about_service_code) if case.about_service_code else None
    if concerned is not None and concerned.kind is ServiceKind.INTERNAL:
        joining.add(concerned.code)
    for code in sorted(joining - {case.service_code}):
        if session.get(Association, (case.id, code)) is None:
            session.add(Association.beside(case, code, since=now))
    about: dict[str, object] = {"about_staff": case.about_staff_id, "about_service": case.about_service_code}
    return about | keep_from_whom_it_concerns(session, case, now)


def keep_from_whom_it_concerns(session: Session, case: Case, now: datetime) -> dict[str, object]:
    """Take a complaint, and what is still to be done because of it, from the colleague it is about (charter §6).

    Returns what the history says of it.
    """
    told: dict[str, object] = {}
    if case.about_staff_id is None:
        return told
    if case.handler_id == case.about_staff_id:
        team = Team.load(session, day=brussels_day(now))
        case.handler_id = team.handler_for(case.service_code, turn=case.id, not_this=case.about_staff_id).id
        told["handler"] = case.handler_id
    given = give_on(session, case)
    return told | ({"given": given} if given else {})


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


def owed_from(
    session: Session,
    house: House,
    *,
    reference: str,
    received_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> list[Obligation]:
    """Return what would be owed after a correction of the receipt, the earliest first; nothing is written."""
    file = CaseFile.take(
        session, house, reference=reference, verb=Verb.CORRECT_RECEIPT, actor=actor, now=now, seen=seen, lock=False
    )
    entry = ReceiptCorrected(at=now, received_at=received_at, channel=file.case.channel, reason=reason)
    return sorted(file.try_entry(entry).open_obligations, key=lambda promise: (promise.due_on, promise.number))
