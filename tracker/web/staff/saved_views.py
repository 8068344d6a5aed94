"""Owns the pages of the views of the queue that somebody keeps: kept, renamed, shared, begun with, deleted."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField

from tracker.access.permissions import Room, may_share_views
from tracker.casework.saved_views import NoSuchView, begin_with, change_view, delete_view, keep_view, may_change
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.insight.figures import service_names
from tracker.insight.saved_views import Saved, saved_views
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import Account, me, now
from tracker.web.staff.acts import problems_of
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import StaffForm, one_line
from tracker.web.staff.narrowing import Narrowing, look_up, look_up_all, narrowing, show_of, view_of, words_of_all

NAME_LENGTH = 60


class ViewForm(StaffForm):
    """A view's name, who sees it, and whether one begins with it."""

    name = one_line(_l("Name of the view"), NAME_LENGTH, _l("Give the view a name."))
    shared = BooleanField(_l("Share it with my service"))
    first = BooleanField(_l("Begin with it"))


class Tab(NamedTuple):
    """A view above the queue."""

    words: str
    url: str
    current: bool


class Kept(NamedTuple):
    """A view in the list of them."""

    view: Saved
    url: str
    holds: str
    """What it asks for, in words."""


def given_to(saved: Sequence[Saved]) -> MultiDict[str, str]:
    """Return what the address of the queue asks for; nothing: the view that its reader begins with."""
    first = next((view for view in saved if view.first), None)
    if first is None or set(request.args) - {"lang", "tick"}:
        return request.args
    return as_typed(first.query)


def as_typed(query: Mapping[str, Any]) -> MultiDict[str, str]:
    """Return what a view asks for as an address would."""
    typed: MultiDict[str, str] = MultiDict()
    for name, value in query.items():
        typed.setlist(name, [str(one) for one in (value if isinstance(value, list) else [value])])
    return typed


def tabs(saved: Sequence[Saved], asked: Narrowing) -> list[Tab]:
    """Return the views as links above the queue."""
    return [Tab(view.name, url_for("staff.queue", **view.query), view.query == asked.query) for view in saved]


@staff.route("/queue/views", methods=["GET", "POST"])
@needs_room(Room.QUEUE)
def kept_views() -> ResponseReturnValue:
    """List the views that are kept, and keep the list that the address describes."""
    form, account = ViewForm(), me()
    with site().database.reading() as db:
        asked = _asked(db, account, request.args)
    new = asked if "view" in request.args else None
    problems: list[tuple[str, str]] = []
    if form.is_submitted() and new is not None and form.validate():
        try:
            with site().database.writing() as db:
                view = keep_view(
                    db, person=account.person, name=form.name.data, query=new.query, shared=bool(form.shared.data),
                    now=now(),
                )  # fmt: skip
                if form.first.data:
                    begin_with(db, person=account.person, number=view.id, now=now())
            flash(_("The view “%(name)s” is kept.", name=form.name.data), "success")
            return redirect(new.url(), 303)
        except CharterError as error:
            problems = problems_of(error)
    status = 400 if form.errors else 409 if problems else 200
    return _show(form, new, problems), status


@staff.route("/queue/views/<int:number>", methods=["GET", "POST"])
@needs_room(Room.QUEUE)
def kept_view(number: int) -> ResponseReturnValue:
    """Change a view: its name and who sees it, or only that one begins with it; or delete it."""
    account = me()
    with site().database.reading() as db:
        view = next((one for one in saved_views(db, account.viewer) if one.id == number), None)
        services = service_names(db, language())
        holds = words_of_all(_asked(db, account, as_typed(view.query))) if view is not None else ""
    if view is None:
        abort(404)
    form, may = ViewForm(), may_change(account.person, owner_id=view.owner_id, service_code=view.service)
    problems: list[tuple[str, str]] = []
    if not form.is_submitted():
        form.name.data, form.shared.data, form.first.data = view.name, view.service is not None, view.first
    elif request.form.get("step") == "delete" or not may or form.validate():
        try:
            _change(form, view, may)
            return redirect(url_for("staff.kept_views"), 303)
        except CharterError as error:
            problems = problems_of(error)
    page = render_template(
        "staff/saved_view.html", form=form, view=view, may=may, may_share=may_share_views(account.person),
        problems=problems, holds=holds, services=services,
    )  # fmt: skip
    return page, 400 if form.errors else 409 if problems else 200


def _change(form: ViewForm, view: Saved, may: bool) -> None:
    person = me().person
    with site().database.writing() as db:
        if request.form.get("step") == "delete":
            if not may:
                raise NoSuchView
            delete_view(db, person=person, number=view.id)
            flash(_("The view “%(name)s” is deleted.", name=view.name), "success")
            return
        if may:
            shared = bool(form.shared.data)
            change_view(db, person=person, number=view.id, name=form.name.data, shared=shared, now=now())
        if bool(form.first.data) != view.first:
            begin_with(db, person=person, number=view.id if form.first.data else None, now=now())
    flash(_("The view “%(name)s” is saved.", name=form.name.data if may else view.name), "success")


def _asked(db: Session, account: Account, given: MultiDict[str, str]) -> Narrowing:
    asked = narrowing(given, view_of(account, given), show_of(given))
    return look_up(db, account.viewer, asked, brussels_day(now()))


def _show(form: ViewForm, new: Narrowing | None, problems: Sequence[tuple[str, str]]) -> str:
    account = me()
    with site().database.reading() as db:
        saved = saved_views(db, account.viewer)
        typed = [as_typed(view.query) for view in saved]
        several = [narrowing(given, view_of(account, given), show_of(given)) for given in typed]
        asked = look_up_all(db, account.viewer, several, brussels_day(now()))
        services = service_names(db, language())
    kept = [
        Kept(view, url_for("staff.queue", **view.query), words_of_all(one))
        for view, one in zip(saved, asked, strict=True)
    ]
    return render_template(
        "staff/saved_views.html", form=form, new=new, holds=words_of_all(new) if new else "", kept=kept,
        may_share=may_share_views(account.person), problems=problems, services=services,
    )  # fmt: skip
