"""Owns the page of one's own profile: language, absence and who stands in."""

from flask import Response, flash, g, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import refresh

from tracker.access.permissions import READ, Person, Reach, Room, reaches
from tracker.casework.digest import choose_digest, hour_of
from tracker.casework.people import set_absence, set_language
from tracker.casework.trying_rules import rules_without_target
from tracker.charter.errors import CharterError
from tracker.charter.words import Language, Role
from tracker.correspondence.explanation import title_of
from tracker.insight.figures import service_names
from tracker.insight.upcoming import feed_made_at
from tracker.models.staff import Staff
from tracker.web.languages import CHOSEN, NAMES, language
from tracker.web.site import router, site
from tracker.web.staff.absences import AbsenceForm
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import problems_of
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import Choice, Pick


class ProfileForm(AbsenceForm):
    """The language, the days away, the deputy."""

    language = Choice(_l("Choose a language."), label=_l("My language"))
    deputy = Pick(
        _l("Choose a colleague of the list."),
        label=_l("Who stands in for me"),
        description=_l("Reminders about your files go to them, and they see and handle your files meanwhile."),
    )

    digest = Pick(
        _l("Choose an hour of the list."),
        label=_l("Summary of the day by mail"),
        description=_l("On working days, what is overdue, due today and this week, and letters that wait:"
                       " references and dates. No mail comes on a day on which nothing is due."),
    )  # fmt: skip

    def prepare(self, staff_row: Staff, *, anew: bool = False) -> None:
        """Offer the colleagues, and show what is recorded."""
        with site().database.reading() as db:
            hour = hour_of(db, staff_row.id)
        self.offer(staff_row, _("Nobody: my head of service"))
        self.language.choices = list(NAMES.items())
        if has_files(me().person):
            self.digest.choices = [("", _("No summary")), *((str(each), f"{each}:00") for each in range(24))]
        else:
            del self.digest  # it is not asked for, and so cannot be answered
        if anew or not self.is_submitted():
            self.language.data = language().value
            self.show_absence(staff_row)
            if "digest" in self:
                self.digest.data = "" if hour is None else str(hour)


@staff.route("/profile", methods=["GET", "POST"])
@needs_room(Room.PROFILE)
def profile() -> ResponseReturnValue:
    """Show and change one's own profile."""
    with site().database.reading() as db:
        row = db.get_one(Staff, me().id)
    form = ProfileForm()
    form.prepare(row)
    if not form.is_submitted():
        return ask_for_profile()
    if not form.validate():
        return _show(form, row, 400)
    try:
        with site().database.writing() as db:
            chosen = Language(form.language.data)
            set_language(db, staff_id=row.id, language=chosen, actor=me().actor, now=now())
            set_absence(
                db,
                staff_id=row.id,
                away_from=form.away_from.data,
                away_until=form.away_until.data,
                deputy_id=int(form.deputy.data) if form.deputy.data else None,
                actor=me().actor,
                now=now(),
            )
            if has_files(me().person):
                hour = int(form.digest.data) if form.digest.data else None
                choose_digest(db, staff_id=row.id, hour=hour, now=now())
    except CharterError as error:
        return _show(form, row, 409, problems=problems_of(error))
    session.pop(CHOSEN, None)
    g.language = form.language.data
    refresh()
    flash(_("Your profile is saved."), "success")
    return redirect(url_for("staff.profile"), 303)


def ask_for_profile(*, address: str | None = None) -> Response:
    """Show the profile as it is recorded; ``address``: that of one's calendar, which is told this once."""
    with site().database.reading() as db:
        row = db.get_one(Staff, me().id)
    form = ProfileForm(formdata=None)
    form.prepare(row, anew=True)
    return _show(form, row, 200, address=address)


def has_files(person: Person) -> bool:
    """Say whether somebody's role may have files of its own, and so deadlines."""
    return Reach.OWN in reaches(person, READ)


def _show(
    form: ProfileForm, row: Staff, status: int, *, problems: object = (), address: str | None = None
) -> Response:
    title = title_of(row.titles, row.role, Language(language()))
    lost = rules_without_target(router(), now()) if row.role is Role.ADMIN else []  # others land on their queue
    with site().database.reading() as db:
        service = service_names(db, language()).get(row.service_code) if row.service_code else None
        made_at = feed_made_at(db, row.id) if (files := has_files(me().person)) else None
    page = render_template(
        "staff/profile.html", form=form, person=row, title=title, problems=problems, lost=lost, keeps=True,
        has_files=files, feed_made_at=made_at, address=address, service=service,
    )  # fmt: skip
    return make_response(page, status)
