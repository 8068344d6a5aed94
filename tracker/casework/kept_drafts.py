"""Owns what becomes of a message while it is being written: kept, taken over, thrown away, gone once it is sent.

A draft is nobody's act: it changes no case and has no entry in the history. Whoever may write the message sees the
drafts of it, so that a case which changes hands takes along what was begun.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import find, permit
from tracker.casework.drafting import VERBS
from tracker.casework.errors import Refused
from tracker.casework.house import Actor
from tracker.charter.words import CaseState, MessageKind
from tracker.models.cases import Case
from tracker.models.drafts import WORDS as WORDS
from tracker.models.drafts import KeptDraft, put_behind
from tracker.models.messages import Message
from tracker.models.staff import Staff


class KeptElsewhere(Refused):
    """Other words of the same message were kept meanwhile by the same person, in another window."""

    code = "kept_elsewhere"

    def __init__(self) -> None:
        super().__init__(
            "This is not kept: you kept another text of this message in another window."
            " “Keep as a draft” shows both: put them together, or throw one away."
        )


def keep_draft(
    session: Session,
    *,
    reference: str,
    kind: MessageKind,
    typed: Mapping[str, str],
    actor: Actor,
    now: datetime,
    seen: int | None = None,
    over: str | None = None,
) -> KeptDraft | None:
    """Keep what the actor has typed so far, in the place of what was kept before; without words, nothing is kept.

    ``seen``: the version of the case that the page was drawn for: words that were sent since are not kept again.
    ``over``: the ``stamp`` of the draft that stood in the page, empty for none: another one is not written over,
    unless all its words are among those typed. None also where the case has ended: what is typed then is not kept.
    Raises ``UnknownReference``, ``NotPermitted`` or ``KeptElsewhere``.
    """
    case = _case(session, reference, kind, actor)
    draft = _of(session, case, kind, actor.staff_id)
    if draft is not None and over not in (None, draft.stamp) and not holds(typed, draft.typed):
        raise KeptElsewhere
    said = any(typed.get(name, "").strip() for name in WORDS)
    if said and seen is not None and seen < case.version and _sent_already(session, case, kind, actor, typed):
        return None
    if case.state not in (CaseState.TRIAGE, CaseState.OPEN) or not said:
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
    over: str | None = None,
) -> KeptDraft | None:
    """Put somebody's draft of this message at the end of what the actor has typed, and keep both as the actor's own.

    None: it is no longer there, and nothing was done. A colleague who goes on typing has a draft of their own again.
    """
    case = _case(session, reference, kind, actor)
    found = _of(session, case, kind, author_id)
    if found is None:
        return None
    both = put_behind(typed, found.typed)
    session.delete(found)
    session.flush()
    kept = keep_draft(session, reference=reference, kind=kind, typed=both, actor=actor, now=now, over=over)
    if kept is not None and author_id != actor.staff_id:
        kept.begun_by = session.get_one(Staff, author_id).name
    return kept


def throw_away(session: Session, *, reference: str, kind: MessageKind, actor: Actor, over: str | None = None) -> None:
    """Throw away the actor's own draft, if there is one.

    ``over``: the ``stamp`` of the draft that was seen; one that took its place since is nothing that was meant.
    Raises ``UnknownReference``, ``NotPermitted`` or ``KeptElsewhere``.
    """
    draft = _of(session, _case(session, reference, kind, actor), kind, actor.staff_id)
    if draft is None:
        return
    if over not in (None, draft.stamp):
        raise KeptElsewhere
    session.delete(draft)
    session.flush()


def drop_sent(
    session: Session,
    case: Case,
    kind: MessageKind,
    actor: Actor,
    *,
    over: str | None = None,
    sent: Mapping[str, str] | None = None,
) -> None:
    """Forget the actor's draft of a message, in the commit that sends it.

    ``over`` as for ``keep_draft``: what was kept in another window stays, unless it was ``sent`` too.
    """
    draft = _of(session, case, kind, actor.staff_id)
    if draft is not None and (over in (None, draft.stamp) or holds(sent or {}, draft.typed)):
        session.delete(draft)
        session.flush()


def holds(typed: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Say whether all own words of one draft stand among those of another, however they are spaced."""
    return all(_flat(other.get(name)) in _flat(typed.get(name)) for name in WORDS)


def _flat(words: str | None) -> str:
    return " ".join((words or "").split())


def _sent_already(session: Session, case: Case, kind: MessageKind, actor: Actor, typed: Mapping[str, str]) -> bool:
    """Say whether the words stand in the last message of that kind which the actor wrote on the case."""
    ours = Message.case_id == case.id, Message.kind == kind, Message.author_id == actor.staff_id
    query = select(Message.body, Message.reason).where(*ours).order_by(Message.number.desc()).limit(1)
    last = session.execute(query).one_or_none()
    return last is not None and holds({"text": last.body, "reason": last.reason or last.body}, typed)


def _case(session: Session, reference: str, kind: MessageKind, actor: Actor) -> Case:
    """Lock a case, so that no draft comes to be while it ends."""
    case = find(session, reference, lock=True)
    permit(session, case, VERBS[kind], actor)
    return case


def _of(session: Session, case: Case, kind: MessageKind, author_id: int | None) -> KeptDraft | None:
    of_theirs = (KeptDraft.case_id == case.id, KeptDraft.kind == kind, KeptDraft.author_id == author_id)
    return session.scalars(select(KeptDraft).where(*of_theirs)).one_or_none()
