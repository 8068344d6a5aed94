"""Rows for tests of what is read: cases written straight into the tables, with plain defaults."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from tracker.access.permissions import Person, reaches
from tracker.casework.alarms import set_alarms_now
from tracker.charter.reference import Reference
from tracker.charter.words import (
    CaseState,
    Channel,
    Language,
    MailOutcome,
    MailReason,
    Nature,
    NoticeState,
    ObligationKind,
    ObligationState,
    Role,
)
from tracker.insight.sight import Viewer
from tracker.models.cases import Association, Case
from tracker.models.mail import Mail
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Notice, Obligation

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
"""Wednesday 4 March 2026, 10:00 in Brussels."""
TODAY = date(2026, 3, 4)


def a_case(session: Session, number: int, handler_id: int, **more: Any) -> Case:
    """Write a case that owes a reply on 10 March 2026, handled in ME6."""
    due_on = more.pop("due_on", date(2026, 3, 10))
    work_by = more.pop("work_by", due_on)
    kind = more.pop("kind", ObligationKind.REPLY)
    associated = more.pop("associated", ())
    triage = more.get("state") is CaseState.TRIAGE
    case = Case(
        **{
            "id": number,
            "reference": Reference("DOS", 2026, number).format(),
            "version": 1,
            "state": CaseState.OPEN,
            "received_at": NOW,
            "registered_at": NOW,
            "channel": Channel.WEB,
            "nature": Nature.INFORMATION,
            "language": Language.FR,
            "subject": f"Case {number}",
            "requester_name": "Claire Dubois",
            "reply_channel": Channel.WEB,
            "service_code": None if triage else "ME6",
            "handler_id": handler_id,
            "triage_since": NOW if triage else None,
            "sensitive": False,
            "code_version": 1,
            "next_due_on": due_on,
            "next_work_by": work_by if due_on else None,
            "next_kind": kind if due_on else None,
        }
        | more
    )
    session.add(case)
    session.flush()
    for code in associated:
        session.add(Association.beside(case, code, since=NOW))
    if due_on:
        session.add(
            Obligation(
                case_id=case.id, number=1, kind=kind, rule_id="P1", rule_version=1, source="charter §2",
                counted_from=TODAY, days=None if kind is ObligationKind.PROMISED_REPLY else 15, due_on=due_on,
                work_by=work_by, provisional=False, steps=[], state=ObligationState.OPEN, arose_at=NOW,
                born_late=False, next_action_at=NOW,
            )
        )  # fmt: skip
    session.flush()
    return case


def unattended(session: Session, case: Case) -> None:
    """Write that nobody could be told about a case's promise."""
    promise = session.query(Obligation).filter_by(case_id=case.id).one()
    session.add(
        Notice(
            obligation_id=promise.id, rung="before-5", due_on=promise.due_on, state=NoticeState.UNATTENDED,
            moment=NOW, recorded_at=NOW, escalation=False, recipients=[],
        )
    )  # fmt: skip
    set_alarms_now(session, case.id)


def not_sent(session: Session, case: Case, *, state: str = "failed", number: int = 2, **more: Any) -> Message:
    """Write an answer that waits in the outbox, or that the outbox gave up."""
    message = Message(
        **{
            "case_id": case.id, "number": number, "direction": "out", "kind": "answer", "act": "answer",
            "channel": "email", "language": "fr", "subject": "Réponse", "body": "Voici.", "address": "c@example.org",
            "signature": {"name": "An"}, "inform_only": False, "written_at": NOW,
        }
        | more
    )  # fmt: skip
    session.add(message)
    session.flush()
    if state != "left":
        session.add(Outbox(message_id=message.id, state=state, attempts=9, next_try_at=NOW, settled_at=NOW))
    set_alarms_now(session, case.id)
    return message


def viewer_of(person: Person) -> Viewer:
    """Return a member of staff as the one who looks."""
    return Viewer(
        id=person.id,
        service_code=person.service_code,
        own=frozenset({person.id}) | person.stands_in_for,
        is_head=person.role is Role.HEAD,
        reaches=frozenset(far.value for far in reaches(person, "read")),
    )


def a_mail(session: Session, number: int, *, undecided: bool = False, **more: Any) -> Mail:
    """Write a mail that is held because nobody can tell whose it is."""
    decided = {
        "received_at": NOW,
        "sender": "claire.dubois@example.org",
        "sender_name": "Claire Dubois",
        "subject": f"Mail {number}",
        "language": Language.FR,
        "outcome": MailOutcome.HELD,
        "reason": MailReason.REFERENCE_ONLY if more.get("case_id") else MailReason.TOO_MANY,
        "due_on": date(2026, 3, 19),
        "decided_at": NOW,
    }
    mail = Mail(
        **{"id": number, "sha256": f"{number:064x}", "size": 1000, "stored_at": NOW}
        | ({} if undecided else decided)
        | more
    )
    session.add(mail)
    return mail
