"""Owns the way of a request into the house: the form, its mistakes, and the confirmation."""

import json
import secrets
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from tracker.casework.errors import UnknownReference
from tracker.casework.house import CITIZEN
from tracker.casework.register import Intake, register
from tracker.charter.counting import brussels_day
from tracker.charter.obligations import Obligation
from tracker.charter.words import Channel, Language, Nature
from tracker.correspondence.phones import Line, Phone
from tracker.insight.posts import post_for
from tracker.models.cases import Case
from tracker.web.drafts import Draft, NoRoom, draft_of, limits, not_read, take_files
from tracker.web.languages import language
from tracker.web.large_bodies import Unreadable, check_readable, record, typed_fields
from tracker.web.public.beforehand import looked_at, surely_elsewhere
from tracker.web.public.blueprint import IN_LANGUAGE, public
from tracker.web.public.explaining import explained, in_charge
from tracker.web.public.forms import KINDS, RequestForm
from tracker.web.public.limits import ACCESS, busy
from tracker.web.site import site

TOKEN_MARK, KEY_MARK, BODY_MARK = "@@token@@", "@@key@@", "@@body@@"
REFERENCE_MARK, CODE_MARK = f"reference-{secrets.token_hex(8)}", f"code-{secrets.token_hex(8)}"
"""By lot: the names and titles beside them are typed by people."""


@public.get(f"{IN_LANGUAGE}/request")
def request_form() -> str:
    """Show the empty form."""
    kind = request.args.get("kind", "")
    start, middle, end = _empty_form(language(), kind if kind in KINDS else "")
    return f"{start}{generate_csrf()}{middle}{secrets.token_urlsafe(16)}{end}"


@cache
def _empty_form(lang: Language, kind: str) -> tuple[str, str, str]:
    """The page with the empty form, cut where each reader gets a token and a key: drawn once per language."""
    form = RequestForm(formdata=None, kind=kind, meta={"csrf": False})
    page = _page(form, key=KEY_MARK, token=TOKEN_MARK)
    start, rest = page.split(TOKEN_MARK)
    middle, end = rest.split(KEY_MARK)
    return start, middle, end


def _page(
    form: RequestForm, *, key: str, token: str, draft: Draft | None = None, more: Any = (), notice: Any = None
) -> str:
    """The page with the form; ``notice``: what a look at the text found, False when there was no looking."""
    if draft and draft.refused:
        form.files.errors = draft.refused
    form.offer()
    return render_template(
        "public/request.html",
        form=form,
        key=key,
        token=token,
        waiting=draft.waiting if draft else [],
        more=more,
        notice=notice,
        **limits(site().settings),
    )


@public.post(f"{IN_LANGUAGE}/request")
def submit_request() -> AnyResponse:
    """Register what was sent, or give the form back with everything that was typed."""
    recorder = record(request.environ)
    try:
        check_readable(request)
        form = RequestForm()
    except (RequestEntityTooLarge, Unreadable) as error:
        return _not_read(RequestForm(formdata=typed_fields(request, recorder), meta={"csrf": False}), error)
    draft = draft_of(request)
    try:
        take_files(draft, request, site())
        if not form.validate() or draft.refused or draft.removed or "look" in request.form:
            return _give_back(form, draft)
        session["sent"] = json.dumps(_register(form, draft))
        if not _just_sent():
            flash(_("We have this message already. Follow your file with the newest code that we sent you."))
    except UnknownReference:
        form.about.errors = [_("We know no file with this reference: check it, or leave it empty.")]
        return _give_back(form, draft)
    except (OperationalError, NoRoom) as error:
        return _busy(form, draft, error)
    return redirect(url_for("public.request_sent"), 303)


def _give_back(form: RequestForm, draft: Draft) -> Response:
    """The form again: with its mistakes, or without a word about them when nobody wanted to send it yet."""
    more, notice = [], None
    looking = "look" in request.form and not form.stale
    if draft.removed or looking:
        for field in form:
            field.errors = field.errors if looking and field is form.text else []
        if looking and not form.text.errors:
            notice = looked_at(form) or False
    elif form.stale:
        more = [
            ("", _("The page was open for a long time. Nothing is lost: check what you wrote and send it again."))
        ]
        form.csrf_token.errors = []
    page = _page(form, key=draft.key, token=generate_csrf(), draft=draft, more=more, notice=notice)
    return make_response(page, 200 if draft.removed or notice is not None else 400)


def _busy(form: RequestForm, draft: Draft, error: OperationalError | NoRoom) -> Response:
    """The form again, as it was, when it could not be stored in time."""
    current_app.logger.warning("a request came back: it could not be stored in time", exc_info=error)
    page = _page(form, key=draft.key, token=generate_csrf(), draft=draft, more=[("", busy())])
    return make_response(page, 503, {"Retry-After": "60"})


def _not_read(form: RequestForm, error: HTTPException) -> Response:
    """The form again after a body that could not be read whole: the text as far as it could, without the files."""
    key = secrets.token_urlsafe(16)
    return make_response(
        _page(form, key=key, token=generate_csrf(), more=[("files", not_read(error.code))]), error.code
    )


def _register(form: RequestForm, draft: Draft) -> dict[str, Any]:
    """Register the request, and return what the confirmation shows: it travels in the session."""
    now = datetime.now(UTC)
    intake = _intake(form, draft, now)
    try:
        return _registered(intake, now)
    except IntegrityError:  # a double click: the other request took this key between our look and our commit
        return _registered(intake, now)


