"""Owns the rows about complaints: what was found of each, and what is done so that it does not happen again."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Effect, Inadmissible, Outcome
from tracker.models.base import Base, BigId, Sealed, Word, one_of


class Finding(Sealed, Base):
    """What was found of one complaint (user charter §6); what it said before stands in the history of the case."""

    __tablename__ = "findings"
    __table_args__ = (
        one_of("ground", Inadmissible),
        one_of("outcome", Outcome),
        CheckConstraint("admissible = (ground IS NULL)", name="ground_where_inadmissible"),
        CheckConstraint("admissible OR note IS NOT NULL", name="inadmissible_with_reasons"),
        CheckConstraint("admissible OR outcome IS NULL", name="outcome_where_admissible"),
        CheckConstraint("(outcome IS NULL) = (reasons IS NULL)", name="outcome_with_reasons"),
        CheckConstraint("outcome IS NULL OR theme IS NOT NULL", name="outcome_with_theme"),
        CheckConstraint(
            "outcome IS NULL OR outcome = 'unfounded' OR cause IS NOT NULL", name="founded_with_cause"
        ),
    )  # fmt: skip

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    admissible: Mapped[bool]
    ground: Mapped[Inadmissible | None] = mapped_column(Word(Inadmissible))
    note: Mapped[str | None] = mapped_column(Text)
    """Why it is, or is not, looked into."""
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome))
    """None: not admissible, or still being looked into."""
    reasons: Mapped[str | None] = mapped_column(Text)
    theme: Mapped[str | None] = mapped_column(String(60))
    """What it is about: a code of ``charter/data/complaints.toml``."""
    cause: Mapped[str | None] = mapped_column(String(60))
    """What lay behind it: a code of the same file."""
    found_at: Mapped[datetime]
    found_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))

    @property
    def decided(self) -> bool:
        """Say whether nothing is left to find: it is not admissible, or founded, partly or not."""
        return not self.admissible or self.outcome is not None


class CorrectiveAction(Sealed, Base):
    """Something that is done because of a complaint, by whom and by when; and what it was later seen to have done."""

    __tablename__ = "corrective_actions"
    __table_args__ = (
        one_of("effect", Effect),
        CheckConstraint(
            "(effect IS NULL) = (effect_on IS NULL) AND (effect IS NULL) = (looked_at IS NULL)", name="effect_whole"
        ),
        CheckConstraint("effect IS NULL OR done_on IS NOT NULL AND effect_on >= done_on", name="effect_after_done"),
        Index("ix_corrective_actions_case_id", "case_id"),
        Index("ix_corrective_actions_owner_id", "owner_id", "due_on",
              postgresql_where=text("done_on IS NULL"), sqlite_where=text("done_on IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    what: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    due_on: Mapped[date]
    """The Brussels day by which it is to be done."""
    noted_at: Mapped[datetime]
    noted_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    done_on: Mapped[date | None]
    """The Brussels day on which it was done; none: not yet."""
    effect: Mapped[Effect | None] = mapped_column(Word(Effect))
    effect_on: Mapped[date | None]
    """The Brussels day on which its effect was looked at."""
    looked_at: Mapped[str | None] = mapped_column(Text)
    """What was looked at, and what was seen."""


class ActionNotice(Sealed, Base):
    """A word by mail that a corrective action is past its date: never sent twice about the same date."""

    __tablename__ = "action_notices"
    __table_args__ = (UniqueConstraint("action_id", "due_on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("corrective_actions.id"))
    due_on: Mapped[date]
    """The Brussels day that is past."""
    recipients: Mapped[list[Any]]
    """The ids of those whom it is sent to."""
    recorded_at: Mapped[datetime]
