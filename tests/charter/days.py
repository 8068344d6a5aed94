"""Days as a lawyer reads them, weekday and date together, and cases built from them."""

from datetime import date, datetime, time, timedelta

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import at_brussels
from tracker.charter.entries import (
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
from tracker.charter.ledger import Ledger
from tracker.charter.obligations import Obligation
from tracker.charter.rules import RuleBook
from tracker.charter.words import Act, Channel, Nature, WaiverGround

RULES = RuleBook.shipped()
CALENDAR = WorkingCalendar.shipped()
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def day(written: str) -> date:
    """Read ``Fri 2026-03-27``; the weekday must be the right one, so that a table cannot be wrong unseen."""
    weekday, text = written.split()
    found = date.fromisoformat(text)
    assert _WEEKDAYS[found.weekday()] == weekday, f"{text} is a {_WEEKDAYS[found.weekday()]}, not a {weekday}"
    return found


def written(found: date) -> str:
    """Write a day as the tables do."""
    return f"{_WEEKDAYS[found.weekday()]} {found.isoformat()}"


def moment(text: str) -> datetime:
    """Read ``Fri 2026-03-27 08:00`` as clocks in Brussels show it; without an hour, ten in the morning."""
    weekday, found, *clock = text.split()
    return at_brussels(day(f"{weekday} {found}"), time.fromisoformat(clock[0] if clock else "10:00"))


class Case:
    """A case as it is lived through: each method records one entry, at ten in the morning of a day."""

    def __init__(
        self,
        received: str,
        channel: Channel = Channel.EMAIL,
        nature: Nature = Nature.INFORMATION,
        *,
        confirmed: bool = True,
        recorded: str | None = None,
        calendar: WorkingCalendar = CALENDAR,
    ) -> None:
        first = Received(moment(recorded or received), moment(received), channel, nature, confirmed)
        self.calendar = calendar
        self.entries: list[Entry] = [first]
        self.ledger = Ledger.open(first, rules=RULES, calendar=calendar)
        self.messages = 0

    def record(self, entry: Entry) -> "Case":
        self.ledger = self.ledger.record(entry, rules=RULES, calendar=self.calendar)
        self.entries.append(entry)
        return self

    def left(self, act: Act, on: str, *, recorded: str | None = None, inform_only: bool = False) -> int:
        """Record that a new message left; return its number."""
        self.messages += 1
        at = moment(recorded or on) + timedelta(seconds=self.messages)
        self.record(MessageLeft(at, self.messages, act, moment(on).date(), inform_only=inform_only))
        return self.messages

    def answered(self, on: str, *, recorded: str | None = None) -> int:
        return self.left(Act.ANSWER, on, recorded=recorded)

    def interim(
        self, on: str, promised: str | None, *, reason: str | None = "The file is being checked.",
        by_head: bool = False, recorded: str | None = None,
    ) -> int:  # fmt: skip
        self.messages += 1
        promised_on = day(promised) if promised else None
        at = moment(recorded or on) + timedelta(seconds=self.messages)
        entry = MessageLeft(at, self.messages, Act.INTERIM, moment(on).date(), promised_on, reason, by_head)
        self.record(entry)
        return self.messages

    def bounced(self, message: int, on: str, evidence: str = "550 no such user") -> "Case":
        return self.record(LeavingVoided(moment(on), message, evidence))

    def becomes(self, nature: Nature, on: str) -> "Case":
        return self.record(NatureSet(moment(on), nature))

    def kept_short(self, on: str) -> "Case":
        return self.record(WithinPeriod(moment(on)))

    def corrected(
        self, received: str, on: str, channel: Channel = Channel.EMAIL, reason: str = "The stamp says so."
    ) -> "Case":
        return self.record(ReceiptCorrected(moment(on), moment(received), channel, reason))

    def recounted(self, on: str, reason: str = "Circular on bridge days") -> "Case":
        return self.record(Recounted(moment(on), reason))

    def waived(
        self, number: int, on: str, ground: WaiverGround = WaiverGround.WITHDRAWN, evidence: str = "Letter"
    ) -> "Case":
        return self.record(Waived(moment(on), number, ground, evidence))

    def unwaived(self, number: int, on: str, reason: str = "It was a question.") -> "Case":
        return self.record(WaiverVoided(moment(on), number, reason))

    def followed_up(self, on: str, channel: Channel = Channel.EMAIL, *, recorded: str | None = None) -> "Case":
        return self.record(FollowedUp(moment(recorded or on), moment(on), channel))

    def came_back(self, on: str, *, recorded: str | None = None) -> "Case":
        return self.record(Returned(moment(recorded or on), moment(on)))

    def extended(self, on: str, reason: str = "The archive must be searched.") -> "Case":
        return self.record(Extended(moment(on), reason))

    def obligation(self, number: int) -> Obligation:
        return self.ledger.obligations[number - 1]

    def owed(self) -> list[tuple[str, str]]:
        """Return what is open: kind and due date, as the tables write them."""
        return [(o.kind.value, written(o.due_on)) for o in self.ledger.open_obligations]

    def states(self) -> list[str]:
        return [o.state.value for o in self.ledger.obligations]
