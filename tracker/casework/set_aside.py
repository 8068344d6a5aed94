"""Owns how somebody sets a file of their own aside until a day: it moves their list, and nothing that was promised.

Notices, breaches and who is told stay as the ladder has them; see the decision on it in docs/adr.
"""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.casework.casefile import find_readable
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor, House
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState
from tracker.models.cases import Case
from tracker.models.obligations import Obligation
from tracker.models.set_aside import SetAside


class CannotWait(Refused):
    """Nothing of this case can wait: it is late, or to be done by the next working day, or nothing is owed."""

    code = "cannot_wait"

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} cannot wait: do it now.", reference=reference)


class WaitsTooLong(Refused):
    """The day is no working day, or not before the last working day that the promise leaves."""

    code = "waits_too_long"

    def __init__(self, reference: str, latest: date) -> None:
        super().__init__(
            f"{reference} can be set aside until {latest} at the latest: choose a working day up to then.",
            reference=reference,
            latest=latest.isoformat(),
        )


def set_aside(
    session: Session, house: House, *, reference: str, until: date, reason: str, actor: Actor, now: datetime
) -> bool:
    """Set a case of one's own aside until a working day (Brussels) before its ``work_by``; say whether it was new.

    Raises ``Missing`` without a reason, ``UnknownReference``, ``NotPermitted`` for a case of somebody else,
    ``CannotWait`` or ``WaitsTooLong``.
    """
    if not reason.strip():
        raise Missing("reason")
    case = find_readable(session, reference, actor, lock=True)
    person = actor.person
    if person is None or case.handler_id not in {person.id} | person.stands_in_for:
        raise NotPermitted("set_aside")
    _check_day(session, house, case, until, brussels_day(now))
    before = session.scalars(
        select(SetAside).where(
            SetAside.staff_id == person.id, SetAside.case_id == case.id, SetAside.ended_at.is_(None)
        )
    ).one_or_none()
    if before is not None and (before.until, before.reason) == (until, reason):
        return False
    if before is not None:
        before.ended_at = now
        session.flush()
    session.add(SetAside(staff_id=person.id, case_id=case.id, until=until, reason=reason, made_at=now))
    return True


def _check_day(session: Session, house: House, case: Case, until: date, today: date) -> None:
    """Make sure that what is owed leaves room: the day lies before the last working day of the earliest promise."""
    decide_by = session.scalar(
        select(func.min(Obligation.decide_by)).where(
            Obligation.case_id == case.id, Obligation.state == "open", Obligation.decide_by.is_not(None)
        )
    )
    ends = [day for day in (case.next_work_by, decide_by if case.nature_confirmed_at is None else None) if day]
    rings = case.urgent_since is not None and case.urgent_taken_at is None
    ended = case.state not in (CaseState.TRIAGE, CaseState.OPEN)
    latest = house.calendar.open_day_before(min(ends), 1) if ends else today
    if rings or ended or case.not_sent or latest <= today:
        raise CannotWait(case.reference)
    if not today < until <= latest or not house.calendar.is_open(until):
        raise WaitsTooLong(case.reference, latest)


def next_working_day(house: House, now: datetime) -> date:
    """Return the first working day after today (Brussels): the earliest that something can be set aside until."""
    return house.calendar.open_day_after(brussels_day(now), 1)
