"""Owns the reading of mail that was held or set aside: who may see it, the piles it lies in, and one mail by itself.

A pile takes one statement, and is walked from a position along an index of its own; so does one mail.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from tracker.charter.words import CaseState, Language, MailOutcome, MailReason, Role
from tracker.insight.casepage import LARGEST_ID
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.mail import Mail
from tracker.models.staff import Staff

PAGE = 50
MOST_COUNTED = 99
LOOKED_THROUGH = 500
"""How many of the mails that wait longest are looked through for those that nobody could be told about."""


class Pile(StrEnum):
    """Where a mail lies that did not become a message by itself."""

    HELD = "held"  # somebody has to decide
    IGNORED = "ignored"  # set aside by Suivi: to be glanced at
    SETTLED = "settled"  # somebody has looked at it


class Place(NamedTuple):
    """A place in a pile: what a page starts after."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Presumed:
    """The case that a mail is on, or, while it is held, is presumed to be about."""

    reference: str
    subject: str
    state: CaseState
    requester: str
    requester_email: str | None
    handler: str
    handler_id: int


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail in a pile."""

    id: int
    sha256: str
    size: int
    arrived_at: datetime | None
    received_at: datetime
    """When it first reached us: what a promise is counted from."""
    sender: str | None
    sender_name: str | None
    subject: str | None
    language: Language | None
    outcome: MailOutcome
    reason: MailReason
    details: dict[str, Any]
    due_on: date | None
    """While it is held: by when (Brussels) an answer would be due, were it a request of its own."""
    decided_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    presumed: Presumed | None

    @property
    def open(self) -> bool:
        """Say whether nobody has looked at it yet."""
        return self.settled_at is None and self.outcome in (MailOutcome.HELD, MailOutcome.IGNORED)

    @property
    def pile(self) -> Pile:
        """Where it lies."""
        return Pile(self.outcome.value) if self.open else Pile.SETTLED

    @property
    def sender_fits(self) -> bool:
        """Say whether it claims to come from the address of the requester of the case."""
        return self.presumed is not None and _same(self.presumed.requester_email, self.sender)


@dataclass(frozen=True, slots=True)
class Suggested:
    """A case that a mail with a mistyped reference may mean."""

    reference: str
    subject: str | None
    """None: whoever looks may not read the case."""
    sender_fits: bool
    """It claims to come from the address of its requester."""


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of a pile."""

    rows: tuple[MailRow, ...]
    after: Place | None
    """What the next page starts after; none: this is the last."""


def _same(known: str | None, sender: str | None) -> bool:
    return bool(known and sender) and (known or "").lower() == (sender or "").lower()


# Spelled out, not bound: the database matches its partial indexes against what is written in the statement.
_IS_HELD = Mail.outcome == literal_column("'held'")
_TO_LOOK_AT = Mail.outcome.in_([literal_column("'held'"), literal_column("'ignored'")])
_LIES_IN: dict[Pile, ColumnElement[bool]] = {
    Pile.HELD: and_(_IS_HELD, Mail.settled_at.is_(None)),
    Pile.IGNORED: and_(_TO_LOOK_AT, Mail.settled_at.is_(None), not_(_IS_HELD)),
    Pile.SETTLED: Mail.settled_at.is_not(None),
}
_CASE = aliased(Case)
_SETTLER = aliased(Staff)


def mail_page(session: Session, viewer: Viewer, pile: Pile, *, after: Place | None = None) -> MailPage:
    """Return one page of a pile, of what a viewer may see (one statement).

    What is held stands in the order in which its answers fall due; what was looked at, the latest first.
    """
    at, latest_first = _date_of(pile), pile is Pile.SETTLED
    query = _query().where(_LIES_IN[pile], may_see(viewer))
    if after is not None:
        here, there = tuple_(at, Mail.id), tuple_(literal(after.at, at.type), after.id)
        query = query.where(here < there if latest_first else here > there)
    query = query.order_by(at.desc(), Mail.id.desc()) if latest_first else query.order_by(at, Mail.id)
    rows = [_row(found) for found in session.execute(query.limit(literal_column(str(PAGE + 1))))]
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    reached = (last.settled_at if latest_first else last.received_at) if last else None
    return MailPage(tuple(rows[:PAGE]), Place(reached, last.id) if last and reached else None)


def one_mail(session: Session, number: int) -> MailRow | None:
    """Return a mail about which something was decided, by its id (one statement); none when there is none.

    Who may see it is for ``access.permissions`` to say.
    """
    if number > LARGEST_ID:
        return None
    found = session.execute(_query().where(Mail.id == number, Mail.outcome.is_not(None))).one_or_none()
    return None if found is None else _row(found)


def suggested(session: Session, viewer: Viewer, mail: MailRow) -> list[Suggested]:
    """Return the cases that a mail with a mistyped reference may mean, as a viewer may know them (one statement)."""
    references = mail.details.get("offered") or []
    if not references:
        return []
    columns = (Case.reference, Case.subject, Case.requester_email, may_read(viewer).label("readable"))
    found = session.execute(select(*columns).where(Case.reference.in_(references)).order_by(Case.id))
    return [
        Suggested(row.reference, row.subject if row.readable else None, _same(row.requester_email, mail.sender))
        for row in found
    ]


