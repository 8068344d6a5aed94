"""Owns the directory in force: what comes with the product, as administrators changed it here, from day to day."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Room, may_enter
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor
from tracker.casework.people import UnknownService, load_directory
from tracker.casework.routing_in_force import note_change
from tracker.charter.counting import brussels_day
from tracker.charter.words import RoutingSubject, ServiceKind
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.routing import RoutingChange

if TYPE_CHECKING:
    from tracker.routing.directory import Directory, Entry, Fact


class EntryChanged(Refused):
    """Somebody else changed the entry in the meantime."""

    code = "entry_changed"

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} changed this entry while you were writing: look at it, then save again.", who=who)


class EntryInThePast(Refused):
    """A change that would rewrite what stood in the directory on a day that is over."""

    code = "entry_in_the_past"

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} is over: give today or a later day, the past stays as it was.", day=day)


class CodeTaken(Refused):
    """The directory has this code already."""

    code = "code_taken"

    def __init__(self, service: str) -> None:
        super().__init__(f"The directory has {service} already: change that entry.", service=service)


class SuccessorClosed(Refused):
    """Whatever is to follow does not stand in the directory on that day."""

    code = "successor_closed"

    def __init__(self, service: str, day: date) -> None:
        super().__init__(f"{service} is not in force on {day}: choose another successor.", service=service, day=day)


class DirectoryUnsound(Refused):
    """The directory would contradict itself; readers are told of which services, the command line in full."""

    code = "directory_unsound"

    def __init__(self, services: str, problems: str) -> None:
        super().__init__(f"The directory would no longer be sound: {problems}", services=services)


class ServiceHoldsFiles(Refused):
    """One of our services that is to become a body outside, to which a citizen's file goes by transmission only."""

    code = "service_holds_files"

    def __init__(self, service: str, files: int) -> None:
        super().__init__(
            f"{service} cannot become an outside body while it has open files ({files}): give them to another service"
            " first.",
            service=service,
            files=files,
        )


@dataclass(frozen=True, slots=True)
class Edited:
    """How a code stands after the last change that was made to it here."""

    number: int
    """Of the change, by which its writer is asked whether they saw it."""
    at: datetime
    actor: str
    versions: "tuple[Entry, ...] | None"
    """None: as it comes with the product."""
    facts: "tuple[Fact, ...] | None"
    """What is said of it beside its competence; None: as it comes with the product."""
    shipped: str
    """The fingerprint of the entries that came with the product when they were changed here."""
    shipped_facts: str
    """That of the facts."""


def edited(session: Session) -> "dict[str, Edited]":
    """Return what was changed here, by code, as the last change of each left it (one statement)."""
    from tracker.routing.directory_record import fact_from_json, from_json

    ours = RoutingChange.subject == RoutingSubject.DIRECTORY
    last = select(func.max(RoutingChange.number)).where(ours).group_by(RoutingChange.what)
    rows = session.scalars(select(RoutingChange).where(RoutingChange.number.in_(last)).order_by(RoutingChange.number))
    return {
        row.what: Edited(
            row.number, row.at, row.actor,
            None if (kept := _details(row).get("versions")) is None else tuple(map(from_json, kept)),
            None if (said := _details(row).get("facts")) is None else tuple(map(fact_from_json, said)),
            str(_details(row).get("shipped", "")),
            str(_details(row).get("shipped_facts", "")),
        )
        for row in rows
    }  # fmt: skip


def _details(row: RoutingChange) -> dict[str, Any]:
    return row.details or {}


def directory_in_force(session: Session, shipped: "Directory | None" = None) -> "Directory":
    """Return the directory with all that was changed here, of every day; the shipped one itself when nothing was."""
    directory = shipped or _shipped()
    for code, one in edited(session).items():
        if one.versions is not None:
            directory = directory.with_versions(code, one.versions)
        if one.facts is not None:
            directory = directory.with_facts(code, one.facts)
    return directory


def _shipped() -> "Directory":
    from tracker.routing.directory import load_directory as read_directory

    return read_directory()


