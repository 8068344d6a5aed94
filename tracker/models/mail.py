"""Owns the rows of mail that comes in: each raw mail as it reached us, what became of it, and who was told of it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Language, MailOutcome, MailReason
from tracker.models.base import Base, BigId, Sealed, Word, one_of

_UNDECIDED = text("outcome IS NULL")
_SETTLED = text("settled_at IS NOT NULL")
_HELD = text("outcome = 'held' AND settled_at IS NULL")
_TO_LOOK_AT = text("outcome IN ('held', 'ignored') AND settled_at IS NULL")


class Mail(Sealed, Base):
    """One raw mail, kept before anything in it is read; nothing that reached us is without a row.

    The bytes lie under their digest in ``VAR_DIR/mail``, so that the same mail fetched twice is one.
    """

    __tablename__ = "mails"
    __table_args__ = (
        one_of("language", Language),
        one_of("outcome", MailOutcome),
        one_of("reason", MailReason),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("(outcome IS NULL) = (decided_at IS NULL)", name="decided_whole"),
        CheckConstraint("(outcome IS NULL) = (reason IS NULL)", name="decided_with_a_reason"),
        CheckConstraint("outcome IS NULL OR received_at IS NOT NULL", name="decided_has_a_receipt"),
        CheckConstraint(
            "outcome IS NULL OR outcome NOT IN ('registered', 'attached') OR case_message_id IS NOT NULL",
            name="taken_in_became_a_message",
        ),
        CheckConstraint("case_message_id IS NULL OR case_id IS NOT NULL", name="message_is_on_a_case"),
        CheckConstraint("settled_at IS NULL OR settled_by IS NOT NULL", name="settled_by_somebody"),
        Index("ix_mails_undecided", "id", postgresql_where=_UNDECIDED, sqlite_where=_UNDECIDED),
        Index("ix_mails_settled", "settled_at", "id", postgresql_where=_SETTLED, sqlite_where=_SETTLED),
        Index("ix_mails_to_look_at", "received_at", "id", postgresql_where=_TO_LOOK_AT, sqlite_where=_TO_LOOK_AT),
        Index("ix_mails_held", "received_at", "id", postgresql_where=_HELD, sqlite_where=_HELD),
        Index("ix_mails_sender", "sender", "stored_at"),
        Index("ix_mails_message_id", "message_id"),
        Index("ix_mails_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the raw bytes; also the name they are kept under."""
    size: Mapped[int]
    stored_at: Mapped[datetime]
    """When it was laid down here."""
    arrived_at: Mapped[datetime | None]
    """The mailbox's own date for it; none when it came by the command."""
    received_at: Mapped[datetime | None]
    """When it first reached us: what a promise is counted from. None until it has been looked into."""
    message_id: Mapped[str | None] = mapped_column(String(250))
    """Its own Message-ID, as its sender gave it."""
    sender: Mapped[str | None] = mapped_column(String(254))
    """The address in From, in lower case: what it claims, not what is proven."""
    sender_name: Mapped[str | None] = mapped_column(String(200))
    subject: Mapped[str | None] = mapped_column(Text)
    language: Mapped[Language | None] = mapped_column(Word(Language))
    quoted: Mapped[str | None] = mapped_column(Text)
    """The earlier mails that it repeats: folded away in the message it became, never deleted."""
    outcome: Mapped[MailOutcome | None] = mapped_column(Word(MailOutcome))
    """What became of it; none: not decided yet."""
    reason: Mapped[MailReason | None] = mapped_column(Word(MailReason))
    details: Mapped[dict[str, Any] | None]
    """What belongs to the reason: references offered, files left out, a message that bounced."""
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    """The case that it is on; while it is held, the one it is presumed to be about."""
    case_message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    """The message that it became; for a bounce, none."""
    due_on: Mapped[date | None]
    """While it is held: by when (Brussels) an answer would be due, were it a request of its own."""
    decided_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    """When somebody looked at what was held or ignored, and decided."""
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class MailNotice(Sealed, Base):
    """That one member of staff was told, on one day, of the held and ignored mail that nobody has looked at."""

    __tablename__ = "mail_notices"
    __table_args__ = (UniqueConstraint("staff_id", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    day: Mapped[date]
    """Brussels."""
    mails: Mapped[list[Any]]
    """Their ids."""
    recorded_at: Mapped[datetime]