def desks(session: Session) -> frozenset[str | None]:
    """Return the services of the dispatchers, whose heads are over them (one statement)."""
    return frozenset(session.scalars(select(Staff.service_code).where(Staff.role == Role.DISPATCHER, Staff.active)))


def may_see(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition under which a viewer may read a mail: ``access.permissions.may_with_mail``, as SQL."""
    if not viewer.reaches:
        return false()
    return or_(and_(Mail.case_id.is_not(None), may_read(viewer)), and_(Mail.case_id.is_(None), _dispatches(viewer)))


def to_decide(viewer: Viewer) -> ColumnElement[int]:
    """Count the held mail that waits for this very person, or for whoever they stand in for; capped."""
    mine = and_(Mail.case_id.is_not(None), may_read(viewer), Case.handler_id.in_(sorted(viewer.own)))
    nobodys = and_(Mail.case_id.is_(None), _dispatches(viewer, by_hand=True))
    return _count(Pile.HELD, or_(mine, nobodys) if viewer.reaches else false())


def held(viewer: Viewer) -> ColumnElement[int]:
    """Count the held mail that a viewer may see; capped."""
    return _count(Pile.HELD, may_see(viewer))


def set_aside(viewer: Viewer) -> ColumnElement[int]:
    """Count what was set aside and nobody has looked at, of what a viewer may see; capped."""
    return _count(Pile.IGNORED, may_see(viewer))


def told_to_nobody() -> ColumnElement[int]:
    """Count the mail that should have rung and reached nobody, among what waits longest: an alarm for everybody."""
    oldest = (
        select(Mail.details)
        .where(_TO_LOOK_AT, Mail.settled_at.is_(None))
        .order_by(Mail.received_at, Mail.id)
        .limit(literal_column(str(LOOKED_THROUGH)))
        .subquery()
    )
    marked = oldest.c.details["unattended"].as_boolean()
    return select(func.count()).select_from(oldest).where(marked.is_(True)).scalar_subquery()


def counts(session: Session, viewer: Viewer) -> dict[Pile, int]:
    """Return how many mails lie in the piles that wait (one statement); one more than ``MOST_COUNTED`` means more."""
    found = session.execute(select(held(viewer), set_aside(viewer))).one()
    return {Pile.HELD: found[0], Pile.IGNORED: found[1]}


def _count(pile: Pile, allowed: ColumnElement[bool]) -> ColumnElement[int]:
    cap: ColumnElement[int] = literal_column(str(MOST_COUNTED + 1))
    some = _joined(select(Mail.id)).where(_LIES_IN[pile], allowed).limit(cap).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _dispatches(viewer: Viewer, *, by_hand: bool = False) -> ColumnElement[bool]:
    """Say whether mail that is presumed to be about no case is for a viewer; ``by_hand``: to decide about."""
    if "unassigned" in viewer.reaches or ("all" in viewer.reaches and not by_hand):
        return true()
    if not viewer.is_head:
        return false()
    same = Staff.service_code == viewer.service_code if viewer.service_code else Staff.service_code.is_(None)
    return exists().where(Staff.role == Role.DISPATCHER, Staff.active, same)


def _date_of(pile: Pile) -> InstrumentedAttribute[Any]:
    return Mail.settled_at if pile is Pile.SETTLED else Mail.received_at


def _joined(query: Select[Any]) -> Select[Any]:
    """Join the case that a mail is on; one that was merged leads to the case that took it in."""
    survivor = func.coalesce(_CASE.merged_into_id, _CASE.id)
    return query.outerjoin(_CASE, _CASE.id == Mail.case_id).outerjoin(Case, Case.id == survivor)


def _query() -> Select[Any]:
    handler = aliased(Staff)
    columns: list[Any] = [
        Case.reference, Case.subject, Case.state, Case.requester_name, Case.requester_email, handler.name,
        handler.id, _SETTLER.name,
    ]  # fmt: skip
    query: Select[Any] = _joined(select(Mail, *columns).select_from(Mail))
    return query.outerjoin(handler, handler.id == Case.handler_id).outerjoin(_SETTLER, _SETTLER.id == Mail.settled_by)


def _row(found: Any) -> MailRow:
    mail: Mail = found[0]
    *case, settled_by = found[1:]
    assert mail.outcome is not None
    assert mail.reason is not None
    assert mail.received_at is not None
    assert mail.decided_at is not None
    return MailRow(
        id=mail.id,
        sha256=mail.sha256,
        size=mail.size,
        arrived_at=mail.arrived_at,
        received_at=mail.received_at,
        sender=mail.sender,
        sender_name=mail.sender_name,
        subject=mail.subject,
        language=mail.language,
        outcome=mail.outcome,
        reason=mail.reason,
        details=mail.details or {},
        due_on=mail.due_on,
        decided_at=mail.decided_at,
        settled_at=mail.settled_at,
        settled_by=settled_by,
        presumed=Presumed(*case) if case[0] is not None else None,
    )
