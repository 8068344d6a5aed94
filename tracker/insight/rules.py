"""Owns the reading of the rules that staff wrote for the router, and of what was done to each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from tracker.charter.words import Channel, Language, Nature, RoutingSubject, RuleState
from tracker.models.directory import Service
from tracker.models.routing import RoutingChange, RoutingRule
from tracker.models.staff import Staff


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it stands; ``names``: its service, by language."""

    id: int
    name: str
    note: str
    words: dict[str, list[str]]
    place: str | None
    nature: Nature | None
    channel: Channel | None
    language: Language | None
    service_code: str
    names: dict[str, str]
    valid_from: date | None
    valid_to: date | None
    state: RuleState
    version: int
    tried: dict[str, Any] | None
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class Step:
    """What was done to a rule: ``act`` is ``written``, ``in_force`` or ``off``; ``said``: the rule as it was then."""

    at: datetime
    actor: str
    act: str
    reason: str | None
    said: dict[str, Any]


def rules(session: Session) -> list[Rule]:
    """Return every rule: those in force first, then drafts, then what is switched off (one statement)."""
    rank = case({RuleState.IN_FORCE.value: 0, RuleState.DRAFT.value: 1}, value=RoutingRule.state, else_=2)
    return [_rule(*row) for row in session.execute(_QUERY.order_by(rank, RoutingRule.name, RoutingRule.id))]


def one_rule(session: Session, number: int) -> Rule | None:
    """Return a rule by its number (one statement)."""
    row = session.execute(_QUERY.where(RoutingRule.id == number)).one_or_none()
    return _rule(*row) if row is not None else None


def steps(session: Session, number: int) -> list[Step]:
    """Return what was done to a rule, the newest first (one statement)."""
    query = select(RoutingChange).where(
        RoutingChange.subject == RoutingSubject.RULE, RoutingChange.what == str(number)
    )
    found = session.scalars(query.order_by(RoutingChange.number.desc()))
    return [
        Step(one.at, one.actor, str(told.get("act")), told.get("reason"), dict(told.get("rule", {})))
        for one in found
        if (told := one.details or {})
    ]


_QUERY = (
    select(RoutingRule, Service.names, Staff.name)
    .join(Service, Service.code == RoutingRule.service_code)
    .join(Staff, Staff.id == RoutingRule.changed_by)
)


def _rule(row: RoutingRule, names: dict[str, str], changed_by: str) -> Rule:
    return Rule(
        id=row.id,
        name=row.name,
        note=row.note,
        words=row.words,
        place=row.place,
        nature=row.nature,
        channel=row.channel,
        language=row.language,
        service_code=row.service_code,
        names=names,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        state=row.state,
        version=row.version,
        tried=row.tried,
        changed_at=row.changed_at,
        changed_by=changed_by,
    )
