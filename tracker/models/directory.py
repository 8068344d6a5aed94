"""Owns the rows of the service directory: our own units, other public services, and bodies that are neither."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import PostKind, ServiceKind
from tracker.models.base import Base, BigId, Sealed, Word, one_of


class Service(Sealed, Base):
    """A unit of the FPS or an outside body, as the reviewed directory describes it (loaded by ``tracker init``)."""

    __tablename__ = "services"
    __table_args__ = (
        one_of("kind", ServiceKind),
        CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_from < valid_to", name="validity_in_order"),
    )

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    kind: Mapped[ServiceKind] = mapped_column(Word(ServiceKind))
    names: Mapped[dict[str, Any]]
    """Its name by language: ``{"fr": …, "nl": …, "de": …, "en": …}``."""
    phone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(254))
    postal_address: Mapped[str | None] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(String(10))
    """How a case is transmitted to it: ``email``, ``post`` or ``web``; none: a person finds out."""
    associated: Mapped[list[Any]]
    """Codes of the services that share its competence and join its cases by themselves (P13)."""
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    """The first day on which it is no longer valid; none: still valid."""

    def stands_on(self, day: date) -> bool:
        """Tell whether it is in force on a day (Brussels)."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)


class Post(Sealed, Base):
    """A Belgian post abroad, as its source told it: none without a source and the day it was read (P12)."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("country", "city", "kind", name="uq_posts_country_city_kind"),
        one_of("kind", PostKind),
        CheckConstraint("source <> ''", name="has_a_source"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    country: Mapped[str] = mapped_column(String(2))
    """Where it is (ISO 3166-1, two letters)."""
    city: Mapped[str] = mapped_column(String(120))
    kind: Mapped[PostKind] = mapped_column(Word(PostKind))
    names: Mapped[dict[str, Any]]
    """Its name by language."""
    phone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(254))
    postal_address: Mapped[str | None] = mapped_column(Text)
    covers: Mapped[list[Any]]
    """The countries that it serves beside its own."""
    source: Mapped[str] = mapped_column(Text)
    read_on: Mapped[date]
    """The day on which the source was read."""
    valid_to: Mapped[date | None]
    """The first day on which it is no longer there; none: it is."""
    loaded_at: Mapped[datetime]
