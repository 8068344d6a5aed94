"""Owns how a case ends, and begins again: waived, closed, reopened, merged."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile, find
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.charter.entries import ReceiptCorrected, Waived
from tracker.charter.words import Verb, WaiverGround
from tracker.models.cases import Case


class CannotMerge(Refused):
    """These two cases cannot become one."""

    code = "cannot_merge"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"This case cannot be merged into {reference}: choose another open case.", reference=reference
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


def close(session: Session, house: House, *, reference: str, actor: Actor, now: datetime, seen: int | None) -> Case:
    """Close a case on which nothing is owed any more. Raises the charter's refusal while a promise is open."""
    file = CaseFile.take(session, house, reference=reference, verb=Verb.CLOSE, actor=actor, now=now, seen=seen)
    file.ledger.check_closable()
    file.done(Verb.CLOSE)
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
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Merge a duplicate into another case and return the survivor: the earliest receipt governs.

    What the duplicate still owed is waived as such; both references lead to the survivor from now on.
    Raises ``CannotMerge``.
    """
    if not reason.strip():
        raise Missing("reason")
    _lock_in_order(session, reference, into)
    survivor = CaseFile.take(session, house, reference=into, verb=Verb.ABSORB, actor=actor, now=now)
    gone = CaseFile.take(session, house, reference=reference, verb=Verb.MERGE, actor=actor, now=now, seen=seen)
    if survivor.case.id == gone.case.id:
        raise CannotMerge(into)
    waivers = [
        Waived(at=now, number=promise.number, ground=WaiverGround.DUPLICATE, evidence=survivor.case.reference)
        for promise in gone.ledger.open_obligations
    ]
    gone.case.merged_into_id = survivor.case.id
    gone.done(Verb.MERGE, *waivers, details={"into": survivor.case.reference, "reason": reason})
    corrections = []
    if gone.case.received_at < survivor.case.received_at:
        said = f"{gone.case.reference}: {reason}"
        corrections = [
            ReceiptCorrected(
                at=now, received_at=gone.case.received_at, channel=survivor.case.channel, reason=said
            )
        ]  # fmt: skip
        survivor.case.received_at = gone.case.received_at
    survivor.done(Verb.ABSORB, *corrections, details={"from": gone.case.reference, "reason": reason})
    return survivor.case


def _lock_in_order(session: Session, *references: str) -> None:
    """Lock several cases in the order of their numbers: two merges at once wait, and never for each other."""
    numbers = sorted(find(session, reference).id for reference in references)
    session.execute(select(Case.id).where(Case.id.in_(numbers)).order_by(Case.id).with_for_update())
