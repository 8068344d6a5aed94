"""Owns the rows of text modules: passages that a service uses again and again in what it writes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Language
from tracker.models.base import Base, BigId, Word, one_of
from tracker.models.tallies import Counted


class TextModule(Counted, Base):
    """A passage with a title, in one language, for one service or for all; what is no longer used is retired."""

    __tablename__ = "text_modules"
    __table_args__ = (
        one_of("language", Language),
        CheckConstraint("version >= 1", name="version_from_one"),
        Index("ix_text_modules_service_code", "service_code", "language"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    """None: for every service."""
    language: Mapped[Language] = mapped_column(Word(Language))
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    """With placeholders such as ``[reference]``, which the case fills, and ``[?…]``, which the writer must."""
    version: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    retired_at: Mapped[datetime | None]
