"""Owns the pages on which a head sets and ends the absences of the people of the service, and says who stands in."""

from collections.abc import Sequence
from datetime import date

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tracker.access.permissions import Room, may_set_absence
from tracker.casework.people import person_of, set_absence
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import HouseSubject, Role
from tracker.insight.choices import colleagues
from tracker.insight.house import Member, changes_of, members, of_the_service
from tracker.models.staff import Staff
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import beside
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import DayField, Pick, StaffForm, person_in_words
from tracker.web.staff.house_words import IN_WORDS


class AbsenceForm(StaffForm):
    """The days away, and the deputy."""

    away_from = DayField(label=_l("First day away"))
    away_until = DayField(label=_l("Last day away"), description=_l("Leave it empty if you do not know yet."))
    deputy = Pick(
        _l("Choose a colleague of the list."),
        label=_l("Who stands in"),
        description=_l("Reminders about the files go to them, and they see and handle the files meanwhile."
                       " No file moves."),
    )  # fmt: skip

    def offer(self, row: Staff, nobody: str) -> None:
        """Offer those who can stand in for somebody; ``nobody``: what it is called when there is none."""
        with site().database.reading() as db:
            found = colleagues(db, day=brussels_day(now()), not_this=row.id)
        self.deputy.choices = [
            ("", nobody),
            *((str(one.id), person_in_words(one)) for one in found),
        ]

    def show_absence(self, row: Staff) -> None:
        """Show what is recorded."""
        self.away_from.data, self.away_until.data = row.away_from, row.away_until
        self.deputy.data = str(row.deputy_id or "")

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, then that the days follow each other."""
        sound: bool = super().validate(extra_validators)
        first, last = self.away_from.data, self.away_until.data
        if last is not None and first is None and not self.away_from.errors:
            self.away_from.errors = [_("Write the first day too.")]
            return False
        if first is not None and last is not None and last < first:
            self.away_until.errors = [_("The last day comes before the first: check both.")]
            return False
        return sound


@staff.get("/absences")
@needs_room(Room.ABSENCES)
def absences() -> str:
    """Show the people of the service: who is away, until when, and who stands in."""
    person = me().person
    of = Staff.active.is_(True) if person.role is Role.ADMIN else of_the_service(person.service_code)
    with site().database.reading() as db:
        found = members(db, of)
    today = brussels_day(now())  # who is away, or soon will be, stands before all others
    first = sorted(found, key=lambda one: not one.away_from or (one.away_until or today) < today)
    return render_template("staff/absences.html", found=[one for one in first if one.id != me().id], away=_away)


@staff.route("/absences/<int:number>", methods=["GET", "POST"])
@needs_room(Room.ABSENCES)
def absence(number: int) -> ResponseReturnValue:
    """Set or end somebody's absence, and say who stands in; below it, what was changed and by whom."""
    with site().database.reading() as db:
        row = db.get(Staff, number)
    if row is None or row.is_desk or not row.active or not may_set_absence(me().person, person_of(row)):
        abort(404)
    ends = request.form.get("step") == "end"
    form = AbsenceForm()
    form.offer(row, _("Nobody: the head of service"))
    if not form.is_submitted():
        form.show_absence(row)
        return _show(form, row, 200)
    if not ends and not form.validate():
        return _show(form, row, 400)
    try:
        with site().database.writing() as db:
            set_absence(
                db,
                staff_id=number,
                away_from=None if ends else form.away_from.data,
                away_until=None if ends else form.away_until.data,
                deputy_id=row.deputy_id if ends else int(form.deputy.data) if form.deputy.data else None,
                actor=me().actor,
                now=now(),
            )
    except CharterError as error:
        return _show(form, row, 409, problems=beside(form, error))
    said = _("%(name)s is back: reminders go to them again.") if ends else _("The absence of %(name)s is saved.")
    flash(said % {"name": row.name}, "success")
    return redirect(url_for("staff.absences"), 303)


def _show(form: AbsenceForm, row: Staff, status: int, *, problems: Sequence[tuple[str, str]] = ()) -> Response:
    with site().database.reading() as db:
        done = changes_of(db, row.id, HouseSubject.ABSENCE)
    page = render_template("staff/absence.html", form=form, person=row, done=done, problems=problems, **IN_WORDS)
    return make_response(page, status)


def _away(one: Member) -> bool:
    """Say whether somebody is away today."""
    today: date = brussels_day(now())
    return one.away_from is not None and one.away_from <= today and (
        one.away_until is None or today <= one.away_until
    )  # fmt: skip
