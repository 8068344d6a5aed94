"""Owns how a person ties two cases together that are one matter, and unties them: both histories say so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile, check_not_erased, erasure_of, find, find_readable
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.charter.words import CaseState, LinkKind, Verb
from tracker.models.cases import Case
from tracker.models.links import CaseLink


class CannotLink(Refused):
    """These two cases cannot be tied together: they are one, or tied already."""

    code = "cannot_link"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"This file and {reference} cannot be linked: choose another file, which is not linked to it yet.",
            reference=reference,
        )


class NotLinked(Refused):
    """A link that is not there any more, or cannot be undone."""

    code = "not_linked"

    def __init__(self) -> None:
        super().__init__("This link is no longer there: read the page of the file again.")


def link(
    session: Session, house: House, *, reference: str, other: str, word: str, actor: Actor, now: datetime,
    seen: int | None,
) -> CaseLink:  # fmt: skip
    """Tie a case to another that is the same matter, with why; whoever does it must be able to read both.

    Raises ``Missing``, ``CannotLink``, ``UnknownReference`` (also of a file that they may not read), ``Erased`` or
    ``NotPermitted``.
    """
    if not word.strip():
        raise Missing("reason")
    lock_in_order(session, reference, other)
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WRITE, actor=actor, now=now, seen=seen)
    with_it = find_readable(session, other, actor, lock=True)
    check_not_erased(session, with_it)
    later, earlier = max(file.case.id, with_it.id), min(file.case.id, with_it.id)
    known = select(CaseLink.id).where(
        CaseLink.case_id == later, CaseLink.other_id == earlier, CaseLink.unlinked_at.is_(None)
    )
    if later == earlier or session.scalar(known) is not None:
        raise CannotLink(with_it.reference)
    return tie(file, with_it, LinkKind.SAME_MATTER, word.strip())


def unlink(
    session: Session, house: House, *, reference: str, number: int, actor: Actor, now: datetime, seen: int | None
) -> CaseLink:
    """Undo a link that was made by hand; it stays on record. Raises ``NotLinked`` or ``NotPermitted``."""
    assert actor.staff_id is not None
    row = session.get(CaseLink, number)
    case = find(session, reference)
    if row is None or case.id not in (row.case_id, row.other_id):
        raise NotLinked
    there = row.other_id if row.case_id == case.id else row.case_id
    _lock(session, case.id, there)
    session.refresh(row)
    other = session.get_one(Case, there, populate_existing=True)
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WRITE, actor=actor, now=now, seen=seen)
    if row.unlinked_at is not None or row.kind is not LinkKind.SAME_MATTER:
        raise NotLinked
    row.unlinked_at, row.unlinked_by = now, actor.staff_id
    write_down(file, other, row)
    return row


def tie(file: CaseFile, other: Case, kind: LinkKind, word: str, **more: Any) -> CaseLink:
    """Store a link between a case in hand and another that is locked, with an entry in the history of both."""
    assert file.actor.staff_id is not None
    row = CaseLink(
        case_id=max(file.case.id, other.id), other_id=min(file.case.id, other.id), kind=kind, word=word,
        linked_at=file.now, linked_by=file.actor.staff_id,
    )  # fmt: skip
    file.session.add(row)
    file.session.flush()
    write_down(file, other, row, **more)
    return row


def write_down(file: CaseFile, other: Case, row: CaseLink, **more: Any) -> None:
    """Say in the history of both cases how they are tied now; one that was merged or erased has come to its end."""
    ends = [(file, other)]
    if other.state is not CaseState.MERGED and erasure_of(file.session, other) is None:
        there = CaseFile.hold(file.session, file.house, other, actor=file.actor, now=file.now)
        ends.append((there, file.case))
    for this, that in ends:
        this.done(Verb.WRITE, details={"link": _said(row, that), **more})


def _said(row: CaseLink, with_it: Case) -> Mapping[str, Any]:
    said = {"number": row.id, "kind": row.kind.value, "with": with_it.reference, "word": row.word}
    return said | ({"undone": True} if row.unlinked_at is not None else {})


def lock_in_order(session: Session, *references: str) -> None:
    """Lock several cases in the order of their numbers: two acts at once wait, and never for each other."""
    _lock(session, *(find(session, reference).id for reference in references))


def _lock(session: Session, *numbers: int) -> None:
    session.execute(select(Case.id).where(Case.id.in_(numbers)).order_by(Case.id).with_for_update())
