"""Owns how the daily book is read: its lines by day, by year or by their words, and what each reader may see.

Numbers are shown to whoever opens the book; who wrote and about what, only to those who may read the case.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from tracker.charter.reference import BadReference, Reference
from tracker.charter.words import Channel, Direction
from tracker.insight.casefacts import File
from tracker.insight.sight import Viewer, may_read
from tracker.insight.wording import holds
from tracker.models.cases import Case
from tracker.models.messages import Attachment, Message
from tracker.models.paper import RegisterEntry
from tracker.models.staff import Staff

PAGE = 100
MOST_WORDS = 8
"""How many words are looked for; who writes more has said enough."""
_NUMBER = re.compile(r"(?:(\d{4})\s*/\s*)?(\d{1,9})", re.ASCII)
"""A number of the year as it is written on paper, 57 or 2026/57."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the book. What the reader may not see is None, and there are no files."""

    number: int
    """Within the year."""
    day: date
    """The Brussels day on which it was entered."""
    day_number: int
    channel: Channel
    on_day: date
    """The Brussels day on which it came in, or left."""
    reason: str | None
    came_back: bool
    """A letter of ours that the post brought back."""
    entered_at: datetime
    entered_by: str | None
    reference: str | None
    correspondent: str | None
    subject: str | None
    files: tuple[File, ...]

    @property
    def is_visible(self) -> bool:
        """Say whether the reader may see what it is about."""
        return self.reference is not None


@dataclass(frozen=True, slots=True)
class Pages:
    """Where one part of the book goes on: numbers to start from; none: nothing there."""

    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around a day: the days before and after that have lines, and its own highest numbers, in and out."""

    before: date | None
    after: date | None
    came_in: int
    went_out: int


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the book is read: one side of it, on one day or in a whole year, of every channel or of one.

    ``words``: only the lines with this number or reference, or with all these words in their name and subject.
    """

    direction: Direction
    year: int
    day: date | None = None
    """None: the whole year."""
    channel: Channel | None = None
    words: str = ""

    @property
    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """Return what a line of this part is."""
        found: list[ColumnElement[bool]] = [RegisterEntry.direction == self.direction]
        found.append(RegisterEntry.year == self.year if self.day is None else RegisterEntry.day == self.day)
        if self.channel is not None:
            found.append(RegisterEntry.channel == self.channel)
        return tuple(found)


def lines(session: Session, viewer: Viewer, part: Part, *, start: int | None = None) -> tuple[list[Line], Pages]:
    """Return the lines from a number on, with where the pages before and after begin (four statements at most).

    Without ``start``: a day from its first line, a year so that its newest line is the last one shown. What is
    looked for by its words is shown up to ``start``, and without one up to the newest line.
    """
    if part.words:
        return _found(session, viewer, part, start)
    first = start if start is not None or part.day is not None else _page_before(session, part, None)
    found, more = _read(session, viewer, part, RegisterEntry.number >= (first or 1))
    before = _page_before(session, part, found[0].number) if found else None
    return found, Pages(before=before, after=more)


def _read(session: Session, viewer: Viewer, part: Part, which: ColumnElement[bool]) -> tuple[list[Line], int | None]:
    """Return a page of lines, with the number that comes after it (two statements)."""
    query = (
        select(RegisterEntry, Case.reference, Message.direction, Staff.name, may_read(viewer).label("visible"))
        .join(Case, Case.id == RegisterEntry.case_id)
        .join(Message, Message.id == RegisterEntry.message_id)
        .outerjoin(Staff, Staff.id == RegisterEntry.entered_by)
        .where(*part.conditions, which)
        .order_by(RegisterEntry.number)
        .limit(PAGE + 1)
    )
    found = session.execute(query).all()
    shown, more = found[:PAGE], found[PAGE:]
    files = _files(session, [row[0].message_id for row in shown if row.visible and part.direction is Direction.IN])
    return [_line(row.visible, tuple(row), files) for row in shown], more[0][0].number if more else None


def _found(session: Session, viewer: Viewer, part: Part, start: int | None) -> tuple[list[Line], Pages]:
    """Return the newest lines with some words, up to a number: each page walks the book only as far as it must."""
    query = (
        select(RegisterEntry.number)
        .join(Case, Case.id == RegisterEntry.case_id)
        .where(*part.conditions, *_with_words(viewer, part))
    )
    down = query if start is None else query.where(RegisterEntry.number <= start)
    numbers = session.scalars(down.order_by(RegisterEntry.number.desc()).limit(PAGE + 1)).all()
    shown, more = numbers[:PAGE], numbers[PAGE:]
    after = None
    if start is not None:
        up = query.where(RegisterEntry.number > start).order_by(RegisterEntry.number).limit(PAGE)
        after = max(session.scalars(up), default=None)
    found, _none = _read(session, viewer, part, RegisterEntry.number.in_(shown)) if shown else ([], None)
    return found, Pages(before=more[0] if more else None, after=after)


