"""Owns the rows of messages that are being written: kept as they are typed, until they are sent or the case ends."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import MessageKind
from tracker.models.base import Base, BigId, Sealed, Word, one_of

WORDS = ("text", "reason")
"""The fields of somebody's own words; without any, there is nothing to keep."""


class KeptDraft(Sealed, Base):
    """What one member of staff has typed of one kind of message on one case; there is one at most of each."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("case_id", "kind", "author_id"), one_of("kind", MessageKind))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[MessageKind] = mapped_column(Word(MessageKind))
    author_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    typed: Mapped[dict[str, Any]]
    """The fields of its form by name, as typed; it may name a person, so it goes when the case ends."""
    begun_by: Mapped[str | None] = mapped_column(String(200))
    """The colleague whose draft was taken over into it."""
    kept_at: Mapped[datetime]

    @property
    def stamp(self) -> str:
        """What tells this state of the draft from an earlier one, and from another draft in its place."""
        return stamp_of(self.kept_at)


def stamp_of(kept_at: datetime) -> str:
    """Return what a page says of the draft that stands in it: when it was kept (UTC)."""
    return kept_at.astimezone(UTC).isoformat()


def put_behind(mine: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return what one has typed with another draft behind it: all words of both, and what the first left open."""
    return {**mine, **{name: _joined(name, mine.get(name, ""), str(value)) for name, value in theirs.items()}}


def _joined(name: str, mine: str, theirs: str) -> str:
    if name in WORDS and mine.strip() and theirs.strip() and mine.strip() != theirs.strip():
        return f"{mine.rstrip()}\n\n{theirs}"
    return mine if mine.strip() else theirs
