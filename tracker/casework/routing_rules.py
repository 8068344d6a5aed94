"""Owns the rules that staff write for the router: written, put in force, switched off, each time with its history."""

import logging
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import Room, may_keep_rules
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor
from tracker.casework.people import UnknownService
from tracker.casework.routing_in_force import note_change
from tracker.casework.rule_text import RuleText, check
from tracker.charter.counting import brussels_day
from tracker.charter.words import RoutingSubject, RuleState
from tracker.insight.mailbox import desks
from tracker.models.directory import Service
from tracker.models.routing import RoutingChange, RoutingRule
from tracker.models.staff import Staff

if TYPE_CHECKING:
    from tracker.routing.router import Router
    from tracker.routing.staff_rules import StaffRule, StaffRules

log = logging.getLogger(__name__)

LEAST_LOOKED_AT = 20
"""Of fewer past cases than these, a share says nothing about a rule."""


class NoSuchRule(Refused):
    """No rule has this number."""

    code = "no_such_rule"

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no rule {number}: look at the list of rules.", number=number)


class RuleChanged(Refused):
    """Somebody else changed the rule in the meantime."""

    code = "rule_changed"

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} changed this rule in the meantime: look at it, then decide again.", who=who)


class RuleMeetsMost(Refused):
    """A rule that most of the past cases meet."""

    code = "rule_meets_most"

    def __init__(self, met: int, looked: int) -> None:
        super().__init__(f"This rule meets {met} of {looked} past files: narrow it.", met=met, looked=looked)


class RuleNotTried(Refused):
    """A rule as it stands now was not tried on past cases."""

    code = "rule_not_tried"

    def __init__(self, name: str) -> None:
        super().__init__(f"Try the rule “{name}” on past files first, as it stands now.", name=name)


class RuleTargetClosed(Refused):
    """The service that a rule sends to is not there any more, and nothing follows it."""

    code = "rule_target_closed"

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} has closed and has no successor: choose another service.", service=service)


def write_rule(
    session: Session, *, number: int | None, text: RuleText, actor: Actor, now: datetime, seen: int | None = None
) -> RoutingRule:
    """Write a rule anew (``number`` None), or change one: it is a draft until it is tried and put in force again.

    ``seen`` is the version its writer was looking at; none: it does not matter. Raises ``NotPermitted``, ``Missing``,
    ``UnknownService``, ``NoSuchRule``, ``RuleChanged``, or what is wrong with its conditions.
    """
    _permit(session, actor)
    check(text)
    if session.get(Service, text.service_code) is None:
        raise UnknownService(text.service_code)
    if number is None:
        rule = RoutingRule(version=0)
        session.add(rule)
    else:
        rule = _take(session, number, seen)
    for name, value in asdict(text).items():
        setattr(rule, name, value)
    rule.name, rule.note = text.name.strip(), text.note.strip()
    rule.words = {language: list(patterns) for language, patterns in text.words.items() if patterns}
    rule.state, rule.tried = RuleState.DRAFT, None
    _sign(session, rule, "written", actor, now)
    return rule


def keep_trial(session: Session, *, number: int, tried: dict[str, Any], actor: Actor, seen: int) -> None:
    """Keep with a rule what it would have changed on past cases. Raises as ``write_rule`` does."""
    _permit(session, actor)
    _take(session, number, seen).tried = tried


def put_in_force(
    session: Session, router: "Router", *, number: int, actor: Actor, now: datetime, seen: int | None = None
) -> RoutingRule:
    """Let a rule count from the next text on.

    Raises ``RuleNotTried``, ``RuleMeetsMost`` when most of the past cases met it, ``RuleTargetClosed``, or as
    ``write_rule`` does.
    """
    _permit(session, actor)
    rule = _take(session, number, seen)
    if rule.tried is None:
        raise RuleNotTried(rule.name)
    looked, met = int(rule.tried["looked"]), int(rule.tried["met"])
    if looked >= LEAST_LOOKED_AT and met * 2 > looked:
        raise RuleMeetsMost(met, looked)
    if router.directory.standing_for(rule.service_code, on=brussels_day(now)) is None:
        raise RuleTargetClosed(rule.service_code)
    rule.state = RuleState.IN_FORCE
    _sign(session, rule, "in_force", actor, now)
    return rule


def switch_off(
    session: Session, *, number: int, reason: str, actor: Actor, now: datetime, seen: int | None = None
) -> RoutingRule:
    """Take a rule out of force; before it counts again it is tried again. Raises ``Missing`` without a reason."""
    _permit(session, actor)
    if not reason.strip():
        raise Missing("reason")
    rule = _take(session, number, seen)
    rule.state, rule.tried = RuleState.OFF, None
    _sign(session, rule, "off", actor, now, reason=reason.strip())
    return rule


def rules_in_force(session: Session) -> "StaffRules":
    """Return the rules in force. One that cannot be read any more is left out, and logged: it swallows no case."""
    from tracker.routing.staff_rules import StaffRules, UnreadablePattern

    query = select(RoutingRule).where(RoutingRule.state == RuleState.IN_FORCE).order_by(RoutingRule.id)
    kept = []
    for rule in map(as_rule, session.scalars(query)):
        try:
            StaffRules([rule])
        except UnreadablePattern as error:
            told = {"rule": rule.number, "error": str(error)}
            log.warning("a rule cannot be read: it does not count", extra={"figures": told})
        else:
            kept.append(rule)
    return StaffRules(kept)


def as_rule(row: RoutingRule) -> "StaffRule":
    """Return a rule as the router takes it."""
    from tracker.routing.staff_rules import StaffRule

    return StaffRule(
        number=row.id,
        name=row.name,
        code=row.service_code,
        words=row.words,
        place=row.place,
        nature=row.nature,
        channel=row.channel,
        language=row.language,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _permit(session: Session, actor: Actor) -> None:
    if actor.person is None or not may_keep_rules(actor.person, desks(session)):
        raise NotPermitted(Room.RULES)


def _take(session: Session, number: int, seen: int | None) -> RoutingRule:
    """Lock a rule as its writer saw it."""
    rule = session.scalars(select(RoutingRule).where(RoutingRule.id == number).with_for_update()).one_or_none()
    if rule is None:
        raise NoSuchRule(number)
    if seen is not None and seen != rule.version:
        raise RuleChanged(session.get_one(Staff, rule.changed_by).name)
    return rule


def _sign(
    session: Session, rule: RoutingRule, act: str, actor: Actor, now: datetime, *, reason: str | None = None
) -> RoutingChange:
    """Write down who did what to a rule, with all that it says now: the history is never changed."""
    assert actor.staff_id is not None
    rule.version += 1
    rule.changed_at, rule.changed_by = now, actor.staff_id
    session.flush()
    dates = {name: value.isoformat() for name in ("valid_from", "valid_to") if (value := getattr(rule, name))}
    said = {name: getattr(rule, name) for name in RuleText.__dataclass_fields__ if name not in dates}
    details: dict[str, Any] = {"act": act, "version": rule.version, "rule": {**said, **dates}, "reason": reason}
    if act == "in_force":
        details["tried"] = rule.tried
    return note_change(session, RoutingSubject.RULE, str(rule.id), actor=actor, now=now, details=details)
