"""Owns what is done to several cases at once: the same use case for each, one commit each, and what came of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.casework.assignment import assign, hand_over
from tracker.casework.casefile import find, find_readable
from tracker.casework.house import Actor, House
from tracker.casework.set_aside import set_aside
from tracker.charter.errors import CharterError
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History

MOST = 100
"""So many cases at once at most: a page of the queue, with the urgent ones above it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A case that was chosen, as its reader saw it."""

    reference: str
    seen: int
    """The version of the case."""


@dataclass(frozen=True, slots=True)
class NotDone:
    """A case that was left as it is, and why; none: the database could not take it in time."""

    reference: str
    refusal: CharterError | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of each case."""

    done: tuple[str, ...]
    already: tuple[str, ...]
    """Those that were so before: doing it again changes nothing."""
    not_done: tuple[NotDone, ...]


def give_several(
    database: Database,
    house: House,
    *,
    cases: Sequence[Chosen],
    handler_id: int,
    reason: str | None,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Give each of some cases to a member of staff: with a reason they are handed over, without it assigned.

    What the actor may not do to one of them, or what somebody else did to it meanwhile, stops that one only.
    """

    def give(session: Session, case: Chosen) -> bool:
        found = find(session, case.reference, lock=True)
        if found.handler_id == handler_id and _did_last(session, found, actor):
            return False  # clicked twice: it is so even where they see it no longer
        if find_readable(session, case.reference, actor).handler_id == handler_id:
            return False
        told = {"reference": case.reference, "handler_id": handler_id, "actor": actor, "now": now, "seen": case.seen}
        if reason is None:
            assign(session, house, **told)  # type: ignore[arg-type]
        else:
            hand_over(session, house, reason=reason, **told)  # type: ignore[arg-type]
        return True

    return each(database, cases, give)


def set_several_aside(
    database: Database,
    house: House,
    *,
    cases: Sequence[Chosen],
    until: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Set each of some cases of one's own aside until a working day (Brussels)."""

    def put(session: Session, case: Chosen) -> bool:
        told = {"reference": case.reference, "until": until, "reason": reason, "actor": actor, "now": now}
        return set_aside(session, house, **told)  # type: ignore[arg-type]

    return each(database, cases, put)


def _did_last(session: Session, case: Case, actor: Actor) -> bool:
    """Say whether the last that was done to a case was done by an actor."""
    last = select(History.actor_id).where(History.case_id == case.id, History.seq == case.version)
    return actor.staff_id is not None and session.scalar(last) == actor.staff_id


def each(database: Database, cases: Sequence[Chosen], do: Callable[[Session, Chosen], bool]) -> Outcome:
    """Do something to each of some cases, in a commit of its own; ``do`` says whether it changed anything."""
    done: list[str] = []
    already: list[str] = []
    not_done: list[NotDone] = []
    for case in cases[:MOST]:
        try:
            with database.writing() as session:
                (done if do(session, case) else already).append(case.reference)
        except CharterError as refusal:
            not_done.append(NotDone(case.reference, refusal))
        except OperationalError:
            not_done.append(NotDone(case.reference, None))
    return Outcome(tuple(done), tuple(already), tuple(not_done))
