"""Owns the sweep: it looks for promises past a rung of the ladder without a notice, and tells who must be told.

It looks at what is, not at when it last ran: a missed night loses nothing, and any number of sweeps at once, or
killed half-way and run again, leave the same notices. One notice per (obligation, rung, due date) is a unique key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from time import perf_counter
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    any_,
    bindparam,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.staffing import Team
from tracker.charter import ladder
from tracker.charter.counting import aware, brussels_day
from tracker.charter.rungs import BREACH
from tracker.charter.words import NoticeState, Recipient
from tracker.models.base import Base, seal_of
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Outbox
from tracker.models.obligations import Breach, Notice, Obligation

BATCH = 500
SQLITE_BATCH = 200
"""How many obligations one commit takes: on SQLite fewer, since everybody else who writes waits for it."""

BELOW = frozenset({Recipient.HANDLER, Recipient.DUTY})
"""Whom a reminder reaches; anybody else on a rung makes it an escalation."""

Values: TypeAlias = dict[str, Any]
Due: TypeAlias = Row[*tuple[Any, ...]]
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


@dataclass(slots=True)
class _Batch:
    """What one commit of the sweep writes."""

    notices: list[Values] = field(default_factory=list)
    breaches: list[Values] = field(default_factory=list)
    next_looks: list[tuple[int, datetime]] = field(default_factory=list)


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
                sent, escalated = _notify(session, batch.notices, now)
                notices, escalations = notices + sent, escalations + escalated
                breaches += _record(session, batch.breaches)
                _look_again(session, batch.next_looks)
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

    def weigh(self, found: Sequence[Due], told: Mapping[tuple[int, date], set[str]]) -> _Batch:
        """Decide for each obligation which rungs are sent, which are skipped, and when to look at it again."""
        batch, now = _Batch(), self.now
        for row in found:
            sent, skipped, look = self._climb(row, frozenset(told.get((row.id, row.due_on), ())))
            batch.notices += [_notice(row, moment, now, self._reached(row, moment)) for moment in sent]
            batch.notices += [_notice(row, moment, now, None) for moment in skipped]
            batch.breaches += [_breach(row, moment, now) for moment in sent if moment.rung == BREACH]
            batch.next_looks.append((row.id, look))
        return batch

    def _climb(self, row: Due, already: frozenset[str]) -> _Climbed:
        """Return the rungs to send and to skip, and the moment of the first rung after them."""
        urgent = row.urgent_since if row.urgent_taken_at is None else None
        situation = ladder.Situation(row.channel, row.nature, urgent, row.triage_since)
        born = row.arose_at if row.born_late else None  # nothing else asks when it arose
        key = (row.due_on, row.work_by, row.decide_by, born, situation, already)
        if key not in self.climbed:
            steps, calendar = self.house.rules.ladder, self.house.calendar
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


def _notice(row: Due, moment: ladder.Moment, now: datetime, recipients: list[int] | None) -> Values:
    """Return the row of a notice: sent, unattended when nobody is there, or skipped without recipients."""
    told = NoticeState.SENT if recipients else NoticeState.UNATTENDED
    state = NoticeState.SKIPPED if recipients is None else told
    values: Values = {
        "obligation_id": row.id,
        "rung": moment.rung,
        "due_on": row.due_on,
        "state": state,
        "moment": moment.at,
        "recorded_at": now,
        "escalation": state is NoticeState.SENT and not BELOW.issuperset(moment.to),
        "recipients": recipients or [],
    }
    return values | {"seal": seal_of(Notice, values)}


def _breach(row: Due, moment: ladder.Moment, now: datetime) -> Values:
    values: Values = {
        "obligation_id": row.id,
        "due_on": row.due_on,
        "became_true_at": moment.at,
        "recorded_at": now,
        "born_late": row.born_late,
    }
    return values | {"seal": seal_of(Breach, values)}


def _notify(session: Session, notices: list[Values], now: datetime) -> tuple[int, int]:
    """Write the notices that are not there yet, and one line in the outbox for each that is sent; return how many.

    The second figure counts escalations.
    """
    if not notices:
        return 0, 0
    if session.get_bind().dialect.name == "postgresql":
        written = _from_json(Notice, notices, "obligation_id, rung, due_on")
        query = f"""
            WITH written AS ({written} RETURNING id, state, escalation), queued AS (
                INSERT INTO outbox (notice_id, state, attempts, next_try_at)
                SELECT id, 'waiting', 0, :now FROM written WHERE state = 'sent'
            )
            SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE escalation) FROM written
        """  # noqa: S608 - only names of our own in it
        sent, escalated = session.execute(text(query), {"rows": _packed(notices), "now": now}).one()
        return sent, escalated
    statement = insert(Notice).on_conflict_do_nothing(index_elements=["obligation_id", "rung", "due_on"])
    told = session.execute(statement.returning(Notice.id, Notice.state, Notice.escalation), notices).all()
    rows = [row for row in told if row.state is NoticeState.SENT]
    if rows:
        waiting = [{"notice_id": row.id, "state": "waiting", "attempts": 0, "next_try_at": now} for row in rows]
        session.execute(insert(Outbox), waiting)
    return len(rows), sum(row.escalation for row in rows)


def _record(session: Session, breaches: list[Values]) -> int:
    """Write the breaches that are not there yet; return how many."""
    if not breaches:
        return 0
    if session.get_bind().dialect.name == "postgresql":
        query = _from_json(Breach, breaches, "obligation_id") + " RETURNING obligation_id"
        return len(session.execute(text(query), {"rows": _packed(breaches)}).all())
    statement = insert(Breach).on_conflict_do_nothing(index_elements=["obligation_id"])
    return len(session.execute(statement.returning(Breach.obligation_id), breaches).all())


def _from_json(model: type[Base], rows: Sequence[Values], key: str) -> str:
    """Return how PostgreSQL writes rows that travel as one JSON text: a third of the time of so many VALUES."""
    table, columns = model.__tablename__, ", ".join(rows[0])
    return (
        f"INSERT INTO {table} ({columns}) SELECT {columns}"  # noqa: S608 - the names are those of our own columns
        f" FROM json_populate_recordset(NULL::{table}, :rows) ON CONFLICT ({key}) DO NOTHING"
    )


def _look_again(session: Session, next_looks: Sequence[tuple[int, datetime]]) -> None:
    """Set when each obligation is to be looked at next."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text(
                "UPDATE obligations SET next_action_at = looks.at"
                " FROM json_to_recordset(:rows) AS looks (id bigint, at timestamptz) WHERE obligations.id = looks.id"
            ),
            {"rows": _packed([{"id": obligation_id, "at": at} for obligation_id, at in next_looks])},
        )
        return
    together: dict[datetime, list[int]] = {}
    for obligation_id, at in next_looks:
        together.setdefault(at, []).append(obligation_id)
    for at, ids in together.items():
        query = update(Obligation).where(Obligation.id.in_(ids)).values(next_action_at=at)
        session.execute(query, execution_options={"synchronize_session": False})


def _packed(rows: Sequence[Values]) -> str:
    """Return rows as one JSON text; dates and moments as ISO 8601."""
    return json.dumps(rows, default=str, separators=(",", ":"))
