"""Owns the views of the queue that somebody finds above it: their own, and those that their service shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from tracker.insight.sight import Viewer
from tracker.models.staff import Staff
from tracker.models.views import FirstView, SavedView

MOST = 60
"""A page shows no more: twenty of one's own, and what a few heads share."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A view that is kept."""

    id: int
    name: str
    query: Mapping[str, Any]
    """What it asks for, by the names that the queue has in its address."""
    mine: bool
    owner_id: int
    owner: str
    service: str | None
    """The service that shares it; none: only its owner sees it."""
    first: bool
    """Whoever looks begins with it."""


def saved_views(session: Session, viewer: Viewer) -> list[Saved]:
    """Return what somebody finds, their own first, by name (one statement)."""
    found = session.connection().execute(_statement(viewer.id, viewer.service_code))
    return [
        Saved(
            row.id, row.name, row.query, row.staff_id == viewer.id, row.staff_id, row.owner, row.service_code,
            row.view_id is not None,
        )
        for row in found
    ]  # fmt: skip


@lru_cache(maxsize=64)  # building it takes longer than running it
def _statement(reader: int, service: str | None) -> Select[Any]:
    seen = SavedView.staff_id == reader
    if service is not None:
        seen = or_(seen, SavedView.service_code == service)
    own = SavedView.staff_id == reader
    return (
        select(
            SavedView.id, SavedView.name, SavedView.query, SavedView.staff_id, Staff.name.label("owner"),
            SavedView.service_code, FirstView.view_id,
        )
        .join(Staff, Staff.id == SavedView.staff_id)
        .outerjoin(FirstView, and_(FirstView.view_id == SavedView.id, FirstView.staff_id == reader))
        .where(seen)
        .order_by(own.desc(), SavedView.name, SavedView.id)
        .limit(MOST)
    )  # fmt: skip
