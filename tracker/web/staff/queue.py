"""Owns the page of the deadline queue: what to do next, in the words of whoever looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import NamedTuple

from babel.dates import format_date
from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.casework.ahead import near
from tracker.casework.trying_rules import rules_without_target
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Language, Nature, ObligationKind, Role
from tracker.correspondence.explanation import days_left_in_words, label
from tracker.insight.casefacts import Header
from tracker.insight.overview import Count, Overview, overview
from tracker.insight.queue import NOTHING_OWED, Page, Position, Row, queue_page
from tracker.insight.saved_views import saved_views
from tracker.insight.set_aside import set_aside_by
from tracker.insight.shown import Days, Show, View
from tracker.insight.stretches import Asked, Stretch, stretch_page
from tracker.insight.to_and_fro import waiting_for_head
from tracker.web.filters import number
from tracker.web.languages import in_each_language, language
from tracker.web.site import router, site
from tracker.web.staff.accounts import Account, me, now
from tracker.web.staff.blueprint import may_keep, needs_room, staff
from tracker.web.staff.narrowing import (
    Narrowing,
    chips,
    is_number,
    list_words,
    look_up,
    narrowing,
    panel,
    show_of,
    view_of,
    view_words,
    views_of,
)
from tracker.web.staff.next_step import first_line
from tracker.web.staff.saved_views import given_to, tabs
from tracker.web.staff.several import several_of

KNOWN_AHEAD = timedelta(days=183)
"""How long before the end of the known closing days those who can add some are told; everybody, a month before."""

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
    ready: bool
    """An interim letter stands ready on the page of the case."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to another list."""

    url: str
    words: str
    current: bool
    count: str = ""
    name: str = ""
    """Of a list, as ``Show`` has it."""


