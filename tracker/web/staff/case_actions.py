"""Owns what is offered to whoever looks at a case: what they may do to it now, where it makes sense."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tracker.access.permissions import ERASE, may
from tracker.charter.moves import MOVES
from tracker.charter.words import PAPER, CaseState, MessageKind, Nature, ObligationKind, ObligationState, Verb
from tracker.insight.casefacts import CasePage, Done, Header
from tracker.web.staff.accounts import me
from tracker.web.staff.blueprint import facts_of
from tracker.web.staff.proposing import decides
from tracker.web.staff.sending_again import SLUG


@dataclass(frozen=True, slots=True)
class Action:
    """Something that this person may do to this case now."""

    slug: str
    words: Any
    main: bool = False


def actions(
    header: Header, page: CasePage, complaint: Mapping[str, Any] | None = None, *, asked: bool = False
) -> list[tuple[str, list[Action]]]:
    """Return what may be done: by the table of permissions, by the state of the case, and where it makes sense."""
    if header.erased is not None:
        return []
    person, facts = me().person, facts_of(header)
    groups = []
    stays = asked and not decides(header)  # it went to and fro: nobody but who was asked is offered to move it
    for title, offered in _offered(header, page, complaint):
        allowed = [
            action for verb, action, sensible in offered
            if sensible and (header.state, verb) in MOVES and may(person, verb, facts)
            and not (stays and action.slug in _MOVES_IT)
        ]  # fmt: skip
        if allowed:
            groups.append((title, allowed))
    return groups


def told_apart(
    groups: list[tuple[str, list[Action]]], *, ahead: bool = False
) -> tuple[list[Action], list[tuple[str, list[Action]]]]:
    """Return what comes first of what may be done, to be offered beside what is promised, and all else by group.

    ``ahead``: the interim letter stands ready on the page itself, and needs no button beside it.
    """
    groups = [(title, [replace(one, main=False) if ahead and one.slug == "interim" else one for one in offered])
              for title, offered in groups]  # fmt: skip
    first = [action for _title, offered in groups for action in offered if action.main]
    first.sort(key=lambda action: _FIRST.index(action.slug) if action.slug in _FIRST else len(_FIRST))
    rest = [(title, [action for action in offered if not action.main]) for title, offered in groups]
    return first, [(title, offered) for title, offered in rest if offered]


_MOVES_IT = frozenset({"take", "hand-over", "assign", "route", "transmit"})
"""What only who decides may do to a case that went to and fro (``to_and_fro.check_free``)."""
_FIRST = ("take", "left")
"""What goes before an answer: somebody takes what is urgent, and what is written leaves."""

Offer = tuple[Verb, Action, bool]


def _offered(header: Header, page: CasePage, complaint: Mapping[str, Any] | None) -> list[tuple[str, list[Offer]]]:
    owed = {promise.kind for promise in page.promises if promise.state is ObligationState.OPEN}
    waived = any(promise.state is ObligationState.WAIVED for promise in page.promises)
    mine, rings = header.handler_id in me().viewer.own, header.rings
    return [
        (_("Write"), _writing(header, page, owed)),
        (_("What it is"), _deciding(header, page, owed)),
        *([(_("The complaint"), _on_complaint(complaint))] if complaint else []),
        (_("Who works on it"), [
            (Verb.TAKE, Action("take", _l("Take it"), main=rings), rings or header.handler_id != me().id),
            (Verb.HAND_OVER, Action("hand-over", _l("Hand over")), mine),
            (Verb.ASSIGN, Action("assign", _l("Choose the handler")), not mine),
            (Verb.ROUTE, Action("route", _l("Give to a service"), main=header.state is CaseState.TRIAGE), True),
            (Verb.HAND_OVER, Action("ask-colleague", _l("Ask a colleague for something")), True),
            (Verb.HAND_OVER, Action("ask-service", _l("Ask a service to contribute")), bool(header.associated)),
            (Verb.FLAG, Action("flag", _l("Urgent or sensitive")), True),
        ]),
        (_("How it ends"), [
            (Verb.CLOSE, Action("closing", _l("Close with a message"), main=not owed), not owed),
            (Verb.CLOSE, Action("close", _l("Close")), not owed),
            (Verb.REOPEN, Action("reopen", _l("Open again")), True),
            (Verb.WRITE, Action("survey", _l("Enter a reply to the survey")), _may_be_asked(header)),
            (Verb.WAIVE, Action("waive", _l("Waive a promise")), bool(owed)),
            (Verb.WAIVE, Action("void-waiver", _l("Take a waiver back")), waived),
            (Verb.MERGE, Action("merge", _l("Join to another file")), True),
            (Verb.WRITE, Action("erase", _l("Erase the personal data")), _may_be_erased(header)),
        ]),
    ]  # fmt: skip


def _writing(header: Header, page: CasePage, owed: set[ObligationKind]) -> list[Offer]:
    put_off = header.nature in (Nature.COMPLEX, Nature.COMPLAINT) and bool(owed - {ObligationKind.TRANSMISSION})
    by_hand = any(m.channel in PAPER for m in page.stuck)
    astray = any(m.outgoing and m.left_on is not None and m.voided_at is None for m in page.messages)
    misdirected = header.nature is Nature.MISDIRECTED
    written = any(m.discharges and not m.failed for m in page.stuck)  # what keeps the promise waits to leave
    return [
        (Verb.ANSWER, Action("answer", _l("Answer"), main=bool(owed) and not misdirected and not written), True),
        (Verb.SEND_INTERIM, Action("interim", _l("Interim letter"), main=not written), put_off),
        (Verb.TRANSMIT, Action("transmit", _l("Transmit"), main=misdirected and bool(owed) and not written), True),
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


def _may_be_erased(header: Header) -> bool:
    """Say whether whoever looks may decide that the personal data go."""
    return header.state is CaseState.CLOSED and may(me().person, ERASE, facts_of(header))


def _may_be_asked(header: Header) -> bool:
    """Say whether a requester of this kind is asked what they thought, once the case is closed."""
    return header.state is CaseState.CLOSED and header.nature is not Nature.COMPLAINT and not header.sensitive


def _deciding(header: Header, page: CasePage, owed: set[ObligationKind]) -> list[Offer]:
    forwarded = any(m.kind is MessageKind.TRANSMISSION and m.left_on is not None for m in page.messages)
    extended = any(isinstance(one, Done) and one.verb is Verb.EXTEND for one in page.line)
    nature = _l("Change the nature") if header.nature_confirmed else _l("Confirm the nature")
    asks = not header.nature_confirmed and header.state is not CaseState.CLOSED
    return [
        (Verb.CONFIRM_NATURE, Action("nature", nature, main=asks), True),
        (
            Verb.KEEP_SHORT,
            Action("keep-short", _l("Answer within the ordinary period")),
            ObligationKind.INTERIM in owed,
        ),
        (
            Verb.EXTEND,
            Action("extend", _l("Extend the period")),
            header.nature is Nature.DOCUMENT_ACCESS and ObligationKind.REPLY in owed and not extended,
        ),
        (Verb.TRANSMIT, Action("split", _l("Split off a part")), True),
        (Verb.COME_BACK, Action("come-back", _l("It came back")), forwarded),
        (Verb.CORRECT_RECEIPT, Action("receipt", _l("Correct the receipt")), True),
        (Verb.CORRECT_CONTACT, Action("contact", _l("Correct the contact details")), True),
        (Verb.WRITE, Action("link", _l("Link to another file")), True),
    ]
