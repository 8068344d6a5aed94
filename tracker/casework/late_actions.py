"""Owns the word by mail about a corrective action past its date: to whoever has to do it, and to the coordinator.

One row per (action, date) is a unique key: any number of passes at once, or killed, leave the same one. A date that
is moved, with its reason, may be passed again, and is told again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.staffing import Team
from tracker.casework.words_to_staff import reader_for
from tracker.charter.counting import at_brussels, aware, brussels_day
from tracker.charter.words import Role
from tracker.models.base import seal_of
from tracker.models.cases import Case
from tracker.models.complaints import ActionNotice, CorrectiveAction
from tracker.models.database import Database
from tracker.models.messages import Outbox

FROM = time(8)
"""The hour in Brussels from which staff are told, as of what they owe to citizens."""
BATCH = 100
"""How many actions one commit takes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one pass did."""

    sent: int = 0


def tell_late_actions(database: Database, house: House, *, now: datetime) -> Told:
    """Tell of every action past its date that was not told of yet, on an open day from 08:00. ``now`` is aware."""
    now, day = aware(now), brussels_day(now)
    if not house.calendar.is_open(day) or now < at_brussels(day, FROM):
        return Told()
    sent = after = 0
    while True:
        with database.reading() as session:
            late = _late(session, day, after)
        if late:
            with database.writing() as session:
                sent += _write(session, late, day, now)
        if len(late) < BATCH:
            return Told(sent)
        after = late[-1].id


def _late(session: Session, day: date, after: int) -> Sequence[Any]:
    """Return the next actions that are not done, past their date, and told to nobody (one statement)."""
    told = exists().where(
        ActionNotice.action_id == CorrectiveAction.id, ActionNotice.due_on == CorrectiveAction.due_on
    )
    query = (
        select(CorrectiveAction.id, CorrectiveAction.due_on, CorrectiveAction.owner_id, Case.about_staff_id)
        .join(Case, Case.id == CorrectiveAction.case_id)
        .where(CorrectiveAction.done_on.is_(None), CorrectiveAction.due_on < day, ~told, CorrectiveAction.id > after)
        .order_by(CorrectiveAction.id)
        .limit(BATCH)
    )
    return session.execute(query).all()


def _write(session: Session, late: Sequence[Any], day: date, now: datetime) -> int:
    """Write the notices that are not there yet, each with its line in the outbox; nobody to tell: not yet."""
    team = Team.load(session, day=day)
    coordinators = {member.id for member in team.in_role(Role.COMPLAINTS)}
    rows = []
    for action in late:
        readers = reader_for(team, action.owner_id, not_this=action.about_staff_id) | coordinators
        if recipients := sorted(readers - {action.about_staff_id}):
            values = {"action_id": action.id, "due_on": action.due_on, "recipients": recipients, "recorded_at": now}
            rows.append(values | {"seal": seal_of(ActionNotice, values)})
    if not rows:
        return 0
    upsert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = upsert(ActionNotice).values(rows).on_conflict_do_nothing(index_elements=["action_id", "due_on"])
    written = session.scalars(statement.returning(ActionNotice.id)).all()
    if written:
        waiting = [
            {"action_notice_id": id_, "state": "waiting", "attempts": 0, "next_try_at": now} for id_ in written
        ]
        session.execute(insert(Outbox), waiting)
    return len(written)
