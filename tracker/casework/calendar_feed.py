"""Owns the making and the end of the address at which a calendar reads one's deadlines."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models.personal import CalendarFeed
from tracker.models.staff import Staff

SECRET_BYTES = 32


def make_feed(session: Session, *, staff_id: int, now: datetime) -> str:
    """Make a new secret for somebody's calendar address and return it: it is told this once, and never kept.

    An address that they had before ends.
    """
    revoke_feed(session, staff_id=staff_id, now=now)
    secret = token_urlsafe(SECRET_BYTES)
    session.add(CalendarFeed(staff_id=staff_id, digest=digest_of(secret), made_at=now))
    session.flush()
    return secret


def revoke_feed(session: Session, *, staff_id: int, now: datetime) -> None:
    """End somebody's calendar address, if they have one: whoever asks there finds nothing from now on."""
    session.get_one(Staff, staff_id, with_for_update=True)  # two clicks at once take turns
    in_use = select(CalendarFeed).where(CalendarFeed.staff_id == staff_id, CalendarFeed.revoked_at.is_(None))
    for feed in session.scalars(in_use):
        feed.revoked_at = now
    session.flush()


def feed_of(session: Session, secret: str) -> Staff | None:
    """Return the active member of staff whose calendar address holds this secret; None for any other."""
    query = (
        select(Staff)
        .join(CalendarFeed, CalendarFeed.staff_id == Staff.id)
        .where(CalendarFeed.digest == digest_of(secret), CalendarFeed.revoked_at.is_(None), Staff.active)
    )
    return session.scalar(query)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
