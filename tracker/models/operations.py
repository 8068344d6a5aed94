"""Owns the rows about the machinery itself: when each job last succeeded, who tries a door too often, what ended."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base


class JobRun(Base):
    """One job of the scheduler and its last success: the heartbeat."""

    __tablename__ = "job_runs"

    job: Mapped[str] = mapped_column(String(60), primary_key=True)
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class Throttle(Base):
    """How often one door was tried within one window of time, by a digest of who tries: no personal data."""

    __tablename__ = "throttles"

    door: Mapped[str] = mapped_column(String(40), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    tries: Mapped[int]


class EndedLogin(Base):
    """A login that its owner ended before its time: a cookie that was copied meanwhile opens nothing any more.

    By a digest of the login's number, which says nothing of whose it was.
    """

    __tablename__ = "ended_logins"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)
    """When it would have ended by itself: from then on nobody asks for this row."""


class SentForm(Base):
    """A form of staff that was done, by a digest of who sent it and what it said; kept for a day."""

    __tablename__ = "sent_forms"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[dict[str, Any]]
    """Where it led, and the sentence that said what was done; nothing about a requester."""
