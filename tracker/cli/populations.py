"""Owns the command that makes up a population."""

import os
from argparse import Namespace
from contextlib import closing
from time import perf_counter

from config import Settings
from tracker.cli.failures import DONE
from tracker.opening import clock, open_database, open_house, open_mailroom


def seed(arguments: Namespace) -> int:
    """Make up cases in every state, channel, nature and language, as they would stand at a moment."""
    from tracker.casework.seeding.dispatching import dispatch
    from tracker.casework.seeding.mailbag import send_mail
    from tracker.casework.seeding.population import seed as make
    from tracker.casework.seeding.together import work_together

    settings, started = Settings.from_env(os.environ), perf_counter()
    house, now = open_house(settings), arguments.at or clock()
    with closing(open_database(settings)) as database:
        rows = make(
            database,
            house,
            cases=arguments.cases,
            open_share=arguments.open_share,
            now=now,
            number=arguments.seed,
        )
        print(f"{arguments.cases} cases in {rows} rows, in {perf_counter() - started:.1f} s.")
        dispatch(database, house, now=now)
        work_together(database, house, now=now)
        taken = send_mail(database, house, open_mailroom(settings), cases=arguments.cases, now=now)
    print(f"{len(taken)} mails about them have come in.")
    return DONE
