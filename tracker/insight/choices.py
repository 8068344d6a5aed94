"""Owns what staff choose from: colleagues to give a case to, services to route it to, bodies to transmit it to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from tracker.charter.words import Channel, Role, ServiceKind
from tracker.models.directory import Service
from tracker.models.staff import Staff


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who can handle a case."""

    id: int
    name: str
    role: Role
    service_code: str | None
    service_names: Mapping[str, str] | None
    away: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A unit of the FPS or an outside body, as it stands in the directory on a day."""

    code: str
    name: str
    kind: ServiceKind
    email: str | None
    postal_address: str | None
    channel: Channel | None


def colleagues(session: Session, *, day: date, not_this: int | None = None) -> list[Colleague]:
    """Return who can be given a case, by name, without the person a complaint is about (one statement)."""
    roles = (Role.CLERK, Role.HEAD, Role.DISPATCHER, Role.COMPLAINTS)
    query = _people().where(Staff.role.in_(roles))
    return [_colleague(row, names, day) for row, names in session.execute(query).all() if row.id != not_this]


def everybody(session: Session, *, day: date) -> list[Colleague]:
    """Return the active members of staff, by name: whom a complaint may be about (one statement)."""
    return [_colleague(row, names, day) for row, names in session.execute(_people()).all()]


def _people() -> Select[Staff, dict[str, str] | None]:
    query = select(Staff, Service.names).outerjoin(Service, Service.code == Staff.service_code)
    return query.where(Staff.active, Staff.is_desk.is_(False)).order_by(Staff.name, Staff.id)


def _colleague(row: Staff, names: Mapping[str, str] | None, day: date) -> Colleague:
    return Colleague(row.id, row.name, row.role, row.service_code, names, row.away_on(day))


def bodies(session: Session, *, internal: bool, day: date, language: str) -> list[Body]:
    """Return our own services, or the bodies outside, that exist on a day, by name (one statement)."""
    ours = Service.kind == ServiceKind.INTERNAL
    query = select(
        Service.code, Service.names, Service.kind, Service.email, Service.postal_address, Service.channel
    ).where(
        ours if internal else ~ours,
        or_(Service.valid_from.is_(None), Service.valid_from <= day),
        or_(Service.valid_to.is_(None), Service.valid_to > day),
    )
    found = [
        Body(
            row.code, str(row.names[language]), row.kind, row.email, row.postal_address,
            Channel(row.channel) if row.channel in list(Channel) else None,
        )
        for row in session.execute(query)
    ]  # fmt: skip
    return sorted(found, key=lambda body: body.name.casefold())
