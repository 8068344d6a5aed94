"""Owns the rows of routing: what staff taught the router, the models trained from it, and every change in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Language, Nature, RoutingSubject
from tracker.models.base import Base, BigId, Sealed, Word, one_of


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


class RoutingChange(Sealed, Base):
    """One change of what the router goes by: which model is in force, a rule of staff, an entry of the directory.

    The highest number tells every process whether its router is still the one in force. The database refuses UPDATE
    and DELETE by trigger.
    """

    __tablename__ = "routing_changes"
    __table_args__ = (
        one_of("subject", RoutingSubject),
        CheckConstraint("number >= 1", name="number_from_one"),
        Index("ix_routing_changes_subject", "subject", "what", "number"),
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
