"""Owns the tidying up: uploads of forms never sent, files without a row, what erasures left, what is long past."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from tracker.casework.erasing import Folders, tidy
from tracker.charter.counting import aware
from tracker.models.database import Database
from tracker.models.messages import Attachment
from tracker.models.operations import EndedLogin, SentForm, Throttle
from tracker.models.paper import Letter

FORM_LIFE = timedelta(days=2)
"""How long an upload waits for its form: longer than a form may stay open, with a night between."""
STRAY_LIFE = timedelta(days=60)
"""How far back files are looked through for those without a row: the older ones were, long ago."""
THROTTLE_LIFE = timedelta(days=1)
SENT_LIFE = timedelta(days=1)
"""How long a form of staff that is sent again is known to have been done."""
BATCH = 200


@dataclass(frozen=True, slots=True)
class Purged:
    """How much one pass removed."""

    uploads: int
    strays: int
    """Files to be attached that a crash left without a row."""
    letters: int
    """Files of letters that were never kept, or were made anew."""
    throttles: int
    logins: int
    """Logins that were ended and would be over by themselves now."""
    sent: int
    """Forms of staff that were done too long ago to be sent again by mistake."""
    erasures: int
    """Erasures of which nothing is left on the disk from now on."""


def purge(database: Database, folder: Path, *, letters: Path, mail: Path, now: datetime) -> Purged:
    """Remove what nobody waits for at ``now`` (aware): first the row, in a commit of its own, then its file.

    A file whose row is gone is left behind by a crash at worst, and found later; a row never points to nothing.
    ``folder``: where uploads and the files of mail lie; ``letters``: where the PDFs of letters do; ``mail``: where
    raw mail does. Raises ``NaiveDatetime``.
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
        over = session.execute(delete(EndedLogin).where(EndedLogin.until < now))
        sent = session.execute(delete(SentForm).where(SentForm.sent_at < now - SENT_LIFE))
    return Purged(
        uploads=uploads,
        strays=_remove_strays(database, folder, Attachment.stored_as, now),
        letters=_remove_strays(database, letters, Letter.stored_as, now),
        throttles=getattr(old, "rowcount", 0),
        logins=getattr(over, "rowcount", 0),
        sent=getattr(sent, "rowcount", 0),
        erasures=tidy(database, Folders(attachments=folder, letters=letters, mail=mail), now=now),
    )


def _remove_strays(database: Database, folder: Path, known: InstrumentedAttribute[str], now: datetime) -> int:
    """Remove the files that no row points to: those of a crash between file and commit, or made anew since."""
    youngest, oldest = (now - FORM_LIFE).timestamp(), (now - STRAY_LIFE).timestamp()
    old = [name for name, written_at in _files(folder) if oldest < written_at < youngest]
    removed = 0
    for start in range(0, len(old), BATCH):
        some = old[start : start + BATCH]
        with database.reading() as session:
            kept = set(session.scalars(select(known).where(known.in_(some))))
        gone = [name for name in some if name not in kept]
        _remove(gone, folder)
        removed += len(gone)
    return removed


def _files(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield each file under a folder, by its path in it, and when it was written."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with suppress(FileNotFoundError):  # somebody took it away meanwhile
                yield str(path.relative_to(folder)), path.stat().st_mtime


def _remove(names: Sequence[str], folder: Path) -> None:
    root = folder.resolve()
    for name in names:
        path = (root / name).resolve()
        if path.is_relative_to(root):
            path.unlink(missing_ok=True)
