"""Owns how the figures about a year's complaints are said: in words for the report, by code for machines."""

from collections.abc import Iterator, Mapping

from flask_babel import gettext as _

from tracker.charter.complaints import Analysis
from tracker.charter.words import Channel, Effect, Inadmissible, Language, Outcome
from tracker.correspondence.explanation import date_in_words, label, organisation
from tracker.correspondence.report import Report, Table
from tracker.insight.complaints_year import Counts, Year

Row = tuple[str, str, int | None]


def rows_of(year: Year) -> Iterator[Row]:
    """Yield every figure as measure, code ("" where it is the only one) and value; None: not known yet."""
    for name in ("received", "closed", "answered", "median_days", "slowest_days", "due", "on_time", "on_time_share",
                 "actions", "actions_done", "actions_on_time", "actions_late"):  # fmt: skip
        yield name, "", getattr(year, name)
    for name in ("by_channel", "by_outcome", "by_ground", "by_theme", "by_cause", "by_effect"):
        for code, count in getattr(year, name).items():
            yield name, code, count


def report_of(year: Year, lang: Language) -> Report:
    """Return the report of a year in the language that gettext speaks here, ``lang``."""
    lists, count = Analysis.shipped(), _("Number")
    themes = {code: word.names[lang.value] for code, word in lists.themes.items()}
    causes = {code: word.names[lang.value] for code, word in lists.causes.items()}
    channels = {one.value: label(one, lang) for one in Channel}
    outcomes = {one.value: label(one, lang) for one in Outcome}
    outcomes |= {"inadmissible": _("Not admissible"), "open": _("Not found yet")}
    grounds = {one.value: label(one, lang) for one in Inadmissible if one is not Inadmissible.OTHER}
    grounds["other"] = _("Another ground")
    effects = {one.value: label(one, lang) for one in Effect} | {"open": _("Not looked at yet")}
    as_of = date_in_words(year.day, lang)
    return Report(
        language=lang,
        organisation=organisation(lang),
        title=_("Complaints received in %(year)s", year=year.year),
        lead=_("As they stood on %(day)s. Counts only: this report holds no personal data.", day=as_of),
        source=_("User charter of the FPS Foreign Affairs, §6: complaints are analysed so that something changes."),
        page=_("Page {n} of {of}"),
        day=year.day,
        tables=(
            Table(_("In short"), (_("Figure"), count), tuple(_short(year))),
            _table(_("What was found"), _("Finding"), count, year.by_outcome, outcomes),
            _table(_("Why complaints were not admissible"), _("Ground"), count, year.by_ground, grounds),
            _table(_("What they were about"), _("Theme"), count, year.by_theme, themes),
            _table(_("What lay behind those founded"), _("Cause"), count, year.by_cause, causes),
            _table(_("How they came"), _("Channel"), count, year.by_channel, channels),
            Table(_("What was done"), (_("Figure"), count), tuple(_done(year))),
            _table(_("What the actions that were done changed"), _("Effect"), count, year.by_effect, effects),
        ),
    )


def _table(title: str, head: str, count: str, counts: Counts, names: Mapping[str, str]) -> Table:
    return Table(title, (head, count), tuple((names.get(code, code), str(n)) for code, n in counts.items()))


def _short(year: Year) -> Iterator[tuple[str, str]]:
    unknown = "–"
    share = year.on_time_share
    yield _("Complaints received"), str(year.received)
    yield _("Closed"), str(year.closed)
    yield _("Answered"), str(year.answered)
    yield _("Calendar days to the first answer, the middle one"), _or(year.median_days, unknown)
    yield _("Calendar days to the first answer, the slowest one"), _or(year.slowest_days, unknown)
    yield _("With a promise that was kept or has fallen due"), str(year.due)
    yield _("Of these on time; what is open and overdue is not"), str(year.on_time)
    yield _("Share on time"), f"{share} %" if share is not None else unknown


def _done(year: Year) -> Iterator[tuple[str, str]]:
    yield _("Corrective actions"), str(year.actions)
    yield _("Actions done"), str(year.actions_done)
    yield _("Done by the date that was set"), str(year.actions_on_time)
    yield _("Past their date and not done"), str(year.actions_late)


def _or(value: int | None, unknown: str) -> str:
    return unknown if value is None else str(value)
