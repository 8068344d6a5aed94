"""Owns which files go with a message."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.charter.words import Direction, MessageKind
from tracker.correspondence.compose import one_line
from tracker.models.messages import Attachment, Message


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a message; read only when the message goes."""

    path: Path
    name: str
    media_type: str


def enclosures_of(session: Session, message: Message, folder: Path) -> Iterator[Enclosure]:
    """Yield the files of a message; a transmission takes along those of everything that had come in before it.

    ``folder``: where attachments are kept. A message that is not stored yet comes after all that has come in.
    """
    own = Attachment.message_id == (message.id or 0)
    if message.kind is MessageKind.TRANSMISSION:
        came_in = select(Message.id).where(Message.case_id == message.case_id, Message.direction == Direction.IN)
        if message.number:
            came_in = came_in.where(Message.number < message.number)
        own = or_(own, Attachment.message_id.in_(came_in))
    for file in session.scalars(select(Attachment).where(own).order_by(Attachment.id)):
        yield Enclosure(folder / file.stored_as, one_line(file.name), file.media_type)
