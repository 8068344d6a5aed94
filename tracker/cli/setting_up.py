"""Owns the commands that make an installation ready: the database in shape, and accounts for the staff."""

import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
from typing import TypeVar

from config import Settings
from tracker.casework.closing_days import take_in_shipped
from tracker.casework.directory import directory_in_force, outdated
from tracker.casework.people import add_staff, ensure_duty_desk, load_directory
from tracker.charter.counting import brussels_day
from tracker.charter.errors import shortened
from tracker.charter.words import Language, Role
from tracker.cli.failures import PROBLEMS, UsageError, say
from tracker.models.migrate import upgrade
from tracker.opening import alone, clock, open_database, open_house

W = TypeVar("W", bound=StrEnum)

LONGEST_PASSWORD = 1024
LONGEST_NAME, LONGEST_PHONE = 120, 40


def init(arguments: Namespace) -> int:
    """Migrate, check the rules, load the directory, make the duty desk. Two at once wait for each other."""
    from tracker.routing.directory import load_directory as read_directory
    from tracker.routing.directory_check import check

    settings = Settings.from_env(os.environ)
    house, directory, now = open_house(settings), read_directory(), clock()
    if problems := check(directory):
        for problem in problems:
            say(str(problem), PROBLEMS)
        return PROBLEMS
    with closing(open_database(settings)) as database, alone(database):
        upgrade(database.engine)
        with database.writing() as session:
            in_force = directory_in_force(session, directory)
            bodies = load_directory(session, in_force, day=brussels_day(now))
            newer = outdated(session)
            ensure_duty_desk(session, email=settings.duty_email or settings.mail_from, now=now)
            new_days = take_in_shipped(session, house.shipped_calendar, now=now)
    print(f"The database is ready: {len(house.rules.rules)} rules, {bodies} services and bodies in the directory.")
    for code in newer:
        print(f"{code} stays as it was changed here, but the product brings it anew: see /staff/directory/{code}.")
    if new_days is not None:
        print(f"New closing days came with the product: open files are counted by them from {new_days} on.")
    return 0


def user_add(arguments: Namespace) -> int:
    """Add an account; without a given password one is made and printed, this once."""
    settings = Settings.from_env(os.environ)
    role, language = _word(Role, arguments.role, "--role"), _word(Language, arguments.language, "--language")
    if role is Role.CLERK and not arguments.service:
        print("tracker: A clerk without --service sees only the cases given by name.", file=sys.stderr)
    password = _password() if arguments.password_stdin else secrets.token_urlsafe(15)
    with closing(open_database(settings)) as database, database.writing() as session:
        staff = add_staff(
            session,
            email=_email(arguments.email),
            role=role,
            service_code=arguments.service or None,
            password=password,
            name=_line(arguments.name, "--name", LONGEST_NAME),
            titles=_titles(arguments.title),
            phone=_line(arguments.phone, "--phone", LONGEST_PHONE),
            language=language,
            now=clock(),
        )
        told = f"{staff.email} may log in as {role}"
    print(f"{told}." if arguments.password_stdin else f"{told}, with the password {password}")
    return 0


def _word(words: type[W], text: str, option: str) -> W:
    try:
        return words(text)
    except ValueError:
        raise UsageError(f"{option} is {shortened(repr(text))}: write one of {', '.join(words)}.") from None


def _line(text: str | None, option: str, limit: int) -> str | None:
    """Return what stands under letters, on one line; None when it was left empty."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split())
    if len(line) > limit:
        raise UsageError(f"{option} has {len(line)} characters: shorten it to {limit} at most.")
    return line or None


def _titles(given: Sequence[str]) -> dict[str, str] | None:
    """Return the title by language, from one text for each or one for all of them; None: that of the role."""
    parted = [(text[:2], text[3:]) if text[2:3] == "=" else ("", text) for text in given]
    said = {lang: line for lang, text in parted if (line := _line(text, "--title", LONGEST_NAME))}
    if "" in said:
        if len(given) > 1:
            raise UsageError(
                "--title is one text for every language, or one for each: --title fr=Attachée --title nl=Attaché."
            )
        return {language.value: said[""] for language in Language}
    for lang in said:
        _word(Language, lang, "The language of --title")
    return said or None


def _email(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise UsageError(f"{shortened(repr(text))} is no e-mail address: {error}") from error


def _password() -> str:
    """Read the password: the first line of standard input."""
    password = sys.stdin.readline(LONGEST_PASSWORD + 2).rstrip("\r\n")
    if len(password) > LONGEST_PASSWORD:
        raise UsageError(f"The password is longer than {LONGEST_PASSWORD} characters: give a shorter one.")
    if not password:
        raise UsageError("No password came on standard input: write it there, or leave out --password-stdin.")
    return password
