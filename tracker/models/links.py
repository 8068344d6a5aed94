"""Owns the rows that tie one case to another by a person's word: the same matter, or one split off the other."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import LinkKind
from tracker.models.base import Base, BigId, Sealed, Word, one_of

_STANDS = text("unlinked_at IS NULL")


class CaseLink(Sealed, Base):
    """Two cases that belong together, the later one first; a link that was undone stays on record."""

    __tablename__ = "case_links"
    __table_args__ = (
        one_of("kind", LinkKind),
        CheckConstraint("other_id < case_id", name="the_later_one_first"),
        CheckConstraint("(unlinked_at IS NULL) = (unlinked_by IS NULL)", name="unlinked_whole"),
        CheckConstraint("unlinked_at IS NULL OR kind = 'same_matter'", name="a_split_stays"),
        Index("uq_case_links_stands", "case_id", "other_id", unique=True, postgresql_where=_STANDS,
              sqlite_where=_STANDS),
        Index("ix_case_links_other_id", "other_id", postgresql_where=_STANDS, sqlite_where=_STANDS),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[LinkKind] = mapped_column(Word(LinkKind))
    word: Mapped[str] = mapped_column(Text)
    """Why they belong together."""
    linked_at: Mapped[datetime]
    linked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    unlinked_at: Mapped[datetime | None]
    unlinked_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
