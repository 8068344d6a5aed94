"""Owns how what waits in the outbox leaves: claimed, handed over, recorded; tried again; given up in plain sight.

A row is claimed by a lease that is committed before any network call, so any number of deliverers may work side by
side and none holds a lock while it waits for a server. Each mail's leaving is committed by itself, right after the
server accepted it. A process that dies between the two leaves a row whose lease runs out; the mail is then handed
over once more, with the same Message-ID: every mail reaches the server at least once, and a repeat can be recognised.
"""

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.charter.counting import aware
from tracker.correspondence.gate import SendRefused
from tracker.correspondence.mail import names_of, parcel_of
from tracker.correspondence.parcel import Parcel, Sender
from tracker.correspondence.transport import (
    TIMEOUT_SECONDS,
    Connection,
    ConnectionLost,
    Transport,
    TryLater,
    Undeliverable,
)
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import LACKING, Message, Outbox

log = logging.getLogger(__name__)

LADDER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    *([timedelta(days=1)] * 5),
)
"""How long to wait after the first, second… failed attempt; after the last, some five days on, it is given up."""

BATCH = 20
"""How many mails are claimed, and so held in memory, at once."""
LEASE = timedelta(minutes=10)
MARGIN = timedelta(seconds=5 * TIMEOUT_SECONDS)
"""What one mail may take at the worst: five replies of the server. With less left of the lease, none is begun."""

WAITING, SENT, FAILED = "waiting", "sent", "failed"

Settled: TypeAlias = Callable[[Session, Outbox, datetime], None]
"""What the use cases do in the commit that claims a row, or marks it sent or failed."""


@dataclass(slots=True)
class Delivered:
    """What one pass did."""

    sent: int = 0
    failed: int = 0
    """Given up for good."""
    retried: int = 0
    """Not taken this time; to be tried again."""
    seconds: float = 0.0
    held: int = 0
    """Due, but another process has them in hand: it sends them, or has died, and then its lease runs out."""
    held_until: datetime | None = None
    """When the last of those leases ends (UTC)."""

    def to_json(self) -> dict[str, object]:
        """Return the figures for the command and the log."""
        return asdict(self) | {"held_until": self.held_until.isoformat() if self.held_until else None}


@dataclass(frozen=True, slots=True)
class _Claim:
    """One row that is ours until the lease ends, with its mail, or why there is none."""

    row_id: int
    parcel: Parcel | Undeliverable


@dataclass(frozen=True, kw_only=True)
class _Pass:
    """One pass over the outbox."""

    database: Database
    transport: Transport
    sender: Sender
    owner: str
    now: Callable[[], datetime]
    before: Settled
    on_left: Settled
    on_failed: Settled
    stopping: Callable[[], bool]
    batch: int
    lease: timedelta
    done: Delivered = field(default_factory=Delivered)


def deliver(
    database: Database,
    transport: Transport,
    *,
    sender: Sender,
    owner: str,
    now: Callable[[], datetime],
    before: Settled,
    on_left: Settled,
    on_failed: Settled,
    stopping: Callable[[], bool] = lambda: False,
    batch: int = BATCH,
    lease: timedelta = LEASE,
) -> Delivered:
    """Hand over everything that is due, batch by batch, each over one connection; return what was done.

    `owner` names this process; `now` reads the clock (aware). `before` is called in the commit that claims a row: it
    may put the message right, or raise `Undeliverable` when it is not to leave any more. `on_left` and `on_failed`
    are called in the commit that marks a row sent or given up. When the server cannot be reached the pass ends: the
    next one tries again. Once `stopping` says so it ends too, between two mails: what was not begun is given back.
    Raises `ValueError` for a lease too short to send anything in.
    """
    if lease <= MARGIN:
        raise ValueError(f"A lease of {lease} is too short: give more than {MARGIN}.")
    this = _Pass(
        database=database,
        transport=transport,
        sender=sender,
        owner=owner,
        now=lambda: aware(now()),
        before=before,
        on_left=on_left,
        on_failed=on_failed,
        stopping=stopping,
        batch=batch,
        lease=lease,
    )
    began, going_on = this.now(), True
    while going_on and not stopping():
        until = this.now() + lease
        claims = _claim(this, until)
        going_on = bool(claims) and _hand_over(this, claims, until)
    this.done.held, this.done.held_until = _held(this)
    this.done.seconds = (this.now() - began).total_seconds()
    return this.done


def _held(this: _Pass) -> tuple[int, datetime | None]:
    """Return how many rows are due but another process has a lease on them, and when the last of these ends."""
    now = this.now()
    with this.database.reading() as session:
        theirs = select(func.count(), func.max(Outbox.lease_until)).where(
            Outbox.state == WAITING,
            Outbox.next_try_at <= now,
            Outbox.lease_until > now,
            Outbox.lease_owner != this.owner,
        )
        count, until = session.execute(theirs).one()
    return count, until


def _claim(this: _Pass, until: datetime) -> list[_Claim]:
    """Take the next rows that are due and nobody else's, and write their mails; committed when this returns."""
    now = this.now()
    with this.database.writing() as session:
        due = (
            select(Outbox)
            .where(
                Outbox.state == WAITING,
                Outbox.next_try_at <= now,
                or_(Outbox.lease_until.is_(None), Outbox.lease_until <= now),
            )
            .order_by(Outbox.next_try_at, Outbox.id)
            .limit(this.batch)
            .with_for_update(skip_locked=True)
        )
        rows = session.scalars(due).all()
        for row in rows:
            row.lease_owner, row.lease_until = this.owner, until
        messages = [row.message_id for row in rows if row.message_id is not None]
        told_of = select(Message, Case).join(Case, Case.id == Message.case_id).where(Message.id.in_(messages))
        _found = session.execute(told_of).all()  # held on to: each mail finds its message and case, and asks for none
        return [_Claim(row.id, _parcel(this, session, row, now)) for row in rows]


