"""Owns the rows of the views of the queue that staff keep: a name for a list, its filters and its order."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, BigId, Sealed

_SHARED = text("service_code IS NOT NULL")


class SavedView(Sealed, Base):
    """A view that somebody keeps. A setting, not a record: it may be deleted, and has no history."""

    __tablename__ = "saved_views"
    __table_args__ = (
        UniqueConstraint("staff_id", "name"),
        Index("ix_saved_views_shared", "service_code", postgresql_where=_SHARED, sqlite_where=_SHARED),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(String(60))
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    """The service with which a head shares it; none: it is theirs alone."""
    query: Mapped[dict[str, Any]]
    """What it asks for, by the names that the queue has in its address."""
    changed_at: Mapped[datetime]


class FirstView(Sealed, Base):
    """The view with which somebody begins; no row: the plain list of their role."""

    __tablename__ = "first_views"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_views.id"), index=True)
    chosen_at: Mapped[datetime]
