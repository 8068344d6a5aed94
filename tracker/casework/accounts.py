"""Owns what administrators do with accounts: change them, close and open them, and give a link to a new password."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Room, may_enter, reaches
from tracker.casework.calendar_feed import revoke_feed
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor
from tracker.casework.house_history import note_change, take_turn
from tracker.casework.people import (
    PERSON,
    EmailTaken,
    PasswordTooShort,
    UnknownService,
    hashed,
    long_enough,
    person_of,
)
from tracker.charter.words import HouseSubject, Role, Verb
from tracker.insight.house import last_change_of, open_files
from tracker.models.directory import Service
from tracker.models.messages import Outbox
from tracker.models.personal import PasswordLink
from tracker.models.staff import Staff

LINK_LASTS = timedelta(days=3)
SECRET_BYTES = 32
CHANGEABLE = tuple(name for name in PERSON if name != "active")


class NoSuchAccount(Refused):
    """No member of staff has this number, or it is a desk, which nobody logs in to."""

    code = "no_such_account"

    def __init__(self) -> None:
        super().__init__("There is no such account: look at the list of accounts.")


class AccountChanged(Refused):
    """Somebody else changed the account in the meantime."""

    code = "account_changed"

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} changed this account while you were writing: look at it, then save again.", who=who)


class LastAdministrator(Refused):
    """The only account that can still log in to run Suivi would be lost."""

    code = "last_administrator"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the last administrator who can log in: first add another one.", name=name)


class OwnRole(Refused):
    """An administrator who would give themselves a role: whoever runs Suivi reads no files by their own act."""

    code = "own_role"

    def __init__(self) -> None:
        super().__init__("Nobody changes their own role: ask another administrator.")


class HoldsFiles(Refused):
    """A role that handles no files, for somebody who has some."""

    code = "holds_files"

    def __init__(self, name: str, files: int) -> None:
        super().__init__(f"{name} has open files ({files}): hand them over first.", name=name, files=files)


class CannotSucceed(Refused):
    """Somebody who is to get the files of an account that is closed, and cannot handle any."""

    code = "cannot_succeed"

    def __init__(self) -> None:
        super().__init__("This person cannot be given the files: choose an active colleague who handles files.")


class LinkOver(Refused):
    """A link to a new password that was used, replaced, is too old, or never was."""

    code = "link_over"

    def __init__(self) -> None:
        super().__init__("This link is no longer valid: ask your administrator for another one.")


def change_account(
    session: Session, *, staff_id: int, given: Mapping[str, Any], actor: Actor, now: datetime, seen: int | None = None
) -> Staff:
    """Change fields of an account (``CHANGEABLE``). ``seen``: the last change of it that its writer saw.

    Raises ``NotPermitted``, ``NoSuchAccount``, ``AccountChanged``, ``EmailTaken``, ``UnknownService``,
    ``LastAdministrator``, ``OwnRole`` or ``HoldsFiles``.
    """
    staff = _take(session, staff_id, actor, seen)
    before = {name: getattr(staff, name) for name in CHANGEABLE}
    after = before | {name: value for name, value in given.items() if name in CHANGEABLE}
    after["email"] = after["email"].strip().lower()
    taken = select(Staff.id).where(Staff.email == after["email"], Staff.id != staff_id)
    if session.scalar(taken) is not None:
        raise EmailTaken(after["email"])
    if after["service_code"] and session.get(Service, after["service_code"]) is None:
        raise UnknownService(after["service_code"])
    if before["role"] is Role.ADMIN and after["role"] is not Role.ADMIN:
        _refuse_to_lose_the_last(session, staff)
    if before["role"] is not after["role"] and actor.person is not None and actor.person.id == staff_id:
        raise OwnRole
    for name, value in after.items():
        setattr(staff, name, value)
    if not reaches(person_of(staff), Verb.ANSWER) and (files := open_files(session, staff_id)):
        raise HoldsFiles(staff.name, files)
    session.flush()
    note_change(
        session, HouseSubject.PERSON, str(staff_id), "change", actor=actor, now=now, before=before, after=after
    )
    return staff


def close_account(
    session: Session,
    *,
    staff_id: int,
    successor_id: int | None,
    why: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Close an account: whoever it was is logged out everywhere, and their calendar's address ends.

    Their open files go to ``successor_id``, or where that cannot be to their service (``hand_over_from_closed``).
    Closing it again changes nothing. Raises ``Missing`` without a reason, ``CannotSucceed``, and what
    ``change_account`` does.
    """
    staff = _take(session, staff_id, actor, seen)
    if not staff.active:
        return
    if not why.strip():
        raise Missing("reason")
    successor = session.get(Staff, successor_id) if successor_id is not None else None
    if successor_id is not None and (successor is None or successor_id == staff_id or not can_handle(successor)):
        raise CannotSucceed
    if staff.role is Role.ADMIN:
        _refuse_to_lose_the_last(session, staff)
    files = open_files(session, staff_id)
    staff.active, staff.password_hash = False, None
    revoke_feed(session, staff_id=staff_id, now=now)
    _end_links(session, staff_id, now)
    note_change(
        session, HouseSubject.PERSON, str(staff_id), "deactivate", actor=actor, now=now,
        before={"active": True}, after={"active": False}, successor=successor_id, files=files, why=why.strip(),
    )  # fmt: skip