@staff.get("/queue")
@needs_room(Room.QUEUE)
def queue() -> str:
    """Show what is due, the next thing first."""
    account, moment, keeps = me(), now(), may_keep()
    today = brussels_day(moment)
    days = Days.of(today, site().house.calendar)
    with site().reading() as db:
        saved = saved_views(db, account.viewer)
        given = given_to(saved)
        asked = look_up(db, account.viewer, narrowing(given, view_of(account, given), show_of(given)), today)
        listed = _narrowed(db, account, asked, days) if asked else _plain(db, account, asked, days)
        above = overview(db, account.viewer, view=asked.view, days=days)
        first = first_line(db, account, days)
        aside = set_aside_by(db, account.id, today=today)
        in_triage = (row.id for row in (*listed.urgent, *listed.rows) if row.state is CaseState.TRIAGE)
        referred = waiting_for_head(db, in_triage)
        form = panel(db, account.viewer, asked, today) if "filter" in given else None
    return render_template(
        "staff/queue.html",
        names=_names(),
        first=first,
        set_aside=aside,
        **several_of(account),
        urgent=_lines(listed.urgent, moment),
        lines=_lines(listed.rows, moment),
        counts_url=url_for("staff.queue_counts", view=asked.view.value),
        views=_views(account, asked),
        shows=[*_shows(asked, above.counts), *_asked(above)],
        show=asked.show,
        title=list_words()[asked.show],
        referred=referred,
        pages=listed.pages,
        told=listed.told,
        asked=asked,
        chips=chips(asked),
        tabs=tabs(saved, asked),
        form=form,
        alarms=[*_alarms(account, above, asked.view, moment), *_corrective(account, above.late_actions)],
        lost=rules_without_target(router(), moment) if keeps or account.person.role is Role.DISPATCHER else [],
        keeps=keeps,
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a page, the addresses of the pages around it, and what is said of what was found."""

    urgent: Sequence[Row]
    rows: Sequence[Row]
    pages: Mapping[str, str]
    told: str = ""


def _plain(db: Session, account: Account, asked: Narrowing, days: Days) -> Listed:
    """Return a page of a list as it is, by due date."""
    after, before = read_position("after"), read_position("before")
    page = queue_page(db, account.viewer, view=asked.view, show=asked.show, days=days, after=after, before=before)
    return Listed(page.urgent, page.rows, _pages(asked, page))


def _narrowed(db: Session, account: Account, asked: Narrowing, days: Days) -> Listed:
    """Return a page of what is left of a list, or of the list in another order."""
    after = request.args.get("next", "")
    wanted = Asked(asked.filters, asked.sort, read_position("from"), int(after) if is_number(after) else None)
    page = stretch_page(db, account.viewer, view=asked.view, show=asked.show, days=days, asked=wanted)
    pages = {}
    if wanted.start is not None or wanted.after is not None:
        pages["first"] = asked.url()
    if page.after is not None:
        start = {"from": written(wanted.start)} if wanted.start is not None else {}
        pages["next"] = asked.url(**start, next=page.after)
    elif page.further is not None:
        pages["further"] = asked.url(**{"from": written(page.further)})
    return Listed(page.urgent, page.rows, pages, _told(asked, wanted, page, days.today))


def _told(asked: Narrowing, wanted: Asked, page: Stretch, today: date) -> str:
    """Say how much was found, and how far was looked; on the first page of a stretch."""
    if wanted.after is not None:
        return ""
    given = {"found": number(page.found), "looked": number(page.looked)}
    if page.further is None and wanted.start is None:
        if not asked.filters:
            return ""
        if page.found:
            return str(ngettext("%(num)d file", "%(num)d files", page.found))
        return str(_("No file of this list is all of this."))
    if page.further is None:
        return str(_("%(found)s of the last %(looked)s files.", **given))
    until = page.further.due_on
    given["day"] = short_day(until, today, language()) if until != NOTHING_OWED else _("nothing owed")
    if wanted.start is None:
        return str(_("%(found)s of the %(looked)s files that are due first, up to %(day)s.", **given))
    return str(_("%(found)s of the next %(looked)s files, up to %(day)s.", **given))


def read_position(name: str) -> Position | None:
    """Return the place a page starts from, as the links between pages write it; none for anything else."""
    day, _dot, number = request.args.get(name, "").partition(".")
    try:
        return Position(date.fromisoformat(day), int(number)) if len(number) < 19 and number.isascii() else None
    except ValueError:
        return None


def _lines(rows: Sequence[Row], moment: datetime) -> list[Line]:
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
        ready=ready,
    )


@lru_cache(maxsize=4096)
def _left(due_on: date, today: date, lang: Language) -> str:
    return days_left_in_words(due_on, today, lang)


@lru_cache(maxsize=4096)
def short_day(day: date, today: date, lang: str) -> str:
    """Return a date for a dense list: Tue 17 Mar, with the year when it is another."""
    form = "EEE d MMM" if day.year == today.year else "EEE d MMM y"
    return str(format_date(day, form, locale=_LOCALES.get(lang, lang)))


@in_each_language
def _names() -> SimpleNamespace:
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
        urgent_untaken=_("Urgent: nobody has it"),
        sensitive=_("Sensitive"),
        failed=_("Not arrived"),
        leaving=_("Waiting to leave"),
        ready=_("Letter ready"),
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


def _views(account: Account, asked: Narrowing) -> list[Choice]:
    words = view_words()
    return [
        Choice(replace(asked, view=offered).url(), words[offered], offered is asked.view)
        for offered in sorted(views_of(account), key=list(View).index)
    ]


def _shows(asked: Narrowing, counts: Mapping[Show, Count]) -> list[Choice]:
    """Return the lists; those that are alarms appear only while there is something in them.

    How many are in each is said of the whole list only: not while it is narrowed to some.
    """
    rare = {Show.URGENT, Show.UNATTENDED, Show.FAILED}
    return [
        Choice(
            replace(asked, show=offered).url(),
            words,
            offered is asked.show,
            "" if asked.filters else counted(counts[offered]),
            offered.value,
        )
        for offered, words in list_words().items()
        if offered not in rare or offered is asked.show or counts[offered].number
    ]


def counted(count: Count) -> str:
    """Return a capped count as a page shows it: 12, or 99+."""
    return f"{number(count.number)}+" if count.more else number(count.number)


def _pages(asked: Narrowing, page: Page) -> Mapping[str, str]:
    """Return the addresses of the page before and the next page."""
    found = {}
    if page.before is not None:
        found["before"] = asked.url(before=written(page.before))
    if page.after is not None:
        found["after"] = asked.url(after=written(page.after))
    return found


def written(position: Position) -> str:
    """Return a place in the queue as it travels in an address."""
    return f"{position.due_on.isoformat()}.{position.id}"


def place_of(case: Header) -> Position:
    """Return where a case stands in the queue."""
    return Position(case.next_due_on or NOTHING_OWED, case.id)


def _asked(above: Overview) -> list[Choice]:
    """Return the list of what colleagues ask of whoever looks, while there is something in it."""
    if not above.asked_of_me:
        return []
    return [Choice(url_for("staff.asked"), _("Asked of me"), False, number(above.asked_of_me))]


def _corrective(account: Account, late: int) -> list[tuple[str, str]]:
    """Return the alarm about corrective actions past their date: to the coordinator everybody's, else one's own."""
    coordinates = account.person.role is Role.COMPLAINTS
    where = url_for("staff.complaints", show="late") if coordinates else url_for("staff.my_corrective_actions")
    words = _("Corrective actions past their date: %(count)s.", count=number(late))
    return [(words, where)] if late else []


def _alarms(account: Account, above: Overview, view: View, now: datetime) -> list[tuple[str, str]]:
    """Return what must be seen before anything else: a sentence each, and where to look."""
    alarms, today = [], brussels_day(now)
    if above.silent(now):
        alarms.append((_("No reminder has gone out for more than 15 minutes: keep an eye on the dates yourself, and"
                         " tell whoever runs Suivi."), ""))  # fmt: skip
    if above.mail_away(now):
        alarms.append((_("No mail has come in for more than 15 minutes, because the mailbox does not answer: tell"
                         " whoever runs Suivi."), ""))  # fmt: skip
    if (unattended := above.counts[Show.UNATTENDED]).number:
        alarms.append((_("Files whose deadline nobody could be told about: %(count)s.", count=counted(unattended)),
                       url_for("staff.queue", view=view.value, show=Show.UNATTENDED.value)))  # fmt: skip
    if (failed := above.counts[Show.FAILED]).number:
        alarms.append((_("Messages that could not be sent, or came back: %(count)s. The promise is not kept until"
                         " they arrive.", count=counted(failed)),
                       url_for("staff.queue", view=view.value, show=Show.FAILED.value)))  # fmt: skip
    if above.mail_unattended.number:
        alarms.append((_("Mail that nobody could be told about: %(count)s.", count=counted(above.mail_unattended)),
                       url_for("staff.mails")))  # fmt: skip
    if above.mail_to_decide.number:
        alarms.append((_("Mail that waits for your decision: %(count)s.", count=counted(above.mail_to_decide)),
                       url_for("staff.mails")))  # fmt: skip
    if above.asked_late:
        alarms.append((_("Asked of you by a day that is past: %(count)s.", count=number(above.asked_late)),
                       url_for("staff.asked")))  # fmt: skip
    known_until = site().house.calendar.known_until
    told = account.person.role in (Role.HEAD, Role.DIRECTION, Role.DISPATCHER)
    if today > known_until - (KNOWN_AHEAD if told else timedelta(days=31)):
        day = format_date(known_until, "long", locale=_LOCALES.get(language(), language()))
        alarms.append((_("The closing days of the offices are known until %(day)s only: have the next ones added.",
                         day=day), ""))  # fmt: skip
    return alarms
