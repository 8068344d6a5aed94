"""Owns the note on one case: what it was promised and why, and all that changed since, as a clerk would tell it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import find
from tracker.casework.house import House
from tracker.charter.counting import BRUSSELS, brussels_day
from tracker.charter.entries import entry_from_json
from tracker.charter.ledger import Ledger, replay
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import Channel, Language, Nature, NoticeState, ObligationState, Verb, WaiverGround
from tracker.correspondence.explanation import (
    by_channel,
    date_in_words,
    days_left_in_words,
    explain_rule,
    explain_steps,
    label,
    rung_in_words,
)
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.history import History
from tracker.models.obligations import Breach, Notice, Obligation
from tracker.models.staff import Staff

EN = Language.EN


def note_of(session: Session, house: House, reference: str, *, now: datetime) -> str:
    """Return the note on the case that a reference leads to, as things stand at ``now``.

    Raises ``UnknownReference``.
    """
    case = find(session, reference)
    history = list(session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq)))
    told = sorted([*_deeds(session, house, history), *_machinery(session, case)], key=lambda line: line[0])
    ledger = _replayed(house, history)
    parts = [_head(session, case), _owed(ledger, now), "What happened"]
    parts += ["\n".join([f"{_clock(at)}  {lines[0]}", *(f"    {line}" for line in lines[1:])]) for at, lines in told]
    return "\n\n".join(parts)


def _replayed(house: House, history: Iterable[History]) -> Ledger:
    entries = (entry_from_json(stored) for row in history for stored in row.details.get("ledger", ()))
    return replay(entries, rules=house.rules, calendar=house.calendar)


def _head(session: Session, case: Case) -> str:
    handler = session.get_one(Staff, case.handler_id)
    service = session.get(Service, case.service_code) if case.service_code else None
    title = label(handler.role, EN) if handler.title is None else handler.title
    nature = f"{label(case.nature, EN)} ({'confirmed' if case.nature_confirmed_at else 'not yet confirmed'})"
    received = date_in_words(brussels_day(case.received_at), EN, weekday=True)
    lines = [
        f"{case.reference}: {case.subject}",
        f"From {case.requester_name}, {by_channel(case.channel, EN)}, received on {received}.",
        f"{nature}. {label(case.state, EN)}.",
        f"Handled by {handler.name}, {title}" + (f", {service.names['en']}." if service else "."),
    ]
    if case.nature_ground:
        lines.insert(3, f"Ground: {case.nature_ground}")
    return "\n".join(lines)


def _owed(ledger: Ledger, now: datetime) -> str:
    if not ledger.open_obligations:
        return "Nothing is owed any more."
    today = brussels_day(now)
    lines = ["What is owed"]
    for promise in sorted(ledger.open_obligations, key=lambda p: p.due_on):
        lines.append(f"{promise.number}. {_named(promise)}: {days_left_in_words(promise.due_on, today, EN)}.")
        lines += [f"    {sentence}" for sentence in _why(promise)]
    return "\n".join(lines)


def _named(promise: Promise) -> str:
    return f"{label(promise.kind, EN).lower()}, due on {date_in_words(promise.due_on, EN, weekday=True)}"


def _why(promise: Promise) -> list[str]:
    rule = explain_rule(promise.rule_id, days=promise.days, due_on=promise.due_on, language=EN)
    return [*explain_steps(promise.steps, EN), rule]


def _clock(at: datetime) -> str:
    return f"{at.astimezone(BRUSSELS):%a %d.%m.%Y %H:%M}"


def _deeds(session: Session, house: House, history: Iterable[History]) -> Iterator[tuple[datetime, list[str]]]:
    """Tell each entry of the history with what it did to the promises, by replaying them one after another."""
    ledger: Ledger | None = None
    names: dict[int, str] = dict(session.execute(select(Staff.id, Staff.name)).all())
    for row in history:
        before = ledger
        for stored in row.details.get("ledger", ()):
            entry = entry_from_json(stored)
            if ledger is None:
                ledger = replay([entry], rules=house.rules, calendar=house.calendar)
            else:
                ledger = ledger.record(entry, rules=house.rules, calendar=house.calendar)
        who = {"citizen": "the citizen", "system": "Suivi itself"}.get(row.actor, row.actor)
        lines = [f"{label(row.verb, EN)} ({who})", *_particulars(row, names)]
        yield row.at, [*lines, *(_changes(before, ledger) if ledger is not None and ledger is not before else ())]


def _particulars(row: History, names: Mapping[int, str]) -> Iterator[str]:
    """Tell what an entry says beside its verb."""
    details = row.details

    def named(value: Any) -> str:
        return names.get(value, str(value)) if isinstance(value, int) else str(value)

    match row.verb:
        case Verb.REGISTER:
            nature, channel = (
                label(Nature(details["nature"]), EN).lower(),
                by_channel(Channel(details["channel"]), EN),
            )
            service = f"to service {details['service']}" if details.get("service") else "to the dispatcher"
            yield f"It came {channel}, was taken for: {nature}, and went {service}, to {named(details['handler'])}."
        case Verb.CONFIRM_NATURE:
            before, after = (label(Nature(details[key]), EN).lower() for key in ("from", "to"))
            yield f"Confirmed: {after}." if before == after else f"Changed from {before} to {after}."
            if details.get("ground"):
                yield f"Ground: {details['ground']}"
        case Verb.ROUTE | Verb.ASSIGN | Verb.TAKE | Verb.HAND_OVER:
            if details.get("from"):
                yield f"From {named(details['from'])} to {named(details['to'])}."
            else:
                yield f"To {named(details['to'])}."
        case Verb.WAIVE if details.get("taken_back"):
            yield f"The waiver of promise {details['number']} was taken back: {details['reason']}"
        case Verb.WAIVE:
            ground = label(WaiverGround(details["ground"]), EN).lower()
            yield f"Promise {details['number']} was waived ({ground}): {details['evidence']}"
        case Verb.CORRECT_RECEIPT:
            yield f"From {_day(details['from'])} to {_day(details['to'])}."
        case Verb.CORRECT_CONTACT:
            yield f"Corrected: {', '.join(details['changed'])}."
    if "messages" in details:
        yield "Message " + " and ".join(str(number) for number in details["messages"]) + _leaves(details)
    elif "message" in details:
        yield f"Message {details['message']}" + _leaves(details)
    for key in ("evidence", "reason"):
        if details.get(key) and row.verb is not Verb.WAIVE:
            yield f"{key.capitalize()}: {details[key]}"


def _leaves(details: Mapping[str, Any]) -> str:
    parts = [by_channel(Channel(details["channel"]), EN)] if details.get("channel") else []
    parts += [f"to {details['to']}"] if details.get("to") else []
    parts += [f"left on {_day(details['left_on'])}"] if details.get("left_on") else []
    parts += [f"promising the answer by {_day(details['promised_on'])}"] if details.get("promised_on") else []
    return f", {', '.join(parts)}." if parts else "."


def _day(stored: str) -> str:
    """Write a stored moment or day as the day it is in Brussels."""
    day = brussels_day(datetime.fromisoformat(stored)) if "T" in stored else date.fromisoformat(stored)
    return date_in_words(day, EN)


def _changes(before: Ledger | None, after: Ledger) -> Iterator[str]:
    """Tell what became of each promise between two states of the ledger."""
    was = {promise.number: promise for promise in before.obligations} if before else {}
    for promise in after.obligations:
        old = was.get(promise.number)
        if old is None:
            late = ", already past" if promise.born_late else ""
            yield f"Promise {promise.number}: {_named(promise)}{late}."
            yield from (f"    {sentence}" for sentence in _why(promise))
            old = promise
        if old.state is promise.state and (old is promise or promise.state is ObligationState.OPEN):
            continue
        yield f"Promise {promise.number} ({_named(promise)}): {_outcome(promise, after)}."


def _outcome(promise: Promise, ledger: Ledger) -> str:
    match promise.state:
        case ObligationState.OPEN:
            return "owed again, by the same date"
        case ObligationState.REPLACED:
            return f"replaced by promise {promise.replaced_by}"
        case ObligationState.WAIVED:
            return "waived, counted neither as kept nor as broken"
    messages = " and ".join(str(leaving.message) for leaving in ledger.discharging(promise))
    on = date_in_words(promise.settled_on, EN) if promise.settled_on else ""
    late = "too late, " if promise.settled_late else ""
    return f"{'kept' if not late else 'answered'} {late}by message {messages}, which left on {on}"


def _machinery(session: Session, case: Case) -> Iterator[tuple[datetime, list[str]]]:
    """Tell what Suivi did by itself: the notices that were sent, and the breaches."""
    names: dict[int, str] = dict(session.execute(select(Staff.id, Staff.name)).all())
    notices = session.execute(
        select(Notice, Obligation.number)
        .join(Obligation, Obligation.id == Notice.obligation_id)
        .where(Obligation.case_id == case.id, Notice.state != NoticeState.SKIPPED)
    )
    for notice, number in notices:
        reached = ", ".join(names.get(person, "?") for person in notice.recipients) or "nobody was there to tell"
        yield notice.recorded_at, [f"Notice on promise {number} ({reached})", f"{rung_in_words(notice.rung, EN)}."]
    breaches = session.execute(
        select(Breach, Obligation.number)
        .join(Obligation, Obligation.id == Breach.obligation_id)
        .where(Obligation.case_id == case.id)
    )
    for breach, number in breaches:
        day = date_in_words(breach.due_on, EN, weekday=True)
        yield breach.became_true_at, [f"Promise {number} was broken: nothing had kept it when {day} ended"]
