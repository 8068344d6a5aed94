"""Owns how a change of the house is told on the pages: what was done, and each field from what to what."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from flask_babel import gettext as _

from tracker.charter.words import HouseSubject, Language, Role, RoutingSubject
from tracker.correspondence.explanation import label
from tracker.insight.house import Change
from tracker.web.filters import unbroken_day as day
from tracker.web.languages import NAMES, language

LONGEST = 300
"""So much of a text is shown: who wants all of it opens the text."""


class Field(NamedTuple):
    """One field that was changed, from what to what, in words."""

    name: str
    before: str
    after: str


def act_in_words(change: Change) -> str:
    """Say what was done, about whom or what."""
    name = change.name or change.what
    said: Mapping[tuple[object, str], str] = {
        (HouseSubject.PERSON, "add"): _("Account added: %(name)s", name=name),
        (HouseSubject.PERSON, "change"): _("Account changed: %(name)s", name=name),
        (HouseSubject.PERSON, "link"): _("Link for a new password made: %(name)s", name=name),
        (HouseSubject.PERSON, "password"): _("Password set: %(name)s", name=name),
        (HouseSubject.PERSON, "deactivate"): _("Account closed: %(name)s", name=name),
        (HouseSubject.PERSON, "reactivate"): _("Account opened again: %(name)s", name=name),
        (HouseSubject.ABSENCE, "absence"): _("Absence or deputy changed: %(name)s", name=name),
        (HouseSubject.TEXT, "add"): _("Text written: %(name)s", name=name),
        (HouseSubject.TEXT, "change"): _("Text changed: %(name)s", name=name),
        (HouseSubject.TEXT, "retire"): _("Text taken out of use: %(name)s", name=name),
        (HouseSubject.CLOSING_DAYS, "add"): _("Closing days added"),
        (HouseSubject.CLOSING_DAYS, "withdraw"): _("Closing days withdrawn"),
        (HouseSubject.CLOSING_DAYS, "counted"): _("Dates counted again"),
        (RoutingSubject.MODEL, ""): _("Model of routing put in force: %(name)s", name=change.what or _("shipped")),
        (RoutingSubject.RULE, "written"): _("Rule of routing written: %(name)s", name=name),
        (RoutingSubject.RULE, "in_force"): _("Rule of routing put in force: %(name)s", name=name),
        (RoutingSubject.RULE, "off"): _("Rule of routing switched off: %(name)s", name=name),
    }
    if change.subject is RoutingSubject.DIRECTORY:
        return str(_("Directory changed: %(name)s", name=change.what))
    return str(said.get((change.subject, change.act)) or f"{subject_in_words(change.subject)}: {name}")


def subject_in_words(subject: HouseSubject | RoutingSubject) -> str:
    """Say what kind of change it is."""
    return label(subject, Language(language()))


def fields_in_words(change: Change) -> list[Field]:
    """Return each field that was changed, from what to what; of what is new only what it is."""
    return [
        Field(_field(name), _value(name, change.before.get(name)), _value(name, value))
        for name, value in change.after.items()
        if change.before or value not in (None, "")
    ]


def more_in_words(change: Change) -> list[str]:
    """Return what else people should know of a change: the reason, to whom files went, which days."""
    return list(_more(change.more))


def _more(more: Mapping[str, Any]) -> Iterator[str]:
    if why := more.get("why") or more.get("reason"):
        yield _("Reason: %(why)s", why=_short(why))
    if successor := more.get("successor"):
        yield _("Files go to: %(name)s", name=successor)
    if days := more.get("days"):
        yield _("Days: %(days)s", days=", ".join(day(date.fromisoformat(one)) for one in days))
    if until := more.get("until"):
        yield _("Known until: %(day)s", day=day(date.fromisoformat(until)))
    if since := more.get("since"):
        yield _("Counts from: %(day)s", day=day(date.fromisoformat(since)))
    if source := more.get("source"):
        yield _("Circular: %(source)s", source=_short(source))
    if (files := more.get("files")) is not None:
        yield _("Files: %(count)s", count=files)
    if refused := more.get("refused"):
        yield _("Not counted yet, tried again every minute: %(files)s", files=", ".join(refused))


def _field(name: str) -> str:
    names = {
        "email": _("E-mail address"), "name": _("Name"), "titles": _("Title"), "phone": _("Telephone"),
        "role": _("Role"), "service_code": _("Service"), "active": _("Account open"), "in_use": _("May be used"),
        "away_from": _("First day away"), "away_until": _("Last day away"), "deputy_id": _("Who stands in"),
        "title": _("Title"), "body": _("Text"), "language": _("Language"),
    }  # fmt: skip
    return str(names.get(name) or NAMES.get(name, name))


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if name in ("away_from", "away_until"):
        return day(date.fromisoformat(value))
    if name == "role":
        return label(Role(value), Language(language()))
    if name == "language":
        return label(Language(value), Language(language()))
    if isinstance(value, dict):
        return " · ".join(f"{said} ({lang})" for lang, said in sorted(value.items()))
    return _short(value)


def _short(value: object) -> str:
    said = str(value)
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"


IN_WORDS = {
    "act_in_words": act_in_words, "fields_in_words": fields_in_words, "more_in_words": more_in_words,
}  # fmt: skip
"""What the template of the changes says them with."""
