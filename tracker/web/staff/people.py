"""Owns the pages of accounts: added, changed, closed with their files handed over, and a link to a new password."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError

from tracker.access.permissions import Room
from tracker.casework.accounts import change_account, close_account, make_password_link, open_account
from tracker.casework.people import add_staff
from tracker.casework.succession import hand_over_from_closed
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import HouseSubject, Language, Role
from tracker.correspondence.explanation import label
from tracker.insight.choices import bodies, colleagues
from tracker.insight.figures import service_names
from tracker.insight.house import changes_of, found_by, last_change_of, open_beside, open_files
from tracker.models.staff import Staff
from tracker.web.fields import NAME_LENGTH, clean_line, email, phone
from tracker.web.languages import NAMES, language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import beside, busy, problems_of
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import REASON_LENGTH, Choice, Pick, StaffForm, one_line, person_in_words, several_lines
from tracker.web.staff.house_words import IN_WORDS

SHOWN = 200
AT_ONCE = 50
"""So many files are handed over while the page waits; the scheduler does the rest within minutes."""


class PersonForm(StaffForm):
    """What stands under a person's letters, and what they are there for."""

    name = one_line(_l("Name"), NAME_LENGTH, _l("Write the name."))
    email = email(_l("Write the e-mail address: it is what they log in with."))
    phone = phone(_l("Write the telephone number: it stands under every letter."))
    title_fr = one_line(_l("Title in French"), NAME_LENGTH)
    title_nl = one_line(_l("Title in Dutch"), NAME_LENGTH)
    title_de = one_line(_l("Title in German"), NAME_LENGTH)
    title_en = one_line(_l("Title in English"), NAME_LENGTH)
    role = Choice(_l("Choose a role."), label=_l("Role"))
    service = Pick(_l("Choose a service of the list."), label=_l("Service"))
    language = Choice(
        _l("Choose a language."),
        label=_l("Language"),
        description=_l("Of their pages and mails, and of the page on which they set their password. They may choose"
                       " another one in their profile."),
    )  # fmt: skip

    def prepare(self, row: Staff | None) -> None:
        """Offer roles and services, and show what is recorded."""
        self.email.label.text, self.phone.label.text = _("E-mail address"), _("Telephone")
        self.role.choices = [(role.value, label(role, Language(language()))) for role in Role]
        with site().database.reading() as db:
            ours = bodies(db, internal=True, day=brussels_day(now()), language=language())
        self.service.choices = [
            ("", _("None")),
            *((one.code, one.name if one.code in one.name else f"{one.name} · {one.code}") for one in ours),
        ]
        self.language.choices = list(NAMES.items())
        if row is None and not self.is_submitted():
            self.language.data = Language.FR.value
        if row is not None and row.service_code and row.service_code not in [one.code for one in ours]:
            self.service.choices.append(
                (row.service_code, row.service_code)
            )  # it has ended, and they are still in it
        if row is not None and not self.is_submitted():
            self.name.data, self.email.data, self.phone.data = row.name, row.email, row.phone
            self.role.data, self.service.data = row.role.value, row.service_code or ""
            self.language.data = row.language.value
            for lang in NAMES:
                self[f"title_{lang}"].data = (row.titles or {}).get(lang, "")

    def given(self) -> dict[str, Any]:
        """Return what was written, as an account keeps it."""
        titles = {lang: said for lang in NAMES if (said := self[f"title_{lang}"].data)}
        return {
            "name": self.name.data, "email": self.email.data, "phone": self.phone.data, "titles": titles or None,
            "role": Role(self.role.data), "service_code": self.service.data or None,
            "language": Language(self.language.data),
        }  # fmt: skip


class CloseForm(StaffForm):
    """Who gets the files, and why the account is closed."""

    successor = Pick(_l("Choose a colleague of the list."), label=_l("Who gets the open files"))
    why = several_lines(_l("Reason"), REASON_LENGTH, _l("Write why: it stands in the history of each file."))

    def prepare(self, row: Staff) -> None:
        """Offer whoever handles files."""
        with site().database.reading() as db:
            found = colleagues(db, day=brussels_day(now()), not_this=row.id)
        self.successor.choices = [
            ("", _("Whom the service of each file would give it to")),
            *((str(one.id), person_in_words(one)) for one in found),
        ]


@staff.get("/people")
@needs_room(Room.PEOPLE)
def people() -> str:
    """Show the accounts whose name or address holds some words; those that are closed apart."""
    words, closed = clean_line(request.args.get("q", ""))[:NAME_LENGTH], "closed" in request.args
    with site().database.reading() as db:
        services = service_names(db, language())
        found = found_by(db, words, active=not closed, most=SHOWN + 1, services=services)
    return render_template(
        "staff/people.html",
        found=found[:SHOWN],
        more=len(found) > SHOWN,
        words=words,
        closed=closed,
        services=services,
    )


