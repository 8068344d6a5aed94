"""Owns the filters and the order of the queue as they travel in its address: read, named, offered, taken off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import SelectMultipleField

from tracker.access.permissions import Reach
from tracker.charter.words import Channel, Language, Nature, ObligationKind, Role
from tracker.correspondence.explanation import label
from tracker.insight.choices import bodies
from tracker.insight.filter_choices import Named, handlers, handlers_named, services_named
from tracker.insight.filters import Filters, Flag, Sort
from tracker.insight.shown import Show, View
from tracker.insight.sight import Viewer
from tracker.web.countries import countries
from tracker.web.languages import in_each_language, language
from tracker.web.staff.accounts import Account
from tracker.web.staff.fields import Pick, StaffForm, words_of

_LONGEST_NUMBER = 18
_LONGEST_CODE = 40
_Word = TypeVar("_Word", bound=StrEnum)


class Chip(NamedTuple):
    """One thing that the list is narrowed to, and the address without it."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Whose cases, which list, narrowed to what, in which order."""

    view: View
    show: Show
    filters: Filters
    sort: Sort
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the service and the handler."""
    lost: tuple[str, ...] = ()
    """What was asked for and is not there, or not theirs to see."""

    def __bool__(self) -> bool:
        """Say whether it is anything but the plain list in its plain order."""
        return bool(self.filters) or self.sort is not Sort.DUE

    @property
    def query(self) -> dict[str, Any]:
        """It, as it travels in an address: what is as usual is left out."""
        chosen = self.filters
        said = {
            "view": self.view.value, "show": None if self.show is Show.EVERYTHING else self.show.value,
            "service": chosen.service, "handler": chosen.handler, "nature": chosen.nature, "channel": chosen.channel,
            "language": chosen.language, "country": chosen.country, "kind": chosen.kind,
            "flag": [flag.value for flag in Flag if flag in chosen.flags] or None,
            "sort": None if self.sort is Sort.DUE else self.sort.value,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}

    @property
    def plain(self) -> str:
        """The address of the same list without filters, in its usual order."""
        return replace(self, filters=Filters(), sort=Sort.DUE).url()

    def url(self, **more: Any) -> str:
        """Return the address of the queue that shows it."""
        return url_for("staff.queue", **self.query, **more)


def views_of(account: Account) -> list[View]:
    """Return the views that make sense for an account, its usual one first."""
    far = account.viewer.reaches
    offered = [View.MINE] if Reach.OWN in far else []
    if Reach.SERVICE in far and account.person.service_code:
        offered.append(View.SERVICE)
    offered.append(View.ALL)
    usual = {Role.CLERK: View.MINE, Role.HEAD: View.SERVICE}.get(account.person.role, View.ALL)
    return sorted(offered, key=lambda view: view is not usual)


def view_of(account: Account, given: Mapping[str, str]) -> View:
    """Return whose cases are asked for; what is not offered is the usual."""
    offered = views_of(account)
    asked = given.get("view", "")
    return View(asked) if asked in offered else offered[0]


def show_of(given: Mapping[str, str]) -> Show:
    """Return which list is asked for."""
    asked = given.get("show", "")
    return Show(asked) if asked in list(Show) else Show.EVERYTHING


def narrowing(given: MultiDict[str, str], view: View, show: Show) -> Narrowing:
    """Read what an address, or a saved view, asks for; what is no word of ours is left aside."""
    country = given.get("country", "")
    handler = given.get("handler", "")
    filters = Filters(
        service=given.get("service", "")[:_LONGEST_CODE] or None,
        handler=int(handler) if is_number(handler) else None,
        nature=_word(Nature, given),
        channel=_word(Channel, given),
        language=_word(Language, given),
        country=country if country in dict(countries("en")) else None,
        kind=_word(ObligationKind, given, "kind"),
        flags=frozenset(flag for flag in Flag if flag.value in given.getlist("flag")),
    )
    return Narrowing(view, show, filters, _word(Sort, given) or Sort.DUE)


def is_number(text: str) -> bool:
    """Say whether a text is a number that a database can look for."""
    return text.isdecimal() and text.isascii() and len(text) <= _LONGEST_NUMBER


def _word(words: type[_Word], given: Mapping[str, str], name: str = "") -> _Word | None:
    said = given.get(name or words.__name__.lower(), "")
    return words(said) if said in list(words) else None


def look_up(db: Session, viewer: Viewer, asked: Narrowing, today: date) -> Narrowing:
    """Return what is asked for without what is not there, by name (a statement for each of service and handler)."""
    return look_up_all(db, viewer, [asked], today)[0]


def look_up_all(db: Session, viewer: Viewer, several: Sequence[Narrowing], today: date) -> list[Narrowing]:
    """Return each of several without what is not there, by name (a statement for all services, one for handlers)."""
    codes = {one.filters.service for one in several if one.filters.service is not None}
    numbers = {one.filters.handler for one in several if one.filters.handler is not None}
    services = services_named(db, codes, day=today, language=Language(language()))
    people = handlers_named(db, viewer, numbers)
    return [_by_name(one, services, people) for one in several]


def _by_name(asked: Narrowing, services: Mapping[str, Named], people: Mapping[int, Named]) -> Narrowing:
    names: dict[str, str] = {}
    filters = asked.filters
    lost: list[str] = []
    if filters.service is not None:
        if (found := services.get(filters.service)) is None:
            filters, lost = replace(filters, service=None), [*lost, _("Service")]
        else:
            names["service"] = _("%(name)s (it is no longer there)", name=found.name) if found.gone else found.name
    if filters.handler is not None:
        if (found := people.get(filters.handler)) is None:
            filters, lost = replace(filters, handler=None), [*lost, _("Handler")]
        else:
            names["handler"] = _("%(name)s (no longer here)", name=found.name) if found.gone else found.name
    return replace(asked, filters=filters, names=names, lost=tuple(lost))


def chips(asked: Narrowing) -> list[Chip]:
    """Return a chip for each thing that is asked for."""
    chosen, names, lang = asked.filters, dict(asked.names), Language(language())
    for name in ("nature", "channel", "language", "kind"):
        if (word := getattr(chosen, name)) is not None:
            names[name] = label(word, lang)
    if chosen.country is not None:
        names["country"] = dict(countries(lang))[chosen.country]
    found = [
        Chip(_("%(what)s: %(which)s", what=words, which=names[name]),
             replace(asked, filters=chosen.without(name)).url())
        for name, words in filter_words().items() if name in names
    ]  # fmt: skip
    for flag, words in flag_words().items():
        if flag in chosen.flags:
            without = replace(asked, filters=replace(chosen, flags=chosen.flags - {flag}))
            found.append(Chip(words, without.url()))
    if asked.sort is not Sort.DUE:
        words = _("%(what)s: %(which)s", what=_("In the order of"), which=sort_words()[asked.sort])
        found.append(Chip(words, replace(asked, sort=Sort.DUE).url()))
    return found


def words_of_all(asked: Narrowing) -> str:
    """Say what is asked for in one line."""
    first = [view_words()[asked.view], list_words()[asked.show]]
    return " · ".join([*first, *(chip.words for chip in chips(asked))])


@in_each_language
def view_words() -> Mapping[View, str]:
    """Return what each view is called."""
    return {View.MINE: _("My files"), View.SERVICE: _("My service"), View.ALL: _("All I may see")}


@in_each_language
def list_words() -> Mapping[Show, str]:
    """Return what each list is called."""
    return {
        Show.EVERYTHING: _("All that is owed"),
        Show.OVERDUE: _("Overdue"),
        Show.TODAY: _("To do today"),
        Show.WEEK: _("To do this week"),
        Show.INTERIM: _("Interim letters"),
        Show.COMPLAINTS: _("Complaint files"),
        Show.UNASSIGNED: _("Unassigned"),
        Show.URGENT: _("Urgent"),
        Show.UNATTENDED: _("Unattended"),
        Show.FAILED: _("Not arrived"),
        Show.TO_CLOSE: _("To close"),
    }


@in_each_language
def filter_words() -> Mapping[str, str]:
    """Return what each filter is called, in the order in which they stand."""
    return {
        "service": _("Service"), "handler": _("Handler"), "nature": _("Nature"), "kind": _("Owed"),
        "channel": _("Channel"), "language": _("Language"), "country": _("Country"),
    }  # fmt: skip


@in_each_language
def flag_words() -> Mapping[Flag, str]:
    """Return what each flag is called."""
    return {
        Flag.URGENT: _("Urgent"), Flag.SENSITIVE: _("Sensitive"), Flag.NOT_SENT: _("Not arrived"),
        Flag.UNCONFIRMED: _("Nature to be confirmed"), Flag.TO_AND_FRO: _("To and fro: the head decides"),
        Flag.DRAFT: _("A draft is kept"), Flag.LEAVING: _("Waiting to leave"),
    }  # fmt: skip


@in_each_language
def sort_words() -> Mapping[Sort, str]:
    """Return what each order is called."""
    return {
        Sort.DUE: _("Due date"), Sort.RECEIVED: _("Date of receipt"), Sort.REFERENCE: _("Reference, newest first"),
        Sort.HANDLER: _("Handler"),
    }  # fmt: skip


class Several(SelectMultipleField):
    """Some of a few, all shown; what is not on the list is left aside."""

    def __init__(self, **more: Any) -> None:
        super().__init__(validate_choice=False, **more)


class FilterForm(StaffForm):
    """What the list can be narrowed to, and its order."""

    service = Pick("", label=_l("Service"))
    handler = Pick("", label=_l("Handler"))
    nature = Pick("", label=_l("Nature"))
    kind = Pick("", label=_l("Owed"))
    channel = Pick("", label=_l("Channel"))
    language = Pick("", label=_l("Language"))
    country = Pick("", label=_l("Country"))
    sort = Pick("", label=_l("In the order of"))
    flag = Several(label=_l("Only files that are"))


def panel(db: Session, viewer: Viewer, asked: Narrowing, today: date) -> FilterForm:
    """Return the form that asks for something else, as it is asked for now (two statements)."""
    form = FilterForm(formdata=None, meta={"csrf": False})
    chosen, lang = asked.filters, language()
    offered: Mapping[str, list[tuple[str, str]]] = {
        "service": [(body.code, body.name)
                    for body in bodies(db, internal=True, day=today, language=lang)],
        "handler": [(str(number), name) for number, name in handlers(db, viewer)],
        "nature": words_of(Nature), "kind": words_of(ObligationKind), "channel": words_of(Channel),
        "language": words_of(Language), "country": list(countries(lang)),
    }  # fmt: skip
    for name, choices in offered.items():
        value = getattr(chosen, name)
        form[name].data = "" if value is None else str(value)
        ended = [(form[name].data, asked.names.get(name, ""))] if form[name].data not in dict(choices) else []
        form[name].choices = [("", _("All")), *choices, *(ended if value is not None else [])]
    form.sort.choices = [(sort.value, words) for sort, words in sort_words().items()]
    form.sort.data = asked.sort.value
    form.flag.choices = [(flag.value, words) for flag, words in flag_words().items()]
    form.flag.data = [flag.value for flag in chosen.flags]
    return form
