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

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Row, Select, any_, literal, select, text, tuple_, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.staffing import Team
from tracker.charter import ladder
from tracker.charter.counting import aware, brussels_day
from tracker.charter.rungs import BREACH
from tracker.charter.words import NoticeState, Recipient
from tracker.models.base import Base, Sealed, seal_of
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
    team: Team | None = None
    after: tuple[datetime, int] | None = None
    while True:
        with database.writing() as session:
            found = _take(session, now, after, size)
            if found:
                team = team or Team.load(session, day=brussels_day(now), duty_mailbox=house.duty_email is not None)
                batch = _weigh(house, team, found, _already(session, found), now)
                sent, escalated = _notify(session, batch.notices, now)
                notices, escalations = notices + sent, escalations + escalated
                breaches += len(_insert(session, Breach, ["obligation_id"], batch.breaches, ["obligation_id"]))
                _look_again(session, batch.next_looks)
        examined += len(found)
        if len(found) < size:
            return Swept(now, examined, notices, breaches, escalations, perf_counter() - started)
        after = (found[-1].next_action_at, found[-1].id)


def _take(session: Session, now: datetime, after: tuple[datetime, int] | None, size: int) -> Sequence[Due]:
    """Lock the next open obligations whose moment has come, with what the ladder and the team must know of them."""
    return session.execute(due(now, after, size).with_for_update(of=Obligation, skip_locked=True)).all()


def due(now: datetime, after: tuple[datetime, int] | None, size: int) -> Select[*tuple[Any, ...]]:
    """Return the query for the next open obligations whose moment has come, after a moment and an id."""
    query = (
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
        .where(text("obligations.state = 'open'"), Obligation.next_action_at <= now)
        .order_by(Obligation.next_action_at, Obligation.id)
        .limit(size)
    )
    if after is not None:
        query = query.where(tuple_(Obligation.next_action_at, Obligation.id) > tuple_(*after))
    return query


def _already(session: Session, found: Sequence[Due]) -> Mapping[tuple[int, date], set[str]]:
    """Return the rungs that have a notice, by obligation and due date; read after the lock, so that it is whole."""
    ids = [row.id for row in found]
    rungs: dict[tuple[int, date], set[str]] = {}
    among: ColumnElement[bool] = Notice.obligation_id.in_(ids)
    if session.get_bind().dialect.name == "postgresql":
        among = Notice.obligation_id == any_(literal(ids, ARRAY(BigInteger)))  # one parameter and not five hundred
    query = select(Notice.obligation_id, Notice.due_on, Notice.rung).where(among)
    for obligation_id, due_on, rung in session.execute(query):
        rungs.setdefault((obligation_id, due_on), set()).add(rung)
    return rungs


def _weigh(
    house: House, team: Team, found: Sequence[Due], told: Mapping[tuple[int, date], set[str]], now: datetime
) -> _Batch:
    """Decide for each obligation which rungs are sent, which are skipped, and when to look at it again."""
    batch, steps, calendar = _Batch(), house.rules.ladder, house.calendar
    for row in found:
        already = frozenset(told.get((row.id, row.due_on), ()))
        situation = ladder.Situation(
            row.channel, row.nature, row.urgent_since if row.urgent_taken_at is None else None, row.triage_since
        )
        sent, skipped = ladder.due(steps, calendar, row, situation, now=now, already=already)
        batch.notices += [_notice(row, moment, now, _reached(team, row, moment)) for moment in sent]
        batch.notices += [_notice(row, moment, now, None) for moment in skipped]
        batch.breaches += [_breach(row, moment, now) for moment in sent if moment.rung == BREACH]
        known = already.union(moment.rung for moment in (*sent, *skipped))
        batch.next_looks.append((row.id, ladder.next_at(steps, calendar, row, situation, already=known)))
    return batch


def _reached(team: Team, row: Due, moment: ladder.Moment) -> list[int]:
    """Return whom a rung reaches today, nobody twice."""
    reached = [
        member
        for who in moment.to
        for member in team.reached(
            who, handler_id=row.handler_id, service=row.service_code, not_this=row.about_staff_id
        )
    ]
    return list(dict.fromkeys(reached))


def _notice(row: Due, moment: ladder.Moment, now: datetime, recipients: list[int] | None) -> Values:
    """Return the row of a notice: sent, unattended when nobody is there, or skipped without recipients."""
    told = NoticeState.SENT if recipients else NoticeState.UNATTENDED
    state = NoticeState.SKIPPED if recipients is None else told
    return {
        "obligation_id": row.id,
        "rung": moment.rung,
        "due_on": row.due_on,
        "state": state,
        "moment": moment.at,
        "recorded_at": now,
        "escalation": state is NoticeState.SENT and not BELOW.issuperset(moment.to),
        "recipients": recipients or [],
    }


def _breach(row: Due, moment: ladder.Moment, now: datetime) -> Values:
    return {
        "obligation_id": row.id,
        "due_on": row.due_on,
        "became_true_at": moment.at,
        "recorded_at": now,
        "born_late": row.born_late,
    }


def _notify(session: Session, notices: list[Values], now: datetime) -> tuple[int, int]:
    """Write the notices that are not there yet, and one line in the outbox for each that is sent."""
    written = _insert(session, Notice, ["obligation_id", "rung", "due_on"], notices, ["id", "state", "escalation"])
    sent = [row for row in written if row.state == NoticeState.SENT]
    if sent:
        waiting = [{"notice_id": row.id, "state": "waiting", "attempts": 0, "next_try_at": now} for row in sent]
        _insert(session, Outbox, ["notice_id"], waiting, ["id"])
    return len(sent), sum(row.escalation for row in sent)


def _insert(
    session: Session, model: type[Base], key: list[str], rows: list[Values], returning: list[str]
) -> Sequence[Due]:
    """Write sealed rows, leave those whose key is there already, and return what was written."""
    if not rows:
        return []
    if issubclass(model, Sealed):
        for row in rows:
            row["seal"] = seal_of(model, row)
    if session.get_bind().dialect.name == "sqlite":
        statement = insert(model).on_conflict_do_nothing(index_elements=key)
        return session.execute(statement.returning(*(getattr(model, name) for name in returning)), rows).all()
    table, columns = model.__tablename__, ", ".join(rows[0])
    # All rows travel as one JSON text and become rows of the table there: a third of the time of so many VALUES.
    return session.execute(
        text(
            f"INSERT INTO {table} ({columns}) SELECT {columns}"  # noqa: S608 - the names are those of our own columns
            f" FROM json_populate_recordset(NULL::{table}, :rows)"
            f" ON CONFLICT ({', '.join(key)}) DO NOTHING RETURNING {', '.join(returning)}"
        ),
        {"rows": _packed(rows)},
    ).all()


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
