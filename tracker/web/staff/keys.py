"""Owns the keys of one letter: the sheet that names them, with the lists they lead to, drawn once for each role."""

from functools import lru_cache

from flask import render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from tracker.access.permissions import Room, may_enter
from tracker.insight.shown import Show, View
from tracker.web.languages import language
from tracker.web.staff.accounts import me


def keys_sheet() -> Markup:
    """Return the sheet for whoever is logged in; a browser without scripts never shows it."""
    person = me().person
    rooms = frozenset(room for room in (Room.QUEUE, Room.SEARCH, Room.ENTER) if may_enter(person, room))
    own = "own" in me().viewer.reaches
    return _drawn(language(), rooms, own, "service" in me().viewer.reaches and person.service_code is not None)


@lru_cache(maxsize=64)
def _drawn(lang: str, rooms: frozenset[Room], own: bool, service: bool) -> Markup:
    links = []
    if Room.QUEUE in rooms:
        links += [("m", _("My files"), url_for("staff.queue", view=View.MINE.value))] if own else []
        links += [("s", _("My service"), url_for("staff.queue", view=View.SERVICE.value))] if service else []
        links += [
            ("a", _("All I may see"), url_for("staff.queue", view=View.ALL.value)),
            ("l", _("Overdue"), url_for("staff.queue", show=Show.OVERDUE.value)),
            ("t", _("To do today"), url_for("staff.queue", show=Show.TODAY.value)),
            ("w", _("To do this week"), url_for("staff.queue", show=Show.WEEK.value)),
            ("u", _("Unassigned"), url_for("staff.queue", show=Show.UNASSIGNED.value)),
        ]
    links += [("f", _("Search"), url_for("staff.search"))] if Room.SEARCH in rooms else []
    links += [("e", _("Enter a request"), url_for("staff.enter"))] if Room.ENTER in rooms else []
    return Markup(render_template("staff/keys.html", links=links))  # noqa: S704 - a template of our own
