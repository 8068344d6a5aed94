"""Owns what comes next for whoever looks: the first line of the queue, which says why, and the way there."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language, ObligationKind
from tracker.correspondence.explanation import days_left_in_words, label
from tracker.insight.next_step import NextStep, Why, next_step
from tracker.insight.shown import Days
from tracker.web.filters import day as in_words
from tracker.web.filters import long_day
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import Account, me, now
from tracker.web.staff.blueprint import needs_room, staff


@dataclass(frozen=True, slots=True)
class FirstLine:
    """What comes before the case, the case, and why it comes first."""

    lead: str
    reference: str = ""
    """Empty: nothing waits, and the lead says so."""
    url: str = ""
    """Where it is done."""
    why: str = ""
    pressing: bool = False
    """Late, or ringing."""


@staff.get("/queue/next")
@needs_room(Room.QUEUE)
def next_file() -> ResponseReturnValue:
    """Lead from a file to the one that comes next; to the queue when nothing waits."""
    days = Days.of(brussels_day(now()), site().house.calendar)
    with site().reading() as db:
        first = first_line(db, me(), days)
    if first is None or not first.reference:
        return redirect(url_for("staff.queue"))
    if first.reference == request.args.get("from"):
        flash(_("This file still comes first: %(why)s", why=first.why), "info")
    return redirect(first.url)


def first_line(session: Session, account: Account, days: Days) -> FirstLine | None:
    """Say what comes first for whoever looks; none for those who only read (one statement)."""
    if "own" not in account.viewer.reaches:
        return None
    step = next_step(session, account.viewer, account.person.role, days=days)
    if step is None:
        return FirstLine(_("Nothing is due: no file waits for you."))
    due_on = step.needed_by or step.due_on
    quiet = step.why is Why.TO_CLOSE or (step.why in (Why.OWED, Why.ASKED) and not _this_week(step, days))
    lead = _("Nothing is due this week. First comes") if quiet else _("Next:")
    pressing = step.why in (Why.RINGS, Why.OVERDUE) or (due_on is not None and due_on < days.today)
    return FirstLine(lead, step.reference, _url(step), _why(step, days.today, account), pressing)


def _url(step: NextStep) -> str:
    if step.task is not None:
        return url_for("staff.one_asked", number=step.task)
    return url_for("staff.case", reference=step.reference)


def _this_week(step: NextStep, days: Days) -> bool:
    if step.needed_by is not None:
        return step.needed_by <= days.week_until
    return step.not_sent or step.to_post or (step.due_on is not None and step.due_on <= days.week_until)


def _why(step: NextStep, today: date, account: Account) -> str:
    match step.why:
        case Why.RINGS:
            if step.handler_id == account.id:
                said = _("It is urgent, and waits for you to take it.")
            else:
                said = _("It is urgent, and %(name)s has not taken it yet: take it if you can.", name=step.handler)
        case Why.ASKED:
            assert step.needed_by is not None
            said = _asked(step.needed_by, today)
        case Why.DECIDE:
            said = _("It waits for you to decide where it goes.")
        case Why.UNASSIGNED:
            said = _("No service has it yet; it has waited since %(day)s.", day=in_words(_day(step.since, today)))
        case Why.OVERDUE:
            said = _owed(step, today) + " " + _("%(name)s has it.", name=step.handler)
        case Why.TO_CLOSE:
            said = _("Nothing is owed any more: close it, or write to the requester.")
        case _ if step.not_sent:
            said = _("A message did not arrive: put right what is wrong, and send it again.")
        case _ if step.to_post:
            said = _("A letter is ready: post it, then record the day on which it left.")
        case Why.URGENT:
            said = _("It is urgent, and yours.") + " " + _owed(step, today)
        case _:
            said = _owed(step, today)
    return str(said)


def _owed(step: NextStep, today: date) -> str:
    """Say what is owed and until when: the last working day counts for whoever does it."""
    assert step.due_on is not None
    lang = Language(language())
    owed, by = label(step.kind or ObligationKind.REPLY, lang), step.work_by or step.due_on
    if step.due_on < today:
        left = days_left_in_words(step.due_on, today, lang)
        said = _("%(owed)s: %(left)s, it was due on %(day)s.", owed=owed, left=left, day=long_day(step.due_on))
    elif by <= today:
        said = _("%(owed)s: to be done today.", owed=owed)
    elif (by - today).days == 1:
        said = _("%(owed)s: to be done by tomorrow.", owed=owed)
    else:
        said = _("%(owed)s: to be done by %(day)s.", owed=owed, day=long_day(by))
    return str(said)


def _asked(needed_by: date, today: date) -> str:
    """Say that something is asked on a file, and until when it is needed."""
    if needed_by < today:
        return str(_("You are asked for something on it, which was needed by %(day)s.", day=long_day(needed_by)))
    if needed_by == today:
        return str(_("You are asked for something on it, which is needed today."))
    return str(_("You are asked for something on it, which is needed by %(day)s.", day=long_day(needed_by)))


def _day(moment: datetime | None, today: date) -> date:
    return brussels_day(moment) if moment is not None else today
