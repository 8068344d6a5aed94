"""Owns who is told about an obligation, and when: the ladder of reminders and escalations.

``before-5``, ``before-2``: that many working days before ``work_by``; ``before-0``: on it; ``breach``: when the due
date ends; ``after-5``, ``after-10`` and every further five working days: up the house. The rungs stand in the rules
file. All moments given back are aware, in UTC; the clock times of the rules file are those of Brussels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import count
from threading import Lock
from typing import NamedTuple, Protocol

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import BRUSSELS, at_brussels, aware, brussels_day, midnight_after
from tracker.charter.rungs import BREACH, Anchor, Ladder, Rung
from tracker.charter.words import Channel, Nature, Recipient

OPENING = time(8)


class Dated(Protocol):
    """What the ladder reads of an obligation: the charter's value, or a row with these columns."""

    @property
    def due_on(self) -> date: ...
    @property
    def work_by(self) -> date: ...
    @property
    def decide_by(self) -> date | None: ...
    @property
    def arose_at(self) -> datetime: ...
    @property
    def born_late(self) -> bool: ...


class Situation(NamedTuple):
    """What the ladder reads of the case. Moments are aware."""

    channel: Channel
    nature: Nature
    urgent_since: datetime | None = None  # flagged urgent and taken by nobody yet; else None
    triage_since: datetime | None = None  # with the dispatcher since then; None: a service is confirmed


@dataclass(frozen=True, slots=True)
class Moment:
    """One rung for one obligation: its name, when it comes (UTC), who is told, whether it is never passed over."""

    rung: str
    at: datetime
    to: tuple[Recipient, ...]
    always: bool
    track: str  # "promise", "decide_by", "triage_since" or "urgent_since": the highest rung past of each is sent


class _Run:
    """The moments of one track, worked out as far as anybody asked; the last rung of a track may have no end."""

    def __init__(self, moments: Iterator[Moment]) -> None:
        self._known: list[Moment] = []
        self._rest = moments
        self._lock = Lock()  # a generator may not be advanced by two threads at once

    def __iter__(self) -> Iterator[Moment]:
        for place in count():
            if place >= len(self._known) and not self._reach(place):
                return
            yield self._known[place]

    def _reach(self, place: int) -> bool:
        """Work out the moments up to a place; false when the track ends before it."""
        with self._lock:
            while place >= len(self._known):
                following = next(self._rest, None)
                if following is None:
                    return False
                self._known.append(following)
            return True


def moments(ladder: Ladder, calendar: WorkingCalendar, promise: Dated, situation: Situation) -> Iterator[Moment]:
    """Return the rungs of an open obligation in the order of time, without end (``after-10``, ``after-15`` …)."""
    return merge(*_tracks(ladder, calendar, promise, situation), key=lambda moment: moment.at)


def due(
    ladder: Ladder,
    calendar: WorkingCalendar,
    promise: Dated,
    situation: Situation,
    *,
    now: datetime,
    already: frozenset[str] = frozenset(),
) -> tuple[tuple[Moment, ...], tuple[Moment, ...]]:
    """Return which rungs are to be sent now and which are to be stored as skipped, in the order of time.

    ``already``: the rungs that have a notice, sent or skipped. Of several rungs past on one track the highest is
    sent and the others are skipped; ``breach`` is always sent. Of an obligation born late, the rungs that lay
    before its birth are skipped, but for the breach, which goes to the head alone.
    """
    now = aware(now)
    sent: list[Moment] = []
    skipped: list[Moment] = []
    for track in _tracks(ladder, calendar, promise, situation):
        past: list[Moment] = []
        for moment in track:
            if moment.at > now:
                break
            past.append(moment)
        _divide(past, promise, already, sent, skipped)
    return tuple(sorted(sent, key=_when)), tuple(sorted(skipped, key=_when))


def next_at(
    ladder: Ladder,
    calendar: WorkingCalendar,
    promise: Dated,
    situation: Situation,
    *,
    already: frozenset[str] = frozenset(),
) -> datetime:
    """Return the moment (UTC) of the first rung that has no notice yet: when the sweep must look again."""
    firsts = (
        next((moment.at for moment in track if moment.rung not in already), None)
        for track in _tracks(ladder, calendar, promise, situation)
    )
    return min(at for at in firsts if at is not None)


def first_reminder(
    ladder: Ladder, calendar: WorkingCalendar, *, due_on: date, work_by: date, channel: Channel, nature: Nature
) -> datetime:
    """Return the moment (UTC) of the first rung before a promise is due: ``before-5``, earlier for paper."""
    track = _promise(ladder, calendar, due_on, work_by, channel, nature)
    return next(moment.at for moment in track if moment.rung.startswith("before-"))


def _when(moment: Moment) -> datetime:
    return moment.at


