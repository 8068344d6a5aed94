"""Owns the views of the queue that somebody finds above it: their own, and those that their service shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
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
    seen = SavedView.staff_id == viewer.id
    if viewer.service_code is not None:
        seen = or_(seen, SavedView.service_code == viewer.service_code)
    query = (
        select(SavedView, Staff.name, FirstView.view_id)
        .join(Staff, Staff.id == SavedView.staff_id)
        .outerjoin(FirstView, and_(FirstView.view_id == SavedView.id, FirstView.staff_id == viewer.id))
        .where(seen)
        .order_by((SavedView.staff_id == viewer.id).desc(), SavedView.name, SavedView.id)
        .limit(MOST)
    )
    return [
        Saved(row.id, row.name, row.query, row.staff_id == viewer.id, row.staff_id, owner, row.service_code,
              first is not None)
        for row, owner, first in session.execute(query)
    ]  # fmt: skip