def outdated(session: Session) -> list[str]:
    """Return the codes that were changed here while the product now brings another version than it did then."""
    from tracker.routing.directory_record import fingerprint, fingerprint_of_facts

    shipped = _shipped()
    return [
        code
        for code, one in edited(session).items()
        if (one.versions is not None and one.shipped != fingerprint(shipped.versions(code)))
        or (one.facts is not None and one.shipped_facts != fingerprint_of_facts(shipped.facts_of(code)))
    ]


def save_entry(
    session: Session, entry: "Entry", *, from_day: date, why: str, actor: Actor, now: datetime, seen: int = 0,
    new: bool = False,
) -> RoutingChange:  # fmt: skip
    """Let an entry stand like this from a day (Brussels) on; until the day before, it stays as it was.

    What was decided for a later day stays decided. With ``new`` it is added, and the code must not be there yet.
    ``seen`` is the number of the last change its writer saw; 0: none was made yet. Raises ``NotPermitted``,
    ``Missing``, ``CodeTaken``, ``UnknownService``, ``EntryInThePast``, ``EntryChanged`` or ``DirectoryUnsound``.
    """
    from tracker.routing.directory_changes import changed_fields, standing_from

    directory = directory_in_force(session)
    before = directory.versions(entry.code)
    if new and before:
        raise CodeTaken(entry.code)
    if not new and not before:
        raise UnknownService(entry.code)
    last = last_change(session, entry.code, actor, why, seen)
    if before and from_day < brussels_day(now):
        raise EntryInThePast(from_day)
    fields = changed_fields(directory.get(entry.code, on=from_day), entry)
    details = {"act": "change" if before else "add", "from": from_day.isoformat(), "fields": fields}
    stand = versions_of(entry.code, standing_from(before, entry, from_day)) | facts_as_they_are(last)
    return keep(session, directory, entry.code, stand, details | {"why": why}, last, actor, now)


def close_entry(
    session: Session, code: str, *, on: date, successor: str, why: str, actor: Actor, now: datetime, seen: int = 0
) -> RoutingChange:
    """Let a service end: from that day (Brussels) on, another stands for it.

    Raises as ``save_entry`` does, and ``SuccessorClosed``.
    """
    from tracker.routing.directory_changes import ending_on

    last = last_change(session, code, actor, why, seen)
    directory = directory_in_force(session)
    if not directory.versions(code):
        raise UnknownService(code)
    if on < brussels_day(now):
        raise EntryInThePast(on)
    if successor == code or directory.get(successor, on=on) is None:
        raise SuccessorClosed(successor, on)
    ended = ending_on(directory.versions(code), on, successor, today=brussels_day(now))
    if not ended:
        raise EntryInThePast(on)
    details = {"act": "close", "from": on.isoformat(), "successor": successor, "why": why}
    stand = versions_of(code, ended) | facts_as_they_are(last)
    return keep(session, directory, code, stand, details, last, actor, now)


def use_shipped(
    session: Session, code: str, *, why: str, actor: Actor, now: datetime, seen: int = 0
) -> RoutingChange:
    """Go back to what comes with the product, whatever was changed here. Raises as ``close_entry`` does."""
    last = last_change(session, code, actor, why, seen)
    if not _shipped().versions(code):
        raise UnknownService(code)
    stand = versions_of(code, None) | facts_of(code, None)
    return keep(session, directory_in_force(session), code, stand, {"act": "shipped", "why": why}, last, actor, now)


def bring_up_to_date(database: Database, *, now: datetime) -> dict[str, int]:
    """Let the services of the database stand as the directory has them today: changes made ahead take effect."""
    with database.writing() as session:
        return {"bodies": load_directory(session, directory_in_force(session), day=brussels_day(now))}


def last_change(session: Session, code: str, actor: Actor, why: str, seen: int) -> Edited | None:
    """Return how a code stands after the last change, which its writer must have seen.

    Raises ``NotPermitted``, ``Missing`` or ``EntryChanged``.
    """
    if actor.person is None or not may_enter(actor.person, Room.WRITE_DIRECTORY):
        raise NotPermitted(Room.WRITE_DIRECTORY)
    if not why.strip():
        raise Missing("reason")
    last = edited(session).get(code)
    if (last.number if last else 0) != seen:
        raise EntryChanged(last.actor if last else actor.name)
    return last


