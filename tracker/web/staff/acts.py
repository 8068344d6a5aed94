"""Owns how one thing is done to a case: a small page with its fields, one use case, the form back on a refusal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from flask import Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from tracker.access.permissions import READ, may
from tracker.casework.errors import CaseChanged, Erased, Missing
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.moves import MOVES, MoveNotAllowed
from tracker.charter.words import CaseState, Language, Verb
from tracker.correspondence.explanation import refusal
from tracker.correspondence.gate import Item, SendRefused
from tracker.insight.casefacts import Done, Header
from tracker.insight.casepage import case_header
from tracker.insight.linked import as_far_as_read
from tracker.web.drafts import not_read
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.again import gives_back_what_was_cut
from tracker.web.staff.blueprint import facts_of, needs, staff
from tracker.web.staff.fields import Pick, StaffForm
from tracker.web.staff.once import as_it_stands, once
from tracker.web.staff.telling import told

Then = Callable[[], ResponseReturnValue]
Doing = Callable[[Session, Any, dict[str, Any]], Then | None]
"""Does it; what it returns, if anything, answers instead of the case."""

ROUND_LENGTH = 40
"""As long as a place in the queue can be in an address."""

Preparing = Callable[[Any, Header], None]
Meanwhile = Callable[[Any, Callable[..., Response]], ResponseReturnValue | None]
"""Does with a form what is not the act itself, such as keeping a draft; what it returns, if anything, answers."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of an act says; the texts are lazy, in the reader's language."""

    title: Any
    button: Any
    done: Any
    intro: Any = ""
    kind: str = ""
    """``warning`` for what is not easily undone."""
    template: str = "staff/act.html"
    handed: bool = False
    """Whether the file has another handler then, who is named instead of what was done."""


def the_case() -> Header:
    """The case of this request's address, as the guard read it."""
    return cast(Header, g.case)


def with_case(form: StaffForm) -> dict[str, Any]:
    """Return what every use case on a case is given."""
    return {"reference": the_case().reference, "actor": me().actor, "now": now(), "seen": form.version}


def act(
    slug: str,
    verb: Verb,
    form: type[StaffForm],
    page: Page,
    *,
    prepare: Preparing | None = None,
    meanwhile: Meanwhile | None = None,
) -> Callable[[Doing], Doing]:
    """Put an act at ``/cases/<reference>/<slug>``; the function below does it, with the form's values."""

    def register(do: Doing) -> Doing:
        @gives_back_what_was_cut
        @needs(verb)
        def view(reference: str) -> ResponseReturnValue:
            return _act(form, verb, page, prepare, meanwhile, do)

        address = f"/cases/<reference>/{slug}"
        staff.add_url_rule(address, endpoint=slug.replace("-", "_"), view_func=view, methods=["GET", "POST"])
        return do

    return register


def _act(
    kind: type[StaffForm], verb: Verb, page: Page, prepare: Preparing | None, meanwhile: Meanwhile | None, do: Doing
) -> ResponseReturnValue:
    if (closed := not_now(verb)) is not None:
        return closed
    form, cut = kind(), g.get("cut")
    if prepare is not None:
        prepare(form, the_case())
    if meanwhile is not None and cut is None and (answer := meanwhile(form, partial(_show, form, page))) is not None:
        return answer
    if not form.is_submitted():
        return _show(form, page, 200) if all(_can_be_filled(field) for field in form) else _nothing_to_choose(page)
    if cut is not None:
        return _show(form, page, cut.code or 400, problems=[_cut_short(form, cut)])
    if not form.validate():
        return _show(form, page, 400)
    try:
        return once(partial(_do, form, page, do))
    except (CharterError, OperationalError) as error:
        return give_back(error, partial(_show, form, page), form)


def _do(form: StaffForm, page: Page, do: Doing, db: Session) -> ResponseReturnValue:
    then = do(db, form, with_case(form))
    return then() if then is not None else lead_on(str(page.done), handed=page.handed)


def _cut_short(form: StaffForm, cut: HTTPException) -> tuple[str, str]:
    """Return what to say of a form that could not be read whole, as a line of an error summary."""
    if "files" in form:
        return "files", not_read(cut.code)
    return "", str(_("What you sent is too large: shorten the text below, and send it again."))


