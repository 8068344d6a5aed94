"""Owns the tables of the dashboard: each figure in words, with the way down to the files that it counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from flask import url_for
from flask_babel import gettext as _

from tracker.charter.complaints import Analysis
from tracker.charter.words import Channel, Language, Nature, ObligationKind
from tracker.charter.words import Outcome as ComplaintOutcome
from tracker.correspondence.explanation import label
from tracker.insight.figures import Figures, Load, Month, Tally
from tracker.insight.keeping import APART, JUDGED, Outcome
from tracker.web.filters import number
from tracker.web.languages import language
from tracker.web.staff.queue_lines import short_day
from tracker.web.staff.spreadsheets import Cell, Table

WORDS_OF: Mapping[str, type[StrEnum]] = {
    "kind": ObligationKind, "channel": Channel, "nature": Nature, "language": Language,
}  # fmt: skip
COUNTED = (*JUDGED, *APART)
LONG_AGO = date(2000, 1, 1)
"""Where the files that are behind begin."""


@dataclass(frozen=True, slots=True)
class Period:
    """The months whose figures are broken down: one, or twelve."""

    first: date
    last: date
    """The last day."""
    name: str
    """As it stands in an address: ``2026-05``, or ``year``."""
    words: str


def outcome_words() -> Mapping[Outcome, str]:
    """Return what each way in which a promise counts is called."""
    return {
        Outcome.KEPT: _("kept on time"),
        Outcome.LATE: _("late"),
        Outcome.BORN_LATE: _("late from the start"),
        Outcome.OVERDUE: _("open, overdue"),
        Outcome.WAIVED: _("waived"),
        Outcome.RENEWED: _("date renewed"),
        Outcome.PUT_OFF: _("put off by letter"),
        Outcome.DUE: _("to do"),
    }


def percent(share: float | None) -> Cell:
    """Return a share in words, with its number."""
    form = "#,##0.0%" if language() == Language.EN else "#,##0.0\N{NO-BREAK SPACE}%"
    return Cell("–") if share is None else Cell(str(format_percent(share, form, locale=language())), round(share, 4))


def month_words(first: date) -> str:
    """Return a month with its year, on one line."""
    return str(format_date(first, "MMM\N{NO-BREAK SPACE}y", locale=language()))


def end_of(first: date) -> date:
    """Return the last day of the month that begins on a day."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month_table(found: Figures) -> Table:
    """Return the table of months, the newest first."""
    rows = []
    for month in reversed(found.months):
        period = Period(month.first, end_of(month.first), month.first.strftime("%Y-%m"), month_words(month.first))
        head = Cell(period.words, url=url_for("staff.dashboard", period=period.name), plain=period.name)
        rows.append([head, *_tally(month.kept, period), Cell(number(month.letters), month.letters), *_days(month)])
    heads = (_("Month"), *_heads(), _("Interim letters"), _("Median days"), _("90 % within days"))
    return Table("months", _("Month by month"), heads, rows)


def cut_tables(found: Figures, period: Period, services: Mapping[str, str]) -> list[Table]:
    """Return the tables by what promises are about; by service where there are several."""
    captions = {
        "kind": (_("By promise"), _("Promise")), "channel": (_("By channel"), _("Channel")),
        "nature": (_("By nature"), _("Nature")), "language": (_("By language"), _("Language")),
        "service": (_("By service"), _("Service")),
    }  # fmt: skip
    tables = []
    for cut, (caption, head) in captions.items():
        values = found.by.get(cut, {})
        if not values or (cut == "service" and len(values) < 2):
            continue
        name: Callable[[str], str] = (
            (lambda code: services.get(code, code) or _("none yet"))
            if cut == "service"
            else (lambda word, words=WORDS_OF[cut]: label(words(word), Language(language())))  # type: ignore[misc]
        )
        rows = [[Cell(name(value)), *_tally(tally, period, **{cut: value})] for value, tally in values.items()]
        tables.append(Table(cut, _about(caption, period), (head, *_heads()), rows, cuts=True))
    return tables


