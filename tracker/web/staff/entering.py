"""Owns the page by which staff enter what came in by letter, fax, telephone, mail or at the counter."""

from datetime import date, datetime
from functools import partial
from hashlib import blake2b
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, Room, may
from tracker.casework.entering import enter as enter_it
from tracker.casework.register import Intake, code_of
from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, Language, Nature, ObligationKind
from tracker.insight.casepage import case_header
from tracker.insight.promised import open_promises
from tracker.insight.register import numbers_of
from tracker.models.cases import Case
from tracker.web.drafts import Draft, NoRoom, draft_of, limits, not_read, take_files
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import busy, problems_of
from tracker.web.staff.again import gives_back_what_was_cut, on_stale_form, owner_of
from tracker.web.staff.blueprint import facts_of, needs_room, staff
from tracker.web.staff.concerned import chosen
from tracker.web.staff.entry_form import EntryForm, moment_of_arrival

Problems = list[tuple[str, str]]


@staff.get("/cases/new")
@needs_room(Room.ENTER)
def enter() -> Response:
    """Show the empty page."""
    form, draft = EntryForm(), Draft()
    form.prepare(draft.key)
    return _show(form, draft, 200)


@staff.post("/cases/new")
@gives_back_what_was_cut
@needs_room(Room.ENTER)
def enter_what_came() -> ResponseReturnValue:
    """Enter a request that did not come through the form, or give the page back with everything that was typed."""
    form, draft, cut = EntryForm(), draft_of(request), g.get("cut")
    form.prepare(draft.key)
    try:
        take_files(draft, request, site())
        if cut is not None:
            return _show(form, draft, cut.code or 400, problems=[("files", not_read(cut.code))])
        if not form.whole(scanned=bool(draft.waiting)) or draft.refused or draft.removed:
            return _give_back(form, draft)
        told = _register(form, draft)
    except CharterError as error:
        return _show(form, draft, 409, problems=problems_of(error))
    except NoRoom as error:
        return busy(OperationalError("", None, error), partial(_show, form, draft))
    except OperationalError as error:
        return busy(error, partial(_show, form, draft))
    return confirm(told)


def _give_back(form: EntryForm, draft: Draft) -> Response:
    """Show the page again: with its mistakes, or without a word about them when a file was only taken off."""
    problems: Problems = []
    form.files.errors = draft.refused
    if form.csrf_token.errors:
        if owner_of(request.form.get("whose")) != me().id:
            return make_response(on_stale_form())
        form.csrf_token.errors = []
        problems = [("", _("The page was open for a long time. Nothing is lost: check it and send it again."))]
    if draft.removed:
        for field in form:
            field.errors = []
    return _show(form, draft, 200 if draft.removed else 400, problems=problems)


def _show(form: EntryForm, draft: Draft, status: int, *, problems: Any = ()) -> Response:
    page = render_template(
        "staff/enter.html", form=form, problems=problems, waiting=draft.waiting, **limits(site().settings)
    )  # fmt: skip
    return make_response(page, status)


def _register(form: EntryForm, draft: Draft) -> dict[str, str]:
    """Register it, and return what the confirmation shows: it travels in the session."""
    moment = now()
    intake = _intake(form, draft, moment)
    try:
        return _registered(form, intake, moment)
    except IntegrityError:  # a double click: the other request took this key between our look and our commit
        return _registered(form, intake, moment)


def _intake(form: EntryForm, draft: Draft, moment: datetime) -> Intake:
    lang = Language(form.language.data)
    return Intake(
        channel=Channel(form.channel.data),
        received_at=moment_of_arrival(form, moment),
        arrival=form.arrival,
        nature=Nature(form.nature.data),
        confirmed=True,
        language=lang,
        official_language=Language(form.official_language.data) if lang is Language.EN else None,
        subject=form.subject.data,
        text=form.text.data or "",
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
        submission_key=_submission_key(form, draft),
        attachments=tuple(file.id for file in draft.waiting),
    )


def _registered(form: EntryForm, intake: Intake, moment: datetime) -> dict[str, str]:
    with site().database.writing() as db:
        answered = form.answered.data or ""
        done = enter_it(db, site().house, intake=intake, answered=answered, actor=me().actor, now=moment)
        return confirmation(db, done.case)


def _about(form: EntryForm) -> dict[str, Any]:
    """Return what a complaint is about."""
    if form.nature.data != Nature.COMPLAINT:
        return {}
    return {"about_reference": form.about.data or None} | chosen(form.about_service, form.about_staff)


def confirmation(db: Session, case: Case) -> dict[str, str]:
    """Return what the page that confirms a new file shows.

    A code that was made since, because a stranger may have the first, is told to nobody who sends an old form again.
    """
    db.flush()
    owed = open_promises(db, case.id)
    return {
        "reference": case.reference,
        "channel": case.channel.value,
        "code": code_of(site().house, case) if case.code_version == 1 else "",
        "due_on": owed[0].due_on.isoformat() if owed else "",
        "kind": owed[0].kind.value if owed else "",
    }


def confirm(told: dict[str, str]) -> ResponseReturnValue:
    """Lead to the page that says the reference, the code and the date of a new file."""
    session["entered"], g.entered = told, told["reference"]
    return redirect(url_for("staff.entered"), 303)


def _submission_key(form: EntryForm, draft: Draft) -> str:
    """The same page sent twice is one case; changed and sent again, or with another file, it is another."""
    left_out = ("key", "csrf_token", "seen", "files")
    typed = "\x1f".join(str(field.data) for field in form if field.name not in left_out)
    said = "\x1f".join((str(me().id), draft.key, typed, *draft.brought))
    return blake2b(said.encode("utf-8", "replace"), digest_size=24).hexdigest()


@staff.get("/cases/entered")
@needs_room(Room.ENTER)
def entered() -> ResponseReturnValue:
    """Say the reference, the code, the date and the numbers in the register."""
    told = session.get("entered")
    if not told:
        return redirect(url_for("staff.enter"))
    with site().database.reading() as db:
        header = case_header(db, told["reference"])
        numbers = numbers_of(db, told["reference"])
    visible = header is not None and may(me().person, READ, facts_of(header))
    return render_template(
        "staff/entered.html",
        told=told,
        case=header,
        visible=visible,
        numbers=numbers,
        due_on=date.fromisoformat(told["due_on"]) if told["due_on"] else None,
        kind=ObligationKind(told["kind"]) if told["kind"] else None,
    )