def _divide(
    past: list[Moment], promise: Dated, already: frozenset[str], sent: list[Moment], skipped: list[Moment]
) -> None:
    """Sort the rungs of one track that are past into those to send and those to skip."""
    for moment in past:
        if moment.rung in already:
            continue
        if moment.track == "promise" and promise.born_late and moment.at <= promise.arose_at:
            if moment.rung == BREACH:
                sent.append(Moment(BREACH, moment.at, (Recipient.HEAD,), True, moment.track))
            else:
                skipped.append(moment)
        elif moment.always or moment is past[-1]:
            sent.append(moment)
        else:
            skipped.append(moment)


def _tracks(
    ladder: Ladder, calendar: WorkingCalendar, promise: Dated, situation: Situation
) -> list[_Run | Iterator[Moment]]:
    tracks: list[_Run | Iterator[Moment]] = [
        _promise(ladder, calendar, promise.due_on, promise.work_by, situation.channel, situation.nature)
    ]
    if promise.decide_by is not None:
        tracks.append(_decide(ladder, calendar, promise.decide_by, situation.nature))
    if situation.triage_since is not None:
        tracks.append(_triage(ladder, calendar, situation.triage_since, situation.nature))
    if situation.urgent_since is not None:
        tracks.append(_urgent(ladder, situation.urgent_since, situation.nature))
    return tracks


@lru_cache(maxsize=16384)
def _promise(
    ladder: Ladder, calendar: WorkingCalendar, due_on: date, work_by: date, channel: Channel, nature: Nature
) -> _Run:
    anchors = {Anchor.WORK_BY: work_by, Anchor.DUE_ON: due_on}
    found = [
        _days_off(rung, anchors[rung.anchor], calendar, channel, nature)
        for rung in ladder.rungs
        if rung.anchor in anchors
    ]
    return _Run(merge(*found, key=_when))


@lru_cache(maxsize=4096)
def _decide(ladder: Ladder, calendar: WorkingCalendar, decide_by: date, nature: Nature) -> _Run:
    last = calendar.last_open_on_or_before(decide_by)
    found = [
        _days_off(rung, last, calendar, None, nature) for rung in ladder.rungs if rung.anchor is Anchor.DECIDE_BY
    ]
    return _Run(merge(*found, key=_when))


def _days_off(
    rung: Rung, anchor: date, calendar: WorkingCalendar, channel: Channel | None, nature: Nature
) -> Iterator[Moment]:
    """Yield a rung that lies so many open days before or after a day, again and again when it repeats."""
    days = rung.working_days - (rung.earlier.get(channel, 0) if channel else 0)
    repeat = rung.repeat_working_days
    day = calendar.open_day_before(anchor, -days) if days < 0 else anchor
    day = calendar.open_day_after(anchor, days) if days > 0 else day
    for number in count(abs(rung.working_days), repeat or 1):
        at = midnight_after(day) if rung.at is None else at_brussels(day, rung.at)
        yield _moment(rung, rung.name if repeat is None else f"{rung.stem}-{number}", at, nature)
        if repeat is None:
            return
        day = calendar.open_day_after(day, repeat)


def _triage(ladder: Ladder, calendar: WorkingCalendar, since: datetime, nature: Nature) -> Iterator[Moment]:
    """Yield when a case has been with the dispatcher for so many working days."""
    for rung in ladder.rungs:
        if rung.anchor is Anchor.TRIAGE_SINCE:
            yield _moment(rung, rung.name, waited(calendar, since, rung.working_days), nature)


def waited(calendar: WorkingCalendar, since: datetime, days: int) -> datetime:
    """Return when something has waited for so many working days since a moment (aware), to the minute.

    From Friday 15:00 one working day is Monday 15:00; what came on a closed day starts at 08:00 on the next open one.
    """
    arrived = aware(since).astimezone(BRUSSELS)
    day, clock = brussels_day(since), arrived.time()
    if not calendar.is_open(day):
        day, clock = calendar.open_day_after(day, 0), OPENING
    return at_brussels(calendar.open_day_after(day, days), clock)


def _urgent(ladder: Ladder, since: datetime, nature: Nature) -> Iterator[Moment]:
    """Yield the notices to the duty role: at once, and again and again until somebody takes the case."""
    rung = next(rung for rung in ladder.rungs if rung.anchor is Anchor.URGENT_SINCE)
    every, start = timedelta(minutes=rung.repeat_minutes or 0), aware(since)
    return (_moment(rung, f"{rung.stem}-{number}", start + number * every, nature) for number in count())


def _moment(rung: Rung, name: str, at: datetime, nature: Nature) -> Moment:
    return Moment(name, at, (*rung.to, *rung.also.get(nature, ())), rung.always, rung.anchor.track)
