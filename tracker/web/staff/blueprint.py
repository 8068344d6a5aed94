"""Owns the door of the staff pages: nothing opens without login, and no view without saying what it asks for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from tracker.access.permissions import (
    READ,
    SETTLE,
    CaseFacts,
    MailFacts,
    Room,
    may,
    may_enter,
    may_keep_rules,
    may_with_mail,
)
from tracker.charter.errors import shortened
from tracker.charter.reference import BadReference
from tracker.charter.words import CaseState, Nature, Role, Verb
from tracker.correspondence.explanation import refusal
from tracker.insight.casefacts import Header
from tracker.insight.casepage import LARGEST_ID, case_header
from tracker.insight.mailbox import desks, one_mail
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me
from tracker.web.staff.again import ask_to_log_in, stop_what_was_cut, whose
from tracker.web.staff.keys import keys_sheet
from tracker.web.staff.telling import who

staff = Blueprint("staff", __name__, url_prefix="/staff")

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Needs:
    """What a view asks of whoever opens it: a room, or something they may do to the case or mail in its address."""

    room: Room | None = None
    on_case: str | None = None
    on_mail: str | None = None
    rules: bool = False
    """To keep the rules of routing: see ``may_keep_rules``."""
    anyone: bool = False


def open_to_anyone(view: View) -> View:
    """Mark a view that needs no login."""
    return _mark(view, Needs(anyone=True))


def needs_room(room: Room) -> Callable[[View], View]:
    """Mark a view that is open to the roles of a room."""
    return lambda view: _mark(view, Needs(room=room))


def needs(action: Verb | str) -> Callable[[View], View]:
    """Mark a view about the case ``reference``: open to those who may read it and do this to it."""
    return lambda view: _mark(view, Needs(on_case=str(action)))


def needs_with_mail(action: str) -> Callable[[View], View]:
    """Mark a view about the mail ``number``: open to those who may read it and do this with it."""
    return lambda view: _mark(view, Needs(on_mail=action))


def needs_rules(view: View) -> View:
    """Mark a view that is open to those who keep the rules of routing."""
    return _mark(view, Needs(rules=True))


def may_keep() -> bool:
    """Say whether whoever asks keeps the rules of routing; asks the database only for a head of service."""
    person = me().person
    if not may_enter(person, Room.RULES) or person.role is not Role.HEAD:
        return may_keep_rules(person, frozenset())
    if "keeps_rules" not in g:
        with site().reading() as db:
            g.keeps_rules = may_keep_rules(person, desks(db))
    return bool(g.keeps_rules)


def needs_of(view: Callable[..., Any]) -> Needs | None:
    """Return what a view was marked with; none: it is closed to everybody."""
    return cast("Needs | None", getattr(view, "_needs", None))


def _mark(view: View, asked: Needs) -> View:
    view._needs = asked  # type: ignore[attr-defined]
    return view


def facts_of(header: Header) -> CaseFacts:
    """Return what the table of permissions needs to know of a case."""
    return CaseFacts(
        handler_id=header.handler_id,
        services=header.services,
        unassigned=header.state is CaseState.TRIAGE,
        complaint=header.nature is Nature.COMPLAINT,
        sensitive=header.sensitive,
        concerns=header.about_staff_id,
        ringing=header.rings,
        lead=header.service_code,
        asked=header.asked,
    )


@staff.before_request
def guard() -> ResponseReturnValue | None:
    """Let in whoever may, and nobody else; the case of the address is read here once, as ``g.case``."""
    asked = needs_of(current_app.view_functions[cast(str, request.endpoint)])
    if asked is None:
        abort(403)
    speak_their_language()
    if asked.anyone:
        return None
    if not current_user.is_authenticated:
        return ask_to_log_in()
    if asked.room is not None and not may_enter(me().person, asked.room):
        abort(403)
    if (request.view_args or {}).get("number", 0) > LARGEST_ID:
        abort(404)  # the database could not even look for it
    if asked.rules and not may_keep():
        abort(403)
    if asked.on_mail is not None:
        _admit_to_mail(asked.on_mail)
    return None if asked.on_case is None else _admit_to_case(asked.on_case)


staff.before_request(stop_what_was_cut)


def speak_their_language() -> None:
    """Say everything in the language of whoever is logged in, unless they chose another."""
    if current_user.is_authenticated:
        g.profile_language = me().language.value
        g.pop("language", None)


def _admit_to_case(action: str) -> ResponseReturnValue | None:
    given = cast("dict[str, str]", request.view_args)["reference"]
    try:
        with site().reading() as db:
            header = case_header(db, given)
    except BadReference as error:
        return no_case(refusal(error, language()))
    # A case that one may not see is answered like one that does not exist: its subject learns nothing of a complaint.
    if header is None or not may(me().person, READ, facts_of(header)):
        if "triage" in request.args:  # a colleague who goes the same way was quicker
            flash(_("File %(reference)s no longer waits for you.", reference=shortened(given)), "info")
            return redirect(url_for("staff.triage", after=request.args["triage"]), 303)
        return no_case(_cannot_see(header, given))
    if not may(me().person, action, facts_of(header)):
        abort(403)
    if header.asked_for != header.reference:
        flash(_("File %(old)s was joined to this one.", old=header.asked_for), "info")
    if request.method == "GET" and given != header.reference:
        values = {**cast("dict[str, Any]", request.view_args), "reference": header.reference}
        return redirect(url_for(cast(str, request.endpoint), **values))
    g.case = header
    return None


def _admit_to_mail(action: str) -> None:
    """Let in whoever may do something with the mail of the address, which is read here once, as ``g.mail``."""
    with site().reading() as db:
        mail = one_mail(db, cast("dict[str, int]", request.view_args)["number"])
        if mail is None:
            abort(404)
        header = case_header(db, mail.presumed.reference) if mail.presumed else None
        facts = MailFacts(facts_of(header) if header else None, desks(db))
    if not may_with_mail(me().person, READ, facts):
        abort(404)
    g.mail, g.may_settle = mail, may_with_mail(me().person, SETTLE, facts)
    if action == SETTLE and not g.may_settle:
        abort(403)


def _cannot_see(header: Header | None, given: str) -> str:
    """Say that there is nothing to see; to guard duty, who has the urgent case that rang for them."""
    taken = header is not None and header.urgent_taken_at is not None
    if header is not None and taken and may(me().person, READ, replace(facts_of(header), ringing=True)):
        sentence = _("%(name)s has the urgent file %(reference)s: there is nothing left for you to do.",
                     name=header.handler.name, reference=header.reference)  # fmt: skip
    else:
        sentence = _(
            "You can see no file with the reference %(reference)s. Check it: the file may also be with a service "
            "whose files you do not see.",
            reference=shortened(given),
        )
    return str(sentence)


def no_case(sentence: str) -> ResponseReturnValue:
    """Say that there is no such case to see, with the box to try another reference."""
    return render_template("staff/no_case.html", sentence=sentence), 404


def _here(endpoint: str, url: str) -> str:
    """Return how an entry of the menu stands to the page: it is the page, or what the page belongs to."""
    if request.endpoint == endpoint or request.path == url:
        return "page"
    return "true" if request.path.startswith(f"{url}/") else ""


@staff.context_processor
def _frame() -> dict[str, Any]:
    """Give every staff page its menu."""
    if not current_user.is_authenticated:
        return {"menu": [], "account": None, "who": who}
    menu = [
        (Room.QUEUE, "staff.queue", _("Deadlines")),
        (Room.ENTER, "staff.enter", _("Enter a request")),
        (Room.REGISTER, "staff.register", _("Register")),
        (Room.LETTERS, "staff.letters_on_paper", _("Letters")),
        (Room.MAIL, "staff.mails", _("Held mail")),
        (Room.COMPLAINTS, "staff.complaints", _("Complaints")),
        (Room.SURVEY, "staff.survey_results", _("Survey")),
        (Room.FIGURES, "staff.dashboard", _("Figures")),
        (Room.TEXTS, "staff.texts", _("Texts")),
        (Room.DIRECTORY, "staff.directory", _("Directory")),
        (Room.RULES, "staff.rules_of_staff", _("Rules")),
        (Room.ROUTING, "staff.routing", _("Routing")),
        (Room.ADMIN, "staff.administration", _("This installation")),
        (Room.PEOPLE, "staff.people", _("Accounts")),
        (Room.ABSENCES, "staff.absences", _("Absences")),
        (Room.ADMIN, "staff.closing_days", _("Closing days")),
        (Room.ADMIN, "staff.house_history", _("History")),
    ]
    shown = [
        (url := url_for(endpoint), words, _here(endpoint, url))
        for room, endpoint, words in menu
        if (may_enter(me().person, room) if room is not Room.RULES else may_keep())
    ]
    may_find = may_enter(me().person, Room.SEARCH) and request.endpoint != "staff.search"  # it has its own
    return {
        "menu": shown,
        "account": me(),
        "may_find": may_find,
        "who": who,
        "whose": whose,
        "keys_sheet": keys_sheet,
    }