def _can_be_filled(field: Any) -> bool:
    """Say whether there is anything to choose from, where something has to be chosen."""
    return not isinstance(field, Pick) or any(choice[0] or not field.needed for choice in field.choices or ())


def _nothing_to_choose(page: Page) -> ResponseReturnValue:
    """Lead back to the case, which shows what there is: the link, the task or the message may have gone meanwhile."""
    flash(_("“%(act)s”: there is nothing to choose on this file.", act=page.title), "info")
    return redirect(url_for("staff.case", reference=the_case().reference, **in_round()), 303)


def in_round() -> dict[str, Any]:
    """Return what an address says of a way through triage that this request is part of; empty: it is part of none."""
    return {"triage": request.args["triage"][:ROUND_LENGTH]} if "triage" in request.args else {}


def lead_on(done: str, *, handed: bool = False) -> ResponseReturnValue:
    """Lead to the case with the sentence that says what was done; to the queue when one sees it no longer.

    Then the sentence names the case and who has it now: never to whom a complaint is about. On the way through triage
    a case that waits no longer leads to the next one.
    """
    with as_it_stands() as db:
        case = case_header(db, the_case().reference)
    assert case is not None
    if in_round() and case.state is not CaseState.TRIAGE:
        flash(_in_short(case, done), "success")
        return redirect(url_for("staff.triage", after=in_round()["triage"]), 303)
    if may(me().person, READ, facts_of(case)):
        flash(_("%(name)s has the file now.", name=who_has(case)) if handed else done, "success")
        return redirect(url_for("staff.case", reference=case.reference, **in_round()), 303)
    if case.about_staff_id != me().id:
        done = no_longer_seen(case) if handed else f"{done} {no_longer_seen(case)}"
    flash(done, "success")
    return redirect(url_for("staff.queue"), 303)


def no_longer_seen(case: Header) -> str:
    """Say who has a file that whoever looks may not read."""
    return str(
        _("%(name)s has file %(reference)s now; you no longer see it.", name=who_has(case), reference=case.reference)
    )


def who_has(case: Header) -> str:
    """Return who handles a file, with the service that leads it."""
    service = case.service_names.get(language())
    return f"{case.handler.name} · {service}" if service else case.handler.name


def _in_short(case: Header, done: str) -> str:
    """Say what became of a case of the way through triage, in a line that stands above the next one."""
    service = case.service_names.get(language()) if case.state is CaseState.OPEN else None
    if service and case.about_staff_id != me().id:
        return str(_("%(reference)s: %(service)s has the file.", reference=case.reference, service=service))
    return f"{case.reference}: {done}"


def not_now(verb: Verb) -> ResponseReturnValue | None:
    """Lead back to the case, with the sentence why, when its state does not allow a verb."""
    if (erased := not_erased()) is not None:
        return erased
    if (the_case().state, verb) in MOVES:
        return None
    flash(refusal(MoveNotAllowed(the_case().state, verb), Language(language())), "error")
    return redirect(url_for("staff.case", reference=the_case().reference, **in_round()), 303)


def not_erased() -> ResponseReturnValue | None:
    """Lead back to the case, with the sentence why, when its personal data were erased."""
    case = the_case()
    if case.erased is None:
        return None
    flash(refusal(Erased(case.reference, brussels_day(case.erased.at)), Language(language())), "error")
    return redirect(url_for("staff.case", reference=case.reference), 303)


def give_back(
    error: CharterError | OperationalError, show: Callable[..., Response], form: StaffForm | None = None
) -> Response:
    """Show a form again as it was typed, with what was refused and, if so, what somebody else did meanwhile.

    ``show`` takes the status, ``problems`` and ``changed``; with a ``form``, what is about a field stands beside it.
    A database that could not take it in time is told alike.
    """
    if isinstance(error, OperationalError):
        return busy(error, show)
    changed: Sequence[Done] = ()
    if isinstance(error, CaseChanged):
        since = [Done(entry.at, entry.verb, entry.actor, entry.details) for entry in error.since]
        with site().database.reading() as db:
            g.case = case_header(db, the_case().reference)
            changed = as_far_as_read(db, since, me().viewer)
    problems = problems_of(error) if form is None else beside(form, error)
    return show(409, problems=problems, changed=[(item, told(item, {})) for item in changed])


