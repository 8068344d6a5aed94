"""Owns how stories become rows: each table's row written once as a text with tokens, then filled for each case."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, Boolean, Date, Integer, Table

from tracker.casework.seeding.finding import Sought, marks_of_story, sought_in, words_of_story
from tracker.casework.seeding.story import Story, Told, Values
from tracker.charter.counting import brussels_day
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import PAPER, SPOKEN, CaseState, Channel, Nature, NoticeState, Recipient
from tracker.models.base import Base, Moment, Sealed, seal_of_text, sealed_columns, sealed_text
from tracker.models.cases import Association, Case
from tracker.models.complaints import CorrectiveAction, Finding
from tracker.models.history import History
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Breach, Discharge, Notice, Obligation
from tracker.models.paper import RegisterEntry
from tracker.models.search import CaseSearch

SEPARATOR, NULL, END = "\x1f", "\x00", "\x1e"
"""Between the columns of a row's text and for what is NULL, the same as under the seal; and between rows."""

MODELS: tuple[type[Base], ...] = (
    Case, Association, Message, Obligation, Discharge, Breach, Notice, History, Outbox, RegisterEntry, CaseSearch,
    Finding, CorrectiveAction,
)  # fmt: skip
"""In the order in which they can be written."""

IDS: Mapping[type[Base], int] = {
    Case: 1, Message: 16, Obligation: 8, Discharge: 16, Notice: 64, History: 32, Outbox: 64, CorrectiveAction: 1,
}  # fmt: skip
"""How many ids of a table a case has to itself: case 5 has the messages 80 to 95."""
NUMBER, DAY_NUMBER = "#number#", "#day_number#"
"""What stands in a line of the daily book until its numbers are known."""

NOBODY = "[]"
ABOVE = frozenset(Recipient) - {Recipient.HANDLER, Recipient.DUTY}


class Template(NamedTuple):
    """One row of a story: the text with tokens, and which of the case's ids it takes."""

    model: type[Base]
    text: str
    place: int
    more: str = ""


class Rung(NamedTuple):
    """One notice of a story: its template, whom it is for, and the two ends of its line in the outbox."""

    template: Template
    to: tuple[Recipient, ...]
    skipped: bool
    owed: bool
    """The promise is still open."""
    line: str


@dataclass(frozen=True, slots=True)
class Shape:
    """All the rows of a story, ready to be filled for any case that has it."""

    rows: tuple[Template, ...]
    rungs: tuple[Rung, ...]
    promises: int
    messages: int
    triage: bool
    nature: Nature
    owed: str
    """The next date owed, as a column of a row's text."""
    not_sent: bool
    """A message was given up: nothing has left since in such a story."""
    sought: Sought


def columns(model: type[Base]) -> list[str]:
    """Return the columns of a table in the order of a row's text, then ``id``, what is not sealed, and the seal."""
    table: Table = model.__table__  # type: ignore[assignment]
    sealed = (
        sealed_columns(model)
        if issubclass(model, Sealed)
        else [column.name for column in table.columns if column.name != "id"]
    )
    unsealed = sorted(model.UNSEALED) if issubclass(model, Sealed) else ()
    return [*sealed, *(name for name in ("id", *unsealed, "seal") if name in table.c)]


def _text(model: type[Base], values: Values) -> str:
    """Return the text of a row with its tokens ready to be filled."""
    if issubclass(model, Sealed):
        unknown = values.keys() - set(sealed_columns(model))
        assert not unknown, unknown
        text = sealed_text(model, values)
    else:
        text = SEPARATOR.join(_plain(values.get(name)) for name in columns(model) if name != "id")
    text = text.replace("%", "%%").replace("%%(", "%(")
    return text.replace('"#handler#"', "%(handler)s").replace('"#action#"', "%(action)s")


