"""Owns the reading of what colleagues and services are asked for: on one case, and of whoever looks."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    String,
    Subquery,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from tracker.charter.words import TaskState
from tracker.insight.shown import spelled
from tracker.insight.sight import TO_BE_DONE, Viewer, may_read
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.messages import Message
from tracker.models.staff import Staff
from tracker.models.tasks import Task

MOST_LISTED = 100
"""How many a list shows, the next due first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a colleague or a service is asked for on a case."""

    id: int
    reference: str
    what: str
    asked_id: int | None
    asked: str | None
    """The name of the colleague; none: a service is asked."""
    service_code: str | None
    service_names: dict[str, str] | None
    due_on: date
    """Brussels."""
    asked_at: datetime
    asked_by: str
    state: TaskState
    settled_at: datetime | None
    settled_by: str | None
    word: str | None
    contribution: str | None
    """What the service wrote."""

    @property
    def open(self) -> bool:
        """Say whether it is still to be done."""
        return self.state is TaskState.OPEN

    def late(self, today: date) -> bool:
        """Say whether it is past its day and not done."""
        return self.open and self.due_on < today


def tasks_of(session: Session, case_id: int) -> list[Asked]:
    """Return what was asked for on a case, what is still to be done first (one statement)."""
    return [Asked(*row) for row in session.connection().execute(_ON_CASE, {"case_id": case_id})]


def contributions_of(session: Session, case_id: int) -> list[Asked]:
    """Return what other services contributed to a case, the oldest first (one statement)."""
    return _read(session, Task.case_id == case_id, Task.contribution.is_not(None))


def one_task(session: Session, viewer: Viewer, number: int) -> Asked | None:
    """Return something that is still to be done, for whoever may read its case (one statement)."""
    found = _read(session, Task.id == number, TO_BE_DONE, may_read(viewer))
    return found[0] if found else None


def asked_of(session: Session, viewer: Viewer) -> list[Asked]:
    """Return what a viewer, whom they stand in for, or their service is asked for, the next due first.

    Only on cases that they may read; at most ``MOST_LISTED`` (one statement).
    """
    return _read(session, Task.id.in_(select(_asked_of(viewer).c.id)), may_read(viewer))


def asked_to_tell(viewer: Viewer, *, today: date) -> Subquery:
    """Return, as a part of a statement, how many things a viewer is asked for, and how many are past their day.

    What is asked is found first, along its own indexes, and of it only what is on cases that may be read.
    """
    asked = _asked_of(viewer)
    readable = select(Case.id).where(Case.id == asked.c.case_id, may_read(viewer)).correlate(asked).exists()
    return (
        select(
            func.count().filter(readable).label("asked_of_me"),
            func.count().filter(readable, asked.c.due_on < spelled(today)).label("asked_late"),
        )
        .select_from(asked)
        .subquery("asked_of_me")
    )


def asked_by_day(viewer: Viewer) -> Subquery:
    """Return, as a part of a statement, what a viewer is asked for on cases that they may read: number, case, day."""
    asked = _asked_of(viewer)
    readable = select(Case.id).where(Case.id == asked.c.case_id, may_read(viewer)).correlate(asked).exists()
    return select(asked.c.id, asked.c.case_id, asked.c.due_on).where(readable).subquery("readable")


def asked_on_case() -> ScalarSelect[Any]:
    """Return, as a part of a statement over cases, the colleagues who are asked for something, as one text."""
    numbers = func.aggregate_strings(cast(Task.asked_id, String), ",")
    return select(numbers).where(Task.case_id == Case.id, TO_BE_DONE).correlate(Case).scalar_subquery()


def numbers_of(listed: str | None) -> frozenset[int]:
    """Return the numbers that ``asked_on_case`` gives as one text."""
    return frozenset(int(one) for one in listed.split(",")) if listed else frozenset()


def _asked_of(viewer: Viewer) -> Subquery:
    """Return what somebody, whom they stand in for, or their service is asked for: found before anything else.

    Each is walked along an index of its own; ``OFFSET 0`` keeps the databases from beginning with the cases.
    """
    mine = Task.asked_id.in_(sorted(viewer.own))
    whose = [mine] if viewer.service_code is None else [mine, Task.service_code == viewer.service_code]
    each = (
        select(Task.id, Task.case_id, Task.due_on)
        .where(TO_BE_DONE, one)
        .order_by(Task.due_on)
        .limit(literal_column(str(MOST_LISTED)))
        for one in whose
    )
    return union_all(*(select(one.subquery()) for one in each)).offset(literal_column("0")).subquery("asked")


_asked, _by, _settler = aliased(Staff), aliased(Staff), aliased(Staff)
_COLUMNS: Any = (
    Task.id, Case.reference, Task.what, Task.asked_id, _asked.name, Task.service_code, Service.names, Task.due_on,
    Task.asked_at, _by.name, Task.state, Task.settled_at, _settler.name, Task.word, Message.body,
)  # fmt: skip
_ROWS = (
    select(*_COLUMNS)
    .join(Case, Case.id == Task.case_id)
    .join(_by, _by.id == Task.asked_by)
    .outerjoin(_asked, _asked.id == Task.asked_id)
    .outerjoin(_settler, _settler.id == Task.settled_by)
    .outerjoin(Service, Service.code == Task.service_code)
    .outerjoin(Message, (Message.case_id == Task.case_id) & (Message.number == Task.contribution))
    .order_by(Task.settled_at.is_not(None), Task.due_on, Task.id)
    .limit(MOST_LISTED)
)
_ON_CASE = _ROWS.where(Task.case_id == bindparam("case_id"))
"""Made once: the page of every case asks it."""


def _read(session: Session, *where: ColumnElement[bool]) -> list[Asked]:
    return [Asked(*row) for row in session.execute(_ROWS.where(*where))]
