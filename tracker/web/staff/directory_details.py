"""Owns the pages on which administrators change the details of an entry: the facts said of a body, and its parts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import abort
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.casework.directory import save_entry
from tracker.casework.directory_facts import end_fact, save_fact
from tracker.charter.counting import brussels_day
from tracker.routing.directory import Certainty, Entry, Fact, Part, Source
from tracker.routing.directory_record import fingerprint_of_facts
from tracker.routing.text import LANGUAGES
from tracker.web.languages import NAMES, language
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.directory import entry_known, last_number, save_or_show
from tracker.web.staff.directory_form import COMPETENCE_LENGTH, LINK_LENGTH, NAME_LENGTH, why
from tracker.web.staff.fields import Choice, DayField, StaffForm, one_line, several_lines

CERTAINTIES = {
    Certainty.STATED: _l("The source says so"),
    Certainty.OPENING: _l("Only the opening of the page was read"),
    Certainty.UNVERIFIED: _l("Not verified: general knowledge"),
}


def _text(lang: str) -> Any:
    missing = _l("Write it in this language: %(language)s.", language=NAMES[lang])
    return several_lines(_l("What is said (%(language)s)", language=NAMES[lang]), COMPETENCE_LENGTH, missing)


def _name(lang: str) -> Any:
    missing = _l("Write the name in this language: %(language)s.", language=NAMES[lang])
    return one_line(_l("Name (%(language)s)", language=NAMES[lang]), NAME_LENGTH, missing)


def _mandate(lang: str) -> Any:
    return several_lines(_l("What it does (%(language)s)", language=NAMES[lang]), COMPETENCE_LENGTH)


class DetailForm(StaffForm):
    """What every form about a detail can do."""

    def begin(self, number: int, **values: Any) -> None:
        """Show what stands there, unless the form comes back with what was typed."""
        if not self.is_submitted():
            self.seen.data = str(number)
            for name, value in values.items():
                self[name].data = value

    def refuse(self, field: Any, sentence: str) -> None:
        """Say what is wrong with a field, unless something was said of it already."""
        if not field.errors:
            field.errors = [sentence]

    def texts(self, what: str) -> dict[str, str]:
        """Return what was typed in each language."""
        return {lang: str(self[f"{what}_{lang}"].data or "") for lang in LANGUAGES}


class FactForm(DetailForm):
    """Something said of a body beside its competence, with its source."""

    text_fr, text_nl, text_de, text_en = (_text(lang) for lang in LANGUAGES)
    certainty = Choice(_l("Choose how sure it is."), label=_l("How sure it is"))
    source = one_line(_l("Source: who says so, and where"), NAME_LENGTH)
    source_address = one_line(_l("Address of the source, if it has one"), LINK_LENGTH)
    read_on = DayField(label=_l("Day on which you read it"))
    said_on = DayField(label=_l("Date that the source bears, if it bears one"))
    why = why()

    def prepare(self, fact: Fact | None, number: int) -> None:
        """Offer what can be chosen, and show the fact as it stands."""
        self.certainty.choices = [(one.value, words) for one, words in CERTAINTIES.items()]
        if fact is None:
            self.begin(number, certainty=Certainty.STATED.value, read_on=brussels_day(now()))
            return
        whence = fact.source
        self.begin(
            number, certainty=fact.certainty.value, said_on=fact.said_on, source=whence.title if whence else "",
            source_address=whence.address if whence else "", read_on=whence.read_on if whence else None,
            **in_fields("text", fact.texts),
        )  # fmt: skip

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then that there is a source which was read by now."""
        super().validate(extra_validators)
        if not self.source.data and self.certainty.data != Certainty.UNVERIFIED:
            self.refuse(self.source, _("Say where this is from, or mark it as not verified."))
        if self.source.data and not self.read_on.data:
            self.refuse(self.read_on, _("Write on which day you read the source."))
        if self.source_address.data and not re.match(r"https?://\S", self.source_address.data):
            self.refuse(self.source_address, _("Write the whole address, beginning with https://."))
        for field in (self.read_on, self.said_on):
            if field.data and field.data > brussels_day(now()):
                self.refuse(field, _("This day has not come yet: check the date."))
        return not self.errors

    def fact(self, code: str) -> Fact:
        """Return the fact as it was typed."""
        source = None
        if self.source.data and self.read_on.data:
            source = Source(self.source.data, self.source_address.data or "", self.read_on.data)
        return Fact(code, self.texts("text"), Certainty(self.certainty.data), source, self.said_on.data)


class PartForm(DetailForm):
    """A unit inside a service that people ask for by its subject."""

    name_fr, name_nl, name_de, name_en = (_name(lang) for lang in LANGUAGES)
    mandate_fr, mandate_nl, mandate_de, mandate_en = (_mandate(lang) for lang in LANGUAGES)
    from_day = DayField(_l("Write from which day on this counts."), label=_l("It counts from"))
    why = why()

    def prepare(self, part: Part | None, number: int) -> None:
        """Show the part as it stands."""
        shown = in_fields("name", part.names) | in_fields("mandate", part.mandate) if part else {}
        self.begin(number, from_day=brussels_day(now()), **shown)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then that what it does is said in every language or in none."""
        super().validate(extra_validators)
        told = self.texts("mandate")
        for lang in LANGUAGES if any(told.values()) else ():
            if not told[lang]:
                self.refuse(
                    self[f"mandate_{lang}"], _("Write it in this language: %(language)s.", language=NAMES[lang])
                )
        return not self.errors

    def part(self, key: str) -> Part:
        """Return the part as it was typed."""
        told = self.texts("mandate")
        return Part(key, self.texts("name"), told if any(told.values()) else {})


class EndDetailForm(DetailForm):
    """The end of a fact: why."""

    why = why()


class EndPartForm(DetailForm):
    """The end of a part: from when, and why."""

    from_day = DayField(_l("Write from which day on it no longer stands."), label=_l("It no longer stands from"))
    why = why()


def in_fields(what: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return a text in each language by the names of its fields."""
    return {f"{what}_{lang}": texts.get(lang, "") for lang in LANGUAGES}


