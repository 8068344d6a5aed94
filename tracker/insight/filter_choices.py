"""Owns what the filters of the queue offer somebody to choose from, and the names of what was chosen."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from tracker.charter.words import Role, ServiceKind
from tracker.insight.filters import Filters
from tracker.insight.sight import Viewer
from tracker.models.directory import Service
from tracker.models.staff import Staff

_HANDLE = (Role.CLERK, Role.HEAD, Role.DISPATCHER, Role.COMPLAINTS)


@dataclass(frozen=True, slots=True)
class Named:
    """The name of something that can be filtered by; ``gone``: it works, or exists, no longer."""

    name: str
    gone: bool


def service_named(session: Session, filters: Filters, *, day: date, language: str) -> Named | None:
    """Return the name of the service in question; None: there is no such service of ours."""
    query = select(Service.names, Service.valid_from, Service.valid_to).where(
        Service.code == filters.service, Service.kind == ServiceKind.INTERNAL
    )
    row = session.execute(query).first()
    if row is None:
        return None
    ended = row.valid_to is not None and row.valid_to <= day
    return Named(str(row.names[language]), ended or (row.valid_from is not None and row.valid_from > day))


def handler_named(session: Session, viewer: Viewer, filters: Filters) -> Named | None:
    """Return the name of the handler in question; None: there is nobody whose cases the viewer might see."""
    query = select(Staff.name, Staff.active).where(Staff.id == filters.handler, _near(viewer))
    row = session.execute(query).first()
    return Named(row.name, not row.active) if row is not None else None


def handlers(session: Session, viewer: Viewer) -> list[tuple[int, str]]:
    """Return who may have cases that the viewer sees, by name, desks included (one statement)."""
    query = select(Staff.id, Staff.name).where(Staff.active, Staff.role.in_(_HANDLE), _near(viewer))
    return [(row.id, row.name) for row in session.execute(query.order_by(Staff.name, Staff.id))]


def _near(viewer: Viewer) -> ColumnElement[bool]:
    """Return whose cases a viewer may come to see, as far as their reach goes."""
    if viewer.reaches & {"all", "complaints"}:
        return true()
    near: list[ColumnElement[bool]] = [Staff.id.in_(sorted(viewer.own))]
    if viewer.service_code is not None:
        near.append(Staff.service_code == viewer.service_code)
    if "unassigned" in viewer.reaches:
        near += [Staff.role == Role.DISPATCHER, Staff.is_desk.is_(True)]
    return or_(*near)
