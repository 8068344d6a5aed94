"""Owns the table of jobs: what each is called, how often it runs, and the one call it makes.

Every job looks for what is due and not yet done, so that it may run twice, late, or on several machines at once.
"""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tracker.casework.digest import digest
from tracker.casework.directory import bring_up_to_date
from tracker.casework.figures import count_figures
from tracker.casework.late_actions import tell_late_actions
from tracker.casework.leaving import before_leaving, on_failed, on_left
from tracker.casework.mail.fetching import Fetched, fetch
from tracker.casework.mail.ringing import ring
from tracker.casework.purge import Purged, purge
from tracker.casework.recounting import count_again
from tracker.casework.succession import hand_over_from_closed
from tracker.casework.sweep import sweep
from tracker.correspondence import outbox
from tracker.correspondence.mailbox import Mailbox
from tracker.insight.heartbeat import FETCH, FIGURES, SWEEP
from tracker.models.messages import Outbox
from tracker.opening import Machine, clock, open_mailroom


@dataclass(frozen=True)
class Job:
    """One job: its name, the seconds between two runs, and what it does at a moment, in figures for the log."""

    name: str
    every: int
    call: Callable[[Machine, datetime], Mapping[str, Any]]


def deliver(machine: Machine) -> outbox.Delivered:
    """Hand over what waits in the outbox; what has left counts for the promises in the same commit."""

    def before(session: Session, row: Outbox, now: datetime) -> None:
        before_leaving(session, machine.house, row, now=now)

    def left(session: Session, row: Outbox, now: datetime) -> None:
        on_left(session, machine.house, row, now=now)

    def failed(session: Session, row: Outbox, now: datetime) -> None:
        on_failed(session, row)

    return outbox.deliver(
        machine.database,
        machine.transport,
        sender=machine.sender,
        owner=f"{socket.gethostname()[:40]}:{os.getpid()}",
        now=clock,
        before=before,
        on_left=left,
        on_failed=failed,
        stopping=machine.stopping.is_set,
    )


def take_in_mail(machine: Machine) -> Fetched:
    """Empty the mailbox, if the settings name one, and decide about all mail that waits for it."""
    settings = machine.settings
    return fetch(
        machine.database,
        machine.house,
        open_mailroom(settings),
        Mailbox(settings.imap_url, settings.imap_done) if settings.imap_url else None,
        now=clock,
        stopping=machine.stopping.is_set,
    )


def tidy_up(machine: Machine, now: datetime) -> Purged:
    """Remove what nobody waits for, and what is left of what was erased."""
    folders = {"letters": machine.letters, "mail": machine.settings.mail_dir}
    return purge(machine.database, machine.attachments, **folders, now=now)


JOBS = (
    Job(SWEEP, 60, lambda machine, now: sweep(machine.database, machine.house, now=now).to_json()),
    Job("deliver", 10, lambda machine, now: deliver(machine).to_json()),
    Job(FETCH, 30, lambda machine, now: asdict(take_in_mail(machine))),
    Job(FIGURES, 900, lambda machine, now: count_figures(machine.database, machine.house.calendar, now=now)),
    Job("directory", 3600, lambda machine, now: bring_up_to_date(machine.database, now=now)),
    Job("calendar", 60, lambda machine, now: count_again(machine.database, machine.house, now=now)),
    Job("succession", 60, lambda machine, now: hand_over_from_closed(machine.database, machine.house, now=now)),
    Job("ring", 300, lambda machine, now: asdict(ring(machine.database, machine.house, now=now))),
    Job("digest", 300, lambda machine, now: asdict(digest(machine.database, machine.house, now=now))),
    Job("actions", 300, lambda machine, now: asdict(tell_late_actions(machine.database, machine.house, now=now))),
    Job("purge", 3600, lambda machine, now: asdict(tidy_up(machine, now))),
)
