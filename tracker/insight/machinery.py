"""Owns what an administrator sees of the jobs; nothing about a case."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models.operations import JobRun


@dataclass(frozen=True, slots=True)
class Job:
    """One job of the scheduler: when it last succeeded and failed (UTC), and the kind of its last error."""

    name: str
    succeeded_at: datetime | None
    failed_at: datetime | None
    error: str | None

    @property
    def failing(self) -> bool:
        """Whether its last run failed."""
        return self.failed_at is not None and (self.succeeded_at is None or self.succeeded_at < self.failed_at)


def jobs(session: Session) -> list[Job]:
    """Return the jobs that ever ran, by name (one statement)."""
    query = select(JobRun.job, JobRun.succeeded_at, JobRun.failed_at, JobRun.error).order_by(JobRun.job)
    return [Job(*row) for row in session.execute(query)]
