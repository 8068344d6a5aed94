"""Owns what a member of staff decides about a message, and the message to the requester that it makes."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from tracker.casework.casefile import CaseFile
from tracker.casework.leaving import check_day
from tracker.casework.writing import Written, address_for, facts_for, signature_for
from tracker.charter.counting import brussels_day
from tracker.charter.words import SPOKEN, Act, Channel, ChannelReason, MessageKind, RegisteredGround, Verb
from tracker.correspondence.compose import compose, filled
from tracker.correspondence.gate import check_sendable
from tracker.models.messages import Message

VERBS = {
    MessageKind.ANSWER: Verb.ANSWER,
    MessageKind.INTERIM: Verb.SEND_INTERIM,
    MessageKind.QUESTION: Verb.WRITE,
    MessageKind.TRANSMISSION: Verb.TRANSMIT,
    MessageKind.CLOSING: Verb.CLOSE,
    MessageKind.NOTE: Verb.WRITE,
}
"""What writing each kind of message is, for the table of permissions and the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a member of staff decided about a message; everything else is known from the case.

    ``channel``: another way than the requester's own, with its reason. ``spoken_on``: for phone and counter, the
    day (Brussels) of the conversation. ``promised_on`` and ``reason`` belong to an interim letter; ``to`` (a code of
    the directory) to a transmission, with ``to_address`` (e-mail or postal) where the directory knows none.
    ``consent``: what shows that the requester agrees to the forwarding to a body that is no Belgian public service;
    without it, the requester is only told where to turn. ``kept``: the ``stamp`` of the kept draft that stood in the
    page it was written on, empty for none.
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
    kept: str | None = None


def channel_of(file: CaseFile, draft: Draft) -> Channel:
    """Return the way that a message to the requester goes."""
    return draft.channel or file.case.reply_channel


def known_address(file: CaseFile) -> str | None:
    """Return the requester's address by the usual way; none when what went there came back and nothing arrived since.

    An address that is dead is no address: the same words may go another way for that reason (P7).
    """
    channel, later = file.case.reply_channel, aliased(Message)
    address = address_for(file.case, channel)
    arrived = select(later.id).where(
        later.case_id == Message.case_id,
        later.number > Message.number,
        later.address == Message.address,
        later.left_on.is_not(None),
        later.voided_at.is_(None),
    )
    came_back = select(Message.id).where(
        Message.case_id == file.case.id,
        Message.channel == channel,
        func.lower(Message.address) == (address or "").lower(),
        Message.voided_at.is_not(None),
        ~arrived.exists(),
    )
    return None if file.session.scalars(came_back.limit(1)).first() is not None else address


def to_requester(file: CaseFile, kind: MessageKind, act: Act | None, draft: Draft, **more: object) -> Written:
    """Write a message to the requester, the same way back unless a reason says otherwise (P7)."""
    case = file.case
    channel = channel_of(file, draft)
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
        usual_address=known_address(file),
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
        reason=filled(why, facts, case.language) if isinstance(why, str) and kind is MessageKind.INTERIM else None,
        inform_only=act is Act.INFORM and not more.get("forwarded"),
        channel_reason=reason,
        registered_ground=draft.registered_ground,
    )
