"""Owns the forms in which administrators change the directory: an entry, its end, the way back to what is shipped."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectMultipleField
from wtforms.validators import StopValidation

from tracker.charter.words import ServiceKind
from tracker.routing.directory import Entry, Source, Texts
from tracker.routing.text import LANGUAGES
from tracker.web.fields import ADDRESS_LENGTH, EMAIL_LENGTH, PHONE_LENGTH
from tracker.web.languages import NAMES
from tracker.web.staff.fields import (
    REASON_LENGTH,
    Choice,
    DayField,
    Pick,
    StaffForm,
    one_line,
    several_lines,
    words_of,
)

NAME_LENGTH, COMPETENCE_LENGTH, LINK_LENGTH, CODE_LENGTH = 200, 2000, 500, 60
_CODE = re.compile(r"[A-Z0-9][A-Z0-9:.-]*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CHANNELS = {
    "": _l("Not known: a person looks it up"),
    "email": _l("By e-mail"),
    "post": _l("By post"),
    "web": _l("Through its website"),
}


def _name(lang: str) -> Any:
    label = _l("Name (%(language)s)", language=NAMES[lang])
    return one_line(label, NAME_LENGTH, _l("Write the name in this language: %(language)s.", language=NAMES[lang]))


def _competence(lang: str) -> Any:
    missing = _l("Write what it is competent for in this language: %(language)s.", language=NAMES[lang])
    return several_lines(_l("Competent for (%(language)s)", language=NAMES[lang]), COMPETENCE_LENGTH, missing)


def _not_competent(lang: str) -> Any:
    missing = _l("Write what it is not competent for in this language: %(language)s.", language=NAMES[lang])
    return several_lines(_l("Not competent for (%(language)s)", language=NAMES[lang]), COMPETENCE_LENGTH, missing)


def why() -> Any:
    """Why the directory is changed: what its history says."""
    return several_lines(_l("Why"), REASON_LENGTH, _l("Say why: it stays in the history of this entry."))


class Several(SelectMultipleField):
    """Any number of many."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list."""
        known = {choice[0] for choice in self.choices or ()}
        if not set(self.data or ()) <= known:
            raise StopValidation(_("Choose services of the list."))


