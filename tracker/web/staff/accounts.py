"""Owns who is logged in: an account read anew at each request, its permissions, and when a login ends."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from secrets import token_urlsafe
from typing import cast

from flask import Flask, current_app, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import bindparam, exists, select
from sqlalchemy.exc import OperationalError

from tracker.access.permissions import READ, Person, reaches
from tracker.casework.house import Actor
from tracker.casework.logins import digest_of, end_login
from tracker.casework.staffing import stands_in_for
from tracker.charter.counting import brussels_day
from tracker.charter.words import Role
from tracker.insight.mailbox import desks
from tracker.insight.sight import Viewer
from tracker.models.operations import EndedLogin
from tracker.models.staff import Staff
from tracker.web.site import site

LASTS = timedelta(hours=10)
"""A login ends after a working day, whatever is done meanwhile."""

SINCE = "staff_since"
"""Where the session keeps when somebody logged in (seconds since 1970)."""

NUMBER = "staff_login"
"""Where the session keeps the number of this login, drawn by lot: logging out ends every copy of the cookie."""


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


def begin(staff: Staff) -> None:
    """Log somebody in, in this browser."""
    session[SINCE], session[NUMBER] = int(now().timestamp()), token_urlsafe(16)
    login_user(Account(staff, frozenset()))


def end() -> None:
    """End the login of this browser, if there is one, wherever its cookie was copied to.

    Where the database does not answer, whoever leaves is out of this browser all the same.
    """
    if current_user.is_authenticated:
        try:
            with site().database.writing() as db:
                end_login(db, session[NUMBER], until=_since() + LASTS)
        except OperationalError as error:
            current_app.logger.error("a login has ended in its browser alone: a copy lasts on", exc_info=error)
    logout_user()
    session.pop(SINCE, None)
    session.pop(NUMBER, None)


def _since() -> datetime:
    return datetime.fromtimestamp(session.get(SINCE, 0), UTC)


def _load(stored: str) -> Account | None:
    """Return the account that a session names, unless it is closed, its password changed, or the login is over."""
    number, _, stamp = stored.partition(".")
    login = session.get(NUMBER)
    if not number.isdecimal() or login is None or now() - _since() > LASTS:
        return None
    with site().reading() as db:
        found = db.connection().execute(_WHO, {"id": int(number), "login": digest_of(login)}).first()
        staff = cast("Staff | None", found)  # of which an account asks these columns only
        if staff is None or staff.password_hash is None or _stamp(staff) != stamp:
            return None
        stood_in_for = stands_in_for(db, staff.id, staff.role, day=brussels_day(now()))
        over = staff.role is Role.HEAD and staff.service_code in desks(db)
        return Account(staff, stood_in_for, heads_dispatchers=over)


# Asked at every request: as a row, a third of the time of an object.
_WHO = select(
    Staff.id, Staff.name, Staff.email, Staff.language, Staff.password_hash, Staff.role, Staff.service_code
).where(Staff.id == bindparam("id"), Staff.active, ~exists().where(EndedLogin.digest == bindparam("login")))


def _stamp(staff: Staff) -> str:
    return blake2b((staff.password_hash or "").encode(), digest_size=8).hexdigest()
