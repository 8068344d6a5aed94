"""Owns the reading of complaints for whoever coordinates them: the list, what was found, what is done about it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from tracker.charter.words import CaseState, Effect, Inadmissible, Nature, Outcome
from tracker.insight.queue import NOTHING_OWED, Position
from tracker.insight.shown import spelled
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction, Finding
from tracker.models.staff import Staff

PAGE = 50
MOST_COUNTED = 100


class Found(NamedTuple):
    """What was found of a complaint, by whom and when."""

    admissible: bool
    ground: Inadmissible | None
    note: str | None
    outcome: Outcome | None
    reasons: str | None
    theme: str | None
    cause: str | None
    found_at: datetime
    found_by: str

    @property
    def decided(self) -> bool:
        """Say whether nothing is left to find."""
        return not self.admissible or self.outcome is not None


@dataclass(frozen=True, slots=True)
class Listed:
    """One complaint of the list."""

    id: int
    reference: str
    subject: str
    received_at: datetime
    state: CaseState
    due_on: date | None
    closed_at: datetime | None
    handler: str
    admissible: bool | None
    """None: nobody has said so yet."""
    outcome: Outcome | None
    theme: str | None
    actions: int
    """How many corrective actions are not done yet."""

    @property
    def decided(self) -> bool:
        """Say whether nothing is left to find."""
        return self.admissible is False or self.outcome is not None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of the list, and where the next one starts."""

    rows: tuple[Listed, ...]
    after: Position | None


@dataclass(frozen=True, slots=True)
class Action:
    """One corrective action, with the complaint that it comes from."""

    id: int
    reference: str
    what: str
    owner: str
    owner_id: int
    due_on: date
    done_on: date | None
    effect: Effect | None
    effect_on: date | None
    looked_at: str | None

    def late(self, today: date) -> bool:
        """Say whether it is past its date and not done (Brussels)."""
        return self.done_on is None and self.due_on < today


def open_complaints(session: Session, viewer: Viewer, *, after: Position | None = None) -> ListPage:
    """Return the complaints that are not closed, the next one due first (one statement)."""
    due = func.coalesce(Case.next_due_on, NOTHING_OWED)
    query = _listed(viewer).where(Case.state.in_((CaseState.TRIAGE, CaseState.OPEN)))
    if after is not None:
        query = query.where(tuple_(due, Case.id) > tuple_(*after))
    return _page(session, query.order_by(due, Case.id))


def decided_complaints(session: Session, viewer: Viewer, *, after: Position | None = None) -> ListPage:
    """Return the complaints that are closed, the last one registered first (one statement)."""
    query = _listed(viewer).where(Case.state == CaseState.CLOSED)
    if after is not None:
        query = query.where(Case.id < after.id)
    return _page(session, query.order_by(Case.id.desc()))


def _listed(viewer: Viewer) -> Select[Any]:
    not_done = (
        select(func.count())
        .where(CorrectiveAction.case_id == Case.id, CorrectiveAction.done_on.is_(None))
        .correlate(Case)
        .scalar_subquery()
    )
    columns: Any = (
        Case.id, Case.reference, Case.subject, Case.received_at, Case.state, Case.next_due_on, Case.closed_at,
        Staff.name, Finding.admissible, Finding.outcome, Finding.theme, not_done,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Staff, Staff.id == Case.handler_id)
        .outerjoin(Finding, Finding.case_id == Case.id)
        .where(Case.nature == Nature.COMPLAINT, may_read(viewer))
        .limit(PAGE + 1)
    )


def _page(session: Session, query: Select[Any]) -> ListPage:
    rows = [Listed(*row) for row in session.execute(query)]
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    after = Position(last.due_on or NOTHING_OWED, last.id) if last else None
    return ListPage(tuple(rows[:PAGE]), after)


def finding_of(session: Session, case_id: int) -> Found | None:
    """Return what was found of a complaint (one statement)."""
    query = (
        select(
            Finding.admissible, Finding.ground, Finding.note, Finding.outcome, Finding.reasons, Finding.theme,
            Finding.cause, Finding.found_at, Staff.name,
        )
        .join(Staff, Staff.id == Finding.found_by)
        .where(Finding.case_id == case_id)
    )  # fmt: skip
    row = session.execute(query).one_or_none()
    return Found(*row) if row is not None else None


def actions_of(session: Session, case_id: int) -> list[Action]:
    """Return the corrective actions of a complaint in the order in which they were noted (one statement)."""
    return _actions(session, CorrectiveAction.case_id == case_id, order=(CorrectiveAction.id,))


def my_actions(session: Session, viewer: Viewer) -> list[Action]:
    """Return what somebody, or whom they stand in for, still has to do, the next due first (one statement).

    Nothing of a complaint that is about them.
    """
    mine = and_(
        CorrectiveAction.owner_id.in_(sorted(viewer.own)), CorrectiveAction.done_on.is_(None), _not_me(viewer)
    )
    return _actions(session, mine, order=(CorrectiveAction.due_on, CorrectiveAction.id))


def late_actions(session: Session, viewer: Viewer, *, today: date) -> list[Action]:
    """Return what is past its date on the complaints that somebody may read, the oldest first (one statement)."""
    late = and_(CorrectiveAction.done_on.is_(None), CorrectiveAction.due_on < today, may_read(viewer))
    return _actions(session, late, order=(CorrectiveAction.due_on, CorrectiveAction.id))


def _actions(session: Session, where: ColumnElement[bool], *, order: tuple[Any, ...]) -> list[Action]:
    action = CorrectiveAction
    columns: Any = (
        action.id, Case.reference, action.what, Staff.name, action.owner_id, action.due_on, action.done_on,
        action.effect, action.effect_on, action.looked_at,
    )  # fmt: skip
    query = (
        select(*columns)
        .join(Case, Case.id == action.case_id)
        .join(Staff, Staff.id == action.owner_id)
        .where(where)
        .order_by(*order)
        .limit(MOST_COUNTED)
    )
    return [Action(*row) for row in session.execute(query)]


def late_to_tell(viewer: Viewer, *, today: date) -> ScalarSelect[int]:
    """Return, as a part of a statement, how many late actions the queue tells somebody of: at most a hundred.

    One's own, and to the coordinator everybody's.
    """
    mine = CorrectiveAction.owner_id.in_(sorted(viewer.own))
    whose = or_(mine, may_read(viewer)) if "complaints" in viewer.reaches else mine
    late = (
        select(CorrectiveAction.id)
        .join(Case, Case.id == CorrectiveAction.case_id)
        .where(CorrectiveAction.done_on.is_(None), CorrectiveAction.due_on < spelled(today), whose, _not_me(viewer))
        .limit(literal_column(str(MOST_COUNTED)))
    )
    if "complaints" not in viewer.reaches:
        late = late.order_by(CorrectiveAction.due_on)  # as the index of an owner's has them
    return select(func.count()).select_from(late.subquery()).scalar_subquery()


def _not_me(viewer: Viewer) -> ColumnElement[bool]:
    return or_(Case.about_staff_id.is_(None), Case.about_staff_id != viewer.id)