def busy(error: OperationalError, show: Callable[..., Response]) -> Response:
    """Show a form again as it was typed, when the database could not take it in time."""
    current_app.logger.warning("a staff form came back: the database did not take it in time", exc_info=error)
    sentence = _(
        "We are busy right now and could not save this. What you typed is all here: send it again in a minute."
    )
    response = show(503, problems=[("", sentence)])
    response.headers["Retry-After"] = "60"
    return response


OWN_WORDS = "own_words"
"""Stands for the field of whoever writes, which each letter calls by its own name."""
_FIELDS = {
    Item.BODY: OWN_WORDS, Item.REASON: OWN_WORDS, Item.PLACEHOLDER: OWN_WORDS, Item.PROMISED_ON: "promised_on",
    Item.CHANNEL_REASON: "channel_reason", Item.CHANNEL_REASON_UNFIT: "channel_reason",
    Item.REGISTERED_GROUND: "registered_ground", Item.REGISTERED_CHANNEL: "registered_ground",
}  # fmt: skip
"""Where what a message lacks is filled in on its own page; all else is mended elsewhere, or by another way out."""


def problems_of(error: CharterError) -> list[tuple[str, str]]:
    """Return a refusal as the lines of an error summary: (field, or "", and sentence).

    A message that may not leave names all that it lacks.
    """
    lang = Language(language())
    if isinstance(error, SendRefused):
        return [(_FIELDS.get(item.item, ""), f"{item.what(lang)} {item.where(lang)}") for item in error.missing]
    field = str(error.values["what"]).removeprefix("requester_") if isinstance(error, Missing) else ""
    return [(field, refusal(error, lang))]


_ABOUT = {
    "unknown_reference": ("into", "other"), "cannot_merge": ("into",), "promised_earlier": ("into",),
    "about_different_people": ("into",), "other_requester": ("same_person",), "cannot_link": ("other",),
    "other_reference": ("confirmed",), "impossible_day": ("due_on", "done_on", "effect_on"),
    "left_on_wrong_day": ("left_on",), "bad_leaving_date": ("left_on",),
    "asked_too_late": ("due_on",), "received_in_future": ("day",), "cannot_be_asked": ("colleague",),
    "sensitive_stays": ("colleague", "service"), "cannot_handle": ("colleague", "owner"),
    "concerned_by_it": ("owner",), "email_taken": ("email",), "own_role": ("role",), "holds_files": ("role",),
    "cannot_succeed": ("successor",), "deputy_circle": ("deputy",), "cannot_deputise": ("deputy",),
    "day_already_closed": ("days",),
    "service_closed": ("service",), "not_our_service": ("service",), "unknown_service": ("service",),
    "move_unexplained": ("reason",), "reason_missing": ("reason",), "promised_date_wrong": ("promised_on",),
}  # fmt: skip
"""By what is refused, the fields of which the first that a form has is the one to put right."""


def beside(form: StaffForm, error: CharterError) -> list[tuple[str, str]]:
    """Put each line of a refusal at the field that it is about; return those that are about none."""
    left = []
    for where, said in problems_of(error):
        about = (getattr(form, OWN_WORDS).name,) if where == OWN_WORDS else _ABOUT.get(error.code, (where,))
        name = next((name for name in about if name in form), None)
        if name is None:
            left.append(("", said))
        else:
            form[name].errors = [*form[name].errors, said]
    return left


def _show(
    form: StaffForm, page: Page, status: int, *, problems: Sequence[tuple[str, str]] = (), changed: Sequence[Any] = ()
) -> Response:
    return make_response(
        render_template(
            page.template, case=the_case(), form=form, page=page, changed=changed,
            problems=[(where if where in form else "", said) for where, said in problems],
            fields=[field for field in form if field.type not in ("HiddenField", "CSRFTokenField")],
        ),
        status,
    )  # fmt: skip


def nothing_chosen() -> str:
    """Return what an empty line of a list of choices says."""
    return str(_("Choose …"))
