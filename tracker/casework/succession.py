"""Owns what becomes of the work of an account that was closed: files, tasks, actions; one commit a file."""

import logging
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.casework.accounts import can_handle
from tracker.casework.assignment import hand_over
from tracker.casework.casefile import CaseFile, find
from tracker.casework.corrective import give_to
from tracker.casework.house import Actor, House
from tracker.casework.staffing import Team
from tracker.casework.tasks import pass_on
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import CaseState, HouseSubject
from tracker.insight.house import ACTION_WAITS, TASK_WAITS, beside_of_closed, files_of_closed
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.database import Database
from tracker.models.house import HouseChange
from tracker.models.staff import Staff
from tracker.models.tasks import Task

log = logging.getLogger(__name__)
MOST = 200


def hand_over_from_closed(database: Database, house: House, *, now: datetime, most: int = MOST) -> dict[str, int]:
    """Hand over open files whose handler's account is closed, at most so many; again does only what is left.

    They go to whom the administrator named; where that cannot be (closed meanwhile, or a complaint is about them) to
    the service of the file, as a new file would. One that nobody can have stays, and is told at the next run. What
    colleagues asked of a closed account on the files of others, and its corrective actions, go on likewise.
    """
    with database.reading() as session:
        found = [(reference, _hand_over) for reference in files_of_closed(session, most)]
        found += [(reference, _hand_on) for reference in beside_of_closed(session, most)]
    done = left = 0
    for reference, hand in found:
        try:
            with database.writing() as session:
                done += hand(session, house, reference, now)
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
    closed = _closing_of(session, handler)
    hand_over(
        session,
        house,
        reference=reference,
        handler_id=_successor(session, case, closed, now),
        reason=_why(closed, handler),
        actor=_by(closed),
        now=now,
        seen=None,
    )
    return True


def _hand_on(session: Session, house: House, reference: str, now: datetime) -> bool:
    """Give on what those whose accounts are closed still have to do on one file, unless somebody did meanwhile."""
    case = find(session, reference, lock=True, as_named=True)
    done = False
    gone = Staff.active.is_(False)
    asked_of = select(Task).join(Staff, Staff.id == Task.asked_id).where(Task.case_id == case.id, TASK_WAITS, gone)
    for task in session.scalars(asked_of).all():
        asked = session.get_one(Staff, task.asked_id)
        closed = _closing_of(session, asked)
        file = CaseFile.hold(session, house, case, actor=_by(closed), now=now)
        pass_on(file, task, _stand_ins(session, asked, closed, now), word=_why(closed, asked))
        done = True
    owned = CorrectiveAction.case_id == case.id, ACTION_WAITS, gone
    of_theirs = select(CorrectiveAction).join(Staff, Staff.id == CorrectiveAction.owner_id).where(*owned)
    for action in session.scalars(of_theirs).all():
        owner = session.get_one(Staff, action.owner_id)
        closed = _closing_of(session, owner)
        file = CaseFile.hold(session, house, case, actor=_by(closed), now=now)
        to = [*_stand_ins(session, owner, closed, now), *_in_charge(session, case, now)]
        done = give_to(file, action, to, reason=_why(closed, owner)) or done
    return done


def _stand_ins(session: Session, gone: Staff, closed: HouseChange | None, now: datetime) -> list[Staff]:
    """Return who may do what somebody was to do: the named successor, the deputy, the head, in this order."""
    heads = Team.load(session, day=brussels_day(now)).heads(gone.service_code) if gone.service_code else []
    named = closed.details.get("successor") if closed is not None else None
    ids = dict.fromkeys(one for one in (named, gone.deputy_id, *(head.id for head in heads)) if one is not None)
    rows = (session.get(Staff, one) for one in ids)
    return [row for row in rows if row is not None and row.active and not row.is_desk]


def _in_charge(session: Session, case: Case, now: datetime) -> list[Staff]:
    """Return who handles a complaint, and who would if it came today, as far as they can be given something to do."""
    team = Team.load(session, day=brussels_day(now))
    anew = team.handler_for(case.service_code, turn=case.id, not_this=case.about_staff_id)
    rows = (session.get_one(Staff, one) for one in (case.handler_id, anew.id))
    return [row for row in rows if row.active and not row.is_desk]


def _closing_of(session: Session, person: Staff) -> HouseChange | None:
    """Return the change by which an account was closed."""
    changes = session.scalars(
        select(HouseChange)
        .where(HouseChange.subject == HouseSubject.PERSON, HouseChange.what == str(person.id))
        .order_by(HouseChange.number.desc())
    )
    return next((one for one in changes if one.details["act"] == "deactivate"), None)


def _why(closed: HouseChange | None, person: Staff) -> str:
    return str(closed.details.get("why")) if closed is not None else person.name


def _by(closed: HouseChange | None) -> Actor:
    return Actor(closed.actor if closed is not None else "system")


def _successor(session: Session, case: Case, closed: HouseChange | None, now: datetime) -> int:
    """Return whom a file goes to: whom the administrator named, else somebody of its service, else who dispatches."""
    named = closed.details.get("successor") if closed is not None else None
    successor = session.get(Staff, named) if named is not None else None
    if successor is not None and can_handle(successor) and successor.id != case.about_staff_id:
        return successor.id
    team = Team.load(session, day=brussels_day(now))
    return team.handler_for(case.service_code, turn=case.id, not_this=case.about_staff_id).id
