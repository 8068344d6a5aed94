"""Owns what was taken out: numbers of the daily book that no line has, messages without a line, counted rows.

Suivi leaves no number out and enters all that is on paper or said. How far each year has come is kept beside the
lines, and each line belongs to a message, which the sealed history of the case names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from tracker.charter.words import PAPER, SPOKEN, Direction, LinkKind
from tracker.models.cases import Case
from tracker.models.links import CaseLink
from tracker.models.messages import Message
from tracker.models.paper import RegisterEntry, RegisterYear
from tracker.models.tallies import Tally, counted_tables

MOST_GAPS = 20
"""How many gaps are named; more than a few say that something is very wrong, and a person must look anyhow."""
LATEST = 5000
"""Among how many of the newest messages the page of the book looks for one without its line."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of the year that no line has: from the first to the last of them."""

    first: int
    last: int


def gaps(session: Session, direction: Direction, year: int) -> list[Gap]:
    """Return the numbers of a year that no line has, the first ones first (one statement where none is missing)."""
    of_the_year = RegisterEntry.direction == direction, RegisterEntry.year == year
    given = select(RegisterYear.number).where(RegisterYear.direction == direction, RegisterYear.year == year)
    lines, highest, last = session.execute(
        select(func.count(), func.max(RegisterEntry.number), given.scalar_subquery()).where(*of_the_year)
    ).one()  # fmt: skip
    highest, last = highest or 0, last or 0
    if lines == max(highest, last):
        return []
    at_the_end = [Gap(highest + 1, last)] if last > highest else []
    before = func.coalesce(func.lag(RegisterEntry.number).over(order_by=RegisterEntry.number), literal(0))
    steps = select(RegisterEntry.number, before.label("before")).where(*of_the_year).subquery()
    query = select(steps.c.before, steps.c.number).where(steps.c.number > steps.c.before + 1)
    found = session.execute(query.order_by(steps.c.number).limit(MOST_GAPS))
    return [*(Gap(before + 1, number - 1) for before, number in found), *at_the_end]


def not_kept(session: Session) -> list[tuple[Direction, int]]:
    """Return the sides and years of which a line has a higher number than what is kept as the last one given."""
    same = and_(RegisterYear.direction == RegisterEntry.direction, RegisterYear.year == RegisterEntry.year)
    query = (
        select(RegisterEntry.direction, RegisterEntry.year)
        .outerjoin(RegisterYear, same)
        .group_by(RegisterEntry.direction, RegisterEntry.year, RegisterYear.number)
        .having(func.max(RegisterEntry.number) > func.coalesce(RegisterYear.number, 0))
        .order_by(RegisterEntry.year, RegisterEntry.direction)
    )
    return [(direction, year) for direction, year in session.execute(query)]


def without_a_line(session: Session, direction: Direction, *, latest: int | None = None) -> list[tuple[int, str]]:
    """Return the messages that should have a line on one side and have none, with their case (two statements).

    ``latest``: only among so many of the newest messages. What came in or left before the first line of the book was
    entered is older than the book.
    """
    begun_at = session.scalar(select(RegisterEntry.entered_at).order_by(RegisterEntry.id).limit(1))
    if begun_at is None:
        return []
    entered = select(RegisterEntry.id).where(
        RegisterEntry.message_id == Message.id, RegisterEntry.direction == direction
    )
    query = (
        select(Message.id, Case.reference)
        .join(Case, Case.id == Message.case_id)
        .where(Message.direction == direction, Message.channel.in_(PAPER + SPOKEN), ~entered.exists())
    )
    if direction is Direction.IN:
        registered = and_(Message.number == 1, Case.registered_at >= begun_at)
        query = query.where(or_(registered, Message.written_at >= begun_at), ~_copied())
    else:
        query = query.where(Message.left_at >= begun_at)
    if latest is not None:
        query = query.where(Message.id > select(func.max(Message.id) - latest).scalar_subquery())
    return [(message, reference) for message, reference in session.execute(query.order_by(Message.id))]


def _copied() -> ColumnElement[bool]:
    """Say that a message was brought along from a case that was merged into its own, or is a part of another's.

    There it has its line.
    """
    there, gone = aliased(Message), aliased(Case)
    same = and_(
        there.direction == Direction.IN,
        there.written_at == Message.written_at,
        there.kind == Message.kind,
        there.channel == Message.channel,
    )
    merged = select(gone.id).join(there, there.case_id == gone.id).where(gone.merged_into_id == Message.case_id, same)
    split = select(CaseLink.id).where(
        CaseLink.case_id == Message.case_id, CaseLink.kind == LinkKind.SPLIT, Message.number == 1
    )
    return or_(merged.exists(), split.exists())


def not_as_many(session: Session) -> Iterator[tuple[str, int | None, int]]:
    """Yield the tables that are counted and have lost rows: the name, how many were written, how many are left.

    ``None`` were written where the count itself was taken out. One statement: both numbers are of one moment, also
    where rows are written meanwhile.
    """
    each = (
        select(
            literal(table.name),
            select(Tally.written).where(Tally.name == table.name).scalar_subquery(),
            select(func.count()).select_from(table).scalar_subquery(),
        )
        for table in counted_tables()
    )
    for name, written, left in session.execute(union_all(*each)):
        if left != (written or 0):
            yield name, written, left
