"""Owns the check of the mail and the files that are kept: each is there as it came, and became what its row says."""

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from tracker.casework.mail.store import path_of
from tracker.charter.words import Channel, Direction
from tracker.insight.verify import Problem
from tracker.models.database import Database
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Attachment, Message, Outbox

BLOCK = 1000


def verify_mail(database: Database, *, mail: Path, attachments: Path) -> Iterator[Problem]:
    """Yield every raw mail (under ``mail``) and file (``attachments``) that is not as it was kept, and every row of
    mail that does not fit its message. Nothing is written."""
    for row in _rows(database, select(Mail.id, Mail.size, Mail.sha256), Mail.id):
        if problem := _of_file(path_of(mail, row.sha256), row.size, row.sha256):
            yield Problem("mails", str(row.id), f"the raw mail {problem}")
    kept = select(Attachment.id, Attachment.size, Attachment.sha256, Attachment.stored_as)
    for row in _rows(database, kept, Attachment.id):
        if problem := _of_file(attachments / row.stored_as, row.size, row.sha256):
            yield Problem("attachments", str(row.id), f"the file {problem}")
    for row in _rows(database, _NOT_ITS_MESSAGE, Mail.id):
        yield Problem("mails", str(row.id), "the message that it became is another's, or did not come in by mail")
    for row in _rows(database, _NOT_SENT, MailNotice.id):
        yield Problem("mail_notices", str(row.id), "it has no line in the outbox")


_NOT_ITS_MESSAGE = (
    select(Mail.id)
    .join(Message, Message.id == Mail.case_message_id)
    .where(
        or_(
            Message.case_id != Mail.case_id,
            Message.direction != Direction.IN,
            Message.channel != Channel.EMAIL,
        )
    )
)
_NOT_SENT = select(MailNotice.id).outerjoin(Outbox, Outbox.mail_notice_id == MailNotice.id).where(Outbox.id.is_(None))


def _rows(
    database: Database, query: Select[*tuple[Any, ...]], key: InstrumentedAttribute[int]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield the rows of a query block by block, whatever their number."""
    after = 0
    while True:
        with database.reading() as session:
            rows = session.execute(query.where(key > after).order_by(key).limit(BLOCK)).all()
        yield from rows
        if len(rows) < BLOCK:
            return
        after = rows[-1].id


def _of_file(path: Path, size: int, digest: str) -> str | None:
    """Return what is wrong with a file that was kept."""
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
        return None if (found, path.stat().st_size) == (digest, size) else "is not what was kept"
    except OSError:
        return "cannot be read"
