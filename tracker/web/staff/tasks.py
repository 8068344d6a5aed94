"""Owns the pages by which colleagues and services are asked for something on a case, and by which they answer."""

from functools import partial
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, Person, Reach, Room, may, reaches
from tracker.casework import tasks
from tracker.casework.errors import NotPermitted
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Language, Verb
from tracker.correspondence.explanation import days_left_in_words
from tracker.insight.casefacts import CasePage, Done, Header
from tracker.insight.casepage import case_header
from tracker.insight.choices import colleagues
from tracker.insight.tasks import Asked, asked_of, one_task, tasks_of
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import Page, act, beside, busy, nothing_chosen
from tracker.web.staff.blueprint import facts_of, needs_room, staff
from tracker.web.staff.fields import REASON_LENGTH, Choice, DayField, Pick, StaffForm, person_in_words, several_lines
from tracker.web.staff.once import once

WORD_LENGTH = 4000
"""A contribution may be as long as a page."""


def _what() -> Any:
    return several_lines(_l("What you ask for"), REASON_LENGTH, _l("Write what you ask for."))


def _due_on() -> Any:
    return DayField(
        _l("Write the day by which you need it."),
        label=_l("Needed by"),
        description=_l(
            "Proposed: the working day before the promise to the requester is to be sent, "
            "or, where that is past, five working days from today."
        ),
    )


class AskColleagueForm(StaffForm):
    """Whom, what, and by when."""

    colleague = Pick(_l("Choose a colleague."), needed=True, label=_l("Colleague"))
    what, due_on = _what(), _due_on()


class AskServiceForm(StaffForm):
    """Which service beside the lead, what, and by when."""

    service = Pick(_l("Choose a service."), needed=True, label=_l("Service"))
    what, due_on = _what(), _due_on()


def _day(form: AskColleagueForm | AskServiceForm, case: Header) -> None:
    if not form.is_submitted():
        today = brussels_day(now())
        form.due_on.data, _last = tasks.days_to_ask(case.next_work_by, today, site().house.calendar)


def _may_be_asked(form: AskColleagueForm, case: Header) -> None:
    """Offer who would read the case: the colleagues of the services on it first."""
    _day(form, case)
    with site().database.reading() as db:
        found = colleagues(db, day=brussels_day(now()), not_this=case.about_staff_id)
    able = [one for one in found if one.id != me().id and Reach.ASKED in reaches(_person(one), READ)]
    near = [one for one in able if one.service_code in case.services]
    form.colleague.choices = [
        ("", nothing_chosen()),
        *((str(one.id), person_in_words(one)) for one in (*near, *(one for one in able if one not in near))),
    ]


def _person(one: Any) -> Person:
    return Person(one.id, one.role, one.service_code)


def _beside(form: AskServiceForm, case: Header) -> None:
    _day(form, case)
    offered = [(code, names[language()]) for code, names in case.associated.items()]
    form.service.choices = [("", nothing_chosen()), *offered]
    if not form.is_submitted() and len(offered) == 1:
        form.service.data = offered[0][0]


@act("ask-colleague", Verb.HAND_OVER, AskColleagueForm, Page(
    _l("Ask a colleague for something"), _l("Ask"), _l("Your colleague is asked, and told by mail."),
    _l("Your colleague is told by mail, which holds nothing of what you write here, and may read this file until it"
       " is settled."),
), prepare=_may_be_asked)  # fmt: skip
def ask_colleague(db: Session, form: AskColleagueForm, case: dict[str, Any]) -> None:
    tasks.ask(
        db, site().house, what=form.what.data, due_on=form.due_on.day, asked_id=int(form.colleague.data), **case
    )


@act("ask-service", Verb.HAND_OVER, AskServiceForm, Page(
    _l("Ask a service for its contribution"), _l("Ask"), _l("The service is asked, and told by mail."),
    _l("Services that are on this file beside the lead see it already. What they write stands beside your answer."),
), prepare=_beside)  # fmt: skip
def ask_service(db: Session, form: AskServiceForm, case: dict[str, Any]) -> None:
    tasks.ask(db, site().house, what=form.what.data, due_on=form.due_on.day, service_code=form.service.data, **case)


class WithdrawForm(StaffForm):
    """What is no longer needed, and why."""

    task = Choice(_l("Choose what is no longer needed."), label=_l("What was asked"))
    word = several_lines(_l("Reason"), REASON_LENGTH, description=_l("As you like. It stands on the file."))


def _whom(one: Asked) -> str:
    return one.asked or (one.service_names or {}).get(language()) or str(one.service_code)


