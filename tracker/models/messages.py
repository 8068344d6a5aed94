"""Owns the rows of everything said on a case, with its attachments, and the outbox it leaves by."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import (
    Act,
    Channel,
    ChannelReason,
    Direction,
    Language,
    MessageKind,
    RegisteredGround,
)
from tracker.models.base import Base, BigId, Sealed, Word, one_of
from tracker.models.complaints import ActionNotice
from tracker.models.mail import MailNotice
from tracker.models.personal import Digest, PasswordLink
from tracker.models.tasks import StaffNotice

LEAVING = "act IS NOT NULL AND left_on IS NULL"
"""What keeps a promise once it has left, and has not left yet: few at any time, and asked for by every page."""
WAITS_ON_PAPER = "left_on IS NULL AND direction = 'out' AND (channel = 'post' OR channel = 'fax')"
"""Which messages wait to be posted or faxed: in these very words, so that the index of them serves."""


class Message(Sealed, Base):
    """Any communication on a case. An outgoing one keeps a promise only once ``left_on`` is set."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        one_of("direction", Direction),
        one_of("kind", MessageKind),
        one_of("channel", Channel),
        one_of("language", Language),
        one_of("act", Act),
        one_of("channel_reason", ChannelReason),
        one_of("registered_ground", RegisteredGround),
        CheckConstraint(
            "act IS NULL OR act <> 'interim' OR (promised_on IS NOT NULL AND reason IS NOT NULL)",
            name="interim_has_reason_and_date",
        ),
        CheckConstraint("left_on IS NULL OR direction = 'out'", name="only_outgoing_leaves"),
        CheckConstraint("(voided_at IS NULL) = (void_evidence IS NULL)", name="voided_with_evidence"),
        CheckConstraint("voided_at IS NULL OR left_on IS NOT NULL", name="only_left_is_voided"),
        CheckConstraint(
            "direction = 'in' OR kind = 'note' OR signature IS NOT NULL", name="whoever_writes_signs"
        ),  # charter §2: every communication names the officer in charge
        CheckConstraint("kind <> 'note' OR left_on IS NULL OR channel IN ('phone', 'counter')", name="notes_stay"),
        Index("ix_messages_leaving", "case_id", postgresql_where=text(LEAVING), sqlite_where=text(LEAVING)),
        Index("ix_messages_on_paper", "id", postgresql_where=text(WAITS_ON_PAPER), sqlite_where=text(WAITS_ON_PAPER)),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    """1, 2, 3 … within the case."""
    submission_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    """What makes the same form sent twice one message: a double click or a reload changes nothing."""
    direction: Mapped[Direction] = mapped_column(Word(Direction))
    kind: Mapped[MessageKind] = mapped_column(Word(MessageKind))
    act: Mapped[Act | None] = mapped_column(Word(Act))
    """What it does for the promises once it has left; none: it discharges nothing."""
    channel: Mapped[Channel] = mapped_column(Word(Channel))
    language: Mapped[Language] = mapped_column(Word(Language))
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    """The text as it was received, or exactly as it goes out."""
    html: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    """Where it goes: an e-mail or postal address, a phone number; none for the tracking page."""
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    """The outside body it is written to, for a transmission."""
    signature: Mapped[dict[str, Any] | None]
    """Name, title, phone, e-mail, service, postal address and reference, as printed (P8)."""
    template: Mapped[str | None] = mapped_column(String(60))
    template_version: Mapped[int | None]
    promised_on: Mapped[date | None]
    """For an interim letter: the date by which it promises the answer (Brussels)."""
    reason: Mapped[str | None] = mapped_column(Text)
    """For an interim letter: why more time is needed."""
    inform_only: Mapped[bool] = mapped_column(default=False)
    """For a body that is no Belgian public service: telling the requester where to turn is the discharge."""
    channel_reason: Mapped[ChannelReason | None] = mapped_column(Word(ChannelReason))
    registered_ground: Mapped[RegisteredGround | None] = mapped_column(Word(RegisteredGround))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[datetime]
    """When it was written, or, coming in, when it was received."""
    left_on: Mapped[date | None]
    """The Brussels day on which it left: accepted by the mail server, posted, faxed, spoken or published."""
    left_at: Mapped[datetime | None]
    """The moment that was recorded."""
    voided_at: Mapped[datetime | None]
    void_evidence: Mapped[str | None] = mapped_column(Text)
    """What shows that it never arrived: a bounce, a returned letter."""


WITHHELD = "withheld"
"""How the last error of a row begins whose message we kept back ourselves; then the code of the refusal."""
ACKNOWLEDGED_TOO_OFTEN = "acknowledged too often"
"""The last error of an acknowledgement that was not sent, since its address had been sent so many that day."""
LACKING = "something is missing"
"""How it begins when the gate found something missing just before it left; then the items."""


class Outbox(Base):
    """A message or a notice waiting to leave by e-mail; not a record: the message or the notice is."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN message_id IS NULL THEN 0 ELSE 1 END + CASE WHEN notice_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN mail_notice_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN digest_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN staff_notice_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN action_notice_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN password_link_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_thing_to_send",
        ),
        CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease_whole"),
        Index("ix_outbox_waiting", "next_try_at", postgresql_where=text("state = 'waiting'"),
              sqlite_where=text("state = 'waiting'")),
        Index("ix_outbox_failed", "id", postgresql_where=text("state = 'failed'"),
              sqlite_where=text("state = 'failed'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"), unique=True)
    mail_notice_id: Mapped[int | None] = mapped_column(ForeignKey(MailNotice.id), unique=True)
    digest_id: Mapped[int | None] = mapped_column(ForeignKey(Digest.id), unique=True)
    staff_notice_id: Mapped[int | None] = mapped_column(ForeignKey(StaffNotice.id), unique=True)
    action_notice_id: Mapped[int | None] = mapped_column(ForeignKey(ActionNotice.id), unique=True)
    password_link_id: Mapped[int | None] = mapped_column(ForeignKey(PasswordLink.id), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    """What the server said, without addresses."""
    settled_at: Mapped[datetime | None]
    """When it was sent or given up."""


class Attachment(Sealed, Base):
    """A file that a citizen or a clerk added; kept under a name of ours, by the hand of no stranger.

    Until the form it was added to is accepted it has a submission key and no case.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("case_id IS NOT NULL OR submission_key IS NOT NULL", name="belongs_somewhere"),
        CheckConstraint("size > 0", name="not_empty"),
        Index("ix_attachments_waiting", "submission_key"),
        Index("ix_attachments_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    submission_key: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    """The citizen's file name: text to show, never a path."""
    stored_as: Mapped[str] = mapped_column(String(80), unique=True)
    """Our name for it, under VAR_DIR/attachments."""
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
