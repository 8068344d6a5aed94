"""Owns the closing days of an installation: those of the product, and what is added and withdrawn here."""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Room, may_enter
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.house_history import note_change, take_turn
from tracker.charter.calendar import BridgeDay, Known, WorkingCalendar
from tracker.charter.counting import brussels_day
from tracker.charter.words import HouseSubject
from tracker.insight.closing_days import learnt
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.house import HouseChange

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
    """Return a calendar with all that was added and withdrawn here.

    What a later version of the product brings (its entries have a ``since``) counts as it was taken in here, and not
    before: promises were counted without it.
    """
    days, known = learnt(session)
    first = shipped.as_known_on(date.min)
    return first.with_entries(days, known) if days or known else first


def take_in_shipped(session: Session, shipped: WorkingCalendar, *, now: datetime) -> date | None:
    """Take in the closing days that a new version of the product brings; return from when they count, None: no news.

    Each circular becomes a change by ``system``, from the next day on or from its own ``since``, if that is later;
    where no case is there yet, from its ``since``. What stands in the history of the house already is left as it is,
    also if it was withdrawn. Safe to repeat.
    """
    if not brought(session, shipped):
        return None
    take_turn(session)
    nothing_counted = session.scalar(select(Case.id).limit(1)) is None
    first = None
    for since, new, until in brought(session, shipped):
        counts = since if nothing_counted else max(since, counts_from(now))
        source = "; ".join(dict.fromkeys(one.source for one in new)) or "Suivi"
        _note(session, "add", sorted(one.day for one in new), until, SYSTEM, now, since=counts, source=source)
        first = min(first or counts, counts)
    return first


def brought(session: Session, shipped: WorkingCalendar) -> list[tuple[date, list[BridgeDay], date | None]]:
    """Return what a new version brings that is not here yet: since when, the days, how far they are known with it."""
    if not shipped.changed_on:
        return []
    days, known = learnt(session)
    told, reached = {one.day for one in days}, {one.until for one in known}
    found = []
    for since in shipped.changed_on:
        new = [one for one in shipped.bridge_days if one.since == since and one.day not in told]
        until = next((one.until for one in shipped.known if one.since == since and one.until not in reached), None)
        if new or until is not None:
            found.append((since, new, until))
    return found


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


def _note(
    session: Session,
    act: str,
    days: list[date],
    until: date | None,
    actor: Actor,
    now: datetime,
    *,
    since: date | None = None,
    **more: Any,
) -> None:
    told: dict[str, Any] = {
        "days": [day.isoformat() for day in days],
        "since": (since or counts_from(now)).isoformat(),
    }
    named = days[0] if days else until
    note_change(
        session, HouseSubject.CLOSING_DAYS, named.isoformat() if named else "", act, actor=actor, now=now,
        until=until, **told, **more,
    )  # fmt: skip


def _permit(actor: Actor) -> None:
    if actor.person is None or not may_enter(actor.person, Room.ADMIN):
        raise NotPermitted(Room.ADMIN)