def _plain(value: Any) -> str:
    if value is None:
        return NULL
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def shape_of(story: Story) -> Shape:
    """Return the rows of a story."""
    promises = story.ledger.obligations
    told = [one for promise in promises for one in story.told(promise)]
    case = _case(story)
    rows = [Template(Case, _text(Case, case), 0)]
    rows += [Template(Message, _text(Message, _message(row)), row["number"]) for row in story.messages]
    for promise in promises:
        values: Values = {
            name: getattr(promise, name) for name in sealed_columns(Obligation) if hasattr(promise, name)
        }
        values |= {"case_id": "%(case)s", "steps": [step.to_json() for step in promise.steps]}
        look = story.next_look(promise, told)
        more = SEPARATOR + (look.isoformat() if look else NULL)
        rows.append(Template(Obligation, _text(Obligation, values), promise.number, more))
        breach = story.breach_of(promise, told)
        if breach:
            text = _text(Breach, breach | {"obligation_id": f"%(o{promise.number})s"})
            rows.append(Template(Breach, text, 0))
    for place, row in enumerate(story.discharges, 1):
        ids = {"obligation_id": f"%(o{row['number']})s", "message_id": f"%(m{row['message']})s"}
        kept = {name: value for name, value in row.items() if name not in ("number", "message")}
        rows.append(Template(Discharge, _text(Discharge, kept | ids), place))
    rows += [Template(History, _text(History, row | {"case_id": "%(case)s"}), row["seq"]) for row in story.history]
    for number, line in story.outbox.items():
        rows.append(Template(Outbox, _text(Outbox, line | {"message_id": f"%(m{number})s"}), number))
    rows += [Template(RegisterEntry, _line(row), 0) for row in story.book]
    if story.finding is not None:
        rows.append(Template(Finding, _text(Finding, story.finding), 0))
    if story.action is not None:
        rows.append(Template(CorrectiveAction, _text(CorrectiveAction, story.action), 0))
    rungs = tuple(_rung(one, place, promises[one.number - 1]) for place, one in enumerate(told, 1))
    upcoming = story.ledger.next_obligation
    return Shape(
        tuple(rows),
        rungs,
        len(promises),
        len(story.messages),
        story.state is CaseState.TRIAGE,
        story.ledger.nature,
        _plain(upcoming.due_on if upcoming else None),
        any(line["state"] == "failed" for line in story.outbox.values()),
        sought_in(story, case),
    )


def _case(story: Story) -> Values:
    upcoming, channel = story.ledger.next_obligation, story.channel
    triage = story.state is CaseState.TRIAGE
    values: Values = {
        "reference": "%(reference)s", "version": len(story.history), "state": story.state,
        "received_at": story.received_at, "registered_at": story.registered_at, "channel": channel,
        "nature": story.ledger.nature, "language": "%(language)s", "official_language": "%(official)s",
        "country": "%(country)s", "subject": "%(subject)s", "requester_name": "%(name)s",
        "requester_email": "%(email)s" if channel in (Channel.WEB, Channel.EMAIL) else None,
        "requester_phone": "%(phone)s" if channel in SPOKEN else None,
        "requester_fax": "%(fax)s" if channel is Channel.FAX else None,
        "requester_address": "%(address)s" if channel in PAPER else None,
        "reply_channel": story.reply_by, "code_version": 1,
        "service_code": None if triage else "%(service)s", "handler_id": "%(handler)s",
        "triage_since": story.registered_at if triage else None, "sensitive": "%(sensitive)s",
        "routing": {
            "lang": "%(language)s", "decision": "suggest" if triage else "auto",
            "suggestions": [{"code": "%(service)s", "name": "%(service_name)s", "score": 0.7, "lead": "%(service)s",
                             "associated": [], "reasons": []}],
        },
        "about_service_code": "%(about)s" if story.ledger.nature is Nature.COMPLAINT else None,
        "next_kind": upcoming.kind if upcoming else None, "next_due_on": upcoming.due_on if upcoming else None,
        "next_work_by": upcoming.work_by if upcoming else None,
    }  # fmt: skip
    return values | story.case


def _message(row: Values) -> Values:
    return {"act": None, "case_id": "%(case)s"} | row


def _line(row: Values) -> str:
    """Return a line of the daily book without its numbers, behind its day, its moment and its side."""
    day = brussels_day(row["entered_at"])
    values = {name: value for name, value in row.items() if name != "message"} | {
        "year": day.year, "number": NUMBER, "day": day, "day_number": DAY_NUMBER, "subject": "%(subject)s",
        "case_id": "%(case)s", "message_id": f"%(m{row['message']})s",
    }  # fmt: skip
    moment = row["entered_at"].astimezone(UTC).isoformat(timespec="microseconds")
    return SEPARATOR.join((day.isoformat(), moment, row["direction"], _text(RegisterEntry, values)))


def _rung(told: Told, place: int, promise: Promise) -> Rung:
    moment = told.moment
    values: Values = {
        "obligation_id": f"%(o{told.number})s", "rung": moment.rung, "due_on": promise.due_on, "state": "%(told)s",
        "moment": moment.at, "recorded_at": told.recorded_at, "escalation": "%(escalation)s",
    }  # fmt: skip
    text = _text(Notice, values | {"recipients": "%(recipients)s"})
    at = told.recorded_at.isoformat()
    line = _text(
        Outbox, {"notice_id": "%(notice)s", "state": "sent", "attempts": 1, "next_try_at": at, "settled_at": at}
    )
    return Rung(Template(Notice, text, place), moment.to, told.skipped, promise.is_open, line)


