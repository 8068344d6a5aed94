"""Owns what staff write: interim letters, transmissions, answers, questions and notes; and what leaving them does."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import READ
from tracker.casework.casefile import CaseFile, find, permit
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.casework.leaving import check_day, left
from tracker.casework.people import UnknownService
from tracker.casework.writing import (
    PUBLISHED,
    Written,
    address_for,
    facts_for,
    keep,
    signature_for,
)
from tracker.charter.counting import brussels_day
from tracker.charter.entries import Entry, NatureSet
from tracker.charter.ledger import check_interim
from tracker.charter.words import (
    SPOKEN,
    Act,
    Channel,
    ChannelReason,
    Direction,
    Language,
    MessageKind,
    Nature,
    RegisteredGround,
    Role,
    ServiceKind,
    Verb,
)
from tracker.correspondence.compose import compose
from tracker.correspondence.explanation import date_in_words
from tracker.correspondence.facts import Destination, Request
from tracker.correspondence.gate import check_sendable, is_email_address
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.messages import Attachment, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a member of staff decided about a message; everything else is known from the case.

    ``channel``: another way than the requester's own, with its reason. ``spoken_on``: for phone and counter, the
    day (Brussels) of the conversation. ``promised_on`` and ``reason`` belong to an interim letter; ``to`` (a code of
    the directory) to a transmission, with ``to_address`` (e-mail or postal) where the directory knows none.
    ``consent``: what shows that the requester agrees to the forwarding to a body that is no Belgian public service;
    without it, the requester is only told where to turn.
    """

    text: str = ""
    channel: Channel | None = None
    channel_reason: ChannelReason | None = None
    registered_ground: RegisteredGround | None = None
    spoken_on: date | None = None
    promised_on: date | None = None
    reason: str | None = None
    to: str | None = None
    to_address: str | None = None
    consent: str | None = None


class NotForwarded(Refused):
    """A complaint about us or a request for our documents is ours to answer."""

    code = "not_forwarded"

    def __init__(self, nature: Nature) -> None:
        super().__init__(
            f"A case of nature {nature} is answered, not transmitted: change its nature first if it is not ours.",
            nature=nature,
        )


VERBS = {
    MessageKind.ANSWER: Verb.ANSWER,
    MessageKind.INTERIM: Verb.SEND_INTERIM,
    MessageKind.QUESTION: Verb.WRITE,
    MessageKind.TRANSMISSION: Verb.TRANSMIT,
    MessageKind.CLOSING: Verb.WRITE,
}


def preview(
    session: Session, house: House, *, reference: str, kind: MessageKind, draft: Draft, actor: Actor, now: datetime
) -> list[Written]:
    """Return what would be sent, word for word; nothing is stored. Raises whatever sending it would raise."""
    case = find(session, reference)
    permit(session, case, READ, actor)
    permit(session, case, VERBS[kind], actor)
    return _write(CaseFile.hold(session, house, case, actor=actor, now=now, lock=False), kind, draft)


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


