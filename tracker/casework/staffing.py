"""Owns who is there: whom a case is given to, who stands in for whom, and whom the ladder reaches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from sqlalchemy import Date, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from tracker.charter.words import Recipient, Role
from tracker.models.staff import Staff


class Member(NamedTuple):
    """A member of staff, as far as staffing needs to know."""

    id: int
    role: Role
    service_code: str | None
    deputy_id: int | None
    away_from: date | None
    away_until: date | None
    is_desk: bool
    name: str
    titles: dict[str, str] | None
    phone: str
    email: str

    def away_on(self, day: date) -> bool:
        """Say whether this person is away on a day (Brussels date)."""
        return self.away_from is not None and self.away_from <= day and (
            self.away_until is None or day <= self.away_until
        )  # fmt: skip


@dataclass(frozen=True)
class Team:
    """The active members of staff, asked about one day (Brussels date)."""

    members: dict[int, Member]
    day: date
    duty_mailbox: bool = False
    """Whether somebody reads the duty desk's mail, day and night."""

    @classmethod
    def load(
        cls, session: Session, *, day: date, services: Iterable[str] | None = None, duty_mailbox: bool = False
    ) -> Self:
        """Read the active staff; with ``services``, only theirs and those who serve every service."""
        if services is None:
            rows = session.connection().execute(_MEMBERS).all()
        else:
            rows = session.connection().execute(_SOME_MEMBERS, {"services": list(services)}).all()
        return cls({row[0]: Member(*row) for row in rows}, day, duty_mailbox)

    def there(self, member: Member | None, *, not_this: int | None = None) -> Member | None:
        """Return the person, or when away the deputy, the deputy's deputy …; then the head; else nobody.

        A circle of deputies ends where it began: nobody is asked twice. Whoever a complaint concerns (``not_this``)
        is passed over.
        """
        asked: set[int] = set()
        someone = member
        while someone is not None and someone.id not in asked:
            if someone.id != not_this and not someone.away_on(self.day):
                return someone
            asked.add(someone.id)
            someone = self.members.get(someone.deputy_id) if someone.deputy_id else None
        if member is None:
            return None
        passed_over = asked | {not_this}
        return next((head for head in self.heads(member.service_code) if head.id not in passed_over), None)

    def in_role(self, role: Role, service: str | None = None) -> list[Member]:
        """Return who is there today in a role, of one service or of any."""
        return [
            m
            for m in self.members.values()
            if m.role is role and not m.away_on(self.day) and (service is None or m.service_code == service)
        ]

    def heads(self, service: str | None) -> list[Member]:
        """Return the heads of a service who are there today."""
        return [m for m in self.in_role(Role.HEAD) if m.service_code == service]

    def dispatchers(self) -> list[Member]:
        """Return who dispatches today: people first, the duty desk when there is none."""
        there = self.in_role(Role.DISPATCHER)
        return [m for m in there if not m.is_desk] or there

    def handler_for(self, service: str | None, *, turn: int, not_this: int | None = None) -> Member:
        """Return who handles a new case: a clerk of the service in turn, its head, else the dispatcher on duty.

        ``turn`` (the case's number) deals the cases out evenly. Whoever a complaint concerns (``not_this``)
        never handles it (charter §6).

        Raises ``NobodyThere`` when not even the duty desk exists: ``tracker init`` makes it.
        """
        candidates: Sequence[Member] = ()
        if service is not None:
            role = Role.COMPLAINTS if service == COMPLAINTS_SERVICE else Role.CLERK
            own = None if role is Role.COMPLAINTS else service
            candidates = [m for m in self.in_role(role, own) if m.id != not_this]
            candidates = candidates or [m for m in self.heads(service) if m.id != not_this]
        candidates = candidates or [m for m in self.dispatchers() if m.id != not_this]
        candidates = candidates or [m for m in self.members.values() if m.is_desk]
        if not candidates:
            raise NobodyThere
        return candidates[turn % len(candidates)]

    def reached(
        self, who: Recipient, *, handler_id: int, service: str | None, not_this: int | None = None
    ) -> list[int]:
        """Return the ids of those whom a notice to ``who`` reaches today; empty when there is nobody."""
        handler = self.members.get(handler_id)
        match who:
            case Recipient.HANDLER:
                someone = self.there(handler, not_this=not_this)
                found = [someone] if someone is not None and not someone.is_desk else []
            case Recipient.HEAD:
                found = self.heads(service or (handler.service_code if handler else None))
            case Recipient.DISPATCHERS_HEAD:
                desks = {m.service_code for m in self.members.values() if m.role is Role.DISPATCHER}
                found = [head for desk in sorted(desks, key=str) for head in self.heads(desk)]
            case Recipient.DIRECTION:
                found = self.in_role(Role.DIRECTION)
            case Recipient.COORDINATOR:
                found = self.in_role(Role.COMPLAINTS)
            case Recipient.DUTY:
                found = [m for m in self.in_role(Role.DISPATCHER) if not m.is_desk or self.duty_mailbox]
        return [m.id for m in found if m.id != not_this]


