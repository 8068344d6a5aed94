"""Owns the rows of what colleagues and services are asked for on a case, and of the word that is sent to them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import TaskState, WordToStaff
from tracker.models.base import Base, BigId, Sealed, Word, one_of

_OPEN = text("state = 'open'")


class Task(Sealed, Base):
    """Something that a colleague, or a service beside the lead, is asked for on a case, by a Brussels day."""

    __tablename__ = "tasks"
    __table_args__ = (
        one_of("state", TaskState),
        CheckConstraint("(asked_id IS NULL) <> (service_code IS NULL)", name="of_a_person_or_a_service"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled_exactly_when_not_open"),
        CheckConstraint("settled_by IS NULL OR settled_at IS NOT NULL", name="settled_whole"),
        CheckConstraint("state <> 'declined' OR word IS NOT NULL", name="declined_with_a_word"),
        CheckConstraint(
            "(contribution IS NOT NULL) = (service_code IS NOT NULL AND state = 'done')",
            name="a_service_contributes",
        ),
        Index("ix_tasks_case_id", "case_id"),
        Index("ix_tasks_asked", "asked_id", "due_on", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_tasks_service", "service_code", "due_on", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    what: Mapped[str] = mapped_column(Text)
    asked_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """The colleague who is asked; while the task is open they may read the case."""
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    """The associated service that is asked for a contribution; its members see the case anyhow (P13)."""
    due_on: Mapped[date]
    """The Brussels day by which it is wanted."""
    asked_at: Mapped[datetime]
    asked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[TaskState] = mapped_column(Word(TaskState))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    word: Mapped[str | None] = mapped_column(Text)
    """What was said when it was done, declined or withdrawn."""
    contribution: Mapped[int | None]
    """What the service contributed: the number of the note on the case."""


class StaffNotice(Sealed, Base):
    """A word by mail to colleagues about a task, or about a note that names them: never sent twice."""

    __tablename__ = "staff_notices"
    __table_args__ = (
        one_of("kind", WordToStaff),
        CheckConstraint("(task_id IS NULL) = (kind = 'mentioned')", name="about_a_task_or_a_note"),
        CheckConstraint("(message_id IS NULL) = (kind <> 'mentioned')", name="a_note_where_mentioned"),
        UniqueConstraint("task_id", "kind"),
        UniqueConstraint("message_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[WordToStaff] = mapped_column(Word(WordToStaff))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    """The note that names its readers."""
    recipients: Mapped[list[Any]]
    """The ids of those whom it is sent to."""
    recorded_at: Mapped[datetime]
