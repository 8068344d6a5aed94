"""Owns the sending again of a message that nobody wrote by hand and that never arrived: the same way or another."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.drafting import known_address
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.casework.leaving import renew_codes
from tracker.casework.paper import check_printable
from tracker.casework.writing import Written, address_for, by_itself, keep, message_of, signature_for
from tracker.charter.words import PAPER, Channel, ChannelReason, MessageKind, Verb
from tracker.correspondence.compose import Composed
from tracker.correspondence.facts import Signature
from tracker.correspondence.gate import check_record
from tracker.insight.casepage import lost_messages
from tracker.models.messages import Message

WRITTEN_ANEW = frozenset(
    {
        MessageKind.ACKNOWLEDGEMENT,
        MessageKind.COMPLAINT_ACKNOWLEDGEMENT,
        MessageKind.EMERGENCY,
        MessageKind.TRACKING_CODE,
    }
)
"""What Suivi writes by itself: said again as things stand now. The others go once more word for word."""


class NotLost(Refused):
    """This message arrived as far as is known, is on its way, or somebody writes it by hand."""

    code = "not_lost"

    def __init__(self, number: int) -> None:
        super().__init__(f"Message {number} is not one to be sent again: look at the case again.", number=number)


def send_again(
    session: Session,
    house: House,
    *,
    reference: str,
    message_number: int,
    channel: Channel,
    address: str | None,
    channel_reason: ChannelReason | None,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Message:
    """Send a message that never arrived once more; the reason stays in the history.

    To the requester it goes to what is on file for the channel; ``address`` is for another body. A way that is not
    the usual one needs its reason (user charter §2); that the usual address is dead is seen here. What the message
    does for the promises it does when it leaves. Raises ``NotLost``, ``Missing``, or ``SendRefused``.
    """
    if not reason.strip():
        raise Missing("reason")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WRITE, actor=actor, now=now, seen=seen)
    lost = message_of(session, file.case.id, message_number)
    if lost is None or message_number not in {one.number for one in lost_messages(session, file.case.id)}:
        raise NotLost(message_number)
    written = _once_more(file, lost, channel, (address or "").strip() or None, channel_reason)
    if channel in PAPER:
        check_printable(file, written)
    message = keep(file, written)
    renew_codes(house, file.case, message)
    file.done(
        Verb.WRITE,
        details={
            "messages": [message.number],
            "again": message_number,
            "kind": message.kind,
            "channel": channel,
            "reason": reason.strip(),
        },
    )
    return message


def _once_more(
    file: CaseFile, lost: Message, channel: Channel, address: str | None, reason: ChannelReason | None
) -> Written:
    """Return the message as it goes this time, once the gate has let it pass."""
    case, to_body = file.case, lost.service_code is not None
    if lost.kind in WRITTEN_ANEW:
        written = by_itself(file, lost.kind, signature_for(file), channel)
    else:
        written = _word_for_word(lost, channel)
    usual = case.reply_channel if case.sensitive or channel is not lost.channel else channel
    usual_address = known_address(file)
    if channel is not usual and reason is None and usual_address is None:
        reason = ChannelReason.NO_ADDRESS
    written = replace(
        written,
        address=address if to_body else address_for(case, channel),
        channel_reason=None if to_body or channel is usual else reason,
    )
    check_record(
        written.signature.as_record(case.reference),
        language=written.language,
        official_language=None if to_body else case.official_language,
        channel=channel,
        address=written.address,
        usual_channel=channel if to_body else usual,
        channel_reason=written.channel_reason,
        usual_address=usual_address,
        to_body=to_body,
    )
    return written


def _word_for_word(lost: Message, channel: Channel) -> Written:
    signed: Mapping[str, Any] = lost.signature or {}
    return Written(
        kind=lost.kind,
        act=lost.act,
        channel=channel,
        address=None,
        signature=Signature(
            name=signed["name"],
            title=signed["title"],
            phone=signed["phone"],
            email=signed["email"],
            service_name=signed["service"],
            postal_address=signed["postal_address"],
        ),
        language=lost.language,
        composed=Composed(lost.subject, lost.body, lost.html or "", lost.template or "", lost.template_version or 0),
        service_code=lost.service_code,
        inform_only=lost.inform_only,
    )
