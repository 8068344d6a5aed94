"""Owns what the filters of the queue offer somebody to choose from, and the names of what was chosen."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from tracker.charter.words import Role, ServiceKind
from tracker.insight.sight import Viewer
from tracker.models.directory import Service
from tracker.models.staff import Staff

_HANDLE = (Role.CLERK, Role.HEAD, Role.DISPATCHER, Role.COMPLAINTS)


@dataclass(frozen=True, slots=True)
class Named:
    """The name of something that can be filtered by; ``gone``: it works, or exists, no longer."""

    name: str
    gone: bool


def services_named(session: Session, codes: Collection[str], *, day: date, language: str) -> dict[str, Named]:
    """Return the names of those codes that are services of ours (one statement, if there are any)."""
    if not codes:
        return {}
    query = select(Service.code, Service.names, Service.valid_from, Service.valid_to).where(
        Service.code.in_(codes), Service.kind == ServiceKind.INTERNAL
    )
    found = {}
    for row in session.execute(query):
        ended = row.valid_to is not None and row.valid_to <= day
        gone = ended or (row.valid_from is not None and row.valid_from > day)
        found[row.code] = Named(str(row.names[language]), gone)
    return found


def handlers_named(session: Session, viewer: Viewer, numbers: Collection[int]) -> dict[int, Named]:
    """Return the names of those whose cases the viewer might see (one statement, if there are any)."""
    if not numbers:
        return {}
    query = select(Staff.id, Staff.name, Staff.active).where(Staff.id.in_(numbers), _near(viewer))
    return {row.id: Named(row.name, not row.active) for row in session.execute(query)}


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
