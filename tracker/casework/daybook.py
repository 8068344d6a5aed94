"""Owns the daily book of paper, fax, telephone and counter: a line for each message, numbered by day and by year.

A line is written in the commit of its message, so that a number is never given without one. Whoever writes waits for
the one before: the lock on the book is taken last, after those on the cases, and goes with the commit.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.casework.errors import Refused
from tracker.casework.house import Actor
from tracker.charter.counting import brussels_day
from tracker.charter.words import PAPER, SPOKEN, Channel, Direction, MessageKind
from tracker.models.base import put
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.messages import Message
from tracker.models.paper import RegisterEntry, RegisterYear

KEPT = PAPER + SPOKEN
"""What the book is kept of."""
USUAL = timedelta(days=5)
"""How long something may lie before it is entered, without anybody asking why."""
THE_BOOK = 0x7265676973746572
"""The key of the lock on the book, both ways."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The day (Brussels) on which something came in, as its stamp says, and the reason when that is an unusual one.

    On a day that has not come yet nothing can have been received: what bears such a stamp counts from the day on
    which it is entered.
    """

    day: date
    reason: str = ""


class UnusualDay(Refused):
    """A receipt that is long past, or has not come yet, without the reason."""

    code = "unusual_day"

    def __init__(self, day: date, today: date) -> None:
        super().__init__(
            f"{day} is an unusual day of receipt today, {today}: check it and, if it is right, give the reason.",
            day=day.isoformat(),
            today=today.isoformat(),
        )


def is_unusual(day: date, today: date) -> bool:
    """Say whether a day of receipt (both Brussels dates) needs a reason: long past, or not come yet."""
    return not today - USUAL <= day <= today


def check_arrival(arrival: Arrival | None, now: datetime) -> None:
    """Make sure that an unusual day of receipt has its reason. Raises ``UnusualDay``."""
    if arrival is None or arrival.reason.strip():
        return
    if is_unusual(arrival.day, today := brussels_day(now)):
        raise UnusualDay(arrival.day, today)


def reason_of(arrival: Arrival | None) -> dict[str, str]:
    """Return what the history says about an unusual day of receipt; nothing about a usual one."""
    reason = arrival.reason.strip() if arrival else ""
    return {"reason": reason} if reason else {}


def came_in(
    session: Session, case: Case, message: Message, *, arrival: Arrival | None = None, actor: Actor, now: datetime
) -> RegisterEntry | None:
    """Enter what the requester sent on paper or said; none for what came another way."""
    if message.channel not in KEPT:
        return None
    given = arrival or Arrival(brussels_day(message.written_at))
    return _enter(
        session,
        Direction.IN,
        case,
        message,
        on_day=given.day,
        reason=given.reason.strip() or None,
        actor=actor,
        now=now,
    )


def went_out(session: Session, case: Case, message: Message, *, actor: Actor, now: datetime) -> RegisterEntry | None:
    """Enter a letter that was posted, a fax that was sent or a conversation that was held; none for anything else."""
    if message.channel not in KEPT or message.left_on is None:
        return None
    return _enter(session, Direction.OUT, case, message, on_day=message.left_on, actor=actor, now=now)


def came_back(session: Session, case: Case, message: Message, *, actor: Actor, now: datetime) -> RegisterEntry | None:
    """Enter a letter of ours that the post brought back; none for what cannot come back."""
    if message.channel is not Channel.POST:
        return None
    return _enter(session, Direction.IN, case, message, on_day=brussels_day(now), actor=actor, now=now)


def sent_back(
    session: Session, case: Case, *, channel: Channel, received_at: datetime, actor: Actor, now: datetime
) -> RegisterEntry | None:
    """Enter a case that the body it was transmitted to sent back on paper, or gave back in person; none for mail.

    The line is that of what had been sent there last, the other way; each message comes back once.
    """
    if channel not in KEPT:
        return None
    came_in = select(RegisterEntry.id).where(
        RegisterEntry.message_id == Message.id, RegisterEntry.direction == Direction.IN
    )
    sent = select(Message).where(
        Message.case_id == case.id, Message.direction == Direction.OUT, Message.kind != MessageKind.NOTE
    )
    to_a_body = Message.service_code.is_not(None)
    message = session.scalars(
        sent.where(~came_in.exists()).order_by(to_a_body.desc(), Message.number.desc()).limit(1)
    ).first()  # fmt: skip
    if message is None:
        return None
    day = brussels_day(received_at)
    return _enter(session, Direction.IN, case, message, channel=channel, on_day=day, actor=actor, now=now)


def _enter(
    session: Session,
    direction: Direction,
    case: Case,
    message: Message,
    *,
    on_day: date,
    channel: Channel | None = None,
    reason: str | None = None,
    actor: Actor,
    now: datetime,
) -> RegisterEntry:
    """Write the next line of one side of the book."""
    message_id, correspondent = _id_of(session, message), _correspondent(session, case, message)
    day = brussels_day(now)
    number, day_number = _numbers(session, direction, day)
    entry = RegisterEntry(
        direction=direction,
        year=day.year,
        number=number,
        day=day,
        day_number=day_number,
        channel=channel or message.channel,
        on_day=on_day,
        reason=reason,
        correspondent=correspondent,
        subject=message.subject,
        case_id=case.id,
        message_id=message_id,
        entered_at=now,
        entered_by=actor.staff_id,
    )
    put(session, entry)
    return entry


def _numbers(session: Session, direction: Direction, day: date) -> tuple[int, int]:
    """Return the next number of the year and of the day.

    A number that was given is kept beside the lines, so that it is not given again though its line be gone. SQLite
    has one writer at a time. On PostgreSQL the lock comes in a statement of its own, before those that look: they see
    what the writer before us has committed.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(THE_BOOK)))
    of_the_year = select(func.max(RegisterEntry.number)).where(
        RegisterEntry.direction == direction, RegisterEntry.year == day.year
    )
    of_the_day = select(func.max(RegisterEntry.day_number)).where(
        RegisterEntry.direction == direction, RegisterEntry.day == day
    )
    lines = session.execute(select(of_the_year.scalar_subquery(), of_the_day.scalar_subquery())).one()
    given = session.get(RegisterYear, (direction, day.year), populate_existing=True)
    number = max(lines[0] or 0, given.number if given else 0) + 1
    day_number = max(lines[1] or 0, given.day_number if given and given.day == day else 0) + 1
    if given is None:
        session.add(RegisterYear(direction=direction, year=day.year, number=number, day=day, day_number=day_number))
    else:
        given.number = number
        if day >= given.day:  # a clock that was set back leaves the newest day as it is
            given.day, given.day_number = day, day_number
    session.flush()
    return number, day_number


