"""Owns the process of the scheduler: it runs the table of jobs, notes each run, and stops in good order."""

import gc
import logging
import signal
from datetime import UTC, datetime
from time import perf_counter

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from tracker.correspondence.mailbox import MailboxLost
from tracker.models.database import Database
from tracker.models.operations import JobRun
from tracker.opening import Machine, clock
from tracker.scheduler.jobs import JOBS, Job
from tracker.scheduler.stopping import listening

log = logging.getLogger(__name__)


def run(machine: Machine) -> None:
    """Run the jobs until SIGTERM or SIGINT; a job under way ends first, at the next place where it may stop."""
    with listening(signal.SIGTERM, signal.SIGINT) as told_to_stop:
        scheduler = scheduled(machine)
        gc.collect()
        gc.freeze()  # what is loaded stays: not counted in, it makes the collector come in time for what jobs leave
        scheduler.start()
        log.info("scheduler started", extra={"figures": {"jobs": [job.name for job in JOBS]}})
        told_to_stop(None)
        machine.stopping.set()
        scheduler.shutdown(wait=True)
    machine.database.close()
    log.info("scheduler stopped")


def scheduled(machine: Machine) -> BackgroundScheduler:
    """Return a scheduler with every job of the table, not yet started; each runs at once, then at its pace.

    A run that comes late still runs, several missed ones run once, and no job overlaps itself in this process.
    """
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for job in JOBS:
        scheduler.add_job(
            perform,
            IntervalTrigger(seconds=job.every, timezone=UTC),
            args=(job, machine),
            id=job.name,
            next_run_time=clock(),
        )
    return scheduler


def perform(job: Job, machine: Machine) -> None:
    """Run one job once, log its figures and note that it succeeded or failed; it never raises."""
    now, started = clock(), perf_counter()
    try:
        figures = job.call(machine, now)
    except Exception as error:  # the job boundary: whatever it is, the next run tries again
        # The kind of error only: its text may hold what a citizen wrote. What the mailbox says holds nothing of it.
        why = {"why": str(error)} if isinstance(error, MailboxLost) else {}
        log.error("job failed", extra={"figures": {"job": job.name, "error": _kind(error), **why}})
        _note(machine.database, job.name, failed_at=clock(), error=_kind(error))
        return
    _note(machine.database, job.name, succeeded_at=clock(), error=None)
    busy = any(value for name, value in figures.items() if isinstance(value, int) and value)
    told = {"job": job.name, **figures, "seconds": round(perf_counter() - started, 3)}
    told.pop("at", None)
    log.log(logging.INFO if busy else logging.DEBUG, "job done", extra={"figures": told})


def _kind(error: Exception) -> str:
    cause = getattr(error, "orig", None)
    return type(error).__name__ + (f" ({type(cause).__name__})" if cause is not None else "")


def _note(database: Database, job: str, **values: datetime | str | None) -> None:
    """Write down how a job's last run went, in a small commit of its own."""
    insert = sqlite.insert if database.is_sqlite else postgresql.insert
    statement = insert(JobRun).values(job=job, **values).on_conflict_do_update(index_elements=["job"], set_=values)
    try:
        with database.writing() as session:
            session.execute(statement)
    except SQLAlchemyError as error:
        log.error("job run not noted", extra={"figures": {"job": job, "error": _kind(error)}})
