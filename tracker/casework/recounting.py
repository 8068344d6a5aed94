"""Owns the counting again of the working days of open files, once a change of the closing days counts."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile, find
from tracker.casework.closing_days import brought, take_in_shipped, with_learnt
from tracker.casework.house import SYSTEM, Actor, House
from tracker.casework.house_history import note_change, take_turn
from tracker.charter.counting import at_brussels, brussels_day
from tracker.charter.entries import Recounted
from tracker.charter.errors import CharterError
from tracker.charter.words import HouseSubject, ObligationState, Verb
from tracker.insight.closing_days import COUNTED, REFUSED, counted_until, refused_files, touched_files
from tracker.models.database import Database
from tracker.models.house import HouseChange
from tracker.models.obligations import Obligation

log = logging.getLogger(__name__)

MOST = 200
_OURS = HouseChange.subject == HouseSubject.CLOSING_DAYS


def count_again(database: Database, house: House, *, now: datetime, most: int = MOST) -> dict[str, int]:
    """Count the working days of open files again, once a change of the closing days counts; at most so many a run.

    Each file is a commit of its own, with who changed the calendar and why in its history. No due date moves, and no
    date promised to a citizen: ``work_by`` and the reminders do. When all is done, every reminder is looked at anew.
    A file that was refused on the way holds up no other: it is named in the history of the house, and tried again
    at each run until it is counted. What a new version of the product brings is taken in first.
    """
    today = brussels_day(now)
    with database.reading() as session:
        news = brought(session, house.shipped_calendar)
    if news:
        with database.writing() as session:
            take_in_shipped(session, house.shipped_calendar, now=now)
    with database.reading() as session:
        change = _last_in_force(session, today)
        if change is None:
            return {"files": 0, "left": 0}
        fresh, refused = change.number > counted_until(session), refused_files(session)
        if not fresh and not refused:
            return {"files": 0, "left": 0}
        calendar = with_learnt(session, house.shipped_calendar)
        found = touched_files(session, calendar.as_known_on(today), today, most + 1, but=refused) if fresh else []
    house = replace(house, calendar_in_force=lambda: calendar)  # each file by the very calendar that named it
    done = 0
    left = []
    for reference in (*refused, *found[:most]):
        try:
            with database.writing() as session:
                done += _count_again(session, house, reference, change, now)
        except _STAYS as error:
            left.append(reference)
            why = getattr(error, "code", None) or type(error).__name__
            log.warning("a file could not be counted again", extra={"figures": {"why": why}})
    if fresh and len(found) <= most:
        _look_anew(database, change, done, left, now)
    elif set(left) != set(refused):
        with database.writing() as session:
            _note_counted(session, REFUSED, change, done, left, now)
    return {"files": done, "left": len(left)}


_STAYS = (CharterError, OperationalError, ValueError, TypeError, LookupError, AttributeError)
"""What one file may be refused by: a rule, a database that is busy, a row that was altered into nonsense."""


def _last_in_force(session: Session, today: date) -> HouseChange | None:
    """Return the last change that counts by now."""
    query = (
        select(HouseChange)
        .where(_OURS, HouseChange.what.not_in((COUNTED, REFUSED)))
        .order_by(HouseChange.number.desc())
    )
    return next((one for one in session.scalars(query) if date.fromisoformat(one.details["since"]) <= today), None)


def _count_again(session: Session, house: House, reference: str, change: HouseChange, now: datetime) -> bool:
    """Count one file again, unless another scheduler did, or it was settled, since it was found."""
    case = find(session, reference, lock=True)
    told = change.details
    said = str(told.get("source") or told.get("why"))
    file = CaseFile.hold(session, house, case, actor=Actor(change.actor), now=now)
    entry = Recounted(now, said)
    if file.try_entry(entry).obligations == file.ledger.obligations:
        return False
    file.done(Verb.CORRECT_RECEIPT, entry, details={"closing_days": change.number, "reason": said})
    return True


def _look_anew(database: Database, change: HouseChange, files: int, left: Sequence[str], now: datetime) -> None:
    """Have the sweep work out anew the next reminder of every open promise, and write down that all was counted."""
    with database.writing() as session:
        take_turn(session)
        if (before := counted_until(session)) >= change.number:
            return  # another scheduler was quicker
        pending = select(HouseChange.details).where(_OURS, HouseChange.number > before)
        days = [day for told in session.scalars(pending) for day in told.get("days", ())]
        if days:
            first = date.fromisoformat(min(days))  # whose dates and next reminder lie before it, is not touched
            session.execute(
                update(Obligation)
                .where(
                    Obligation.state == ObligationState.OPEN,
                    Obligation.next_action_at > now,
                    or_(Obligation.due_on >= first, Obligation.next_action_at >= at_brussels(first, time(0))),
                )
                .values(next_action_at=now),
                execution_options={"synchronize_session": False},
            )
        _note_counted(session, COUNTED, change, files, left, now)


def _note_counted(
    session: Session, what: str, change: HouseChange, files: int, left: Sequence[str], now: datetime
) -> None:
    note_change(
        session, HouseSubject.CLOSING_DAYS, what, "counted", actor=SYSTEM, now=now, of=change.number, files=files,
        refused=list(left) or None,
    )  # fmt: skip
