"""Owns how often a door may be tried: counted in the database, so that all processes count together."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracker.models.operations import Throttle

WINDOW = timedelta(minutes=15)


def tried_too_often(session: Session, *, door: str, who: str, most: int, now: datetime) -> bool:
    """Say whether somebody has failed at a door `most` times in this quarter of an hour or the one before."""
    since = _window(now) - WINDOW
    tries = session.scalar(
        select(func.sum(Throttle.tries)).where(
            Throttle.door == door, Throttle.who == _digest(who), Throttle.window_start >= since
        )
    )
    return (tries or 0) >= most


def note_failure(session: Session, *, door: str, who: str, now: datetime) -> None:
    """Count one failed try of somebody (an address on the network, a reference: kept as a digest only)."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(Throttle)
        .values(door=door, who=_digest(who), window_start=_window(now), tries=1)
        .on_conflict_do_update(index_elements=["door", "who", "window_start"], set_={"tries": Throttle.tries + 1})
    )


def _window(now: datetime) -> datetime:
    return datetime.fromtimestamp(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), UTC)


def _digest(who: str) -> str:
    return blake2b(who.encode("utf-8", "replace"), digest_size=16, person=b"suivi throttle").hexdigest()
