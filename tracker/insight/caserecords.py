"""Owns all the rows of one case together, as they are checked against each other."""

from dataclasses import dataclass, field
from typing import TypeAlias

from tracker.models.cases import Association, Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.complaints import Finding as Found
from tracker.models.erasure import Erasure
from tracker.models.history import History
from tracker.models.links import CaseLink
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Breach, Discharge, Notice, Obligation
from tracker.models.tasks import StaffNotice, Task

Finding: TypeAlias = tuple[str, str, str]
"""Table, key and what is wrong."""


@dataclass(slots=True)
class CaseRecords:
    """All the rows of one case; history, obligations and messages in their order."""

    case: Case
    associations: list[Association] = field(default_factory=list)
    history: list[History] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    discharges: list[Discharge] = field(default_factory=list)
    breaches: dict[int, Breach] = field(default_factory=dict)
    """By the id of the obligation."""
    notices: list[Notice] = field(default_factory=list)
    outbox_of_messages: dict[int, Outbox] = field(default_factory=dict)
    outbox_of_notices: set[int] = field(default_factory=set)
    surveys: list[int] = field(default_factory=list)
    """The numbers of the surveys that asked its requester, in their order."""
    finding: Found | None = None
    actions: list[CorrectiveAction] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    words: list[StaffNotice] = field(default_factory=list)
    """Those that were sent to colleagues about the tasks, and about the notes that name them."""
    links: list[CaseLink] = field(default_factory=list)
    """Those that a person's word made, whichever of the two cases this is."""
    erasure: Erasure | None = None


def named(records: CaseRecords) -> str:
    """Return how a case is named in a finding."""
    return f"{records.case.id} ({records.case.reference})"
