"""Owns what the queue can be narrowed to, and the orders it can be read in: each said as SQL over the cases.

What has an index of its own is found by it; the rest is looked for among the cases that come first (``stretches``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, not_, or_, select
from sqlalchemy.orm import aliased

from tracker.charter.words import Channel, Language, Nature, ObligationKind, Verb
from tracker.insight.shown import URGENT, marked
from tracker.insight.sight import IN_TRIAGE, Branch
from tracker.models.cases import Case
from tracker.models.drafts import KeptDraft
from tracker.models.history import History
from tracker.models.messages import Message


class Flag(StrEnum):
    """What can be true of a case beside its kind; several chosen: all of them."""

    URGENT = "urgent"
    SENSITIVE = "sensitive"
    NOT_SENT = "not_sent"
    UNCONFIRMED = "unconfirmed"
    """Nobody has confirmed its nature yet."""
    TO_AND_FRO = "to_and_fro"
    """It went to and fro, and the dispatchers' head is to decide where it goes."""
    DRAFT = "draft"
    """Somebody began to write, and what was typed is kept."""
    LEAVING = "leaving"
    """Something that would keep a promise is written and has not left yet."""


class Sort(StrEnum):
    """The order in which the queue is read."""

    DUE = "due"
    """What is due first, first."""
    RECEIVED = "received"
    """Who has waited longest, first."""
    REFERENCE = "reference"
    """The newest number first."""
    HANDLER = "handler"
    """By name, and for each what is due first."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a case must be to be listed; None: whatever it is."""

    service: str | None = None
    """The code of the lead service."""
    handler: int | None = None
    nature: Nature | None = None
    channel: Channel | None = None
    language: Language | None = None
    country: str | None = None
    kind: ObligationKind | None = None
    """Of the promise that is due next."""
    flags: frozenset[Flag] = frozenset()

    def __bool__(self) -> bool:
        """Say whether anything is asked for."""
        return any(getattr(self, field.name) for field in fields(self))

    def without(self, name: str) -> "Filters":
        """Return it without one of its conditions, by the name of its field."""
        changes: dict[str, Any] = {name: frozenset() if name == "flags" else None}
        return replace(self, **changes)

    def indexed(self, branch: Branch) -> list[ColumnElement[bool]]:
        """Return the conditions by which the database finds the cases."""
        found: list[ColumnElement[bool]] = []
        if self.handler is not None:
            found.append(Case.handler_id == self.handler)
        if self.service is not None:
            found.append(Case.service_code == self.service)
        if self.country is not None:
            found.append(Case.country == self.country)
        if self.nature is Nature.COMPLAINT:
            found.append(Case.nature == literal_column(f"'{Nature.COMPLAINT.value}'"))  # as its index says it
        if Flag.URGENT in self.flags:
            found += URGENT
        if Flag.NOT_SENT in self.flags:
            found.append(marked(branch, "not_sent"))
        if Flag.TO_AND_FRO in self.flags:
            found.append(IN_TRIAGE)
        if Flag.DRAFT in self.flags:
            found.append(Case.id.in_(select(KeptDraft.case_id)))
        return found

    def looked_at(self) -> list[ColumnElement[bool]]:
        """Return the conditions that each case is looked at for."""
        found: list[ColumnElement[bool]] = []
        if self.nature is not None:
            found.append(Case.nature == self.nature)
        if self.channel is not None:
            found.append(Case.channel == self.channel)
        if self.language is not None:
            found.append(Case.language == self.language)
        if self.kind is not None:
            found.append(Case.next_kind == self.kind)
        if Flag.SENSITIVE in self.flags:
            found.append(Case.sensitive.is_(True))
        if Flag.UNCONFIRMED in self.flags:
            found.append(Case.nature_confirmed_at.is_(None))
        if Flag.LEAVING in self.flags:
            found.append(waits_to_leave())
        if Flag.TO_AND_FRO in self.flags:
            found.append(_waits_for_head())
        return found


NONE = Filters()


def waits_to_leave() -> ColumnElement[bool]:
    """Return that something which would keep a promise is written and has not left yet."""
    return (
        select(Message.id)
        .where(
            Message.case_id == Case.id,
            Message.act.is_not(None),
            Message.left_on.is_(None),
        )
        .correlate(Case)
        .offset(literal_column("0"))  # asked of one case after the other: PostgreSQL believes that many wait
        .exists()
    )


_MOVES = (Verb.ASSIGN, Verb.TAKE, Verb.HAND_OVER)


def _waits_for_head() -> ColumnElement[bool]:
    """Return that the dispatchers' head was asked where a case goes, and it has gone nowhere since.

    The same as ``to_and_fro.wandering`` works out of the history, which a test holds it against.
    """
    asked, since = aliased(History), aliased(History)
    settled: Sequence[ColumnElement[bool]] = (
        since.verb == Verb.ROUTE,
        and_(since.verb == Verb.TRANSMIT, func.coalesce(since.details["to"].as_string(), "") != ""),
        and_(since.verb.in_(_MOVES), _true(since.details["decides"]), not_(_true(since.details["referred"]))),
    )
    later = exists().where(since.case_id == asked.case_id, since.seq > asked.seq, or_(*settled))
    here = (asked.case_id == Case.id, asked.verb.in_(_MOVES), _true(asked.details["referred"]), not_(later))
    return select(asked.id).where(*here).correlate(Case).exists()


def _true(value: Any) -> ColumnElement[bool]:
    """Return that a value of a document is there and true."""
    said: ColumnElement[bool] = func.coalesce(value.as_boolean(), False)
    return said