def _open_ones(form: WithdrawForm, case: Header) -> None:
    with site().database.reading() as db:
        found = [one for one in tasks_of(db, case.id) if one.open]
    form.task.choices = [(str(one.id), f"{_whom(one)} · {one.what[:120]}") for one in found]
    if not form.is_submitted():
        only = str(found[0].id) if len(found) == 1 else None
        form.task.data = request.args.get("task") or only


@act("withdraw-task", Verb.WRITE, WithdrawForm, Page(
    _l("Take back what was asked"), _l("Take it back"), _l("It is taken back, and they are told."),
    _l("Whoever was asked is told by mail that it is no longer needed."),
), prepare=_open_ones)  # fmt: skip
def withdraw_task(db: Session, form: WithdrawForm, case: dict[str, Any]) -> None:
    tasks.withdraw(
        db, site().house, number=int(form.task.data), word=form.word.data or "", actor=case["actor"], now=case["now"]
    )


def task_parts(db: Session, header: Header, page: CasePage) -> dict[str, Any]:
    """Return what the page of a case shows of what was asked on it, and what its reader may do about it.

    Only a case whose history speaks of it is asked for any (one statement).
    """
    person, facts = me().person, facts_of(header)
    told = any("tasks" in one.details for one in page.line if isinstance(one, Done))
    rows = tasks_of(db, header.id) if told else []
    return {
        "rows": rows,
        "may_withdraw": may(person, Verb.WRITE, facts),
        "mine": {one.id for one in rows if one.open and (may(person, Verb.WRITE, facts) or _is_asked(one))},
    }


def _is_asked(one: Asked) -> bool:
    mine = one.asked_id in me().viewer.own
    return mine or (one.service_code is not None and one.service_code == me().person.service_code)


class AnswerForm(StaffForm):
    """What becomes of what was asked."""

    word = several_lines(_l("Your answer"), WORD_LENGTH)


@staff.get("/asked")
@needs_room(Room.QUEUE)
def asked() -> str:
    """Show what whoever looks is asked for, the next due first."""
    today = brussels_day(now())
    with site().database.reading() as db:
        found = asked_of(db, me().viewer)
    return render_template("staff/asked.html", rows=found, today=today, left=_left())


@staff.get("/asked/<int:number>")
@needs_room(Room.QUEUE)
def one_asked(number: int) -> ResponseReturnValue:
    """Show one thing that is asked, with the form that answers it."""
    return _one(number, AnswerForm(), 200)


@staff.post("/asked/<int:number>")
@needs_room(Room.QUEUE)
def answer_asked(number: int) -> ResponseReturnValue:
    """Record that it is done, or declined."""
    form, done = AnswerForm(), request.form.get("step") != "decline"
    if not form.validate():
        return _one(number, form, 400)
    try:
        return once(partial(_settle, number, done, form.word.data or ""))
    except NotPermitted:
        abort(404)  # nobody learns of what is asked of others
    except CharterError as error:
        return _one(number, form, 409, problems=beside(form, error))
    except OperationalError as error:
        return busy(error, partial(_one, number, form))


def _settle(number: int, done: bool, word: str, db: Session) -> ResponseReturnValue:
    tasks.settle(db, site().house, number=number, done=done, word=word, actor=me().actor, now=now())
    flash(_("It is on record as done.") if done else _("It is on record as declined."), "success")
    return redirect(url_for("staff.asked"), 303)


def _one(number: int, form: AnswerForm, status: int, problems: Any = ()) -> Response:
    with site().database.reading() as db:
        task = one_task(db, me().viewer, number)
        header = case_header(db, task.reference) if task is not None else None
    if task is None or header is None:
        if problems:
            flash(problems[0][1], "error")
        else:
            flash(_("This is no longer to be done, or is not asked of you."), "info")
        return make_response(redirect(url_for("staff.asked"), 303))
    form.word.label.text = _("Your contribution") if task.service_code else _("Your answer")
    page = render_template(
        "staff/asked_one.html", task=task, whom=_whom(task), case=header, form=form, problems=problems,
        today=brussels_day(now()), left=_left(),
    )  # fmt: skip
    return make_response(page, status)


def _left() -> Any:
    today, lang = brussels_day(now()), Language(language())
    return lambda day: days_left_in_words(day, today, lang)


def open_tasks_told(db: Session, case: Header) -> list[str]:
    """Return the sentence that tells, before a case is closed, that something is still asked on it."""
    waiting = tasks.open_on(db, case.id)
    if not waiting:
        return []
    return [_("Still asked of colleagues: %(count)s. It is taken back as the file closes, and they are told.",
              count=waiting)]  # fmt: skip
