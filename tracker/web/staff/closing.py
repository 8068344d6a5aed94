"""Owns the pages of the closing days: which are known, what a change of them would touch, and the change itself."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError

from tracker.access.permissions import Room
from tracker.casework.closing_days import (
    add_closing_days,
    calendar_with,
    calendar_without,
    check_closing_days,
    counts_from,
    with_learnt,
    withdraw_closing_days,
)
from tracker.charter.calendar import BridgeDay, WorkingCalendar
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Language
from tracker.correspondence.explanation import closed_because
from tracker.insight.closing_days import Touched, learnt, touched
from tracker.insight.figures import service_names
from tracker.web.filters import day as in_words
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import beside, busy
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import REASON_LENGTH, DayField, StaffForm, day_of, one_line, several_lines

SOURCE_LENGTH = 300
DAYS_LENGTH = 600
LONGEST_DAY = 40
"""So much is repeated of a line that is no day."""


class ClosingForm(StaffForm):
    """The days of a circular, the circular, and how far the closing days are known with it."""

    days = several_lines(
        _l("Closing days"), DAYS_LENGTH, description=_l("One day a line, like 31/12/2026. Weekends, legal holidays"
                                                      " and the fixed closing days are known already."))  # fmt: skip
    source = one_line(_l("Circular"), SOURCE_LENGTH, _l("Write which circular says so, with its number or address."))
    until = DayField(
        label=_l("All closing days are then known until"),
        description=_l("Usually 31 December. Leave it empty when other circulars are still to come."),
    )
    read: tuple[date, ...] = ()

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, and read the days."""
        sound: bool = super().validate(extra_validators)
        days, wrong = set(), []
        for line in filter(None, map(str.strip, (self.days.data or "").split("\n"))):
            try:
                days.add(day_of(line))
            except ValueError as error:
                wrong.append(_("“%(line)s”: %(said)s", line=line[:LONGEST_DAY], said=error))
        if wrong:
            self.days.errors = wrong[:1]
            return False
        self.read = tuple(sorted(days))
        return sound

    @property
    def written(self) -> str:
        """What was written, in one line: what is confirmed must be what was previewed."""
        return "|".join([*map(str, self.read), str(self.until.data), self.source.data or ""])


class WithdrawForm(StaffForm):
    """Why something is withdrawn."""

    why = several_lines(_l("Reason"), REASON_LENGTH, _l("Write why: it stands in the history."))


class Closed(NamedTuple):
    """A day on which the offices are closed, and why; ``source``: of those that were added here."""

    day: date
    why: str
    source: str | None
    ahead: bool
    """Whether it can still be withdrawn."""


@staff.route("/closing-days", methods=["GET", "POST"])
@needs_room(Room.ADMIN)
def closing_days() -> ResponseReturnValue:
    """Show the closing days of this year and the next two; add some, after a preview of what it touches."""
    form = ClosingForm()
    show = partial(_show, form)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    given: dict[str, Any] = {"days": form.read, "until": form.until.data, "source": form.source.data or ""}
    shipped = site().house.shipped_calendar
    try:
        with site().database.reading() as db:
            standing = with_learnt(db, shipped)
            check_closing_days(standing, **given, now=now())
            told = touched(db, calendar_with(standing, now=now(), **given), counts_from(now()))
        if request.form.get("step") != "add" or request.form.get("previewed") != form.written:
            return show(200, told=told)
        with site().database.writing() as db:
            add_closing_days(db, shipped, **given, actor=me().actor, now=now())
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=beside(form, error))
    flash(_said(), "success")
    return redirect(url_for("staff.closing_days"), 303)


@staff.route("/closing-days/withdraw", methods=["GET", "POST"])
@needs_room(Room.ADMIN)
def withdraw_closing() -> ResponseReturnValue:
    """Withdraw a day that was added here and has not come, or how far the table is known; with what it touches."""
    try:
        given = {name: date.fromisoformat(value) for name in ("day", "until") if (value := request.args.get(name))}
    except ValueError:
        abort(404)
    days, until = [given["day"]] if "day" in given else [], given.get("until")
    if bool(days) == bool(until):
        return redirect(url_for("staff.closing_days"))
    form = WithdrawForm()
    shipped = site().house.shipped_calendar
    with site().database.reading() as db:
        calendar = calendar_without(with_learnt(db, shipped), days, until, now=now())
        told = touched(db, calendar, counts_from(now()))
    show = partial(_show_withdrawing, form, days, until, told)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        with site().database.writing() as db:
            withdraw_closing_days(
                db, shipped, days=days, until=until, why=form.why.data or "", actor=me().actor, now=now()
            )
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=beside(form, error))
    flash(_said(), "success")
    return redirect(url_for("staff.closing_days"), 303)


def _said() -> str:
    return str(
        _("Saved. It counts from %(day)s; open files are counted again then.", day=in_words(counts_from(now())))
    )


def _show(
    form: ClosingForm, status: int, *, problems: Sequence[tuple[str, str]] = (), told: Touched | None = None
) -> Response:
    today = brussels_day(now())
    with site().database.reading() as db:
        days, known = learnt(db)
        calendar = with_learnt(db, site().house.shipped_calendar)
    first = counts_from(now())
    added = {one.day: one for one in days if one.withdrawn is None}
    page = render_template(
        "staff/closing_days.html", form=form, problems=problems, told=told, first=first, calendar=calendar,
        years={year: _closed_in(calendar, year, added, first) for year in range(today.year, today.year + 3)},
        soon=today > calendar.known_until - SOON, known=[one for one in known if one.withdrawn is None],
        lang_code=language(), **_names(),
    )  # fmt: skip
    return make_response(page, status)


def _closed_in(calendar: WorkingCalendar, year: int, added: dict[date, BridgeDay], first: date) -> list[Closed]:
    """Return the days of a year, but for week-ends, on which the offices are closed."""
    found = []
    day = date(year, 1, 1)
    while day.year == year:
        why = calendar.why_closed(day) if day.weekday() < 5 else None
        if why is not None:
            own = added.get(day)
            source = own.source if own is not None else None
            ahead = own is not None and day >= first
            found.append(Closed(day, closed_because(why, Language(language())), source, ahead))
        day += timedelta(days=1)
    return found


def _names() -> dict[str, Any]:
    """Return what the preview calls services and rules by."""
    with site().database.reading() as db:
        services = service_names(db, language())
    return {"services": services, "kinds": {rule.id: rule.kind for rule in site().house.rules.rules}}


def _show_withdrawing(
    form: WithdrawForm, days: list[date], until: date | None, told: Touched, status: int, *,
    problems: Sequence[tuple[str, str]] = (),
) -> Response:  # fmt: skip
    page = render_template(
        "staff/closing_withdraw.html", form=form, days=days, until=until, told=told, first=counts_from(now()),
        problems=problems, **_names(),
    )  # fmt: skip
    return make_response(page, status)


SOON = timedelta(days=183)
"""So long before the table of closing days ends, administrators are told."""