@staff.route("/directory/<code>/facts/new", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def new_directory_fact(code: str) -> ResponseReturnValue:
    """Say something more of a body."""
    entry, number = _entry(code)
    form = FactForm()
    form.prepare(None, number)

    def save(db: Session, who: dict[str, Any]) -> None:
        save_fact(db, form.fact(code), why=form.why.data, seen=form.version, **who)

    return _page(form, save, entry, number, _("Add what is known: %(name)s", name=entry.names[language()]), new=True)


@staff.route("/directory/<code>/facts/<mark>/change", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def change_directory_fact(code: str, mark: str) -> ResponseReturnValue:
    """Change what is said of a body."""
    entry, number = _entry(code)
    fact, form = _fact(code, mark), FactForm()
    form.prepare(fact, number)

    def save(db: Session, who: dict[str, Any]) -> None:
        save_fact(db, form.fact(code), instead_of=fact, why=form.why.data, seen=form.version, **who)

    return _page(form, save, entry, number, _("Change what is known: %(name)s", name=entry.names[language()]))


@staff.route("/directory/<code>/facts/<mark>/end", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def end_directory_fact(code: str, mark: str) -> ResponseReturnValue:
    """Say something of a body no more."""
    entry, number = _entry(code)
    fact, form = _fact(code, mark), EndDetailForm()
    form.begin(number)

    def save(db: Session, who: dict[str, Any]) -> None:
        end_fact(db, fact, why=form.why.data, seen=form.version, **who)

    heading = _("Say it no more: %(name)s", name=entry.names[language()])
    return _page(form, save, entry, number, heading, about=fact.texts[language()], ends=True)


@staff.route("/directory/<code>/parts/new", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def new_directory_part(code: str) -> ResponseReturnValue:
    """Add a part to a service."""
    entry, number = _entry(code)
    form = PartForm()
    form.prepare(None, number)

    def save(db: Session, who: dict[str, Any]) -> None:
        parts = (*entry.parts, form.part(_free_key(entry.parts)))
        _save_parts(db, entry, parts, form.from_day.day, form, who)

    return _page(form, save, entry, number, _("Add a part: %(name)s", name=entry.names[language()]), new=True)


@staff.route("/directory/<code>/parts/<key>/change", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def change_directory_part(code: str, key: str) -> ResponseReturnValue:
    """Change a part of a service."""
    entry, number = _entry(code)
    part, form = _part(entry, key), PartForm()
    form.prepare(part, number)

    def save(db: Session, who: dict[str, Any]) -> None:
        parts = tuple(form.part(key) if one == part else one for one in entry.parts)
        _save_parts(db, entry, parts, form.from_day.day, form, who)

    return _page(form, save, entry, number, _("Change a part: %(name)s", name=part.names[language()]))


@staff.route("/directory/<code>/parts/<key>/end", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def end_directory_part(code: str, key: str) -> ResponseReturnValue:
    """Let a part of a service end."""
    entry, number = _entry(code)
    part, form = _part(entry, key), EndPartForm()
    form.begin(number, from_day=brussels_day(now()))

    def save(db: Session, who: dict[str, Any]) -> None:
        parts = tuple(one for one in entry.parts if one != part)
        _save_parts(db, entry, parts, form.from_day.day, form, who)

    return _page(form, save, entry, number, _("Let a part end: %(name)s", name=part.names[language()]), ends=True)


def _page(
    form: DetailForm, save: Any, entry: Entry, number: int, heading: str, *, about: str = "", ends: bool = False,
    new: bool = False,
) -> ResponseReturnValue:  # fmt: skip
    fields = [field for field in form if field.type not in ("HiddenField", "CSRFTokenField")]
    return save_or_show(
        form, "staff/directory_detail.html", save, lambda: entry.code, entry=entry, number=number, heading=heading,
        about=about, ends=ends, new=new, fields=fields,
    )  # fmt: skip


def _save_parts(
    db: Session, entry: Entry, parts: tuple[Part, ...], from_day: date, form: Any, who: dict[str, Any]
) -> None:
    save_entry(db, replace(entry, parts=parts), from_day=from_day, why=form.why.data, seen=form.version, **who)


def _entry(code: str) -> tuple[Entry, int]:
    """Return an entry as it stands, and the number of its last change."""
    with site().database.reading() as db:
        return entry_known(db, code)[1], last_number(db, code)


def _fact(code: str, mark: str) -> Fact:
    with site().database.reading() as db:
        facts = entry_known(db, code)[0].facts_of(code)
    return next((fact for fact in facts if fingerprint_of_facts((fact,)) == mark), None) or abort(404)


def _part(entry: Entry, key: str) -> Part:
    return next((part for part in entry.parts if part.key == key), None) or abort(404)


def _free_key(parts: Iterable[Part]) -> str:
    """Return a key that no part has."""
    taken = {part.key for part in parts}
    return next(key for number in range(1, len(taken) + 2) if (key := f"part-{number}") not in taken)
