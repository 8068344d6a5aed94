"""Owns the page of the daily register: what came in and went out on paper or was said, by day and by year."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from tracker.access.permissions import Room, may_enter
from tracker.casework.daybook import KEPT
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Direction
from tracker.insight.register import Part, around, lines, numbered, years
from tracker.insight.taken_out import LATEST, MOST_GAPS, Gap, gaps, without_a_line
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import DayField, Pick, StaffForm, one_line, words_of

_LONGEST_NUMBER = 9
FIRST_YEAR, LAST_YEAR = 1990, 2190
WORDS_LENGTH = 120


class BookForm(StaffForm):
    """What to look for, and where."""

    words = one_line(
        _l("Number, name, reference or subject"),
        WORDS_LENGTH,
        description=_l("Without a day, the whole year is looked through."),
    )
    day = DayField(label=_l("Day"))
    channel = Pick(_l("Choose a way of the list."), label=_l("Came or went by"))


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice above the book."""

    words: str
    url: str
    current: bool
    count: int | None = None


@staff.get("/register")
@needs_room(Room.REGISTER)
def register() -> str:
    """Show one side of the book, on one day or over a year."""
    form = BookForm(formdata=request.args, meta={"csrf": False})
    form.channel.choices = [("", _("All ways")), *words_of(KEPT)]
    form.channel.data = form.channel.data or ""
    if form.validate():
        form.day.raw_data = None  # shown as the field writes it, however it was typed
    part = _part(form)
    with site().database.reading() as db:
        found, pages = lines(db, me().viewer, part, start=_number("from"))
        missing = gaps(db, part.direction, part.year)
        lost = without_a_line(db, part.direction, latest=LATEST)
        nearby = around(db, part.day) if part.day else None
        all_years = years(db)
    return render_template(
        "staff/register.html",
        form=form,
        part=part,
        lines=found,
        gaps={} if part.words else {gap.last + 1: gap for gap in missing},
        alarms=[*_alarm(missing), *_without_a_line(len(lost) - sum(gap.last - gap.first + 1 for gap in missing))],
        tabs_of_sides=_sides(part, (nearby.came_in, nearby.went_out) if nearby else all_years.get(part.year, (0, 0))),
        everything=_url(replace(part, words="")),
        years=[Tab(str(year), _url(part, day=None, year=year), part.day is None and year == part.year)
               for year in all_years],
        around=nearby,
        pages={name: _url(part, start=start) for name, start in (("before", pages.before), ("after", pages.after))
               if start is not None},
        to_day=lambda day: _url(part, day=day),
        ways_in=_ways_in(),
    )  # fmt: skip


def _part(form: BookForm) -> Part:
    """Return which part of the book the address asks for; what cannot be read is left aside."""
    year, today = _number("year"), brussels_day(now())
    given = request.args.get("channel", "")
    channel = Channel(given) if given in [one.value for one in KEPT] else None
    direction = Direction.OUT if request.args.get("direction") == Direction.OUT else Direction.IN
    words = "" if form.words.errors else form.words.data or ""
    if form.day.data is None and (named := numbered(words)):
        year = named[0] or year
    if form.day.data is None and year is not None and FIRST_YEAR <= year <= LAST_YEAR:
        return Part(direction, year, None, channel, words)
    day = form.day.data or (None if words else today)
    return Part(direction, (day or today).year, day, channel, words)


def _number(name: str) -> int | None:
    given = request.args.get(name, "")
    return int(given) if given.isdecimal() and given.isascii() and len(given) <= _LONGEST_NUMBER else None


def _url(part: Part, *, start: int | None = None, **other: Any) -> str:
    """Return the address of this part of the book, or of another in what is given."""
    asked: dict[str, Any] = {
        "direction": part.direction.value, "day": part.day, "channel": part.channel, "year": part.year,
        "words": part.words or None,
    } | other  # fmt: skip
    day: date | None = asked.pop("day")
    kept = asked | ({"day": day.isoformat(), "year": None} if day else {}) | ({"from": start} if start else {})
    return url_for("staff.register", **kept)


def _sides(part: Part, counts: tuple[int, int]) -> list[Tab]:
    sides = ((Direction.IN, _("In"), counts[0]), (Direction.OUT, _("Out"), counts[1]))
    return [
        Tab(words, _url(part, direction=side.value), side is part.direction, None if part.words else count)
        for side, words, count in sides
    ]


def _alarm(missing: list[Gap]) -> list[str]:
    """Say which numbers are missing; nothing when none is."""
    if not missing:
        return []
    named = ", ".join(str(gap.first) if gap.first == gap.last else f"{gap.first}–{gap.last}" for gap in missing)
    more = " …" if len(missing) == MOST_GAPS else ""
    return [
        _(
            "Numbers of this year that no line has: %(numbers)s. Suivi gives every number: somebody took lines out."
            " Tell whoever runs Suivi.",
            numbers=named + more,
        )
    ]


def _without_a_line(count: int) -> list[str]:
    """Say that lines were taken off the end of the book, where no number after them shows it."""
    if count <= 0:  # what a gap in the numbers shows is told once
        return []
    return [
        ngettext(
            "%(num)s message on paper or said has no line here any more. Suivi enters each of them: somebody took its"
            " line out, and its number can have been given again. Tell whoever runs Suivi.",
            "%(num)s messages on paper or said have no line here any more. Suivi enters each of them: somebody took"
            " their lines out, and their numbers can have been given again. Tell whoever runs Suivi.",
            count,
        )
    ]


def _ways_in() -> list[tuple[str, str]]:
    """Return the ways in that this reader may enter, each with its page."""
    if not may_enter(me().person, Room.ENTER):
        return []
    words = {
        Channel.POST: _("Enter a letter"), Channel.FAX: _("Enter a fax"), Channel.PHONE: _("Enter a call"),
        Channel.COUNTER: _("Enter a visit"),
    }  # fmt: skip
    return [(said, url_for("staff.enter", channel=channel.value)) for channel, said in words.items()]
