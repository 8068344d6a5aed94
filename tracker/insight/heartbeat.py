"""Owns the figures about the machinery itself: when the last sweep succeeded, what waits, what failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from tracker.charter.counting import brussels_day
from tracker.models.cases import Case
from tracker.models.messages import Outbox
from tracker.models.operations import JobRun

SWEEP, FETCH, FIGURES = "sweep", "fetch", "figures"

SILENCE = timedelta(minutes=15)
"""How long the sweep may stay silent before staff are warned, and this installation counts as not ready."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name and its meaning; never about a person."""

    name: str
    meaning: str
    value: float


def last_sweep(session: Session) -> datetime | None:
    """When the sweep last succeeded (UTC); None: never."""
    return last_success(session, SWEEP)


def last_success(session: Session, job: str) -> datetime | None:
    """When a job last succeeded (UTC); None: never."""
    return session.scalar(select(JobRun.succeeded_at).where(JobRun.job == job))


def figures(session: Session, *, now: datetime) -> list[Figure]:
    """Count what owes something, what is late, and what waits to leave, at `now`."""
    today = brussels_day(now)
    owing = session.scalar(select(func.count()).where(Case.next_due_on.is_not(None))) or 0
    late = session.scalar(select(func.count()).where(Case.next_due_on < today)) or 0
    found = figures_of_outbox(session)
    found += [
        Figure("cases_owing", "Cases with an open obligation", owing),
        Figure("cases_late", "Cases whose next obligation is past due", late),
    ]
    for job, meaning in ((SWEEP, "successful sweep"), (FETCH, "time that all mail was fetched")):
        at = last_success(session, job)
        if at is not None:
            age = (now - at).total_seconds()
            found.append(Figure(f"{job}_age_seconds", f"Seconds since the last {meaning}", age))
    return found


def figures_of_outbox(session: Session) -> list[Figure]:
    """Count what waits in the outbox and what was given up."""
    return [
        Figure(
            f"outbox_{state}",
            meaning,
            # Spelled out, not bound: the database matches its partial indexes against the statement.
            session.scalar(select(func.count()).where(Outbox.state == literal_column(f"'{state}'"))) or 0,
        )
        for state, meaning in (("waiting", "Messages waiting to leave"), ("failed", "Messages given up"))
    ]
