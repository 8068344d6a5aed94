"""Owns the commands that do once what the scheduler does often, the check of the records, the list of erasures."""

import json
import os
from argparse import Namespace
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from itertools import chain

from config import Settings
from tracker.charter.counting import BRUSSELS
from tracker.cli.failures import DONE, PROBLEMS, UsageError
from tracker.opening import clock, open_database, open_house

FARTHEST_AHEAD = timedelta(days=400)
"""A slip of the pen in ``--at`` must not record breaches of years that have not come."""


def sweep(arguments: Namespace) -> int:
    """Tell whoever must be told about promises, once."""
    from tracker.casework.sweep import sweep as one_pass

    settings, now = Settings.from_env(os.environ), clock()
    if arguments.at is not None and arguments.at > now + FARTHEST_AHEAD:
        raise UsageError(
            f"--at lies more than {FARTHEST_AHEAD.days} days ahead, and what is written stays: give a nearer moment."
        )
    with closing(open_database(settings)) as database:
        swept = one_pass(database, open_house(settings, database=database), now=arguments.at or now)
    if arguments.json:
        print(json.dumps(swept.to_json()))
    else:
        print(
            f"{swept.examined} promises examined: {swept.notices} notices sent, {swept.escalations} of them"
            f" escalations; {swept.breaches} breaches recorded; {swept.seconds:.2f} s."
        )
    return DONE


def deliver(arguments: Namespace) -> int:
    """Send what waits in the outbox, once; exit code 1 when something was given up."""
    from tracker.opening import open_machine
    from tracker.scheduler.jobs import deliver as one_pass

    machine = open_machine(Settings.from_env(os.environ))
    with closing(machine.database):
        delivered = one_pass(machine)
    if arguments.json:
        print(json.dumps(delivered.to_json()))
    else:
        print(f"{delivered.sent} sent, {delivered.retried} to be tried again, {delivered.failed} given up.")
        if delivered.held_until is not None:
            until = delivered.held_until.astimezone(BRUSSELS)
            print(
                f"{delivered.held} held by another process, until {until:%Y-%m-%d %H:%M:%S} at the latest (Brussels)."
            )
    return PROBLEMS if delivered.failed else DONE


def verify(arguments: Namespace) -> int:
    """Check the records; exit code 1 and a list when something is not as it should be."""
    from tracker.casework.mail.records import verify_mail
    from tracker.insight.papers import verify_letters
    from tracker.insight.verify import verify as examine

    settings, found = Settings.from_env(os.environ), 0
    with closing(open_database(settings)) as database:
        house = open_house(settings, database=database)
        letters = verify_letters(database, settings.letters_dir)
        mail = verify_mail(database, mail=settings.mail_dir, attachments=settings.attachments_dir)
        for problem in chain(examine(database, house.rules, house.calendar), letters, mail):
            found += 1
            told = f"{problem.table} {problem.key}: {problem.what}"
            print(json.dumps(asdict(problem), ensure_ascii=False) if arguments.json else told, flush=True)
    if not arguments.json:
        print(f"{found} problems found." if found else "The records are consistent and unaltered.")
    return PROBLEMS if found else DONE


def erased(arguments: Namespace) -> int:
    """List the cases of which the personal data were erased, in the order of the decisions."""
    from tracker.insight.erasures import erasures

    with closing(open_database(Settings.from_env(os.environ))) as database, database.reading() as session:
        for one in erasures(session):
            day = one.erased_at.astimezone(BRUSSELS)
            told = f"{one.reference}  {day:%Y-%m-%d %H:%M}  {one.ground}  {one.by}: {' '.join(one.reason.split())}"
            print(json.dumps(one.to_json(), ensure_ascii=False) if arguments.json else told)
    return DONE
