"""Owns what is read about a service of the directory: its changes over time, and what a change of it touches now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.charter.words import CaseState, RoutingSubject
from tracker.models.cases import Association, Case
from tracker.models.routing import RoutingChange
from tracker.models.staff import Staff

UNFINISHED = (CaseState.TRIAGE, CaseState.OPEN)
NAMED = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an entry: what was done, from which day (Brussels) it counts, by whom and why."""

    number: int
    at: datetime
    actor: str
    act: str
    """``add``, ``change``, ``close``, ``shipped``; ``fact_added``, ``fact_changed`` or ``fact_ended``."""
    from_day: date | None
    successor: str | None
    why: str
    fields: tuple[str, ...] = ()
    """What of the entry was changed, by the names of its fields."""
    before: Mapping[str, str] = field(default_factory=dict)
    """What a fact said before, in each language; empty: there was none."""
    after: Mapping[str, str] = field(default_factory=dict)
    """What it has said since."""


@dataclass(frozen=True, slots=True)
class Touched:
    """The unfinished cases that a service leads, or is associated with, and the people who work there."""

    lead: int
    associated: int
    references: tuple[str, ...]
    """Of the first of them, by due date; what they are about is for those who may read them."""
    staff: int


def changes_of(session: Session, code: str) -> list[Change]:
    """Return the changes of an entry, the newest first (one statement)."""
    query = (
        select(RoutingChange)
        .where(RoutingChange.subject == RoutingSubject.DIRECTORY, RoutingChange.what == code)
        .order_by(RoutingChange.number.desc())
    )
    return [_change(row) for row in session.scalars(query)]


def _change(row: RoutingChange) -> Change:
    said = row.details or {}
    from_day = said.get("from")
    return Change(
        number=row.number,
        at=row.at,
        actor=row.actor,
        act=str(said.get("act", "change")),
        from_day=date.fromisoformat(from_day) if from_day else None,
        successor=said.get("successor"),
        why=str(said.get("why", "")),
        fields=tuple(said.get("fields", ())),
        before=said.get("before", {}),
        after=said.get("after", {}),
    )


def touched(session: Session, code: str) -> Touched:
    """Return what a change of a service touches today (four statements)."""
    led = select(Case).where(Case.service_code == code, Case.state.in_(UNFINISHED))
    beside = select(Association).join(Case).where(Association.service_code == code, Case.state.in_(UNFINISHED))
    first = led.with_only_columns(Case.reference).order_by(Case.next_due_on.is_(None), Case.next_due_on, Case.id)
    active = select(func.count()).where(Staff.service_code == code, Staff.active)
    return Touched(
        lead=session.scalar(select(func.count()).select_from(led.subquery())) or 0,
        associated=session.scalar(select(func.count()).select_from(beside.subquery())) or 0,
        references=tuple(session.scalars(first.limit(NAMED))),
        staff=session.scalar(active) or 0,
    )
