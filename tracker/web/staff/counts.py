"""Owns the counts of the lists of the queue alone, which the page asks for again while it is looked at."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tracker.access.permissions import Room
from tracker.charter.counting import brussels_day
from tracker.insight.overview import overview
from tracker.insight.shown import Days
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.narrowing import view_of
from tracker.web.staff.queue_lists import counted


@staff.get("/queue/counts")
@needs_room(Room.QUEUE)
def queue_counts() -> ResponseReturnValue:
    """Give the counts of a view as its page shows them: a figure, or ``99+``."""
    view = view_of(me(), request.args)
    days = Days.of(brussels_day(now()), site().house.calendar)
    with site().reading() as db:
        above = overview(db, me().viewer, view=view, days=days)
    return jsonify(counts={show.value: counted(count) for show, count in above.counts.items()})
