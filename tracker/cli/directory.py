"""Owns the commands on the directory of services: its check, with a list of all that is wrong."""

import json
from argparse import Namespace

from tracker.cli.failures import DONE, PROBLEMS


def check(arguments: Namespace) -> int:
    """Check the directory that comes with this installation; exit code 1 and a list when it is not sound."""
    from tracker.routing.directory import load_directory
    from tracker.routing.directory_check import check as look

    directory = load_directory()
    problems = look(directory)
    if arguments.json:
        told = {"bodies": len(directory.codes), "problems": [problem.to_json() for problem in problems]}
        print(json.dumps(told, ensure_ascii=False))
    elif problems:
        print("\n".join(str(problem) for problem in problems))
    else:
        print(f"{len(directory.codes)} services and bodies: the directory is sound.")
    return PROBLEMS if problems else DONE
