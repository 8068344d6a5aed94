"""Owns the login of staff: e-mail and password, throttled, with one same sentence for every mistake."""

from flask import Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as AnyResponse
from wtforms import EmailField, PasswordField

from tracker.access.permissions import Room, may_enter
from tracker.casework import throttle
from tracker.casework.people import authenticate
from tracker.models.staff import Staff
from tracker.web.fields import EMAIL_LENGTH, TypedForm, clean_line, required
from tracker.web.languages import CHOSEN
from tracker.web.networks import network_of
from tracker.web.site import site
from tracker.web.staff import accounts, again
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import open_to_anyone, speak_their_language, staff

TRIES_ON_ONE_ACCOUNT = 8
"""Failed logins in a quarter of an hour, from one address on the network on one account: strangers who know an
address cannot lock a colleague out."""

TRIES_FROM_ONE_PLACE = 60
"""The same on whatever accounts: a whole building may share one address."""

PASSWORD_LENGTH = 1024

EXPIRED = "The CSRF token has expired."
"""What Flask-WTF says of a token that was ours, and is too old."""


class LoginForm(TypedForm):
    """Who, and the proof."""

    email = EmailField(filters=[clean_line], validators=[required(_l("Write your e-mail address."))])
    password = PasswordField(validators=[required(_l("Write your password."))])


@staff.get("/")
@open_to_anyone
def start() -> AnyResponse:
    """Lead to the queue, or to what else an account is there for."""
    if current_user.is_authenticated and may_enter(me().person, Room.ADMIN):
        return redirect(url_for("staff.administration"))
    if current_user.is_authenticated and not may_enter(me().person, Room.QUEUE):
        return redirect(url_for("staff.profile"))
    return redirect(url_for("staff.queue"))


@staff.get("/login")
@open_to_anyone
def login() -> ResponseReturnValue:
    """Show the login form."""
    if current_user.is_authenticated:
        return redirect(url_for("staff.start"))
    return _page(LoginForm(formdata=None), 200)


@staff.post("/login")
@open_to_anyone
def log_in() -> ResponseReturnValue:
    """Let in whoever has both; what waited behind the login comes back."""
    form = LoginForm()
    if not form.validate():
        return _page(form, 400)
    found = _who(form)
    if not isinstance(found, Staff):
        form.password.errors = [found]
        return _page(form, 429 if found == _too_often() else 400)
    language = session.get(CHOSEN)
    accounts.end()  # who logs in over a login that runs has left that one
    session.clear()  # nothing that was in this browser before the login stays
    g.pop("csrf_token", None)
    if language:
        session[CHOSEN] = language
    accounts.begin(found)
    target = _inside(request.values.get("next", ""))
    return again.bring_back(target, request.form) or redirect(target, 303)


def _who(form: LoginForm) -> Staff | str:
    """Return whose login this is, or the sentence that refuses it."""
    email, password = form.email.data or "", form.password.data or ""
    here = f"from {network_of(request.remote_addr)}"
    most = {here: TRIES_FROM_ONE_PLACE, f"{here} on {email.lower()}": TRIES_ON_ONE_ACCOUNT}
    with site().database.reading() as db:
        if any(
            throttle.tried_too_often(db, door="staff", who=who, most=tries, now=now()) for who, tries in most.items()
        ):
            return _too_often()
        sane = len(email) <= EMAIL_LENGTH and len(password) <= PASSWORD_LENGTH and "\0" not in email
        found = authenticate(db, email=email, password=password) if sane else None
    if found is not None:
        return found
    with site().database.writing() as db:
        for who in most:
            throttle.note_failure(db, door="staff", who=who, now=now())
    return str(_("This e-mail address and this password do not go together: check both."))


def _too_often() -> str:
    return str(_("There were too many wrong tries: wait a quarter of an hour, then try again."))


def _inside(target: str) -> str:
    """Return a page of the staff side; anywhere else is not where a login leads."""
    sound = target.startswith("/staff/") and "\\" not in target and not target.startswith("/staff/log")
    return target if sound and target.isprintable() else url_for("staff.start")


def _page(form: LoginForm, status: int) -> Response:
    target = _inside(request.values.get("next", ""))
    kept = [(name, value) for name, value in request.form.items(multi=True)
            if name.startswith(again.KEPT) or name == "whose"]  # fmt: skip
    return make_response(render_template("staff/login.html", form=form, next=target, kept=kept), status)


@staff.post("/logout")
@open_to_anyone
def log_out() -> AnyResponse:
    """End the login."""
    accounts.end()
    flash(_("You are logged out."), "success")
    return redirect(url_for("staff.login"), 303)


@staff.errorhandler(CSRFError)
def stale(error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token has run out."""
    speak_their_language()
    if request.endpoint == "staff.log_in":
        form = LoginForm()
        form.password.errors = [_("The page was open for a long time: write your password again.")]
        return _page(form, 400)
    if request.endpoint == "staff.log_out":  # whoever leaves is out, however long the page was open
        return log_out() if error.description == EXPIRED else redirect(url_for("staff.start"), 303)
    if request.endpoint == "staff.new_password":  # nobody is logged in there, and a password is never shown again
        flash(_("The page was open for a long time: write your password again."), "error")
        return redirect(request.path, 303)
    return again.on_stale_form()
