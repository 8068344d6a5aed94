"""Owns one made-up life of a case: what was done, said and promised, by the charter's own ledger, ladder and moves.

A story knows no people: where a name, an address or a text belongs it holds a token such as ``%(handler_name)s``
(``#handler#`` for a number within JSON), so that thousands of cases of the same day and course share it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from tracker.casework.daybook import KEPT
from tracker.casework.house import House
from tracker.charter import ladder, moves
from tracker.charter.counting import at_brussels, brussels_day, midnight_after
from tracker.charter.entries import Entry, MessageLeft, Received, entry_to_json
from tracker.charter.ledger import Ledger
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.rungs import BREACH
from tracker.charter.words import (
    PAPER,
    SPOKEN,
    Act,
    CaseState,
    Channel,
    Direction,
    MessageKind,
    Nature,
    Recipient,
    Verb,
)
from tracker.correspondence.facts import Signature

Values = dict[str, Any]

MINUTE = timedelta(minutes=1)
SIGNATURE = Signature(
    name="%(handler_name)s",
    title="%(handler_title)s",
    phone="%(handler_phone)s",
    email="%(handler_email)s",
    service_name="%(service_name)s",
    postal_address="%(office)s",
).as_record("%(reference)s")
REPLY_BY = {Channel.WEB: Channel.EMAIL}
"""The way back, where it is another one than the way the request came (charter §2)."""


class TooYoung(Exception):
    """Something in this story would lie in the future."""


@dataclass(frozen=True, slots=True)
class Told:
    """One notice of a story: about which promise, and when; whom it reaches depends on who handles the case."""

    number: int
    moment: ladder.Moment
    recorded_at: datetime
    skipped: bool


@dataclass
class Story:
    """A life under way, up to the moment ``until``."""

    house: House
    until: datetime
    received_at: datetime
    channel: Channel
    nature: Nature
    triage: bool = False
    urgent: bool = False
    state: CaseState = CaseState.OPEN
    case: Values = field(default_factory=dict)
    history: list[Values] = field(default_factory=list)
    messages: list[Values] = field(default_factory=list)
    discharges: list[Values] = field(default_factory=list)
    outbox: dict[int, Values] = field(default_factory=dict)
    """By the number of the message."""
    book: list[Values] = field(default_factory=list)
    """Its lines in the daily book; their numbers are only known once those of every case are together."""
    finding: Values | None = None
    action: Values | None = None
    """What was found of a complaint, and what is done because of it."""

    def __post_init__(self) -> None:
        by_hand = self.channel not in (Channel.WEB, Channel.EMAIL)
        self.registered_at = self.received_at + (timedelta(hours=2) if by_hand else MINUTE)
        if self.registered_at >= self.until:
            raise TooYoung
        entry = Received(
            at=self.registered_at, received_at=self.received_at, channel=self.channel, nature=self.nature
        )
        self.ledger = Ledger.open(entry, rules=self.house.rules, calendar=self.house.calendar)
        self.state = CaseState.TRIAGE if self.triage else CaseState.OPEN
        self._note(
            Verb.REGISTER, self.registered_at, (entry,), by="%(registrar)s" if by_hand else "citizen",
            channel=self.channel, nature=self.nature, service=None if self.triage else "%(service)s",
            handler="#handler#", decision="suggest" if self.triage else "auto", urgent=self.urgent,
        )  # fmt: skip
        request = self._say(MessageKind.REQUEST, self.channel, self.received_at, Direction.IN, body="%(request)s")
        self.enter(request, self.registered_at, by="%(registrar_id)s")
        if not by_hand:
            kind = (
                MessageKind.COMPLAINT_ACKNOWLEDGEMENT
                if self.nature is Nature.COMPLAINT
                else MessageKind.ACKNOWLEDGEMENT
            )
            number = self._say(kind, Channel.EMAIL, self.registered_at, Direction.OUT, body="%(acknowledged)s")
            self._left(number, self.registered_at + MINUTE / 4)

    @property
    def reply_by(self) -> Channel:
        """The channel by which the requester is answered."""
        return REPLY_BY.get(self.channel, self.channel)

    def do(
        self,
        verb: Verb,
        at: datetime,
        *entries: Entry,
        by: str = "%(handler_name)s",
        told: Values | None = None,
        **details: Any,
    ) -> None:
        """Do something at a moment. Raises ``TooYoung`` when that lies in the future."""
        if at >= self.until:
            raise TooYoung
        self.state = moves.move(self.state, verb)
        for entry in entries:
            self.ledger = self.ledger.record(entry, rules=self.house.rules, calendar=self.house.calendar)
            self._discharge(entry)
        self._note(verb, at, entries, by=by, **details, **(told or {}))

    def _note(self, verb: Verb, at: datetime, entries: tuple[Entry, ...], *, by: str, **details: Any) -> None:
        told = {name: value for name, value in details.items() if value is not None}
        if entries:
            told["ledger"] = [entry_to_json(entry) for entry in entries]
        actor = {"citizen": None, "system": None, "%(registrar)s": "%(registrar_id)s"}.get(by, "%(handler)s")
        self.history.append(
            {"seq": len(self.history) + 1, "at": at, "actor_id": actor, "actor": by, "verb": verb, "details": told}
        )

    def _say(self, kind: MessageKind, channel: Channel, at: datetime, direction: Direction, **more: Any) -> int:
        out = direction is Direction.OUT
        message: Values = {
            "number": len(self.messages) + 1, "direction": direction, "kind": kind, "channel": channel,
            "language": "%(language)s", "subject": "%(subject)s", "written_at": at, "inform_only": False,
            "author_id": "%(handler)s" if out and kind.value[-15:] != "acknowledgement" else None,
            "signature": SIGNATURE if out else None,
            "address": {Channel.EMAIL: "%(email)s", Channel.POST: "%(address)s", Channel.FAX: "%(fax)s",
                        Channel.PHONE: "%(phone)s"}.get(channel) if out else None,
        } | more  # fmt: skip
        self.messages.append(message)
        if out and channel is Channel.EMAIL:
            self.outbox[message["number"]] = {"state": "waiting", "attempts": 0, "next_try_at": at}
        return len(self.messages)

    def _left(self, number: int, at: datetime) -> None:
        self.messages[number - 1] |= {"left_on": brussels_day(at), "left_at": at}
        if number in self.outbox:
            self.outbox[number] |= {"state": "sent", "attempts": 1, "settled_at": at}
        self.enter(number, at)

    def enter(self, number: int, at: datetime, *, by: str = "%(handler)s") -> None:
        """Write the line of a message in the daily book, at the moment at which it is entered; none for mail."""
        message = self.messages[number - 1]
        if message["channel"] not in KEPT:
            return
        body = "service_code" in message
        self.book.append(
            {"message": number, "direction": message["direction"], "channel": message["channel"],
             "on_day": message.get("left_on") or brussels_day(message["written_at"]), "entered_at": at,
             "entered_by": by, "correspondent": "%(body_name)s" if body else "%(name)s"}
        )  # fmt: skip

    def write(self, verb: Verb, kind: MessageKind, at: datetime, act: Act | None, **more: Any) -> int:
        """Write to the requester; what is spoken has left at once. Return the number of the message."""
        number = self._say(kind, self.reply_by, at, Direction.OUT, act=act, **more)
        details: Values = {"messages": [number], "kind": kind, "channel": self.reply_by}
        details |= {name: more[name] for name in ("reason",) if name in more}
        if "promised_on" in more:
            details["promised_on"] = more["promised_on"].isoformat()
        entries = []
        if self.reply_by in SPOKEN:
            self._left(number, at)
            entries = [self._leaving(number, at)] if act else []
        self.do(verb, at, *entries, **details)
        return number

    def leave(self, number: int, at: datetime) -> None:
        """Let a message that was written leave: the mail server takes it, or a clerk records the posting."""
        message = self.messages[number - 1]
        if message["channel"] in SPOKEN:
            return
        by_hand = message["channel"] in PAPER
        self._left(number, at)
        entries = [self._leaving(number, at)] if message.get("act") else []
        if by_hand or entries:
            day = brussels_day(at).isoformat()
            self.do(
                Verb.RECORD_LEAVING, at, *entries, by="%(handler_name)s" if by_hand else "system",
                message=number, left_on=day, channel=message["channel"],
            )  # fmt: skip

    def _leaving(self, number: int, at: datetime) -> MessageLeft:
        message = self.messages[number - 1]
        return MessageLeft(
            at=at,
            message=number,
            act=message["act"],
            left_on=brussels_day(at),
            promised_on=message.get("promised_on"),
            reason=message.get("reason"),
        )

    def _discharge(self, entry: Entry) -> None:
        """Keep the list of what discharges what as the use cases keep it."""
        wanted = {
            (promise.number, leaving.message)
            for promise in self.ledger.obligations
            for leaving in self.ledger.discharging(promise)
        }
        for row in self.discharges:
            pair = (row["number"], row["message"])
            if "voided_at" not in row and pair not in wanted:
                row |= {"voided_at": entry.at, "void_evidence": getattr(entry, "evidence", "")}
            elif "voided_at" not in row:
                wanted.discard(pair)
        for number, message in sorted(wanted):
            said = self.messages[message - 1]
            promised = said.get("promised_on") if said["act"] is Act.INTERIM else None
            self.discharges.append(
                {"number": number, "message": message, "act": said["act"], "left_on": said["left_on"],
                 "promised_on": promised, "recorded_at": entry.at}
            )  # fmt: skip

    @property
    def situation(self) -> ladder.Situation:
        """What the ladder must know of the case as it stands."""
        waiting = self.registered_at if self.state is CaseState.TRIAGE else None
        return ladder.Situation(self.channel, self.ledger.nature, None, waiting)

    def told(self, promise: Promise) -> Iterator[Told]:
        """Yield the notices about a promise, as a sweep each minute would have sent them until it was settled."""
        end = min(promise.settled_at or self.until, self.until)
        steps, calendar = self.house.rules.ladder, self.house.calendar
        if self.urgent:
            rung = ladder.Moment("urgent-0", self.registered_at, (Recipient.DUTY,), False, "urgent_since")
            yield Told(promise.number, rung, self.registered_at + MINUTE / 2, False)
        first = min(promise.arose_at + MINUTE, end)
        sent, skipped = ladder.due(steps, calendar, promise, self.situation, now=first)
        passed = {moment.rung for moment in (*sent, *skipped)}
        yield from (Told(promise.number, moment, first, True) for moment in skipped)
        yield from (Told(promise.number, moment, first, False) for moment in sent)
        for moment in ladder.moments(steps, calendar, promise, self.situation):
            if moment.at + MINUTE > end:
                return
            if moment.rung not in passed:
                yield Told(promise.number, moment, moment.at + MINUTE / 2, False)

    def breach_of(self, promise: Promise, told: list[Told]) -> Values | None:
        """Return the breach of a promise, if it was broken: as the sweep saw it, or as its late settlement told."""
        seen = next(
            (one.recorded_at for one in told if one.number == promise.number and one.moment.rung == BREACH), None
        )
        if seen is None and promise.settled_late:
            seen = promise.settled_at
        if seen is None:
            return None
        return {"due_on": promise.due_on, "became_true_at": midnight_after(promise.due_on), "recorded_at": seen,
                "born_late": promise.born_late}  # fmt: skip

    def next_look(self, promise: Promise, told: list[Told]) -> datetime | None:
        """Return when the sweep must look at a promise again; None once it is settled."""
        if not promise.is_open:
            return None
        already = frozenset(one.moment.rung for one in told if one.number == promise.number)
        return ladder.next_at(self.house.rules.ladder, self.house.calendar, promise, self.situation, already=already)


def office_hour(house: House, day: date, days: int, hour: int = 10) -> datetime:
    """Return an hour of the n-th open day after a day, Brussels time; for 0, of the first open day on or after it."""
    return at_brussels(house.calendar.open_day_after(day, days), time(hour))
