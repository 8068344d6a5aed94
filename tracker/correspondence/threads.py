"""Owns how a mail of ours stands in its conversation: the headers that name what went before it."""

import re
from collections.abc import Callable
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.policy import SMTP, Policy

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from tracker.charter.words import Channel, Direction, MessageKind
from tracker.models.mail import Mail
from tracker.models.messages import Message

_LONGEST_THREAD = 30
_ID = re.compile(r"<?((?!.*=\?)[!-;=?A-~]+@[!-;=?A-~]+)>?")  # "=?" would begin an encoded word


class _Ids(UnstructuredHeader, BaseHeader):
    """A header of Message-IDs: one a line, never cut or encoded, however long a stranger made theirs."""

    def fold(self, *, policy: Policy) -> str:
        """Return the lines of the header."""
        return f"{self.name}: " + f"{policy.linesep} ".join(self.split()) + policy.linesep


_HEADERS = HeaderRegistry()
for _name in ("Message-ID", "In-Reply-To", "References"):
    _HEADERS.map_to_type(_name, _Ids)
POLICY = SMTP.clone(header_factory=_HEADERS)
"""How every mail of ours is written."""


def thread_of(session: Session, message: Message, id_of: Callable[[Message], str]) -> dict[str, list[str]]:
    """Return the ids that put a mail in its conversation (RFC 5322, 3.6.4): with whom it goes to, and on its case.

    It answers the last mail that this person sent us; before it stand the others, and ours to them, in order.
    ``id_of`` gives the Message-ID of a message of ours.
    """
    theirs = and_(Message.direction == Direction.IN, Mail.sender == (message.address or "").lower())
    written = and_(  # left already, or about to: what is written first leaves first
        Message.direction == Direction.OUT,
        Message.channel == Channel.EMAIL,
        Message.kind != MessageKind.NOTE,
        func.lower(Message.address) == (message.address or "").lower(),
    )
    before = (
        select(Message, Mail.message_id)
        .outerjoin(Mail, Mail.case_message_id == Message.id)
        .where(Message.case_id == message.case_id, Message.number < message.number, or_(theirs, written))
        .order_by(Message.number.desc())
        .limit(_LONGEST_THREAD)
    )
    ids: list[str] = []
    last = ""
    for earlier, mail_id in session.execute(before):
        its_id = id_of(earlier) if earlier.direction is Direction.OUT else _usable(mail_id)
        if earlier.direction is Direction.IN and not last:
            last = its_id
        elif its_id:
            ids.insert(0, its_id)
    references = [*dict.fromkeys(one for one in ids if one != last), *([last] if last else [])]
    return ({"In-Reply-To": [last]} if last else {}) | ({"References": references} if references else {})


def _usable(mail_id: str | None) -> str:
    """Return the id that a stranger gave their mail, if it may stand in a header of ours."""
    found = _ID.fullmatch((mail_id or "").strip())
    return f"<{found[1]}>" if found else ""