COMPLAINTS_SERVICE = "COMPLAINTS"


_MEMBERS = (
    select(*(getattr(Staff, name) for name in Member._fields)).where(Staff.active).order_by(Staff.id)
)  # fmt: skip
_SOME_MEMBERS = _MEMBERS.where(
    or_(
        Staff.role.in_((Role.DISPATCHER, Role.COMPLAINTS, Role.DIRECTION)),
        Staff.service_code.in_(bindparam("services", expanding=True)),
    )
)


_deputy, _DAY = aliased(Staff), bindparam("day", type_=Date)
_ABSENT = (
    select(
        Staff.id, _deputy.id.label("deputy"), Staff.is_desk,
        (
            Staff.service_code
            == select(Staff.service_code).where(Staff.id == bindparam("staff_id")).correlate(None).scalar_subquery()
        ).label("near"),
    )
    .outerjoin(_deputy, (_deputy.id == Staff.deputy_id) & _deputy.active)
    .where(
        Staff.active,
        Staff.id != bindparam("staff_id"),
        Staff.is_desk | (Staff.away_from <= _DAY) & (Staff.away_until.is_(None) | (Staff.away_until >= _DAY)),
    )
)  # fmt: skip
"""Who is away on a day, with whoever stands in, and the desks; made once: every page of staff asks it."""


def stands_in_for(session: Session, staff_id: int, role: Role, *, day: date) -> frozenset[int]:
    """Return for whom somebody stands in on a day (Brussels): who is away and comes to them, deputy by deputy.

    A head stands in for those of the service for whom no deputy is there. What a desk holds is in the hands of every
    dispatcher. One statement.
    """
    absent: dict[int, int | None] = {}
    held: set[int] = set()
    near: set[int] = set()
    for row in session.execute(_ABSENT, {"staff_id": staff_id, "day": day}):
        if row.is_desk:
            held |= {row.id} if role is Role.DISPATCHER else set()
        else:
            absent[row.id] = row.deputy
            near |= {row.id} if row.near else set()
    reached = {staff_id}
    while more := {one for one, deputy_id in absent.items() if deputy_id in reached} - reached:
        reached |= more
    orphans = {one for one in near if _nobody_stands_in(one, absent)} if role is Role.HEAD else set()
    return frozenset(held | orphans | reached - {staff_id})


def _nobody_stands_in(member: int, absent: Mapping[int, int | None]) -> bool:
    """Say whether the deputies of somebody who is away end with nobody, or where they began."""
    asked: set[int] = set()
    someone: int | None = member
    while someone is not None and someone in absent and someone not in asked:
        asked.add(someone)
        someone = absent[someone]
    return someone is None or someone in asked


class NobodyThere(Exception):
    """There is not even a duty desk to give a case to."""

    def __str__(self) -> str:
        return "There is nobody to give a case to: run `tracker init`, then `tracker user add`."