def versions_of(code: str, versions: "tuple[Entry, ...] | None") -> dict[str, Any]:
    """Return how the entries of a code are written down; None: as they come with the product."""
    from tracker.routing.directory_record import fingerprint, to_json

    kept = None if versions is None else [to_json(entry) for entry in versions]
    return {"versions": kept, "shipped": fingerprint(_shipped().versions(code))}


def facts_of(code: str, facts: "tuple[Fact, ...] | None") -> dict[str, Any]:
    """Return how what is said of a body is written down; None: as it comes with the product."""
    from tracker.routing.directory_record import fact_to_json, fingerprint_of_facts

    kept = None if facts is None else [fact_to_json(fact) for fact in facts]
    return {"facts": kept, "shipped_facts": fingerprint_of_facts(_shipped().facts_of(code))}


def versions_as_they_are(last: Edited | None) -> dict[str, Any]:
    """Return how the entries of a code were written down last, and beside which of the product."""
    from tracker.routing.directory_record import to_json

    if last is None or last.versions is None:
        return {"versions": None, "shipped": ""}
    return {"versions": [to_json(entry) for entry in last.versions], "shipped": last.shipped}


def facts_as_they_are(last: Edited | None) -> dict[str, Any]:
    """Return how what is said of a body was written down last, and beside which of the product."""
    from tracker.routing.directory_record import fact_to_json

    if last is None or last.facts is None:
        return {"facts": None, "shipped_facts": ""}
    return {"facts": [fact_to_json(fact) for fact in last.facts], "shipped_facts": last.shipped_facts}


def keep(
    session: Session, directory: "Directory", code: str, stand: dict[str, Any], details: dict[str, Any],
    last: Edited | None, actor: Actor, now: datetime,
) -> RoutingChange:  # fmt: skip
    """Write a change down, and bring the services of the database along, in one commit.

    ``stand``: how entries and facts of the code stand from now on, all of them. Raises ``DirectoryUnsound``,
    ``ServiceHoldsFiles``, or ``EntryChanged`` when somebody was quicker.
    """
    from tracker.routing.directory_check import check

    _refuse_to_lose_files(session, code, stand, brussels_day(now))
    change = note_change(session, RoutingSubject.DIRECTORY, code, actor=actor, now=now, details=details | stand)
    # Between the reading above and the lock that gives the number, somebody else may have been quicker.
    if _since(session, code, change.number) != (last.number if last else 0):
        raise EntryChanged(edited(session)[code].actor)
    after = directory_in_force(session)
    known = set(map(str, check(directory)))
    if problems := [problem for problem in check(after) if str(problem) not in known]:
        services = ", ".join(dict.fromkeys(problem.code for problem in problems))
        raise DirectoryUnsound(services, " ".join(map(str, problems)))
    load_directory(session, after, day=brussels_day(now))
    return change


def _refuse_to_lose_files(session: Session, code: str, stand: dict[str, Any], today: date) -> None:
    """Raise ``ServiceHoldsFiles`` when one of our services with open files is to stand outside, now or later."""
    from tracker.insight.directory import touched
    from tracker.routing.directory_record import from_json

    service = session.get(Service, code)
    if service is None or service.kind is not ServiceKind.INTERNAL:
        return
    kept = stand["versions"]
    versions = _shipped().versions(code) if kept is None else map(from_json, kept)
    kinds = {one.kind for one in versions if one.valid_to is None or one.valid_to > today}
    if kinds <= {ServiceKind.INTERNAL}:
        return
    holds = touched(session, code)
    if files := holds.lead + holds.associated:
        raise ServiceHoldsFiles(code, files)


def _since(session: Session, code: str, before: int) -> int:
    query = select(func.max(RoutingChange.number)).where(
        RoutingChange.subject == RoutingSubject.DIRECTORY, RoutingChange.what == code, RoutingChange.number < before
    )
    return session.scalar(query) or 0
