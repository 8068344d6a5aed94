"""Owns the closing days that administrators add to those of the product, and what changes because of them."""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from tracker.access.permissions import Room, may_enter
from tracker.casework.casefile import CaseFile, find
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import SYSTEM, Actor, House
from tracker.casework.house_history import note_change, take_turn
from tracker.charter.calendar import BridgeDay, Known, WorkingCalendar
from tracker.charter.counting import at_brussels, brussels_day
from tracker.charter.entries import Recounted
from tracker.charter.errors import CharterError
from tracker.charter.words import HouseSubject, ObligationState, Verb
from tracker.insight.closing_days import counted_until, learnt, touched_files
from tracker.models.database import Database
from tracker.models.house import HouseChange
from tracker.models.obligations import Obligation

log = logging.getLogger(__name__)

MARGIN = timedelta(hours=1)
"""A change counts from the next day on, and not from one that begins within the hour: by then every process knows."""
ONE_DAY = timedelta(days=1)
FARTHEST_YEARS = 3
LOOKS_EVERY = 10
"""Seconds after which a process looks whether the closing days were changed: far less than the margin."""
MOST = 200


class DayAlreadyClosed(Refused):
    """A day on which the offices are closed anyhow."""

    code = "day_already_closed"

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} is closed already: leave it out.", day=day.isoformat())


class ClosingTooSoon(Refused):
    """A closing day that would change what was counted already, or that lies too far ahead to be known."""

    code = "closing_too_soon"

    def __init__(self, day: date, first: date, last: date) -> None:
        super().__init__(
            f"{day} cannot be meant: give days from {first} to {last}.",
            day=day.isoformat(), first=first.isoformat(), last=last.isoformat(),
        )  # fmt: skip


class NotAddedHere(Refused):
    """Something that is to be withdrawn and does not stand, or comes with the product."""

    code = "not_added_here"

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} was not added here, or was withdrawn: look at the list.", day=day.isoformat())


class CalendarInForce:
    """Gives the calendar of the product with what was added here; shared by the threads of a process."""

    def __init__(self, database: Database, shipped: WorkingCalendar, *, looks_every: float = LOOKS_EVERY) -> None:
        self._database, self._shipped, self._looks_every = database, shipped, looks_every
        self._standing: tuple[int, WorkingCalendar] | None = None
        self._look_again = 0.0

    def __call__(self) -> WorkingCalendar:
        """Return the calendar: now and then one small query, and work only when it tells of a change."""
        standing, moment = self._standing, monotonic()
        if standing is not None and moment < self._look_again:
            return standing[1]
        number = self._database.glance(_REVISION) or 0
        if standing is None or standing[0] != number:
            with self._database.reading() as session:
                standing = number, with_learnt(session, self._shipped)
        self._standing, self._look_again = standing, moment + self._looks_every
        return standing[1]


_OURS = HouseChange.subject == HouseSubject.CLOSING_DAYS
_REVISION = select(func.max(HouseChange.number)).where(_OURS)


def with_learnt(session: Session, shipped: WorkingCalendar) -> WorkingCalendar:
    """Return a calendar with all that was added and withdrawn here."""
    days, known = learnt(session)
    return shipped.with_entries(days, known) if days or known else shipped


def calendar_with(
    standing: WorkingCalendar, *, days: Collection[date], until: date | None, source: str, now: datetime
) -> WorkingCalendar:
    """Return a calendar as it would be with what somebody means to add now."""
    first = counts_from(now)
    known = [Known(until, first)] if until is not None else []
    return standing.with_entries([BridgeDay(day, source, first) for day in days], known)


def calendar_without(
    standing: WorkingCalendar, days: Collection[date], until: date | None, *, now: datetime
) -> WorkingCalendar:
    """Return a calendar as it would be without what somebody means to withdraw now."""
    first = counts_from(now)
    return replace(
        standing,
        bridge_days=tuple(
            replace(one, withdrawn=first) if one.day in days and one.since and not one.withdrawn else one
            for one in standing.bridge_days
        ),
        known=tuple(
            replace(one, withdrawn=first) if one.until == until and one.since and not one.withdrawn else one
            for one in standing.known
        ),
        _years={},
        _views={},
    )


def counts_from(now: datetime) -> date:
    """Return the day (Brussels) from which a change made now counts."""
    return brussels_day(now + MARGIN) + ONE_DAY


def check_closing_days(
    calendar: WorkingCalendar, days: Collection[date], until: date | None, source: str, *, now: datetime
) -> None:
    """Refuse what cannot be added. Raises ``Missing``, ``DayAlreadyClosed`` or ``ClosingTooSoon``."""
    first = counts_from(now)
    last = date(first.year + FARTHEST_YEARS, 12, 31)
    if not days and until is None:
        raise Missing("days")
    if not source.strip():
        raise Missing("source")
    for day in sorted(days):
        if not first <= day <= last:
            raise ClosingTooSoon(day, first, last)
        if not calendar.is_open(day):
            raise DayAlreadyClosed(day)
    if until is not None and not calendar.known_until < until <= last:
        raise ClosingTooSoon(until, calendar.known_until + ONE_DAY, last)