def note(
    session: Session, house: House, *, reference: str, text: str, actor: Actor, now: datetime, seen: int | None
) -> Message:
    """Add an internal note: it never leaves and discharges nothing."""
    if not text.strip():
        raise Missing("text")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WRITE, actor=actor, now=now, seen=seen)
    message = Message(
        case_id=file.case.id,
        number=file.next_message_number(),
        direction=Direction.OUT,
        kind=MessageKind.NOTE,
        channel=Channel.WEB,
        language=file.case.language,
        subject=file.case.subject,
        body=text,
        author_id=actor.staff_id,
        written_at=now,
    )
    session.add(message)
    file.done(Verb.WRITE, details={"message": message.number, "kind": MessageKind.NOTE})
    return message


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
    """Write, store and record; what is spoken or published leaves at once, the rest when it leaves."""
    verb = VERBS[kind]
    file = CaseFile.take(session, house, reference=reference, verb=verb, actor=actor, now=now, seen=seen)
    if kind is MessageKind.TRANSMISSION and draft.consent:
        file.case.consent_at, file.case.consent_evidence = now, draft.consent
    messages: list[Message] = []
    entries: list[Entry] = []
    if kind is MessageKind.TRANSMISSION and file.case.nature is not Nature.MISDIRECTED:
        entries.append(_misdirected(file))
    for written in _write(file, kind, draft):
        message = keep(file, written)
        messages.append(message)
        if message.channel in PUBLISHED + SPOKEN:
            spoken_on = draft.spoken_on if message.channel in SPOKEN else None
            message.left_on, message.left_at = spoken_on or brussels_day(now), now
            session.flush()
            if message.act is not None:
                entries.append(left(message, by_head=_by_head(actor)))
    details = {
        "messages": [message.number for message in messages],
        "kind": kind,
        "channel": messages[-1].channel,
        "to": draft.to,
        "promised_on": draft.promised_on.isoformat() if draft.promised_on else None,
        "reason": draft.reason,
    }
    file.done(verb, *entries, details={name: value for name, value in details.items() if value is not None})
    return messages


def _misdirected(file: CaseFile) -> NatureSet:
    """Confirm, by transmitting it, that a request is not for us. Raises ``NotForwarded`` for what always is."""
    case = file.case
    if case.nature in (Nature.COMPLAINT, Nature.DOCUMENT_ACCESS):
        raise NotForwarded(case.nature)
    case.nature, case.nature_confirmed_at = Nature.MISDIRECTED, file.now
    return NatureSet(at=file.now, nature=Nature.MISDIRECTED)


def _by_head(actor: Actor) -> bool:
    return actor.person is not None and actor.person.role is Role.HEAD


def _write(file: CaseFile, kind: MessageKind, draft: Draft) -> list[Written]:
    """Write the messages that an act takes, and make sure that they can leave as the charter wants (P7 to P9)."""
    if kind is MessageKind.TRANSMISSION:
        return _transmission(file, draft)
    if kind is MessageKind.INTERIM:
        return [_interim(file, draft)]
    if not draft.text.strip() and kind is not MessageKind.CLOSING:
        raise Missing("text")
    act = Act.ANSWER if kind is MessageKind.ANSWER else None
    return [_to_requester(file, kind, act, draft, body=draft.text.strip())]


def _interim(file: CaseFile, draft: Draft) -> Written:
    """Write an interim letter, if the charter allows one now, with this reason and this date."""
    reason = (draft.reason or "").strip()
    check_interim(
        file.ledger,
        draft.promised_on,
        reason,
        on=(draft.spoken_on if _channel_of(file, draft) in SPOKEN else None) or brussels_day(file.now),
        by_head=_by_head(file.actor),
        rules=file.house.rules,
    )
    return _to_requester(file, MessageKind.INTERIM, Act.INTERIM, draft, reason=reason, promised_on=draft.promised_on)


def _channel_of(file: CaseFile, draft: Draft) -> Channel:
    """Return the way that a message to the requester goes."""
    return draft.channel or file.case.reply_channel


def _to_requester(file: CaseFile, kind: MessageKind, act: Act | None, draft: Draft, **more: object) -> Written:
    """Write a message to the requester, the same way back unless a reason says otherwise (P7)."""
    case = file.case
    channel = _channel_of(file, draft)
    signature = signature_for(file)
    address = address_for(case, channel)
    reason = draft.channel_reason or (case.reply_channel_reason if channel is case.reply_channel else None)
    check_sendable(
        signature=signature,
        reference=case.reference,
        language=case.language,
        official_language=case.official_language,
        channel=channel,
        address=address,
        usual_channel=case.reply_channel,
        usual_address=address_for(case, case.reply_channel),
        channel_reason=reason,
        registered=draft.registered_ground is not None,
        registered_ground=draft.registered_ground,
    )
    if channel in SPOKEN:
        check_day(draft.spoken_on or brussels_day(file.now), brussels_day(case.received_at), file.now)
    facts = facts_for(file, signature, **more)
    composed = compose(kind, facts, case.language, official_language=case.official_language)
    promised_on, why = more.get("promised_on"), more.get("reason")
    return Written(
        kind,
        act,
        channel,
        address,
        signature,
        case.language,
        composed,
        promised_on=promised_on if isinstance(promised_on, date) and kind is MessageKind.INTERIM else None,
        reason=why if isinstance(why, str) and kind is MessageKind.INTERIM else None,
        inform_only=act is Act.INFORM and not more.get("forwarded"),
        channel_reason=reason,
        registered_ground=draft.registered_ground,
    )


