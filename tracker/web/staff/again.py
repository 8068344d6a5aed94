"""Owns what saves typed text when a login or a form's token has run out: it waits behind the login and comes back.

A form says whose it is, signed. Only then is what was typed carried over: a page of somebody else's making cannot
have its text sent in the name of whoever logs in next.
"""

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict

from tracker.web.staff.accounts import me

OWN_FIELDS = frozenset({"csrf_token", "whose"})
KEPT = "kept-"
"""What the names of the fields that wait behind the login form start with."""
FOR_DAYS = 3


def whose() -> str:
    """Return the signed mark of the account that a form is drawn for."""
    return _signer().dumps(me().id)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key, salt="whose staff form")  # type: ignore[arg-type]


def owner_of(mark: str | None) -> int | None:
    """Return the id of the account that a form was drawn for; none: not one of our forms, or a very old one."""
    try:
        return int(_signer().loads(mark or "", max_age=FOR_DAYS * 24 * 3600))
    except BadSignature:
        return None


def ask_to_log_in() -> ResponseReturnValue:
    """Show the login form; what was typed waits in it."""
    if request.method == "GET":
        return redirect(url_for("staff.login", next=request.full_path.rstrip("?")))
    ours = owner_of(request.form.get("whose")) is not None
    kept = [(KEPT + name, value) for name, value in _typed(request.form)] if ours else []
    flash(_("Your login has run out. Log in again: what you typed is kept and comes back.") if kept else
          _("Your login has run out. Log in again."), "info")  # fmt: skip
    from tracker.web.staff.login import LoginForm

    page = render_template(
        "staff/login.html", form=LoginForm(formdata=None), next=request.full_path.rstrip("?"),
        kept=[*kept, ("whose", request.form.get("whose", ""))] if kept else [],
    )  # fmt: skip
    return page, 401


def bring_back(target: str, fields: MultiDict[str, str]) -> ResponseReturnValue | None:
    """Show what waited behind the login, to be sent on with one click; none when nothing of one's own waits."""
    typed = [(name.removeprefix(KEPT), value) for name, value in fields.items(multi=True) if name.startswith(KEPT)]
    if not typed or owner_of(fields.get("whose")) != me().id:
        return None
    return render_template("staff/again.html", target=target, typed=typed)


def on_stale_form() -> ResponseReturnValue:
    """Answer a form whose token has run out: nothing was done, and nothing that was typed is lost."""
    if not current_user.is_authenticated:
        return ask_to_log_in()
    own = owner_of(request.form.get("whose")) == me().id
    return render_template(
        "staff/again.html", target=request.full_path.rstrip("?") if own else None, typed=_typed(request.form)
    ), 400  # fmt: skip


def _typed(fields: MultiDict[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in fields.items(multi=True) if name not in OWN_FIELDS]
