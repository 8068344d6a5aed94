"""Owns the page of the deadline queue: what to do next, in the words of whoever looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.casework.trying_rules import rules_without_target
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Role
from tracker.insight.overview import overview
from tracker.insight.queue import NOTHING_OWED, Page, Row, queue_page
from tracker.insight.saved_views import saved_views
from tracker.insight.set_aside import set_aside_by
from tracker.insight.shown import Days
from tracker.insight.stretches import Asked, Stretch, stretch_page
from tracker.insight.to_and_fro import waiting_for_head
from tracker.web.filters import number
from tracker.web.languages import language
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
)
from tracker.web.staff.next_step import first_line
from tracker.web.staff.queue_alarms import alarms, corrective
from tracker.web.staff.queue_lines import lines_of, names, short_day
from tracker.web.staff.queue_lists import asked_list, shows, views
from tracker.web.staff.queue_places import read_position, written
from tracker.web.staff.saved_views import given_to, tabs
from tracker.web.staff.several import several_of


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
        names=names(),
        first=first,
        set_aside={case: short_day(until, today, language()).replace(" ", "\u00a0") for case, until in aside.items()},
        **several_of(account),
        urgent=lines_of(listed.urgent, moment),
        lines=lines_of(listed.rows, moment),
        counts_url=url_for("staff.queue_counts", view=asked.view.value),
        views=views(account, asked),
        shows=[*shows(asked, above.counts), *asked_list(above)],
        show=asked.show,
        title=list_words()[asked.show],
        referred=referred,
        pages=listed.pages,
        told=listed.told,
        asked=asked,
        chips=chips(asked),
        tabs=tabs(saved, asked),
        form=form,
        alarms=[*alarms(account, above, asked.view, moment), *corrective(account, above.late_actions)],
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


def _pages(asked: Narrowing, page: Page) -> Mapping[str, str]:
    """Return the addresses of the page before and the next page."""
    found = {}
    if page.before is not None:
        found["before"] = asked.url(before=written(page.before))
    if page.after is not None:
        found["after"] = asked.url(after=written(page.after))
    return found
