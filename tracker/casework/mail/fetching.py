"""Owns how the mailbox is emptied: each mail is laid down, then taken in, and only then put away."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from tracker.casework.house import House
from tracker.casework.mail.store import Mailroom, adopt_unnoted, lay_down
from tracker.casework.mail.taking_in import TakenIn, take_in, take_in_waiting
from tracker.correspondence.mailbox import Declined, Gone, Mailbox, MailboxLost, OpenMailbox
from tracker.models.database import Database

log = logging.getLogger(__name__)


class LeftInMailbox(Exception):
    """Some mails could not be taken in: they stay where they are, and the next run tries again."""


@dataclass(slots=True)
class Fetched:
    """What one run did with the mails it found."""

    registered: int = 0
    attached: int = 0
    held: int = 0
    ignored: int = 0
    waiting: int = 0
    """Laid down earlier, and decided about now."""
    again: int = 0
    """Laid down earlier, by somebody who did not come to put them away."""
    left: int = 0
    """Not taken in: they stay in the mailbox."""


def fetch(
    database: Database,
    house: House,
    room: Mailroom,
    mailbox: Mailbox | None,
    *,
    now: Callable[[], datetime],
    stopping: Callable[[], bool] = lambda: False,
) -> Fetched:
    """Take in what was laid down and never decided about, then all that lies in the mailbox, if there is one.

    Any number may do so at once, and any may be killed: a mail that is seen twice is one. `now` reads the clock
    (aware). Once `stopping` says so it ends, between two mails. Raises `MailboxLost` when the mailbox cannot be
    reached, `LeftInMailbox` when a mail stays in it, `OSError` when the disk fails, and what the database raises.
    """
    done = Fetched()
    adopt_unnoted(database, room.mail, now=now())
    done.waiting = take_in_waiting(database, house, room, now=now())
    if mailbox is None or stopping():
        return done
    with mailbox.open() as box:
        for uid in box.waiting():
            if stopping():
                break
            try:
                _fetch_one(database, house, room, box, uid, now, done)
            except Gone:
                continue
            except Exception as error:
                if isinstance(error, DBAPIError | OSError | MailboxLost) and not isinstance(error, Declined):
                    raise  # no fault of this mail: every other would fail as well
                # The kind of error only: its text may hold what a citizen wrote.
                log.error("a mail could not be taken in (%s)", type(error).__name__)
                done.left += 1
    if done.left:
        raise LeftInMailbox(f"{done.left} mails stay in the mailbox")
    return done


def _fetch_one(
    database: Database,
    house: House,
    room: Mailroom,
    box: OpenMailbox,
    uid: str,
    now: Callable[[], datetime],
    done: Fetched,
) -> None:
    mail = box.read(uid)
    laid = lay_down(database, room.mail, mail.raw, arrived_at=mail.arrived_at, now=now())
    taken = take_in(database, house, room, mail_id=laid.mail_id, now=now())
    box.put_away(uid)
    if laid.again:
        done.again += 1
    else:
        _count(done, taken)


def _count(done: Fetched, taken: TakenIn) -> None:
    name = taken.outcome.value
    setattr(done, name, getattr(done, name) + 1)
