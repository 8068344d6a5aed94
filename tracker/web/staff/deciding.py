"""Owns the pages by which staff say what a case is and what follows: nature, periods, receipt, what came back."""

from datetime import datetime, time
from functools import partial
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.casework import follow, nature
from tracker.charter.counting import BRUSSELS, at_brussels, brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import PAPER, Channel, Nature, Verb
from tracker.insight.casefacts import Header
from tracker.insight.promised import open_promises
from tracker.web.filters import long_day, moment
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import Page, Then, act, give_back, lead_on, not_now, the_case, with_case
from tracker.web.staff.blueprint import needs, staff
from tracker.web.staff.concerned import chosen, offer, person_concerned, service_concerned
from tracker.web.staff.fields import (
    REASON_LENGTH,
    Choice,
    ClockField,
    DayField,
    StaffForm,
    several_lines,
    words_of,
)
from tracker.web.staff.handling import WHY, ReasonForm
from tracker.web.staff.once import once
from tracker.web.staff.proposing import nature_in_words

CAME_ON = _l("Write the day on which it came in.")


class NatureForm(StaffForm):
    """What the request is."""

    nature = Choice(_l("Choose what kind of request this is."), label=_l("Kind of request"))
    ground = several_lines(
        _l("What makes it complex"),
        REASON_LENGTH,
        description=_l(
            "For a complex request only: the regulated procedure it is bound to, or what makes it complex."
        ),
    )
    about_service, about_staff = service_concerned(), person_concerned()
    reason = several_lines(
        _l("Reason"),
        REASON_LENGTH,
        description=_l("Only where the complaint is no longer about the service or the colleague that was named."),
    )


def _natures(form: NatureForm, case: Header) -> None:
    form.proposed = nature_in_words(case)
    form.nature.choices = words_of(Nature)
    offer(form.about_service, form.about_staff)
    if not (case.about_service_code or case.about_staff_id):
        del form.reason  # nobody was named that the complaint could be about no longer
    if not form.is_submitted():
        form.nature.data, form.ground.data = case.nature.value, case.nature_ground
        form.about_service.data, form.about_staff.data = case.about_service_code, str(case.about_staff_id or "")


@act("nature", Verb.CONFIRM_NATURE, NatureForm, Page(
    _l("Confirm what kind of request this is"), _l("Confirm"), _l("The nature is confirmed."),
    _l("Another nature brings other dates, counted from the same receipt; what was promised to the requester stays."),
), prepare=_natures)  # fmt: skip
def confirm_nature(db: Session, form: NatureForm, case: dict[str, Any]) -> Then | None:
    what = Nature(form.nature.data)
    ground = (form.ground.data or None) if what is Nature.COMPLEX else None
    about = {}
    if what is Nature.COMPLAINT:
        about = chosen(form.about_service, form.about_staff)
        about["reason"] = (form.reason.data or "") if "reason" in form else ""
    done = nature.confirm_nature(db, site().house, nature=what, ground=ground, **about, **case)
    return _not_mine_to_see if done.about_staff_id == me().id else None


def _not_mine_to_see() -> ResponseReturnValue:
    """Lead away from a complaint about oneself."""
    flash(
        _("The nature is confirmed. A colleague has the file: whoever a complaint is about does not see it."),
        "success",
    )
    return redirect(url_for("staff.queue"), 303)


@act("keep-short", Verb.KEEP_SHORT, StaffForm, Page(
    _l("Answer within the ordinary period"), _l("Promise it"), _l("The answer itself is due now, no interim letter."),
    _l("No interim letter is due any more: the answer itself is, within the ordinary period."),
))  # fmt: skip
def keep_short(db: Session, form: StaffForm, case: dict[str, Any]) -> None:
    nature.keep_short(db, site().house, **case)


@act("extend", Verb.EXTEND, ReasonForm, Page(
    _l("Extend the period for a document"), _l("Extend it"), _l("The period is extended."),
    _l("The law allows it once, by 15 days, with a reason. No message is sent: write to the requester too."),
))  # fmt: skip
def extend(db: Session, form: ReasonForm, case: dict[str, Any]) -> None:
    nature.extend(db, site().house, reason=form.reason.data, **case)


