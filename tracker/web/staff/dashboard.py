"""Owns the dashboard: how the promises are kept, who will be short of time, and the files behind each figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import Response, abort, render_template, request, url_for
from flask_babel import gettext as _

from tracker.access.permissions import Room, figures_for
from tracker.casework.figures import days_ahead, days_back, months_until
from tracker.charter.counting import brussels_day, in_range
from tracker.charter.words import Channel, Language, Nature, ObligationKind
from tracker.insight.figure_files import Place, Wanted, files
from tracker.insight.figures import Figures, Load, Scope, figures, load, service_names
from tracker.insight.keeping import Outcome
from tracker.models.staff import Staff
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.charts import columns
from tracker.web.staff.figure_tables import (
    LONG_AGO,
    Period,
    cut_tables,
    end_of,
    load_tables,
    month_table,
    month_words,
    outcome_words,
    percent,
    theme_tables,
)
from tracker.web.staff.queue_lines import short_day
from tracker.web.staff.spreadsheets import SPREADSHEET, Table, as_csv, as_spreadsheet

LONGEST_CODE = 60
LONGEST_PERIOD = timedelta(days=366)
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Board:
    """What the dashboard shows, read once."""

    found: Figures
    period: Period
    whole: Load
    each: list[Load]
    ahead: list[date]
    services: Mapping[str, str]
    tables: list[Table]


@staff.get("/dashboard")
@needs_room(Room.FIGURES)
def dashboard() -> str:
    """Show how the promises were kept, and what is to come."""
    board = _board()
    months, days, people, *cuts = board.tables
    share = [
        (f"{m.first:%m/%y}{' –' if m.kept.share is None else ''}", round(100 * (m.kept.share or 0), 1))
        for m in board.found.months
    ]
    due = [(f"{day.day}/{day.month}", due) for day, due in zip(board.ahead, board.whole.due, strict=True)]
    return render_template(
        "staff/dashboard.html",
        board=board,
        months=months,
        days=days,
        people=people,
        cuts=cuts,
        share=board.found.whole.kept.judged and percent(board.found.whole.kept.share).words,
        short=[
            (one, short_day(day, board.ahead[0], language()))
            for one in board.each
            if (day := one.short_from(board.ahead))
        ],
        any_month=any(m.kept.numbers or m.answers.number or m.letters for m in board.found.months),
        share_chart=columns(_("Share of promises kept on time, month by month, in percent"), share, highest=100),
        due_chart=columns(_("What falls due on the next 20 working days"), due),
    )


@staff.get("/dashboard/<table>.<form>")
@needs_room(Room.FIGURES)
def dashboard_table(table: str, form: str) -> Response:
    """Give one table of the dashboard to take away."""
    board = _board()
    found = next((one for one in board.tables if one.name == table), None)
    if found is None or form not in ("csv", "xlsx"):
        abort(404)
    body, kind = (as_csv(found), "text/csv; charset=utf-8") if form == "csv" else (as_spreadsheet(found), SPREADSHEET)
    months = (
        f"{board.period.first:%Y-%m}_{board.period.last:%Y-%m}" if board.period.name == "year" else board.period.name
    )
    about = f"{board.ahead[0]}" if table in ("days", "people", "months") else months
    headers = {"Content-Disposition": f'attachment; filename="suivi-{table}-{about}.{form}"'}
    return Response(body, content_type=kind, headers=headers)


@staff.get("/dashboard/files")
@needs_room(Room.FIGURES)
def dashboard_files() -> str:
    """List the files behind a figure."""
    wanted, moment = _wanted(), now()
    today = brussels_day(moment)
    if wanted is None:
        abort(404)
    with site().database.reading() as db:
        lines, after = files(db, me().viewer, _scope(), wanted, today=today, after=_place())
        handler = db.get(Staff, wanted.handler_id) if lines and wanted.handler_id else None
        services = service_names(db, language())
    return render_template(
        "staff/dashboard_files.html",
        lines=lines,
        wanted=wanted,
        handler=handler.name if handler else "",
        behind=wanted.first <= LONG_AGO and wanted.last < today,
        period=_period_of(wanted),
        words=outcome_words(),
        services=services,
        day=lambda value: short_day(value, today, language()),
        following=after and _next(after),
    )


def _board() -> Board:
    """Read everything that the dashboard shows (six statements at most)."""
    moment = now()
    today, calendar = brussels_day(moment), site().house.calendar
    period, months = _period(today), months_until(today)
    shown = [month for month in months if period.first <= month <= period.last]
    ahead, back = days_ahead(calendar, today), days_back(calendar, today)
    scope = _scope()
    with site().database.reading() as db:
        found = figures(db, scope, months, shown)
        whole, each = load(db, scope, ahead=ahead, back=back)
        services = service_names(db, language())
    tables = [month_table(found), *load_tables(whole, each, ahead, services), *cut_tables(found, period, services),
              *theme_tables(found, period)]  # fmt: skip
    return Board(found, period, whole, each, ahead, services, tables)


def _scope() -> Scope:
    """Return what of the house whoever asks sees in figures."""
    return Scope(*figures_for(me().person))


def _period(today: date) -> Period:
    """Return the months asked for: one of the last thirteen, else the last twelve that are over."""
    months, asked = months_until(today), request.args.get("period", "")
    for month in months:
        if month.strftime("%Y-%m") == asked:
            return Period(month, end_of(month), asked, month_words(month))
    words = _("%(first)s to %(last)s", first=month_words(months[0]), last=month_words(months[-2]))
    return Period(months[0], end_of(months[-2]), "year", words)


def _period_of(wanted: Wanted) -> str | None:
    """Return the month whose figure was followed, as its address says it; None: the twelve."""
    whole = not wanted.to_do and wanted.last == end_of(wanted.first)
    return wanted.first.strftime("%Y-%m") if whole else None


def _next(after: Place) -> str:
    """Return the address of the next page of the list."""
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name not in ("after", "lang")}
    return url_for("staff.dashboard_files", **kept, after=f"{after.due_on.isoformat()}.{after.id}")


def _wanted() -> Wanted | None:
    """Return what the address asks for; None when it cannot be read."""
    asked = request.args
    handler = asked.get("handler", "")
    try:
        first, last = (in_range(date.fromisoformat(asked.get(name, ""))) for name in ("first", "last"))
        if "todo" not in asked and last - first > LONGEST_PERIOD:
            return None  # no figure is about so long, and looking through all promises there ever were takes long
        return Wanted(
            first,
            last,
            outcome=_word(Outcome, "outcome"),
            to_do="todo" in asked,
            kind=_word(ObligationKind, "kind"),
            channel=_word(Channel, "channel"),
            nature=_word(Nature, "nature"),
            language=_word(Language, "language"),
            service=_code(),
            handler_id=int(handler) if handler.isdecimal() and handler.isascii() and len(handler) < 10 else None,
        )
    except ValueError:
        return None


def _word(words: type[_Word], name: str) -> _Word | None:
    return words(request.args[name]) if name in request.args else None


def _code() -> str | None:
    code = request.args.get("service")
    if code is not None and not (code.isprintable() and len(code) <= LONGEST_CODE):
        raise ValueError(code)
    return code


def _place() -> Place | None:
    day, _dot, given = request.args.get("after", "").partition(".")
    try:
        return Place(date.fromisoformat(day), int(given)) if len(given) < 19 and given.isascii() else None
    except ValueError:
        return None
