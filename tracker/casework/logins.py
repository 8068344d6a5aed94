"""Owns the end of a login before its time: what is remembered of it until it would have ended by itself."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracker.models.operations import EndedLogin


def end_login(session: Session, number: str, *, until: datetime) -> None:
    """End the login of this number, which lasts until a moment (aware) at most; to end it again changes nothing."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(EndedLogin).values(digest=digest_of(number), until=until).on_conflict_do_nothing())


def digest_of(number: str) -> str:
    """Return what is kept of a login's number: SHA-256, since it is drawn by lot and cannot be guessed."""
    return sha256(number.encode("utf-8", "surrogatepass")).hexdigest()
