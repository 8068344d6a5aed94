"""Owns the pages of the text modules: found by their words, written by the head of the service."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError

from tracker.access.permissions import Room, may_enter, may_write_text
from tracker.casework.texts import retire_text, save_text
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Language
from tracker.correspondence.placeholders import names
from tracker.insight.casepage import LARGEST_ID
from tracker.insight.choices import bodies
from tracker.insight.texts import Passage, passage, passages
from tracker.web.fields import TEXT_LENGTH
from tracker.web.languages import NAMES, language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import busy, problems_of
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import Choice, Pick, StaffForm, one_line, several_lines

TITLE_LENGTH = 120
SHOWN = 100
EVERYBODY = "all"
"""How the choice of a service says “for every service”; no service has this code."""
PLACEHOLDERS = _l(
    "Words in square brackets are filled in from the file; write [? …] for what whoever uses the text must fill in."
)


class TextModuleForm(StaffForm):
    """A passage: whose it is, in which language, what it is called and what it says."""

    service = Pick(_l("Choose a service of the list."), label=_l("Service"))
    language = Choice(_l("Choose a language."), label=_l("Language of the text"))
    title = one_line(_l("Title"), TITLE_LENGTH, _l("Give the text a title by which colleagues find it."))
    body = several_lines(_l("Text"), TEXT_LENGTH, _l("Write the text."), PLACEHOLDERS)

    def prepare(self, text: Passage | None) -> None:
        """Offer the services one may write for, and show what is kept."""
        offered = [("", _("Every service")), *_services()]
        self.service.choices = [
            (code or EVERYBODY, words) for code, words in offered if may_write_text(me().person, code or None)
        ]
        self.language.choices = list(NAMES.items())
        if not self.is_submitted():
            self.seen.data = str(text.version) if text else "0"
            self.service.data = (text.service_code or EVERYBODY) if text else me().person.service_code
            self.language.data = text.language.value if text else language()
            self.title.data, self.body.data = (text.title, text.body) if text else ("", "")


@staff.get("/texts")
@needs_room(Room.TEXTS)
def texts() -> str:
    """Show the text modules, those of one's own service first, and find them by their words."""
    given = request.args
    words, chosen = given.get("words", "")[:TITLE_LENGTH], given.get("language", "")
    service, retired = given.get("service", me().person.service_code or EVERYBODY), "retired" in given
    with site().database.reading() as db:
        found = passages(
            db,
            services=None if service == EVERYBODY else [service],
            language=Language(chosen) if chosen in list(Language) else None,
            words=words,
            retired=retired,
        )
    mine = {one.id for one in found if may_write_text(me().person, one.service_code)}
    services = _services()
    return render_template(
        "staff/texts.html", found=found[:SHOWN], more=len(found) > SHOWN, words=words, chosen=chosen, service=service,
        services=services, of_service=dict(services), languages=NAMES, retired=retired, mine=mine,
        may_write=may_enter(me().person, Room.WRITE_TEXTS),
    )  # fmt: skip


@staff.route("/texts/new", methods=["GET", "POST"])
@needs_room(Room.WRITE_TEXTS)
def new_text() -> ResponseReturnValue:
    """Write a text module."""
    return _edit(None)


@staff.route("/texts/<int:number>", methods=["GET", "POST"])
@needs_room(Room.WRITE_TEXTS)
def text(number: int) -> ResponseReturnValue:
    """Write another version of a text module, or take it out of use."""
    with site().database.reading() as db:
        found = passage(db, number) if number <= LARGEST_ID else None
    if found is None:
        abort(404)
    if not may_write_text(me().person, found.service_code):
        abort(403)
    return _edit(found)


def _edit(kept: Passage | None) -> ResponseReturnValue:
    form = TextModuleForm()
    form.prepare(kept)
    show = partial(_show, form, kept)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        return _save(form, kept)
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=problems_of(error))


def _save(form: TextModuleForm, kept: Passage | None) -> ResponseReturnValue:
    who: dict[str, Any] = {"actor": me().actor, "now": now()}
    with site().database.writing() as db:
        if kept is not None and request.form.get("step") == "retire":
            retire_text(db, number=kept.id, seen=form.version, **who)
            said = _("The text is out of use.")
        else:
            save_text(
                db,
                number=kept.id if kept else None,
                service_code=None if form.service.data == EVERYBODY else form.service.data,
                language=Language(form.language.data),
                title=form.title.data,
                body=form.body.data,
                seen=form.version if kept else None,
                **who,
            )
            said = _("The text is saved.")
    flash(said, "success")
    return redirect(url_for("staff.texts", service=form.service.data), 303)


def _show(
    form: TextModuleForm, kept: Passage | None, status: int, *, problems: Sequence[tuple[str, str]] = ()
) -> Response:
    """Show the form; after somebody else's change, with what they wrote beside what was typed."""
    newer = None
    if status == 409 and kept is not None and kept.version != form.version:
        newer, form.seen.data = kept, str(kept.version)
    known = {one: names(Language(one)) for one in NAMES}
    page = render_template("staff/text.html", form=form, kept=kept, newer=newer, problems=problems, known=known,
                           languages=NAMES)  # fmt: skip
    return make_response(page, status)


def _services() -> list[tuple[str, str]]:
    """Return our own services, code and name, by name."""
    with site().database.reading() as db:
        found = bodies(db, internal=True, day=brussels_day(now()), language=language())
    return [(one.code, one.name) for one in found]
