"""Owns what comes back on a case: a follow-up from the citizen, a case another body sends back, a lost code."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.attachments import adopt
from tracker.casework.casefile import CaseFile, check_not_erased, find, permit
from tracker.casework.daybook import Arrival, came_in, check_arrival, reason_of, sent_back
from tracker.casework.errors import Missing, UnknownReference
from tracker.casework.house import SYSTEM, Actor, House
from tracker.casework.register import Intake, Registered, register
from tracker.casework.teaching import forget
from tracker.casework.to_and_fro import refer
from tracker.casework.void_prints import void_prints_with_old_codes
from tracker.casework.writing import post_code
from tracker.charter.entries import FollowedUp, Returned
from tracker.charter.words import CaseState, Channel, Direction, MessageKind, Nature, Verb
from tracker.models.cases import Case
from tracker.models.messages import Message


def follow_up(
    session: Session,
    house: House,
    *,
    reference: str,
    text: str,
    channel: Channel,
    received_at: datetime,
    submission_key: str | None = None,
    attachments: Sequence[int] = (),
    arrival: Arrival | None = None,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Message:
    """Add what the requester sends about a case: it joins the case, and reopens a closed one.

    When nothing is owed any more (answered or closed) it opens a promise of its own, counted from its own receipt
    and channel; otherwise none is added. The same ``submission_key`` a second time changes nothing. The text may be
    empty when ``attachments`` hold it; ``arrival`` is the day of receipt as a clerk gives it. Raises ``Missing`` or
    ``UnusualDay``.
    """
    if not text.strip() and not attachments:
        raise Missing("text")
    check_arrival(arrival, now)
    known = _already(session, submission_key)
    seen = seen if known is None else None  # it is this very form that changed the case since
    file = CaseFile.take(session, house, reference=reference, verb=Verb.FOLLOW_UP, actor=actor, now=now, seen=seen)
    known = known or _already(session, submission_key)  # it may have come while we waited for our turn
    if known is not None:
        return known
    message = Message(
        case_id=file.case.id,
        number=file.next_message_number(),
        submission_key=submission_key,
        direction=Direction.IN,
        kind=MessageKind.FOLLOW_UP,
        channel=channel,
        language=file.case.language,
        subject=file.case.subject,
        body=text,
        author_id=actor.staff_id,
        written_at=received_at,
    )
    session.add(message)
    entry = FollowedUp(at=now, received_at=received_at, channel=channel)
    file.done(Verb.FOLLOW_UP, entry, details={"message": message.number} | reason_of(arrival))
    adopt(session, attachments, case_id=file.case.id, message_number=message.number)
    came_in(session, file.case, message, arrival=arrival, actor=actor, now=now)
    return message


def _already(session: Session, submission_key: str | None) -> Message | None:
    """Return the message that this very form brought before, if it did."""
    if submission_key is None:
        return None
    return session.scalar(select(Message).where(Message.submission_key == submission_key))


def come_back(
    session: Session,
    house: House,
    *,
    reference: str,
    channel: Channel,
    received_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Take back a case that the other body returns: a new transmission is owed, counted from its return.

    What comes back on paper gets its line in the daily book. Raises ``Missing`` and the charter's refusals.
    """
    if not reason.strip():
        raise Missing("reason")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.COME_BACK, actor=actor, now=now, seen=seen)
    details = {"reason": reason, "channel": channel}
    file.done(Verb.COME_BACK, Returned(at=now, received_at=received_at), details=details)
    sent_back(session, file.case, channel=channel, received_at=received_at, actor=actor, now=now)
    forget(session, file.case)  # it did not belong there: where it does, the next act says
    refer(file)
    return file.case


def new_question(
    session: Session,
    house: House,
    *,
    reference: str,
    text: str,
    subject: str,
    nature: Nature,
    channel: Channel,
    received_at: datetime,
    submission_key: str | None = None,
    attachments: tuple[int, ...] = (),
    arrival: Arrival | None = None,
    actor: Actor,
    now: datetime,
) -> Registered:
    """Open a new case for a new question or a complaint of the same requester, linked, with its own receipt.

    A complaint is about the case, and so concerns whoever handles it and the service that has it; whoever enters it
    says by that what it is. What is sensitive stays so. Raises ``NotPermitted`` or ``Erased``.
    """
    case = find(session, reference, lock=True)  # the same form sent twice at once takes turns, and is one case
    permit(session, case, Verb.FOLLOW_UP, actor)
    check_not_erased(session, case)
    about = nature is Nature.COMPLAINT
    intake = Intake(
        submission_key=submission_key,
        attachments=attachments,
        arrival=arrival,
        channel=channel,
        received_at=received_at,
        nature=nature,
        language=case.language,
        official_language=case.official_language,
        subject=subject,
        text=text,
        requester_name=case.requester_name,
        requester_email=case.requester_email,
        requester_phone=case.requester_phone,
        requester_fax=case.requester_fax,
        requester_address=case.requester_address,
        country=case.country,
        sensitive=case.sensitive,
        confirmed=about,
        about_service=case.service_code if about else None,
        about_reference=case.reference if about else None,
        continues_reference=None if about else case.reference,
    )
    return register(session, house, intake=intake, actor=actor, now=now)


def send_code_again(session: Session, house: House, *, reference: str, email: str, now: datetime) -> None:
    """Send a new tracking code to the address on file, when that is the address given; the earlier code is void.

    Says nothing about whether the case exists or the address fits: a stranger learns nothing (charter §2).
    """
    try:
        case = find(session, reference, lock=True)
    except UnknownReference:
        return
    if (case.requester_email or "").lower() != email.strip().lower() or case.state is CaseState.MERGED:
        return
    file = CaseFile.hold(session, house, case, actor=SYSTEM, now=now)
    case.code_version += 1
    void_prints_with_old_codes(file)
    post_code(file, Channel.EMAIL)
    file.done(Verb.WRITE, details={"code_version": case.code_version})