def _transmission(file: CaseFile, draft: Draft) -> list[Written]:
    """Write both halves of a transmission: the file to the body, and the notice to the requester."""
    if not draft.to:
        raise Missing("to")
    body = file.session.get(Service, draft.to)
    if body is None or body.kind is ServiceKind.INTERNAL:
        raise UnknownService(draft.to)
    if file.case.nature in (Nature.COMPLAINT, Nature.DOCUMENT_ACCESS):
        raise NotForwarded(file.case.nature)
    consented_at = file.now if draft.consent else None  # to this body: another one needs a consent of its own
    forwarded = body.kind is ServiceKind.PUBLIC_SERVICE or consented_at is not None
    destination = _destination(body, file.case)
    reason = draft.text.strip() or None
    written = []
    if forwarded:
        written.append(_to_body(file, body, destination, reason, draft.to_address, consented_at))
    written.append(
        _to_requester(
            file,
            MessageKind.TRANSMISSION_NOTICE,
            Act.INFORM,
            draft,
            destination=destination,
            forwarded=forwarded,
            reason=reason,
        )
    )
    return written


def _destination(body: Service, case: Case) -> Destination:
    """Return how to reach a body, in the requester's language."""
    return Destination(
        name=str(body.names[case.language.value]),
        kind=body.kind,
        phone=body.phone,
        email=body.email,
        postal_address=body.postal_address,
        website=body.website,
    )


def _to_body(
    file: CaseFile,
    body: Service,
    destination: Destination,
    reason: str | None,
    given: str | None,
    consented_at: datetime | None,
) -> Written:
    """Write the file to the competent body, by e-mail where it has an address, else by post."""
    case, session = file.case, file.session
    email = body.email or (given if given and is_email_address(given) else None)
    channel = Channel.EMAIL if email else Channel.POST
    address = email or body.postal_address or given
    language = case.official_language or case.language
    signature = signature_for(file)
    check_sendable(
        signature=signature,
        reference=case.reference,
        language=language,
        official_language=None,
        channel=channel,
        address=address,
        usual_channel=channel,
        to_body=True,
    )
    text, names = _all_that_came_in(session, case, language)
    contact = (case.requester_email, case.requester_phone, case.requester_address)
    facts = facts_for(
        file,
        signature,
        destination=destination,
        reason=reason,
        request=Request(
            name=case.requester_name,
            contact=tuple(line for line in contact if line),
            language=case.language,
            channel=case.channel,
            text=text,
            attachments=names,
            consent_on=brussels_day(consented_at) if consented_at else None,
        ),
    )
    composed = compose(MessageKind.TRANSMISSION, facts, language)
    return Written(
        MessageKind.TRANSMISSION, Act.FORWARD, channel, address, signature, language, composed, service_code=body.code
    )


def _all_that_came_in(session: Session, case: Case, language: Language) -> tuple[str, tuple[str, ...]]:
    """Return the text of the request with all that was added to it since, and the names of the files."""
    came_in = (Message.case_id == case.id, Message.direction == Direction.IN)
    first, *added = session.scalars(select(Message).where(*came_in).order_by(Message.number)).all()
    texts = [f"{date_in_words(brussels_day(one.written_at), language)}\n\n{one.body}" for one in added]
    names = session.scalars(
        select(Attachment.name)
        .join(Message, Message.id == Attachment.message_id)
        .where(*came_in)
        .order_by(Attachment.id)
    )
    return "\n\n".join((first.body, *texts)), tuple(names)
