"""Owns the reading of text modules: those of some services and those for all, found by the words in them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.charter.words import Language
from tracker.insight.wording import plain
from tracker.models.staff import Staff
from tracker.models.texts import TextModule

MOST = 1000
"""No more are looked through: far more than the services of a ministry ever keep in use."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text module as it stands."""

    id: int
    service_code: str | None
    """None: for every service."""
    language: Language
    title: str
    body: str
    version: int
    changed_at: datetime
    changed_by: str
    retired: bool


def passages(
    session: Session,
    *,
    services: Collection[str] | None = None,
    language: Language | None = None,
    words: str = "",
    retired: bool = False,
) -> list[Passage]:
    """Return the text modules that hold all these words, by title (one statement).

    ``services``: those of these and those for every service; none: all. Neither capitals nor accents matter.
    """
    query = _QUERY.where(TextModule.retired_at.is_not(None) if retired else TextModule.retired_at.is_(None))
    if services is not None:
        query = query.where(or_(TextModule.service_code.is_(None), TextModule.service_code.in_(sorted(services))))
    if language is not None:
        query = query.where(TextModule.language == language)
    wanted = plain(words).split()
    found = [_passage(text, name) for text, name in session.execute(query.limit(MOST))]
    kept = [one for one in found if all(word in plain(f"{one.title} {one.body}") for word in wanted)]
    return sorted(kept, key=lambda one: (plain(one.title), one.language, one.id))


def passage(session: Session, number: int) -> Passage | None:
    """Return one text module, in use or not (one statement)."""
    row = session.execute(_QUERY.where(TextModule.id == number)).one_or_none()
    return _passage(*row) if row is not None else None


_QUERY = select(TextModule, Staff.name).join(Staff, Staff.id == TextModule.changed_by).order_by(TextModule.id)


def _passage(text: TextModule, changed_by: str) -> Passage:
    return Passage(
        id=text.id,
        service_code=text.service_code,
        language=text.language,
        title=text.title,
        body=text.body,
        version=text.version,
        changed_at=text.changed_at,
        changed_by=changed_by,
        retired=text.retired_at is not None,
    )
