"""Owns the coordinator's pages: the list, actions past their date, one's own actions, the yearly report."""

import csv
from collections.abc import Mapping
from functools import partial
from io import BytesIO, StringIO
from typing import Any

from flask import (
    Response,
    abort,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.casework import corrective
from tracker.casework.errors import NotPermitted
from tracker.charter.complaints import Analysis, Word
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Language
from tracker.correspondence.explanation import days_left_in_words
from tracker.correspondence.report import render
from tracker.insight.complaints import (
    actions_of,
    decided_complaints,
    finding_of,
    late_actions,
    my_actions,
    open_complaints,
)
from tracker.insight.complaints_year import Year, first_year, year_of
from tracker.web.languages import NAMES, language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import beside, busy
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.complaint_year import report_of, rows_of
from tracker.web.staff.fields import DayField, StaffForm
from tracker.web.staff.once import once
from tracker.web.staff.queue_places import read_position, written

PILES = ("open", "closed", "late")


@staff.get("/complaints")
@needs_room(Room.COMPLAINTS)
def complaints() -> str:
    """Show the complaints that whoever asks may read: those open, those closed, or actions past their date."""
    asked, today, after = request.args.get("show", ""), brussels_day(now()), read_position("after")
    pile = asked if asked in PILES else PILES[0]
    with site().database.reading() as db:
        late = late_actions(db, me().viewer, today=today)
        read = decided_complaints if pile == "closed" else open_complaints
        found = read(db, me().viewer, after=after) if pile != "late" else None
        years = _years(first_year(db), today.year)
    more = found is not None and found.after is not None and url_for(
        "staff.complaints", show=pile, after=written(found.after)
    )  # fmt: skip
    lang = Language(language())
    return render_template(
        "staff/complaints.html", pile=pile, rows=found.rows if found else (), late=late, today=today, after=more,
        titles={"open": _("Open"), "closed": _("Closed"), "late": _("Actions past their date")},
        nothing={"open": _("No complaint is open."), "closed": _("No complaint is closed yet."),
                 "late": _("No corrective action is past its date.")},
        themes=_named(Analysis.shipped().themes), left=lambda day: days_left_in_words(day, today, lang),
        years=years, languages=NAMES,
    )  # fmt: skip


def _years(first: int | None, last: int) -> list[int]:
    return list(range(last, (first or last) - 1, -1))[:10]


def complaint_parts(db: Any, case_id: int) -> dict[str, Any]:
    """Return what the page of a complaint shows of what was found and done."""
    lists = Analysis.shipped()
    return {
        "found": finding_of(db, case_id),
        "actions": actions_of(db, case_id),
        "themes": _named(lists.themes),
        "causes": _named(lists.causes),
    }


def _named(words: Mapping[str, Word]) -> dict[str, str]:
    return {code: word.names[language()] for code, word in words.items()}


class DoneForm(StaffForm):
    """The day on which one's own action was done."""

    done_on = DayField(_l("Write the day on which it was done."), label=_l("Done on"))


@staff.get("/actions")
@needs_room(Room.QUEUE)
def my_corrective_actions() -> ResponseReturnValue:
    """Show what somebody has to do because of complaints."""
    return _my_actions(200)


@staff.get("/actions/<int:number>")
@needs_room(Room.QUEUE)
def one_corrective_action(number: int) -> ResponseReturnValue:
    """Lead back to the list: an action has no page of its own."""
    return redirect(url_for("staff.my_corrective_actions"))


@staff.post("/actions/<int:number>")
@needs_room(Room.QUEUE)
def own_action_done(number: int) -> ResponseReturnValue:
    """Record that one's own action is done."""
    form = DoneForm()
    if not form.validate():
        return _my_actions(400, form=form, number=number)
    try:
        return once(partial(_own_action_done, number, form))
    except NotPermitted:
        abort(404)  # nobody learns of an action that is not theirs
    except CharterError as error:
        return _my_actions(409, form=form, number=number, problems=beside(form, error))
    except OperationalError as error:
        return busy(error, partial(_my_actions, form=form, number=number))


def _own_action_done(number: int, form: DoneForm, db: Session) -> ResponseReturnValue:
    corrective.own_action_done(db, site().house, number=number, done_on=form.done_on.day, actor=me().actor, now=now())
    flash(_("It is on record as done."), "success")
    return redirect(url_for("staff.my_corrective_actions"), 303)


def _my_actions(status: int, form: DoneForm | None = None, number: int = 0, problems: Any = ()) -> Response:
    today = brussels_day(now())
    with site().database.reading() as db:
        found = my_actions(db, me().viewer)
    if form is None:
        form = DoneForm()
        form.done_on.data = today
    lang = Language(language())
    page = render_template(
        "staff/my_actions.html", actions=found, form=form, number=number, problems=problems, today=today,
        left=lambda day: days_left_in_words(day, today, lang),
    )  # fmt: skip
    return make_response(page, status)


@staff.get("/complaints/report.pdf")
@needs_room(Room.COMPLAINTS)
def complaints_report() -> ResponseReturnValue:
    """Give the yearly report as PDF, in one of the four languages."""
    asked = request.args.get("in", "")
    lang = Language(asked) if asked in NAMES else Language(language())
    year = _year()
    with force_locale(lang.value):
        pdf = render(report_of(year, lang))
    name = f"complaints-{year.year}-{lang.value}.pdf"
    return send_file(BytesIO(pdf), mimetype="application/pdf", download_name=name, max_age=0)


@staff.get("/complaints/report.csv")
@needs_room(Room.COMPLAINTS)
def complaints_csv() -> ResponseReturnValue:
    """Give the same figures as CSV: one figure a line."""
    year, out = _year(), StringIO()
    lines = csv.writer(out)
    lines.writerow(("year", "as_of", "measure", "code", "value"))
    lines.writerows((year.year, year.day.isoformat(), *row) for row in rows_of(year))
    name = f"complaints-{year.year}.csv"
    return send_file(BytesIO(out.getvalue().encode()), mimetype="text/csv", download_name=name, max_age=0)


@staff.get("/complaints/report.json")
@needs_room(Room.COMPLAINTS)
def complaints_json() -> ResponseReturnValue:
    """Give the same figures as JSON."""
    year = _year()
    figures: dict[str, Any] = {"year": year.year, "as_of": year.day.isoformat()}
    for measure, code, value in rows_of(year):
        if code:
            figures.setdefault(measure, {})[code] = value
        else:
            figures[measure] = value
    return jsonify(figures)


def _year() -> Year:
    """Return the figures of the year that was asked for; of this one, when none was."""
    today, asked = brussels_day(now()), request.args.get("year", "")
    year = int(asked) if asked.isdecimal() and asked.isascii() and len(asked) == 4 else today.year
    if not 1990 <= year <= today.year:
        abort(404)
    with site().database.reading() as db:
        return year_of(db, year, today=today)
