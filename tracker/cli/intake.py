"""Owns the command that takes in raw mail from files or standard input: one JSON line each says what became of it."""

import errno
import json
import os
import select
import stat
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

from config import Settings
from tracker.cli.failures import DONE, PROBLEMS
from tracker.opening import clock, open_database, open_house, open_mailroom, open_routing

STANDARD_INPUT = "-"
PATIENCE_SECONDS = 30
"""How long a pipe may have nobody who writes to it."""


def mail(arguments: Namespace) -> int:
    """Take in each mail, whatever its bytes; exit code 1 when one could not be read or kept."""
    from tracker.casework.mail.store import lay_down
    from tracker.casework.mail.taking_in import take_in

    settings, code = Settings.from_env(os.environ), DONE
    room = open_mailroom(settings)
    with closing(open_database(settings)) as database:
        house = open_house(settings, open_routing(settings, database), database)
        for name in arguments.files:
            try:
                with _open(name) as file:
                    laid = lay_down(database, room.mail, file, arrived_at=None, now=clock())
                taken = take_in(database, house, room, mail_id=laid.mail_id, now=clock())
            except OSError as error:
                code = PROBLEMS
                _print({"file": name, "error": f"It could not be read or kept: {error.strerror or error}."})
                continue
            _print({"file": name, **taken.to_json()})
    return code


@contextmanager
def _open(name: str) -> Iterator[BinaryIO]:
    """Open a file, a pipe or standard input for reading. Raises ``OSError`` for anything that holds no mail."""
    if name == STANDARD_INPUT:
        if sys.stdin.name == os.devnull:  # the command's own, in the place of one that was closed
            raise OSError(errno.EBADF, "Standard input is closed")
        os.set_blocking(sys.stdin.fileno(), True)  # or a pause of whoever writes would look like the end
        yield sys.stdin.buffer
        return
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        _check_readable(file.fileno())
        yield file


def _check_readable(handle: int) -> None:
    """Refuse a device, which may have no end, and a pipe that nobody writes to."""
    mode = os.fstat(handle).st_mode
    if stat.S_ISFIFO(mode):
        if not select.select([handle], [], [], PATIENCE_SECONDS)[0]:
            raise OSError(errno.ENXIO, "Nobody writes to this pipe")
    elif not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "This is no file")
    os.set_blocking(handle, True)


def _print(told: dict[str, object]) -> None:
    print(json.dumps(told), flush=True)
