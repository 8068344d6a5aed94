"""What tests make their cases of: a house, a directory of services, people, and requests with plain defaults."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Person
from tracker.casework import people
from tracker.casework.house import CITIZEN, Actor, House
from tracker.casework.register import Intake, register
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import brussels_day
from tracker.charter.rules import RuleBook
from tracker.charter.words import Channel, Language, Nature, Role
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.staff import Staff
from tracker.routing.directory import load_directory
from tracker.routing.router import Router

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Monday 2 March 2026, 10:00 in Brussels: fifteen days later is Tuesday the 17th."""


@cache
def _router() -> Router:
    return Router(load_directory())


@cache
def make_house() -> House:
    """Return the house as it is shipped."""
    return House(
        rules=RuleBook.shipped(),
        shipped_calendar=WorkingCalendar.shipped(),
        router=_router,
        reference_prefix="DOS",
        base_url="https://suivi.example",
        secret=b"a secret for tests only, of 32 bytes or more",
    )


_settled: dict[date, list[dict[str, Any]]] = {}
"""The rows of the directory as it stands on a day, once they were loaded in this process."""


def settle(session: Session, *, now: datetime = MONDAY) -> None:
    """Load the directory and the duty desk: what ``tracker init`` does.

    Row by row the first time; where the same rows go into another empty database, they are put there as they are.
    """
    day, services = brussels_day(now), Service.__table__
    if day in _settled and session.scalar(select(services.c.code).limit(1)) is None:
        session.execute(insert(services), _settled[day])
    else:
        known = session.scalar(select(services.c.code).limit(1)) is not None
        people.load_directory(session, load_directory(), day=day)
        if not known:
            rows = session.execute(select(services).order_by(services.c.parent_code.is_not(None)))
            _settled[day] = [dict(row) for row in rows.mappings()]
    people.ensure_duty_desk(session, email="duty@suivi.example", now=now)


def make_staff(session: Session, email: str, role: Role, service: str | None = None, **more: Any) -> Staff:
    """Add a member of staff with every detail that a letter is signed with."""
    return people.add_staff(session, email=email, role=role, service_code=service, now=MONDAY, **more)


def acting(staff: Staff) -> Actor:
    """Return a member of staff as the one who acts."""
    return Actor(staff.name, Person(staff.id, staff.role, staff.service_code))


INTAKE = Intake(
    channel=Channel.WEB,
    received_at=MONDAY,
    nature=Nature.INFORMATION,
    language=Language.FR,
    subject="Légalisation d'un diplôme",
    text="Bonjour, comment faire légaliser mon diplôme belge pour l'Égypte ?",
    requester_name="Claire Dubois",
    requester_email="claire.dubois@example.org",
)


def make_case(session: Session, *, now: datetime | None = None, **more: Any) -> Case:
    """Register a request of a citizen; the defaults are a question by web form on Monday 2 March 2026."""
    intake = replace(INTAKE, **more)
    done = register(session, make_house(), intake=intake, actor=CITIZEN, now=now or intake.received_at)
    return session.get_one(Case, done.case.id)
