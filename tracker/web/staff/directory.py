"""Owns the pages of the directory: found by all staff, one entry with its history, changed by administrators."""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.access.permissions import Room, may_enter
from tracker.casework.directory import close_entry, directory_in_force, edited, outdated, save_entry, use_shipped
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import ServiceKind
from tracker.insight.directory import changes_of, touched
from tracker.insight.posts import posts_abroad
from tracker.routing.directory import Directory, Entry
from tracker.routing.directory_record import fingerprint_of_facts
from tracker.routing.source_titles import page_language, title_in
from tracker.web.countries import countries
from tracker.web.languages import NAMES, language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import busy, problems_of
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.directory_differences import differences
from tracker.web.staff.directory_form import BackForm, EndForm, EntryForm
from tracker.web.staff.fields import StaffForm, words_of

WORDS_LENGTH = 120
POSTS = "EMBASSY"
"""The entry under which the posts abroad are listed."""


@staff.get("/directory")
@needs_room(Room.DIRECTORY)
def directory() -> str:
    """Show the services and bodies, valid today or all, and find them by their words."""
    given, day = request.args, brussels_day(now())
    words, kind, every = given.get("words", "")[:WORDS_LENGTH], given.get("kind", ""), "all" in given
    with site().database.reading() as db:
        known, changed = directory_in_force(db), edited(db)
    shown = [_standing(known, code) if every else known.get(code, on=day) for code in known.codes]
    found = [one for one in shown if one is not None and kind in ("", one.kind.value) and _says(one, words)]
    return render_template(
        "staff/directory.html", found=found, words=words, kind=kind, kinds=words_of(ServiceKind), every=every,
        day=day, changed=changed, may_write=_may_write(),
    )  # fmt: skip


@staff.get("/directory/<code>")
@needs_room(Room.DIRECTORY)
def directory_entry(code: str) -> str:
    """Show one service or body: what it does, how it is reached, where that is known from, and its history."""
    with site().database.reading() as db:
        known, entry = entry_known(db, code)
        changes, touches, newer = changes_of(db, code), touched(db, code), code in outdated(db)
        posts = posts_abroad(db, day=brussels_day(now())) if code == POSTS else None
    names = {one.code: one for one in known.entries}
    return render_template(
        "staff/directory_entry.html", entry=entry, versions=_in_time(known, code),
        facts=[(fact, fingerprint_of_facts((fact,))) for fact in known.facts_of(code)],
        changes=changes, touched=touches, newer=newer, names=names, languages=NAMES, day=brussels_day(now()),
        may_write=_may_write(), posts=posts, countries=dict(countries(language())),
        source_title=lambda title: title_in(title, language()), page_language=page_language,
    )  # fmt: skip


