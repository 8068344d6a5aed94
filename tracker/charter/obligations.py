"""Owns one dated promise: what it is, how its date is counted, and whether it was kept."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import aware, brussels_day, days_after, midnight_after
from tracker.charter.rules import Rule, RuleBook
from tracker.charter.steps import BASES, Step, StepCode
from tracker.charter.words import Channel, Nature, ObligationKind, ObligationState, WaiverGround


@dataclass(frozen=True, slots=True)
class Obligation:
    """One dated promise on a case. All days are days in Brussels, all moments aware."""

    number: int  # 1, 2, … in the order of arising within the case
    kind: ObligationKind
    rule_id: str
    rule_version: int
    source: str
    counted_from: date  # day 0; for a promised reply, the day its letter left
    days: int | None  # None when the date was promised in a letter
    due_on: date  # the last day allowed, until 24:00
    work_by: date  # the last open day on or before it
    provisional: bool  # work_by lies past what is known of the closing days
    steps: tuple[Step, ...]  # the first says where day 0 comes from
    arose_at: datetime
    state: ObligationState = ObligationState.OPEN
    decide_by: date | None = None  # until the nature is confirmed: it may prove complex or misdirected
    born_late: bool = False  # already past due when it arose
    settled_at: datetime | None = None  # when it was recorded as discharged, replaced or waived
    settled_on: date | None = None  # the day of leaving that settled it, else the day of settled_at
    replaced_by: int | None = None
    waiver_ground: WaiverGround | None = None
    waiver_evidence: str | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it is still owed."""
        return self.state is ObligationState.OPEN

    @property
    def basis(self) -> StepCode:
        """Where day 0 comes from: ``received``, ``follow_up_received``, ``came_back`` or ``promised``."""
        return self.steps[0].code

    @property
    def channel(self) -> Channel:
        """The channel whose period was counted; for a promised reply, the channel of the case."""
        return Channel(str(self.steps[0].values["channel"]))

    def says(self, code: StepCode) -> Step | None:
        """Return the step with that code, if any."""
        return next((step for step in self.steps if step.code is code), None)

    @property
    def breach_moment(self) -> datetime:
        """The moment (UTC) from which it is broken: 24:00 in Brussels of the due date."""
        return midnight_after(self.due_on)

    @property
    def settled_late(self) -> bool:
        """Tell whether it was settled after its due date: what settled it left too late, or was decided too late."""
        return self.settled_on is not None and self.settled_on > self.due_on

    def was_breached(self, now: datetime) -> bool:
        """Tell whether nothing had kept it when its due date ended, as far as is recorded now.

        A letter posted in time keeps it, even when the posting is recorded later. A breach stays, whatever happens
        to the obligation afterwards.
        """
        if self.settled_on is not None:
            return self.settled_late
        return aware(now) >= self.breach_moment


class Count(NamedTuple):
    """What counting gives: the dates, and the steps that lead to them."""

    days: int
    due_on: date
    work_by: date
    provisional: bool
    steps: tuple[Step, ...]


def work_by(due_on: date, calendar: WorkingCalendar) -> tuple[date, bool, tuple[Step, ...]]:
    """Return the last open day on or before a due date, whether that is provisional, and the steps that say so."""
    last, steps = calendar.last_open_on_or_before(due_on), []
    if last != due_on:
        why = calendar.why_closed(due_on) or ""
        steps.append(Step(StepCode.CLOSED_DAY, {"due_on": due_on.isoformat(), "why": why}))
        steps.append(Step(StepCode.WORK_BY, {"work_by": last.isoformat()}))
    provisional = calendar.provisional(last)
    if provisional:
        known = calendar.known_until.isoformat()
        steps.append(Step(StepCode.PROVISIONAL, {"work_by": last.isoformat(), "known_until": known}))
    return last, provisional, tuple(steps)


