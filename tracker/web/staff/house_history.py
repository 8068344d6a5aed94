"""Owns the page of the history of administration: who changed what, when, from what to what."""

from flask import render_template, request
from flask_babel import gettext as _

from tracker.access.permissions import Room
from tracker.charter.words import HouseSubject, RoutingSubject
from tracker.insight.house import PAGE, changes, members
from tracker.web.fields import clean_line
from tracker.web.site import site
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.house_words import IN_WORDS, subject_in_words

SUBJECTS: dict[str, HouseSubject | RoutingSubject] = {one.value: one for one in (*HouseSubject, *RoutingSubject)}
LONGEST_PLACE = 80


@staff.get("/history")
@needs_room(Room.ADMIN)
def house_history() -> str:
    """Show the changes of the house, the newest first, a page at a time; of one kind, of or about one person."""
    kind, who = request.args.get("kind", ""), request.args.get("who", "")
    person = int(who) if who.isascii() and who.isdecimal() and len(who) < 10 else None
    after = clean_line(request.args.get("after", ""))[:LONGEST_PLACE]
    with site().database.reading() as db:
        found = changes(db, subject=SUBJECTS.get(kind), staff_id=person, after=after or None)
        everybody = members(db)
    return render_template(
        "staff/house_history.html",
        done=found[:PAGE],
        following=found[PAGE - 1].place if len(found) > PAGE else None,
        kinds=[("", _("Everything")), *((value, subject_in_words(one)) for value, one in SUBJECTS.items())],
        people=[("", _("Everybody")), *((str(one.id), one.name) for one in everybody)],
        kind=kind if kind in SUBJECTS else "",
        person="" if person is None else str(person),
        **IN_WORDS,
    )
