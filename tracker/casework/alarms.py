"""Owns the alarms on a case: a message did not arrive, or nobody could be told; set and taken off as that is so.

The marks stand on the case, and on the services beside it, so that the queue finds those that somebody may see
without looking through the rest of the house. They change in the commit that changes what they say.
"""

from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from tracker.charter.words import CaseState, Direction, MessageKind, NoticeState, ObligationState
from tracker.models.cases import Association, Case, copied
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Notice, Obligation

_Id: TypeAlias = BindParameter[int]


def set_alarms(session: Session, case: Case) -> None:
    """Work out the alarms on a case that the caller has locked; its associations ``follow``."""
    not_sent, unattended = session.execute(_ALARMS, {"case_id": case.id}).one()
    case.not_sent = not_sent and case.state in (CaseState.TRIAGE, CaseState.OPEN)
    case.unattended = unattended


def follow(session: Session, case: Case, before: dict[str, Any]) -> None:
    """Let the associations of a case have what they copy from it, where that was something else ``before``."""
    after = copied(case)
    if after != before:
        session.execute(update(Association).where(Association.case_id == case.id).values(**after))


def set_alarms_now(session: Session, case_id: int) -> None:
    """Lock a case, for a message that was given up or that left without keeping a promise, and set its alarms."""
    case = session.scalars(select(Case).where(Case.id == case_id).with_for_update()).one()
    before = copied(case)
    set_alarms(session, case)
    follow(session, case, before)


def hold_unattended(session: Session, case_ids: list[int]) -> set[int]:
    """Mark cases with a promise that nobody can be told about, for a sweep; return which.

    A case that somebody is at is left out, for the next sweep: to wait for it while holding promises might be to wait
    for each other.
    """
    free = select(Case.id).where(Case.id.in_(case_ids)).order_by(Case.id)
    held = session.scalars(free.with_for_update(key_share=True, skip_locked=True)).all()
    for query in (
        update(Case).where(Case.id.in_(held), Case.unattended.is_(False)),
        update(Association).where(Association.case_id.in_(held)),
    ):
        session.execute(query.values(unattended=true()), execution_options={"synchronize_session": False})
    return set(held)


def _not_sent(case_id: _Id) -> ColumnElement[bool]:
    """Say whether a message of a case was given up, and none that does its work has left since."""
    later = aliased(Message)
    done = and_(later.kind == Message.kind, later.number > Message.number)
    # An interim letter puts nothing off any more once the answer is there.
    answered = and_(
        Message.kind == MessageKind.INTERIM,
        later.kind == MessageKind.ANSWER,
        later.left_at >= Message.written_at,
    )
    instead = select(later.id).where(later.case_id == case_id, later.left_on.is_not(None), or_(done, answered))
    return (
        select(Message.id)
        .join(Outbox, Outbox.message_id == Message.id)
        .where(Message.case_id == case_id, Message.left_on.is_(None), Outbox.state == "failed", ~instead.exists())
        .exists()
    )


def _came_back(case_id: _Id) -> ColumnElement[bool]:
    """Say whether a message of a case never arrived, and no later one to the same reader has left and arrived."""
    later = aliased(Message)
    arrived = select(later.id).where(
        later.case_id == case_id,
        later.number > Message.number,
        later.direction == Direction.OUT,
        later.kind != MessageKind.NOTE,
        later.left_on.is_not(None),
        later.voided_at.is_(None),
        func.coalesce(later.service_code, "") == func.coalesce(Message.service_code, ""),
    )
    return (
        select(Message.id)
        .where(Message.case_id == case_id, Message.voided_at.is_not(None), ~arrived.exists())
        .correlate(None)
        .exists()
    )


def _unattended(case_id: _Id) -> ColumnElement[bool]:
    """Say whether somebody should have been told about an open promise of a case, and nobody could be."""
    return (
        select(Notice.id)
        .join(Obligation, Obligation.id == Notice.obligation_id)
        .where(
            Obligation.case_id == case_id,
            Obligation.state == ObligationState.OPEN,
            Notice.state == NoticeState.UNATTENDED,
        )
        .exists()
    )


_ID = bindparam("case_id", type_=Case.id.type)
_ALARMS = select(or_(_not_sent(_ID), _came_back(_ID)), _unattended(_ID))
"""Built once: for every mail that leaves, and every act on a case, that took longer than asking it."""
