"""Owns the history: what was done on each case, by whom and when, in entries that nobody can change."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Verb
from tracker.models.base import Base, BigId, Sealed, Word, one_of

MESSAGES_SO_FAR = "messages_so_far"
"""Under this name an entry that brought a message says how many the case had then."""


class History(Sealed, Base):
    """One entry on one case. The database refuses UPDATE and DELETE, but to empty it once (``Erasure``)."""

    __tablename__ = "history"
    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        one_of("verb", Verb),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    """1, 2, 3 … within the case without a gap: the case's version after this entry."""
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    actor: Mapped[str] = mapped_column(String(200))
    """Who did it, by name as it was that day; ``citizen`` or ``system`` when it was no member of staff."""
    verb: Mapped[Verb] = mapped_column(Word(Verb))
    details: Mapped[dict[str, Any]]
    """What changed, for people; under ``ledger`` the charter's entries, from which the promises can be replayed."""
