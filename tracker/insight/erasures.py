"""Owns the list of what was erased: which cases, when, by whose decision, on what ground, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models.cases import Case
from tracker.models.erasure import Erasure
from tracker.models.history import History


@dataclass(frozen=True, slots=True)
class ErasedCase:
    """One case of which the personal data were erased."""

    reference: str
    erased_at: datetime
    by: str
    ground: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values; the moment in UTC."""
        return {"reference": self.reference, "erased_at": self.erased_at.isoformat(), "by": self.by,
                "ground": self.ground, "reason": self.reason}  # fmt: skip


def erasures(session: Session) -> Iterator[ErasedCase]:
    """Yield every case whose personal data were erased, in the order of the decisions (one statement)."""
    told = (History.case_id == Erasure.case_id) & (History.seq == Erasure.entry)
    query = (
        select(Case.reference, Erasure.erased_at, History.actor, Erasure.ground, History.details)
        .join(Case, Case.id == Erasure.case_id)
        .join(History, told)
        .order_by(Erasure.erased_at, Erasure.case_id)
    )
    for reference, at, who, ground, details in session.execute(query):
        yield ErasedCase(reference, at, who, ground.value, str(details.get("reason", "")))
