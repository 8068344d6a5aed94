"""`tracker` in a process of its own that has everything loaded already, and so begins at once."""

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import tracker.cli
from tracker.cli import main

for _found in iter_modules(tracker.cli.__path__, "tracker.cli."):
    import_module(_found.name)
STREAMS = ("stdin", "stdout", "stderr")


def begin(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    """Run one command to its end, its three streams being files of this folder."""
    for number, name in enumerate(STREAMS):
        opened = os.open(folder / name, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
        setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
    os.environ.clear()
    os.environ.update(environment)
    warnings.simplefilter("error")
    sys.argv = ["tracker", *words]
    sys.exit(main())
