"""Owns what staff write: interim letters, transmissions, answers, questions and notes; and what leaving them does."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.access.permissions import READ
from tracker.casework import surveys
from tracker.casework.casefile import CaseFile, find, permit
from tracker.casework.complaints import check_found
from tracker.casework.daybook import went_out
from tracker.casework.drafting import VERBS, Draft, channel_of, to_requester
from tracker.casework.errors import Missing
from tracker.casework.house import Actor, House
from tracker.casework.kept_drafts import drop_sent
from tracker.casework.leaving import left
from tracker.casework.paper import Cabinet, as_printed, check_printable
from tracker.casework.tasks import withdraw_open
from tracker.casework.teaching import teach
from tracker.casework.to_and_fro import check_free
from tracker.casework.transmission import misdirected, transmission
from tracker.casework.writing import (
    PUBLISHED,
    Written,
    keep,
)
from tracker.charter.counting import brussels_day
from tracker.charter.entries import Entry
from tracker.charter.errors import CharterError
from tracker.charter.ledger import check_interim
from tracker.charter.words import (
    PAPER,
    SPOKEN,
    Act,
    MessageKind,
    Nature,
    Role,
)
from tracker.models.messages import Message

TO_COME = "…"
"""Stands for words that are not written yet."""


def preview(
    session: Session, house: House, *, reference: str, kind: MessageKind, draft: Draft, actor: Actor, now: datetime
) -> list[Written]:
    """Return what would be sent, word for word; nothing is stored. Raises whatever sending it would raise."""
    return _write(_looked_at(session, house, reference, kind, actor, now), kind, draft)


def preview_on_paper(
    session: Session, house: House, cabinet: Cabinet, *, reference: str, kind: MessageKind, draft: Draft, place: int,
    actor: Actor, now: datetime,
) -> bytes | None:  # fmt: skip
    """Return the PDF of the message at that place of the preview, as it would be printed; none: it is no letter."""
    file = _looked_at(session, house, reference, kind, actor, now)
    written = dict(enumerate(_write(file, kind, draft))).get(place)
    return as_printed(file, cabinet, written) if written is not None and written.channel in PAPER else None


def refused_so_far(
    session: Session, house: House, *, reference: str, kind: MessageKind, draft: Draft, actor: Actor, now: datetime
) -> CharterError | None:
    """Return why a message could not leave even once all that its writer still has to write is there; none: it could.

    Nothing is stored. Raises ``NotPermitted`` for who may not send it.
    """
    file = _looked_at(session, house, reference, kind, actor, now)
    try:
        if kind is MessageKind.TRANSMISSION and not draft.to:
            to_requester(file, MessageKind.QUESTION, None, draft, body=TO_COME)
        elif kind is MessageKind.INTERIM and not ((draft.reason or "").strip() and draft.promised_on):
            reason = (draft.reason or "").strip() or TO_COME
            to_requester(file, kind, Act.INTERIM, draft, reason=reason, promised_on=draft.promised_on or date.max)
        else:
            _written(file, kind, replace(draft, text=(draft.text or "").strip() or TO_COME))
    except CharterError as error:
        return error
    return None


def _looked_at(
    session: Session, house: House, reference: str, kind: MessageKind, actor: Actor, now: datetime
) -> CaseFile:
    """Take a case in hand to see what could be sent on it."""
    case = find(session, reference)
    permit(session, case, READ, actor)
    permit(session, case, VERBS[kind], actor)
    return CaseFile.hold(session, house, case, actor=actor, now=now, lock=False)


def answer(
    session: Session, house: House, *, reference: str, draft: Draft, actor: Actor, now: datetime, seen: int | None
) -> Message:
    """Answer the requester. The promise is kept when the answer leaves, not before."""
    return _send(session, house, MessageKind.ANSWER, reference, draft, actor, now, seen)[0]


def send_interim(
    session: Session, house: House, *, reference: str, draft: Draft, actor: Actor, now: datetime, seen: int | None
) -> Message:
    """Tell the requester why more time is needed and the new date: a new promise, once the letter has left (P4)."""
    return _send(session, house, MessageKind.INTERIM, reference, draft, actor, now, seen)[0]


def ask(
    session: Session, house: House, *, reference: str, draft: Draft, actor: Actor, now: datetime, seen: int | None
) -> Message:
    """Ask the requester something. Waiting for the answer does not stop the clock."""
    return _send(session, house, MessageKind.QUESTION, reference, draft, actor, now, seen)[0]


def transmit(
    session: Session, house: House, *, reference: str, draft: Draft, actor: Actor, now: datetime, seen: int | None
) -> list[Message]:
    """Forward a misdirected case to the competent body and inform the requester, both in one commit (P5).

    To a body that is no Belgian public service a case is forwarded only with the requester's consent; without it,
    informing the requester where to turn is the discharge. Raises ``UnknownService`` or ``Missing``.
    """
    return _send(session, house, MessageKind.TRANSMISSION, reference, draft, actor, now, seen)


def close(
    session: Session, house: House, *, reference: str, draft: Draft, actor: Actor, now: datetime, seen: int | None
) -> Message:
    """Close a case and tell the requester so, with where to say what they thought of it, both in one commit.

    Raises the charter's refusal while a promise is open, and ``NotFoundYet`` for a complaint without its finding.
    """
    return _send(session, house, MessageKind.CLOSING, reference, draft, actor, now, seen)[0]


def _send(
    session: Session,
    house: House,
    kind: MessageKind,
    reference: str,
    draft: Draft,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> list[Message]:
    """Take the case in hand, and send."""
    verb = VERBS[kind]
    file = CaseFile.take(session, house, reference=reference, verb=verb, actor=actor, now=now, seen=seen)
    return send(file, kind, draft)


def send(file: CaseFile, kind: MessageKind, draft: Draft) -> list[Message]:
    """Write, store and record, on a case in hand: what is spoken or published leaves at once, the rest later.

    A conversation gets its line in the daily book.
    """
    session, actor, now = file.session, file.actor, file.now
    if kind is MessageKind.TRANSMISSION:
        check_free(file)
    if kind is MessageKind.TRANSMISSION and draft.consent:
        file.case.consent_at, file.case.consent_evidence = now, draft.consent
    messages: list[Message] = []
    entries: list[Entry] = []
    if kind is MessageKind.TRANSMISSION and file.case.nature is not Nature.MISDIRECTED:
        entries.append(misdirected(file))
    for written in _write(file, kind, draft):
        message = keep(file, written)
        messages.append(message)
        if message.channel in PUBLISHED + SPOKEN:
            spoken_on = draft.spoken_on if message.channel in SPOKEN else None
            message.left_on, message.left_at = spoken_on or brussels_day(now), now
            session.flush()
            went_out(session, file.case, message, actor=actor, now=now)
            if message.act is not None:
                entries.append(left(message, by_head=_by_head(actor)))
    if kind is MessageKind.TRANSMISSION and draft.to:
        teach(session, file.case, draft.to, actor=actor, now=now)
    asked = surveys.ask(file, messages[-1]) if kind is MessageKind.CLOSING else None
    details = {
        "messages": [message.number for message in messages],
        "kind": kind,
        "channel": messages[-1].channel,
        "to": draft.to,
        "promised_on": draft.promised_on.isoformat() if draft.promised_on else None,
        "reason": messages[-1].reason,
        "survey": asked.number if asked else None,
    }
    sent = {"text": draft.text, "reason": draft.reason or ""}
    drop_sent(session, file.case, kind, actor, over=draft.kept, sent=sent)
    told = withdraw_open(file) if kind is MessageKind.CLOSING else {}
    said = {name: value for name, value in details.items() if value is not None}
    file.done(VERBS[kind], *entries, details=said | dict(told))
    return messages


def _by_head(actor: Actor) -> bool:
    return actor.person is not None and actor.person.role is Role.HEAD


def _write(file: CaseFile, kind: MessageKind, draft: Draft) -> list[Written]:
    """Write the messages that an act takes, and make sure that they can leave as the charter wants (P7 to P9).

    What goes on paper is set once, so that its writer, and not whoever prints it, learns what cannot be printed.
    """
    messages = _written(file, kind, draft)
    for written in messages:
        if written.channel in PAPER:
            check_printable(file, written)
    return messages


def _written(file: CaseFile, kind: MessageKind, draft: Draft) -> list[Written]:
    if kind is MessageKind.TRANSMISSION:
        return transmission(file, draft)
    if kind is MessageKind.INTERIM:
        return [_interim(file, draft)]
    if not draft.text.strip() and kind is not MessageKind.CLOSING:
        raise Missing("text")
    act = Act.ANSWER if kind is MessageKind.ANSWER else None
    more: dict[str, object] = {"body": draft.text.strip()}
    if kind is MessageKind.CLOSING:
        file.ledger.check_closable()
        check_found(file.session, file.case)
        more |= surveys.told(file, channel_of(file, draft))
    return [to_requester(file, kind, act, draft, **more)]


def _interim(file: CaseFile, draft: Draft) -> Written:
    """Write an interim letter, if the charter allows one now, with this reason and this date."""
    reason = (draft.reason or "").strip()
    check_interim(
        file.ledger,
        draft.promised_on,
        reason,
        on=(draft.spoken_on if channel_of(file, draft) in SPOKEN else None) or brussels_day(file.now),
        by_head=_by_head(file.actor),
        rules=file.house.rules,
    )
    return to_requester(file, MessageKind.INTERIM, Act.INTERIM, draft, reason=reason, promised_on=draft.promised_on)
