"""Owns the way through triage: the next case that waits, its first proposal confirmed with one key, and on."""

from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.casework import assignment
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Verb
from tracker.insight.casefacts import Header
from tracker.insight.queue import NOTHING_OWED, Position, queue_page
from tracker.insight.shown import Days, Show, View
from tracker.web.languages import language
from tracker.web.site import router, site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import Page, Then, act, lead_on, the_case
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import StaffForm
from tracker.web.staff.proposing import confirmable
from tracker.web.staff.queue import read_position


@staff.get("/triage")
@needs_room(Room.QUEUE)
def triage() -> ResponseReturnValue:
    """Open the next case that waits for a service, in order of due date; after the last, the first again."""
    found = next_in_triage(read_position("after"))
    if found is None:
        flash(_("No file waits for a service."), "success")
        return redirect(url_for("staff.queue"), 303)
    return redirect(url_for("staff.case", reference=found, triage=1), 303)


def next_in_triage(after: Position | None) -> str | None:
    """Return the reference of the case in triage that is due next after a place in the queue; none: nothing waits."""
    days = Days.of(brussels_day(now()), site().house.calendar)
    with site().database.reading() as db:
        for start in dict.fromkeys((after, None)):
            page = queue_page(db, me().viewer, view=View.ALL, show=Show.UNASSIGNED, days=days, after=start)
            for row in (*page.urgent, *page.rows):
                if row.state is CaseState.TRIAGE:
                    return row.reference
    return None


def place_of(case: Header) -> Position:
    """Return where a case stands in the queue."""
    return Position(case.next_due_on or NOTHING_OWED, case.id)


def _proposal(form: StaffForm, case: Header) -> None:
    """Say which service it is."""
    code = confirmable(case)
    entry = router().directory.standing_for(code, on=brussels_day(now())) if code else None
    form.proposed = [entry.names[language()]] if entry else []


@act("confirm-proposal", Verb.ROUTE, StaffForm, Page(
    _l("Confirm the service that is proposed"), _l("Confirm"), _l("The service has the file."),
    _l("A colleague of that service handles it from then on; services that share the competence join by themselves."),
), prepare=_proposal)  # fmt: skip
def confirm_proposal(db: Session, form: StaffForm, case: dict[str, Any]) -> Then | None:
    code = confirmable(the_case())
    if code is None:
        return partial(redirect, url_for("staff.route", reference=the_case().reference), 303)
    done = assignment.route(db, site().house, service_code=code, **case)
    if done.state is not CaseState.OPEN:
        return None
    service = router().directory.standing_for(code, on=brussels_day(now()))
    name = service.names[language()] if service else code
    return partial(_and_on, _("%(reference)s: %(service)s has the file.", reference=done.reference, service=name))


def _and_on(done: str) -> ResponseReturnValue:
    """Lead to the next case in triage, with what was done; where none waits, as after any other act."""
    found = next_in_triage(place_of(the_case())) if "triage" in request.form else None
    if found is None:
        return lead_on(done)
    flash(done, "success")
    return redirect(url_for("staff.case", reference=found, triage=1), 303)
