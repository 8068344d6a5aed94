"""Owns the reading of the people of the house and of its history; nothing about the content of a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, literal_column, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from tracker.charter.words import CaseState, HouseSubject, Role, RoutingSubject, TaskState
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.house import HouseChange
from tracker.models.routing import RoutingChange
from tracker.models.staff import Staff
from tracker.models.tasks import Task

PAGE = 50


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff as a list shows them."""

    id: int
    name: str
    email: str
    role: Role
    service_code: str | None
    active: bool
    away_from: date | None
    away_until: date | None
    deputy: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the house: ``before`` and ``after`` hold only the fields that changed."""

    place: str
    """Where it stands among all changes: what the next page begins after."""
    at: datetime
    actor: str
    subject: HouseSubject | RoutingSubject
    what: str
    name: str | None
    """Of the person it is about, as it is now, or of the text or rule."""
    act: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    more: Mapping[str, Any]


def members(session: Session, *where: ColumnElement[bool], most: int | None = None) -> list[Member]:
    """Return members of staff by name, without the desks (one statement)."""
    deputy = aliased(Staff)
    query = (
        select(
            Staff.id, Staff.name, Staff.email, Staff.role, Staff.service_code, Staff.active,
            Staff.away_from, Staff.away_until, deputy.name,
        )
        .outerjoin(deputy, deputy.id == Staff.deputy_id)
        .where(Staff.is_desk.is_(False), *where)
        .order_by(Staff.name, Staff.id)
        .limit(most)
    )  # fmt: skip
    return [Member(*row) for row in session.execute(query)]


def found_by(session: Session, words: str, *, active: bool, most: int, services: Mapping[str, str]) -> list[Member]:
    """Return the accounts whose name, address or service holds each of some words (one statement).

    ``services``: what each service is called, by its code.
    """
    called = {
        word: [code for code, name in services.items() if word.casefold() in name.casefold()]
        for word in words.split()
    }
    held = [
        or_(
            Staff.service_code.in_(codes),
            *(field.icontains(word, autoescape=True) for field in (Staff.name, Staff.email, Staff.service_code)),
        )
        for word, codes in called.items()
    ]
    return members(session, Staff.active.is_(active), *held, most=most)


def of_the_service(service_code: str | None) -> ColumnElement[bool]:
    """Say who belongs to the service of a head; to none, the dispatchers without one (``may_set_absence``)."""
    if service_code is None:
        return and_(Staff.active, Staff.service_code.is_(None), Staff.role == Role.DISPATCHER)
    return and_(Staff.active, Staff.service_code == service_code)


def changes_of(session: Session, staff_id: int, *subjects: HouseSubject, most: int = 10) -> list[Change]:
    """Return what was changed of one person, the newest first (two statements)."""
    query = (
        select(HouseChange)
        .where(HouseChange.subject.in_(subjects), HouseChange.what == str(staff_id))
        .order_by(HouseChange.number.desc())
        .limit(most)
    )
    return _named(session, list(session.scalars(query)))


def changes(
    session: Session,
    *,
    subject: HouseSubject | RoutingSubject | None = None,
    staff_id: int | None = None,
    after: str | None = None,
    most: int = PAGE,
) -> list[Change]:
    """Return changes of the house, the newest first, at most one more than asked for (three statements).

    ``staff_id``: those that this person made, or that are about them. ``after``: the place of the last one seen;
    one that cannot be read stands for the beginning.
    """
    where = _place(after)
    found: list[HouseChange | RoutingChange] = []
    for rank, (table, subjects) in enumerate(_TABLES):
        if subject is not None and subject not in subjects:
            continue
        query = select(table).order_by(table.at.desc(), table.number.desc()).limit(most + 1)
        query = query if subject is None else query.where(table.subject == subject)
        query = query if staff_id is None else query.where(_about(table, staff_id))
        found += session.scalars(query if where is None else _later(query, table, rank, *where))
    found.sort(key=_order, reverse=True)
    return _named(session, found[: most + 1])


_TABLES: tuple[tuple[type[HouseChange] | type[RoutingChange], tuple[Any, ...]], ...] = (
    (RoutingChange, tuple(RoutingSubject)),
    (HouseChange, tuple(HouseSubject)),
)


def _rank(change: HouseChange | RoutingChange) -> int:
    return int(isinstance(change, HouseChange))


def _order(change: HouseChange | RoutingChange) -> tuple[datetime, int, int]:
    return change.at, _rank(change), change.number


def _place(after: str | None) -> tuple[datetime, int, int] | None:
    """Read a place: the moment, which table, the number there."""
    try:
        at, rank, number = (after or "").split("~")
        moment = datetime.fromisoformat(at)
        return (moment, int(rank), int(number)) if moment.tzinfo and len(rank + number) < 18 else None
    except ValueError:
        return None


def _later(query: Select[Any], table: Any, rank: int, at: datetime, seen: int, number: int) -> Select[Any]:
    """Leave out what comes before a place."""
    same = [table.number < number] if rank == seen else ([] if rank < seen else [table.number < 0])
    return query.where(or_(table.at < at, and_(table.at == at, *same)))


def _about(table: type[HouseChange] | type[RoutingChange], staff_id: int) -> ColumnElement[bool]:
    if table is RoutingChange:
        return RoutingChange.actor_id == staff_id
    people = HouseChange.subject.in_((HouseSubject.PERSON, HouseSubject.ABSENCE))
    return or_(HouseChange.actor_id == staff_id, and_(people, HouseChange.what == str(staff_id)))


def _named(session: Session, found: list[Any]) -> list[Change]:
    """Return changes as they are shown, with the names of those that they are about and that they name."""
    about = {
        int(number)
        for one in found
        if one.subject in (HouseSubject.PERSON, HouseSubject.ABSENCE)
        for number in (one.what, *(one.details.get(side, {}).get("deputy_id") for side in ("before", "after")),
                       one.details.get("successor"))
        if number is not None
    }  # fmt: skip
    names: dict[int, str] = {}
    if about:
        rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(about)))
        names = {row.id: row.name for row in rows}
    return [_change(one, names) for one in found]


def _change(one: HouseChange | RoutingChange, names: Mapping[int, str]) -> Change:
    details = dict(one.details or {})
    before, after = (
        {name: _told(name, value, names) for name, value in details.pop(side, {}).items()}
        for side in ("before", "after")
    )
    people = one.subject in (HouseSubject.PERSON, HouseSubject.ABSENCE)
    if "successor" in details and people:
        details["successor"] = names.get(int(details["successor"]), "?")
    return Change(
        place=f"{one.at.isoformat()}~{_rank(one)}~{one.number}",
        at=one.at,
        actor=one.actor,
        subject=one.subject,
        what=one.what,
        name=names.get(int(one.what)) if people else details.get("name") or details.get("rule", {}).get("name"),
        act=str(details.pop("act", "")),
        before=before,
        after=after,
        more=details,
    )


def _told(name: str, value: Any, names: Mapping[int, str]) -> Any:
    return names.get(value, "?") if name == "deputy_id" and value is not None else value


def last_change_of(session: Session, staff_id: int) -> HouseChange | None:
    """Return the last change of an account, but for absences (one statement)."""
    ours = HouseChange.subject == HouseSubject.PERSON, HouseChange.what == str(staff_id)
    return session.scalar(select(HouseChange).where(*ours).order_by(HouseChange.number.desc()).limit(1))


def open_files(session: Session, staff_id: int) -> int:
    """Return how many open files somebody has, along the indexes of what is open (one statement)."""
    return session.scalar(select(func.count()).select_from(_open(Case.handler_id == staff_id).subquery())) or 0


TASK_WAITS: ColumnElement[bool] = Task.state == literal_column(f"'{TaskState.OPEN.value}'")
"""As the index of what is asked says it."""
ACTION_WAITS = CorrectiveAction.done_on.is_(None)


def open_beside(session: Session, staff_id: int) -> tuple[int, int]:
    """Return how many tasks and corrective actions somebody still has to do (two statements)."""
    tasks = select(func.count()).where(Task.asked_id == staff_id, TASK_WAITS)
    actions = select(func.count()).where(CorrectiveAction.owner_id == staff_id, ACTION_WAITS)
    return session.scalar(tasks) or 0, session.scalar(actions) or 0


def files_of_closed(session: Session, most: int) -> list[str]:
    """Return the references of open files whose handler's account is closed (two statements)."""
    closed = _closed(session)
    return list(session.scalars(_open(Case.handler_id.in_(closed)).limit(most))) if closed else []


def beside_of_closed(session: Session, most: int) -> list[str]:
    """Return the references of files on which a closed account has something to do (two statements)."""
    closed = _closed(session)
    if not closed:
        return []
    asked = select(Task.case_id).where(Task.asked_id.in_(closed), TASK_WAITS)
    owned = select(CorrectiveAction.case_id).where(CorrectiveAction.owner_id.in_(closed), ACTION_WAITS)
    query = select(Case.reference).where(Case.id.in_(union_all(asked, owned))).order_by(Case.id)
    return list(session.scalars(query.limit(most)))


def _closed(session: Session) -> list[int]:
    return list(session.scalars(select(Staff.id).where(Staff.active.is_(False), Staff.is_desk.is_(False))))


def _open(of: ColumnElement[bool]) -> CompoundSelect[tuple[str]]:
    """Return the references of open files: what owes something, and what is unfinished though it owes nothing."""
    return union_all(
        select(Case.reference).where(of, Case.next_due_on.is_not(None)),
        select(Case.reference).where(of, Case.next_due_on.is_(None), Case.state == CaseState.OPEN),
        select(Case.reference).where(of, Case.next_due_on.is_(None), Case.state == CaseState.TRIAGE),
    )
