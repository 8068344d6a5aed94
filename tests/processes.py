"""Processes that begin at once: each is forked from one that loaded the product, and warmed it up, for all."""

import multiprocessing

FORKING = multiprocessing.get_context("forkserver")
# One list for all, since the first process that a worker of the tests asks for settles what is loaded.
FORKING.set_forkserver_preload(["tests.casework.dying", "tests.cli.loaded", "tests.sweep.test_crashes"])
