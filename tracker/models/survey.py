"""Owns the rows of the satisfaction survey: who was asked about which answer, and what they replied."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Channel, Language, Opinion
from tracker.models.base import Base, BigId, Sealed, Word, one_of


class SurveyAsked(Sealed, Base):
    """That a requester was asked what they thought of an answer; whom, and their remark, go when that is erased."""

    __tablename__ = "survey_asked"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        one_of("channel", Channel),
        one_of("language", Language),
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("until >= asked_on", name="until_after_asked"),
        Index("ix_survey_asked_whom", "whom", "asked_on"),
        Index("ix_survey_asked_asked_on", "asked_on", "service_code"),
        Index("ix_survey_asked_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    number: Mapped[int]
    """1, 2, 3 … within the case: a file that was opened again is asked about its new answer."""
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    """The message that asked; none: somebody asked by telephone or at the counter, or the case is made up."""
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    """The service that had the case then."""
    channel: Mapped[Channel] = mapped_column(Word(Channel))
    language: Mapped[Language] = mapped_column(Word(Language))
    whom: Mapped[str] = mapped_column(String(32))
    """Whom: a keyed digest of the address, by which nobody is asked too often and nobody is known."""
    asked_on: Mapped[date]
    """The Brussels day."""
    until: Mapped[date]
    """The last Brussels day on which a reply is taken, or changed."""


class SurveyReply(Sealed, Base):
    """What one requester thought of one answer; there is one reply, which they may change while they may reply."""

    __tablename__ = "survey_replies"
    __table_args__ = (
        one_of("answered", Opinion),
        one_of("clear", Opinion),
        one_of("in_time", Opinion),
        one_of("channel", Channel),
        CheckConstraint("changed_at IS NULL OR changed_at >= replied_at", name="changed_after"),
    )

    asked_id: Mapped[int] = mapped_column(
        ForeignKey("survey_asked.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    answered: Mapped[Opinion] = mapped_column(Word(Opinion))
    clear: Mapped[Opinion] = mapped_column(Word(Opinion))
    in_time: Mapped[Opinion] = mapped_column(Word(Opinion))
    remark: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[Channel] = mapped_column(Word(Channel))
    """How the reply came."""
    replied_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who entered a slip or asked aloud; none: the requester replied on the page."""
