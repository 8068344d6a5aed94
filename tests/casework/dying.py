"""A process that does one thing and is killed on the way: loaded, and warmed up, once for all of them."""

import itertools
import os
import signal
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import event

from tests.casework.mailing import make_room
from tests.factories import MONDAY, make_house
from tests.reading import read_once
from tracker.casework import learning
from tracker.casework.house import SYSTEM
from tracker.casework.mail.ringing import ring
from tracker.casework.mail.store import lay_down
from tracker.casework.mail.taking_in import take_in
from tracker.models.database import Database
from tracker.routing.examples import shipped_examples
from tracker.routing.model import shipped_model

DONE = 7
"""How it ends when there was no such step any more."""

read_once()
make_house().router().read_all()  # seconds in all, which each of them inherits
make_house().router().route("Lettre 1", on=MONDAY.date())


def ring_and_die(url: str, now: datetime, step: int) -> None:
    """Tell of mail that waits, and be killed at the so-manieth step: after a statement, or before a commit."""
    database, house = Database(url), make_house()
    left = itertools.count(step, -1)

    def one_more(*_: object) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("after_cursor_execute", "commit"):
        event.listen(database.engine, name, one_more)
    ring(database, house, now=now)
    one_more()  # committed, and nobody was told
    os._exit(DONE)


def arrive_and_die(url: str, folder: Path, raw: bytes, step: int) -> None:
    """Take in a mail, and be killed at the so-manieth step: no handler runs.

    Steps are what lies between two statements, the commits, and what the disk is told.
    """
    database, house, room = Database(url), make_house(), make_room(folder)
    left = itertools.count(step, -1)

    def one_more(*_: object) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("after_cursor_execute", "commit"):
        event.listen(database.engine, name, one_more)
    for name in ("replace", "fsync"):
        _also(name, one_more)
    laid = lay_down(database, room.mail, raw, arrived_at=None, now=MONDAY)
    take_in(database, house, room, mail_id=laid.mail_id, now=MONDAY)
    os._exit(DONE)


def learn_and_die(url: str, step: int) -> None:
    """Put the product's model in force as ``dying``, as if it were just trained, and be killed on the way.

    Steps are as in ``ring_and_die``.
    """
    database, house, left = Database(url), make_house(), itertools.count(step, -1)
    learning.train = lambda *_: replace(  # type: ignore[assignment]
        shipped_model(), about={**shipped_model().about, "version": "dying"}
    )

    def one_more(*_: object) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("after_cursor_execute", "commit"):
        event.listen(database.engine, name, one_more)
    learning.learn(database, house, shipped_examples()[:3], actor=SYSTEM, now=MONDAY)
    one_more()  # in force, and nobody was told
    os._exit(DONE)


def _also(name: str, then: object) -> None:
    """Have something done before each call of the system's that keeps a file."""
    really = getattr(os, name)

    def told(*given: object) -> object:
        then()  # type: ignore[operator]
        return really(*given)

    setattr(os, name, told)
