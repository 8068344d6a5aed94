"""Owns the rows of the history of the house itself: people, absences, closing days, texts; nothing about a case."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import HouseSubject
from tracker.models.base import Base, BigId, Word, one_of
from tracker.models.tallies import Counted


class HouseChange(Counted, Base):
    """One change of the house: who made it, when, from what to what. The database refuses UPDATE and DELETE.

    The days that staff say the offices are closed are nowhere else: the calendar is read from these rows.
    """

    __tablename__ = "house_changes"
    __table_args__ = (
        one_of("subject", HouseSubject),
        CheckConstraint("number >= 1", name="number_from_one"),
        Index("ix_house_changes_subject", "subject", "what", "number"),
        Index("ix_house_changes_at", "at", "number"),
    )

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    """1, 2, 3 … without a gap, in the order of the commits."""
    subject: Mapped[HouseSubject] = mapped_column(Word(HouseSubject))
    what: Mapped[str] = mapped_column(String(80))
    """The number of the person or of the text, or the day."""
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    actor: Mapped[str] = mapped_column(String(200))
    """Who did it, by name as it was that day; ``system`` when a command or a job did."""
    details: Mapped[dict[str, Any]]
    """``act``, what was ``before`` and ``after`` of each field that changed, and what else people should know."""


def plain(value: object) -> Any:
    """Return a value as it stands in the details of a change."""
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value
