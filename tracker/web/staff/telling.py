"""Owns how an entry of the history is told on the page: what was done, and what of it matters to colleagues."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from tracker.charter.words import Channel, Language, MessageKind, Nature, Verb, WaiverGround
from tracker.correspondence.explanation import label, way_out
from tracker.insight.casefacts import Done
from tracker.web.filters import day, moment
from tracker.web.languages import language

SHOWN_AS_MESSAGE = frozenset({Verb.WRITE, Verb.ANSWER, Verb.SEND_INTERIM, Verb.TRANSMIT, Verb.FOLLOW_UP})
"""What these did stands in the line as the message itself."""


def told(entry: Done, names: Mapping[int, str]) -> str:
    """Say what was done, with its particulars."""
    said = label(entry.verb, Language(language()))
    if entry.details.get("taken_back"):
        said = _("A waiver was taken back: the promise is owed again.")
    particulars = "; ".join(_particulars(entry, names))
    return f"{said} {particulars}" if particulars else said


def who(entry: Done) -> str:
    """Say who did it: a name, the citizen, or Suivi by itself."""
    return str({"citizen": _("the requester"), "system": "Suivi"}.get(entry.actor, entry.actor))


def _particulars(entry: Done, names: Mapping[int, str]) -> Iterator[str]:
    given = entry.details
    match entry.verb:
        case Verb.CONFIRM_NATURE:
            yield _nature(given.get("from"), given.get("to"))
            yield from _text(given, "ground")
            yield from _person(given.get("handler"), names)
        case Verb.REGISTER | Verb.ROUTE:
            yield from _text(given, "service", "to")
            yield from _person(given.get("handler"), names)
        case Verb.ASSIGN | Verb.TAKE | Verb.HAND_OVER:
            yield from ([str(given["name"])] if given.get("name") else _person(given.get("to"), names))
            yield from _text(given, "reason")
        case Verb.FLAG:
            yield from _flags(given)
            yield from _text(given, "reason")
        case Verb.CORRECT_RECEIPT:
            if given.get("from") and given.get("to"):
                yield _("from %(before)s to %(after)s", before=_moment(given["from"]), after=_moment(given["to"]))
            yield from _text(given, "reason")
        case Verb.CORRECT_CONTACT:
            yield from _contact(given.get("changed", {}))
            yield from _text(given, "reason")
        case Verb.WAIVE:
            if given.get("ground"):
                yield label(WaiverGround(given["ground"]), Language(language()))
            yield from _text(given, "evidence", "reason")
        case Verb.RECORD_LEAVING | Verb.VOID_LEAVING:
            yield from _leaving(given)
        case _:
            yield from _text(given, "into", "from", "reason", "evidence")


def _nature(before: Any, after: Any) -> str:
    lang = Language(language())
    if before == after or not before:
        return label(Nature(after), lang) if after else ""
    return f"{label(Nature(before), lang)} → {label(Nature(after), lang)}"


def _text(given: Mapping[str, Any], *keys: str) -> Iterator[str]:
    for key in keys:
        if isinstance(given.get(key), str) and given[key]:
            yield given[key]


def _person(number: Any, names: Mapping[int, str]) -> Iterator[str]:
    if isinstance(number, int) and number in names:
        yield names[number]


def _flags(given: Mapping[str, Any]) -> Iterator[str]:
    for key, on, off in (
        ("urgent", _("urgent"), _("no longer urgent")),
        ("sensitive", _("sensitive"), _("no longer sensitive")),
    ):
        if given.get(key) is not None:
            yield on if given[key] else off


def _contact(changed: Mapping[str, Any]) -> Iterator[str]:
    """Name what was changed, with what stood there."""
    words = {
        "name": _("Name"), "email": _("E-mail address"), "phone": _("Telephone"), "fax": _("Fax"),
        "address": _("Postal address"),
    }  # fmt: skip
    for part, values in changed.items():
        yield f"{words[part]}: {values['before'] or '–'} → {values['after'] or '–'}"


def _leaving(given: Mapping[str, Any]) -> Iterator[str]:
    lang = Language(language())
    if given.get("kind"):
        yield label(MessageKind(given["kind"]), lang)
    if given.get("channel"):
        yield way_out(Channel(given["channel"]), lang)
    if given.get("left_on"):
        yield day(date.fromisoformat(given["left_on"]))
    yield from _text(given, "evidence")


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))
