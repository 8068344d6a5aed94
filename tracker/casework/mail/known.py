"""Owns the gathering of what the decision about a mail hangs on: what it says, and what is known of its sender."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.mail.message import Reading, said_in
from tracker.casework.mail.table import MOST_ALIKE, Known
from tracker.casework.mail.thread import LONGEST_ID, Thread
from tracker.charter.words import MailOutcome, MailReason
from tracker.correspondence.gate import is_email_address
from tracker.correspondence.incoming import Incoming
from tracker.correspondence.tracking import ours
from tracker.models.mail import Mail

A_DAY = timedelta(days=1)
PATIENCE = timedelta(hours=1)
"""How long a mail is held whose sender wrote too many; then it is decided about again."""


def said_by_itself(house: House, reading: Reading) -> Known:
    """Return what a mail says by itself, before it is known what came before it."""
    incoming = reading.incoming
    return Known(
        sort=incoming.sort,
        from_us=ours(house.secret, incoming.message_id or "") is not None,
        too_big=reading.too_big,
        unreadable=bool(incoming.damaged) and not incoming.text.strip() and not incoming.attachments,
        encrypted=incoming.encrypted,
        has_text=bool(incoming.text.strip()),
        has_files=bool(incoming.attachments),
        has_sender=is_email_address(incoming.sender or ""),
        recipients=incoming.recipient_count,
        disproven=incoming.sender_disproven,
    )


def known_of(
    session: Session,
    house: House,
    reading: Reading,
    thread: Thread,
    before: Mail | None,
    alike: Sequence[int],
    *,
    now: datetime,
) -> Known:
    """Return all that the decision about a mail hangs on.

    ``before`` is the same mail, if it came before; ``alike`` the cases that mails with the same words became.
    """
    return replace(
        said_by_itself(house, reading),
        came_before=before is not None,
        taken_in_within_the_hour=_taken_in_of_late(session, reading.incoming.sender, now),
        answers_ours=thread.answers_ours,
        from_the_requester=thread.from_the_requester,
        names_a_case=thread.case is not None,
        nearly_names_a_case=bool(thread.offered),
        alike_within_the_day=len(alike),
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
    digest = digests_of(incoming)[_TEXT]
    earlier = session.scalars(query.order_by(Mail.id).limit(100))
    return next((one for one in earlier if (one.details or {}).get(_TEXT) == digest), None)


def like_before(session: Session, mail: Mail, incoming: Incoming, *, now: datetime) -> Sequence[int]:
    """Return the cases that mails of the same sender with the same new words became within a day, the last first.

    One that was held for this counts as well: as long as it goes on, it makes no further case.
    """
    goes_on = and_(Mail.outcome == MailOutcome.HELD, Mail.reason == MailReason.SAME_MAIL)
    query = select(Mail.case_id).where(
        Mail.sender == incoming.sender,
        Mail.id != mail.id,
        or_(Mail.outcome == MailOutcome.REGISTERED, goes_on),
        Mail.decided_at > now - A_DAY,
        Mail.details[_WORDS].as_string() == digests_of(incoming)[_WORDS],
    )
    return [
        case_id
        for case_id in session.scalars(query.order_by(Mail.id.desc()).limit(MOST_ALIKE))
        if case_id is not None
    ]


_TEXT, _WORDS = "text", "words"
"""What the digests are kept under, in the details of a mail."""


def digests_of(incoming: Incoming) -> dict[str, str]:
    """Return what tells one mail from another, with its files: by its whole text, and by its new words alone.

    Spaces that were put in on the way make no difference to either. Words with a figure in them (the number that a
    machine gives each of its answers, a date, a reference) make none to the second.
    """
    files = [blake2b(file.content, digest_size=12).hexdigest() for file in incoming.attachments]
    text = f"{incoming.subject} {incoming.text}".split()
    words = [word for word in said_in(incoming).lower().split() if not any(letter.isdigit() for letter in word)]
    return {_TEXT: _digest([*text, *files]), _WORDS: _digest([*words, *files])}


def _digest(words: Sequence[str]) -> str:
    return blake2b(" ".join(words).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _taken_in_of_late(session: Session, sender: str | None, now: datetime) -> int:
    query = select(func.count()).where(
        Mail.sender == sender,
        Mail.outcome.in_((MailOutcome.REGISTERED, MailOutcome.ATTACHED)),
        Mail.reason != MailReason.BY_HAND,
        Mail.decided_at > now - PATIENCE,
    )
    return session.scalar(query) or 0
