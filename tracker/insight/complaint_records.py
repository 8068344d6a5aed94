"""Owns what must be true of the finding and the corrective actions of a complaint: they are what its history says."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tracker.charter.words import Verb
from tracker.insight.caserecords import CaseRecords, Finding, named

FOUND = ("admissible", "ground", "note", "outcome", "reasons", "theme", "cause")
ACTED = ("what", "due_on", "done_on", "effect", "looked_at", "effect_on")


def complaint_records(records: CaseRecords) -> Iterator[Finding]:
    """Yield what differs, what is missing, and what no entry of the history made."""
    told: Mapping[str, Any] | None = None
    actions: dict[int, Mapping[str, Any] | None] = {}
    for entry in records.history:
        details = entry.details
        if entry.verb is Verb.WRITE and details.get("complaint") == "finding":
            told = details["finding"]
        elif entry.verb is Verb.WRITE and details.get("complaint"):
            actions[details["action"]["number"]] = details["action"]
        elif entry.verb is Verb.ABSORB:  # what they say stands in the history of the case that they came from
            actions |= dict.fromkeys(details.get("actions", ()))
    yield from _finding(records, told)
    yield from _actions(records, actions)


def _finding(records: CaseRecords, told: Mapping[str, Any] | None) -> Iterator[Finding]:
    row = records.finding
    if (row is None) != (told is None):
        what = "the finding is missing" if row is None else "no entry of the history made this finding"
        yield "findings", named(records), what
    elif row is not None and told is not None:
        differing = [name for name in FOUND if _plain(getattr(row, name)) != told.get(name)]
        if differing:
            yield "findings", named(records), f"{', '.join(differing)} differ from what the history says"


def _actions(records: CaseRecords, told: dict[int, Mapping[str, Any] | None]) -> Iterator[Finding]:
    for row in records.actions:
        if row.id not in told:
            yield "corrective_actions", str(row.id), "no entry of the history made this action"
            continue
        said = told.pop(row.id)
        if said is not None and (wrong := [name for name in ACTED if _plain(getattr(row, name)) != said.get(name)]):
            yield "corrective_actions", str(row.id), f"{', '.join(wrong)} differ from what the history says"
    if records.case.merged_into_id is None:
        for number in told:
            yield "corrective_actions", named(records), f"action {number} is missing"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else getattr(value, "value", value)
