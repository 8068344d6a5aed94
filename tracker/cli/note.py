"""Owns the note on one case: what it was promised and why, and all that changed since, as a clerk would tell it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from babel.dates import format_datetime
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import find
from tracker.casework.house import House
from tracker.charter.counting import BRUSSELS, brussels_day
from tracker.charter.entries import entry_from_json
from tracker.charter.ledger import Ledger, replay
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import (
    Channel,
    ErasureGround,
    Language,
    LinkKind,
    Nature,
    NoticeState,
    ObligationState,
    Verb,
    WaiverGround,
)
from tracker.cli.note_on_complaints import complaint_told
from tracker.correspondence.explanation import (
    by_channel,
    days_left_in_words,
    explain_rule,
    explain_steps,
    label,
    name_of,
    rung_in_words,
    title_of,
    way_out,
)
from tracker.correspondence.tables import fill, text_of
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.history import History
from tracker.models.obligations import Breach, Notice, Obligation
from tracker.models.staff import Staff


@dataclass(frozen=True)
class _Words:
    """Says things in the language of the note."""

    language: Language

    def __call__(self, entry: str, **values: object) -> str:
        """Return one line of the table of notes, filled."""
        return fill(text_of("note", "line", entry, self.language), values, self.language)

    def label(self, word: StrEnum) -> str:
        """Return a word of the charter as it stands inside a sentence: only German nouns keep their capital."""
        said = label(word, self.language)
        return said if self.language is Language.DE else said.lower()

    def named(self, promise: Promise) -> str:
        """Return what was promised by when."""
        return self("named", kind=self.label(promise.kind), day=promise.due_on)

    def why(self, promise: Promise) -> list[str]:
        """Return how the date of a promise was counted, and by which rule."""
        rule = explain_rule(promise.rule_id, days=promise.days, due_on=promise.due_on, language=self.language)
        return [*explain_steps(promise.steps, self.language), rule]

    def clock(self, at: datetime) -> str:
        """Return a moment in Brussels, short."""
        return str(format_datetime(at.astimezone(BRUSSELS), "EEE dd.MM.yyyy HH:mm", locale=self.language.value))

    def listed(self, numbers: Iterable[int]) -> str:
        """Return the numbers of messages."""
        return self("and").join(str(number) for number in numbers)


def note_of(session: Session, house: House, reference: str, *, now: datetime, language: Language) -> str:
    """Return the note on the case that a reference leads to, as things stand at ``now``, in a language.

    Raises ``UnknownReference``.
    """
    case, say = find(session, reference), _Words(language)
    history = list(session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq)))
    told = sorted([*_deeds(session, house, history, say), *_machinery(session, case, say)], key=lambda line: line[0])
    ledger = _replayed(house, history)
    parts = [_head(session, case, say), _owed(ledger, now, say), say("happened")]
    for at, lines in told:
        parts.append("\n".join([f"{say.clock(at)}  {lines[0]}", *(f"    {line}" for line in lines[1:])]))
    return "\n\n".join(parts)


def _replayed(house: House, history: Iterable[History]) -> Ledger:
    entries = (entry_from_json(stored) for row in history for stored in row.details.get("ledger", ()))
    return replay(entries, rules=house.rules, calendar=house.calendar)


def _head(session: Session, case: Case, say: _Words) -> str:
    handler = session.get_one(Staff, case.handler_id)
    service = session.get(Service, case.service_code) if case.service_code else None
    title = title_of(handler.titles, handler.role, say.language)
    who = [
        name_of(handler.name, say.language, is_desk=handler.is_desk),
        title,
        *([str(service.names[say.language.value])] if service else []),
    ]
    received, channel = brussels_day(case.received_at), by_channel(case.channel, say.language)
    nature = "confirmed_nature" if case.nature_confirmed_at else "proposed_nature"
    lines = [
        f"{case.reference}: {case.subject}",
        say("from", name=case.requester_name, channel=channel, day=received),
        say(nature, nature=label(case.nature, say.language), state=label(case.state, say.language)),
        *([say("ground", text=case.nature_ground)] if case.nature_ground else []),
        say("handled", who=", ".join(who)),
    ]
    return "\n".join(lines)


def _owed(ledger: Ledger, now: datetime, say: _Words) -> str:
    if not ledger.open_obligations:
        return say("nothing_owed")
    today = brussels_day(now)
    lines = [say("owed")]
    for promise in sorted(ledger.open_obligations, key=lambda p: p.due_on):
        left = days_left_in_words(promise.due_on, today, say.language)
        lines.append(say("owed_line", number=promise.number, named=say.named(promise), left=left))
        lines += [f"    {sentence}" for sentence in say.why(promise)]
    return "\n".join(lines)


def _deeds(
    session: Session, house: House, history: Iterable[History], say: _Words
) -> Iterator[tuple[datetime, list[str]]]:
    """Tell each entry of the history with what it did to the promises, by replaying them one after another."""
    ledger: Ledger | None = None
    names = _names(session, say)
    for row in history:
        before = ledger
        for stored in row.details.get("ledger", ()):
            entry = entry_from_json(stored)
            if ledger is None:
                ledger = replay([entry], rules=house.rules, calendar=house.calendar)
            else:
                ledger = ledger.record(entry, rules=house.rules, calendar=house.calendar)
        who = say(row.actor) if row.actor in ("citizen", "system") else row.actor
        deed = say("counted_again") if row.details.get("closing_days") else label(row.verb, say.language)
        if row.details.get("erased"):
            deed = say("erased", ground=label(ErasureGround(row.details["erased"]), say.language))
        lines = [f"{deed} ({who})", *_particulars(row, names, say)]
        if row.verb is Verb.WRITE and _INSTEAD & row.details.keys():
            lines = [f"{lines[1]} ({who})", *lines[2:]]
        changed = ledger is not None and ledger is not before
        yield row.at, [*lines, *(_changes(before, ledger, say) if ledger is not None and changed else ())]


_INSTEAD = frozenset({"tasks", "link", "complaint", "survey"})
"""What an entry that writes says in the place of its verb, and says it all."""


def _names(session: Session, say: _Words) -> dict[int | str, str]:
    """Return how people are called, by number, and services, by code."""
    staff = session.execute(select(Staff.id, Staff.name, Staff.is_desk)).all()
    services = session.execute(select(Service.code, Service.names)).all()
    people = {row.id: name_of(row.name, say.language, is_desk=row.is_desk) for row in staff}
    return people | {row.code: str(row.names[say.language.value]) for row in services}


def _particulars(row: History, names: Mapping[int | str, str], say: _Words) -> Iterator[str]:
    """Tell what an entry says beside its verb."""
    details = row.details

    def named(value: Any) -> str:
        return names.get(value, str(value))

    match row.verb:
        case Verb.REGISTER:
            yield from _arrival(details, named, say)
        case Verb.CONFIRM_NATURE:
            before, after = (say.label(Nature(details[key])) for key in ("from", "to"))
            yield say("confirmed" if before == after else "changed", before=before, after=after)
            if details.get("ground"):
                yield say("ground", text=details["ground"])
        case Verb.ROUTE | Verb.ASSIGN | Verb.TAKE | Verb.HAND_OVER:
            before, after = named(details.get("from") or ""), named(details["to"])
            yield say("from_to" if before else "to", before=before, after=after)
        case Verb.WAIVE if details.get("taken_back"):
            yield say("waiver_taken_back", number=details["number"], text=details["reason"])
        case Verb.WAIVE:
            ground = say.label(WaiverGround(details["ground"]))
            yield say("waived", number=details["number"], ground=ground, text=details["evidence"])
        case Verb.CORRECT_RECEIPT if "from" in details:
            yield say("receipt", before=_day(details["from"]), after=_day(details["to"]))
        case Verb.CORRECT_CONTACT:
            yield say("corrected", parts=", ".join(say(f"part_{part}") for part in details["changed"]))
        case Verb.WRITE if details.get("complaint"):
            yield complaint_told(details, say, say.language)
        case Verb.WRITE if details.get("survey"):
            yield say("survey_entered")
    yield from _with_others(details, names, say)
    if numbers := details.get("messages") or ([details["message"]] if "message" in details else []):
        count = "messages" if len(numbers) > 1 else "message"
        yield ", ".join([say(count, numbers=say.listed(numbers)), *_leaves(details, names, say)]) + "."
    for key in ("evidence", "reason"):
        if details.get(key) and row.verb is not Verb.WAIVE:
            yield say(key, text=details[key])


def _arrival(details: Mapping[str, Any], named: Callable[[Any], str], say: _Words) -> Iterator[str]:
    """Tell how a case came in, and to whom it went first."""
    yield say(
        "came_to_service" if details.get("service") else "came_to_dispatcher",
        channel=by_channel(Channel(details["channel"]), say.language),
        nature=say.label(Nature(details["nature"])),
        service=named(details.get("service")),
        handler=named(details["handler"]),
    )
    if details.get("split_from"):
        yield say("split_from", reference=details["split_from"])


def _with_others(details: Mapping[str, Any], names: Mapping[int | str, str], say: _Words) -> Iterator[str]:
    """Tell what was asked of colleagues, and which other file this one was tied to."""
    for one in details.get("tasks", ()):
        day, word = date.fromisoformat(one["due_on"]), one.get("word")
        name = names.get(one.get("service"), one["name"])
        yield say(f"task_{one['state']}", name=name, day=day, what=one["what"])
        if word:
            yield f"    {word}"
    if link := details.get("link"):
        how = "split" if link["kind"] == LinkKind.SPLIT else "undone" if link.get("undone") else "made"
        yield say(f"link_{how}", **{"with": link["with"], "word": link["word"]})


def _leaves(details: Mapping[str, Any], names: Mapping[int | str, str], say: _Words) -> Iterator[str]:
    """Tell which way a message went, to whom, when, and what it promises; of two, each has a way of its own."""
    if details.get("channel") and len(details.get("messages", ())) < 2:
        channel = Channel(details["channel"])
        yield (way_out if channel is Channel.WEB else by_channel)(channel, say.language)
    if details.get("to"):
        yield say("message_to", to=names.get(details["to"], details["to"]))
    if details.get("left_on"):
        yield say("message_left", day=_day(details["left_on"]))
    if details.get("promised_on"):
        yield say("message_promises", day=_day(details["promised_on"]))


def _day(stored: str) -> date:
    """Return the day that a stored moment or day is in Brussels."""
    return brussels_day(datetime.fromisoformat(stored)) if "T" in stored else date.fromisoformat(stored)


def _changes(before: Ledger | None, after: Ledger, say: _Words) -> Iterator[str]:
    """Tell what became of each promise between two states of the ledger."""
    was = {promise.number: promise for promise in before.obligations} if before else {}
    for promise in after.obligations:
        old, named = was.get(promise.number), say.named(promise)
        if old is None:
            yield say("promise_born_late" if promise.born_late else "promise", number=promise.number, named=named)
            yield from (f"    {sentence}" for sentence in say.why(promise))
            old = promise
        if old.state is promise.state and (old is promise or promise.state is ObligationState.OPEN):
            continue
        yield say("outcome", number=promise.number, named=named, outcome=_outcome(promise, after, say))


def _outcome(promise: Promise, ledger: Ledger, say: _Words) -> str:
    match promise.state:
        case ObligationState.OPEN:
            return say("owed_again")
        case ObligationState.REPLACED:
            return say("replaced", by=promise.replaced_by)
        case ObligationState.WAIVED:
            return say("counted_apart")
    numbers = sorted({leaving.message for leaving in ledger.discharging(promise)})
    entry = "answered_late" if promise.settled_late else "kept"
    if len(numbers) > 1:
        entry += "_by_several"
    return say(entry, messages=say.listed(numbers), day=promise.settled_on)


def _machinery(session: Session, case: Case, say: _Words) -> Iterator[tuple[datetime, list[str]]]:
    """Tell what Suivi did by itself: the notices that were sent, and the breaches."""
    names = _names(session, say)
    notices = session.execute(
        select(Notice, Obligation.number)
        .join(Obligation, Obligation.id == Notice.obligation_id)
        .where(Obligation.case_id == case.id, Notice.state != NoticeState.SKIPPED)
    )
    for notice, number in notices:
        reached = ", ".join(names.get(person, "?") for person in notice.recipients) or say("nobody")
        rung = rung_in_words(notice.rung, say.language)
        yield notice.recorded_at, [say("notice", number=number, reached=reached), f"{rung}."]
    breaches = session.execute(
        select(Breach, Obligation.number)
        .join(Obligation, Obligation.id == Breach.obligation_id)
        .where(Obligation.case_id == case.id)
    )
    for breach, number in breaches:
        yield breach.became_true_at, [say("broken", number=number, day=breach.due_on)]
