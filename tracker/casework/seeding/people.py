"""Owns who is in the made-up population: staff in every service and role, and citizens with what they write about."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any, Self
from unicodedata import normalize

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.staffing import COMPLAINTS_SERVICE, Team
from tracker.charter.words import Language, Recipient, Role, ServiceKind
from tracker.models.directory import Service
from tracker.models.staff import Staff

DISPATCHING = "M0.0"
"""The service in which the made-up dispatchers work, and whose head is theirs."""

CLERKS = {"CONSULAR": 6, "EMBASSY": 3, "DGB": 2, "DGE": 2, "DGD": 2}


@dataclass(frozen=True, slots=True)
class Officer:
    """A member of staff as cases need them: what is printed under a letter."""

    id: int
    name: str
    titles: dict[str, str] | None
    phone: str
    email: str
    service: str | None
    role: Role


@dataclass(frozen=True)
class Office:
    """The house as the population finds it: who works there, what the services are called, who reaches whom."""

    officers: tuple[Officer, ...]
    services: Mapping[str, Mapping[str, Any]]
    team: Team

    @classmethod
    def load(cls, session: Session, *, day: date) -> Self:
        """Read the active staff and the directory, as of a day (Brussels date)."""
        officers = tuple(
            Officer(s.id, s.name, s.titles, s.phone or "", s.email, s.service_code, s.role)
            for s in session.scalars(select(Staff).where(Staff.active, Staff.is_desk.is_(False)).order_by(Staff.id))
        )
        services = {
            s.code: {
                "names": dict(s.names),
                "address": s.postal_address,
                "kind": s.kind,
                "associated": list(s.associated),
            }
            for s in session.scalars(select(Service))
        }
        return cls(officers, services, Team.load(session, day=day))

    def handlers(self, service: str) -> Sequence[Officer]:
        """Return who handles the cases of a service: its clerks, else its head."""
        role = Role.COMPLAINTS if service == COMPLAINTS_SERVICE else Role.CLERK
        own = [o for o in self.officers if o.role is role and (role is Role.COMPLAINTS or o.service == service)]
        return own or [o for o in self.officers if o.role is Role.HEAD and o.service == service]

    @property
    def dispatchers(self) -> Sequence[Officer]:
        """Return who dispatches."""
        return [officer for officer in self.officers if officer.role is Role.DISPATCHER]

    def reached(self, to: tuple[Recipient, ...], *, handler: int, service: str | None) -> str:
        """Return the ids of those whom a rung reaches, as a JSON list."""
        found = [m for who in to for m in self.team.reached(who, handler_id=handler, service=service)]
        return f"[{','.join(str(member) for member in dict.fromkeys(found))}]"


def read_texts() -> Mapping[str, Any]:
    """Return the names, subjects and texts in the four languages."""
    return tomllib.loads((files("tracker.casework.seeding") / "texts.toml").read_text(encoding="utf-8"))


def employ(session: Session, *, seed: int, now: datetime) -> int:
    """Add staff for the population, who cannot log in, and return how many; whoever is there already stays."""
    texts, random = read_texts()["names"], Random(seed)  # noqa: S311 - made-up people, the same for the same number
    internal = set(session.scalars(select(Service.code).where(Service.kind == ServiceKind.INTERNAL)))
    wanted: list[tuple[str | None, Role]] = [
        (code, Role.CLERK) for code in sorted(internal) for _ in range(CLERKS.get(code, 1))
    ]
    led = set(session.scalars(select(Staff.service_code).where(Staff.role == Role.HEAD)))
    wanted += [(code, Role.HEAD) for code in sorted(internal - led) if code != "MD8"]  # one waits for its head
    wanted += [(DISPATCHING, Role.DISPATCHER)] * 2 + [(COMPLAINTS_SERVICE, Role.COMPLAINTS)] * 2
    wanted += [(None, Role.DIRECTION), (None, Role.AUDITOR)]
    taken = set(session.scalars(select(Staff.email)))
    for code, role in wanted:
        language = random.choice(("fr", "nl", "nl", "fr", "de"))
        name, email = _somebody(texts[language], random, taken)
        line = f"+32 2 501 {random.randint(20, 99)} {len(taken):02d}"
        session.add(
            Staff(
                email=email, name=name, phone=line, role=role, service_code=code,
                language=Language(language), active=True, is_desk=False, created_at=now - timedelta(days=800),
            )
        )  # fmt: skip
    session.flush()
    _send_somebody_away(session, now)
    return len(wanted)


def _somebody(names: Mapping[str, Sequence[str]], random: Random, taken: set[str]) -> tuple[str, str]:
    while True:
        first, last = random.choice(names["first"]), random.choice(names["last"])
        email = f"{address_of(f'{first} {last}')}@staff.example"
        if email not in taken:
            taken.add(email)
            return f"{first} {last}", email


def _send_somebody_away(session: Session, now: datetime) -> None:
    """Let one clerk of the largest service be away, with a colleague standing in."""
    query = select(Staff).where(Staff.service_code == "CONSULAR", Staff.role == Role.CLERK).order_by(Staff.id.desc())
    away, deputy = session.scalars(query.limit(2)).all()
    away.away_from, away.away_until = now.date() - timedelta(days=3), now.date() + timedelta(days=11)
    away.deputy_id = deputy.id


@lru_cache(maxsize=4096)
def address_of(name: str) -> str:
    """Return the local part of a made-up address: the name in plain small letters."""
    plain = normalize("NFKD", name.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "".join(c if c.isalnum() else "." for c in plain).replace("..", ".").strip(".")
