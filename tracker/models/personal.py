"""Owns the rows of what one member of staff asked for themselves: the address that their calendar reads."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, BigId, Sealed

_IN_USE = text("revoked_at IS NULL")


class CalendarFeed(Sealed, Base):
    """A secret address at which a calendar reads one person's deadlines; only a digest of the secret is kept."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        Index("uq_calendar_feeds_in_use", "staff_id", unique=True, postgresql_where=_IN_USE, sqlite_where=_IN_USE),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the secret, which is 256 bits by lot: nothing slower is needed, since it cannot be guessed."""
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    """None: in use; a person has one such at most."""