def open_account(session: Session, *, staff_id: int, actor: Actor, now: datetime) -> None:
    """Open a closed account again; it has no password until its link is used. Raises as ``change_account``."""
    staff = _take(session, staff_id, actor, None)
    if staff.active:
        return
    staff.active = True
    note_change(
        session, HouseSubject.PERSON, str(staff_id), "reactivate", actor=actor, now=now,
        before={"active": False}, after={"active": True},
    )  # fmt: skip


def make_password_link(session: Session, *, staff_id: int, actor: Actor, now: datetime) -> str:
    """Make the secret of a link by which somebody sets their own password, and return it: it is never kept.

    An earlier one ends. The old password counts until the new one is set. The owner and the other administrators are
    told by mail that it was made, without the link. Raises as ``change_account`` does.
    """
    staff = _take(session, staff_id, actor, None)
    if not staff.active or actor.staff_id is None:
        raise NoSuchAccount
    _end_links(session, staff_id, now)
    secret = token_urlsafe(SECRET_BYTES)
    link = PasswordLink(
        staff_id=staff_id, digest=_digest(secret), made_at=now, made_by=actor.staff_id, until=now + LINK_LASTS
    )
    session.add(link)
    session.flush()
    session.add(Outbox(password_link_id=link.id, state="waiting", attempts=0, next_try_at=now))
    note_change(session, HouseSubject.PERSON, str(staff_id), "link", actor=actor, now=now)
    return secret


def whose_link(session: Session, secret: str, *, now: datetime) -> Staff | None:
    """Return whose password a link sets; None: it is over, or there is no such link."""
    query = (
        select(Staff)
        .join(PasswordLink, PasswordLink.staff_id == Staff.id)
        .where(PasswordLink.digest == _digest(secret), PasswordLink.ended_at.is_(None), PasswordLink.until > now)
        .where(Staff.active)
    )
    return session.scalar(query)


def set_password(session: Session, *, secret: str, password: str, now: datetime) -> Staff:
    """Set somebody's password by their link, once: every login of before ends.

    Raises ``LinkOver`` or ``PasswordTooShort``.
    """
    if not long_enough(password):
        raise PasswordTooShort
    take_turn(session)
    staff = whose_link(session, secret, now=now)
    if staff is None:
        raise LinkOver
    staff.password_hash = hashed(password)
    _end_links(session, staff.id, now)
    note_change(
        session, HouseSubject.PERSON, str(staff.id), "password", actor=Actor(staff.name, person_of(staff)), now=now
    )
    return staff


def can_handle(staff: Staff) -> bool:
    """Say whether somebody can be given files."""
    return staff.active and not staff.is_desk and bool(reaches(person_of(staff), Verb.ANSWER))


def _take(session: Session, staff_id: int, actor: Actor, seen: int | None) -> Staff:
    """Take the turn and lock an account for an administrator, as its writer saw it."""
    if actor.person is None or not may_enter(actor.person, Room.PEOPLE):
        raise NotPermitted(Room.PEOPLE)
    take_turn(session)  # so that two administrators cannot take the role from each other at once
    staff = session.scalars(select(Staff).where(Staff.id == staff_id).with_for_update()).one_or_none()
    if staff is None or staff.is_desk:
        raise NoSuchAccount
    last = last_change_of(session, staff_id)
    if seen is not None and seen != (last.number if last else 0):
        raise AccountChanged(last.actor if last else "?")
    return staff


def _refuse_to_lose_the_last(session: Session, staff: Staff) -> None:
    others = select(func.count()).where(
        Staff.role == Role.ADMIN, Staff.active, Staff.password_hash.is_not(None), Staff.id != staff.id
    )
    if staff.active and not session.scalar(others):
        raise LastAdministrator(staff.name)


def _end_links(session: Session, staff_id: int, now: datetime) -> None:
    for link in session.scalars(
        select(PasswordLink).where(PasswordLink.staff_id == staff_id, PasswordLink.ended_at.is_(None))
    ):
        link.ended_at = now
    session.flush()


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
