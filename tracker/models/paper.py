"""Owns the rows of paper: the letters as they were printed, the runs they were printed in, the daily book."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Channel, Direction, VoidPrintGround
from tracker.models.base import Base, BigId, Sealed, Word, one_of


class PrintRun(Sealed, Base):
    """One printing of the letters that were waiting."""

    __tablename__ = "print_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """None: made by the command."""
    handed_at: Mapped[datetime | None]
    """When its files were handed out, whole; none: a crash came between, and the next run hands them out first."""


class Letter(Sealed, Base):
    """The PDF of one message that goes on paper: the exact one that is printed and sent, made once and kept."""

    __tablename__ = "letters"
    __table_args__ = (
        CheckConstraint("size > 0", name="not_empty"),
        CheckConstraint("pages > 0", name="has_pages"),
        CheckConstraint("(run_id IS NULL) = (position IS NULL)", name="place_in_a_run"),
        Index("ix_letters_run_id", "run_id"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True, autoincrement=False)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("print_runs.id"))
    """The run it was printed in first; none: made for a clerk who looked at it."""
    position: Mapped[int | None]
    """Its place in that run: 1, 2, 3 …"""
    stored_as: Mapped[str] = mapped_column(String(80), unique=True)
    """Our name for it, under VAR_DIR/letters."""
    size: Mapped[int]
    pages: Mapped[int]
    """All of them, with what is enclosed."""
    enclosed: Mapped[list[Any] | None]
    """What goes with it, each with its ``name`` and its ``pages`` behind the letter; none: added by hand."""
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]


class VoidPrint(Sealed, Base):
    """A print that must not be posted any more: something in it changed since, and its letter is printed again."""

    __tablename__ = "void_prints"
    __table_args__ = (
        one_of("ground", VoidPrintGround),
        CheckConstraint("position >= 1", name="position_from_one"),
        UniqueConstraint("run_id", "position"),
        Index("ix_void_prints_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    run_id: Mapped[int] = mapped_column(ForeignKey("print_runs.id"))
    position: Mapped[int]
    """Its place in that run."""
    ground: Mapped[VoidPrintGround] = mapped_column(Word(VoidPrintGround))
    voided_at: Mapped[datetime]


class RegisterYear(Sealed, Base):
    """How far one side of the daily book has come in a year: no number is given twice, though its line be gone.

    The database refuses to take a row out, and to let it go back.
    """

    __tablename__ = "register_years"
    __table_args__ = (
        one_of("direction", Direction),
        CheckConstraint("number >= 1 AND day_number >= 1", name="numbers_from_one"),
    )

    direction: Mapped[Direction] = mapped_column(Word(Direction), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    """The last number that was given."""
    day: Mapped[date]
    """The Brussels day of the newest line."""
    day_number: Mapped[int]
    """The last number that was given on that day."""


class RegisterEntry(Sealed, Base):
    """One line of the numbered daily book of paper and fax, in and out; telephone and counter notes likewise."""

    __tablename__ = "register_entries"
    __table_args__ = (
        one_of("direction", Direction),
        one_of("channel", Channel),
        UniqueConstraint("direction", "year", "number"),
        UniqueConstraint("direction", "day", "day_number"),
        UniqueConstraint("message_id", "direction"),
        CheckConstraint("number >= 1 AND day_number >= 1", name="numbers_from_one"),
        CheckConstraint("channel IN ('post', 'fax', 'phone', 'counter')", name="paper_and_speech"),
        Index("ix_register_entries_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    direction: Mapped[Direction] = mapped_column(Word(Direction))
    year: Mapped[int]
    number: Mapped[int]
    """1, 2, 3 … within direction and year."""
    day: Mapped[date]
    """The Brussels day on which it was entered: what it is numbered under."""
    day_number: Mapped[int]
    """1, 2, 3 … within direction and day."""
    channel: Mapped[Channel] = mapped_column(Word(Channel))
    on_day: Mapped[date]
    """In: the day (Brussels) it came in, as its stamp says; out: the day it was posted, transmitted or spoken."""
    reason: Mapped[str | None] = mapped_column(Text)
    """In: why it is entered so long after that day, or before it."""
    correspondent: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    """In: what came in, or the letter of ours that came back."""
    entered_at: Mapped[datetime]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
