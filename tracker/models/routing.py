"""Owns the rows of routing: what staff taught the router, models trained from it, rules, every change in force."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Channel, Language, Nature, RoutingSubject, RuleState
from tracker.models.base import Base, BigId, Sealed, Word, one_of
from tracker.models.tallies import Counted


class RoutingExample(Sealed, Base):
    """Where a case belongs, as staff decided it, with its text masked: the router learns from it. The latest counts.

    It goes with its case when that is erased; a sensitive case has none.
    """

    __tablename__ = "routing_examples"
    __table_args__ = (
        one_of("language", Language),
        one_of("nature", Nature),
        CheckConstraint("text <> ''", name="not_empty"),
        Index("ix_routing_examples_noted_at", "noted_at"),
    )

    case_id: Mapped[int] = mapped_column(
        ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(Text)
    """Subject and text of the request, personal data masked."""
    language: Mapped[Language] = mapped_column(Word(Language))
    country: Mapped[str | None] = mapped_column(String(2))
    nature: Mapped[Nature | None] = mapped_column(Word(Nature))
    """As a person confirmed it; none: nobody did yet."""
    urgent: Mapped[bool]
    proposed: Mapped[str | None] = mapped_column(String(60))
    """The code that the router put first; none: it proposed nothing."""
    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"))
    """Where it belongs."""
    model: Mapped[str | None] = mapped_column(String(40))
    """The version of the model that proposed."""
    noted_at: Mapped[datetime]
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class RoutingModel(Sealed, Base):
    """A model that was trained here. None is ever changed or deleted, so that one can go back to it."""

    __tablename__ = "routing_models"
    __table_args__ = (Index("ix_routing_models_trained_at", "trained_at"),)

    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The file of the model, as ``Model.from_bytes`` reads it."""
    figures: Mapped[dict[str, Any]]
    """How good it was beside the model it replaced, on texts that neither had been trained on."""
    trained_at: Mapped[datetime]
    """What staff taught until then is in it."""
    trained_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """None: by the command."""


class RoutingChange(Counted, Base):
    """One change of what the router goes by: which model is in force, a rule of staff, an entry of the directory.

    The highest number tells every process whether its router is still the one in force. The database refuses UPDATE
    and DELETE by trigger.
    """

    __tablename__ = "routing_changes"
    __table_args__ = (
        one_of("subject", RoutingSubject),
        CheckConstraint("number >= 1", name="number_from_one"),
        Index("ix_routing_changes_subject", "subject", "what", "number"),
        Index("ix_routing_changes_at", "at", "number"),
    )

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    """1, 2, 3 … without a gap, in the order of the commits."""
    subject: Mapped[RoutingSubject] = mapped_column(Word(RoutingSubject))
    what: Mapped[str] = mapped_column(String(80))
    """The version of the model that came into force (empty: the shipped one), the rule, or the service's code."""
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    actor: Mapped[str] = mapped_column(String(200))
    """Who did it, by name as it was that day; ``system`` when a command did."""
    details: Mapped[dict[str, Any] | None]
    """What changed, for people."""


class RoutingRule(Sealed, Base):
    """A rule that staff wrote for the router: whatever meets all its conditions goes to its service.

    It is tried on past cases before it counts. What it was before stands in ``RoutingChange``.
    """

    __tablename__ = "routing_rules"
    __table_args__ = (
        one_of("nature", Nature),
        one_of("channel", Channel),
        one_of("language", Language),
        one_of("state", RuleState),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("state <> 'in_force' OR tried IS NOT NULL", name="tried_before"),
        CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name="validity_in_order"),
        Index("ix_routing_rules_state", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(Text)
    """Why there is such a rule."""
    words: Mapped[dict[str, Any]]
    """By language, the patterns one of which must be found; none in any language: it does not ask for words."""
    place: Mapped[str | None] = mapped_column(String(12))
    """Where the person is or where it happened: a country (ISO 3166-1 alpha-2), ``abroad`` or ``in_belgium``."""
    nature: Mapped[Nature | None] = mapped_column(Word(Nature))
    channel: Mapped[Channel | None] = mapped_column(Word(Channel))
    language: Mapped[Language | None] = mapped_column(Word(Language))
    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"))
    """Where it sends; to a body outside it only proposes."""
    valid_from: Mapped[date | None]
    """The first day on which it counts, Brussels date."""
    valid_to: Mapped[date | None]
    """The last day on which it counts, Brussels date."""
    state: Mapped[RuleState] = mapped_column(Word(RuleState))
    version: Mapped[int]
    """Of its conditions and its target."""
    tried: Mapped[dict[str, Any] | None]
    """What this version would have changed on past cases; none: it was not tried."""
    changed_at: Mapped[datetime]
    changed_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
