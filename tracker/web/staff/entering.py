"""Owns the page by which staff enter a request that came in by mail, post, fax, telephone or at the counter."""

import re
import secrets
from datetime import date, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any

from flask import Response, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField

from tracker.access.permissions import READ, Room, may
from tracker.casework.register import Intake, Registered, register
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, Language, Nature, ObligationKind
from tracker.insight.casepage import case_header
from tracker.insight.choices import bodies
from tracker.insight.promised import open_promises
from tracker.web.countries import countries
from tracker.web.fields import (
    ADDRESS_LENGTH,
    NAME_LENGTH,
    SUBJECT_LENGTH,
    TEXT_LENGTH,
)
from tracker.web.fields import email as an_email
from tracker.web.fields import phone as a_number
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import busy, nothing_chosen, problems_of
from tracker.web.staff.blueprint import facts_of, needs_room, staff
from tracker.web.staff.concerned import chosen, offer, person_concerned, service_concerned
from tracker.web.staff.deciding import CAME_ON, moment_of
from tracker.web.staff.fields import Choice, ClockField, DayField, Pick, StaffForm, one_line, several_lines, words_of

LONG_AGO = timedelta(days=30)
"""A receipt longer ago may be a slip of the pen: it is asked about."""

BY_STAFF = (Channel.POST, Channel.EMAIL, Channel.PHONE, Channel.COUNTER, Channel.FAX)
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


