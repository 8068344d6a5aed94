"""Owns the rows of the queue in the words of whoever looks, and the names of their columns and marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import NamedTuple

from babel.dates import format_date
from flask_babel import gettext as _

from tracker.casework.ahead import near
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language, Nature, ObligationKind
from tracker.correspondence.explanation import days_left_in_words, label
from tracker.insight.queue import Row
from tracker.web.languages import in_each_language, language
from tracker.web.site import site

_LOCALES = {"en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the queue in words."""

    row: Row
    url: str
    late: bool
    mark: str
    """``late``, ``soon`` or ``still``: the shape and the colour beside the words."""
    left: str
    due: str
    work_by: str
    decide: str
    owed: str
    nature: str
    channel: str
    service: str
    """The name of its service, or as short as it is known by; empty: none has it yet."""
    service_name: str
    """The whole name, where the other is short."""
    ready: bool
    """An interim letter stands ready on the page of the case."""


def lines_of(rows: Sequence[Row], moment: datetime) -> list[Line]:
    """Return the rows of a page in the words of whoever reads it, with what is left of each at a moment (aware)."""
    words = _Words(Language(language()), _("nothing owed"), _short_kinds(), _short_natures())
    today = brussels_day(moment)
    return [_line(row, today, words, ready=_interim_ready(row, moment)) for row in rows]


def _interim_ready(row: Row, moment: datetime) -> bool:
    """Say whether an interim letter stands ready on the page of a case, but for its reason and its date."""
    if row.due_on is None or row.work_by is None or row.leaving:
        return False
    return near(
        site().house, row.kind, due_on=row.due_on, work_by=row.work_by, channel=row.channel, nature=row.nature,
        now=moment,
    )  # fmt: skip


class _Words(NamedTuple):
    """What every row of a page needs, looked up once."""

    lang: Language
    nothing: str
    kinds: Mapping[ObligationKind, str]
    natures: Mapping[Nature, str]


def _line(row: Row, today: date, words: _Words, *, ready: bool) -> Line:
    lang = words.lang
    service, service_name = short_name(row.service_names[lang]) if row.service_names else ("", "")
    late = row.due_on is not None and row.due_on < today
    soon = row.work_by is not None and row.work_by <= today
    return Line(
        row=row,
        url=f"/staff/cases/{row.reference}",
        late=late,
        mark="late" if late else "soon" if soon else "still",
        left=_left(row.due_on, today, lang) if row.due_on else words.nothing,
        due=short_day(row.due_on, today, lang) if row.due_on else "",
        work_by=short_day(row.work_by, today, lang) if row.work_by and row.work_by != row.due_on and not late else "",
        decide=short_day(row.decide_by, today, lang) if row.decide_by and not row.nature_confirmed else "",
        owed=words.kinds[row.kind] if row.kind else "",
        nature=words.natures[row.nature],
        channel=label(row.channel, lang),
        service=service,
        service_name=service_name,
        ready=ready,
    )


@lru_cache(maxsize=4096)
def _left(due_on: date, today: date, lang: Language) -> str:
    return days_left_in_words(due_on, today, lang)


@lru_cache(maxsize=512)
def short_name(name: str) -> tuple[str, str]:
    """Return what a service is known by for short, where its name says it, and its name beside; else its name."""
    whole, _bracket, short = name.removesuffix(")").rpartition(" (")
    return (short, whole) if whole and name.endswith(")") else (name, "")


@lru_cache(maxsize=4096)
def short_day(day: date, today: date, lang: str) -> str:
    """Return a date for a dense list: Tue 17 Mar, with the year when it is another."""
    form = "EEE d. MMM" if lang == Language.DE else "EEE d MMM"
    words = str(format_date(day, form if day.year == today.year else f"{form} y", locale=_LOCALES.get(lang, lang)))
    return words.replace(" 1 ", " 1er ", 1) if lang == Language.FR else words


@in_each_language
def names() -> SimpleNamespace:
    """Return the names of the columns and of the marks, as each row says them."""
    return SimpleNamespace(
        due=_("Due"),
        file=_("File"),
        subject=_("Subject and requester"),
        owed=_("Owed"),
        nature=_("Nature"),
        channel=_("Channel"),
        handler=_("Handler"),
        work_by=_("work by"),
        due_on=_("due"),
        decide=_("confirm nature by"),
        urgent=_("Urgent"),
        urgent_untaken=_("Urgent: still to be taken"),
        sensitive=_("Sensitive"),
        failed=_("Not arrived"),
        leaving=_("Waiting to leave"),
        ready=_("Letter ready"),
        begun=_("A draft is kept"),
        unconfirmed=_("to be confirmed"),
        away=_("away"),
        triage=_("no service yet"),
        referred=_("To and fro: the head decides"),
        tick=_("Tick"),
    )


@in_each_language
def _short_natures() -> Mapping[Nature, str]:
    """Return the natures in as few letters as a dense list wants; the case page has them in full."""
    return {
        Nature.INFORMATION: _("Information"),
        Nature.COMPLEX: _("Complex"),
        Nature.MISDIRECTED: _("Misdirected"),
        Nature.COMPLAINT: _("Complaint"),
        Nature.DOCUMENT_ACCESS: _("Document"),
    }


@in_each_language
def _short_kinds() -> Mapping[ObligationKind, str]:
    return {
        ObligationKind.REPLY: _("Reply"),
        ObligationKind.INTERIM: _("Interim letter"),
        ObligationKind.PROMISED_REPLY: _("Promised reply"),
        ObligationKind.TRANSMISSION: _("Transmission"),
    }
