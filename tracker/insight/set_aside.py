"""Owns which cases somebody set aside in their own list; never one whose last working day has come."""

from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from tracker.models.cases import Case
from tracker.models.set_aside import SetAside


def waits_for(staff_id: int, today: date) -> ColumnElement[bool]:
    """Return that a case is set aside by somebody beyond a day (Brussels) and can still wait."""
    chosen = select(SetAside.id).where(
        SetAside.case_id == Case.id,
        SetAside.staff_id == staff_id,
        SetAside.ended_at.is_(None),
        SetAside.until > today,
        or_(Case.next_work_by.is_(None), Case.next_work_by > SetAside.until),
    )
    return chosen.correlate(Case).exists()


def set_aside_by(session: Session, staff_id: int, *, today: date) -> dict[int, date]:
    """Return what somebody has set aside, by the number of the case: until when (one statement)."""
    return {row.case_id: row.until for row in session.execute(_by(staff_id, today))}


@lru_cache(maxsize=64)  # building it takes longer than running it
def _by(staff_id: int, today: date) -> Select[int, date]:
    return (
        select(SetAside.case_id, SetAside.until)
        .join(Case, Case.id == SetAside.case_id)
        .where(SetAside.staff_id == staff_id, SetAside.ended_at.is_(None), SetAside.until > today)
        .where(waits_for(staff_id, today), ~Case.not_sent)
    )
