"""Owns the keeping of views of the queue: named, shared with one's service by its head, begun with, deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Person, may_share_views
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.models.staff import Staff
from tracker.models.views import FirstView, SavedView

MOST = 20
"""So many views a person keeps at most."""


class TooManyViews(Refused):
    """Somebody keeps as many views as there is room for."""

    code = "too_many_views"

    def __init__(self, most: int) -> None:
        super().__init__(f"You keep {most} views already: delete one that you no longer need.", most=most)


class ViewNameTaken(Refused):
    """Another view of the same person has this name."""

    code = "view_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"You have a view called {name} already: choose another name.", name=name)


class NoSuchView(Refused):
    """No such view is theirs to change, or to begin with."""

    code = "no_such_view"

    def __init__(self) -> None:
        super().__init__("This view is no longer there: choose another.")


def keep_view(
    session: Session, *, person: Person, name: str, query: Mapping[str, Any], shared: bool, now: datetime
) -> SavedView:
    """Keep a new view. Raises ``Missing``, ``NotPermitted``, ``TooManyViews`` or ``ViewNameTaken``."""
    _take_turn(session, person.id)
    kept = session.scalar(select(func.count()).select_from(SavedView).where(SavedView.staff_id == person.id)) or 0
    if kept >= MOST:
        raise TooManyViews(MOST)
    view = SavedView(staff_id=person.id, query=dict(query), changed_at=now)
    _write(session, view, person, name, shared, now)
    session.add(view)
    session.flush()
    return view


def change_view(
    session: Session, *, person: Person, number: int, name: str, shared: bool, now: datetime
) -> SavedView:
    """Rename a view, share it or stop sharing it; its owner may, and who shares it.

    Raises ``Missing``, ``NotPermitted``, ``NoSuchView`` or ``ViewNameTaken``.
    """
    view = _theirs(session, person, number)
    _write(session, view, person, name, shared, now)
    session.flush()
    return view


def delete_view(session: Session, *, person: Person, number: int) -> None:
    """Delete a view; whoever began with it begins with the plain list again. Raises ``NoSuchView``."""
    view = _theirs(session, person, number)
    session.execute(delete(FirstView).where(FirstView.view_id == view.id))
    session.delete(view)
    session.flush()


def begin_with(session: Session, *, person: Person, number: int | None, now: datetime) -> None:
    """Begin with one of the views one sees; None: with the plain list. Raises ``NoSuchView``."""
    if number is not None and not _seen(_taken(session, number), person):
        raise NoSuchView
    _take_turn(session, person.id)
    row = session.get(FirstView, person.id)
    if number is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(FirstView(staff_id=person.id, view_id=number, chosen_at=now))
    else:
        row.view_id, row.chosen_at = number, now
    session.flush()


def may_change(person: Person, *, owner_id: int, service_code: str | None) -> bool:
    """Say whether somebody may change a view: its owner, and a head of the service that it is shared with."""
    shared_here = service_code is not None and service_code == person.service_code
    return owner_id == person.id or (shared_here and may_share_views(person))


def _take_turn(session: Session, staff_id: int) -> None:
    session.get_one(Staff, staff_id, with_for_update=True)  # two clicks at once take turns


def _taken(session: Session, number: int) -> SavedView | None:
    """Take a view in hand, so that nobody deletes it meanwhile."""
    return session.get(SavedView, number, with_for_update=True)


def _seen(view: SavedView | None, person: Person) -> bool:
    if view is None:
        return False
    return view.staff_id == person.id or (view.service_code is not None and view.service_code == person.service_code)


def _theirs(session: Session, person: Person, number: int) -> SavedView:
    view = _taken(session, number)
    if view is None or not may_change(person, owner_id=view.staff_id, service_code=view.service_code):
        raise NoSuchView
    _take_turn(session, view.staff_id)
    return view


def _write(session: Session, view: SavedView, person: Person, name: str, shared: bool, now: datetime) -> None:
    name = name.strip()
    if not name:
        raise Missing("name")
    if shared and not may_share_views(person):
        raise NotPermitted("share")
    same = select(SavedView.id).where(SavedView.staff_id == view.staff_id, SavedView.name == name)
    if session.scalar(same) not in (None, view.id):
        raise ViewNameTaken(name)
    view.name, view.service_code, view.changed_at = name, person.service_code if shared else None, now