def add_closing_days(
    session: Session,
    shipped: WorkingCalendar,
    *,
    days: Collection[date],
    until: date | None,
    source: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Add days on which the offices are closed, with the circular that says so; ``until``: it is known so far.

    They count from the next day on: what was counted before stays as it was counted, and open files are counted again
    by ``count_again``. Raises ``NotPermitted`` and what ``check_closing_days`` does.
    """
    _permit(actor)
    take_turn(session)
    check_closing_days(with_learnt(session, shipped), days, until, source, now=now)
    _note(session, "add", sorted(set(days)), until, actor, now, source=source.strip())


def withdraw_closing_days(
    session: Session,
    shipped: WorkingCalendar,
    *,
    days: Collection[date],
    until: date | None,
    why: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Withdraw days that were added here and have not come yet, or how far the table was said to be known.

    Raises ``NotPermitted``, ``Missing``, ``NotAddedHere`` or ``ClosingTooSoon``.
    """
    _permit(actor)
    take_turn(session)
    if not why.strip():
        raise Missing("reason")
    first, (added, known) = counts_from(now), learnt(session)
    for day in sorted(days):
        if day not in {one.day for one in added if one.withdrawn is None}:
            raise NotAddedHere(day)
        if day < first:
            raise ClosingTooSoon(day, first, max(one.day for one in added))
    if until is not None and until not in {one.until for one in known if one.withdrawn is None}:
        raise NotAddedHere(until)
    _note(session, "withdraw", sorted(set(days)), until, actor, now, why=why.strip())


def count_again(database: Database, house: House, *, now: datetime, most: int = MOST) -> dict[str, int]:
    """Count the working days of open files again, once a change of the closing days counts; at most so many a run.

    Each file is a commit of its own, with who changed the calendar and why in its history. No due date moves, and no
    date promised to a citizen: ``work_by`` and the reminders do. When all is done, every reminder is looked at anew.
    """
    today = brussels_day(now)
    with database.reading() as session:
        change = _last_in_force(session, today)
        if change is None or change.number <= counted_until(session):
            return {"files": 0, "left": 0}
        calendar = with_learnt(session, house.shipped_calendar)
        found = touched_files(session, calendar.as_known_on(today), today, most + 1)
    house = replace(house, calendar_in_force=lambda: calendar)  # each file by the very calendar that named it
    done = left = 0
    for reference in found[:most]:
        try:
            with database.writing() as session:
                done += _count_again(session, house, reference, change, now)
        except CharterError as error:
            left += 1
            log.warning("a file could not be counted again", extra={"figures": {"why": error.code}})
    if len(found) <= most:
        _look_anew(database, change, done, now)
    return {"files": done, "left": left}


def _last_in_force(session: Session, today: date) -> HouseChange | None:
    """Return the last change that counts by now."""
    query = select(HouseChange).where(_OURS, HouseChange.what != COUNTED).order_by(HouseChange.number.desc())
    return next((one for one in session.scalars(query) if date.fromisoformat(one.details["since"]) <= today), None)


def _count_again(session: Session, house: House, reference: str, change: HouseChange, now: datetime) -> bool:
    """Count one file again, unless another scheduler did, or it was settled, since it was found."""
    case = find(session, reference, lock=True)
    told = change.details
    said = str(told.get("source") or told.get("why"))
    file = CaseFile.hold(session, house, case, actor=Actor(change.actor), now=now)
    entry = Recounted(now, said)
    if file.try_entry(entry).obligations == file.ledger.obligations:
        return False
    file.done(Verb.CORRECT_RECEIPT, entry, details={"closing_days": change.number, "reason": said})
    return True


def _look_anew(database: Database, change: HouseChange, files: int, now: datetime) -> None:
    """Have the sweep work out anew the next reminder of every open promise, and write down that all was counted."""
    with database.writing() as session:
        take_turn(session)
        if (before := counted_until(session)) >= change.number:
            return  # another scheduler was quicker
        pending = select(HouseChange.details).where(_OURS, HouseChange.number > before)
        days = [day for told in session.scalars(pending) for day in told.get("days", ())]
        if days:
            first = date.fromisoformat(min(days))  # whose dates and next reminder lie before it, is not touched
            session.execute(
                update(Obligation)
                .where(
                    Obligation.state == ObligationState.OPEN,
                    Obligation.next_action_at > now,
                    or_(Obligation.due_on >= first, Obligation.next_action_at >= at_brussels(first, time(0))),
                )
                .values(next_action_at=now),
                execution_options={"synchronize_session": False},
            )
        note_change(
            session,
            HouseSubject.CLOSING_DAYS,
            COUNTED,
            "counted",
            actor=SYSTEM,
            now=now,
            of=change.number,
            files=files,
        )


COUNTED = "counted"
"""What a change is about that says that the files were counted again."""


def _note(
    session: Session, act: str, days: list[date], until: date | None, actor: Actor, now: datetime, **more: Any
) -> None:
    told: dict[str, Any] = {"days": [day.isoformat() for day in days], "since": counts_from(now).isoformat()}
    named = days[0] if days else until
    note_change(
        session, HouseSubject.CLOSING_DAYS, named.isoformat() if named else "", act, actor=actor, now=now,
        until=until, **told, **more,
    )  # fmt: skip


def _permit(actor: Actor) -> None:
    if actor.person is None or not may_enter(actor.person, Room.ADMIN):
        raise NotPermitted(Room.ADMIN)
