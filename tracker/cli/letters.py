"""Owns the command that prints the letters that wait."""

import json
import os
from argparse import Namespace
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config import Settings
from tracker.cli.failures import DONE, PROBLEMS, UsageError
from tracker.opening import clock, open_cabinet, open_database, open_house

if TYPE_CHECKING:
    from tracker.casework.printing import Printed


def letters(arguments: Namespace) -> int:
    """Print what waits on paper into a folder of its own; exit code 1 when a letter could not be printed."""
    from tracker.casework.house import SYSTEM
    from tracker.casework.printing import print_run

    settings, out = Settings.from_env(os.environ), Path(arguments.out).expanduser().absolute()
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out is {arguments.out!r}, which is a file: give the path of a folder.")
    with closing(open_database(settings)) as database:
        try:
            printed = print_run(
                database, open_house(settings), open_cabinet(settings), out,
                now=clock(), actor=SYSTEM, again=arguments.again, both_sides=not arguments.one_side,
            )  # fmt: skip
        except (PermissionError, NotADirectoryError, FileNotFoundError) as error:
            raise UsageError(f"{error.filename} cannot be used ({error.strerror}): see that it can be.") from error
    if arguments.json:
        print(json.dumps(_told(printed), ensure_ascii=False))
    else:
        _say(printed)
    return PROBLEMS if printed.kept_back else DONE


def _told(printed: "Printed") -> dict[str, Any]:
    return {
        "runs": [
            {"run": run.run, "folder": str(run.folder), "letters": run.letters, "pages": run.pages}
            for run in printed.runs
        ],
        "kept_back": [
            {"reference": one.reference, "message": one.message, "code": one.refusal.code, "reason": str(one.refusal)}
            for one in printed.kept_back
        ],
    }


def _say(printed: "Printed") -> None:
    for run in printed.runs:
        print(f"Run {run.run}: {_count(run.letters, 'letter')}, {_count(run.pages, 'page')}, in {run.folder}.")
    for one in printed.kept_back:
        print(f"{one.reference}, message {one.message}, was not printed: {one.refusal}")
    if not printed.runs and not printed.kept_back:
        print("Nothing waits to be printed.")


def _count(many: int, what: str) -> str:
    return f"{many} {what}{'' if many == 1 else 's'}"
