"""Owns the reading of what a case still owes, and of what was waived on it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import ObligationState
from tracker.models.obligations import Obligation, promise_of


def open_promises(session: Session, case_id: int) -> list[Promise]:
    """Return the open promises of a case, the one due first coming first (one statement)."""
    query = (
        select(Obligation)
        .where(Obligation.case_id == case_id, Obligation.state == ObligationState.OPEN)
        .order_by(Obligation.due_on, Obligation.number)
    )
    return [promise_of(row) for row in session.scalars(query)]


def waived_promises(session: Session, case_id: int) -> list[Promise]:
    """Return the waived promises of a case, the one waived last coming first (one statement)."""
    query = (
        select(Obligation)
        .where(Obligation.case_id == case_id, Obligation.state == ObligationState.WAIVED)
        .order_by(Obligation.settled_at.desc(), Obligation.number)
    )
    return [promise_of(row) for row in session.scalars(query)]
