"""Owns the dry run of a rule: what it would have changed on the cases of the past days, before it counts."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from tracker.casework.routing_rules import NoSuchRule, as_rule
from tracker.casework.staffing import COMPLAINTS_SERVICE
from tracker.charter.counting import brussels_day
from tracker.charter.words import MessageKind, Nature, ServiceKind
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.routing import RoutingRule

if TYPE_CHECKING:
    from tracker.routing.router import Router
    from tracker.routing.staff_rules import StaffRule

MOST_LOOKED_AT = 5_000
"""The newest so many cases of the days asked for are looked at: some seconds."""
MOST_DAYS = 365
SAMPLE, MOST_ASKED = 10, 200
"""How many cases are shown, and of how many it is asked whether they may be read."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A case that would have gone elsewhere; ``to`` None: the dispatcher would have had to choose between rules."""

    reference: str
    subject: str
    from_: str | None
    to: str | None
    passage: str


@dataclass(slots=True)
class Trial:
    """What a rule would have changed: where a case is today against where the rule would have sent it."""

    version: int
    days: int
    looked: int = 0
    cut: bool = False
    """There were more cases than were looked at."""
    met: int = 0
    moves: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    """How many, by where they are and where they would be."""
    contradicted: Counter[str] = field(default_factory=Counter)
    """How many, by the name of a rule in force that says otherwise: a dispatcher would decide."""
    only_proposed: bool = False
    """Its target is a body outside: a dispatcher would confirm each."""
    sample: list[Moved] = field(default_factory=list)
    """Some of those that would have moved, as far as whoever tries the rule may read them."""

    @property
    def moved(self) -> int:
        """How many would be elsewhere."""
        return self.moves.total()

    def to_json(self) -> dict[str, Any]:
        """Return the figures, without any case, as they are kept with the rule."""
        return {
            "days": self.days,
            "looked": self.looked,
            "cut": self.cut,
            "met": self.met,
            "moved": self.moved,
            "moves": [[before, after, count] for (before, after), count in self.moves.most_common()],
            "contradicted": dict(self.contradicted),
        }


def try_rule(session: Session, router: "Router", *, number: int, days: int, viewer: Viewer, now: datetime) -> Trial:
    """Return what a rule would have changed on the cases of the past days, beside the other rules in force.

    The cases are those received in the past ``days`` (1 to 365). The rule is tried as if it counted today, from
    whichever day it is to count: else what begins next week would meet no case. Nothing is written. Raises
    ``NoSuchRule``.
    """
    from tracker.routing.staff_rules import StaffRules

    row = session.get(RoutingRule, number)
    if row is None:
        raise NoSuchRule(number)
    rule, day = replace(as_rule(row), valid_from=None, valid_to=None), brussels_day(now)
    others = [one for one in router.staff_rules.rules if one.number != number]
    tried = router.with_rules(StaffRules([rule, *others]))
    entry = router.directory.standing_for(rule.code, on=day)
    trial = Trial(row.version, min(max(days, 1), MOST_DAYS))
    trial.only_proposed = entry is not None and entry.kind is not ServiceKind.INTERNAL
    moved: list[tuple[int, Moved]] = []
    found = session.execute(_past(now - timedelta(days=trial.days))).all()
    trial.cut = len(found) > MOST_LOOKED_AT
    for case in found[:MOST_LOOKED_AT]:
        trial.looked += 1
        if (one := _moved(tried, rule, case, now, trial)) is not None:
            moved.append((case.id, one))
    ids = [case_id for case_id, _ in moved[:MOST_ASKED]]
    readable = set(session.scalars(select(Case.id).where(Case.id.in_(ids), may_read(viewer))))
    trial.sample = [one for case_id, one in moved if case_id in readable][:SAMPLE]
    return trial


def _past(since: datetime) -> Any:
    """Return the query for the newest cases received since, with what the requester wrote first."""
    first = (Message.case_id == Case.id) & (Message.kind == MessageKind.REQUEST) & (Message.number == 1)
    return (
        select(
            Case.id, Case.reference, Case.subject, Case.language, Case.country, Case.nature, Case.channel,
            Case.service_code, Message.body,
        )
        .join(Message, first)
        .where(Case.received_at >= since)
        .order_by(Case.id.desc())
        .limit(MOST_LOOKED_AT + 1)
    )  # fmt: skip


def _moved(router: "Router", rule: "StaffRule", case: Row[Any], now: datetime, trial: Trial) -> Moved | None:
    """Count one case, and return it when the rule would have put it elsewhere."""
    met = router.met(
        f"{case.subject}\n{case.body}",
        lang=case.language,
        country=case.country,
        nature=case.nature,
        channel=case.channel,
        on=brussels_day(now),
    )
    ours = next((one for one in met if one.rule.number == rule.number), None)
    if ours is None:
        return None
    trial.met += 1
    against = {one.rule.name for one in met if one.code != ours.code}
    trial.contradicted.update(against)
    # A complaint stays with its coordinator; the service that the rule names joins.
    to = COMPLAINTS_SERVICE if case.nature is Nature.COMPLAINT else ours.code
    if case.service_code == to:
        return None
    if not against:
        trial.moves[case.service_code, to] += 1
    return Moved(case.reference, case.subject, case.service_code, None if against else to, ours.passage)


def rules_without_target(router: "Router", now: datetime) -> "list[StaffRule]":
    """Return the rules in force whose target has closed without a successor in force: none of them counts."""
    day = brussels_day(now)
    return [
        rule
        for rule in router.staff_rules.rules
        if (rule.valid_to is None or day <= rule.valid_to)
        and router.directory.standing_for(rule.code, on=day) is None
    ]