class EntryForm(StaffForm):
    """An entry of the directory as it is to stand from a day on."""

    code = one_line(_l("Code"), CODE_LENGTH, description=_l("Capital letters, digits, points, colons and dashes."))
    kind = Choice(_l("Choose what kind of body it is."), label=_l("Kind"))
    name_fr, name_nl, name_de, name_en = (_name(lang) for lang in LANGUAGES)
    renamed = BooleanField(_l("It was renamed: keep the name it had among the former names"))
    competence_fr, competence_nl, competence_de, competence_en = (_competence(lang) for lang in LANGUAGES)
    not_competent_fr, not_competent_nl, not_competent_de, not_competent_en = (
        _not_competent(lang) for lang in LANGUAGES
    )
    phone = one_line(_l("Telephone"), PHONE_LENGTH)
    email = one_line(_l("E-mail"), EMAIL_LENGTH)
    postal_address = one_line(_l("Postal address"), ADDRESS_LENGTH)
    website = one_line(_l("Website"), LINK_LENGTH)
    channel = Choice(_l("Choose how a file is transmitted to it."), label=_l("How a file is transmitted to it"))
    associated = Several(_l("Services that share the competence and join its files"), validate_choice=False)
    parent = Pick(_l("Choose a service of the list."), label=_l("Part of"))
    source = one_line(_l("Source: who says so, and where"), NAME_LENGTH)
    source_address = one_line(_l("Address of the source, if it has one"), LINK_LENGTH)
    read_on = DayField(label=_l("Day on which you read it"))
    from_day = DayField(_l("Write from which day on this counts."), label=_l("It counts from"))
    why = why()

    def prepare(self, entry: Entry | None, directory: Iterable[Entry], *, today: date, number: int) -> None:
        """Offer what can be chosen, and show the entry as it stands."""
        known = [one for one in directory if entry is None or one.code != entry.code]
        self.new = entry is None
        self.kind.choices = words_of(ServiceKind)
        self.channel.choices = list(CHANNELS.items())
        self.associated.choices = [(one.code, _named(one)) for one in known if one.kind is ServiceKind.INTERNAL]
        self.parent.choices = [("", _("None")), *((one.code, _named(one)) for one in known)]
        if self.is_submitted():
            return
        self.seen.data, self.from_day.data, self.read_on.data = str(number), today, today
        self.kind.data, self.channel.data, self.parent.data, self.associated.data = "internal", "", "", []
        if entry is not None:
            self._show(entry)

    def _show(self, entry: Entry) -> None:
        self.code.data, self.kind.data = entry.code, entry.kind.value
        for lang in LANGUAGES:
            self[f"name_{lang}"].data = entry.names.get(lang, "")
            self[f"competence_{lang}"].data = entry.competence.get(lang, "")
            self[f"not_competent_{lang}"].data = entry.not_competent.get(lang, "")
        for name in ("phone", "email", "postal_address", "website", "channel"):
            self[name].data = getattr(entry, name)
        self.associated.data, self.parent.data = list(entry.associated), entry.parent or ""

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then what one asks of another."""
        super().validate(extra_validators)
        needs = {"email": self.email, "post": self.postal_address, "web": self.website}
        ours = self.kind.data == ServiceKind.INTERNAL
        if self.new and not _CODE.fullmatch(self.code.data or ""):
            self._refuse(self.code, _("Give it a code of capital letters, digits, points, colons and dashes."))
        if self.email.data and not _EMAIL.fullmatch(self.email.data):
            self._refuse(self.email, _("Write an e-mail address, such as info@example.be."))
        if self.website.data and not self.website.data.startswith(("https://", "http://")):
            self._refuse(self.website, _("Write the whole address, beginning with https://."))
        if (needed := needs.get(self.channel.data or "")) is not None and not needed.data:
            self._refuse(needed, _("A file is transmitted to it this way: write the address."))
        if ours and not self.postal_address.data:
            self._refuse(self.postal_address, _("Letters of our own services carry a postal address: write it."))
        if ours and not self.phone.data:
            self._refuse(self.phone, _("Letters of our own services carry a telephone number: write it."))
        if self.new and not self.source.data:
            self._refuse(self.source, _("Say where this is from: nothing enters the directory without a source."))
        if self.source_address.data and not self.source_address.data.startswith(("https://", "http://")):
            self._refuse(self.source_address, _("Write the whole address, beginning with https://."))
        if self.source.data and not self.read_on.data:
            self._refuse(self.read_on, _("Write on which day you read the source."))
        return not self.errors

    def _refuse(self, field: Any, sentence: str) -> None:
        if not field.errors:
            field.errors = [sentence]

    def _texts(self, what: str) -> Texts:
        return {lang: str(self[f"{what}_{lang}"].data) for lang in LANGUAGES}

    def entry(self, before: Entry | None) -> Entry:
        """Return the entry as it was typed; what the form does not show stays as it was."""
        names = self._texts("name")
        source = (
            (Source(self.source.data, self.source_address.data or "", self.read_on.day),) if self.source.data else ()
        )
        base = before or _blank(str(self.code.data))
        former = base.former_names
        if before is not None and self.renamed.data and before.names != names:
            former = (*former, before.names)
        return replace(
            base,
            kind=ServiceKind(self.kind.data),
            names=names,
            competence=self._texts("competence"),
            not_competent=self._texts("not_competent"),
            former_names=former,
            unofficial=tuple(lang for lang in base.unofficial if base.names.get(lang) == names[lang]),
            phone=self.phone.data or "",
            email=self.email.data or "",
            postal_address=self.postal_address.data or "",
            website=self.website.data or "",
            channel=self.channel.data or "",
            associated=tuple(self.associated.data or ()),
            parent=self.parent.data or None,
            sources=(*source, *base.sources),
        )


class EndForm(StaffForm):
    """The end of an entry, and who follows."""

    on = DayField(_l("Write from which day on it no longer stands."), label=_l("It no longer stands from"))
    successor = Pick(_l("Choose who follows."), label=_l("Successor"), needed=True)
    why = why()

    def prepare(self, entry: Entry, directory: Iterable[Entry], *, number: int) -> None:
        """Offer who can follow."""
        others = [(one.code, _named(one)) for one in directory if one.code != entry.code]
        self.successor.choices = [("", _("Choose")), *others]
        if not self.is_submitted():
            self.seen.data = str(number)


class BackForm(StaffForm):
    """The way back to the entry as it comes with the product."""

    why = why()


def _named(entry: Entry) -> str:
    from tracker.web.languages import language

    name = entry.names[language()]
    return name if entry.code in name else f"{name} ({entry.code})"


def _blank(code: str) -> Entry:
    return Entry(
        code=code, kind=ServiceKind.INTERNAL, names={}, competence={}, not_competent={}, associated=(), parent=None,
        successor=None, former_names=(), unofficial=(), parts=(), phone="", email="", postal_address="", website="",
        channel="", valid_from=None, valid_to=None, sources=(),
    )  # fmt: skip
