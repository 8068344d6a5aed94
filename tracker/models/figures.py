"""Owns the rows of the figures: how many promises were kept, counted ahead so that a page need not count them."""

from datetime import date

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base


class Figure(Base):
    """One number about one service; no record: it is counted anew from the tables of record, and replaced whole.

    What each ``cut``, ``value`` and ``counted`` means is said in ``casework.figures``.
    """

    __tablename__ = "figures"
    __table_args__ = (CheckConstraint("number > 0", name="counts_something"),)

    service_code: Mapped[str] = mapped_column(String(60), primary_key=True)
    """The lead service of the cases; empty while they have none."""
    complaint: Mapped[bool] = mapped_column(primary_key=True)
    """Whether it counts complaints, or all the rest."""
    period: Mapped[date] = mapped_column(primary_key=True)
    """The first day of a month, or one day (Brussels)."""
    cut: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(60), primary_key=True)
    counted: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int]
