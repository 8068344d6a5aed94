"""Owns the ringing of held and ignored mail that nobody has looked at: whoever must look is told, once a day.

One notice per (person, Brussels day) is a unique key: any number of passes at once, or killed, leave the same ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.staffing import Team
from tracker.charter.counting import BRUSSELS, aware, brussels_day
from tracker.charter.ladder import OPENING, waited
from tracker.charter.words import MailOutcome, Recipient
from tracker.models.base import seal_of
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Outbox

RINGS_AFTER, HEAD_AFTER = 1, 2
"""Working days since a mail was laid down."""
UNATTENDED = "unattended"
"""Stands in the details of a mail of which nobody could be told: the queue shows that to everybody."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What one pass did."""

    notices: int = 0
    unattended: int = 0
    """Mails that should ring, and reach nobody."""


def ring(database: Database, house: House, *, now: datetime) -> Rung:
    """Tell whoever must look at mail that has waited a working day: at most once a day, on open days from 08:00.

    That is the presumed handler, or who stands in, else the dispatchers on duty; after two working days their head as
    well. Each is told of all that waits for them, so that nothing waits for another day to be told. What was set
    aside waits for a glance and for nobody's answer: only whoever is to look first is told of it. ``now`` is aware.
    """
    now, day = aware(now), brussels_day(now)
    if not house.calendar.is_open(day) or now.astimezone(BRUSSELS).time() < OPENING:
        return Rung()
    with database.writing() as session:
        waiting = session.execute(_WAITING).all()
        if not waiting:
            return Rung()
        lists, unattended = _lists(house, _team(session, house, day), waiting, now)
        _mark(session, waiting, unattended)
        notices = sum(_tell(session, person, mails, day, now) for person, mails in sorted(lists.items()))
        return Rung(notices, len(unattended))


_WAITING = (
    select(
        Mail.id, Mail.stored_at, Mail.outcome, Mail.details, Case.handler_id, Case.service_code, Case.about_staff_id
    )
    .outerjoin(Case, Case.id == Mail.case_id)
    .where(Mail.outcome.in_((MailOutcome.HELD, MailOutcome.IGNORED)), Mail.settled_at.is_(None))
    .order_by(Mail.id)
)


def _team(session: Session, house: House, day: date) -> Team:
    return Team.load(session, day=day, duty_mailbox=house.duty_email is not None)


def _lists(
    house: House, team: Team, waiting: Sequence[Row[Any]], now: datetime
) -> tuple[Mapping[int, list[int]], set[int]]:
    """Return the mails that each person is told of, and those that should ring and reach nobody."""
    listed: dict[int, list[int]] = {}
    ringing: set[int] = set()
    unattended: set[int] = set()
    for mail in waiting:
        one_day = waited(house.calendar, mail.stored_at, RINGS_AFTER) <= now
        two_days = waited(house.calendar, mail.stored_at, HEAD_AFTER) <= now
        first = _first(team, mail)
        glance = mail.outcome is MailOutcome.IGNORED and bool(first)
        heads = _heads(team, mail) if one_day and not glance else []
        for person in {*first, *heads}:
            listed.setdefault(person, []).append(mail.id)
        ringing.update((*(first if one_day else ()), *(heads if two_days else ())))
        if one_day and not first and not (two_days and heads):
            unattended.add(mail.id)
    return {person: mails for person, mails in listed.items() if person in ringing}, unattended


def _first(team: Team, mail: Row[Any]) -> list[int]:
    """Return who is to look at a mail first."""
    if mail.handler_id is not None:
        reached = team.reached(
            Recipient.HANDLER, handler_id=mail.handler_id, service=mail.service_code, not_this=mail.about_staff_id
        )
        if reached:
            return reached
    return team.reached(Recipient.DUTY, handler_id=0, service=None, not_this=mail.about_staff_id)


def _heads(team: Team, mail: Row[Any]) -> list[int]:
    return team.reached(Recipient.DISPATCHERS_HEAD, handler_id=0, service=None, not_this=mail.about_staff_id)


def _mark(session: Session, waiting: Iterable[Row[Any]], unattended: set[int]) -> None:
    """Note on each mail whether anybody could be told of it."""
    wrong = [mail.id for mail in waiting if bool((mail.details or {}).get(UNATTENDED)) != (mail.id in unattended)]
    for mail in session.scalars(select(Mail).where(Mail.id.in_(wrong)).with_for_update()) if wrong else ():
        details = {name: value for name, value in (mail.details or {}).items() if name != UNATTENDED}
        mail.details = details | ({UNATTENDED: True} if mail.id in unattended else {})
    session.flush()


def _tell(session: Session, person: int, mails: list[int], day: date, now: datetime) -> int:
    """Write the notice to one person, unless there is one of this day, with its place in the outbox."""
    values = {"staff_id": person, "day": day, "mails": mails, "recorded_at": now}
    upsert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    notice = session.execute(
        upsert(MailNotice)
        .values(**values, seal=seal_of(MailNotice, values))
        .on_conflict_do_nothing(index_elements=["staff_id", "day"])
        .returning(MailNotice.id)
    ).scalar_one_or_none()
    if notice is None:
        return 0
    session.execute(insert(Outbox).values(mail_notice_id=notice, state="waiting", attempts=0, next_try_at=now))
    return 1
