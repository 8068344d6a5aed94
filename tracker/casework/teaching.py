"""Owns what staff teach the router: where a case belongs, kept as an example in the commit of the act that says it.

Giving a case to a service, or transmitting it to a body, confirms what the router proposed first or corrects it; each
counts, the latest for each case. Personal data is masked; a sensitive case is never kept.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tracker.casework.house import Actor
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.routing import RoutingExample
from tracker.routing.examples import Example
from tracker.routing.masking import masked

LONGEST = 10_000
"""Characters that are kept of a text: what a request is about stands in its beginning."""
CORRECTED, CONFIRMED = 4.0, 1.0
"""What an example counts in learning beside a text that was written for it."""


def teach(session: Session, case: Case, service_code: str, *, actor: Actor, now: datetime) -> None:
    """Keep that a case belongs to a service or a body, as a person has just said by giving it there."""
    forget(session, case)
    if case.sensitive or actor.person is None:
        return
    text = _text(session, case)
    if not any(character.isalpha() for character in text):
        return
    proposed = (case.routing or {}).get("suggestions") or [{}]
    session.add(
        RoutingExample(
            case_id=case.id,
            text=text,
            language=case.language,
            country=case.country,
            nature=case.nature if case.nature_confirmed_at else None,
            urgent=case.urgent_since is not None,
            proposed=proposed[0].get("code"),
            service_code=service_code,
            model=(case.routing or {}).get("model"),
            noted_at=now,
            noted_by=actor.staff_id,
        )
    )


def forget(session: Session, case: Case) -> None:
    """Keep nothing of a case to learn from: it became sensitive, or what it taught proved wrong."""
    session.execute(delete(RoutingExample).where(RoutingExample.case_id == case.id))


def _text(session: Session, case: Case) -> str:
    """Return what the citizen first wrote, without what may tell who they are."""
    first = select(Message.body).where(Message.case_id == case.id).order_by(Message.number).limit(1)
    known = (
        case.requester_name,
        case.requester_email,
        case.requester_phone,
        case.requester_fax,
        *(case.requester_address or "").splitlines(),
        case.reference,
    )
    return masked(f"{case.subject}\n{session.scalar(first) or ''}"[:LONGEST], case.language.value, known)


def taught(session: Session) -> tuple[Example, ...]:
    """Return what staff taught, as the router learns it; corrections count for more than confirmations."""
    rows = session.scalars(select(RoutingExample).order_by(RoutingExample.case_id))
    return tuple(
        Example(
            text=row.text,
            lang=row.language.value,
            code=row.service_code,
            country=row.country,
            nature=row.nature.value if row.nature else None,
            urgent=row.urgent,
            weight=CONFIRMED if row.service_code == row.proposed else CORRECTED,
        )
        for row in rows
    )
