"""Owns the pages on which somebody decides what becomes of a mail: in a file, a new request, or set aside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template
from flask import url_for as url
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError

from tracker.access.permissions import READ, SETTLE, may
from tracker.casework.house import Actor
from tracker.casework.mail import holding
from tracker.casework.mail.taking_in import TakenIn
from tracker.charter.errors import CharterError
from tracker.charter.reference import Reference
from tracker.charter.words import MailOutcome
from tracker.insight.casepage import case_header
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import busy, problems_of
from tracker.web.staff.blueprint import facts_of, needs_with_mail, staff
from tracker.web.staff.fields import REASON_LENGTH, StaffForm, one_line, several_lines
from tracker.web.staff.mail import mailroom, the_mail
from tracker.web.staff.once import as_it_stands, once


class JoinForm(StaffForm):
    """Which case a mail belongs to."""

    reference = one_line(_l("Reference of the file"), 60, _l("Write the reference of the file."))


class RegisterForm(StaffForm):
    """Nothing but the decision."""


class AsideForm(StaffForm):
    """Why a mail is nothing to answer."""

    reason = several_lines(_l("Why nobody is answered"), REASON_LENGTH, _l("Write why nobody is answered."))


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that can be decided about a mail; the texts are lazy, in the reader's language."""

    form: type[StaffForm]
    title: Any
    button: Any
    do: Callable[[Any, dict[str, Any]], ResponseReturnValue]
    intro: Any = ""
    to_nobody: Any = ""
    """What more there is to say where nobody can be answered."""


def _join(form: JoinForm, given: dict[str, Any]) -> ResponseReturnValue:
    return _release(Reference.parse(form.reference.data).format(), **given)


def _register(form: RegisterForm, given: dict[str, Any]) -> ResponseReturnValue:
    return _release(None, **given)


def _release(into: str | None, *, mail_id: int, actor: Actor, now: datetime) -> ResponseReturnValue:
    database, house = site().database, site().house
    with holding.opened(database, house, mailroom(), mail_id=mail_id, into=into, now=now) as opened:
        return once(lambda db: _lead_on(holding.release(db, house, opened, actor=actor, now=now)))


def _set_aside(form: AsideForm, given: dict[str, Any]) -> ResponseReturnValue:
    return once(lambda db: _lead_on(holding.set_aside(db, reason=form.reason.data, **given)))


_DECISIONS = {
    "join": Decision(
        JoinForm, _l("Put the mail in a file"), _l("Put it in this file"), _join,
        _l("It counts from the day on which it first reached us. Its sender learns nothing of the file by it."),
    ),
    "register": Decision(
        RegisterForm, _l("Register the mail as a new request"), _l("Register it"), _register,
        _l("It gets a file of its own, counted from the day on which it first reached us; its sender gets an"
           " acknowledgement."),
        _l("It gives no address that can be answered: nobody is told. If you find one, add it to the file."),
    ),
    "aside": Decision(
        AsideForm, _l("Set the mail aside"), _l("Set it aside"), _set_aside,
        _l("It stays on record, with the reason. Nobody is answered."),
    ),
}  # fmt: skip


def _route(slug: str, decision: Decision) -> None:
    @needs_with_mail(SETTLE)
    def view(number: int) -> ResponseReturnValue:
        return _decide(decision)

    address, endpoint = f"/mail/<int:number>/{slug}", f"mail_{slug}"
    staff.add_url_rule(address, endpoint=endpoint, view_func=view, methods=["GET", "POST"])


for _slug, _decision in _DECISIONS.items():
    _route(_slug, _decision)


def _decide(decision: Decision) -> ResponseReturnValue:
    """Show the page of a decision; take it; the form comes back with what was typed when it is refused."""
    form, mail = decision.form(), the_mail()
    if not mail.open:
        return _too_late()
    show = partial(_show, decision, form)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        return decision.do(form, {"mail_id": mail.id, "actor": me().actor, "now": now()})
    except holding.MailSettled:
        return _too_late()
    except CharterError as error:
        return show(409, problems=_at_its_field(form, problems_of(error)))
    except OperationalError as error:
        return busy(error, show)
    except OSError as error:
        current_app.logger.error("mail %s cannot be read from the disk: %s", mail.id, type(error).__name__)
        return show(503, problems=[("", _unreadable())])


def _show(decision: Decision, form: StaffForm, status: int, *, problems: Sequence[tuple[str, str]] = ()) -> Response:
    fields = [field for field in form if field.type not in ("HiddenField", "CSRFTokenField")]
    page = render_template(
        "staff/mail_act.html", mail=the_mail(), decision=decision, form=form, fields=fields, problems=problems
    )
    return make_response(page, status)


def _at_its_field(form: StaffForm, problems: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Say at the reference what is wrong with the file that it names; what is left belongs to no field."""
    if not isinstance(form, JoinForm):
        return problems
    form.reference.errors = [sentence for _field, sentence in problems]
    return []


def _lead_on(done: TakenIn) -> ResponseReturnValue:
    """Lead to the case that the mail is on now; to the pile when one does not see that case."""
    if done.outcome is MailOutcome.IGNORED or done.reference is None:
        flash(_("The mail is set aside; it stays on record."), "success")
        return redirect(url("staff.mails"), 303)
    registered = done.outcome is MailOutcome.REGISTERED
    sentence = _("The mail is registered as file %(reference)s.", reference=done.reference) if registered else \
        _("The mail is in file %(reference)s.", reference=done.reference)  # fmt: skip
    flash(sentence, "success")
    with as_it_stands() as db:
        header = case_header(db, done.reference)
    if header is not None and may(me().person, READ, facts_of(header)):
        return redirect(url("staff.case", reference=header.reference), 303)
    return redirect(url("staff.mails"), 303)


def _too_late() -> ResponseReturnValue:
    flash(_("Somebody has decided about this mail already."), "error")
    return redirect(url("staff.mail", number=the_mail().id), 303)


def _unreadable() -> str:
    return str(_("The original of this mail cannot be read from the disk: tell whoever runs Suivi."))
