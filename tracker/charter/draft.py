"""Owns a ledger while one entry is being applied to it: what the transitions change, and nothing else changes."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import brussels_day
from tracker.charter.obligations import Obligation, counted, receipt, without_decide_by
from tracker.charter.rules import Rule, RuleBook
from tracker.charter.steps import Step, StepCode
from tracker.charter.words import Act, Channel, Nature, ObligationKind, ObligationState


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message that left, and what its leaving did. Days are days in Brussels."""

    message: int  # its number on the case
    act: Act
    left_on: date
    recorded_at: datetime
    settled: tuple[int, ...]  # the obligations that it discharged, or that its promise replaced
    opened: int | None = None  # the promised reply that an interim letter made
    inform_only: bool = False
    spent: bool = False  # a transmission that was sent back: it counts no more
    voided_at: datetime | None = None
    evidence: str | None = None  # that it did not arrive

    @property
    def voided(self) -> bool:
        """Tell whether it proved not to have arrived."""
        return self.voided_at is not None


class FollowUp(NamedTuple):
    """A follow-up that opened nothing, because something was open when it came."""

    received_on: date
    channel: Channel


@dataclass(slots=True)
class Draft:
    """The state of a ledger, to be changed by one entry recorded at ``at``, under these rules and this calendar."""

    received_at: datetime
    channel: Channel
    nature: Nature
    nature_confirmed: bool
    obligations: list[Obligation]
    leavings: list[Leaving]
    follow_ups: list[FollowUp]
    at: datetime
    rules: RuleBook
    calendar: WorkingCalendar

    @property
    def today(self) -> date:
        """The day in Brussels on which the entry is recorded."""
        return brussels_day(self.at)

    @property
    def received_on(self) -> date:
        """Day 0 of the case."""
        return brussels_day(self.received_at)

    def open_of(self, *kinds: ObligationKind) -> list[Obligation]:
        """Return the open obligations of some kinds; of all kinds when none is named."""
        return [o for o in self.obligations if o.is_open and (not kinds or o.kind in kinds)]

    def change(self, number: int, **changes: object) -> None:
        """Change what is said about one obligation."""
        self.obligations[number - 1] = replace(self.obligations[number - 1], **changes)  # type: ignore[arg-type]

    def change_leaving(self, place: int, **changes: object) -> None:
        """Change what is said about one leaving."""
        self.leavings[place] = replace(self.leavings[place], **changes)  # type: ignore[arg-type]

    def discharge(self, number: int, on: date) -> None:
        """Record that an obligation was kept, or kept late, by a message that left on a day."""
        self.change(number, state=ObligationState.DISCHARGED, settled_at=self.at, settled_on=on)

    def replace(self, number: int, by: int, on: date | None = None) -> None:
        """Record that another obligation took the place of one; ``on``: the day its letter left, else today."""
        self.change(
            number, state=ObligationState.REPLACED, settled_at=self.at, settled_on=on or self.today, replaced_by=by
        )

    def reopen(self, number: int, because: Step) -> None:
        """Record that an obligation is owed again, by the same date."""
        old = self.obligations[number - 1]
        self.obligations[number - 1] = replace(
            without_decide_by(old) if self.nature_confirmed else old,
            state=ObligationState.OPEN,
            settled_at=None,
            settled_on=None,
            replaced_by=None,
            waiver_ground=None,
            waiver_evidence=None,
        )
        self.change(number, steps=(*self.obligations[number - 1].steps, because))

    def owe(self, basis: Step, *because: Step) -> None:
        """Open what the present nature is owed from a receipt (``basis``)."""
        self.obligations.append(self._count(basis, because))

    def rule_for(self, basis: Step, *, within_period: bool = False) -> Rule:
        """Return the rule that says what is owed from a receipt, by the rules in force on that day.

        A follow-up is owed a reply whatever the nature of the case: by the rule of its nature where that is a reply
        (complaint, document access), else as a request for information; so is a complex request that will be
        answered within the ordinary period (P3).
        """
        channel = Channel(str(basis.values["channel"]))
        received_on = date.fromisoformat(str(basis.values["received_on"]))
        rule = self.rules.owed(self.nature, channel, received_on)
        ordinary = within_period or basis.code is StepCode.FOLLOW_UP_RECEIVED
        if ordinary and rule.kind is not ObligationKind.REPLY:
            rule = self.rules.owed(Nature.INFORMATION, channel, received_on)
        return rule

    def _count(self, basis: Step, because: tuple[Step, ...], extension: str | None = None) -> Obligation:
        within = any(step.code is StepCode.WITHIN_PERIOD for step in because)
        return counted(
            self.rule_for(basis, within_period=within),
            basis,
            confirmed=self.nature_confirmed,
            at=self.at,
            calendar=self.calendar,
            number=len(self.obligations) + 1,
            because=because,
            extension=extension,
        )

    def recount(
        self, old: Obligation, *because: Step, extension: str | None = None, closing_days: bool = False
    ) -> None:
        """Count an open obligation again as things stand now; replace it when the promise comes out differently.

        ``closing_days``: also when only ``work_by`` does, because the calendar has learnt something. A promised reply
        is never counted again: a date promised to the citizen stays. What was recorded about an obligation
        (answered within the period, extended) holds for as long as the nature that it was recorded for.
        """
        if old.kind is ObligationKind.PROMISED_REPLY:
            return
        kept = old.says(StepCode.WITHIN_PERIOD)
        if kept is not None and self.nature is Nature.COMPLEX and not any(step.code is kept.code for step in because):
            because = (*because, kept)
        longer = old.says(StepCode.EXTENDED)
        if extension is None and longer is not None and self.nature is Nature.DOCUMENT_ACCESS:
            extension = str(longer.values["reason"])
        new = self._count(self._basis(old), because, extension)
        if _promise(new) == _promise(old) and not (closing_days and _target(new) != _target(old)):
            return
        others = (o for o in self.open_of() if o.number != old.number)
        twin = next((o for o in others if _promise(o) == _promise(new)), None)
        if twin is None:
            self.obligations.append(new)
        self.replace(old.number, by=(twin or new).number)

    def _basis(self, old: Obligation) -> Step:
        """Return the receipt from which an obligation is to be counted now.

        A follow-up keeps its own. What came back keeps the day of its return as long as it is a transmission: once
        it proves to be ours, it was ours from the start, and the original receipt counts.
        """
        if old.basis is StepCode.FOLLOW_UP_RECEIVED:
            return old.steps[0]
        if old.basis is StepCode.CAME_BACK and self.nature is Nature.MISDIRECTED:
            return old.steps[0]
        return receipt(StepCode.RECEIVED, self.received_on, self.channel)


def _promise(o: Obligation) -> tuple[object, ...]:
    """Return what makes two counts the same promise to the citizen."""
    return (o.kind, o.rule_id, o.rule_version, o.counted_from, o.channel, o.due_on)


def _target(o: Obligation) -> tuple[object, ...]:
    """Return what staff aim at."""
    return (o.work_by, o.provisional)
