"""Owns what became of a case's promises, as it is written down: which message kept one, and that one was broken."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.counting import midnight_after
from tracker.charter.entries import Entry, LeavingVoided
from tracker.charter.ledger import Ledger
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import Act
from tracker.models.messages import Message
from tracker.models.obligations import Breach, Discharge, Obligation


def note_breach(session: Session, row: Obligation, promise: Promise, *, now: datetime) -> None:
    """Write down that a promise was broken, when it is settled late or arises too late; it stays."""
    if not promise.was_breached(now):
        return
    session.flush()
    if session.get(Breach, row.id) is None:
        session.add(
            Breach(
                obligation_id=row.id,
                due_on=promise.due_on,
                became_true_at=midnight_after(promise.due_on),
                recorded_at=now,
                born_late=promise.born_late,
            )
        )


def note_discharges(
    session: Session, case_id: int, ledger: Ledger, rows: Mapping[int, Obligation], entry: Entry, *, now: datetime
) -> None:
    """Write down which messages keep which promises; take back, with its evidence, what proved not to."""
    wanted = {
        (leaving.message, promise.number) for promise in ledger.obligations for leaving in ledger.discharging(promise)
    }
    if not wanted and not ledger.leavings:
        return
    session.flush()
    stored = session.execute(
        select(Discharge, Message.number, Obligation.number)
        .join(Message, Message.id == Discharge.message_id)
        .join(Obligation, Obligation.id == Discharge.obligation_id)
        .where(Message.case_id == case_id, Discharge.voided_at.is_(None))
    ).all()
    for discharge, message_number, number in stored:
        if (message_number, number) not in wanted:
            evidence = entry.evidence if isinstance(entry, LeavingVoided) else type(entry).__name__
            discharge.voided_at, discharge.void_evidence = now, evidence
    for message_number, number in sorted(wanted - {(m, n) for _, m, n in stored}):
        _add_discharge(session, case_id, message_number, rows[number], now=now)


def _add_discharge(session: Session, case_id: int, message_number: int, row: Obligation, *, now: datetime) -> None:
    """Add the fact that a message kept a promise."""
    message = session.scalars(
        select(Message).where(Message.case_id == case_id, Message.number == message_number)
    ).one()
    assert message.act is not None
    assert message.left_on is not None
    session.add(
        Discharge(
            obligation_id=row.id,
            message_id=message.id,
            act=message.act,
            left_on=message.left_on,
            promised_on=message.promised_on if message.act is Act.INTERIM else None,
            recorded_at=now,
        )
    )
