"""Owns what must be true of what was asked on a case: each task, and each word sent of it, is as the history says."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tracker.insight.caserecords import CaseRecords, Finding, named

SAID = {"state": "state", "what": "what", "asked": "asked_id", "service": "service_code", "due_on": "due_on",
        "word": "word", "contribution": "contribution"}  # fmt: skip
"""What the history says, and the column that holds it."""


def task_records(records: CaseRecords) -> Iterator[Finding]:
    """Yield what differs, what is missing, and what no entry of the history made."""
    told: dict[int, Mapping[str, Any]] = {}
    for entry in records.history:
        told |= {said["number"]: said for said in entry.details.get("tasks", ())}
    for row in records.tasks:
        said = told.pop(row.id, None)
        if said is None:
            yield "tasks", str(row.id), "no entry of the history made this task"
        elif wrong := [name for name, column in SAID.items() if _plain(getattr(row, column)) != said.get(name)]:
            yield "tasks", str(row.id), f"{', '.join(wrong)} differ from what the history says"
    for number in told:
        yield "tasks", named(records), f"task {number} is missing"


def word_records(records: CaseRecords) -> Iterator[Finding]:
    """Yield the words to colleagues that the history says were sent, and that are not there.

    What was asked before the history said so of a task is known by its outbox only.
    """
    by_task = {(word.task_id, word.kind.value) for word in records.words}
    by_note = {word.message_id for word in records.words}
    notes = {message.number: message.id for message in records.messages}
    for entry in records.history:
        for said in entry.details.get("tasks", ()):
            kind = "asked" if said["state"] == "open" else said["state"]
            if said.get("told") and (said["number"], kind) not in by_task:
                yield "staff_notices", named(records), f"the word that task {said['number']} is {kind} is missing"
        if entry.details.get("mentions") and notes.get(entry.details["message"]) not in by_note:
            yield "staff_notices", named(records), f"the word about message {entry.details['message']} is missing"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else getattr(value, "value", value)
