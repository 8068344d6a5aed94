"""Owns the rows of files that somebody set aside in their own list until a day: who, which, until when, and why."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, BigId
from tracker.models.tallies import Counted

_IN_FORCE = text("ended_at IS NULL")


class SetAside(Counted, Base):
    """A case that does not come first in one person's list before a day; the rows that ended are its history."""

    __tablename__ = "set_aside"
    __table_args__ = (
        Index("uq_set_aside_in_force", "staff_id", "case_id", unique=True,
              postgresql_where=_IN_FORCE, sqlite_where=_IN_FORCE),
        Index("ix_set_aside_case_id", "case_id"),
        CheckConstraint("ended_at IS NULL OR ended_at >= made_at", name="ended_after_made"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    until: Mapped[date]
    """The working day (Brussels) on which it comes up again."""
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When another day took its place; none: it is the last that was chosen."""