class BackForm(StaffForm):
    """How and when the other body sent it back, and why."""

    channel = Choice(_l("Choose how it came in."), label=_l("It came in by"))
    day = DayField(CAME_ON, label=_l("Day on which it came back"))
    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY)


def _ways_back(form: BackForm, case: Header) -> None:
    form.channel.choices = words_of((Channel.POST, Channel.FAX, Channel.EMAIL, Channel.PHONE, Channel.COUNTER))
    if not form.is_submitted():
        form.channel.data = Channel.POST.value


@act("come-back", Verb.COME_BACK, BackForm, Page(
    _l("The other body sends this file back"), _l("Record it"), _l("The file is ours again."),
    _l("A new transmission is owed, counted from the day on which it came back."),
), prepare=_ways_back)  # fmt: skip
def come_back(db: Session, form: BackForm, case: dict[str, Any]) -> None:
    channel = Channel(form.channel.data)
    received_at = moment_of(channel, form.day.data, None, now())
    follow.come_back(
        db, site().house, channel=channel, received_at=received_at, reason=form.reason.data, **case
    )  # fmt: skip


def moment_of(channel: Channel, day: Any, clock: time | None, at: datetime) -> datetime:
    """Return when something reached the FPS: paper has a date, no hour; today without an hour is now."""
    if channel not in PAPER and clock is not None:
        return at_brussels(day, clock)
    return at if day == brussels_day(at) else at_brussels(day, time(12))


class ReceiptForm(StaffForm):
    """The right moment of receipt, and why it was wrong."""

    day = DayField(CAME_ON, label=_l("Day on which it first reached any desk or mailbox of the FPS"))
    clock = ClockField(label=_l("Time, if known"), description=_l("Like 14:05."))
    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY)


@staff.route("/cases/<reference>/receipt", methods=["GET", "POST"])
@needs(Verb.CORRECT_RECEIPT)
def correct_receipt(reference: str) -> ResponseReturnValue:
    """Correct the receipt in two steps: first what it would change, then the change."""
    if (closed := not_now(Verb.CORRECT_RECEIPT)) is not None:
        return closed
    form = ReceiptForm()
    if the_case().channel in PAPER:
        del form.clock  # paper has a date, no hour
    if not form.is_submitted():
        form.day.data = brussels_day(the_case().received_at)
        if "clock" in form:
            form.clock.data = the_case().received_at.astimezone(BRUSSELS).time().replace(second=0, microsecond=0)
        return _receipt(form, 200)
    if not form.validate():
        return _receipt(form, 400)
    try:
        if request.form.get("step") != "save":
            with site().database.reading() as db:
                after = nature.owed_from(db, site().house, **_right(form))
            return _receipt(form, 200, after=after)
        return once(partial(_correct, form))
    except (CharterError, OperationalError) as error:
        return give_back(error, partial(_receipt, form), form)


def _correct(form: ReceiptForm, db: Session) -> ResponseReturnValue:
    nature.correct_receipt(db, site().house, **_right(form))
    return lead_on(_("The receipt is corrected, and the dates are counted again."))


def _right(form: ReceiptForm) -> dict[str, Any]:
    """Return the right receipt, as the use cases take it."""
    clock = form.clock.data if "clock" in form else None
    received_at = moment_of(the_case().channel, form.day.data, clock, now())
    return {"received_at": received_at, "reason": form.reason.data, **with_case(form)}


def _known(case: Header) -> str:
    """Say when a case came in, as it is recorded: paper has a date, no hour."""
    return long_day(brussels_day(case.received_at)) if case.channel in PAPER else moment(case.received_at)


def _receipt(form: ReceiptForm, status: int, *, after: Any = None, problems: Any = (), changed: Any = ()) -> Response:
    with site().database.reading() as db:
        before = open_promises(db, the_case().id)
    return make_response(
        render_template(
            "staff/receipt.html", case=the_case(), form=form, before=before, after=after, problems=problems,
            changed=changed, known=_known(the_case()),
            today=brussels_day(now()),
        ),
        status,
    )  # fmt: skip
