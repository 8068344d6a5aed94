"""Owns the daily digest: whoever chose an hour is told by mail, once a day, what is owed on their files.

One row per (person, Brussels day) is a unique key: any number of passes at once, or killed, leave the same ones. It
is written even when there was nothing to tell, so that the day is settled for that person; no mail leaves then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, Person, Reach, reaches
from tracker.casework.house import House
from tracker.casework.staffing import Team
from tracker.charter.counting import BRUSSELS, at_brussels, aware, brussels_day
from tracker.insight.shown import Days
from tracker.insight.upcoming import Owed, Section, asked, letters_waiting, owed
from tracker.models.base import seal_of
from tracker.models.database import Database
from tracker.models.messages import Outbox
from tracker.models.personal import Digest, DigestChoice
from tracker.models.staff import Staff

BATCH = 100
"""How many people one commit takes."""
MOST_LISTED = 25
"""How many files a section names one by one; the queue has the others."""


@dataclass(frozen=True, slots=True)
class Digested:
    """What one pass did."""

    sent: int = 0
    quiet: int = 0
    """People who had nothing due, and so got no mail."""


def choose_digest(session: Session, *, staff_id: int, hour: int | None, now: datetime) -> None:
    """Record at which hour in Brussels somebody wants their digest; None: no digest. Again changes nothing."""
    choice = session.get(DigestChoice, staff_id, with_for_update=True)
    if choice is None:
        if hour is not None:
            session.add(DigestChoice(staff_id=staff_id, hour=hour, chosen_at=now))
    elif choice.hour != hour:
        choice.hour, choice.chosen_at = hour, now


def hour_of(session: Session, staff_id: int) -> int | None:
    """Return at which hour in Brussels somebody gets their digest; None: they get none."""
    return session.scalar(select(DigestChoice.hour).where(DigestChoice.staff_id == staff_id))


def digest(database: Database, house: House, *, now: datetime) -> Digested:
    """Write the digest of everybody whose hour has come on an open day and who has none of it. ``now`` is aware.

    An hour that was chosen after it had passed counts from the next day on. Whoever is away gets none: who stands in
    for them is told of their files.
    """
    now, day = aware(now), brussels_day(now)
    if not house.calendar.is_open(day):
        return Digested()
    sent = quiet = after = 0
    while True:
        with database.writing() as session:
            people = _whose_hour_has_come(session, day, now, after)
            if people:
                told, silent = _write(session, house, [row.id for row in people if _may(row, day, now)], day, now)
                sent, quiet = sent + told, quiet + silent
        if len(people) < BATCH:
            return Digested(sent, quiet)
        after = people[-1].id


def _whose_hour_has_come(session: Session, day: date, now: datetime, after: int) -> Sequence[Any]:
    """Return the next members of staff whose hour has come and who have no digest of the day (one statement)."""
    written = exists().where(Digest.staff_id == DigestChoice.staff_id, Digest.day == day)
    query = (
        select(
            Staff.id, Staff.role, Staff.service_code, Staff.away_from, Staff.away_until, DigestChoice.hour,
            DigestChoice.chosen_at,
        )
        .join(DigestChoice, DigestChoice.staff_id == Staff.id)
        .where(Staff.active, DigestChoice.hour <= now.astimezone(BRUSSELS).hour, ~written, Staff.id > after)
        .order_by(Staff.id)
        .limit(BATCH)
    )  # fmt: skip
    return session.execute(query).all()


def _may(row: Any, day: date, now: datetime) -> bool:
    """Say whether somebody is told today: there, of a role that has files, and the hour chosen before it came."""
    away = row.away_from is not None and row.away_from <= day and (row.away_until is None or day <= row.away_until)
    has_files = Reach.OWN in reaches(Person(row.id, row.role, row.service_code), READ)
    return has_files and not away and row.chosen_at <= at_brussels(day, time(row.hour))


def _write(session: Session, house: House, people: Sequence[int], day: date, now: datetime) -> tuple[int, int]:
    """Write the digests that are not there yet, with a line in the outbox for each that tells something."""
    if not people:
        return 0, 0
    own = _handled_by(session, people, day)
    handlers = {handler for handled in own.values() for handler in handled}
    days = Days.of(day, house.calendar)
    found = owed(session, handlers, days, most=MOST_LISTED)
    found += letters_waiting(session, handlers, most=MOST_LISTED)
    found += asked(session, handlers, most=MOST_LISTED)
    rows = []
    for person, handled in own.items():
        mine = [one for one in found if one.handler_id in handled and one.about_staff_id != person]
        values = {
            "staff_id": person,
            "day": day,
            "told": sum(one.many for one in mine),
            "contents": _contents(mine),
            "recorded_at": now,
        }
        rows.append(values | {"seal": seal_of(Digest, values)})
    upsert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = upsert(Digest).values(rows).on_conflict_do_nothing(index_elements=["staff_id", "day"])
    written = session.execute(statement.returning(Digest.id, Digest.told)).all()
    telling = [row.id for row in written if row.told]
    if telling:
        waiting = [{"digest_id": id_, "state": "waiting", "attempts": 0, "next_try_at": now} for id_ in telling]
        session.execute(insert(Outbox), waiting)
    return len(telling), len(written) - len(telling)


def _handled_by(session: Session, people: Iterable[int], day: date) -> Mapping[int, set[int]]:
    """Return whose files each person handles on a day: their own, and those that come to them from who is away."""
    team = Team.load(session, day=day)
    own = {person: {person} for person in people}
    for member in team.members.values():
        if member.away_on(day) and not member.is_desk:
            stand_in = team.there(member)
            if stand_in is not None and stand_in.id in own:
                own[stand_in.id].add(member.id)
    return own


def _contents(mine: Sequence[Owed]) -> dict[str, Any]:
    """Return what a digest tells, by section."""
    sections = {section.value: _section([one for one in mine if one.section is section]) for section in Section}
    return sections | {"interim": sum(one.interim for one in mine)}


def _section(found: Sequence[Owed]) -> dict[str, Any]:
    lines = [
        [one.reference, one.kind and one.kind.value, one.due_on and one.due_on.isoformat()]
        for one in found[:MOST_LISTED]
    ]
    return {"count": sum(one.many for one in found), "lines": lines}
