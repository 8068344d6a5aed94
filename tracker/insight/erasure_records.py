"""Owns what must be true of a case whose personal data were erased: its history says so, and nothing came back."""

from collections.abc import Iterator

from tracker.charter.erasing import ERASED
from tracker.charter.words import Verb
from tracker.insight.caserecords import CaseRecords, Finding, named


def erasure_records(records: CaseRecords) -> Iterator[Finding]:
    """Yield an erasure that no entry tells, an entry without its erasure, and what stands there again."""
    told = {
        row.seq: row.details["erased"]
        for row in records.history
        if row.verb is Verb.WRITE and "erased" in row.details
    }
    erasure = records.erasure
    if erasure is None:
        if told:
            yield "erasures", named(records), "the history says that it was erased, and the erasure is missing"
        return
    if told.get(erasure.entry) != erasure.ground.value:
        yield "erasures", named(records), "no entry of the history says that it was erased"
    case = records.case
    known = (case.requester_email, case.requester_phone, case.requester_fax, case.requester_address)
    if {case.requester_name, case.subject} != {ERASED} or any(one is not None for one in known):
        yield "cases", named(records), "it was erased, and there is something of the requester again"
    for message in records.messages:
        if {message.subject, message.body} != {ERASED}:
            yield "messages", str(message.id), "its case was erased, and it has a text again"
