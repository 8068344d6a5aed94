"""Owns what one commit of the sweep writes: notices and breaches, the alarm where nobody is there, the next looks.

Set by set, whatever their number; a row that another sweep was faster with stays as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, text, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from tracker.casework.alarms import hold_unattended
from tracker.charter import ladder
from tracker.charter.words import NoticeState, Recipient
from tracker.models.base import Base, seal_of
from tracker.models.messages import Outbox
from tracker.models.obligations import Breach, Notice, Obligation

BELOW = frozenset({Recipient.HANDLER, Recipient.DUTY})
"""Whom a reminder reaches; anybody else on a rung makes it an escalation."""

Values: TypeAlias = dict[str, Any]
Due: TypeAlias = Row[*tuple[Any, ...]]


@dataclass(slots=True)
class Batch:
    """What one commit of the sweep writes."""

    notices: list[Values] = field(default_factory=list)
    breaches: list[Values] = field(default_factory=list)
    next_looks: dict[int, datetime] = field(default_factory=dict)
    """By the id of the obligation."""
    unattended: dict[int, int] = field(default_factory=dict)
    """The case of each obligation about which nobody can be told, by the id of the obligation."""

    def leave(self, obligations: set[int]) -> None:
        """Leave some obligations to the next sweep."""
        self.notices = [row for row in self.notices if row["obligation_id"] not in obligations]
        self.breaches = [row for row in self.breaches if row["obligation_id"] not in obligations]
        self.next_looks = {key: at for key, at in self.next_looks.items() if key not in obligations}


def write(session: Session, batch: Batch, now: datetime) -> tuple[int, int, int]:
    """Write a batch, and return how many notices were sent, how many of them escalate, and how many breaches."""
    if batch.unattended:
        held = hold_unattended(session, sorted(set(batch.unattended.values())))
        batch.leave({obligation for obligation, case in batch.unattended.items() if case not in held})
    sent, escalated = _notify(session, batch.notices, now)
    breaches = _record(session, batch.breaches)
    _look_again(session, batch.next_looks)
    return sent, escalated, breaches


def notice_of(row: Due, moment: ladder.Moment, recipients: list[int] | None, now: datetime) -> Values:
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


def breach_of(row: Due, moment: ladder.Moment, now: datetime) -> Values:
    """Return the row of a breach."""
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


def _look_again(session: Session, next_looks: Mapping[int, datetime]) -> None:
    """Set when each obligation is to be looked at next."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text(
                "UPDATE obligations SET next_action_at = looks.at"
                " FROM json_to_recordset(:rows) AS looks (id bigint, at timestamptz) WHERE obligations.id = looks.id"
            ),
            {"rows": _packed([{"id": obligation_id, "at": at} for obligation_id, at in next_looks.items()])},
        )
        return
    together: dict[datetime, list[int]] = {}
    for obligation_id, at in next_looks.items():
        together.setdefault(at, []).append(obligation_id)
    for at, ids in together.items():
        query = update(Obligation).where(Obligation.id.in_(ids)).values(next_action_at=at)
        session.execute(query, execution_options={"synchronize_session": False})


def _packed(rows: Sequence[Values]) -> str:
    """Return rows as one JSON text; dates and moments as ISO 8601."""
    return json.dumps(rows, default=str, separators=(",", ":"))
