"""Owns the rows of the promises: each obligation, what kept it, its breach, and the notices about it."""

from dataclasses import fields
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.obligations import Obligation as Promise
from tracker.charter.steps import steps_of
from tracker.charter.words import Act, NoticeState, ObligationKind, ObligationState, WaiverGround
from tracker.models.base import Base, BigId, Sealed, Word, one_of


class Obligation(Sealed, Base):
    """One dated promise on a case, stored when it arose, with the rule and the steps of the count."""

    __tablename__ = "obligations"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        one_of("kind", ObligationKind),
        one_of("state", ObligationState),
        one_of("waiver_ground", WaiverGround),
        CheckConstraint("work_by <= due_on", name="work_by_not_after_due"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled_exactly_when_not_open"),
        CheckConstraint("(settled_at IS NULL) = (settled_on IS NULL)", name="settled_whole"),
        CheckConstraint("(state = 'replaced') = (replaced_by IS NOT NULL)", name="replaced_by_another"),
        CheckConstraint("replaced_by IS NULL OR replaced_by <> number", name="not_replaced_by_itself"),
        CheckConstraint(
            "(state = 'waived') = (waiver_ground IS NOT NULL AND waiver_evidence IS NOT NULL)",
            name="waived_with_evidence",
        ),
        CheckConstraint("(state = 'open') = (next_action_at IS NOT NULL)", name="open_has_a_next_action"),
        CheckConstraint("kind <> 'promised_reply' OR days IS NULL", name="promised_on_a_date"),
        CheckConstraint("number >= 1", name="number_from_one"),
        Index("ix_obligations_next_action", "next_action_at", "id", postgresql_where=text("state = 'open'"),
              sqlite_where=text("state = 'open'")),
        Index("ix_obligations_due_on", "due_on", "id"),
    )  # fmt: skip
    UNSEALED: ClassVar[frozenset[str]] = frozenset({"next_action_at"})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    """1, 2, 3 … within the case, in the order in which they arose."""
    kind: Mapped[ObligationKind] = mapped_column(Word(ObligationKind))
    rule_id: Mapped[str] = mapped_column(String(20))
    rule_version: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    counted_from: Mapped[date]
    """Day 0 of the count (Brussels)."""
    days: Mapped[int | None]
    due_on: Mapped[date]
    """The last day allowed, until 24:00 in Brussels; never moved for a week-end or a holiday."""
    work_by: Mapped[date]
    provisional: Mapped[bool]
    """True when ``work_by`` lies past what is known of the closing days."""
    steps: Mapped[list[Any]]
    state: Mapped[ObligationState] = mapped_column(Word(ObligationState))
    arose_at: Mapped[datetime]
    decide_by: Mapped[date | None]
    born_late: Mapped[bool] = mapped_column(default=False)
    settled_at: Mapped[datetime | None]
    settled_on: Mapped[date | None]
    replaced_by: Mapped[int | None]
    """The number of the obligation that took its place."""
    waiver_ground: Mapped[WaiverGround | None] = mapped_column(Word(WaiverGround))
    waiver_evidence: Mapped[str | None] = mapped_column(Text)
    next_action_at: Mapped[datetime | None]
    """When the sweep has to look at it next: the first rung without a notice. Computed, so not sealed."""


_OF_A_PROMISE = tuple(each.name for each in fields(Promise) if each.name != "steps")


def promise_of(row: Obligation) -> Promise:
    """Return a stored obligation as the charter's value."""
    return Promise(**{name: getattr(row, name) for name in _OF_A_PROMISE}, steps=steps_of(row.steps))


def write_promise(promise: Promise, row: Obligation) -> None:
    """Write an obligation of the charter into its row."""
    for name in _OF_A_PROMISE:
        setattr(row, name, getattr(promise, name))
    row.steps = [step.to_json() for step in promise.steps]


class Discharge(Sealed, Base):
    """A message that fulfilled an obligation by leaving; a transmission has two."""

    __tablename__ = "discharges"
    __table_args__ = (
        one_of("act", Act),
        CheckConstraint("(voided_at IS NULL) = (void_evidence IS NULL)", name="voided_with_evidence"),
        CheckConstraint("act <> 'interim' OR promised_on IS NOT NULL", name="interim_has_a_date"),
        Index("ix_discharges_obligation_id", "obligation_id"),
        Index("ix_discharges_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    act: Mapped[Act] = mapped_column(Word(Act))
    left_on: Mapped[date]
    promised_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    void_evidence: Mapped[str | None] = mapped_column(Text)


class Breach(Sealed, Base):
    """The fact that nothing kept a promise in time. It stays, whatever happens later."""

    __tablename__ = "breaches"

    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id"), primary_key=True)
    due_on: Mapped[date]
    became_true_at: Mapped[datetime]
    """00:00 in Brussels after ``due_on``."""
    recorded_at: Mapped[datetime]
    born_late: Mapped[bool] = mapped_column(default=False)
    """The obligation arose when its date was already past: reported apart."""


class Notice(Sealed, Base):
    """One rung of the ladder for one obligation and due date: there is never a second."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("obligation_id", "rung", "due_on"),
        one_of("state", NoticeState),
        Index("ix_notices_unattended", "id", postgresql_where=text("state = 'unattended'"),
              sqlite_where=text("state = 'unattended'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligations.id"))
    rung: Mapped[str] = mapped_column(String(20))
    due_on: Mapped[date]
    state: Mapped[NoticeState] = mapped_column(Word(NoticeState))
    moment: Mapped[datetime]
    """When the ladder called for it."""
    recorded_at: Mapped[datetime]
    escalation: Mapped[bool]
    """It went above the handler."""
    recipients: Mapped[list[Any]]
    """Ids of the members of staff it is for."""