def _parcel(this: _Pass, session: Session, row: Outbox, now: datetime) -> Parcel | Undeliverable:
    """Return the mail of a row, or why it can never be sent."""
    try:
        this.before(session, row, now)
        return parcel_of(session, row, this.sender)
    except Undeliverable as error:
        return error
    except SendRefused as refused:
        return Undeliverable(f"{LACKING}: {names_of(refused.missing)}")
    except (LookupError, ValueError, TypeError) as error:
        log.error("outbox row %s cannot be written as a mail: %s", row.id, _where(error))
        return Undeliverable(f"the mail cannot be written ({type(error).__name__})")


def _hand_over(this: _Pass, claims: Sequence[_Claim], until: datetime) -> bool:
    """Hand a batch over, one connection after another where one breaks; return whether to go on with the next."""
    waiting = []
    for claim in claims:
        if isinstance(claim.parcel, Undeliverable):
            _give_up(this, claim.row_id, str(claim.parcel))
        else:
            waiting.append((claim.row_id, claim.parcel))
    while waiting:
        if _enough(this, until):
            _release(this, [row_id for row_id, _ in waiting])
            return True
        before = len(waiting)
        try:
            with this.transport.connect() as connection:
                _send_each(this, connection, waiting, until)
        except ConnectionLost as lost:
            if len(waiting) == before:  # not one attempt was made: nobody is there
                log.warning("no mail leaves: %s", lost)
                for row_id, _ in waiting:
                    _try_again(this, row_id, str(lost))
                return False
    return True


def _enough(this: _Pass, until: datetime) -> bool:
    """Say whether no further mail of this batch is to be begun: we are to stop, or the lease grows short."""
    return this.stopping() or this.now() + MARGIN > until


def _send_each(this: _Pass, connection: Connection, waiting: list[tuple[int, Parcel]], until: datetime) -> None:
    """Send what waits, taking each off the list once its outcome is recorded, until it is enough."""
    while waiting and not _enough(this, until):
        row_id, parcel = waiting[0]
        try:
            refused = connection.send(parcel.packed(), this.sender.address, parcel.recipients)
        except Undeliverable as error:
            waiting.pop(0)
            _give_up(this, row_id, str(error))
        except TryLater as error:
            waiting.pop(0)
            _try_again(this, row_id, str(error))
        except ConnectionLost as error:
            waiting.pop(0)
            _try_again(this, row_id, str(error))
            raise
        else:
            waiting.pop(0)
            _sent(this, row_id, f"{refused} of {len(parcel.recipients)} recipients refused" if refused else None)


def _where(error: BaseException) -> str:
    """Return what went wrong and where, for the log: without the error's own text, which may hold an address."""
    steps = traceback.extract_tb(error.__traceback__)
    lines = " < ".join(f"{Path(step.filename).stem}:{step.lineno} {step.name}" for step in reversed(steps[-5:]))
    return f"{type(error).__name__} in {lines}"


def _sent(this: _Pass, row_id: int, note: str | None) -> None:
    """Record that the server accepted a mail, and what that does for the promises, in one commit."""
    try:
        if _settle(this, row_id, SENT, note, this.on_left):
            this.done.sent += 1
    except OperationalError:
        raise  # the database is not there: the lease runs out, and the mail goes once more under the same Message-ID
    except Exception as error:  # the use case failed, not the mail: never send it again, but let everybody see it
        log.error("outbox row %s left, but recording it failed: %s", row_id, _where(error))
        _give_up(this, row_id, "it left, but recording that failed: see the log")


def _give_up(this: _Pass, row_id: int, why: str) -> None:
    """Record a final failure, for everybody to see."""
    if _settle(this, row_id, FAILED, why, this.on_failed):
        this.done.failed += 1


def _try_again(this: _Pass, row_id: int, why: str) -> None:
    """Record a failed attempt and when the next one is; after the last rung of the ladder, give up."""
    with this.database.writing() as session:
        row = session.get_one(Outbox, row_id, with_for_update=True)
        if row.state != WAITING:
            return
        if row.attempts < len(LADDER):
            row.next_try_at = this.now() + LADDER[row.attempts]
            row.attempts += 1
            row.last_error, row.lease_owner, row.lease_until = why, None, None
            this.done.retried += 1
            return
    _give_up(this, row_id, why)


_BUSY_WAITS = (0.05, 0.2, 1.0)


def _settle(this: _Pass, row_id: int, state: str, why: str | None, then: Settled) -> bool:
    """Mark a row sent or failed and let the use cases act on it, in one commit; a busy database is asked again.

    Returns False when another deliverer, to whom our lapsed lease had passed, was faster.
    """
    for wait in (*_BUSY_WAITS, None):
        try:
            with this.database.writing() as session:
                row = session.get_one(Outbox, row_id, with_for_update=True)
                if row.state != WAITING:
                    return False
                now = this.now()
                row.state, row.settled_at, row.last_error = state, now, why
                row.attempts += 1
                row.lease_owner = row.lease_until = None
                then(session, row, now)
            return True
        except OperationalError:
            if wait is None:
                raise
            time.sleep(wait)
    raise AssertionError("unreachable")


def _release(this: _Pass, row_ids: Sequence[int]) -> None:
    """Give rows back that were not begun, for the next batch or another deliverer."""
    with this.database.writing() as session:
        session.execute(
            update(Outbox)
            .where(Outbox.id.in_(row_ids), Outbox.lease_owner == this.owner, Outbox.state == WAITING)
            .values(lease_owner=None, lease_until=None)
        )
