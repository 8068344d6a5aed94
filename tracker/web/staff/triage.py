"""Owns the way through triage: the next case that waits, its first proposal confirmed with one key, and on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.casework import assignment
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Verb
from tracker.insight.casefacts import Header
from tracker.insight.casepage import case_header
from tracker.insight.queue import Position, Row, queue_page
from tracker.insight.shown import Days, Show, View
from tracker.insight.to_and_fro import waiting_for_head
from tracker.web.languages import language
from tracker.web.site import router, site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import Page, Then, act, in_round, the_case
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import StaffForm
from tracker.web.staff.proposing import confirmable, decides
from tracker.web.staff.queue_places import read_position, written


@dataclass(frozen=True, slots=True)
class Next:
    """A case that waits, and where it stands; ``place`` None: above all, since it is urgent."""

    row: Row
    place: Position | None


@staff.get("/triage")
@needs_room(Room.QUEUE)
def triage() -> ResponseReturnValue:
    """Open the next case that waits for a service, in order of due date; after the last, those that were left."""
    after = read_position("after")
    found = next_in_triage(after)
    if found is None and after is not None:
        found = next_in_triage(None)
        if found is not None and found.row.position == after:
            flash(_("Only file %(reference)s, which you left, still waits for a service.",
                    reference=found.row.reference), "info")  # fmt: skip
            return redirect(url_for("staff.queue"), 303)
        if found is not None:
            flash(_("That was the last file. From here on come those that you left."), "info")
    if found is None:
        flash(_("No file waits for a service any more."), "success")
        return redirect(url_for("staff.queue"), 303)
    here = written(found.place) if found.place else ""
    return redirect(url_for("staff.case", reference=found.row.reference, triage=here), 303)


def next_in_triage(after: Position | None) -> Next | None:
    """Return the case in triage that is due next after a place in the queue and that one may give to a service."""
    with site().database.reading() as db:
        return next(_waiting(db, after), None)


def _waiting(db: Session, after: Position | None) -> Iterator[Next]:
    """Yield the cases in triage after a place; those about which somebody else was asked are passed over."""
    days = Days.of(brussels_day(now()), site().house.calendar)
    while True:
        page = queue_page(db, me().viewer, view=View.ALL, show=Show.UNASSIGNED, days=days, after=after)
        found = [*(Next(row, None) for row in page.urgent), *(Next(row, row.position) for row in page.rows)]
        found = [one for one in found if one.row.state is CaseState.TRIAGE]
        asked = waiting_for_head(db, (one.row.id for one in found))
        for one in found:
            if one.row.id not in asked or ((case := case_header(db, one.row.reference)) and decides(case)):
                yield one
        if page.after is None:
            return
        after = page.after


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
        where = url_for("staff.route", reference=the_case().reference, **in_round())
        return lambda: redirect(where, 303)
    assignment.route(db, site().house, service_code=code, **case)
    return None
