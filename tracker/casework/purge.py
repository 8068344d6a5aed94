"""Owns the tidying up: uploads whose form was never sent, drafts of letters, counts of tries that matter no more."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select

from tracker.charter.counting import aware
from tracker.models.database import Database
from tracker.models.messages import Attachment
from tracker.models.operations import Throttle
from tracker.models.paper import Letter

FORM_LIFE = timedelta(days=2)
"""How long an upload waits for its form: longer than a form may stay open, with a night between."""
DRAFT_LIFE = timedelta(days=60)
"""How far back files of letters are looked through: the older ones were, long ago."""
THROTTLE_LIFE = timedelta(days=1)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Purged:
    """How much one pass removed."""

    uploads: int
    letters: int
    """Files of letters that were never kept, or were made anew."""
    throttles: int


def purge(database: Database, folder: Path, *, letters: Path, now: datetime) -> Purged:
    """Remove what nobody waits for at ``now`` (aware): first the row, in a commit of its own, then its file.

    A file whose row is gone is left behind by a crash at worst; a row never points to nothing. ``folder``: where
    uploads lie; ``letters``: where the PDFs of letters do. Raises ``NaiveDatetime``.
    """
    now, uploads = aware(now), 0
    while True:
        with database.writing() as session:
            gone = session.execute(
                select(Attachment.id, Attachment.stored_as)
                .where(Attachment.case_id.is_(None), Attachment.added_at < now - FORM_LIFE)
                .order_by(Attachment.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            session.execute(delete(Attachment).where(Attachment.id.in_([row.id for row in gone])))
        _remove([row.stored_as for row in gone], folder)
        uploads += len(gone)
        if len(gone) < BATCH:
            break
    with database.writing() as session:
        old = session.execute(delete(Throttle).where(Throttle.window_start < now - THROTTLE_LIFE))
    return Purged(uploads, _purge_letters(database, letters, now), getattr(old, "rowcount", 0))


def _purge_letters(database: Database, folder: Path, now: datetime) -> int:
    """Remove the files that no letter is kept in: those of a crash, and of letters that were made anew."""
    youngest, oldest = (now - FORM_LIFE).timestamp(), (now - DRAFT_LIFE).timestamp()
    try:
        with os.scandir(folder) as files:
            old = [file.name for file in files if oldest < file.stat().st_mtime < youngest]
    except FileNotFoundError:
        return 0  # no letter was ever made, or a file went away meanwhile: the next pass sees the rest
    removed = 0
    for start in range(0, len(old), BATCH):
        some = old[start : start + BATCH]
        with database.reading() as session:
            kept = set(session.scalars(select(Letter.stored_as).where(Letter.stored_as.in_(some))))
        gone = [name for name in some if name not in kept]
        _remove(gone, folder)
        removed += len(gone)
    return removed


def _remove(names: Sequence[str], folder: Path) -> None:
    root = folder.resolve()
    for name in names:
        path = (root / name).resolve()
        if path.is_relative_to(root):
            path.unlink(missing_ok=True)