def _with_words(viewer: Viewer, part: Part) -> list[ColumnElement[bool]]:
    """Return what a line must be to be found. Its number is nobody's secret; its text is, with the case."""
    try:
        reference = Reference.parse(part.words)
    except BadReference:
        pass
    else:
        case = select(Case.id).where(Case.reference == str(reference)).scalar_subquery()
        return [RegisterEntry.case_id == case, may_read(viewer)]
    year, number = numbered(part.words) or (None, 0)
    is_it = RegisterEntry.number == number
    if year is not None:
        return [is_it, RegisterEntry.year == year]
    told = [or_(*(holds(text, word) for text in _TOLD)) for word in part.words.split()[:MOST_WORDS]]
    return [or_(is_it, and_(*told)), or_(is_it, may_read(viewer))]


_TOLD = (RegisterEntry.correspondent, RegisterEntry.subject)


def numbered(words: str) -> tuple[int | None, int] | None:
    """Return the year, if it is said, and the number that words name; none: they name none."""
    named = _NUMBER.fullmatch(words.strip())
    return (int(named[1]) if named[1] else None, int(named[2])) if named else None


def _page_before(session: Session, part: Part, number: int | None) -> int | None:
    """Return the number that the page before a number begins with, or the last page; none: there is none."""
    query = select(RegisterEntry.number).where(*part.conditions)
    if number is not None:
        query = query.where(RegisterEntry.number < number)
    page = query.order_by(RegisterEntry.number.desc()).limit(PAGE).subquery()
    first: int | None = session.scalar(select(func.min(page.c.number)))
    return first


def _line(visible: bool, row: tuple[Any, ...], files: dict[int, list[File]]) -> Line:
    entry, reference, direction, name = row[:4]
    return Line(
        number=entry.number,
        day=entry.day,
        day_number=entry.day_number,
        channel=entry.channel,
        on_day=entry.on_day,
        reason=entry.reason if visible else None,
        came_back=entry.direction is Direction.IN and direction is Direction.OUT,
        entered_at=entry.entered_at,
        entered_by=name,
        reference=reference if visible else None,
        correspondent=entry.correspondent if visible else None,
        subject=entry.subject if visible else None,
        files=tuple(files.get(entry.message_id, ())) if visible else (),
    )


def _files(session: Session, messages: Sequence[int]) -> dict[int, list[File]]:
    """Return the scans and other files that came with messages, by message."""
    found: dict[int, list[File]] = {}
    if messages:
        query = select(Attachment).where(Attachment.message_id.in_(messages)).order_by(Attachment.id)
        for file in session.scalars(query):
            found.setdefault(file.message_id or 0, []).append(File(file.id, file.name, file.size))
    return found


def around(session: Session, day: date) -> Around:
    """Return the days around a day that have lines, whichever way, and how far its own numbers go (one statement)."""
    looked_up = [
        select(found).where(RegisterEntry.direction == direction, which).scalar_subquery()
        for found, which in (
            (func.max(RegisterEntry.day), RegisterEntry.day < day),
            (func.min(RegisterEntry.day), RegisterEntry.day > day),
            (func.max(RegisterEntry.day_number), RegisterEntry.day == day),
        )
        for direction in (Direction.IN, Direction.OUT)
    ]
    found = session.execute(select(*looked_up)).one()
    before, after = ([one for one in pair if one is not None] for pair in (found[:2], found[2:4]))
    return Around(max(before, default=None), min(after, default=None), found[4] or 0, found[5] or 0)


def years(session: Session) -> dict[int, tuple[int, int]]:
    """Return the years that have lines, the newest first, with their highest numbers, in and out (one statement)."""
    query = (
        select(RegisterEntry.year, RegisterEntry.direction, func.max(RegisterEntry.number))
        .group_by(RegisterEntry.year, RegisterEntry.direction)
        .order_by(RegisterEntry.year.desc())
    )
    found: dict[int, tuple[int, int]] = {}
    for year, direction, highest in session.execute(query):
        came_in, went_out = found.get(year, (0, 0))
        found[year] = (highest, went_out) if direction is Direction.IN else (came_in, highest)
    return found


@dataclass(frozen=True, slots=True)
class Numbered:
    """The number that something was given, of the day and of the year."""

    direction: Direction
    day: date
    day_number: int
    number: int


def numbers_of(session: Session, reference: str) -> list[Numbered]:
    """Return the numbers of the lines on a case, in the order in which they were given (one statement)."""
    query = (
        select(RegisterEntry)
        .join(Case, Case.id == RegisterEntry.case_id)
        .where(Case.reference == reference)
        .order_by(RegisterEntry.id)
    )
    return [Numbered(e.direction, e.day, e.day_number, e.number) for e in session.scalars(query)]
