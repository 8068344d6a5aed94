"""Owns how an entry of the history is told on the page: what was done, and what of it matters to colleagues."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from tracker.charter.counting import brussels_day
from tracker.charter.erasing import ERASED
from tracker.charter.words import Channel, ErasureGround, Language, MessageKind, Nature, Verb, WaiverGround
from tracker.correspondence.explanation import label, way_out
from tracker.insight.casefacts import Done
from tracker.web.filters import day, moment
from tracker.web.languages import language
from tracker.web.site import router
from tracker.web.staff.accounts import now
from tracker.web.staff.complaint_words import complaint_step, complaint_told
from tracker.web.staff.link_words import link_told
from tracker.web.staff.task_words import tasks_told

SHOWN_AS_MESSAGE = frozenset({Verb.WRITE, Verb.ANSWER, Verb.SEND_INTERIM, Verb.TRANSMIT, Verb.FOLLOW_UP})
"""What these did stands in the line as the message itself."""


_SAY_WHAT = frozenset({Verb.CONFIRM_NATURE, Verb.FLAG, Verb.CORRECT_RECEIPT, Verb.RECORD_LEAVING})
"""What was done is said first, and then what it became, without a name before it."""


def told(entry: Done, names: Mapping[int, str]) -> str:
    """Say what was done, with its particulars."""
    said = label(entry.verb, Language(language()))
    if entry.details.get("taken_back"):
        said = _("A waiver was taken back: the promise is owed again.")
    if entry.details.get("closing_days"):
        said = _("The working days were counted again, because closing days changed.")
    if entry.details.get("complaint"):
        said = complaint_step(entry.details)
    if entry.verb is Verb.WRITE and entry.details.get("survey"):
        said = _("A reply to the survey was entered.")
    if entry.verb is Verb.WRITE and entry.details.get("erased"):
        ground = label(ErasureGround(entry.details["erased"]), Language(language()))
        said = _("The personal data were erased: %(ground)s.", ground=ground)
    if entry.verb is Verb.WRITE and entry.details.get("tasks"):
        return " · ".join(tasks_told(entry.details, place_in_words))
    if entry.verb is Verb.WRITE and entry.details.get("link"):
        return link_told(entry.details["link"])
    if entry.verb is Verb.RECORD_LEAVING and entry.details.get("message"):
        said = _("Message %(number)s left.", number=entry.details["message"])
    particulars = " · ".join(_particulars(entry, names))
    if particulars and entry.verb in _SAY_WHAT:
        return str(_("%(what)s: %(words)s", what=said.removesuffix("."), words=particulars))
    return f"{said} {particulars}" if particulars else said


def who(entry: Done) -> str:
    """Say who did it: a name, the citizen, or Suivi by itself."""
    return str({"citizen": _("the requester"), "system": "Suivi"}.get(entry.actor, entry.actor))


def _particulars(entry: Done, names: Mapping[int, str]) -> Iterator[str]:
    given = entry.details
    match entry.verb:
        case Verb.CONFIRM_NATURE:
            yield _nature(given.get("from"), given.get("to"))
            yield from _named(_("What makes it complex"), given.get("ground"))
            yield from _handler(given.get("handler"), names)
        case Verb.REGISTER | Verb.ROUTE:
            yield from _service(given.get("service") or given.get("to"))
            if given.get("decision") == "auto" and given.get("service"):
                yield str(_("assigned by itself"))
            yield from _handler(given.get("handler"), names)
            yield from _named(_("Split off"), given.get("split_from"))
        case Verb.ASSIGN | Verb.TAKE | Verb.HAND_OVER:
            yield from _handler(given.get("name") or given.get("to"), names)
            if given.get("referred"):
                yield str(_("it went to and fro: the dispatchers' head decides"))
        case Verb.FLAG:
            yield from _flags(given)
        case Verb.CORRECT_RECEIPT:
            if given.get("from") and given.get("to"):
                yield _("from %(before)s to %(after)s", before=_moment(given["from"]), after=_moment(given["to"]))
        case Verb.CORRECT_CONTACT:
            yield from _contact(given.get("changed", {}))
        case Verb.WAIVE:
            if given.get("ground"):
                yield from _named(_("Ground"), label(WaiverGround(given["ground"]), Language(language())))
        case Verb.WRITE if given.get("complaint"):
            yield from complaint_told(given, names)
        case Verb.WRITE if given.get("again"):
            yield str(_("message %(number)s sent again", number=given["again"]))
        case Verb.RECORD_LEAVING | Verb.VOID_LEAVING:
            yield from _leaving(given, entry.at)
        case Verb.MERGE | Verb.ABSORB:
            yield from _named(_("File"), given.get("into") or given.get("from"))
    yield from _named(_("What shows it"), given.get("evidence"))
    yield from _named(_("Reason"), given.get("reason"))
    yield from tasks_told(given, place_in_words)


def _named(what: str, words: Any) -> Iterator[str]:
    """Say what something is before saying it, so that a line of the history reads by itself."""
    if isinstance(words, str) and words and words != ERASED:
        yield str(_("%(what)s: %(words)s", what=what, words=words))


def _service(code: Any) -> Iterator[str]:
    """Name a service as the directory does today."""
    if isinstance(code, str) and code:
        entry = router().directory.standing_for(code, on=brussels_day(now()))
        yield from _named(_("Service"), entry.names[language()] if entry else code)


def place_in_words(code: str | None) -> str:
    """Name a service or a body as the directory does today; the dispatchers, where no service has it."""
    entry = router().directory.standing_for(code, on=brussels_day(now())) if code else None
    return entry.names[language()] if entry else code or str(_("the dispatchers"))


def _handler(person: Any, names: Mapping[int, str]) -> Iterator[str]:
    """Name the handler, whom the history knows by name or by number."""
    yield from _named(_("Handler"), names.get(person) if isinstance(person, int) else person)


def _nature(before: Any, after: Any) -> str:
    lang = Language(language())
    if before == after or not before:
        return label(Nature(after), lang) if after else ""
    return f"{label(Nature(before), lang)} → {label(Nature(after), lang)}"


def _flags(given: Mapping[str, Any]) -> Iterator[str]:
    for key, on, off in (
        ("urgent", _("urgent"), _("no longer urgent")),
        ("sensitive", _("sensitive"), _("no longer sensitive")),
    ):
        if given.get(key) is not None:
            yield on if given[key] else off


def _contact(changed: Mapping[str, Any]) -> Iterator[str]:
    """Name what was changed, with what stood there if anything did."""
    words = {
        "name": _("Name"), "email": _("E-mail address"), "phone": _("Telephone"), "fax": _("Fax"),
        "address": _("Postal address"),
    }  # fmt: skip
    for part, values in changed.items():
        if ERASED in values.values():
            yield words[part]
            continue
        after = values["after"] or _("taken off")
        yield from _named(words[part], f"{values['before']} → {after}" if values["before"] else after)


def _leaving(given: Mapping[str, Any], at: datetime) -> Iterator[str]:
    lang = Language(language())
    if given.get("kind"):
        yield label(MessageKind(given["kind"]), lang)
    if given.get("channel"):
        yield way_out(Channel(given["channel"]), lang)
    if given.get("left_on") and given["left_on"] != brussels_day(at).isoformat():
        yield day(date.fromisoformat(given["left_on"]))


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))
