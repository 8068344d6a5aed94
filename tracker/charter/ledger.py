"""Owns the ledger of a case: all its promises as one frozen value, and the one function that changes it.

The ledger is what its entries make of it, and nothing else: the use cases record an entry and store both, and
``replay`` gives the same value again from the stored entries. Rebuild it that way; rows of a database do not tell
which message settled what, nor which follow-ups are waiting.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from tracker.charter import changing, leaving
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import brussels_day
from tracker.charter.draft import Draft, FollowUp, Leaving
from tracker.charter.entries import (
    BadEntry,
    Entry,
    Extended,
    FollowedUp,
    LeavingVoided,
    MessageLeft,
    NatureSet,
    ReceiptCorrected,
    Received,
    Recounted,
    Returned,
    Waived,
    WaiverVoided,
    WithinPeriod,
)
from tracker.charter.errors import CharterError
from tracker.charter.obligations import Obligation, assess
from tracker.charter.promising import check_interim
from tracker.charter.rules import RuleBook
from tracker.charter.words import Channel, Nature, ObligationKind, ObligationState

__all__ = ["FollowUp", "Leaving", "Ledger", "Obligation", "PromisesOpen", "assess", "check_interim", "replay"]


class PromisesOpen(CharterError):
    """A case that cannot be closed, because something is still owed."""

    code = "promises_open"

    def __init__(self, owed: tuple[Obligation, ...]) -> None:
        named = ", ".join(f"{o.kind.value.replace('_', ' ')} by {o.due_on}" for o in owed)
        super().__init__(
            f"The case cannot be closed while something is owed ({named}): keep it, or waive it with evidence.",
            numbers=[o.number for o in owed],
            owed=named,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """The promises of one case: what was received, what is owed, what left. Moments are aware (UTC)."""

    received_at: datetime
    channel: Channel
    nature: Nature
    nature_confirmed: bool
    obligations: tuple[Obligation, ...]  # obligation n stands at place n - 1
    leavings: tuple[Leaving, ...]  # in the order in which they were recorded
    follow_ups: tuple[FollowUp, ...]  # that came while something was open, and have no promise of their own

    @classmethod
    def open(cls, entry: Received, *, rules: RuleBook, calendar: WorkingCalendar) -> "Ledger":
        """Return the ledger of a case that was just received.

        Raises ReceivedInFuture, NaiveDatetime or DayOutOfRange.
        """
        empty = cls(entry.received_at, entry.channel, entry.nature, entry.confirmed, (), (), ())
        draft = empty._draft(entry.at, rules, calendar)
        changing.opened(draft)
        return _settled(draft)

    def record(self, entry: Entry, *, rules: RuleBook, calendar: WorkingCalendar) -> "Ledger":
        """Return the ledger after one more entry; this one is not changed.

        Counts rest on the rules in force on the receipt date, and on the calendar as known on the day of the entry.
        Raises a CharterError, one class for each thing that the charter does not allow.
        """
        draft = self._draft(entry.at, rules, calendar)
        _apply(draft, entry)
        leaving.take_up_follow_ups(draft, self.obligations)
        return _settled(draft)

    def _draft(self, at: datetime, rules: RuleBook, calendar: WorkingCalendar) -> Draft:
        return Draft(
            received_at=self.received_at,
            channel=self.channel,
            nature=self.nature,
            nature_confirmed=self.nature_confirmed,
            obligations=list(self.obligations),
            leavings=list(self.leavings),
            follow_ups=list(self.follow_ups),
            at=at,
            rules=rules,
            calendar=calendar.as_known_on(brussels_day(at)),
        )

    @property
    def received_on(self) -> date:
        """Day 0 of the case: the day of receipt in Brussels."""
        return brussels_day(self.received_at)

    def open_of(self, *kinds: ObligationKind) -> list[Obligation]:
        """Return the open obligations of some kinds; of all kinds when none is named."""
        return [o for o in self.obligations if o.is_open and (not kinds or o.kind in kinds)]

    @property
    def open_obligations(self) -> tuple[Obligation, ...]:
        """What is still owed, in the order in which it arose."""
        return tuple(o for o in self.obligations if o.is_open)

    @property
    def next_obligation(self) -> Obligation | None:
        """The open obligation that is due first, or None when nothing is owed."""
        return min(self.open_obligations, key=lambda o: (o.due_on, o.number), default=None)

    def discharging(self, obligation: Obligation) -> tuple[Leaving, ...]:
        """Return the messages that keep a discharged obligation discharged: one, or the two of a transmission."""
        if obligation.state is not ObligationState.DISCHARGED:
            return ()
        return tuple(m for m in self.leavings if not m.voided and obligation.number in m.settled)

    def check_closable(self) -> None:
        """Raise PromisesOpen when something is still owed: "a case closes only when no obligation is open"."""
        if self.open_obligations:
            raise PromisesOpen(self.open_obligations)


def _apply(draft: Draft, entry: Entry) -> None:
    match entry:
        case Received():
            raise BadEntry("a case is received only once, by its first entry")
        case NatureSet():
            changing.nature_set(draft, entry)
        case WithinPeriod():
            changing.within_period(draft, entry)
        case ReceiptCorrected():
            changing.receipt_corrected(draft, entry)
        case Recounted():
            changing.recounted(draft, entry)
        case MessageLeft():
            leaving.left(draft, entry)
        case LeavingVoided():
            leaving.voided(draft, entry)
        case Waived():
            changing.waived(draft, entry)
        case WaiverVoided():
            changing.waiver_voided(draft, entry)
        case FollowedUp():
            changing.followed_up(draft, entry)
        case Returned():
            changing.returned(draft, entry)
        case Extended():
            changing.extended(draft, entry)
        case _:
            assert_never(entry)


def _settled(draft: Draft) -> Ledger:
    return Ledger(
        received_at=draft.received_at,
        channel=draft.channel,
        nature=draft.nature,
        nature_confirmed=draft.nature_confirmed,
        obligations=tuple(draft.obligations),
        leavings=tuple(draft.leavings),
        follow_ups=tuple(draft.follow_ups),
    )


def replay(entries: Iterable[Entry], *, rules: RuleBook, calendar: WorkingCalendar) -> Ledger:
    """Return the ledger that entries make, in the order in which they were recorded; the first is ``Received``.

    Raises BadEntry when they do not begin so, or the error with which an entry would have been refused.
    """
    recorded = iter(entries)
    first = next(recorded, None)
    if not isinstance(first, Received):
        raise BadEntry("the history of a case must begin with its receipt")
    ledger = Ledger.open(first, rules=rules, calendar=calendar)
    for entry in recorded:
        ledger = ledger.record(entry, rules=rules, calendar=calendar)
    return ledger
