"""Owns the sweep: it looks for promises past a rung of the ladder without a notice, and tells who must be told.

It looks at what is, not at when it last ran: a missed night loses nothing, and any number of sweeps at once, or
killed half-way and run again, leave the same notices. One notice per (obligation, rung, due date) is a unique key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from time import perf_counter
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    any_,
    bindparam,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.staffing import Team
from tracker.casework.telling import Batch, Due, Values, breach_of, notice_of, write
from tracker.charter import ladder
from tracker.charter.counting import aware, brussels_day
from tracker.charter.rungs import BREACH
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.obligations import Notice, Obligation

BATCH = 500
SQLITE_BATCH = 200
"""How many obligations one commit takes: on SQLite fewer, since everybody else who writes waits for it."""

_Climbed: TypeAlias = tuple[tuple[ladder.Moment, ...], tuple[ladder.Moment, ...], datetime]


@dataclass(frozen=True, slots=True)
class Swept:
    """What one pass did. ``notices`` counts those sent, escalations included."""

    at: datetime
    examined: int = 0
    notices: int = 0
    breaches: int = 0
    escalations: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values; the moment in UTC."""
        return {
            "at": self.at.isoformat(),
            "examined": self.examined,
            "notices": self.notices,
            "breaches": self.breaches,
            "escalations": self.escalations,
            "seconds": round(self.seconds, 4),
        }


def sweep(database: Database, house: House, *, now: datetime) -> Swept:
    """Send every notice that is due at ``now`` (aware) and has none yet, and record what has been broken.

    One commit for each batch of obligations; on PostgreSQL a batch that another sweep holds is left to it.
    Raises ``NaiveDatetime``.
    """
    now, started = aware(now), perf_counter()
    size = SQLITE_BATCH if database.is_sqlite else BATCH
    examined = notices = breaches = escalations = 0
    judge: _Judge | None = None
    after: tuple[datetime, int] | None = None
    while True:
        with database.writing() as session:
            found = _take(session, now, after, size)
            if found:
                judge = judge or _Judge(house, _team(session, house, now), now)
                batch = judge.weigh(found, _already(session, found))
                sent, escalated, recorded = write(session, batch, now)
                notices, escalations, breaches = notices + sent, escalations + escalated, breaches + recorded
        examined += len(found)
        if len(found) < size:
            return Swept(now, examined, notices, breaches, escalations, perf_counter() - started)
        after = (found[-1].next_action_at, found[-1].id)


def _team(session: Session, house: House, now: datetime) -> Team:
    return Team.load(session, day=brussels_day(now), duty_mailbox=house.duty_email is not None)


def _take(session: Session, now: datetime, after: tuple[datetime, int] | None, size: int) -> Sequence[Due]:
    """Lock the next open obligations whose moment has come, with what the ladder and the team must know of them."""
    query, values = due(now, after, size)
    locked = query.with_for_update(of=Obligation, skip_locked=True)
    return session.connection().execute(locked, values).all()


def due(now: datetime, after: tuple[datetime, int] | None, size: int) -> tuple[Select[*tuple[Any, ...]], Values]:
    """Return the query for the next open obligations whose moment has come, after one of them, and its values."""
    values: Values = {"now": now, "size": size}
    if after is None:
        return _FIRST, values
    return _FOLLOWING, values | {"at": after[0], "id": after[1]}


_FIRST = (
    select(
        Obligation.id,
        Obligation.case_id,
        Obligation.next_action_at,
        Obligation.due_on,
        Obligation.work_by,
        Obligation.decide_by,
        Obligation.arose_at,
        Obligation.born_late,
        Case.channel,
        Case.nature,
        Case.urgent_since,
        Case.urgent_taken_at,
        Case.triage_since,
        Case.handler_id,
        Case.service_code,
        Case.about_staff_id,
    )
    .join(Case, Case.id == Obligation.case_id)
    # Written out and not bound: only so does a prepared statement keep to the partial index.
    .where(text("obligations.state = 'open'"), Obligation.next_action_at <= bindparam("now"))
    .order_by(Obligation.next_action_at, Obligation.id)
    .limit(bindparam("size"))
)
_FOLLOWING = _FIRST.where(
    tuple_(Obligation.next_action_at, Obligation.id)
    > tuple_(bindparam("at", type_=Obligation.next_action_at.type), bindparam("id", type_=Obligation.id.type))
)


def _already(session: Session, found: Sequence[Due]) -> Mapping[tuple[int, date], set[str]]:
    """Return the rungs that have a notice, by obligation and due date; read after the lock, so that it is whole."""
    ids = [row.id for row in found]
    rungs: dict[tuple[int, date], set[str]] = {}
    among: ColumnElement[bool] = Notice.obligation_id.in_(ids)
    if session.get_bind().dialect.name == "postgresql":
        among = Notice.obligation_id == any_(literal(ids, ARRAY(BigInteger)))  # one parameter and not five hundred
    query = select(Notice.obligation_id, Notice.due_on, Notice.rung).where(among)
    for obligation_id, due_on, rung in session.connection().execute(query).all():
        rungs.setdefault((obligation_id, due_on), set()).add(rung)
    return rungs


@dataclass(slots=True)
class _Judge:
    """Weighs obligations; those of the same dates, channel and nature climb the ladder together, once."""

    house: House
    team: Team
    now: datetime
    climbed: dict[tuple[Any, ...], _Climbed] = field(default_factory=dict)
    asked: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)

    def weigh(self, found: Sequence[Due], told: Mapping[tuple[int, date], set[str]]) -> Batch:
        """Decide for each obligation which rungs are sent, which are skipped, and when to look at it again."""
        batch, now = Batch(), self.now
        for row in found:
            sent, skipped, look = self._climb(row, frozenset(told.get((row.id, row.due_on), ())))
            reached = [self._reached(row, moment) for moment in sent]
            batch.notices += [notice_of(row, *each, now) for each in zip(sent, reached, strict=True)]
            batch.notices += [notice_of(row, moment, None, now) for moment in skipped]
            batch.breaches += [breach_of(row, moment, now) for moment in sent if moment.rung == BREACH]
            batch.next_looks[row.id] = look
            if not all(reached):
                batch.unattended[row.id] = row.case_id
        return batch

    def _climb(self, row: Due, already: frozenset[str]) -> _Climbed:
        """Return the rungs to send and to skip, and the moment of the first rung after them."""
        urgent = row.urgent_since if row.urgent_taken_at is None else None
        situation = ladder.Situation(row.channel, row.nature, urgent, row.triage_since)
        born = row.arose_at if row.born_late else None  # nothing else asks when it arose
        key = (row.due_on, row.work_by, row.decide_by, born, situation, already)
        if key not in self.climbed:
            steps, calendar = self.house.rules.ladder, self.house.calendar.as_known_on(brussels_day(self.now))
            sent, skipped = ladder.due(steps, calendar, row, situation, now=self.now, already=already)
            known = already.union(moment.rung for moment in (*sent, *skipped))
            self.climbed[key] = sent, skipped, ladder.next_at(steps, calendar, row, situation, already=known)
        return self.climbed[key]

    def _reached(self, row: Due, moment: ladder.Moment) -> list[int]:
        """Return whom a rung reaches today, nobody twice."""
        key = (moment.to, row.handler_id, row.service_code, row.about_staff_id)
        if key not in self.asked:
            reached = [
                member
                for who in moment.to
                for member in self.team.reached(
                    who, handler_id=row.handler_id, service=row.service_code, not_this=row.about_staff_id
                )
            ]
            self.asked[key] = list(dict.fromkeys(reached))
        return self.asked[key]
