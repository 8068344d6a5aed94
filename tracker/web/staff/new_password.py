"""Owns the page on which somebody sets their own password, by the link that an administrator gave them."""

from flask import Response, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField

from tracker.casework import throttle
from tracker.casework.accounts import LinkOver, set_password, whose_link
from tracker.casework.people import SHORTEST_PASSWORD
from tracker.charter.errors import CharterError
from tracker.models.staff import Staff
from tracker.web.fields import TypedForm, at_most, required
from tracker.web.languages import language
from tracker.web.networks import network_of
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.acts import problems_of
from tracker.web.staff.blueprint import open_to_anyone, staff

LONGEST = 1024
WRONG_FROM_ONE_PLACE = 60
"""Links that are none that one place on the network may try in a quarter of an hour."""


class PasswordForm(TypedForm):
    """The new password, twice."""

    password = PasswordField(validators=[required(_l("Write a password.")), at_most(LONGEST)])
    again = PasswordField(validators=[required(_l("Write the password once more."))])

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, then that both are the same."""
        sound: bool = super().validate(extra_validators)
        if sound and self.password.data != self.again.data:
            self.again.errors = [_("The two passwords differ: write the same twice.")]
            return False
        return sound


@staff.route("/password/<secret>", methods=["GET", "POST"])
@open_to_anyone
def new_password(secret: str) -> ResponseReturnValue:
    """Let whoever has the link set the password of the account it was made for, once."""
    moment = now()
    with site().database.reading() as db:
        row = whose_link(db, secret, now=moment)
    if row is None:
        return _refuse()
    g.profile_language = row.language.value
    form = PasswordForm()
    if not form.is_submitted():
        return _show(form, row, 200)
    if not form.validate():
        return _show(form, row, 400)
    try:
        with site().database.writing() as db:
            set_password(db, secret=secret, password=form.password.data or "", now=moment)
    except LinkOver:
        return _refuse()
    except CharterError as error:
        form.password.errors = [said for _field, said in problems_of(error)]
        return _show(form, row, 409)
    flash(_("Your password is set: log in with it."), "success")
    return redirect(url_for("staff.login", lang=language()), 303)


def _show(form: PasswordForm, row: Staff, status: int) -> Response:
    page = render_template("staff/new_password.html", form=form, row=row, least=SHORTEST_PASSWORD)
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refuse() -> Response:
    """Say that a link is over, or was none; whoever goes on trying is told to stop."""
    who, moment = f"from {network_of(request.remote_addr)}", now()
    with site().database.reading() as db:
        too_often = throttle.tried_too_often(db, door="password", who=who, most=WRONG_FROM_ONE_PLACE, now=moment)
    if too_often:
        abort(429)
    with site().database.writing() as db:
        throttle.note_failure(db, door="password", who=who, now=moment)
    return make_response(render_template("staff/new_password_over.html"), 404)