def theme_tables(found: Figures, period: Period) -> list[Table]:
    """Return the table of complaints by what they are about, the most frequent first; none where there was none."""
    if not found.themes:
        return []
    lang, names = language(), Analysis.shipped().themes
    words = {one.value: label(one, Language(lang)) for one in ComplaintOutcome}
    words |= {"inadmissible": _("Not admissible"), "open": _("Not found yet")}
    themes = sorted(found.themes.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    rows = [
        [Cell(names[code].names[lang] if code in names else code or _("none yet")),
         *(Cell(number(count), count) for count in (sum(of.values()), *(of.get(word, 0) for word in words)))]
        for code, of in themes
    ]  # fmt: skip
    heads = (_("Theme"), _("Complaints received"), *words.values())
    return [Table("themes", _about(_("Complaints received, by theme"), period), heads, rows)]


def _about(caption: str, period: Period) -> str:
    """Return what stands above a table of some months."""
    return str(_("%(what)s: %(words)s", what=caption, words=period.words))


def load_tables(whole: Load, each: Sequence[Load], ahead: list[date], services: Mapping[str, str]) -> list[Table]:
    """Return the table of the working days ahead, and that of those who have work to do, the worst off first."""
    today, over, owed = ahead[0], whole.left_over(), whole.behind
    days = []
    for day, due, left in zip(ahead, whole.due, over, strict=True):
        owed += due
        where = {"first": day.isoformat(), "last": day.isoformat(), "todo": 1}
        days.append([_day(day, today), _count(due, **where), Cell(number(owed), owed),
                     Cell(number(left), left)])  # fmt: skip
    people = [_who(one, ahead, services) for one in each if one.behind or any(one.due)]
    heads = (
        _("Last working day"),
        _("Falls due"),
        _("Owed by then, with what is behind"),
        _("Cannot be kept at the present pace"),
    )
    heads_of_people = (
        _("Handler"),
        _("Service"),
        _("Behind"),
        _("Due in 20 days"),
        _("Pace a day"),
        _("Too many"),
        _("Too many from"),
    )
    return [
        Table("days", _("What falls due on the next 20 working days"), heads, days),
        Table("people", _("Work and pace of each handler"), heads_of_people, people),
    ]


def _who(one: Load, ahead: list[date], services: Mapping[str, str]) -> list[Cell]:
    short = one.short_from(ahead)
    of: dict[str, Any] = {"todo": 1, "handler": one.handler_id, "service": one.service_code}
    past = {"first": LONG_AGO.isoformat(), "last": (ahead[0] - timedelta(days=1)).isoformat()}
    due = {"first": ahead[0].isoformat(), "last": ahead[-1].isoformat()}
    total = sum(one.due)
    return [
        Cell(one.name), Cell(services.get(one.service_code, one.service_code) or _("none yet")),
        _count(one.behind, **of, **past), _count(total, **of, **due),
        Cell(str(format_decimal(float(one.pace), "0.00", locale=language())), float(one.pace)),
        Cell(number(one.short_by), one.short_by),
        _day(short, ahead[0]) if short else Cell("–"),
    ]  # fmt: skip


def _day(day: date, today: date) -> Cell:
    return Cell(short_day(day, today, language()).replace(" ", "\N{NO-BREAK SPACE}"), plain=day.isoformat())


def _heads() -> list[str]:
    words = outcome_words()
    return [_("Share kept on time"), *(words[outcome][:1].upper() + words[outcome][1:] for outcome in COUNTED)]


def _tally(tally: Tally, period: Period, **cut: str) -> list[Cell]:
    where = {"first": period.first.isoformat(), "last": period.last.isoformat(), **cut}
    return [percent(tally.share), *(_count(tally[one], outcome=one.value, **where) for one in COUNTED)]


def _count(count: int, **where: Any) -> Cell:
    return Cell(number(count), count, url_for("staff.dashboard_files", **where) if count else None)


def _days(month: Month) -> list[Cell]:
    both = (month.answers.within(0.5), month.answers.within(0.9))
    return [Cell("–") if days is None else Cell(number(days), days) for days in both]