class EnterForm(StaffForm):
    """How and when it came in, who from, and what it says."""

    key = HiddenField()
    channel = Choice(_l("Choose how it came in."), label=_l("It came in by"))
    day = DayField(CAME_ON, label=_l("Day on which it first reached any desk or mailbox of the FPS"))
    clock = ClockField(
        label=_l("Time, if known"), description=_l("Like 14:05. A letter or a fax has a day, no time.")
    )
    long_ago = BooleanField(_l("Yes, it came in that long ago"))
    nature = Choice(_l("Choose what kind of request this is."), label=_l("This is"))
    about = one_line(
        _l("Reference of the file it is about"), 60, description=_l("For a complaint about a file, if known.")
    )
    about_service, about_staff = service_concerned(), person_concerned()
    language = Choice(_l("Choose the language."), label=_l("Language of the requester"))
    official_language = Choice(
        _l("Choose French, Dutch or German."),
        label=_l("For English: the official language that counts beside it"),
    )
    name = one_line(_l("Name"), NAME_LENGTH, _l("Write the name of the requester."))
    email = an_email()
    phone = a_number()
    fax = a_number()
    address = several_lines(_l("Postal address"), ADDRESS_LENGTH)
    country = Pick(_l("Choose a country of the list."), label=_l("Country where it happened or where the person is"))
    answer_by = Pick(
        _l("Choose a way of the list."),
        label=_l("The answer goes by"),
        description=_l(
            "By telephone or at the counter the person chooses; otherwise the answer goes the way the request came."
        ),
    )
    subject = one_line(_l("Subject"), SUBJECT_LENGTH, _l("Write the subject in a few words."))
    text = several_lines(_l("What it says"), TEXT_LENGTH, _l("Write or copy what the requester said."))
    service = Pick(
        _l("Choose a service of the list."),
        label=_l("Service"),
        description=_l("Leave it empty and Suivi proposes one."),
    )
    urgent = BooleanField(_l("Urgent: somebody is in serious trouble"))
    sensitive = BooleanField(_l("Sensitive: only the handler, the deputy and the head of service see the file"))

    def prepare(self) -> None:
        """Offer the choices, in the reader's language."""
        self.channel.choices = words_of(BY_STAFF)
        self.nature.choices = words_of(Nature)
        self.language.choices = words_of(Language)
        self.official_language.choices = words_of((Language.FR, Language.NL, Language.DE))
        self.country.choices = [("", _("Not known")), *countries(language())]
        self.answer_by.choices = [("", _("The way it came")), *words_of(BY_STAFF)]
        with site().database.reading() as db:
            found = bodies(db, internal=True, day=brussels_day(now()), language=language())
        self.service.choices = [
            ("", nothing_chosen()),
            *((body.code, body.name) for body in found),
        ]
        offer(self.about_service, self.about_staff)
        if not self.is_submitted():
            self.day.data, self.key.data = brussels_day(now()), secrets.token_urlsafe(16)
            self.language.data = self.official_language.data = language() if language() != "en" else "fr"
            self.nature.data = Nature.INFORMATION.value
        elif not self.official_language.data:
            self.official_language.data = Language.FR.value

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, then what they say together."""
        sound: bool = super().validate(extra_validators)
        return self._check_day() and self._check_way_back() and sound

    def _check_day(self) -> bool:
        if self.day.errors or self.day.data is None:
            return False
        today = brussels_day(now())
        if self.day.data > today:
            self.day.errors = [_("This day has not come yet: write the day on which it came in.")]
            return False
        if self.day.data < today - LONG_AGO and not self.long_ago.data:
            self.day.errors = [_("This is more than 30 days ago. Check the day; if it is right, tick the box below.")]
            return False
        return True

    def _check_way_back(self) -> bool:
        """Make sure that an answer can reach the requester, or say what to ask for."""
        if self.channel.errors:
            return False
        if self.answer_by.data == Channel.EMAIL and not self.email.data:
            self.email.errors = [*self.email.errors, _("Write the e-mail address: the answer goes there.")]
        if self.answer_by.data == Channel.PHONE and not self.phone.data:
            self.phone.errors = [*self.phone.errors, _("Write the telephone number: the answer goes there.")]
        if self.answer_by.data == Channel.POST and not self.address.data:
            self.address.errors = [*self.address.errors, _("Write the postal address: the answer goes there.")]
        return not (self.email.errors or self.phone.errors or self.address.errors)


@staff.route("/cases/new", methods=["GET", "POST"])
@needs_room(Room.ENTER)
def enter() -> ResponseReturnValue:
    """Enter a request that did not come through the form."""
    form = EnterForm()
    form.prepare()
    if not form.is_submitted():
        return _show(form, 200)
    if not form.validate():
        return _show(form, 400)
    try:
        told = _register(form)
    except CharterError as error:
        return _show(form, 409, problems=problems_of(error))
    except OperationalError as error:
        return busy(error, partial(_show, form))
    return confirm(told)


def _show(form: EnterForm, status: int, *, problems: object = ()) -> Response:
    today = brussels_day(now())
    long_ago = form.day.data is not None and form.day.data < today - LONG_AGO
    page = render_template("staff/enter.html", form=form, problems=problems, long_ago=long_ago)
    return make_response(page, status)


def _register(form: EnterForm) -> dict[str, str]:
    """Register it, and return what the confirmation shows: it travels in the session."""
    moment, channel = now(), Channel(form.channel.data)
    lang = Language(form.language.data)
    intake = Intake(
        channel=channel,
        received_at=moment_of(channel, form.day.data, form.clock.data, moment),
        nature=Nature(form.nature.data),
        confirmed=True,
        language=lang,
        official_language=Language(form.official_language.data) if lang is Language.EN else None,
        subject=form.subject.data,
        text=form.text.data,
        requester_name=form.name.data,
        requester_email=form.email.data or None,
        requester_phone=form.phone.data or None,
        requester_fax=form.fax.data or None,
        requester_address=form.address.data or None,
        country=form.country.data or None,
        urgent=form.urgent.data,
        sensitive=form.sensitive.data,
        answer_by=Channel(form.answer_by.data) if form.answer_by.data else None,
        **_about(form),
        service=form.service.data or None,
        submission_key=_submission_key(form),
    )
    with site().database.writing() as db:
        return confirmation(db, register(db, site().house, intake=intake, actor=me().actor, now=moment))


def _about(form: EnterForm) -> dict[str, Any]:
    """Return what a complaint is about."""
    if form.nature.data != Nature.COMPLAINT:
        return {}
    return {"about_reference": form.about.data or None} | chosen(form.about_service, form.about_staff)


def confirmation(db: Session, done: Registered) -> dict[str, str]:
    """Return what the page that confirms a new file shows."""
    db.flush()
    owed = open_promises(db, done.case.id)
    return {
        "reference": done.case.reference,
        "code": done.code,
        "due_on": owed[0].due_on.isoformat() if owed else "",
        "kind": owed[0].kind.value if owed else "",
    }


def confirm(told: dict[str, str]) -> ResponseReturnValue:
    """Lead to the page that says the reference, the code and the date of a new file."""
    session["entered"] = told
    return redirect(url_for("staff.entered"), 303)


def _submission_key(form: EnterForm) -> str:
    """The same page sent twice is one case; changed and sent again it is another."""
    given = form.key.data or ""
    key = given if _KEY.fullmatch(given) else secrets.token_urlsafe(16)
    typed = "\x1f".join(str(field.data) for field in form if field.name not in ("key", "csrf_token", "seen"))
    return blake2b(f"{me().id}\x1f{key}\x1f{typed}".encode("utf-8", "replace"), digest_size=24).hexdigest()


@staff.get("/cases/entered")
@needs_room(Room.ENTER)
def entered() -> ResponseReturnValue:
    """Say the reference, the code and the date, to be told to the requester."""
    told = session.get("entered")
    if not told:
        return redirect(url_for("staff.enter"))
    with site().database.reading() as db:
        header = case_header(db, told["reference"])
    visible = header is not None and may(me().person, READ, facts_of(header))
    return render_template(
        "staff/entered.html",
        told=told,
        case=header,
        visible=visible,
        due_on=date.fromisoformat(told["due_on"]) if told["due_on"] else None,
        kind=ObligationKind(told["kind"]) if told["kind"] else None,
    )
