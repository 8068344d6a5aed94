"""Owns the page of the router's models: which is in force, how good each is, what waits, and the way back."""

from functools import partial
from typing import Any

from babel.numbers import format_percent
from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from tracker.access.permissions import Room
from tracker.casework.learning import put_in_force
from tracker.charter.errors import CharterError
from tracker.charter.words import Language
from tracker.insight.routing import models
from tracker.routing.model import shipped_model
from tracker.web.fields import clean_line
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import give_back
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import StaffForm

LONGEST = 40


class ModelForm(StaffForm):
    """A button for each model that is not in force."""


@staff.route("/routing", methods=["GET", "POST"])
@needs_room(Room.ROUTING)
def routing() -> ResponseReturnValue:
    """Show the models; put the one in force whose button was pressed."""
    form = ModelForm()
    if not form.is_submitted():
        return _show(form, 200)
    if not form.validate():
        return _show(form, 400)
    version = clean_line(request.form.get("version"))[:LONGEST]
    try:
        with site().database.writing() as db:
            put_in_force(db, version, actor=me().actor, now=now())
    except (CharterError, OperationalError) as error:
        return give_back(error, partial(_show, form))
    flash(_("Model %(version)s is in force.", version=version), "success")
    return redirect(url_for("staff.routing"), 303)


def _show(form: ModelForm, status: int, *, problems: Any = (), changed: Any = ()) -> Response:
    with site().database.reading() as db:
        told = models(db, shipped_model().about)
    page = render_template(
        "staff/routing.html", form=form, told=told, share=_share, problems=problems, changed=changed
    )
    return make_response(page, status)


def _share(value: float | None) -> str:
    form = "0.0%" if language() == Language.EN else "0.0\N{NO-BREAK SPACE}%"
    return "–" if value is None else format_percent(value, format=form, locale=language())
