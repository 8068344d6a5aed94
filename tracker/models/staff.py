"""Owns the rows about members of staff: who they are, what they are there for, who stands in for them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import Language, Role
from tracker.models.base import Base, BigId, Sealed, Word, one_of


class Staff(Sealed, Base):
    """A member of staff. Name, title, phone and e-mail go under every letter they sign (charter §2)."""

    __tablename__ = "staff"
    __table_args__ = (
        one_of("role", Role),
        one_of("language", Language),
        CheckConstraint("email = lower(email)", name="email_in_small_letters"),
        CheckConstraint("deputy_id IS NULL OR deputy_id <> id", name="deputy_is_another"),
        CheckConstraint("away_from IS NULL OR away_until IS NULL OR away_from <= away_until", name="away_in_order"),
        CheckConstraint("NOT (is_desk AND password_hash IS NOT NULL)", name="a_desk_does_not_log_in"),
        Index("ix_staff_role_active", "role", "active"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    titles: Mapped[dict[str, Any] | None]
    """The title by language; where there is none: the role, said in the language of whoever reads it."""
    phone: Mapped[str] = mapped_column(String(60))
    role: Mapped[Role] = mapped_column(Word(Role))
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"), index=True)
    language: Mapped[Language] = mapped_column(Word(Language), default=Language.FR)
    password_hash: Mapped[str | None] = mapped_column(Text)
    """Argon2; none: this account cannot log in."""
    active: Mapped[bool] = mapped_column(default=True)
    is_desk: Mapped[bool] = mapped_column(default=False)
    """A desk, not a person: it holds what reaches it while nobody is there, and cannot log in."""
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    away_from: Mapped[date | None]
    """First day of absence, Brussels date; with no ``away_until`` it lasts until further notice."""
    away_until: Mapped[date | None]
    """Last day of absence, Brussels date, included."""
    created_at: Mapped[datetime]

    def away_on(self, day: date) -> bool:
        """Say whether this person is away on a day (Brussels date)."""
        if self.away_from is None:
            return False
        return self.away_from <= day and (self.away_until is None or day <= self.away_until)