@staff.route("/directory/new", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def new_directory_entry() -> ResponseReturnValue:
    """Add a service or body."""
    with site().database.reading() as db:
        known = directory_in_force(db)
    form = EntryForm()
    form.prepare(None, _today(known), today=brussels_day(now()), number=0)

    def save(db: Session, who: dict[str, Any]) -> None:
        entry = form.entry(None)
        save_entry(db, entry, from_day=form.from_day.day, why=form.why.data, new=True, **who)

    return save_or_show(form, "staff/directory_form.html", save, lambda: str(form.code.data), entry=None)


@staff.route("/directory/<code>/change", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def change_directory_entry(code: str) -> ResponseReturnValue:
    """Change a service or body from a day on."""
    with site().database.reading() as db:
        known, entry = entry_known(db, code)
        touches, number = touched(db, code), last_number(db, code)
    form = EntryForm()
    form.prepare(entry, _today(known), today=brussels_day(now()), number=number)

    def save(db: Session, who: dict[str, Any]) -> None:
        save_entry(db, form.entry(entry), from_day=form.from_day.day, why=form.why.data, seen=form.version, **who)

    return save_or_show(
        form, "staff/directory_form.html", save, lambda: code, entry=entry, touched=touches, number=number
    )


@staff.route("/directory/<code>/end", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def end_directory_entry(code: str) -> ResponseReturnValue:
    """Let a service or body end, and say who follows."""
    with site().database.reading() as db:
        known, entry = entry_known(db, code)
        touches, number = touched(db, code), last_number(db, code)
    form = EndForm()
    form.prepare(entry, _today(known), number=number)

    def save(db: Session, who: dict[str, Any]) -> None:
        close_entry(
            db, code, on=form.on.day, successor=form.successor.data, why=form.why.data, seen=form.version, **who
        )

    return save_or_show(
        form, "staff/directory_end.html", save, lambda: code, entry=entry, touched=touches, number=number
    )


@staff.route("/directory/<code>/shipped", methods=["GET", "POST"])
@needs_room(Room.WRITE_DIRECTORY)
def shipped_directory_entry(code: str) -> ResponseReturnValue:
    """Go back to the entry as it comes with the product, shown beside what stands here now."""
    from tracker.routing.directory import load_directory

    with site().database.reading() as db:
        known, entry = entry_known(db, code)
        touches, number = touched(db, code), last_number(db, code)
    shipped = _standing(load_directory(), code)
    if shipped is None:
        abort(404)
    form = BackForm()
    form.seen.data = form.seen.data or str(number)

    def save(db: Session, who: dict[str, Any]) -> None:
        use_shipped(db, code, why=form.why.data, seen=form.version, **who)

    return save_or_show(
        form, "staff/directory_shipped.html", save, lambda: code, entry=entry, touched=touches, number=number,
        differences=differences(entry, known.facts_of(code), shipped, load_directory().facts_of(code)),
    )  # fmt: skip


def save_or_show(
    form: StaffForm,
    template: str,
    save: Callable[[Session, dict[str, Any]], None],
    to: Callable[[], str],
    **shown: Any,
) -> ResponseReturnValue:
    """Show a form, or save what was sent; what cannot be saved comes back as it was typed.

    ``shown`` is what the page needs beside the form; of it ``number`` is that of the entry's last change.
    """

    def show(status: int, *, problems: Sequence[tuple[str, str]] = ()) -> Response:
        return _show(form, template, status, problems, shown)

    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        with site().database.writing() as db:
            save(db, {"actor": me().actor, "now": now()})
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=problems_of(error))
    flash(_("The directory is changed. Whoever routes or writes from now on uses it."), "success")
    return redirect(url_for("staff.directory_entry", code=to()), 303)


def _show(
    form: StaffForm, template: str, status: int, problems: Sequence[tuple[str, str]], shown: dict[str, Any]
) -> Response:
    """Show a form; after somebody else's change it is drawn for what stands there now."""
    if status == 409 and "number" in shown:
        form.seen.data = str(shown["number"])
    return make_response(render_template(template, form=form, problems=problems, languages=NAMES, **shown), status)


def _may_write() -> bool:
    return may_enter(me().person, Room.WRITE_DIRECTORY)


def entry_known(db: Session, code: str) -> tuple[Directory, Entry]:
    """Return the directory and the entry as it stands now, or as it last stood or first will."""
    known = directory_in_force(db)
    entry = _standing(known, code)
    if entry is None:
        abort(404)
    return known, entry


def _standing(known: Directory, code: str) -> Entry | None:
    return known.get(code, on=brussels_day(now())) or next(reversed(known.versions(code)), None)


def _today(known: Directory) -> list[Entry]:
    day = brussels_day(now())
    found = [entry for code in known.codes if (entry := known.get(code, on=day)) is not None]
    return sorted(found, key=lambda entry: (entry.kind is not ServiceKind.INTERNAL, entry.code))


def _in_time(known: Directory, code: str) -> list[Entry]:
    """Return the entries of a code, the newest first."""
    return sorted(known.versions(code), key=lambda entry: entry.valid_from or date.min, reverse=True)


def last_number(db: Session, code: str) -> int:
    last = edited(db).get(code)
    return last.number if last else 0


def _says(entry: Entry, words: str) -> bool:
    """Tell whether an entry has every word, in any language, whatever the accents."""
    texts = [entry.names, entry.competence, *entry.former_names, *(part.names for part in entry.parts)]
    told = _folded(" ".join([entry.code, entry.postal_address, *(one for text in texts for one in text.values())]))
    return all(word in told for word in _folded(words).split())


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
