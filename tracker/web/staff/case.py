"""Owns the page of one case: what it is, what is promised, what may be done now, and all that was said and done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from flask import abort, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tracker.access.permissions import READ, may
from tracker.charter.counting import brussels_day
from tracker.charter.moves import MOVES
from tracker.charter.obligations import Obligation as Promise
from tracker.charter.steps import StepCode
from tracker.charter.words import (
    PAPER,
    CaseState,
    Language,
    MessageKind,
    Nature,
    ObligationKind,
    ObligationState,
    Verb,
)
from tracker.correspondence import gate
from tracker.correspondence.explanation import days_left_in_words, explain_rule, explain_steps, label, rung_in_words
from tracker.correspondence.tables import date_in_words
from tracker.insight.casefacts import Broken, Came, CasePage, Done, Header, Said, Told
from tracker.insight.casepage import case_page, stored_file
from tracker.insight.posts import post_for
from tracker.insight.queue import Position
from tracker.insight.to_and_fro import wandering
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import in_round, the_case
from tracker.web.staff.blueprint import facts_of, needs, staff
from tracker.web.staff.complaints import complaint_parts
from tracker.web.staff.mail import lost_in_words
from tracker.web.staff.proposing import why_here
from tracker.web.staff.queue import place_of, written
from tracker.web.staff.readying import ready
from tracker.web.staff.sending_again import SLUG, links
from tracker.web.staff.telling import SHOWN_AS_MESSAGE, place_in_words, told, who
from tracker.web.staff.undelivered import offers
from tracker.web.uploads import path_of


@dataclass(frozen=True, slots=True)
class Explained:
    """One promise in words."""

    promise: Promise
    open: bool
    late: bool
    mark: str
    tone: str
    left: str
    about: str
    """What was received or written that it belongs to."""
    why: str
    steps: list[str]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that this person may do to this case now."""

    slug: str
    words: Any
    main: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One step of the line, with the words for it; ``kind``: said, done, told, broken or came."""

    kind: str
    item: Any
    words: str
    who: str = ""


@staff.get("/cases/<reference>")
@needs(READ)
def case(reference: str) -> str:
    """Show one case."""
    today, header = brussels_day(now()), the_case()
    with site().database.reading() as db:
        page = case_page(db, header, me().viewer)
        interim = ready(db, header, page)
        post = post_for(db, header.country, day=today)
        complaint = complaint_parts(db, header.id) if header.nature is Nature.COMPLAINT else None
    promises = [_explained(promise, today) for promise in page.promises]
    went = wandering(one for one in page.line if isinstance(one, Done))
    return render_template(
        "staff/case.html",
        case=header,
        page=page,
        today=today,
        away=header.handler_away(today),
        owed=[one for one in promises if one.open],
        complaint=complaint,
        interim=interim,
        came_back=offers(header, page),
        send_again=links(header, page),
        lacking=_lacking(page),
        settled=[one for one in promises if not one.open],
        groups=actions(header, page, complaint),
        line=[item for item in (_item(one, page) for one in page.line) if item is not None],
        relations=_relations(),
        why=why_here(header, asked=went.waiting),
        **_round(header),
        country=_country(header.country),
        post=post,
        went=went,
        place=place_in_words,
    )


def _round(header: Header) -> dict[str, Any]:
    """Return where a case stands on the way through triage, and where the way goes on from when it is left.

    ``here`` is empty for an urgent one, which is shown before all others: the way begins anew after it.
    """
    here = in_round().get("triage", written(place_of(header)))
    in_turn = bool(in_round()) and header.state is CaseState.TRIAGE
    return {
        "here": here,
        "next_from": here or written(Position(date.min, 0)),
        "in_turn": in_turn,
        "round": f"?{urlencode(in_round())}" if in_turn else "",
    }


@staff.get("/cases/<reference>/files/<int:number>")
@needs(READ)
def attachment(reference: str, number: int) -> ResponseReturnValue:
    """Give a file of the case to be saved; a browser never shows it as a page of ours."""
    with site().database.reading() as db:
        found = stored_file(db, the_case().id, number)
    if found is None:
        abort(404)
    path = path_of(site().settings.attachments_dir, found.stored_as)
    if not path.is_file():
        abort(404)
    return send_file(path, mimetype=found.media_type, as_attachment=True, download_name=found.name, max_age=0)


def _lacking(page: CasePage) -> dict[int, list[str]]:
    """Return, by message, what the gate found missing as it was to leave, and where it is mended."""
    found = {
        m.number: [gate.Missing(gate.Item(one)) for one in m.lacks if one in list(gate.Item)] for m in page.stuck
    }
    return {n: [f"{one.what(language())} {one.where(language())}" for one in items] for n, items in found.items()}


def _explained(promise: Promise, today: date) -> Explained:
    lang = Language(language())
    is_open = promise.state is ObligationState.OPEN
    late = is_open and promise.due_on < today
    mark = "late" if late else "soon" if promise.work_by <= today else "still"
    tone = {"late": "red", "soon": "orange"}.get(mark, "")
    if not is_open:
        kept = promise.state is ObligationState.DISCHARGED and not promise.settled_late
        mark, tone = ("done", "green") if kept else ("late", "red") if promise.settled_late else ("still", "grey")
    return Explained(
        promise=promise,
        open=is_open,
        late=late or promise.settled_late,
        mark=mark,
        tone=tone,
        left=days_left_in_words(promise.due_on, today, lang) if is_open else "",
        about=_about(promise) if is_open else "",
        why=explain_rule(promise.rule_id, days=promise.days, due_on=promise.due_on, language=lang),
        steps=explain_steps(promise.steps, lang),
    )


def _about(promise: Promise) -> str:
    """Say what a promise answers: two of one kind may be due on the same day."""
    lang, first = Language(language()), promise.steps[0]
    day = date_in_words(promise.counted_from, lang)
    match first.code:
        case StepCode.FOLLOW_UP_RECEIVED:
            return str(_("For what was added on %(day)s", day=day))
        case StepCode.CAME_BACK:
            return str(_("Since it came back on %(day)s", day=day))
        case StepCode.PROMISED:
            left = date.fromisoformat(str(first.values["left_on"]))
            return str(_("As the interim letter of %(day)s promised", day=date_in_words(left, lang)))
        case _:
            return str(_("For the request of %(day)s", day=day))


def actions(
    header: Header, page: CasePage, complaint: Mapping[str, Any] | None = None
) -> list[tuple[str, list[Action]]]:
    """Return what may be done: by the table of permissions, by the state of the case, and where it makes sense."""
    person, facts = me().person, facts_of(header)
    groups = []
    for title, offered in _offered(header, page, complaint):
        allowed = [
            action for verb, action, sensible in offered
            if sensible and (header.state, verb) in MOVES and may(person, verb, facts)
        ]  # fmt: skip
        if allowed:
            groups.append((title, allowed))
    return groups


Offer = tuple[Verb, Action, bool]


def _offered(header: Header, page: CasePage, complaint: Mapping[str, Any] | None) -> list[tuple[str, list[Offer]]]:
    owed = {promise.kind for promise in page.promises if promise.state is ObligationState.OPEN}
    waived = any(promise.state is ObligationState.WAIVED for promise in page.promises)
    mine, rings = header.handler_id in me().viewer.own, header.rings
    return [
        (_("Write"), _writing(header, page, owed)),
        (_("What it is"), _deciding(header, page, owed)),
        *([(_("The complaint"), _on_complaint(complaint))] if complaint else []),
        (_("Who has it"), [
            (Verb.TAKE, Action("take", _l("Take it"), main=rings), rings or header.handler_id != me().id),
            (Verb.HAND_OVER, Action("hand-over", _l("Hand over")), mine),
            (Verb.ASSIGN, Action("assign", _l("Choose the handler")), not mine),
            (Verb.ROUTE, Action("route", _l("Give to a service"), main=header.state is CaseState.TRIAGE), True),
            (Verb.FLAG, Action("flag", _l("Urgent or sensitive")), True),
        ]),
        (_("How it ends"), [
            (Verb.CLOSE, Action("closing", _l("Close with a message"), main=not owed), not owed),
            (Verb.CLOSE, Action("close", _l("Close")), not owed),
            (Verb.REOPEN, Action("reopen", _l("Open again")), True),
            (Verb.WRITE, Action("survey", _l("Enter a reply to the survey")), _may_be_asked(header)),
            (Verb.WAIVE, Action("waive", _l("A promise need not be kept")), bool(owed)),
            (Verb.WAIVE, Action("void-waiver", _l("Take a waiver back")), waived),
            (Verb.MERGE, Action("merge", _l("Join to another file")), True),
        ]),
    ]  # fmt: skip


def _writing(header: Header, page: CasePage, owed: set[ObligationKind]) -> list[Offer]:
    put_off = header.nature in (Nature.COMPLEX, Nature.COMPLAINT) and bool(owed - {ObligationKind.TRANSMISSION})
    by_hand = any(m.channel in PAPER for m in page.stuck)
    astray = any(m.outgoing and m.left_on is not None and m.voided_at is None for m in page.messages)
    misdirected = header.nature is Nature.MISDIRECTED
    return [
        (Verb.ANSWER, Action("answer", _l("Answer"), main=bool(owed) and not misdirected), True),
        (Verb.SEND_INTERIM, Action("interim", _l("Interim letter"), main=True), put_off),
        (Verb.TRANSMIT, Action("transmit", _l("Transmit"), main=misdirected and bool(owed)), True),
        (Verb.WRITE, Action("ask", _l("Ask a question")), header.state is not CaseState.CLOSED),
        (Verb.WRITE, Action("note", _l("Internal note")), True),
        (Verb.WRITE, Action(SLUG, _l("Send a message again")), bool(page.lost)),
        (Verb.RECORD_LEAVING, Action("left", _l("Record a posting or a fax"), main=by_hand), by_hand),
        (Verb.VOID_LEAVING, Action("returned", _l("A message never arrived")), astray),
        (Verb.FOLLOW_UP, Action("follow-up", _l("Add what the requester sent")), True),
    ]


def _on_complaint(complaint: Mapping[str, Any]) -> list[Offer]:
    found, known = complaint["found"], complaint["actions"]
    judged = found is not None and found.decided
    waiting, done = [one for one in known if one.done_on is None], [one for one in known if one.done_on is not None]
    say = _l("Change the finding") if judged else _l("Record what was found")
    return [
        (Verb.WRITE, Action("finding", say, main=not judged), True),
        (Verb.WRITE, Action("corrective-action", _l("Add a corrective action")), True),
        (Verb.WRITE, Action("change-action", _l("Change a corrective action")), bool(waiting)),
        (Verb.WRITE, Action("action-done", _l("A corrective action is done")), bool(waiting)),
        (Verb.WRITE, Action("effect", _l("The effect of a corrective action")), bool(done)),
    ]


def _may_be_asked(header: Header) -> bool:
    """Say whether a requester of this kind is asked what they thought, once the case is closed."""
    return header.state is CaseState.CLOSED and header.nature is not Nature.COMPLAINT and not header.sensitive


def _deciding(header: Header, page: CasePage, owed: set[ObligationKind]) -> list[Offer]:
    forwarded = any(m.kind is MessageKind.TRANSMISSION and m.left_on is not None for m in page.messages)
    nature = _l("Change the nature") if header.nature_confirmed else _l("Confirm the nature")
    return [
        (Verb.CONFIRM_NATURE, Action("nature", nature, main=not header.nature_confirmed), True),
        (
            Verb.KEEP_SHORT,
            Action("keep-short", _l("Answer within the ordinary period")),
            ObligationKind.INTERIM in owed,
        ),
        (
            Verb.EXTEND,
            Action("extend", _l("Extend the period")),
            header.nature is Nature.DOCUMENT_ACCESS and ObligationKind.REPLY in owed,
        ),
        (Verb.COME_BACK, Action("come-back", _l("It came back")), forwarded),
        (Verb.CORRECT_RECEIPT, Action("receipt", _l("Correct the receipt")), True),
        (Verb.CORRECT_CONTACT, Action("contact", _l("Correct the contact details")), True),
    ]


def _item(item: Said | Done | Told | Broken | Came, page: CasePage) -> Item | None:
    lang = Language(language())
    if isinstance(item, Done):
        if _stands_as_message(item, page.messages):
            return None
        return Item("done", item, told(item, page.names), who(item))
    if isinstance(item, Told):
        return Item("told", item, rung_in_words(item.rung, lang))
    if isinstance(item, Broken):
        return Item("broken", item, _("A promise was not kept in time."))
    if isinstance(item, Came):
        return Item("came", item, label(item.reason, lang), item.sender or "")
    return Item("said", item, lost_in_words(item.lost), item.author or "")


def _stands_as_message(entry: Done, messages: Sequence[Said]) -> bool:
    if entry.verb not in SHOWN_AS_MESSAGE or {"again", "complaint"} & entry.details.keys():
        return False
    return any(message.at == entry.at or message.number == entry.details.get("message") for message in messages)


def _relations() -> dict[str, str]:
    return {
        "about": _("This complaint is about"),
        "concerned_by": _("A complaint about this file"),
        "continues": _("Continues"),
        "continued_by": _("Continued by"),
        "merged": _("Joined to this file"),
    }


def _country(code: str | None) -> str:
    return str(Locale.parse(language()).territories.get(code, code)) if code else ""