@staff.route("/people/new", methods=["GET", "POST"])
@needs_room(Room.PEOPLE)
def new_person() -> ResponseReturnValue:
    """Add an account; its password is set by a link."""
    form = PersonForm()
    form.prepare(None)
    show = partial(_show, form, None)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        with site().database.writing() as db:
            number = add_staff(db, **form.given(), actor=me().actor, now=now()).id
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=beside(form, error))
    flash(_("The account is added. Make a link now, by which its owner sets a password."), "success")
    return redirect(url_for("staff.person", number=number), 303)


@staff.route("/people/<int:number>", methods=["GET", "POST"])
@needs_room(Room.PEOPLE)
def person(number: int) -> ResponseReturnValue:
    """Show and change an account; below it, its link, its closing and its history."""
    row, form = _account(number), PersonForm()
    form.prepare(row)
    show = partial(_show, form, row)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        with site().database.writing() as db:
            change_account(db, staff_id=number, given=form.given(), actor=me().actor, now=now(), seen=form.version)
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=beside(form, error))
    flash(_("The account of %(name)s is saved.", name=form.name.data), "success")
    return redirect(url_for("staff.person", number=number), 303)


@staff.route("/people/<int:number>/link", methods=["GET", "POST"])
@needs_room(Room.PEOPLE)
def password_link(number: int) -> ResponseReturnValue:
    """Make a link by which somebody sets their own password, and show it this once."""
    row = _account(number)
    if request.method != "POST":
        return redirect(url_for("staff.person", number=number))
    try:
        with site().database.writing() as db:
            secret = make_password_link(db, staff_id=number, actor=me().actor, now=now())
    except CharterError as error:
        return _show(_form_of(row), row, 409, problems=problems_of(error))
    return _show(_form_of(row), row, 200, link=f"{site().settings.base_url}/staff/password/{secret}")


@staff.route("/people/<int:number>/close", methods=["GET", "POST"])
@needs_room(Room.PEOPLE)
def close_person(number: int) -> ResponseReturnValue:
    """Close an account, with how many open files it has and who gets them; or open a closed one again."""
    row, form = _account(number), CloseForm()
    form.prepare(row)
    show = partial(_show_closing, form, row)
    if not form.is_submitted():
        return show(200)
    if row.active and not form.validate():
        return show(400)
    who: dict[str, Any] = {"staff_id": number, "actor": me().actor, "now": now()}
    try:
        with site().database.writing() as db:
            if row.active:
                successor = int(form.successor.data) if form.successor.data else None
                close_account(db, successor_id=successor, why=form.why.data or "", seen=form.version, **who)
            else:
                open_account(db, **who)
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=beside(form, error))
    flash(_hand_over(row) if row.active else _("The account of %(name)s is open again: make a link now, by which"
                                               " its owner sets a password.", name=row.name), "success")  # fmt: skip
    return redirect(url_for("staff.person", number=number), 303)


def _hand_over(row: Staff) -> str:
    """Hand over as many files as a page may wait for, and say what was done and what is still to come."""
    hand_over_from_closed(site().database, site().house, now=now(), most=AT_ONCE)
    with site().database.reading() as db:
        left = open_files(db, row.id)
    if left:
        return str(_("The account of %(name)s is closed. Files still to be handed over, within minutes: %(count)s.",
                     name=row.name, count=left))  # fmt: skip
    return str(_("The account of %(name)s is closed, and has no open files.", name=row.name))


def _account(number: int) -> Staff:
    with site().database.reading() as db:
        row = db.get(Staff, number)
    if row is None or row.is_desk:
        abort(404)
    return row


def _form_of(row: Staff) -> PersonForm:
    form = PersonForm(formdata=None)
    form.prepare(row)
    given = {"name": row.name, "email": row.email, "phone": row.phone, "role": row.role.value,
             "service": row.service_code or "", "language": row.language.value}  # fmt: skip
    form.process(formdata=None, data=given | {f"title_{lang}": said for lang, said in (row.titles or {}).items()})
    return form


def _show(
    form: PersonForm,
    row: Staff | None,
    status: int,
    *,
    problems: Sequence[tuple[str, str]] = (),
    link: str | None = None,
) -> Response:
    done: Sequence[Any] = ()
    if row is not None:
        with site().database.reading() as db:
            last = last_change_of(db, row.id)
            done = changes_of(db, row.id, HouseSubject.PERSON, HouseSubject.ABSENCE)
        form.seen.data = str(last.number if last else 0)
    page = render_template(
        "staff/person.html", form=form, person=row, done=done, problems=problems, link=link, **IN_WORDS
    )
    return make_response(page, status)


def _show_closing(form: CloseForm, row: Staff, status: int, *, problems: Sequence[tuple[str, str]] = ()) -> Response:
    with site().database.reading() as db:
        files, (tasks, actions) = open_files(db, row.id), open_beside(db, row.id)
        last = last_change_of(db, row.id)
    form.seen.data = str(last.number if last else 0)
    page = render_template(
        "staff/person_close.html", form=form, person=row, files=files, tasks=tasks, actions=actions, problems=problems
    )
    return make_response(page, status)