def keep_last_numbers(session: Session) -> None:
    """Keep how far each side of the book has come, where lines were written in bulk."""
    query = select(RegisterEntry.direction, RegisterEntry.year, func.max(RegisterEntry.number)).group_by(
        RegisterEntry.direction, RegisterEntry.year
    )
    for direction, year, number in session.execute(query).all():
        of_the_year = select(RegisterEntry.day, RegisterEntry.day_number).where(
            RegisterEntry.direction == direction, RegisterEntry.year == year
        )
        newest = of_the_year.order_by(RegisterEntry.day.desc(), RegisterEntry.day_number.desc()).limit(1)
        day, day_number = session.execute(newest).one()
        session.merge(RegisterYear(direction=direction, year=year, number=number, day=day, day_number=day_number))
    session.flush()


def _id_of(session: Session, message: Message) -> int:
    """Return the id of a message, which one that was stored without the unit of work does not know."""
    if message.id is not None:
        return message.id
    return session.scalars(
        select(Message.id).where(Message.case_id == message.case_id, Message.number == message.number)
    ).one()


def _correspondent(session: Session, case: Case, message: Message) -> str:
    """Return who wrote, or whom it is for: the requester, or the body that a case is transmitted to."""
    if message.service_code is None:
        return case.requester_name
    names = session.scalars(select(Service.names).where(Service.code == message.service_code)).one()
    return str(names[case.language.value])
