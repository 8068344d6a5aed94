"""Owns the table of what goes when the personal data of a case are erased, and what stands there instead.

A test holds it against every column of the database that holds text.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from tracker.charter.erasing import ERASED
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction, Finding
from tracker.models.drafts import KeptDraft
from tracker.models.history import History
from tracker.models.links import CaseLink
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.obligations import Discharge, Obligation
from tracker.models.paper import Letter, RegisterEntry
from tracker.models.routing import RoutingExample
from tracker.models.set_aside import SetAside
from tracker.models.survey import SurveyAsked, SurveyReply
from tracker.models.tasks import Task

_Of = Callable[[Collection[int]], ColumnElement[bool]]


def _of_messages(column: Any, cases: Collection[int]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(select(Message.id).where(Message.case_id.in_(cases)))
    return found


def _of_links(cases: Collection[int]) -> ColumnElement[bool]:
    return or_(CaseLink.case_id.in_(cases), CaseLink.other_id.in_(cases))


def _of_discharges(cases: Collection[int]) -> ColumnElement[bool]:
    return Discharge.obligation_id.in_(select(Obligation.id).where(Obligation.case_id.in_(cases)))


def _of_replies(cases: Collection[int]) -> ColumnElement[bool]:
    return SurveyReply.asked_id.in_(select(SurveyAsked.id).where(SurveyAsked.case_id.in_(cases)))


WHERE: Mapping[Any, _Of] = {
    Case: lambda cases: Case.id.in_(cases),
    CaseLink: _of_links,
    Discharge: _of_discharges,
    SurveyReply: _of_replies,
    Outbox: partial(_of_messages, Outbox.message_id),
    Letter: partial(_of_messages, Letter.message_id),
}
"""How the rows of some cases are found where they do not name their case themselves."""

GOES: Mapping[Any, Mapping[str, Any]] = {
    Case: {
        "subject": ERASED, "requester_name": ERASED, "requester_email": None, "requester_phone": None,
        "requester_fax": None, "requester_address": None, "nature_ground": None, "country": None, "routing": None,
        "consent_evidence": ERASED,
    },
    Message: {
        "submission_key": None, "subject": ERASED, "body": ERASED, "html": None, "address": ERASED, "reason": ERASED,
        "void_evidence": ERASED,
    },
    Outbox: {"last_error": None},
    Obligation: {"waiver_evidence": ERASED, "steps": ERASED},
    Discharge: {"void_evidence": ERASED},
    Finding: {"note": ERASED, "reasons": ERASED},
    CorrectiveAction: {"what": ERASED, "looked_at": ERASED},
    Task: {"what": ERASED, "word": ERASED},
    CaseLink: {"word": ERASED},
    SetAside: {"reason": ERASED},
    SurveyAsked: {"whom": ""},
    SurveyReply: {"remark": None},
    RegisterEntry: {"correspondent": ERASED, "subject": ERASED, "reason": ERASED},
    History: {"details": ERASED},
}  # fmt: skip
"""By table, the columns of which what somebody typed goes, and what stands there instead of it, if anything must.

The steps of a promise and the details of an entry keep their bones: see ``charter.erasing``.
"""

TOLD = (Obligation, Finding, CorrectiveAction, Task)
"""The tables of which the history says the same, word by word: what is left there is left here."""

TAKEN_OUT: tuple[Any, ...] = (Attachment, Letter, Mail, KeptDraft, RoutingExample)
"""The tables of which the rows go whole; the files of the first three with them."""


def rows_of(model: Any, cases: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that finds the rows of some cases in a table."""
    where = WHERE.get(model)
    found: ColumnElement[bool] = where(cases) if where is not None else model.case_id.in_(cases)
    return found
