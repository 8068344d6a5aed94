"""Owns the commands on the directory of services: its check, and the list of posts abroad."""

import json
import os
from argparse import Namespace
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings
from tracker.charter.counting import brussels_day
from tracker.cli.failures import DONE, PROBLEMS, UsageError, say, told_of_database
from tracker.opening import clock, is_not_there_yet, open_database

if TYPE_CHECKING:
    from tracker.routing.directory import Directory

LARGEST_FILE = 10_000_000
MOST_TOLD = 50
"""Of the wrong lines of a file, so many are told one by one."""


def check(arguments: Namespace) -> int:
    """Check the directory in force, or that of the product; exit code 1 and a list when it is not sound."""
    from tracker.routing.directory import load_directory
    from tracker.routing.directory_check import check as look

    directory = load_directory() if arguments.shipped else _in_force()
    problems = look(directory)
    if arguments.json:
        told = {"bodies": len(directory.codes), "problems": [problem.to_json() for problem in problems]}
        print(json.dumps(told, ensure_ascii=False))
    elif problems:
        print("\n".join(str(problem) for problem in problems))
    else:
        print(f"{len(directory.codes)} services and bodies: the directory is sound.")
    return PROBLEMS if problems else DONE


def _in_force() -> "Directory":
    """Return the directory as it was changed here; that of the product where no database was set up yet."""
    from sqlalchemy.exc import DBAPIError

    from tracker.casework.directory import directory_in_force
    from tracker.routing.directory import load_directory

    if "SECRET_KEY" not in os.environ or is_not_there_yet(settings := Settings.from_env(os.environ)):
        return load_directory()
    try:
        with closing(open_database(settings)) as database, database.reading() as session:
            return directory_in_force(session)
    except DBAPIError as error:
        told = told_of_database(error)
        say(f"{told[0] if told else error} What is checked is the directory of the product.", DONE)
        return load_directory()


def posts(arguments: Namespace) -> int:
    """Load a list of posts abroad; when a line is wrong, nothing of it: each is named, and the exit code is 1."""
    from tracker.casework.posts import load_posts
    from tracker.routing.posts import read_posts

    settings, now = Settings.from_env(os.environ), clock()
    found, problems = read_posts(_text(Path(arguments.file)), today=brussels_day(now))
    if problems:
        for problem in problems[:MOST_TOLD]:
            say(f"{arguments.file}, {problem}", PROBLEMS)
        if (more := len(problems) - MOST_TOLD) > 0:
            say(f"{arguments.file}: {more} more lines are wrong.", PROBLEMS)
        return PROBLEMS
    with closing(open_database(settings)) as database, database.writing() as session:
        loaded = load_posts(session, found, now=now)
    if arguments.json:
        print(json.dumps(asdict(loaded)))
    else:
        print(f"{loaded.added} posts added, {loaded.changed} changed, {loaded.same} as they were.")
        if loaded.elsewhere:
            print(f"{loaded.elsewhere} posts that this list does not name stay: give each a valid_to to end it.")
    return DONE


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST_FILE:
        raise UsageError(f"{path} is larger than {LARGEST_FILE // 1_000_000} MB: this is no list of posts.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8 (byte {error.start}): save it as CSV UTF-8.") from error
