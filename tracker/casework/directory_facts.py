"""Owns what administrators say of a body beside its competence: a fact is added, changed or ended, and never lost.

A fact counts from the moment it is saved. What it said before stays in the history of the entry.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from tracker.casework.directory import directory_in_force, facts_of, keep, last_change, versions_as_they_are
from tracker.casework.errors import Refused
from tracker.casework.house import Actor
from tracker.casework.people import UnknownService
from tracker.models.routing import RoutingChange

if TYPE_CHECKING:
    from tracker.routing.directory import Fact


class UnknownFact(Refused):
    """The directory no longer says this of the body."""

    code = "unknown_fact"

    def __init__(self, service: str) -> None:
        super().__init__(f"This is no longer said of {service}: look at its entry again.", service=service)


def save_fact(
    session: Session, fact: "Fact", *, why: str, actor: Actor, now: datetime, seen: int = 0,
    instead_of: "Fact | None" = None,
) -> RoutingChange:  # fmt: skip
    """Let this be said of a body from now on, in the place of another fact or beside all of them.

    ``seen`` is the number of the last change of the entry that its writer saw; 0: none was made yet. Raises
    ``NotPermitted``, ``Missing``, ``UnknownService``, ``UnknownFact``, ``EntryChanged`` or ``DirectoryUnsound``.
    """
    return _let_stand(session, fact.code, instead_of, fact, why=why, actor=actor, now=now, seen=seen)


def end_fact(
    session: Session, fact: "Fact", *, why: str, actor: Actor, now: datetime, seen: int = 0
) -> RoutingChange:  # fmt: skip
    """Let a fact be said no more. Raises as ``save_fact`` does."""
    return _let_stand(session, fact.code, fact, None, why=why, actor=actor, now=now, seen=seen)


def _let_stand(
    session: Session, code: str, before: "Fact | None", after: "Fact | None", *, why: str, actor: Actor,
    now: datetime, seen: int,
) -> RoutingChange:  # fmt: skip
    last = last_change(session, code, actor, why, seen)
    directory = directory_in_force(session)
    if not directory.versions(code):
        raise UnknownService(code)
    facts = list(directory.facts_of(code))
    if before is None:
        place = len(facts)
    elif before in facts:
        place = facts.index(before)
    else:
        raise UnknownFact(code)
    facts[place : place + (before is not None)] = [after] if after is not None else []
    act = "fact_added" if before is None else "fact_changed" if after is not None else "fact_ended"
    said = {name: dict(fact.texts) for name, fact in (("before", before), ("after", after)) if fact is not None}
    stand = versions_as_they_are(last) | facts_of(code, tuple(facts))
    return keep(session, directory, code, stand, {"act": act, "why": why} | said, last, actor, now)
