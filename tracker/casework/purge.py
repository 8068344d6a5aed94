"""Owns the tidying up: uploads whose form was never sent, and counts of tries that no longer matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select

from tracker.charter.counting import aware
from tracker.models.database import Database
from tracker.models.messages import Attachment
from tracker.models.operations import Throttle

FORM_LIFE = timedelta(days=2)
"""How long an upload waits for its form: longer than a form may stay open, with a night between."""
THROTTLE_LIFE = timedelta(days=1)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Purged:
    """How much one pass removed."""

    uploads: int
    throttles: int


def purge(database: Database, folder: Path, *, now: datetime) -> Purged:
    """Remove what nobody waits for at ``now`` (aware): first the row, in a commit of its own, then its file.

    A file whose row is gone is left behind by a crash at worst; a row never points to nothing. Raises
    ``NaiveDatetime``.
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
    return Purged(uploads, getattr(old, "rowcount", 0))


def _remove(names: Sequence[str], folder: Path) -> None:
    root = folder.resolve()
    for name in names:
        path = (root / name).resolve()
        if path.is_relative_to(root):
            path.unlink(missing_ok=True)
