"""Owns the command that works out anew what search finds cases by."""

import json
import os
from argparse import Namespace
from contextlib import closing

from config import Settings
from tracker.cli.failures import DONE
from tracker.models.search import rewrite_all
from tracker.opening import open_database


def rebuild(arguments: Namespace) -> int:
    """Work out anew what every case is found by, while others go on working; say how many were wrong."""
    with closing(open_database(Settings.from_env(os.environ))) as database:
        wrong = sum(len(cases) for cases in rewrite_all(database))
    if arguments.json:
        print(json.dumps({"mended": wrong}))
    else:
        print(f"{wrong} cases were not found by what they should be: mended." if wrong else "Every case is found.")
    return DONE
