"""Owns the gathering of what the decision about a mail hangs on: what it says, and what is known of its sender."""

from datetime import datetime, timedelta
from hashlib import blake2b

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.mail.message import Reading
from tracker.casework.mail.table import Known
from tracker.casework.mail.thread import LONGEST_ID, Thread
from tracker.charter.words import MailOutcome, MailReason
from tracker.correspondence.gate import is_email_address
from tracker.correspondence.incoming import Incoming
from tracker.correspondence.tracking import ours
from tracker.models.mail import Mail

PATIENCE = timedelta(hours=1)
"""How long a mail is held whose sender wrote too many; then it is decided about again."""


def known_of(
    session: Session,
    house: House,
    reading: Reading,
    thread: Thread,
    before: Mail | None,
    *,
    now: datetime,
) -> Known:
    """Return all that the decision about a mail hangs on; ``before`` is the same mail, if it came before."""
    incoming = reading.incoming
    return Known(
        sort=incoming.sort,
        from_us=ours(house.secret, incoming.message_id or "") is not None,
        came_before=before is not None,
        too_big=reading.too_big,
        unreadable=bool(incoming.damaged) and not incoming.text.strip() and not incoming.attachments,
        encrypted=incoming.encrypted,
        has_text=bool(incoming.text.strip()),
        has_files=bool(incoming.attachments),
        has_sender=is_email_address(incoming.sender or ""),
        recipients=incoming.recipient_count,
        disproven=incoming.sender_disproven,
        taken_in_within_the_hour=_taken_in_of_late(session, incoming.sender, now),
        answers_ours=thread.answers_ours,
        from_the_requester=thread.from_the_requester,
        names_a_case=thread.case is not None,
        nearly_names_a_case=bool(thread.offered),
    )


def let_nobody_else_decide(session: Session, sender: str | None) -> None:
    """Decide about the mails of one sender one after the other; on SQLite there is one writer anyhow.

    Two copies of one mail would otherwise each be the first, and many mails at once each the twentieth.
    """
    if session.get_bind().dialect.name == "postgresql":
        digest = blake2b((sender or "").encode("utf-8", "replace"), digest_size=8, person=b"suivi sender").digest()
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest, "big", signed=True))))


def same_before(session: Session, mail: Mail, incoming: Incoming) -> Mail | None:
    """Return the mail with the same Message-ID, sender and text that was decided about before, if there is one.

    The text as well: some programs give all that they send one Message-ID, and none of it may be lost.
    """
    if not incoming.message_id:
        return None
    query = select(Mail).where(
        Mail.message_id == incoming.message_id[:LONGEST_ID],
        Mail.sender == incoming.sender,
        Mail.id != mail.id,
        Mail.outcome.is_not(None),
        Mail.reason != MailReason.SAME_MAIL,
    )
    digest = digest_of(incoming)
    earlier = session.scalars(query.order_by(Mail.id).limit(100))
    return next((one for one in earlier if (one.details or {}).get("text") == digest), None)


def digest_of(incoming: Incoming) -> str:
    """Return what tells one text, with its files, from another, whatever spaces were put in on the way."""
    words = " ".join(f"{incoming.subject} {incoming.text}".split())
    files = "".join(f"\n{file.name} {len(file.content)}" for file in incoming.attachments)
    return blake2b(f"{words}{files}".encode("utf-8", "replace"), digest_size=12).hexdigest()


def _taken_in_of_late(session: Session, sender: str | None, now: datetime) -> int:
    query = select(func.count()).where(
        Mail.sender == sender,
        Mail.outcome.in_((MailOutcome.REGISTERED, MailOutcome.ATTACHED)),
        Mail.reason != MailReason.BY_HAND,
        Mail.decided_at > now - PATIENCE,
    )
    return session.scalar(query) or 0
