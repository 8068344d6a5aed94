"""Owns what is found of a complaint: admissible or not, founded or not, what it was about and what lay behind it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.charter.complaints import Analysis
from tracker.charter.words import Inadmissible, Nature, Outcome, Verb
from tracker.models.cases import Case
from tracker.models.complaints import Finding


class NotAComplaint(Refused):
    """Only a complaint has a finding and corrective actions."""

    code = "not_a_complaint"

    def __init__(self, reference: str) -> None:
        super().__init__(f"File {reference} is not a complaint: confirm its nature first.", reference=reference)


class NotFoundYet(Refused):
    """A complaint is not closed before it is on record whether it is admissible, and founded (charter §6)."""

    code = "not_found_yet"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"First record whether complaint {reference} is admissible and, if so, whether it is founded: it cannot"
            " be closed without that.",
            reference=reference,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What somebody finds of a complaint; ``outcome`` may stay open while it is looked into."""

    ground: Inadmissible | None = None
    """None: it is admissible."""
    note: str = ""
    outcome: Outcome | None = None
    reasons: str = ""
    theme: str | None = None
    cause: str | None = None


def take_complaint(
    session: Session, house: House, *, reference: str, actor: Actor, now: datetime, seen: int | None
) -> CaseFile:
    """Take a complaint in hand to write down something of it. Raises ``NotAComplaint``."""
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WRITE, actor=actor, now=now, seen=seen)
    if file.case.nature is not Nature.COMPLAINT:
        raise NotAComplaint(file.case.reference)
    return file


def record_finding(
    session: Session,
    house: House,
    *,
    reference: str,
    found: Found,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Finding:
    """Write down what is found of a complaint, in place of what was found before; the history keeps both.

    Not admissible needs a ground and its reasons; an outcome needs its reasons, a theme and, unless it is unfounded,
    a cause. Raises ``Missing``, which names what is not there, or ``NotAComplaint``.
    """
    assert actor.staff_id is not None
    file = take_complaint(session, house, reference=reference, actor=actor, now=now, seen=seen)
    row = session.get(Finding, file.case.id)
    _check(found, row)
    if row is None:
        row = Finding(case_id=file.case.id)
        session.add(row)
    for name, value in _values(found).items():
        setattr(row, name, value)
    row.found_at, row.found_by = now, actor.staff_id
    told = {name: value for name, value in _values(found).items() if value is not None}
    file.done(Verb.WRITE, details={"complaint": "finding", "finding": told})
    return row


def _check(found: Found, before: Finding | None) -> None:
    """Make sure that a finding is whole; a word that can no longer be chosen may only stay where it stands."""
    if found.ground is not None and not found.note.strip():
        raise Missing("note")
    lists = Analysis.shipped()
    for name, words in (("theme", lists.themes), ("cause", lists.causes)):
        code = getattr(found, name)
        if code and (code not in words or (words[code].until and code != getattr(before, name, None))):
            raise Missing(name)
    if found.ground is None and found.outcome is not None:
        if not found.reasons.strip():
            raise Missing("reasons")
        if not found.theme:
            raise Missing("theme")
        if not found.cause and found.outcome is not Outcome.UNFOUNDED:
            raise Missing("cause")


def _values(found: Found) -> dict[str, Any]:
    outcome = found.outcome if found.ground is None else None
    return {
        "admissible": found.ground is None,
        "ground": found.ground,
        "note": found.note.strip() or None,
        "outcome": outcome,
        "reasons": (found.reasons.strip() or None) if outcome else None,
        "theme": found.theme or None,
        "cause": found.cause or None,
    }


def check_found(session: Session, case: Case) -> None:
    """Make sure that a case may close as far as complaints go. Raises ``NotFoundYet``."""
    if case.nature is Nature.COMPLAINT:
        row = session.get(Finding, case.id)
        if row is None or not row.decided:
            raise NotFoundYet(case.reference)
