"""Owns what a citizen may read of their own case: dates, reasons, handler, and what was said. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tracker.charter.reference import BadReference, Reference
from tracker.charter.words import (
    CaseState,
    Channel,
    Direction,
    Language,
    MessageKind,
    Nature,
    ObligationKind,
    ObligationState,
    Role,
)
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.erasure import Erasure
from tracker.models.messages import Attachment, Message
from tracker.models.obligations import Obligation
from tracker.models.staff import Staff

# What goes to another body, or holds a code, is not shown; a note only when it is that of a conversation held.
_NOT_SHOWN = (MessageKind.TRANSMISSION, MessageKind.TRACKING_CODE)
_LEADS_ON = (MessageKind.QUESTION, MessageKind.ANSWER, MessageKind.TRANSMISSION_NOTICE, MessageKind.CLOSING)
"""What we write after which a question of ours before it need not be answered any more; the question itself."""


@dataclass(frozen=True, slots=True)
class Handler:
    """Who is in charge, as every letter names them (charter §2)."""

    name: str
    is_desk: bool
    role: Role
    titles: dict[str, str] | None
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Promise:
    """One dated promise with the steps of its count; `counted_from` and `due_on` are Brussels days."""

    kind: ObligationKind
    rule_id: str
    days: int | None
    counted_from: date
    due_on: date
    state: ObligationState
    steps: list[Any]


@dataclass(frozen=True, slots=True)
class File:
    """An attachment, by the name its sender gave it; `size` in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `at`: when it was received or written (UTC); `left_on`: the Brussels day on which it left."""

    direction: Direction
    kind: MessageKind
    channel: Channel
    at: datetime
    left_on: date | None
    subject: str
    body: str
    signed_by: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Door:
    """What decides whether somebody may see a case: its code is derived from these."""

    id: int
    reference: str
    code_version: int


@dataclass(frozen=True, slots=True)
class TrackedCase:
    """A case as its requester sees it."""

    id: int
    reference: str
    code_version: int
    subject: str
    state: CaseState
    nature: Nature
    channel: Channel
    language: Language
    received_at: datetime
    closed_at: datetime | None
    is_urgent: bool
    """Whether it is flagged as an emergency and not closed yet."""
    handler: Handler
    service: str
    """The service's name in the language asked for; empty while none is confirmed."""
    promises: tuple[Promise, ...]
    said: tuple[Said, ...]
    erased_at: datetime | None
    """When what was said, and who said it, was erased; none: it was not."""
    joined: str
    """The reference of the case that was merged into this one and led here; empty: this one was asked for."""

    @property
    def asked_on(self) -> date | None:
        """The Brussels day on which the question left that the requester has not written since; none: no question."""
        telling = (one for one in self.said if one.direction is Direction.IN or one.kind in _LEADS_ON)
        latest = None if self.closed_at else next(telling, None)
        return latest.left_on if latest and latest.kind is MessageKind.QUESTION else None


def door(session: Session, reference: str) -> Door | None:
    """The case that a typed reference leads to; a merged one keeps its own code. None: there is none."""
    try:
        wanted = Reference.parse(reference).format()
    except BadReference:
        return None
    return _door(session, Case.reference == wanted)


def door_of(session: Session, case_id: int) -> Door | None:
    """The same for a case that was opened before; None: there is none."""
    return _door(session, Case.id == case_id)


def _door(session: Session, which: ColumnElement[bool]) -> Door | None:
    row = session.execute(select(Case.id, Case.reference, Case.code_version).where(which)).one_or_none()
    return None if row is None else Door(*row)


def tracked(session: Session, case_id: int, language: Language) -> TrackedCase | None:
    """A case as its requester sees it; one that was merged is seen as the case it was merged into."""
    query = (
        select(Case, *_HANDLER, Service.names)
        .join(Staff, Staff.id == Case.handler_id)
        .outerjoin(Service, Service.code == Case.service_code)
    )
    row = session.execute(query.where(Case.id == case_id)).one_or_none()
    asked_for = row[0].reference if row else ""
    while row is not None and row[0].merged_into_id is not None:
        row = session.execute(query.where(Case.id == row[0].merged_into_id)).one_or_none()
    if row is None:
        return None
    case = row[0]
    return TrackedCase(
        id=case.id,
        reference=case.reference,
        code_version=case.code_version,
        subject=case.subject,
        state=case.state,
        nature=case.nature,
        channel=case.channel,
        language=case.language,
        received_at=case.received_at,
        closed_at=case.closed_at,
        is_urgent=case.urgent_since is not None and case.closed_at is None,
        handler=Handler(*row[1:7]),
        service=(row[7] or {}).get(language, ""),
        promises=_promises(session, case.id),
        said=_said(session, case.id),
        erased_at=session.scalar(select(Erasure.erased_at).where(Erasure.case_id == case.id)),
        joined="" if asked_for == case.reference else asked_for,
    )


def _promises(session: Session, case_id: int) -> tuple[Promise, ...]:
    query = select(*_PROMISE).where(Obligation.case_id == case_id).order_by(Obligation.number)
    return tuple(Promise(*row) for row in session.execute(query))


def _said(session: Session, case_id: int) -> tuple[Said, ...]:
    """All that was said both ways, the latest first: what came in, and what has left."""
    files: dict[int, list[File]] = {}
    for message_id, name, size in session.execute(
        select(Attachment.message_id, Attachment.name, Attachment.size)
        .where(Attachment.case_id == case_id, Attachment.message_id.is_not(None))
        .order_by(Attachment.id)
    ):
        files.setdefault(message_id or 0, []).append(File(name, size))
    messages = session.scalars(
        select(Message)
        .where(
            Message.case_id == case_id,
            Message.kind.not_in(_NOT_SHOWN),
            (Message.direction == Direction.IN) | Message.left_on.is_not(None),
        )
        .order_by(Message.number.desc())
    )
    return tuple(
        Said(
            direction=message.direction,
            kind=message.kind,
            channel=message.channel,
            at=message.written_at,
            left_on=message.left_on,
            subject=message.subject,
            body="" if message.kind is MessageKind.NOTE else message.body,
            signed_by=str((message.signature or {}).get("name", "")),
            files=tuple(files.get(message.id, ())),
        )
        for message in messages
        if message.kind is not MessageKind.NOTE or message.left_on is not None
    )


_HANDLER = (Staff.name, Staff.is_desk, Staff.role, Staff.titles, Staff.phone, Staff.email)
_PROMISE = (
    Obligation.kind,
    Obligation.rule_id,
    Obligation.days,
    Obligation.counted_from,
    Obligation.due_on,
    Obligation.state,
    Obligation.steps,
)
