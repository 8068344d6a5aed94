"""Owns the form by which staff enter what came in by letter, fax, telephone, mail or at the counter, on one page."""

from datetime import date, datetime
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, MultipleFileField

from tracker.casework.daybook import Arrival, is_unusual
from tracker.charter.counting import brussels_day
from tracker.charter.words import SPOKEN, Channel, Language, Nature
from tracker.insight.choices import bodies
from tracker.web.countries import countries
from tracker.web.fields import ADDRESS_LENGTH, NAME_LENGTH, SUBJECT_LENGTH, TEXT_LENGTH
from tracker.web.fields import email as an_email
from tracker.web.fields import phone as a_number
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.acts import nothing_chosen
from tracker.web.staff.concerned import offer, person_concerned, service_concerned
from tracker.web.staff.deciding import CAME_ON, moment_of
from tracker.web.staff.fields import (
    REASON_LENGTH,
    Choice,
    ClockField,
    DayField,
    Pick,
    StaffForm,
    one_line,
    several_lines,
    words_of,
)

BY_STAFF = (Channel.POST, Channel.FAX, Channel.PHONE, Channel.COUNTER, Channel.EMAIL)


class ArrivalForm(StaffForm):
    """How and when something came in; a day that is unusual is asked about once, with the reason."""

    channel = Choice(_l("Choose how it came in."), label=_l("It came in by"))
    day = DayField(
        CAME_ON,
        label=_l("Day on which it first reached any desk or mailbox of the FPS"),
        description=_l("Like 31/12/2026."),
        format="%d/%m/%Y",
    )
    clock = ClockField(typed=True, label=_l("Time, if known"), description=_l("Like 14:05."))
    sure = BooleanField(_l("Yes, this day is right"))
    why = one_line(
        _l("Why it is entered so long after that day, or before it"),
        REASON_LENGTH,
        description=_l("For instance: it lay at the post in Kinshasa. The register keeps it."),
    )
    files = MultipleFileField()

    def arrives_today(self) -> None:
        """Fill in today, and the way in that the address of the page names."""
        self.channel.choices = words_of(BY_STAFF)
        if language() == Language.DE:
            self.day.format = ["%d.%m.%Y"]
        if not self.is_submitted():
            self.day.data = brussels_day(now())
            if request.args.get("channel") in [channel.value for channel in BY_STAFF]:
                self.channel.data = request.args["channel"]

    @property
    def unusual(self) -> bool:
        """Say whether the day needs to be confirmed, with the reason."""
        day: date | None = self.day.data
        return day is not None and is_unusual(day, brussels_day(now()))

    @property
    def arrival(self) -> Arrival:
        """The day as it was given, and its reason where it needs one; of a form that was found whole."""
        day: Any = self.day.data
        return Arrival(day, self.why.data or "" if self.unusual else "")

    def check_day(self) -> bool:
        """Ask about an unusual day; say whether there is nothing left to ask."""
        day: date | None = self.day.data
        if day is None or not self.unusual:
            return not self.day.errors
        if not self.sure.data:
            self.sure.errors = [_sentence(day, brussels_day(now()))]
        if not self.why.data:
            self.why.errors = [*self.why.errors, _("Write the reason: the register keeps it.")]
        return not (self.sure.errors or self.why.errors)


def _sentence(day: date, today: date) -> str:
    if day > today:
        return str(
            _("This day has not come yet. Check it; if the stamp says so, tick the box: it counts from today.")
        )
    return str(_("This is more than 5 days ago. Check the day; if it is right, tick the box: it counts from then."))


