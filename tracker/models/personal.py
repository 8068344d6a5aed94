"""Owns the rows of what one member of staff has for themselves: a calendar's address, a digest, a password's link."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, BigId, Sealed
from tracker.models.tallies import Counted

_IN_USE = text("revoked_at IS NULL")
_OPEN = text("ended_at IS NULL")


class CalendarFeed(Counted, Base):
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


class PasswordLink(Counted, Base):
    """A link by which one person sets their own password, once; only a digest of its secret is kept."""

    __tablename__ = "password_links"
    __table_args__ = (
        Index("uq_password_links_in_use", "staff_id", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the secret, as for a calendar's address."""
    made_at: Mapped[datetime]
    made_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """When it was used, or another took its place; none: it may still be used, until its time is over."""


class DigestChoice(Counted, Base):
    """At which hour somebody wants their digest; no row, or no hour: none."""

    __tablename__ = "digest_choices"
    __table_args__ = (CheckConstraint("hour IS NULL OR hour BETWEEN 0 AND 23", name="hour_of_the_day"),)

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    hour: Mapped[int | None]
    """By the clocks of Brussels."""
    chosen_at: Mapped[datetime]


class Digest(Sealed, Base):
    """What one person was told by the digest of one day. The pair is unique: it is written once, whatever happens."""

    __tablename__ = "digests"
    __table_args__ = (UniqueConstraint("staff_id", "day"), CheckConstraint("told >= 0", name="told"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    day: Mapped[date]
    """Brussels."""
    told: Mapped[int]
    """How many things; none: no mail was sent that day."""
    contents: Mapped[dict[str, Any]]
    """By section, how many there are, and the first with reference, kind and date; nothing about a citizen."""
    recorded_at: Mapped[datetime]
