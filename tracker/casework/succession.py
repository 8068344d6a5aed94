"""Owns what becomes of the open files of an account that was closed: each is handed over, one commit a file."""

import logging
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.casework.accounts import can_handle
from tracker.casework.assignment import hand_over
from tracker.casework.casefile import find
from tracker.casework.house import Actor, House
from tracker.casework.staffing import Team
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import CaseState, HouseSubject
from tracker.insight.house import files_of_closed
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.house import HouseChange
from tracker.models.staff import Staff

log = logging.getLogger(__name__)
MOST = 200


def hand_over_from_closed(database: Database, house: House, *, now: datetime, most: int = MOST) -> dict[str, int]:
    """Hand over open files whose handler's account is closed, at most so many; again does only what is left.

    They go to whom the administrator named; where that cannot be (closed meanwhile, or a complaint is about them) to
    the service of the file, as a new file would. One that nobody can have stays, and is told at the next run.
    """
    with database.reading() as session:
        found = files_of_closed(session, most)
    done = left = 0
    for reference in found:
        try:
            with database.writing() as session:
                done += _hand_over(session, house, reference, now)
        except CharterError as refused:
            left += 1
            log.warning("a file of a closed account stays", extra={"figures": {"why": refused.code}})
        except OperationalError as error:
            left += 1
            log.warning("a file of a closed account waits for the next run", exc_info=error)
    return {"handed_over": done, "left": left}


def _hand_over(session: Session, house: House, reference: str, now: datetime) -> bool:
    """Hand one file over, unless somebody did meanwhile."""
    case = find(session, reference, lock=True)
    handler = session.get_one(Staff, case.handler_id, populate_existing=True)
    if handler.active or case.state not in (CaseState.TRIAGE, CaseState.OPEN):
        return False
    closing = session.scalars(
        select(HouseChange)
        .where(HouseChange.subject == HouseSubject.PERSON, HouseChange.what == str(handler.id))
        .order_by(HouseChange.number.desc())
    )
    closed = next((one for one in closing if one.details["act"] == "deactivate"), None)
    hand_over(
        session,
        house,
        reference=reference,
        handler_id=_successor(session, case, closed, now),
        reason=str(closed.details.get("why")) if closed is not None else handler.name,
        actor=Actor(closed.actor if closed is not None else "system"),
        now=now,
        seen=None,
    )
    return True


def _successor(session: Session, case: Case, closed: HouseChange | None, now: datetime) -> int:
    """Return whom a file goes to: whom the administrator named, else somebody of its service, else who dispatches."""
    named = closed.details.get("successor") if closed is not None else None
    successor = session.get(Staff, named) if named is not None else None
    if successor is not None and can_handle(successor) and successor.id != case.about_staff_id:
        return successor.id
    team = Team.load(session, day=brussels_day(now))
    return team.handler_for(case.service_code, turn=case.id, not_this=case.about_staff_id).id
