"""Owns the pages by which a case goes from hand to hand: routed, assigned, taken, handed over, flagged; and ends."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import BooleanField

from tracker.casework import assignment, ending
from tracker.charter.counting import brussels_day
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import CaseState, Verb, WaiverGround
from tracker.insight.casefacts import Header
from tracker.insight.choices import bodies, colleagues
from tracker.insight.promised import open_promises, waived_promises
from tracker.insight.to_and_fro import wandering_of
from tracker.web.filters import label_in_words, long_day
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.acts import Page, Then, act, lead_on, nothing_chosen, the_case, who_has
from tracker.web.staff.fields import (
    EVIDENCE_LENGTH,
    REASON_LENGTH,
    Choice,
    Pick,
    StaffForm,
    one_line,
    person_in_words,
    several_lines,
    words_of,
)
from tracker.web.staff.tasks import open_tasks_told

WHY = _l("Write why.")


class RouteForm(StaffForm):
    """Which service."""

    service = Pick(_l("Choose a service."), needed=True, label=_l("Service"))
    reason = several_lines(
        _l("Reason"), REASON_LENGTH, description=_l("Why it goes there; the next service reads it.")
    )


def _services(form: RouteForm, case: Header) -> None:
    with site().database.reading() as db:
        found = bodies(db, internal=True, day=brussels_day(now()), language=language())
        moved = bool(wandering_of(db, case.id).moves)
    if moved:
        form.reason.description = _("This file has moved before: write why it moves again. The next service reads it,"
                                    " and the dispatchers' head if it goes to and fro.")  # fmt: skip
    form.service.choices = [("", nothing_chosen()), *((body.code, body.name) for body in found)]
    if not form.is_submitted():
        form.service.data = request.args.get("service") or case.service_code or _proposed(case) or ""


def _proposed(case: Header) -> str | None:
    """Return the service that the router found most likely, for a case without one."""
    proposed = (case.routing or {}).get("suggestions") or [{}]
    code = proposed[0].get("code")
    return str(code) if code else None


@act("route", Verb.ROUTE, RouteForm, Page(
    _l("Give this file to a service"), _l("Give it to this service"), _l("The service has the file."),
    _l("A colleague of that service handles it from then on; services that share the competence join by themselves."),
    handed=True,
), prepare=_services)  # fmt: skip
def route(db: Session, form: RouteForm, case: dict[str, Any]) -> Then | None:
    given = assignment.route(
        db, site().house, service_code=form.service.data, reason=form.reason.data or None, **case
    )
    if given.service_code == form.service.data and given.state is CaseState.OPEN:
        return None
    return lambda: lead_on(_("The file has gone to and fro: the dispatchers' head has it now, and decides."))


class AssignForm(StaffForm):
    """Which colleague."""

    colleague = Pick(_l("Choose a colleague."), needed=True, label=_l("Colleague"))


class HandOverForm(AssignForm):
    """Which colleague, and why."""

    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY, _l("It stands in the history of the file."))


SIGNS = _l(
    "Your colleague finds it in the queue and signs what is sent from then on. What is promised stays due on the same"
    " days."
)


def _who_has_it(form: StaffForm, case: Header) -> None:
    form.proposed = [_("Handled until now by %(name)s.", name=who_has(case))]


def _colleagues(form: AssignForm, case: Header) -> None:
    """Offer the colleagues of the services on the case first, then everybody else."""
    _who_has_it(form, case)
    with site().database.reading() as db:
        found = colleagues(db, day=brussels_day(now()), not_this=case.about_staff_id)
    near = [person for person in found if person.service_code in case.services]
    far = [person for person in found if person not in near]
    form.colleague.choices = [
        ("", nothing_chosen()),
        *((str(person.id), person_in_words(person)) for person in (*near, *far) if person.id != case.handler_id),
    ]


@act("assign", Verb.ASSIGN, AssignForm, Page(
    _l("Choose who handles this file"), _l("Give it to this colleague"), _l("Your colleague has the file."), SIGNS,
    handed=True,
), prepare=_colleagues)  # fmt: skip
def assign(db: Session, form: AssignForm, case: dict[str, Any]) -> None:
    assignment.assign(db, site().house, handler_id=int(form.colleague.data), **case)


@act("hand-over", Verb.HAND_OVER, HandOverForm, Page(
    _l("Hand this file over"), _l("Give it to this colleague"), _l("You have handed the file over."), SIGNS,
    handed=True,
), prepare=_colleagues)  # fmt: skip
def hand_over(db: Session, form: HandOverForm, case: dict[str, Any]) -> None:
    assignment.hand_over(db, site().house, handler_id=int(form.colleague.data), reason=form.reason.data, **case)


@act("take", Verb.TAKE, StaffForm, Page(
    _l("Take this file"), _l("I take it"), _l("The file is yours."),
    _l("You become its handler: your name, title, phone and e-mail stand under what is sent."),
), prepare=_who_has_it)  # fmt: skip
def take(db: Session, form: StaffForm, case: dict[str, Any]) -> None:
    assignment.take(db, site().house, **case)


class FlagForm(StaffForm):
    """Urgent, sensitive, and why."""

    urgent = BooleanField(
        _l("Urgent: somebody is in serious trouble"), description=_l("It rings every 30 minutes until it is taken.")
    )
    sensitive = BooleanField(
        _l("Sensitive"), description=_l("Only the handler, the deputy and the head of service see the file.")
    )
    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY)


def _flags(form: FlagForm, case: Header) -> None:
    if not form.is_submitted():
        form.urgent.data, form.sensitive.data = case.urgent_since is not None, case.sensitive


@act("flag", Verb.FLAG, FlagForm, Page(
    _l("Flag this file"), _l("Save the flags"), _l("The flags are saved."),
), prepare=_flags)  # fmt: skip
def flag(db: Session, form: FlagForm, case: dict[str, Any]) -> None:
    was = the_case()
    urgent = form.urgent.data if form.urgent.data != (was.urgent_since is not None) else None
    sensitive = form.sensitive.data if form.sensitive.data != was.sensitive else None
    assignment.flag(db, site().house, urgent=urgent, sensitive=sensitive, reason=form.reason.data, **case)


class WaiveForm(StaffForm):
    """Which promise need not be kept, on what ground, and what shows it."""

    promise = Choice(_l("Choose the promise."), label=_l("Promise"))
    ground = Choice(_l("Choose the ground."), label=_l("Ground"))
    evidence = several_lines(
        _l("What shows it"),
        EVIDENCE_LENGTH,
        _l("Write what shows it."),
        _l("For instance a message, or a call and its date."),
    )


class VoidWaiverForm(StaffForm):
    """Which waived promise is owed after all, and why."""

    promise = Choice(_l("Choose the promise."), label=_l("Promise"))
    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY)


def _waivable(form: WaiveForm, case: Header) -> None:
    _offer(form, open_promises, case)
    form.ground.choices = words_of(WaiverGround)


def _offer(form: WaiveForm | VoidWaiverForm, which: Callable[[Session, int], list[Promise]], case: Header) -> None:
    """Offer some of the promises of a case; the only one is chosen already."""
    with site().database.reading() as db:
        found = which(db, case.id)
    form.promise.choices = [
        (str(one.number), _("%(what)s, due on %(day)s", what=label_in_words(one.kind), day=long_day(one.due_on)))
        for one in found
    ]
    if not form.is_submitted() and len(form.promise.choices) == 1:
        form.promise.data = form.promise.choices[0][0]


@act("waive", Verb.WAIVE, WaiveForm, Page(
    _l("Waive a promise"), _l("Waive the promise"), _l("The promise is waived."),
    _l("It is counted apart, never as kept, and your name stands beside it."), "warning",
), prepare=_waivable)  # fmt: skip
def waive(db: Session, form: WaiveForm, case: dict[str, Any]) -> None:
    ending.waive(
        db, site().house, number=int(form.promise.data), ground=WaiverGround(form.ground.data),
        evidence=form.evidence.data, **case,
    )  # fmt: skip


def _waived(form: VoidWaiverForm, case: Header) -> None:
    _offer(form, waived_promises, case)


@act("void-waiver", Verb.WAIVE, VoidWaiverForm, Page(
    _l("Take a waiver back"), _l("Take the waiver back"), _l("The waiver is taken back: the promise is owed again."),
    _l("For a promise that was waived wrongly. It is owed again, with the same date, even where that is past."),
), prepare=_waived)  # fmt: skip
def void_waiver(db: Session, form: VoidWaiverForm, case: dict[str, Any]) -> None:
    ending.void_waiver(db, site().house, number=int(form.promise.data), reason=form.reason.data, **case)


def _still_asked(form: StaffForm, case: Header) -> None:
    with site().database.reading() as db:
        form.proposed = open_tasks_told(db, case)


@act("close", Verb.CLOSE, StaffForm, Page(
    _l("Close this file"), _l("Close it"), _l("The file is closed."),
    _l("No message is sent to the requester. A new message of theirs opens the file again."),
), prepare=_still_asked)  # fmt: skip
def close(db: Session, form: StaffForm, case: dict[str, Any]) -> None:
    ending.close(db, site().house, **case)


class ReasonForm(StaffForm):
    """Why."""

    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY)


@act("reopen", Verb.REOPEN, ReasonForm, Page(
    _l("Open this file again"), _l("Open it again"), _l("The file is open again."),
    _l("Nothing is owed by that alone: only a new message of the requester makes a new promise."),
))  # fmt: skip
def reopen(db: Session, form: ReasonForm, case: dict[str, Any]) -> None:
    ending.reopen(db, site().house, reason=form.reason.data, **case)


class MergeForm(StaffForm):
    """Into which case, and why."""

    into = one_line(_l("Reference of the other file"), 60, _l("Write the reference of the other file."))
    same_person = BooleanField(_l("It is the same person, though the name or the e-mail address differs"))
    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY)


def _ask_later(form: MergeForm, case: Header) -> None:
    """Ask whether it is the same person only once a file was named: most duplicates differ in nothing."""
    if not form.into.data:
        del form.same_person


@act("merge", Verb.MERGE, MergeForm, Page(
    _l("Join this file to another"), _l("Join them"), _l("The files are one now."),
    _l("For a request that came twice. This file ends here and the other goes on, with what was written to this one;"
       " the earlier receipt counts, and both references lead to the other file. Nobody can part them again."),
    "warning",
), prepare=_ask_later)  # fmt: skip
def merge(db: Session, form: MergeForm, case: dict[str, Any]) -> None:
    ending.merge(
        db, site().house, into=form.into.data, reason=form.reason.data, same_person=form.same_person.data, **case
    )  # fmt: skip
