"""Owns the notes that stay in the house: for colleagues only, they never leave and discharge nothing."""

from tracker.casework.casefile import CaseFile
from tracker.charter.words import Channel, Direction, MessageKind
from tracker.models.messages import Message


def write_note(file: CaseFile, text: str) -> Message:
    """Put an internal note on a case in hand; the caller writes down in the history what it is."""
    message = Message(
        case_id=file.case.id,
        number=file.next_message_number(),
        direction=Direction.OUT,
        kind=MessageKind.NOTE,
        channel=Channel.WEB,
        language=file.case.language,
        subject=file.case.subject,
        body=text,
        author_id=file.actor.staff_id,
        written_at=file.now,
    )
    file.session.add(message)
    file.session.flush()
    return message