@lru_cache(maxsize=8192)
def count(rule: Rule, channel: Channel, day_zero: date, calendar: WorkingCalendar, extension: str | None) -> Count:
    """Count a rule's calendar days from day 0; ``extension`` is the reason of an extension, None without one.

    "15 / 30 calendar days following receipt" (FPS Foreign Affairs, user charter, §2): the day of receipt is day 0,
    and the due date is never moved. Raises DayOutOfRange.
    """
    days = rule.days[channel]
    due_on = days_after(day_zero, days)
    values: dict[str, str | int] = {"days": days, "due_on": due_on.isoformat()}
    steps = [Step(StepCode.COUNTED, values | {"rule": rule.id, "version": rule.version})]
    if extension is not None and rule.extension_days is not None:
        due_on = days_after(due_on, rule.extension_days)
        days += rule.extension_days
        values = {"days": rule.extension_days, "due_on": due_on.isoformat(), "reason": extension}
        steps.append(Step(StepCode.EXTENDED, values))
    last, provisional, more = work_by(due_on, calendar)
    return Count(days, due_on, last, provisional, (*steps, *more))


def counted(
    rule: Rule,
    basis: Step,
    *,
    confirmed: bool,
    at: datetime,
    calendar: WorkingCalendar,
    number: int,
    because: tuple[Step, ...] = (),
    extension: str | None = None,
) -> Obligation:
    """Return the open obligation that a rule counts from a receipt.

    ``basis`` says the day and the channel of the receipt, ``confirmed`` whether a person confirmed the nature: until
    then it carries ``decide_by`` where that comes before the due date. ``at`` is the moment it arises.
    """
    channel, day_zero = Channel(str(basis.values["channel"])), date.fromisoformat(str(basis.values["received_on"]))
    result = count(rule, channel, day_zero, calendar, extension)
    steps = (basis, *because, *result.steps)
    decide_by, today = None, brussels_day(at)
    if not confirmed and channel in rule.decide:
        decide_by = days_after(day_zero, rule.decide[channel])
        values: dict[str, str | int] = {"decide_by": decide_by.isoformat(), "days": rule.decide[channel]}
        steps = (*steps, Step(StepCode.DECIDE_BY, values))
    if born_late := today > result.due_on:
        steps = (*steps, Step(StepCode.BORN_LATE, {"recorded_on": today.isoformat()}))
    return Obligation(
        number=number,
        kind=rule.kind,
        rule_id=rule.id,
        rule_version=rule.version,
        source=rule.source,
        counted_from=day_zero,
        days=result.days,
        due_on=result.due_on,
        work_by=result.work_by,
        provisional=result.provisional,
        steps=steps,
        arose_at=aware(at),
        decide_by=decide_by,
        born_late=born_late,
    )


def receipt(code: StepCode, received_on: date, channel: Channel) -> Step:
    """Return the first step of an obligation counted from a receipt (day in Brussels)."""
    assert code in BASES
    return Step(code, {"received_on": received_on.isoformat(), "channel": channel.value})


def assess(
    received_at: datetime, channel: Channel, nature: Nature, rules: RuleBook, calendar: WorkingCalendar
) -> tuple[Obligation, ...]:
    """Return what a request received at a moment (aware) would be owed, before any person has looked at it.

    Raises NaiveDatetime or DayOutOfRange.
    """
    received_on = brussels_day(received_at)
    basis = receipt(StepCode.RECEIVED, received_on, channel)
    rule = rules.owed(nature, channel, received_on)
    return (counted(rule, basis, confirmed=False, at=received_at, calendar=calendar, number=1),)


def without_decide_by(obligation: Obligation) -> Obligation:
    """Return the obligation of a case whose nature a person has confirmed."""
    if obligation.decide_by is None:
        return obligation
    steps = tuple(step for step in obligation.steps if step.code is not StepCode.DECIDE_BY)
    return replace(obligation, decide_by=None, steps=steps)
