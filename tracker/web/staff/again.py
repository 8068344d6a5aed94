"""Owns what saves typed text when a login or a form's token has run out, or a form was too large to be read whole.

A form says whose it is, signed. Only then is what was typed carried over: a page of somebody else's making cannot
have its text sent in the name of whoever logs in next.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from tracker.web.large_bodies import cut_short, record
from tracker.web.staff.accounts import me

OWN_FIELDS = frozenset({"csrf_token", "whose"})
KEPT = "kept-"
"""What the names of the fields that wait behind the login form start with."""
FOR_DAYS = 3
COMES_BACK = ("remove", "0")
"""Takes off a file that there is none of: the form is shown again, and nothing is done yet (see ``web.drafts``)."""

View = TypeVar("View", bound=Callable[..., Any])


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
    if request.method != "POST":
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


def read_what_is_sent() -> None:
    """Read a staff form before anything else does: ``g.cut`` says why it could not be read whole, if so.

    Of such a form the request then holds what was typed, without the files, and whatever comes after works with that.
    """
    if request.method == "POST" and request.blueprint == "staff":
        g.cut = cut_short(request, record(request.environ))


def gives_back_what_was_cut(view: View) -> View:
    """Mark a view that shows a form again, as it was typed, when ``g.cut`` says that it could not be read whole."""
    view._gives_back = True  # type: ignore[attr-defined]
    return view


def stop_what_was_cut() -> ResponseReturnValue | None:
    """Show what was typed for a view that cannot itself: half a form is never acted upon."""
    cut: HTTPException | None = g.get("cut")
    if cut is None or hasattr(current_app.view_functions[request.endpoint or ""], "_gives_back"):
        return None
    return render_template("staff/again.html", target=None, cut=True, typed=_typed(request.form)), cut.code or 400


def _typed(fields: MultiDict[str, str]) -> list[tuple[str, str]]:
    """Return what was typed; where files came with it, which are not carried over, its form is to come back first."""
    typed = [(name, value) for name, value in fields.items(multi=True) if name not in OWN_FIELDS]
    return [*typed, COMES_BACK] if any(file.filename for file in request.files.values()) else typed
