"""Owns what must be true of the links of a case that a person's word made: they are what both histories say."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracker.charter.words import CaseState
from tracker.insight.caserecords import CaseRecords, Finding, named


def link_records(records: CaseRecords) -> Iterator[Finding]:
    """Yield what differs, what is missing, and what no entry of the history made."""
    # What was undone since, the other history says.
    ended = records.case.state is CaseState.MERGED or records.erasure is not None
    told: dict[int, Mapping[str, Any]] = {}
    for entry in records.history:
        said = entry.details.get("link")
        if said is not None:
            told[said["number"]] = said
    for row in records.links:
        last, undone = told.pop(row.id, None), row.unlinked_at is not None
        if last is None:
            yield "case_links", str(row.id), "no entry of the history made this link"
        elif (row.kind.value, undone) not in ((last["kind"], bool(last.get("undone"))), (last["kind"], ended)):
            yield "case_links", str(row.id), "it is not what the history says"
    for number in told:
        yield "case_links", named(records), f"link {number} is missing"