def fill(
    shape: Shape, case: int, facts: dict[str, Any], reached: Callable[[tuple[Recipient, ...]], str]
) -> Iterator[tuple[type[Base], str]]:
    """Yield the rows of one case, as texts: a shape with its tokens filled, every row with its id and sealed.

    A line of the daily book has neither yet: its numbers come after those of other cases.
    """
    facts["case"] = case
    facts["action"] = IDS[CorrectiveAction] * case
    for number in range(1, shape.promises + 1):
        facts[f"o{number}"] = 8 * case + number
    for number in range(1, shape.messages + 1):
        facts[f"m{number}"] = 16 * case + number
    told = [(rung, NOBODY if rung.skipped else reached(rung.to)) for rung in shape.rungs]
    unattended = any(rung.owed and not rung.skipped and to == NOBODY for rung, to in told)
    alarms = f"{int(shape.not_sent)}\x1f{int(unattended)}"
    for model, text, place, more in shape.rows:
        filled = text % facts
        if model is RegisterEntry:
            yield model, filled
        elif model is Outbox:
            yield model, f"{filled}\x1f{64 * case + place}"
        elif model in (Breach, Finding):
            yield model, f"{filled}\x1f{seal_of_text(filled)}"
        elif model is Case:
            yield model, f"{filled}\x1f{case}\x1f{alarms}\x1f{seal_of_text(filled)}"
        else:
            yield model, f"{filled}\x1f{IDS[model] * case + place}{more}\x1f{seal_of_text(filled)}"
    for code in facts["associated"]:
        filled = SEPARATOR.join((str(case), code, facts["since"]))
        yield Association, f"{filled}\x1f{shape.owed}\x1f{alarms}\x1f{seal_of_text(filled)}"
    for rung, to in told:
        yield from _told(rung, case, facts, to)
    found_by = words_of_story(shape.sought, facts), marks_of_story(shape.sought, facts)
    yield CaseSearch, SEPARATOR.join((str(case), *found_by))


def _told(rung: Rung, case: int, facts: dict[str, Any], recipients: str) -> Iterator[tuple[type[Base], str]]:
    """Yield the row of a notice, and its line in the outbox when it reached anybody."""
    sent = recipients != NOBODY
    state = NoticeState.SKIPPED if rung.skipped else NoticeState.SENT if sent else NoticeState.UNATTENDED
    facts["told"], facts["recipients"] = state.value, recipients
    facts["escalation"] = "1" if sent and not ABOVE.isdisjoint(rung.to) else "0"
    notice = facts["notice"] = 64 * case + rung.template.place
    filled = rung.template.text % facts
    yield Notice, f"{filled}\x1f{notice}\x1f{seal_of_text(filled)}"
    if sent:
        yield Outbox, f"{rung.line % facts}\x1f{notice + 16}"


def as_copied(rows: Sequence[str]) -> bytes:
    """Return rows as PostgreSQL's COPY reads them, all at once."""
    text = END.join(rows).replace("\\", "\\\\").replace("\n", "\\n")
    return (text.replace(END, "\n").replace(SEPARATOR, "\t").replace(NULL, "\\N") + "\n").encode()


def as_bound(model: type[Base]) -> Callable[[str], tuple[Any, ...]]:
    """Return how to make a row into what SQLite's driver binds, in the order of ``columns``."""
    table: Table = model.__table__  # type: ignore[assignment]
    readers = [_READERS.get(_kind(table, name), str) for name in columns(model)]

    def bound(row: str) -> tuple[Any, ...]:
        parts = row.split(SEPARATOR)
        return tuple(None if part == NULL else read(part) for read, part in zip(readers, parts, strict=True))

    return bound


def _kind(table: Table, name: str) -> str:
    kind = table.c[name].type
    for known, called in ((Moment, "moment"), (JSON, "json"), (Boolean, "whole"), (Date, "text"), (Integer, "whole")):
        if isinstance(kind, known):
            return called
    return "text"


_READERS: Mapping[str, Callable[[str], Any]] = {
    "moment": lambda text: f"{text[:10]} {text[11:26] if '.' in text else text[11:19] + '.000000'}",
    "whole": int,
}
