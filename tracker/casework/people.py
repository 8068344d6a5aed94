"""Owns the accounts of staff and the directory's arrival in the database."""

from datetime import date, datetime
from email.utils import parseaddr
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Person, may_set_absence
from tracker.casework.errors import NotPermitted, Refused
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.house_history import note_change, take_turn
from tracker.charter.words import HouseSubject, Language, Role
from tracker.models.directory import Service
from tracker.models.staff import Staff

if TYPE_CHECKING:
    from argon2 import PasswordHasher

    from tracker.routing.directory import Directory, Entry

GENERAL_PHONE = "+32 2 501 81 11"
"""The general number (FPS Foreign Affairs, user charter, §1): whoever has no number of their own is reached by it."""

SHORTEST_PASSWORD = 8


class EmailTaken(Refused):
    """There is an account with this e-mail address already."""

    code = "email_taken"

    def __init__(self, email: str) -> None:
        super().__init__(f"There is an account for {email} already.", email=email)


class UnknownService(Refused):
    """The directory has no such service."""

    code = "unknown_service"

    def __init__(self, service: str) -> None:
        super().__init__(f"The directory has no service {service!r}: see `tracker directory check`.", service=service)


class PasswordTooShort(Refused):
    """A password that could be guessed."""

    code = "password_too_short"

    def __init__(self) -> None:
        super().__init__(f"A password has at least {SHORTEST_PASSWORD} characters.", least=SHORTEST_PASSWORD)


class DeputyCircle(Refused):
    """A deputy who would in the end be deputised by the person who names them."""

    code = "deputy_circle"

    def __init__(self) -> None:
        super().__init__("These deputies would stand in for each other in a circle: name somebody else.")


class CannotDeputise(Refused):
    """Somebody who does not work here, or not any more, is to stand in."""

    code = "cannot_deputise"

    def __init__(self) -> None:
        super().__init__("This person cannot stand in: choose an active colleague.")


ABSENCE = ("away_from", "away_until", "deputy_id")
PERSON = ("email", "name", "titles", "phone", "role", "service_code", "language", "active")
"""What the history tells of a member of staff; ``tracker verify`` holds the rows against it."""


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # 64 MiB and 0.3 s a time: only where somebody logs in

    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password fits: an unknown address takes as long to refuse as a wrong password."""
    return _hasher().hash("nobody has this password: it is thrown away")


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher().hash(password)


def long_enough(password: str) -> bool:
    """Say whether a password is too long to be guessed in a few tries."""
    return len(password) >= SHORTEST_PASSWORD


def add_staff(
    session: Session,
    *,
    email: str,
    role: Role,
    now: datetime,
    service_code: str | None = None,
    password: str | None = None,
    name: str | None = None,
    titles: dict[str, str] | None = None,
    phone: str | None = None,
    language: Language = Language.FR,
    actor: Actor = SYSTEM,
) -> Staff:
    """Add an account. What is not given is made from what is: nobody signs without name, title and phone (P8).

    The name comes from the address (``an.peeters@`` → An Peeters), the title in a language that ``titles`` lacks is
    that of the role, the phone is the service's, or else the general number. Raises ``EmailTaken``,
    ``UnknownService`` or ``PasswordTooShort``.
    """
    email = email.strip().lower()
    take_turn(session)  # two clicks at once would both find the address free
    if session.scalar(select(func.count()).where(Staff.email == email)):
        raise EmailTaken(email)
    service = session.get(Service, service_code) if service_code else None
    if service_code and service is None:
        raise UnknownService(service_code)
    if password is not None and not long_enough(password):
        raise PasswordTooShort
    staff = Staff(
        email=email,
        role=role,
        service_code=service_code,
        name=name or email.split("@")[0].replace(".", " ").replace("_", " ").title(),
        titles=titles,
        phone=phone or (service.phone if service else None) or GENERAL_PHONE,
        language=language,
        password_hash=hashed(password) if password else None,
        active=True,
        is_desk=False,
        created_at=now,
    )
    session.add(staff)
    session.flush()
    after = {name: getattr(staff, name) for name in PERSON}
    note_change(session, HouseSubject.PERSON, str(staff.id), "add", actor=actor, now=now, after=after)
    return staff


def authenticate(session: Session, *, email: str, password: str) -> Staff | None:
    """Return whose e-mail address and password these are; None for any mistake, after the same time."""
    from argon2.exceptions import InvalidHashError, VerificationError

    staff = session.scalar(select(Staff).where(Staff.email == email.strip().lower(), Staff.active))
    stored = staff.password_hash if staff is not None and staff.password_hash else _nobody()
    try:
        _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return None
    return staff if staff is not None and staff.password_hash else None


def set_absence(
    session: Session,
    *,
    staff_id: int,
    away_from: date | None,
    away_until: date | None,
    deputy_id: int | None,
    actor: Actor,
    now: datetime,
) -> Staff:
    """Record when somebody is away (Brussels dates, both included) and who stands in, with what it was before.

    No case moves, neither now nor when they are back: whoever stands in acts on it where it is. Raises
    ``NotPermitted``, ``CannotDeputise`` or ``DeputyCircle``.
    """
    take_turn(session)  # two colleagues who name each other at once would make a circle that neither saw
    staff = session.scalars(select(Staff).where(Staff.id == staff_id).with_for_update()).one()
    if actor.person is not None and not may_set_absence(actor.person, person_of(staff)):
        raise NotPermitted("absence")
    deputy = session.get(Staff, deputy_id) if deputy_id is not None else None
    if deputy_id not in (None, staff.deputy_id) and (deputy is None or not deputy.active or deputy.is_desk):
        raise CannotDeputise
    seen, next_id = {staff_id}, deputy_id
    while next_id is not None:
        if next_id in seen:
            raise DeputyCircle
        seen.add(next_id)
        next_id = session.scalar(select(Staff.deputy_id).where(Staff.id == next_id))
    before = {name: getattr(staff, name) for name in ABSENCE}
    staff.away_from, staff.away_until, staff.deputy_id = away_from, away_until, deputy_id
    after = {name: getattr(staff, name) for name in ABSENCE}
    note_change(
        session, HouseSubject.ABSENCE, str(staff.id), "absence", actor=actor, now=now, before=before, after=after
    )
    return staff


def person_of(staff: Staff) -> Person:
    """Return what the table of permissions needs to know of a member of staff, whoever they stand in for."""
    return Person(staff.id, staff.role, staff.service_code)


def set_language(session: Session, *, staff_id: int, language: Language, actor: Actor, now: datetime) -> Staff:
    """Record the language in which somebody reads Suivi's pages and notices, with what it was before."""
    take_turn(session)
    staff = session.scalars(select(Staff).where(Staff.id == staff_id).with_for_update()).one()
    before, staff.language = {"language": staff.language}, language
    note_change(
        session, HouseSubject.PERSON, str(staff_id), "change", actor=actor, now=now, before=before,
        after={"language": language},
    )  # fmt: skip
    return staff


