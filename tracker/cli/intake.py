"""Owns the command that takes in raw mail from files or standard input: one JSON line each says what became of it."""

import json
import os
import sys
from argparse import Namespace
from contextlib import AbstractContextManager, closing, nullcontext
from typing import BinaryIO

from config import Settings
from tracker.cli.failures import DONE, PROBLEMS
from tracker.opening import clock, open_database, open_house, open_mailroom

STANDARD_INPUT = "-"


def mail(arguments: Namespace) -> int:
    """Take in each mail, whatever its bytes; exit code 1 when one could not be read or kept."""
    from tracker.casework.mail.store import lay_down
    from tracker.casework.mail.taking_in import take_in

    settings, code = Settings.from_env(os.environ), DONE
    house, room = open_house(settings), open_mailroom(settings)
    with closing(open_database(settings)) as database:
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


def _open(name: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if name == STANDARD_INPUT else open(name, "rb")


def _print(told: dict[str, object]) -> None:
    print(json.dumps(told), flush=True)
