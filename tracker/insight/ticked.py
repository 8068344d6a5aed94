"""Owns what is read of the cases that somebody ticked in the queue, as far as they may see them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from tracker.charter.words import CaseState, ObligationKind
from tracker.insight.queue import NOTHING_OWED
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.staff import Staff


@dataclass(frozen=True, slots=True)
class Ticked:
    """One case that was ticked."""

    reference: str
    version: int
    state: CaseState
    subject: str
    requester: str
    kind: ObligationKind | None
    due_on: date | None
    """The last day allowed (Brussels); none: nothing is owed."""
    work_by: date | None
    service_code: str | None
    service_names: Mapping[str, str] | None
    handler_id: int
    handler: str
    about_staff_id: int | None


def ticked(session: Session, viewer: Viewer, references: Collection[str]) -> list[Ticked]:
    """Return some cases in the order of the queue, without those that the viewer may not read (one statement)."""
    due = func.coalesce(Case.next_due_on, literal(NOTHING_OWED))
    query: Select[*tuple[Any, ...]] = (
        select(
            Case.reference, Case.version, Case.state, Case.subject, Case.requester_name, Case.next_kind,
            Case.next_due_on, Case.next_work_by, Case.service_code, Service.names, Case.handler_id, Staff.name,
            Case.about_staff_id,
        )
        .join(Staff, Staff.id == Case.handler_id)
        .outerjoin(Service, Service.code == Case.service_code)
        .where(Case.reference.in_(sorted(references)), may_read(viewer))
        .order_by(due, Case.id)
    )  # fmt: skip
    return [Ticked(*row) for row in session.execute(query)]