def ensure_duty_desk(session: Session, *, email: str, now: datetime) -> Staff:
    """Make sure that there is a desk to hold what reaches it while no dispatcher is there, with this address.

    ``email`` may carry a name, as a sender's address does: ``Suivi <suivi@example.be>``.
    """
    address = parseaddr(email)[1].lower()
    desk = session.scalar(select(Staff).where(Staff.is_desk))
    if desk is not None:
        desk.email = address
    else:
        desk = Staff(
            email=address,
            role=Role.DISPATCHER,
            name="SPF Affaires étrangères / FOD Buitenlandse Zaken",
            phone=GENERAL_PHONE,
            language=Language.FR,
            active=True,
            is_desk=True,
            created_at=now,
        )
        session.add(desk)
        session.flush()
    return desk


def load_directory(session: Session, directory: "Directory", *, day: date) -> int:
    """Bring the directory, as it stands on a day (Brussels), into the database; again changes only what changed.

    A body that is no longer in force keeps its row, with its end: cases lead to it. Return how many there are.
    """
    known = {service.code: service for service in session.scalars(select(Service))}
    entries = [directory.get(code, on=day) or directory.versions(code)[-1] for code in directory.codes]
    new = {entry.code: Service(code=entry.code) for entry in entries if entry.code not in known}
    for found in (new, known):  # what is there already may come under what is new
        for entry in sorted(entries, key=lambda e: e.parent is not None):
            if entry.code in found:
                _describe(found[entry.code], entry)
                session.add(found[entry.code])
        session.flush()
    return len(entries)


def _describe(service: Service, entry: "Entry") -> None:
    service.kind = entry.kind
    service.names = dict(entry.names)
    service.phone, service.email = entry.phone or None, entry.email or None
    service.postal_address, service.website = entry.postal_address or None, entry.website or None
    service.channel = entry.channel or None
    service.associated = list(entry.associated)
    service.parent_code = entry.parent
    service.valid_from, service.valid_to = entry.valid_from, entry.valid_to
