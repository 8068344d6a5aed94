"""Owns who is logged in: an account read anew at each request, its permissions, and when a login ends."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import cast

from flask import Flask, session
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy import bindparam, select

from tracker.access.permissions import READ, Person, reaches
from tracker.casework.house import Actor
from tracker.casework.staffing import stands_in_for
from tracker.charter.counting import brussels_day
from tracker.charter.words import Role
from tracker.insight.mailbox import desks
from tracker.insight.sight import Viewer
from tracker.models.staff import Staff
from tracker.web.site import site

LASTS = timedelta(hours=10)
"""A login ends after a working day, whatever is done meanwhile."""

SINCE = "staff_since"
"""Where the session keeps when somebody logged in (seconds since 1970)."""


class Account(UserMixin):  # type: ignore[misc] # Flask-Login carries no types
    """A member of staff who is logged in."""

    def __init__(self, staff: Staff, stands_in_for: frozenset[int], *, heads_dispatchers: bool = False) -> None:
        self.id, self.name, self.email, self.language = staff.id, staff.name, staff.email, staff.language
        self.stamp = _stamp(staff)
        self.person = Person(staff.id, staff.role, staff.service_code, stands_in_for, heads_dispatchers)

    def get_id(self) -> str:
        """Return what the session keeps: it is void as soon as the password changes."""
        return f"{self.id}.{self.stamp}"

    @property
    def actor(self) -> Actor:
        """The account as the one who does something."""
        return Actor(self.name, self.person)

    @cached_property
    def viewer(self) -> Viewer:
        """The account as the one who looks."""
        person = self.person
        return Viewer(
            id=person.id,
            service_code=person.service_code,
            own=frozenset({person.id}) | person.stands_in_for,
            is_head=person.role is Role.HEAD,
            reaches=frozenset(far.value for far in reaches(person, READ)),
        )


def install(app: Flask) -> None:
    """Teach the app who is logged in."""
    manager = LoginManager(app)
    manager.user_loader(_load)


def me() -> Account:
    """The account that is logged in; only where the guard has let somebody in."""
    return cast(Account, current_user._get_current_object())  # the account itself: the proxy looks for it each time


def now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


def _load(stored: str) -> Account | None:
    """Return the account that a session names, unless its time is over, its password changed or it was closed."""
    number, _, stamp = stored.partition(".")
    if not number.isdecimal() or now() - datetime.fromtimestamp(session.get(SINCE, 0), UTC) > LASTS:
        return None
    with site().reading() as db:
        found = db.connection().execute(_WHO, {"id": int(number)}).first()
        staff = cast("Staff | None", found)  # of which an account asks these columns only
        if staff is None or staff.password_hash is None or _stamp(staff) != stamp:
            return None
        stood_in_for = stands_in_for(db, staff.id, staff.role, day=brussels_day(now()))
        over = staff.role is Role.HEAD and staff.service_code in desks(db)
        return Account(staff, stood_in_for, heads_dispatchers=over)


# Asked at every request: as a row, a third of the time of an object.
_WHO = select(
    Staff.id, Staff.name, Staff.email, Staff.language, Staff.password_hash, Staff.role, Staff.service_code
).where(Staff.id == bindparam("id"), Staff.active)


def _stamp(staff: Staff) -> str:
    return blake2b((staff.password_hash or "").encode(), digest_size=8).hexdigest()
