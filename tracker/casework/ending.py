"""Owns how a case ends, and begins again: waived or not after all, closed, reopened, merged."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile, find
from tracker.casework.complaints import check_found
from tracker.casework.corrective import bring_along
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.casework.nature import keep_from_whom_it_concerns
from tracker.casework.tasks import closed_to, withdraw_open
from tracker.casework.writing import usual_way_back
from tracker.charter.entries import ReceiptCorrected, Waived, WaiverVoided
from tracker.charter.words import Direction, Nature, Verb, WaiverGround
from tracker.models.cases import Case
from tracker.models.messages import Attachment, Message


class CannotMerge(Refused):
    """These two cases cannot become one."""

    code = "cannot_merge"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"This case cannot be merged into {reference}: choose another open case; a complaint only with another"
            " complaint.",
            reference=reference,
        )


class PromisedEarlier(Refused):
    """What is promised on the duplicate is due before anything on the case that was to survive."""

    code = "promised_earlier"

    def __init__(self, reference: str, due_on: date) -> None:
        super().__init__(
            f"Something is promised on this case by {due_on}, earlier than on {reference}: merge {reference} into"
            " this case instead.",
            reference=reference,
            due_on=due_on.isoformat(),
        )


class AboutDifferentPeople(Refused):
    """Two complaints about different members of staff: whichever survived, one of them could handle it."""

    code = "about_different_people"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"This complaint and {reference} are about different members of staff: keep two files.",
            reference=reference,
        )


class OtherRequester(Refused):
    """The two cases are not of the same name and e-mail address: somebody has to say that it is one person."""

    code = "other_requester"

    def __init__(self, reference: str, who: str) -> None:
        super().__init__(
            f"{reference} is of {who}: once joined, each sees the other's messages. Make sure that it is the same"
            " person, and say so.",
            reference=reference,
            who=who,
        )


def waive(
    session: Session,
    house: House,
    *,
    reference: str,
    number: int,
    ground: WaiverGround,
    evidence: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Declare, with evidence, that a promise need not be kept: counted apart, never as kept."""
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WAIVE, actor=actor, now=now, seen=seen)
    file.done(
        Verb.WAIVE,
        Waived(at=now, number=number, ground=ground, evidence=evidence),
        details={"number": number, "ground": ground, "evidence": evidence},
    )
    return file.case