class EntryForm(ArrivalForm):
    """How and when it came in, who from, and what it says."""

    key = HiddenField()
    name = one_line(_l("Name"), NAME_LENGTH, _l("Write the name of the requester."))
    address = several_lines(_l("Postal address"), ADDRESS_LENGTH)
    email = an_email()
    phone = a_number()
    fax = a_number()
    language = Choice(_l("Choose the language."), label=_l("Language of the requester"))
    official_language = Choice(
        _l("Choose French, Dutch or German."),
        label=_l("For English: the official language that counts beside it"),
    )
    subject = one_line(_l("Subject"), SUBJECT_LENGTH, _l("Write the subject in a few words."))
    text = several_lines(
        _l("What it says"), TEXT_LENGTH, description=_l("With a scan, below, it may stay empty.")
    )  # fmt: skip
    answered = several_lines(
        _l("Answered at once: what was said"),
        TEXT_LENGTH,
        description=_l(
            "Only if the answer was given in this conversation: it is recorded as the answer, and nothing is due any"
            " more. The requester gets a reference all the same."
        ),
    )
    answer_by = Pick(
        _l("Choose a way of the list."), label=_l("Otherwise the answer goes by"),
        description=_l("As the person chose."),
    )  # fmt: skip
    nature = Choice(_l("Choose what kind of request this is."), label=_l("Kind of request"))
    service = Pick(
        _l("Choose a service of the list."),
        label=_l("Service"),
        description=_l("Leave it empty and Suivi proposes one."),
    )
    urgent = BooleanField(_l("Urgent: somebody is in serious trouble"))
    sensitive = BooleanField(_l("Sensitive: only the handler, the deputy and the head of service see the file"))
    country = Pick(_l("Choose a country of the list."), label=_l("Country where it happened or where the person is"))
    about = one_line(
        _l("Reference of the file it is about"), 60, description=_l("For a complaint about a file, if known.")
    )
    about_service, about_staff = service_concerned(), person_concerned()

    RARE = ("official_language", "sensitive", "country", "about", "about_service", "about_staff")
    """Fields that few entries need: they lie folded away below the others."""

    def prepare(self, key: str) -> None:
        """Offer the choices, in the reader's language; ``key`` is what the files of this page wait under."""
        self.arrives_today()
        self.key.data = key
        self.nature.choices = words_of(Nature)
        self.language.choices = words_of(Language)
        self.official_language.choices = words_of((Language.FR, Language.NL, Language.DE))
        self.country.choices = [("", _("Not known")), *countries(language())]
        self.answer_by.choices = [("", _("The way we can")), *words_of(BY_STAFF)]
        with site().database.reading() as db:
            found = bodies(db, internal=True, day=brussels_day(now()), language=language())
        self.service.choices = [("", nothing_chosen()), *((body.code, body.name) for body in found)]
        offer(self.about_service, self.about_staff)
        if not self.is_submitted():
            self.language.data = self.official_language.data = language() if language() != "en" else "fr"
            self.nature.data = Nature.INFORMATION.value
        elif not self.official_language.data:
            self.official_language.data = Language.FR.value

    @property
    def rare_is_used(self) -> bool:
        """Say whether one of the folded fields has something to be seen."""
        usual = {self.language.data, Language.FR.value}
        given = [self[name] for name in self.RARE]
        return any(f.errors or (f.data and not (f is self.official_language and f.data in usual)) for f in given) or (
            self.language.data == Language.EN or self.nature.data == Nature.COMPLAINT
        )

    def whole(self, *, scanned: bool) -> bool:
        """Check each field, then what they say together; ``scanned``: files hold what it says."""
        sound: bool = self.validate()
        if not self.text.data and not self.text.errors and not scanned:
            self.text.errors = [_("Write what it says, or add a scan of it.")]
        return all((sound, self.check_day(), self._check_way_back(), self._check_answered(), not self.text.errors))

    def _check_way_back(self) -> bool:
        """Make sure that an answer can reach the requester, or say what to ask for."""
        if self.answer_by.data == Channel.EMAIL and not self.email.data:
            self.email.errors = [*self.email.errors, _("Write the e-mail address: the answer goes there.")]
        if self.answer_by.data == Channel.PHONE and not self.phone.data:
            self.phone.errors = [*self.phone.errors, _("Write the telephone number: the answer goes there.")]
        if self.answer_by.data == Channel.POST and not self.address.data:
            self.address.errors = [*self.address.errors, _("Write the postal address: the answer goes there.")]
        return not (self.email.errors or self.phone.errors or self.address.errors)

    def _check_answered(self) -> bool:
        if self.answered.data and self.channel.data not in [channel.value for channel in SPOKEN]:
            self.answered.errors = [
                *self.answered.errors,
                _("Only a conversation is answered at once: choose telephone or counter, or empty this field."),
            ]
        return not self.answered.errors


def moment_of_arrival(form: ArrivalForm, moment: datetime) -> datetime:
    """Return when something reached the FPS: what bears the stamp of a day to come is here today."""
    day = form.arrival.day
    if day > brussels_day(moment):
        return moment
    return moment_of(Channel(form.channel.data), day, form.clock.data, moment)
