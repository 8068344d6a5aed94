"""Owns the calendar of one's deadlines: its secret address, and the calendar that is read there."""

from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit

from flask import abort, flash, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tracker.access.permissions import Person, Room
from tracker.casework import throttle
from tracker.casework.calendar_feed import feed_of, make_feed, revoke_feed
from tracker.casework.staffing import stands_in_for
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language
from tracker.correspondence.explanation import date_in_words, label
from tracker.insight.upcoming import Upcoming, upcoming
from tracker.models.staff import Staff
from tracker.web.networks import network_of
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import needs_room, open_to_anyone, staff
from tracker.web.staff.profile import ask_for_profile, has_files

AHEAD = timedelta(days=90)
MOST = 500
AGAIN_AFTER = timedelta(hours=1)
"""How long a calendar may wait before it reads again: a hint, which each keeps as it likes."""
WRONG_FROM_ONE_PLACE = 60
"""Addresses without a calendar that one place on the network may ask for in a quarter of an hour."""


@staff.route("/profile/calendar", methods=["GET", "POST"])
@needs_room(Room.PROFILE)
def own_calendar() -> ResponseReturnValue:
    """Make a calendar address and show it this once, or end the one that is there; to look leads to the profile."""
    if request.method != "POST":  # HEAD neither: it asks for no token
        return redirect(url_for("staff.profile"))
    if not has_files(me().person):
        abort(403)
    if request.form.get("step") != "make":
        with site().database.writing() as db:
            revoke_feed(db, staff_id=me().id, now=now())
        flash(_("The address of your calendar is revoked: whatever reads it gets nothing any more."), "success")
        return redirect(url_for("staff.profile"), 303)
    with site().database.writing() as db:
        secret = make_feed(db, staff_id=me().id, now=now())
    return ask_for_profile(address=f"{site().settings.base_url}/staff/calendar/{secret}.ics")


@staff.get("/calendar/<secret>.ics")
@open_to_anyone
def calendar_feed(secret: str) -> ResponseReturnValue:
    """Give a calendar the deadlines of whoever made its address; without login, since a calendar has none."""
    moment = now()
    with site().database.reading() as db:
        owner = feed_of(db, secret)
        found = _deadlines(db, owner, moment) if owner is not None else None
    if owner is None or found is None:
        _refuse(moment)
    g.language = owner.language.value
    answer = make_response(_calendar(found, owner))
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _deadlines(db: Session, owner: Staff, moment: datetime) -> tuple[Upcoming, ...] | None:
    """Return what is owed soon by somebody or by whom they stand in for; None where their role has no files."""
    if not has_files(Person(owner.id, owner.role, owner.service_code)):
        return None
    today = brussels_day(moment)
    own = stands_in_for(db, owner.id, owner.role, day=today) | {owner.id}
    return upcoming(db, own, person_id=owner.id, until=today + AHEAD, most=MOST)


def _refuse(moment: datetime) -> NoReturn:
    """Answer as for any page that is not there; whoever goes on trying is told to stop, and costs nothing more."""
    who = f"from {network_of(request.remote_addr)}"
    with site().database.reading() as db:
        too_often = throttle.tried_too_often(db, door="calendar", who=who, most=WRONG_FROM_ONE_PLACE, now=moment)
    if too_often:
        abort(429)
    with site().database.writing() as db:
        throttle.note_failure(db, door="calendar", who=who, now=moment)
    abort(404)


def _calendar(found: tuple[Upcoming, ...], owner: Staff) -> bytes:
    """Return a calendar (RFC 5545) with one all-day event for each obligation, on the day it is to be worked by."""
    from icalendar import Calendar, Event, vDuration  # a tenth of a second: only where a calendar is read

    calendar = Calendar()
    calendar.add("prodid", "-//Suivi//suivi//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", _("Suivi: my deadlines"))
    calendar.add("refresh-interval", vDuration(AGAIN_AFTER), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(AGAIN_AFTER))
    for each in found:
        event = Event()
        event.add("uid", f"{each.reference.lower()}.{each.number}@{urlsplit(site().settings.base_url).hostname}")
        event.add("dtstamp", each.arose_at)
        event.add("dtstart", each.work_by)
        event.add("dtend", each.work_by + timedelta(days=1))
        event.add("summary", f"{each.reference} · {label(each.kind, owner.language)}")
        event.add("description", _in_words(each, owner))
        event.add("url", _link(each))
        event.add("transp", "TRANSPARENT")  # nobody is taken for busy by it
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _in_words(each: Upcoming, owner: Staff) -> str:
    """Return what stands in the event: dates, the link, and for whom one stands in."""
    lang = Language(owner.language)
    lines = [
        _("To work by: %(day)s", day=date_in_words(each.work_by, lang, weekday=True)),
        _("Last day: %(day)s", day=date_in_words(each.due_on, lang, weekday=True)),
    ]
    if each.handler_id != owner.id:
        lines.append(_("You stand in for %(name)s.", name=each.handler))
    return "\n".join([*lines, _link(each)])


def _link(each: Upcoming) -> str:
    return f"{site().settings.base_url}/staff/cases/{each.reference}"
