"""Owns how citizens follow their case: the way in by reference and code, the case itself, a lost code."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import blake2b

from flask import Response, current_app, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from tracker.casework import throttle
from tracker.casework.errors import Erased
from tracker.casework.follow import follow_up, send_code_again
from tracker.casework.house import CITIZEN
from tracker.casework.surveys import last_code
from tracker.casework.writing import PUBLISHED
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel
from tracker.correspondence.survey_links import HIDDEN
from tracker.correspondence.tracking import is_tracking_code
from tracker.insight.tracking import Door, Said, TrackedCase, door, door_of, tracked
from tracker.web.drafts import Draft, NoRoom, draft_of, limits, not_read, take_files
from tracker.web.fields import clean_text
from tracker.web.languages import language
from tracker.web.large_bodies import Unreadable, check_readable, record, typed_fields
from tracker.web.networks import network_of
from tracker.web.public.blueprint import IN_LANGUAGE, public
from tracker.web.public.explaining import explained, heading_of, in_charge
from tracker.web.public.forms import REFERENCE_LENGTH, AddForm, FollowForm, LostCodeForm
from tracker.web.public.limits import ACCESS, busy
from tracker.web.public.periods import periods
from tracker.web.site import site

Sentences = Sequence[tuple[str, str]]
"""What to put right, each with the id of its field (empty: the whole page)."""

TRIES_FOR_ONE_CASE = 10
"""Failed tries in a quarter of an hour, from one address on the network for one reference: strangers who know a
reference cannot lock its owner out."""

TRIES_FROM_ONE_PLACE = 60
"""The same for whatever references: many people may share one address."""

LOST_CODES = 5


@public.get(f"{IN_LANGUAGE}/follow")
def follow() -> str:
    """Ask for the reference and the code."""
    form = FollowForm(formdata=None, reference=request.args.get("reference", "")[:REFERENCE_LENGTH])
    return _door_page(form)


def _door_page(form: FollowForm, *, text: str = "", key: str = "") -> str:
    """The page that asks for reference and code. `text` and `key`: what was being added when the access ran out."""
    return render_template("public/follow.html", form=form, text=text, key=key)


@public.post(f"{IN_LANGUAGE}/follow")
def enter() -> AnyResponse:
    """Let in whoever has both; one same answer for an unknown reference and a wrong code."""
    form = FollowForm()
    text, key = clean_text(request.form.get("text")), request.form.get("key", "")
    status = 400
    if form.validate():
        now = datetime.now(UTC)
        try:
            found = _open_door(form, now)
        except OperationalError as error:
            return _busy_door(form, text, key, error)
        if found is not None:
            session["follow"] = {
                "id": found.id,
                "version": found.code_version,
                "until": int((now + ACCESS).timestamp()),
            }
            return _with_text(text, key) if text else redirect(url_for("public.follow_case"), 303)
        status = 429 if form.locked else 400
    elif form.csrf_token.errors:
        form.code.errors = [_("The page was open for a long time: send it once more.")]
    return make_response(_door_page(form, text=text, key=key), status)


def _busy_door(form: FollowForm, text: str, key: str, error: OperationalError) -> Response:
    """The door again, as it was, when the database did not answer in time."""
    current_app.logger.warning("the door came back: the database did not take a try in time", exc_info=error)
    form.code.errors = [busy()]
    return make_response(_door_page(form, text=text, key=key), 503, {"Retry-After": "60"})


def _open_door(form: FollowForm, now: datetime) -> Door | None:
    """The case that reference and code open, or None with the sentence on the form."""
    reference, code = form.reference.data or "", form.code.data or ""
    here = f"from {network_of(request.remote_addr)}"
    most = {here: TRIES_FROM_ONE_PLACE, f"{here} for {reference}": TRIES_FOR_ONE_CASE}
    with site().database.reading() as db:
        form.locked = any(
            throttle.tried_too_often(db, door="follow", who=who, most=tries, now=now) for who, tries in most.items()
        )
        found = None if form.locked else door(db, reference)
    if form.locked:
        form.code.errors = [_("There were too many wrong tries: wait a quarter of an hour, then try again.")]
        return None
    if _opens(found, code):
        return found
    with site().database.writing() as db:
        for who in most:
            throttle.note_failure(db, door="follow", who=who, now=now)
    form.code.errors = [_("We find no file with this reference and this code: check both.")]
    return None


def _opens(found: Door | None, code: str) -> bool:
    """Compare the code even when there is no such case, so that the time taken tells nothing."""
    known = found or Door(0, "none", 0)
    return is_tracking_code(
        code, secret=site().house.secret, reference=known.reference, version=known.code_version
    ) and bool(found)


def _with_text(text: str, key: str) -> Response:
    """The case, with what was being added when the access ran out still in its box."""
    case = _my_case()
    assert case is not None
    return make_response(_case_page(case, AddForm(formdata=None, text=text), key or secrets.token_urlsafe(16)))


def _my_case() -> TrackedCase | None:
    """The case that this session may see: the code was given not long ago, and is still the one that counts."""
    held = session.get("follow")
    if not held or held["until"] < datetime.now(UTC).timestamp():
        return None
    with site().database.reading() as db:
        found = door_of(db, held["id"])
        if found is None or found.code_version != held["version"]:
            return None
        case = tracked(db, held["id"], language())
        return case and replace(case, said=tuple(_with_its_survey(db, case, said) for said in case.said))


def _with_its_survey(db: Session, case: TrackedCase, said: Said) -> Said:
    """Put the code of the survey into what stands here and nowhere else; a mail or a letter brought its own."""
    if said.channel not in PUBLISHED or HIDDEN not in said.body:
        return said
    return replace(said, body=said.body.replace(HIDDEN, last_code(db, site().house, case.id) or HIDDEN))


@public.get(f"{IN_LANGUAGE}/follow/case")
def follow_case() -> AnyResponse | str:
    """Show the case to whoever gave its code."""
    case = _my_case()
    if case is None:
        flash(_("Give the reference and the code of your file to see it."), "info")
        return redirect(url_for("public.follow"), 303)
    return _case_page(case, AddForm(formdata=None), secrets.token_urlsafe(16))


def _case_page(case: TrackedCase, form: AddForm, key: str, draft: Draft | None = None, more: Sentences = ()) -> str:
    if draft and draft.refused:
        form.files.errors = draft.refused
    today = brussels_day(datetime.now(UTC))
    return render_template(
        "public/case.html",
        case=case,
        handler=in_charge(asdict(case.handler), language()),
        heading_of=lambda kind: heading_of(kind, language()),
        promises=[explained(asdict(promise), language(), today=today) for promise in case.promises],
        today=today,
        days=periods(datetime.now(UTC)),
        form=form,
        key=key,
        waiting=draft.waiting if draft else [],
        more=more,
        hidden=HIDDEN,
        **limits(site().settings),
    )


@public.post(f"{IN_LANGUAGE}/follow/case")
def add_to_case() -> AnyResponse:
    """Add what was written to the case, or give it back with what is wrong."""
    recorder = record(request.environ)
    try:
        check_readable(request)
        form = AddForm()
    except (RequestEntityTooLarge, Unreadable) as error:
        return _not_read(AddForm(formdata=typed_fields(request, recorder), meta={"csrf": False}), error)
    case = _my_case()
    draft = draft_of(request)
    try:
        take_files(draft, request, site())
        if case is not None and form.validate() and not (draft.refused or draft.removed):
            _add(case, form, draft)
            flash(_("We have added it to your file."), "success")
            return redirect(url_for("public.follow_case"), 303)
    except Erased:
        return redirect(url_for("public.follow_case"), 303)  # its page says why nothing can be added
    except (OperationalError, NoRoom) as error:
        current_app.logger.warning("an addition came back: it could not be stored in time", exc_info=error)
        return _busy(case, form, draft)
    if case is None:
        door_form = FollowForm(formdata=None)
        door_form.code.errors = [
            _("Give the reference and the code once more: your text is kept, you can send it after that.")
        ]
        return make_response(_door_page(door_form, text=form.text.data or "", key=draft.key), 403)
    return _give_back(case, form, draft)


def _add(case: TrackedCase, form: AddForm, draft: Draft) -> None:
    now = datetime.now(UTC)
    text = form.text.data or ""
    said = "\x1f".join((draft.key, text, *draft.brought))
    with site().database.writing() as db:
        follow_up(
            db,
            site().house,
            reference=case.reference,
            text=text,
            channel=Channel.WEB,
            received_at=now,
            submission_key=blake2b(said.encode("utf-8", "replace"), digest_size=24).hexdigest(),
            attachments=[file.id for file in draft.waiting],
            actor=CITIZEN,
            now=now,
        )


def _give_back(case: TrackedCase, form: AddForm, draft: Draft) -> Response:
    more: list[tuple[str, str]] = []
    if draft.removed:
        form.text.errors = form.csrf_token.errors = []
    elif form.stale:
        more = [
            ("", _("The page was open for a long time. Nothing is lost: check what you wrote and send it again."))
        ]
        form.csrf_token.errors = []
    return make_response(_case_page(case, form, draft.key, draft, more), 200 if draft.removed else 400)


def _busy(case: TrackedCase | None, form: AddForm, draft: Draft) -> Response:
    """The text again, as it was, when it could not be stored in time."""
    if case is None:
        return make_response(_door_page(FollowForm(formdata=None), text=form.text.data or "", key=draft.key), 503)
    page = _case_page(case, form, draft.key, draft, [("", busy())])
    return make_response(page, 503, {"Retry-After": "60"})


def _not_read(form: AddForm, error: HTTPException) -> Response:
    case = _my_case()
    if case is None:
        return make_response(_door_page(FollowForm(formdata=None), text=form.text.data or ""), error.code)
    page = _case_page(case, form, secrets.token_urlsafe(16), more=[("files", not_read(error.code))])
    return make_response(page, error.code)


@public.get(f"{IN_LANGUAGE}/follow/code")
def lost_code() -> str:
    """Ask where a new code should go."""
    form = LostCodeForm(formdata=None, reference=request.args.get("reference", "")[:REFERENCE_LENGTH])
    return render_template("public/lost_code.html", form=form, sent=False)


@public.post(f"{IN_LANGUAGE}/follow/code")
def send_code() -> AnyResponse:
    """Send a new code to the address on file, if that is the address given; the answer is the same either way."""
    form = LostCodeForm()
    if not form.validate():
        if form.csrf_token.errors:
            form.email.errors = [_("The page was open for a long time: send it once more.")]
        return make_response(render_template("public/lost_code.html", form=form, sent=False), 400)
    try:
        sent = _ask_for_code(form, datetime.now(UTC))
    except OperationalError as error:
        current_app.logger.warning("no code was sent: the database did not take it in time", exc_info=error)
        form.email.errors = [busy()]
        return make_response(render_template("public/lost_code.html", form=form, sent=False), 503)
    return make_response(render_template("public/lost_code.html", form=form, sent=sent), 200 if sent else 429)


def _ask_for_code(form: LostCodeForm, now: datetime) -> bool:
    """Send the code if it is theirs who ask; say whether it was asked for no more often than it may be."""
    reference, email = form.reference.data or "", form.email.data or ""
    # For this reference and this address: strangers who know a reference cannot keep its owner from a new code.
    tried = (f"from {network_of(request.remote_addr)}", f"reference {reference} of {email.casefold()}")
    with site().database.writing() as db:
        if any(throttle.tried_too_often(db, door="code", who=who, most=LOST_CODES, now=now) for who in tried):
            form.email.errors = [_("A code was asked for too many times: wait a quarter of an hour, then try again.")]
            return False
        for who in tried:
            throttle.note_failure(db, door="code", who=who, now=now)
        send_code_again(db, site().house, reference=reference, email=email, now=now)
    return True
