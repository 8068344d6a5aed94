"""Owns what becomes of a message while it is being written: kept, taken over, thrown away, gone once it is sent.

A draft is nobody's act: it changes no case and has no entry in the history. Whoever may write the message sees the
drafts of it, so that a case which changes hands takes along what was begun.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tracker.casework.casefile import find, permit
from tracker.casework.drafting import VERBS
from tracker.casework.house import Actor
from tracker.charter.words import CaseState, MessageKind
from tracker.models.cases import Case
from tracker.models.drafts import KeptDraft
from tracker.models.staff import Staff

WORDS = ("text", "reason")
"""The fields of somebody's own words; without any, there is nothing to keep."""


def keep_draft(
    session: Session, *, reference: str, kind: MessageKind, typed: Mapping[str, str], actor: Actor, now: datetime
) -> KeptDraft | None:
    """Keep what the actor has typed so far, in the place of what was kept before; without words, nothing is kept.

    None also where the case has ended: what is typed then is not kept. Raises ``UnknownReference`` or
    ``NotPermitted``.
    """
    case = _case(session, reference, kind, actor)
    draft = _of(session, case, kind, actor.staff_id)
    if case.state not in (CaseState.TRIAGE, CaseState.OPEN) or not any(typed.get(name, "").strip() for name in WORDS):
        if draft is not None:
            session.delete(draft)
        return None
    if draft is None:
        assert actor.staff_id is not None
        draft = KeptDraft(case_id=case.id, kind=kind, author_id=actor.staff_id)
        session.add(draft)
    draft.typed, draft.kept_at = dict(typed), now
    return draft


def take_over(
    session: Session,
    *,
    reference: str,
    kind: MessageKind,
    author_id: int,
    typed: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> KeptDraft | None:
    """Put somebody's draft of this message at the end of what the actor has typed, and keep both as the actor's own.

    None: it is no longer there, and nothing was done. A colleague who goes on typing has a draft of their own again.
    """
    case = _case(session, reference, kind, actor)
    found = _of(session, case, kind, author_id)
    if found is None:
        return None
    theirs = dict(found.typed)
    both = {name: _joined(name, typed.get(name, ""), str(value)) for name, value in theirs.items()}
    session.delete(found)
    session.flush()
    kept = keep_draft(session, reference=reference, kind=kind, typed={**typed, **both}, actor=actor, now=now)
    if kept is not None and author_id != actor.staff_id:
        kept.begun_by = session.get_one(Staff, author_id).name
    return kept


def _joined(name: str, mine: str, theirs: str) -> str:
    if name in WORDS and mine.strip() and mine.strip() != theirs.strip():
        return f"{mine.rstrip()}\n\n{theirs}"
    return mine if mine.strip() else theirs


def throw_away(session: Session, *, reference: str, kind: MessageKind, actor: Actor) -> None:
    """Throw away the actor's own draft, if there is one."""
    case = _case(session, reference, kind, actor)
    drop_sent(session, case, kind, actor)


def drop_sent(session: Session, case: Case, kind: MessageKind, actor: Actor) -> None:
    """Forget the actor's draft of a message, in the commit that sends it."""
    of_theirs = (KeptDraft.case_id == case.id, KeptDraft.kind == kind, KeptDraft.author_id == actor.staff_id)
    session.execute(delete(KeptDraft).where(*of_theirs))


def _case(session: Session, reference: str, kind: MessageKind, actor: Actor) -> Case:
    """Lock a case, so that no draft comes to be while it ends."""
    case = find(session, reference, lock=True)
    permit(session, case, VERBS[kind], actor)
    return case


def _of(session: Session, case: Case, kind: MessageKind, author_id: int | None) -> KeptDraft | None:
    of_theirs = (KeptDraft.case_id == case.id, KeptDraft.kind == kind, KeptDraft.author_id == author_id)
    return session.scalars(select(KeptDraft).where(*of_theirs)).one_or_none()
