"""Owns who sees which case, written as SQL: the same table as ``access.permissions.may`` for reading."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    false,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from tracker.charter.words import CaseState, Nature, TaskState
from tracker.models.cases import Association, Case
from tracker.models.tasks import Task


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: what the filter needs to know of a member of staff."""

    id: int
    service_code: str | None
    own: frozenset[int]
    """Their own id, and those of the colleagues they stand in for today."""
    is_head: bool
    reaches: frozenset[str]
    """How far reading goes for their role, in the words of ``access.permissions.Reach``."""

    @property
    def sees_own(self) -> bool:
        """Say whether they may read the cases they handle."""
        return bool(self.reaches & {"own", "all"})

    @property
    def sees_service(self) -> bool:
        """Say whether they may read their service's cases."""
        return bool(self.reaches & {"service", "all"}) and self.service_code is not None


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A part of a view: what is in it, and the table whose indexes walk it: the case, or what is beside it."""

    within: ColumnElement[bool]
    of: type[Case] | type[Association] = Case
    by_handler: bool = False
    """It is what one person handles."""

    @property
    def due_on(self) -> SQLColumnExpression[date | None]:
        """Where it has its date."""
        return self.of.next_due_on

    @property
    def id(self) -> SQLColumnExpression[int]:
        """Where it has the number of the case."""
        return Association.case_id if self.of is Association else Case.id


# Spelled out, not bound: the database matches its partial indexes against what is written in the statement.
IN_TRIAGE = Case.state == literal_column(f"'{CaseState.TRIAGE.value}'")
OPEN = Case.state == literal_column(f"'{CaseState.OPEN.value}'")
RINGING = and_(Case.urgent_since.is_not(None), Case.urgent_taken_at.is_(None), or_(OPEN, IN_TRIAGE))
"""Urgent, and nobody has taken it yet."""
TO_BE_DONE = Task.state == literal_column(f"'{TaskState.OPEN.value}'")
_SENSITIVE = Case.sensitive.is_(True)
_PLAIN = Case.sensitive.is_(False)


def may_read(viewer: Viewer) -> ColumnElement[bool]:
    """Return the whole condition under which a viewer may read a case; for small sets."""
    if not viewer.reaches:
        return false()
    own = Case.handler_id.in_(sorted(viewer.own))
    sensitive: ColumnElement[bool] = own
    if viewer.is_head and viewer.service_code is not None:
        sensitive = or_(own, *of_service(viewer))
    return and_(_not_about(viewer), or_(and_(_SENSITIVE, sensitive), and_(_PLAIN, _plain(viewer, own))))


def may_print(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition under which a viewer prints, posts and marks as posted the letters of a case.

    Whoever reads it only because they are asked for something does nothing else to it.
    """
    return may_read(replace(viewer, reaches=viewer.reaches - {"asked"}))


def mine(viewer: Viewer) -> list[Branch]:
    """Return the parts of what a viewer handles: one for each person, so that each walks its own index."""
    if not viewer.reaches:
        return []
    allowed = true() if viewer.sees_own else _SENSITIVE
    return [
        Branch(and_(Case.handler_id == person, allowed, _not_about(viewer)), by_handler=True)
        for person in sorted(viewer.own)
    ]


def of_my_service(viewer: Viewer, *, led_only: bool = False) -> list[Branch]:
    """Return the parts of what a viewer's service has: what it leads, and what it is associated with."""
    if not viewer.sees_service:
        return []
    allowed = true() if viewer.is_head else or_(_PLAIN, Case.handler_id.in_(sorted(viewer.own)))
    led = Branch(and_(Case.service_code == viewer.service_code, allowed, _not_about(viewer)))
    if led_only:
        return [led]
    beside = and_(Association.service_code == viewer.service_code, Association.case_id == Case.id)
    joined = and_(beside, allowed, _not_about(viewer))
    return [led, Branch(joined, Association)]


def all_i_may_see(viewer: Viewer, *, led_only: bool = False) -> list[Branch]:
    """Return the parts of all that a viewer may read; they may overlap.

    What they may read only because they are asked for something has a list of its own (``insight.tasks``).
    """
    parts = mine(viewer)
    if "all" in viewer.reaches:
        parts.append(Branch(and_(_PLAIN, _not_about(viewer))))
    if "service" in viewer.reaches:
        parts += of_my_service(viewer, led_only=led_only)
    if "unassigned" in viewer.reaches:
        parts.append(Branch(and_(IN_TRIAGE, _PLAIN, _not_about(viewer))))
    if "ringing" in viewer.reaches:
        parts.append(Branch(and_(RINGING, _PLAIN, _not_about(viewer))))
    if "complaints" in viewer.reaches:
        parts.append(Branch(and_(_complaint(), _PLAIN, _not_about(viewer))))
    return parts


def _plain(viewer: Viewer, own: ColumnElement[bool]) -> ColumnElement[bool]:
    far: list[ColumnElement[bool]] = [false()]
    if "all" in viewer.reaches:
        far.append(true())
    if "own" in viewer.reaches:
        far.append(own)
    if "service" in viewer.reaches and viewer.service_code is not None:
        far += of_service(viewer)
    if "unassigned" in viewer.reaches:
        far.append(IN_TRIAGE)
    if "ringing" in viewer.reaches:
        far.append(RINGING)
    if "complaints" in viewer.reaches:
        far.append(_complaint())
    if "asked" in viewer.reaches:
        far.append(_asked(viewer))
    return or_(*far)


def of_service(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Return what makes a case one of the viewer's service: it leads, or it is beside the one that does."""
    beside = select(Association.service_code).where(Association.case_id == Case.id).correlate(Case)
    return [Case.service_code == viewer.service_code, literal(viewer.service_code).in_(beside)]


def _asked(viewer: Viewer) -> ColumnElement[bool]:
    """Return that somebody is asked for something on a case that is still to be done."""
    return Case.id.in_(select(Task.case_id).where(TO_BE_DONE, Task.asked_id.in_(sorted(viewer.own))))


def _complaint() -> ColumnElement[bool]:
    return Case.nature == literal_column(f"'{Nature.COMPLAINT.value}'")


def _not_about(viewer: Viewer) -> ColumnElement[bool]:
    return or_(Case.about_staff_id.is_(None), not_(Case.about_staff_id == viewer.id))
