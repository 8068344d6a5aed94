"""Owns what the commands share when something goes wrong: exit codes, and one sentence instead of a traceback."""

import atexit
import errno
import os
import sys
from collections.abc import Callable

DONE, PROBLEMS, USAGE = 0, 1, 2
STOPPED = 130


class UsageError(Exception):
    """The command was called in a way that makes no sense: one sentence that says what to write."""


def guarded(command: Callable[[], int]) -> int:
    """Run a command and return its exit code; whatever can be foreseen to fail is told in one sentence."""
    _open_what_is_closed()
    try:
        code = command()
        sys.stdout.flush()
        return code
    except UsageError as error:
        return say(str(error), USAGE)
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        _write_no_more()  # whoever read us has gone
        return PROBLEMS
    except Exception as error:
        told = _foreseen(error)
        if told is None:
            raise
        if isinstance(error, OSError):
            _write_no_more()
        return say(*told)


def _open_what_is_closed() -> None:
    """Read nothing and write nowhere in the place of a standard stream that whoever started us has closed."""
    for name, how in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            instead = open(os.devnull, how, encoding="utf-8")  # noqa: SIM115 (as long as the process)
            atexit.register(instead.close)
            setattr(sys, name, instead)


def _write_no_more() -> None:
    """Drop what still waits to be written to standard output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(sentence: str, code: int) -> int:
    """Print one sentence on stderr and return the exit code."""
    print(f"tracker: {' '.join(sentence.split())}", file=sys.stderr)
    return code


def _foreseen(error: Exception) -> tuple[str, int] | None:
    """Return the sentence and the exit code for what a command may well run into; None for a fault of ours."""
    from config import SettingsError
    from tracker.charter.datafile import RulesFileError
    from tracker.charter.errors import CharterError

    if isinstance(error, SettingsError | RulesFileError):
        return str(error), USAGE
    if isinstance(error, CharterError):
        return str(error), PROBLEMS
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
        return f"Nothing more can be written ({error.strerror}): make room, or choose another place.", PROBLEMS
    if isinstance(error, UnicodeEncodeError):
        return "A text on the command line is not in UTF-8: type it in a terminal that is.", USAGE
    return told_of_database(error) if "sqlalchemy" in sys.modules else None


def told_of_database(error: Exception) -> tuple[str, int] | None:
    """Return the sentence and the exit code for what a database may answer; None for a fault of ours."""
    from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

    if not isinstance(error, DBAPIError):
        return None
    said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    if "no such table" in said or ("does not exist" in said and isinstance(error, ProgrammingError)):
        return "The database has no tables of Suivi yet, or old ones: run `tracker init` first.", USAGE
    if "is locked" in said:
        return "The database is busy with another writer: try again in a moment.", PROBLEMS
    if any(sign in said for sign in ("disk is full", "disk I/O error", "No space left", "File too large")):
        return f"The disk of the database did not take it ({said}): make room there, nothing was changed.", PROBLEMS
    not_one = "not a database" in said or "malformed" in said or "invalid connection option" in said
    if not_one or isinstance(error, OperationalError):
        return f"The database in DATABASE_URL cannot be used ({said}): check the address and that it runs.", USAGE
    return None
