"""Owns the keeping of raw mail: whole on the disk under its digest, then in a row, before anything in it is read."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from tracker.charter.counting import aware
from tracker.correspondence.files import sync
from tracker.models.base import seal_of
from tracker.models.database import Database
from tracker.models.mail import Mail

CHUNK = 1024 * 1024
LEFT_ALONE = timedelta(hours=1)
"""How long a file without a row is left alone: whoever is laying it down may be about to write the row."""
PART_LIFE = timedelta(days=1)
"""How long half a file is left alone: no mail takes so long to be read."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A date of arrival before this is a clock that was never set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailroom:
    """Where mail and its files are kept in this process, and what it must know to judge them."""

    mail: Path
    """The folder that raw mail lies in."""
    attachments: Path
    """The folder that files lie in."""
    mail_bytes: int
    """The most that one mail may weigh; a larger one is kept and held."""
    file_bytes: int
    """The most that one attachment may weigh."""
    hosts: tuple[str, ...]
    """Our own mail servers, in small letters: only their stamps are believed."""
    address: str
    """The address that our own mail comes from, in small letters."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The row of a mail that was laid down, and whether these very bytes had been laid down before."""

    mail_id: int
    again: bool


def path_of(folder: Path, digest: str) -> Path:
    """Return where the raw mail with a SHA-256 digest lies."""
    settled = _place(folder, digest)
    return settled if settled.exists() else folder / _NEW / settled.name


def lay_down(
    database: Database, folder: Path, raw: BinaryIO | bytes, *, arrived_at: datetime | None, now: datetime
) -> Laid:
    """Keep a mail exactly as it came, of any size: once this returns, no crash loses it.

    ``arrived_at`` (aware) is the mailbox's own date for it, if it has one. The same bytes again are the same mail.
    Raises ``OSError`` when the disk fails, and what the database raises.
    """
    now = aware(now)
    if arrived_at is not None and not EARLIEST <= aware(arrived_at) <= now:
        arrived_at = None  # a clock that runs wrong: better the moment at which we have it for certain
    path, size = _write(folder / _NEW, BytesIO(raw) if isinstance(raw, bytes) else raw)
    return _note(database, folder, path, size, arrived_at, now)


def adopt_unnoted(database: Database, folder: Path, *, now: datetime) -> int:
    """Give a row to each mail that a crash left on the disk without one; return how many there were.

    It arrived when it was written. Half a file is removed: whoever was handing it over was not told that we had it.
    """
    now, adopted, new = aware(now), 0, folder / _NEW
    for path in new.iterdir() if new.is_dir() else ():
        try:
            status = path.stat()
            age = now - datetime.fromtimestamp(status.st_mtime, UTC)
            if path.suffix != _WHOLE and age > PART_LIFE:
                path.unlink()
            elif path.suffix == _WHOLE and age > LEFT_ALONE:
                adopted += not _note(database, folder, path, status.st_size, now - age, now).again
        except FileNotFoundError:
            continue  # whoever was laying it down has just finished
    return adopted


_NEW = "new"
"""The folder of what has no row yet: the only one that is ever looked through."""
_WHOLE = ".eml"


def _place(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / f"{digest}{_WHOLE}"


def _write(new: Path, raw: BinaryIO) -> tuple[Path, int]:
    """Write a mail so that it is whole or absent, even after a power cut; return where, and its size in bytes."""
    new.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = new / secrets.token_hex(16)
    digest, size = sha256(), 0
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            while chunk := raw.read(CHUNK):
                digest.update(chunk)
                size += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        path = new / f"{digest.hexdigest()}{_WHOLE}"
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync(new)
    return path, size


def _note(
    database: Database, folder: Path, path: Path, size: int, arrived_at: datetime | None, now: datetime
) -> Laid:
    """Write the row of a mail unless it has one, then put the mail where those with a row lie."""
    values = {
        "sha256": path.stem,
        "size": size,
        "stored_at": now,
        "arrived_at": None if arrived_at is None else aware(arrived_at),
    }
    insert = sqlite.insert if database.is_sqlite else postgresql.insert
    row = insert(Mail).values(**values, seal=seal_of(Mail, values)).on_conflict_do_nothing(index_elements=["sha256"])
    with database.writing() as session:
        new = session.execute(row.returning(Mail.id)).scalar_one_or_none()
        known = new if new is not None else session.scalars(select(Mail.id).where(Mail.sha256 == path.stem)).one()
    place = _place(folder, path.stem)
    place.parent.mkdir(exist_ok=True, mode=0o700)
    with suppress(FileNotFoundError):  # the same bytes were laid down twice at once: the other has put them there
        os.replace(path, place)
    sync(place.parent)
    return Laid(known, again=new is None)
