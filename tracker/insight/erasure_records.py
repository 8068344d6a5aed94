"""Owns what must be true of a case whose personal data were erased: its history says so, and nothing came back."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.erasing import ERASED
from tracker.charter.words import Verb
from tracker.insight.caserecords import CaseRecords, Finding, named
from tracker.models.erasure import Erasure
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Message
from tracker.models.paper import Letter
from tracker.models.routing import RoutingExample


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


def came_back(session: Session) -> Iterator[Finding]:
    """Yield the rows that went with an erasure and are there again, as from a backup (four statements)."""
    erased = select(Erasure.case_id)
    messages = select(Message.id).where(Message.case_id.in_(erased))
    again = (
        (Attachment, Attachment.id, Attachment.case_id.in_(erased)),
        (Letter, Letter.message_id, Letter.message_id.in_(messages)),
        (Mail, Mail.id, Mail.case_id.in_(erased)),
        (RoutingExample, RoutingExample.case_id, RoutingExample.case_id.in_(erased)),
    )
    for model, key, of_these in again:
        for number in session.scalars(select(key).where(of_these).order_by(key)):
            yield model.__tablename__, str(number), "its case was erased, and it is there again"
