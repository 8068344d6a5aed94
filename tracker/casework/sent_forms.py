"""Owns what is remembered of a form that was sent and done: sent again, it is answered alike, and not done again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracker.models.operations import SentForm


def claim(session: Session, digest: str, *, now: datetime) -> bool:
    """Begin what a form asks for; False: it was done before.

    Who sends it at the same moment waits for the commit. What is refused is rolled back with its claim.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(SentForm).values(digest=digest, sent_at=now, answer={}).on_conflict_do_nothing()
    return session.execute(row.returning(SentForm.digest)).one_or_none() is not None


def remember(session: Session, digest: str, answer: Mapping[str, Any]) -> None:
    """Keep how a form is answered, in the commit that does what it asks for."""
    session.execute(update(SentForm).where(SentForm.digest == digest).values(answer=dict(answer)))


def answer_to(session: Session, digest: str) -> Mapping[str, Any] | None:
    """Return how a form was answered when it was done; none: it was not."""
    return session.scalar(select(SentForm.answer).where(SentForm.digest == digest))
