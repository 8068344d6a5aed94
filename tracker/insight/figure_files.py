"""Owns the list of files behind a figure: which promises of which cases it counted, as far as somebody may read them.

The figure was counted a while ago and the list is read now: what was settled meanwhile differs.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import literal_column, select, tuple_
from sqlalchemy.orm import Session

from tracker.charter.words import Channel, Language, Nature, ObligationKind, ObligationState
from tracker.insight.figures import Scope
from tracker.insight.keeping import Outcome, outcome
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.obligations import Obligation

PAGE = 50
LONGEST_CLOSED = timedelta(days=14)
"""How much earlier than its due date the last working day for a promise can be, at most."""


class Place(NamedTuple):
    """A place in the list: what a page starts after."""

    due_on: date
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which promises: those due from ``first`` to ``last`` (Brussels days, both included).

    ``to_do``: not by their due dates but by the last working days for them, and only those that are open.
    """

    first: date
    last: date
    outcome: Outcome | None = None
    to_do: bool = False
    kind: ObligationKind | None = None
    channel: Channel | None = None
    nature: Nature | None = None
    language: Language | None = None
    service: str | None = None
    """The lead service; empty: none yet."""
    handler_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One promise on one case."""

    id: int
    reference: str
    subject: str
    kind: ObligationKind
    due_on: date
    settled_on: date | None
    outcome: Outcome | None
    service_code: str | None


def files(
    session: Session, viewer: Viewer, scope: Scope, wanted: Wanted, *, today: date, after: Place | None = None
) -> tuple[list[Line], Place | None]:
    """Return a page of the list, the promise due last first, and where the next page starts (one statement)."""
    how = outcome(today)
    place = tuple_(Obligation.due_on, Obligation.id)
    query: Any = (
        select(
            Obligation.id, Case.reference, Case.subject, Obligation.kind, Obligation.due_on, Obligation.settled_on,
            how.label("outcome"), Case.service_code,
        )
        .join(Case, Case.id == Obligation.case_id)
        .where(may_read(viewer), *_within(scope), *_asked(wanted, how))
        .order_by(Obligation.due_on.desc(), Obligation.id.desc())
        .limit(PAGE + 1)
    )  # fmt: skip
    if after is not None:
        query = query.where(place < tuple_(after.due_on, after.id))
    found = [
        Line(row[0], row[1], row[2], row[3], row[4], row[5], Outcome(row[6]) if row[6] else None, row[7])
        for row in session.execute(query)
    ]
    lines = found[:PAGE]
    return lines, Place(lines[-1].due_on, lines[-1].id) if len(found) > PAGE else None


def _within(scope: Scope) -> list[Any]:
    conditions: list[Any] = [Case.nature == Nature.COMPLAINT] if scope.complaints else []
    if scope.services is not None:
        led = Case.service_code.in_(sorted(scope.services))
        conditions.append(led | Case.service_code.is_(None) if "" in scope.services else led)
    return conditions


def _asked(wanted: Wanted, how: Any) -> list[Any]:
    exactly = {
        Obligation.kind: wanted.kind, Case.channel: wanted.channel, Case.nature: wanted.nature,
        Case.language: wanted.language, Case.service_code: wanted.service or None, Case.handler_id: wanted.handler_id,
    }  # fmt: skip
    conditions: list[Any] = [column == value for column, value in exactly.items() if value is not None]
    if wanted.service == "":
        conditions.append(Case.service_code.is_(None))
    if wanted.to_do:
        still: Any = literal_column(f"'{ObligationState.OPEN.value}'")  # spelled out: there is an index of open ones
        return [
            *conditions, Obligation.state == still, Obligation.work_by >= wanted.first,
            Obligation.work_by <= wanted.last, Obligation.due_on >= wanted.first,
            Obligation.due_on <= wanted.last + LONGEST_CLOSED,
        ]  # fmt: skip
    conditions += [Obligation.due_on >= wanted.first, Obligation.due_on <= wanted.last]
    return [*conditions, how == wanted.outcome.value if wanted.outcome else how.is_not(None)]
