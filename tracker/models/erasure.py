"""Owns the rows of erasures: of which cases the personal data were erased, and which files are still to go."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import ErasureGround
from tracker.models.base import Base, Sealed, Word, one_of

_NOT_GONE = text("gone_at IS NULL")


class Erasure(Sealed, Base):
    """That the personal data of a case were erased. The database lets its history be emptied once, because of it."""

    __tablename__ = "erasures"
    __table_args__ = (
        one_of("ground", ErasureGround),
        CheckConstraint("entry >= 1", name="entry_from_one"),
        CheckConstraint("gone_at IS NULL OR gone_at >= erased_at", name="gone_after_erased"),
        Index("ix_erasures_not_gone", "case_id", postgresql_where=_NOT_GONE, sqlite_where=_NOT_GONE),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    ground: Mapped[ErasureGround] = mapped_column(Word(ErasureGround))
    erased_at: Mapped[datetime]
    erased_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    entry: Mapped[int]
    """The number of the entry of the history that says so: those before it were emptied, and none from it on."""
    files: Mapped[dict[str, Any]]
    """What is still to be removed from the disk, by folder; empty once it is gone."""
    gone_at: Mapped[datetime | None]
    """When nothing of it was left on the disk; none: the next tidying up sees to it."""
