"""Owns the check of the letters that are kept: each file is there, and is the one that was printed."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from tracker.insight.verify import Problem
from tracker.models.database import Database
from tracker.models.paper import Letter

BLOCK = 1000


def verify_letters(database: Database, folder: Path) -> Iterator[Problem]:
    """Yield every letter whose PDF under ``folder`` is missing or is not what it was. Nothing is written."""
    after = 0
    while True:
        with database.reading() as session:
            query = select(Letter.message_id, Letter.stored_as, Letter.size, Letter.sha256)
            query = query.where(Letter.message_id > after).order_by(Letter.message_id).limit(BLOCK)
            rows = session.execute(query).all()
        for row in rows:
            try:
                content = (folder / row.stored_as).read_bytes()
            except OSError:
                yield Problem("letters", str(row.message_id), "the PDF that was kept cannot be read")
                continue
            if (len(content), sha256(content).hexdigest()) != (row.size, row.sha256):
                yield Problem("letters", str(row.message_id), "the PDF is not the one that was kept")
        if len(rows) < BLOCK:
            return
        after = rows[-1].message_id