def void_waiver(
    session: Session,
    house: House,
    *,
    reference: str,
    number: int,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Take a waiver back, with the reason: the promise is owed again, by the same date; a breach is dated by law.

    Whoever may waive may take it back, so it is the same verb; a closed case is reopened first. Raises ``NotWaived``
    or ``ReasonMissing``.
    """
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WAIVE, actor=actor, now=now, seen=seen)
    file.done(
        Verb.WAIVE,
        WaiverVoided(at=now, number=number, reason=reason),
        details={"number": number, "taken_back": True, "reason": reason},
    )
    return file.case


def close(session: Session, house: House, *, reference: str, actor: Actor, now: datetime, seen: int | None) -> Case:
    """Close a case on which nothing is owed any more; what colleagues are still asked for on it is taken back.

    Raises the charter's refusal while a promise is open, and ``NotFoundYet`` for a complaint without its finding.
    """
    file = CaseFile.take(session, house, reference=reference, verb=Verb.CLOSE, actor=actor, now=now, seen=seen)
    file.ledger.check_closable()
    check_found(session, file.case)
    file.done(Verb.CLOSE, details=withdraw_open(file))
    return file.case


def reopen(
    session: Session, house: House, *, reference: str, reason: str, actor: Actor, now: datetime, seen: int | None
) -> Case:
    """Take up a closed case again, with the reason; a new promise arises only from a follow-up."""
    if not reason.strip():
        raise Missing("reason")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.REOPEN, actor=actor, now=now, seen=seen)
    file.done(Verb.REOPEN, details={"reason": reason})
    return file.case


def merge(
    session: Session,
    house: House,
    *,
    reference: str,
    into: str,
    reason: str,
    same_person: bool = False,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Merge a duplicate into another case and return the survivor: the earliest receipt governs.

    What the duplicate still owed is waived as such, what was asked on it is taken back; both references lead to the
    survivor from now on, and what the requester wrote stands there too. A complaint stays a case of its own (charter
    §6): it is merged only with another complaint; whoever either is about neither handles the survivor nor sees it.
    Raises ``CannotMerge``, ``AboutDifferentPeople``, ``PromisedEarlier``, or ``OtherRequester`` when name or e-mail
    address differ and nobody has said that it is the ``same_person``.
    """
    if not reason.strip():
        raise Missing("reason")
    _lock_in_order(session, reference, into)
    survivor = CaseFile.take(session, house, reference=into, verb=Verb.ABSORB, actor=actor, now=now)
    gone = CaseFile.take(session, house, reference=reference, verb=Verb.MERGE, actor=actor, now=now, seen=seen)
    natures = {survivor.case.nature, gone.case.nature}
    if survivor.case.id == gone.case.id or (Nature.COMPLAINT in natures and len(natures) > 1):
        raise CannotMerge(into)
    if len({survivor.case.about_staff_id, gone.case.about_staff_id} - {None}) > 1:
        raise AboutDifferentPeople(survivor.case.reference)
    apart = _requester(survivor.case) != _requester(gone.case)
    if apart and not same_person:
        raise OtherRequester(survivor.case.reference, _named(survivor.case))
    corrections = _earliest_receipt(survivor, gone, reason)
    waivers = [
        Waived(at=now, number=promise.number, ground=WaiverGround.DUPLICATE, evidence=survivor.case.reference)
        for promise in gone.ledger.open_obligations
    ]
    taken_back = withdraw_open(gone)
    gone.case.merged_into_id = survivor.case.id
    told = {"reason": reason} | ({"same_person": True} if apart else {})
    gone.done(Verb.MERGE, *waivers, details={"into": survivor.case.reference} | told | dict(taken_back))
    for right in corrections:
        survivor.case.received_at, survivor.case.channel = right.received_at, right.channel
    _keep_flags(survivor.case, gone.case)
    _bring_along(survivor, gone.case)
    told |= _keep_apart(survivor, gone.case)
    told |= closed_to(survivor)  # it may be sensitive now, or about somebody
    survivor.done(Verb.ABSORB, *corrections, details={"from": gone.case.reference} | told)
    return survivor.case


def _requester(case: Case) -> tuple[str, str]:
    """Return who asks, as far as two cases can be compared."""
    return " ".join(case.requester_name.casefold().split()), (case.requester_email or "").casefold()


def _named(case: Case) -> str:
    return f"{case.requester_name} ({case.requester_email})" if case.requester_email else case.requester_name


def _earliest_receipt(survivor: CaseFile, gone: CaseFile, reason: str) -> list[ReceiptCorrected]:
    """Return the correction, if any, by which the earliest receipt governs and nothing is due later than promised.

    The earliest receipt counts by its own channel, and by the other's where only that keeps the earlier of the dates
    promised on the two cases. Raises ``PromisedEarlier`` when neither does: then the other case is to survive.
    """
    here = survivor.case
    first, second = sorted((here, gone.case), key=lambda case: case.received_at)
    owed = [promise.due_on for file in (survivor, gone) for promise in file.ledger.open_obligations]
    said = f"{gone.case.reference}: {reason}"
    for channel in dict.fromkeys((first.channel, second.channel)):
        right = ReceiptCorrected(at=survivor.now, received_at=first.received_at, channel=channel, reason=said)
        due = survivor.try_entry(right).next_obligation
        if due is None or due.due_on <= min(owed):
            known = (first.received_at, channel) == (here.received_at, here.channel)
            return [] if known else [right]
    raise PromisedEarlier(here.reference, min(owed))


def _keep_flags(survivor: Case, gone: Case) -> None:
    """Let what was sensitive stay so, and what nobody has taken yet go on ringing."""
    if gone.sensitive and not survivor.sensitive:
        survivor.sensitive = True
        survivor.reply_channel, survivor.reply_channel_reason = usual_way_back(survivor)
    if gone.urgent_since is not None and gone.urgent_taken_at is None and survivor.urgent_since is None:
        survivor.urgent_since = gone.urgent_since


def _keep_apart(survivor: CaseFile, gone: Case) -> dict[str, Any]:
    """Let whom the other complaint is about take no part in the survivor, and bring its corrective actions along.

    Returns what the history says of it.
    """
    moved = bring_along(survivor.session, survivor.case, gone)
    told: dict[str, Any] = {"actions": moved} if moved else {}
    if survivor.case.about_staff_id is None and gone.about_staff_id is not None:
        survivor.case.about_staff_id = gone.about_staff_id
        told["about_staff"] = gone.about_staff_id
    return told | keep_from_whom_it_concerns(survivor.session, survivor.case, survivor.now)


def _bring_along(survivor: CaseFile, gone: Case) -> None:
    """Put what the requester wrote on the duplicate, with its files, where everybody looks from now on."""
    session = survivor.session
    came_in = select(Message).where(Message.case_id == gone.id, Message.direction == Direction.IN)
    for message in session.scalars(came_in.order_by(Message.number)).all():
        same = Message(
            case_id=survivor.case.id,
            number=survivor.next_message_number(),
            direction=message.direction,
            kind=message.kind,
            channel=message.channel,
            language=message.language,
            subject=message.subject,
            body=message.body,
            author_id=message.author_id,
            written_at=message.written_at,
        )
        session.add(same)
        session.flush()
        for file in session.scalars(select(Attachment).where(Attachment.message_id == message.id)):
            file.case_id, file.message_id = same.case_id, same.id


def _lock_in_order(session: Session, *references: str) -> None:
    """Lock several cases in the order of their numbers: two merges at once wait, and never for each other."""
    numbers = sorted(find(session, reference).id for reference in references)
    session.execute(select(Case.id).where(Case.id.in_(numbers)).order_by(Case.id).with_for_update())
