"""Owns what becomes of the files that were added to a form: they wait with it, then belong to its case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.correspondence.files import KeptFile
from tracker.models.messages import Attachment, Message


def keep(session: Session, *, submission_key: str, file: KeptFile, now: datetime) -> Attachment:
    """Note a file that was added to a form not yet sent; it waits under the form's key."""
    attachment = Attachment(
        submission_key=submission_key,
        name=file.name,
        stored_as=file.stored_as,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        added_at=now,
    )
    session.add(attachment)
    session.flush()
    return attachment


def waiting_for(session: Session, *, submission_key: str) -> list[Attachment]:
    """Return the files that wait with a form, in the order in which they were added."""
    return list(
        session.scalars(
            select(Attachment)
            .where(Attachment.submission_key == submission_key, Attachment.case_id.is_(None))
            .order_by(Attachment.id)
        )
    )


def adopt(session: Session, attachments: Sequence[int], *, case_id: int, message_number: int) -> None:
    """Give the files that were added to a form to the message, and the case, that came of it."""
    if not attachments:
        return
    message_id = session.scalars(
        select(Message.id).where(Message.case_id == case_id, Message.number == message_number)
    ).one()
    for attachment in session.scalars(select(Attachment).where(Attachment.id.in_(attachments))):
        if attachment.case_id is None:
            attachment.case_id, attachment.message_id = case_id, message_id


def remove_waiting(session: Session, *, submission_key: str, attachment_id: int) -> str | None:
    """Remove a file that was added to a form not yet sent; return our name for it, or None when there is none."""
    attachment = session.scalar(
        select(Attachment).where(
            Attachment.id == attachment_id,
            Attachment.submission_key == submission_key,
            Attachment.case_id.is_(None),
        )
    )
    if attachment is None:
        return None
    session.delete(attachment)
    return attachment.stored_as
