"""Owns how often a case moved between services: read from its history each time, so that no counter can drift."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.words import Verb
from tracker.models.history import History

MOST = 2
"""So many moves between services nobody is asked about; the next goes to the dispatchers' head."""


class Entry(Protocol):
    """An entry of the history."""

    @property
    def at(self) -> datetime: ...
    @property
    def actor(self) -> str: ...
    @property
    def verb(self) -> Verb: ...
    @property
    def details(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Move:
    """A case that went from one service or body to another, or was to go; ``came_back``: it was there before."""

    at: datetime
    actor: str
    from_: str | None
    to: str | None
    reason: str | None
    came_back: bool = False
    asked: bool = False
    """It did not go there: the dispatchers' head was asked."""
    outside: bool = False
    """To a body outside, or back from it."""


@dataclass(frozen=True, slots=True)
class Wandering:
    """Where a case went in its life."""

    moves: tuple[Move, ...]
    been: frozenset[str]
    """The services that had it."""
    waiting: bool
    """The dispatchers' head is to decide where it goes."""

    @property
    def between_services(self) -> int:
        """How often it moved from one of our services to another, or was to."""
        return sum(not move.outside for move in self.moves)

    @property
    def to_and_fro(self) -> bool:
        """Say whether it came back, or moved once more than nobody is asked about."""
        return self.between_services > MOST or any(move.came_back for move in self.moves)

    def too_far(self, service_code: str) -> bool:
        """Say whether one more move, to this service, is for the dispatchers' head to decide."""
        return service_code in self.been or self.between_services >= MOST


def wandering(entries: Iterable[Entry]) -> Wandering:
    """Return where a case went, from the entries of its history in their order."""
    moves: list[Move] = []
    been: list[str] = []
    outside: list[str] = []
    waiting = False
    for entry in entries:
        given = entry.details
        now_at = been[-1] if been else None
        reason = given.get("reason")
        match entry.verb:
            case Verb.REGISTER if given.get("service"):
                been.append(str(given["service"]))
            case Verb.ROUTE:
                to = str(given["to"])
                if now_at is not None and now_at != to:
                    moves.append(Move(entry.at, entry.actor, now_at, to, reason, came_back=to in been))
                been.append(to)
                waiting = False
            case Verb.TRANSMIT if given.get("to"):
                outside.append(str(given["to"]))
                moves.append(Move(entry.at, entry.actor, now_at, outside[-1], reason, outside=True))
                waiting = False
            case Verb.COME_BACK:
                body = outside[-1] if outside else None
                moves.append(Move(entry.at, entry.actor, body, now_at, reason, came_back=True, outside=True))
            case Verb.ASSIGN | Verb.TAKE | Verb.HAND_OVER:
                if wanted := given.get("wanted"):
                    back = str(wanted) in been
                    moves.append(Move(entry.at, entry.actor, now_at, str(wanted), reason, back, asked=True))
                if given.get("service"):
                    been.append(str(given["service"]))
                waiting = bool(given.get("referred")) or (waiting and not given.get("decides"))
    return Wandering(tuple(moves), frozenset(been), waiting)


def wandering_of(session: Session, case_id: int) -> Wandering:
    """Return where a case went (one statement)."""
    return wandering(session.scalars(select(History).where(History.case_id == case_id).order_by(History.seq)))


def waiting_for_head(session: Session, case_ids: Iterable[int]) -> frozenset[int]:
    """Return which of some cases wait for the dispatchers' head to decide where they go (one statement)."""
    wanted = sorted(case_ids)
    if not wanted:
        return frozenset()
    query = select(History).where(History.case_id.in_(wanted)).order_by(History.case_id, History.seq)
    by_case: dict[int, list[History]] = {}
    for entry in session.scalars(query):
        by_case.setdefault(entry.case_id, []).append(entry)
    return frozenset(number for number, entries in by_case.items() if wandering(entries).waiting)
