"""Owns the search over the cases that somebody may see: newest file first, so many at a time, never all counted.

PostgreSQL is asked first how many it expects. Few: all of them are fetched at once. Many: the files are walked from
the newest in stretches of numbers, of which an index knows the words that occur, so that a word that was common once
costs little either. SQLite walks its full-text table in that order by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.charter.words import CaseState, Channel, Language, Nature
from tracker.insight.overview import Count
from tracker.insight.passages import Pieces, Sought
from tracker.insight.searching import MOST_COUNTED, Asked, keys
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.messages import Attachment, Message
from tracker.models.own_words import BY_ITSELF, own_text
from tracker.models.staff import Staff
from tracker.models.words import Term

PAGE = 50
MOST_MESSAGES, LONGEST = 60, 20_000
"""How many messages of a case are looked through for a passage, and how many characters of each."""
MOST_FILES = 60
"""How many names of files of a case are looked through."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One case that was found."""

    id: int
    reference: str
    received_at: datetime
    state: CaseState
    nature: Nature
    channel: Channel
    language: Language
    service_code: str | None
    handler: str
    sensitive: bool
    subject: Pieces
    requester: Pieces
    details: tuple[Pieces, ...]
    """The requester's address, number or e-mail, or the name of a file, where that is what was found."""
    passage: Pieces
    """From what was written, around the first word; empty when no word is in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found."""

    hits: tuple[Hit, ...]
    count: Count | None
    """On the first page: how many in all."""
    older: int | None
    """What the next page starts after; none: this is the last."""


def search(session: Session, viewer: Viewer, asked: Asked, *, after: int | None = None) -> Found:
    """Return a page of the cases found, those with a number below ``after``."""
    if not viewer.reaches or asked.is_empty:
        return Found((), Count(0, more=False), None)
    wanted = PAGE + 1 if after is not None else MOST_COUNTED + 1
    found = keys(session, viewer, asked, wanted, below=after)
    count = Count(min(len(found), MOST_COUNTED), more=len(found) > MOST_COUNTED) if after is None else None
    shown = found[:PAGE]
    return Found(_hits(session, shown, asked.terms), count, shown[-1] if len(found) > PAGE else None)


def named(session: Session, viewer: Viewer, references: Sequence[str], numbers: Sequence[tuple[int | None, int]]
          ) -> tuple[Hit, ...]:  # fmt: skip
    """Return the cases that a mistyped or shortened reference may mean: by itself, or by number and year, if any."""
    if not (references or numbers) or not viewer.reaches:
        return ()
    wanted = Case.reference.in_(references) | Case.id.in_([number for _, number in numbers])
    found = session.execute(select(Case.id, Case.reference).where(wanted, may_read(viewer))).all()
    years = {number: year for year, number in numbers}
    fitting = [
        key for key, reference in found
        if reference in references or (year := years.get(key)) is None or reference.split("-")[1] == str(year)
    ]  # fmt: skip
    return _hits(session, sorted(fitting, reverse=True)[:PAGE], ())


def _hits(session: Session, cases: Sequence[int], terms: Sequence[Term]) -> tuple[Hit, ...]:
    """Return the rows of some cases, in their order (three statements)."""
    if not cases:
        return ()
    sought = Sought(terms)
    passages = _passages(session, cases, sought) if terms else {}
    files = _files(session, cases) if terms else {}
    rows = session.connection().execute(
        select(
            Case.id, Case.reference, Case.received_at, Case.state, Case.nature, Case.channel, Case.language,
            Case.service_code, Case.subject, Case.requester_name, Case.requester_email, Case.requester_phone,
            Case.requester_fax, Case.requester_address, Case.sensitive, Staff.name,
        ).join(Staff, Staff.id == Case.handler_id).where(Case.id.in_(cases)).order_by(Case.id.desc())
    )  # fmt: skip
    hits = []
    for row in rows:
        told = (row.requester_email, row.requester_phone, row.requester_fax, row.requester_address,
                *files.get(row.id, ())[:MOST_FILES])  # fmt: skip
        details = [sought.marked(" ".join(one.split()), row.language) for one in told if one]
        hits.append(
            Hit(row.id, row.reference, row.received_at, row.state, row.nature, row.channel, row.language,
                row.service_code, row.name, row.sensitive, sought.marked(row.subject, row.language),
                sought.marked(row.requester_name, row.language),
                tuple(one for one in details if any(piece.hit for piece in one)), passages.get(row.id, ()))
        )  # fmt: skip
    return tuple(hits)


def _files(session: Session, cases: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the files of some cases."""
    found: dict[int, list[str]] = {}
    names = select(Attachment.case_id, Attachment.name).where(Attachment.case_id.in_(cases)).order_by(Attachment.id)
    for case_id, name in session.connection().execute(names):
        found.setdefault(case_id or 0, []).append(name)
    return found


def _passages(session: Session, cases: Sequence[int], sought: Sought) -> dict[int, Pieces]:
    """Return for each case the first passage in which a word was found, of what somebody wrote."""
    said = (
        select(
            Message.case_id, Message.language, Message.kind, Message.direction, Message.reason, Message.signature,
            Message.template, func.substr(Message.body, 1, LONGEST).label("body"),
        )
        .where(Message.case_id.in_(cases), Message.kind.not_in(BY_ITSELF), Message.number <= MOST_MESSAGES)
        .order_by(Message.case_id, Message.number)
    )  # fmt: skip
    found: dict[int, Pieces] = {}
    for message in session.connection().execute(said):
        if not found.get(message.case_id):
            found[message.case_id] = sought.passage(own_text(message), message.language)
    return found
