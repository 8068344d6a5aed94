"""Does some work again and again, each time killed at a random moment, and prints how often it was not done yet.

Arguments: the work, how many rounds, the seed of the chances, the most seconds until a kill. The rest is in the
environment, as for any process of ours.
"""

import os
import random
import select
import signal
import sys

from config import Settings
from tests.correspondence.post import SENDER, Book
from tests.factories import MONDAY, make_house
from tests.reading import read_once
from tracker.correspondence import outbox
from tracker.opening import Machine, open_machine
from tracker.scheduler.jobs import take_in_mail

# Each child inherits it, and so is killed at its work and not while it reads.
read_once()
make_house().router().route("Question 1 ?", on=MONDAY.date())


def fetch(machine: Machine, turn: int) -> None:
    """Empty the mailbox."""
    take_in_mail(machine)


def deliver(machine: Machine, turn: int) -> None:
    """Send what waits, so long after the turn before that its leases have run out."""
    at, book = MONDAY + turn * outbox.LEASE, Book()
    outbox.deliver(
        machine.database, machine.transport, sender=SENDER, owner=f"turn {turn}", now=lambda: at, batch=7,
        before=book.before, on_left=book.on_left, on_failed=book.on_failed,
    )  # fmt: skip


def main(work: str, rounds: str, seed: str, within: str) -> None:
    """Do the work, round after round."""
    chance, killed = random.Random(int(seed)), 0
    for turn in range(int(rounds)):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                {"fetch": fetch, "deliver": deliver}[work](open_machine(Settings.from_env(os.environ)), turn)
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        os.close(writing)
        select.select([reading], [], [], chance.uniform(0, float(within)))  # its end closes the pipe
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            sys.exit(1)
        killed += os.WIFSIGNALED(status)
    print(killed)


if __name__ == "__main__":
    main(*sys.argv[1:])
