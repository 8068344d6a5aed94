"""Owns the command that makes up a population."""

import os
from argparse import Namespace
from contextlib import closing
from time import perf_counter

from config import Settings
from tracker.cli.failures import DONE
from tracker.opening import clock, open_database, open_house


def seed(arguments: Namespace) -> int:
    """Make up cases in every state, channel, nature and language, as they would stand at a moment."""
    from tracker.casework.seeding.population import seed as make

    settings, started = Settings.from_env(os.environ), perf_counter()
    with closing(open_database(settings)) as database:
        rows = make(
            database,
            open_house(settings),
            cases=arguments.cases,
            open_share=arguments.open_share,
            now=arguments.at or clock(),
            number=arguments.seed,
        )
    print(f"{arguments.cases} cases in {rows} rows, in {perf_counter() - started:.1f} s.")
    return DONE
