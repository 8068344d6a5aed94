"""Owns what is read of messages that are being written on a case: by whom, since when, and their words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.words import MessageKind
from tracker.models.drafts import KeptDraft, stamp_of
from tracker.models.staff import Staff


@dataclass(frozen=True, slots=True)
class Begun:
    """A message that somebody has begun."""

    author_id: int
    author: str
    begun_by: str | None
    """The colleague from whom its author took it over."""
    kept_at: datetime
    typed: Mapping[str, str]

    @property
    def stamp(self) -> str:
        """Which state of the draft it is."""
        return stamp_of(self.kept_at)

    @property
    def words(self) -> str:
        """The author's own words."""
        return self.typed.get("text") or self.typed.get("reason") or ""


def begun_on(session: Session, case_id: int, kind: MessageKind) -> list[Begun]:
    """Return the drafts of a message on a case, the newest first; whoever asks may write that message."""
    query = (
        select(KeptDraft.author_id, Staff.name, KeptDraft.begun_by, KeptDraft.kept_at, KeptDraft.typed)
        .join(Staff, Staff.id == KeptDraft.author_id)
        .where(KeptDraft.case_id == case_id, KeptDraft.kind == kind)
        .order_by(KeptDraft.kept_at.desc(), KeptDraft.id)
    )
    return [Begun(*row) for row in session.connection().execute(query)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message of a case that somebody has begun: which, who and when, without its words."""

    kind: MessageKind
    author_id: int
    author: str
    kept_at: datetime


def begun_on_case(session: Session, case_id: int) -> list[Waiting]:
    """Return what was begun on a case, the newest first, ten at most (one statement)."""
    query = (
        select(KeptDraft.kind, KeptDraft.author_id, Staff.name, KeptDraft.kept_at)
        .join(Staff, Staff.id == KeptDraft.author_id)
        .where(KeptDraft.case_id == case_id)
        .order_by(KeptDraft.kept_at.desc(), KeptDraft.id)
        .limit(10)
    )
    return [Waiting(*row) for row in session.connection().execute(query)]