_OVER: dict[str, Any] = {"until": 0}
"""A confirmation that is shown to nobody any more."""
NAMED = ("name", "is_desk", "role", "titles", "phone", "email")
"""What a confirmation needs to know of whoever is in charge."""


def _registered(intake: Intake, now: datetime) -> dict[str, Any]:
    with site().database.writing() as db:
        registered = register(db, site().house, intake=intake, actor=CITIZEN, now=now)
        case = registered.case
        if registered.again and case.code_version > 1:
            return _OVER  # a code made since, as a stranger may have the first, is told to no sender of an old form
        sent = {
            "key": intake.submission_key,
            "until": int((now + ACCESS).timestamp()),
            "reference": case.reference,
            "code": registered.code,
            "urgent": case.urgent_since is not None,
            "email": bool(intake.requester_email),
            "handler": {name: getattr(registered.handler, name) for name in NAMED},
            "owed": [_as_json(promise) for promise in registered.owed[:1]],  # the confirmation names one
            "post": _post(db, case, now) if case.urgent_since else None,
        }
    return sent | {
        "elsewhere": surely_elsewhere(registered.case, now) if intake.nature is Nature.INFORMATION else None
    }


def _post(db: Session, case: Case, now: datetime) -> dict[str, Any] | None:
    """Return the post to call in that country, where it is known: its number, and its name by language."""
    post = post_for(db, case.country, day=brussels_day(now))
    return {"number": post.phone, "names": post.names} if post and post.phone else None


def _intake(form: RequestForm, draft: Draft, now: datetime) -> Intake:
    return Intake(
        channel=Channel.WEB,
        received_at=now,
        nature=Nature.COMPLAINT if form.kind.data == "complaint" else Nature.INFORMATION,
        language=language(),
        official_language=Language(form.official_language.data) if language() is Language.EN else None,
        subject=form.subject.data or "",
        text=_whole_text(form),
        requester_name=form.name.data or "",
        requester_email=form.email.data or None,
        requester_phone=form.phone.data or None,
        requester_address=form.address.data or None,
        country=form.country.data or None,
        urgent=form.kind.data == "emergency",
        about_reference=(form.about.data or None) if form.kind.data == "complaint" else None,
        submission_key=_submission_key(form, draft),
        attachments=tuple(file.id for file in draft.waiting),
    )


def _as_json(promise: Obligation) -> dict[str, Any]:
    """Return what the confirmation says of a promise, as it travels in the session."""
    return {
        "kind": promise.kind.value,
        "rule_id": promise.rule_id,
        "days": promise.days,
        "due_on": promise.due_on.isoformat(),
        "state": promise.state.value,
        "steps": [step.to_json() for step in promise.steps],
    }


def _whole_text(form: RequestForm) -> str:
    """The text, with the service or person that a complaint names."""
    if form.kind.data != "complaint" or not form.about_whom.data:
        return str(form.text.data)
    about = str(_("The complaint is about: %(whom)s", whom=form.about_whom.data))
    return f"{form.text.data}\n\n{about}"


def _submission_key(form: RequestForm, draft: Draft) -> str:
    """What makes two sendings one case: the same form with the same text, and also the same text sent again right
    after (the browser's way back gives a fresh form). The same page with another text or file is another request."""
    typed = [str(field.data) for field in form if field.name not in ("files", "csrf_token")]
    digest = blake2b("\x1f".join((*typed, *draft.brought)).encode("utf-8", "replace"), digest_size=12).hexdigest()
    before = str((_just_sent() or {}).get("key", ""))
    return before if before.endswith(f".{digest}") and not draft.waiting else f"{draft.key[:32]}.{digest}"


def _just_sent() -> dict[str, Any] | None:
    """What this browser sent not long ago."""
    sent = json.loads(session.get("sent") or "null")
    return sent if sent and sent["until"] > datetime.now(UTC).timestamp() else None


@public.get(f"{IN_LANGUAGE}/request/sent")
def request_sent() -> AnyResponse | str:
    """Say the reference, the date and why, who handles it and what happens next."""
    sent = _just_sent()
    if not sent:
        return redirect(url_for("public.follow"), 303)
    start, end = _sent_frame(language())
    told = json.dumps(
        [*(sent[name] for name in ("urgent", "email", "handler", "owed")), sent.get("elsewhere"), sent.get("post")]
    )
    body = _sent_body(language(), told).replace(REFERENCE_MARK, sent["reference"]).replace(CODE_MARK, sent["code"])
    return f"{start}{body}{end}"


@cache
def _sent_frame(lang: Language) -> tuple[str, str]:
    """The confirmation cut where the part that changes goes: drawn once per language."""
    start, end = render_template("public/sent.html", body=BODY_MARK).split(BODY_MARK)
    return start, end


@lru_cache(maxsize=128)
def _sent_body(lang: Language, told: str) -> str:
    """What is told of promise and handler: drawn once for all to whom the same is told, without what is their own."""
    urgent, email, handler, owed, elsewhere, post = json.loads(told)
    sent = {"urgent": urgent, "email": email, "reference": REFERENCE_MARK, "code": CODE_MARK, "elsewhere": elsewhere}
    sent["post"] = post and Phone(Line.POST, post["number"], post["names"][lang])
    promises = [explained(promise, lang) for promise in owed]
    follow = f"{site().settings.base_url.rstrip('/')}{url_for('public.follow')}"
    handler = in_charge(handler, lang)
    return render_template("public/sent_body.html", sent=sent, owed=promises, handler=handler, follow=follow)
