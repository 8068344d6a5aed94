"""Owns the files of a form that is not registered yet: they wait under its key and come back with it."""

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

from flask import Request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from tracker.casework.attachments import keep, remove_waiting, waiting_for
from tracker.correspondence.files import KeptFile
from tracker.models.messages import Attachment
from tracker.web.fields import clean_line
from tracker.web.site import Site, site
from tracker.web.uploads import ACCEPTED, KINDS_IN_WORDS, UploadRefused, path_of, store

if TYPE_CHECKING:
    from config import Settings

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


class NoRoom(Exception):
    """The files could not be laid down: the disk is full, or closed to us."""


@dataclass
class Draft:
    """What hangs on one form between its sendings."""

    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    waiting: list[Attachment] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """A sentence for each file that was not accepted."""
    removed: bool = False
    brought: tuple[str, ...] = ()
    """Digests of the files that came with this sending: with another file it is no second click on the same."""


def draft_of(request: Request) -> Draft:
    """Say which form this is, by its key; ``take_files`` says what hangs on it."""
    key = request.form.get("key", "")
    return Draft(key) if _KEY.fullmatch(key) else Draft()


def take_files(draft: Draft, request: Request, site: Site) -> None:
    """Keep the files that came with a form, take off the one that is to go, and note what waits now.

    The files are kept in a commit of their own, so that they outlive a mistake elsewhere in the form. A form
    without files costs the database nothing. Whatever is raised, the draft still knows what waited before.
    Raises ``NoRoom``.
    """
    new = [file for file in request.files.getlist("files") if file.filename]
    going = request.form.get("remove", "")
    going = going if going.isdecimal() and len(going) < 19 else ""
    if not (new or going or request.form.get("kept")):
        return
    with site.database.reading() as db:
        draft.waiting = waiting_for(db, submission_key=draft.key)
    if new or going:
        stored = _stored(draft, new, site)
        draft.brought = tuple(sorted(file.sha256 for file in stored))
        _change(draft, stored, int(going) if going else None, site)
    draft.removed = bool(going)


def _change(draft: Draft, stored: list[KeptFile], going: int | None, site: Site) -> None:
    """Note the files that were laid down, remove the one that is to go and whatever was not noted."""
    unused = list(stored)
    try:
        with site.database.writing() as db:
            gone = remove_waiting(db, submission_key=draft.key, attachment_id=going) if going else None
            waiting = waiting_for(db, submission_key=draft.key)
            noted = [file for file in stored if _keep_one(draft, waiting, file, site, db)]
        unused = [file for file in stored if file not in noted]
    finally:
        _remove([file.stored_as for file in unused], site)
    draft.waiting = waiting
    _remove([gone] if gone else [], site)  # only once the commit stands


def _stored(draft: Draft, new: list[FileStorage], site: Site) -> list[KeptFile]:
    """Look at the files and lay down those that are accepted, before anything is locked: pictures take their time.

    No more are looked at than there may be with the form.
    """
    stored: list[KeptFile] = []
    try:
        for file in new:
            if len(stored) == site.settings.upload_count:
                draft.refused.append(_one_too_many(clean_line(file.filename), site))
                continue
            try:
                stored.append(store(file, site.settings.attachments_dir, site.settings.upload_bytes))
            except UploadRefused as refusal:
                draft.refused.append(str(refusal))
    except OSError as error:
        _remove([file.stored_as for file in stored], site)
        raise NoRoom from error
    return stored


def _keep_one(draft: Draft, waiting: list[Attachment], file: KeptFile, site: Site, db: Session) -> bool:
    """Note a file with its form, unless it is there already or one too many; say whether it was noted."""
    if file.sha256 in {other.sha256 for other in waiting}:  # the same file, sent once more
        return False
    if len(waiting) >= site.settings.upload_count:
        draft.refused.append(_one_too_many(file.name, site))
        return False
    waiting.append(keep(db, submission_key=draft.key, file=file, now=datetime.now(UTC)))
    return True


def _one_too_many(name: str, site: Site) -> str:
    most = site.settings.upload_count
    return str(_("“%(name)s” is one file too many: %(most)s are allowed.", name=name, most=most))


def _remove(names: list[str], site: Site) -> None:
    """Remove files that no row names; one that cannot be removed does no harm."""
    for name in names:
        with suppress(OSError):
            path_of(site.settings.attachments_dir, name).unlink(missing_ok=True)


class Limits(TypedDict):
    """What the templates say beside the box for files."""

    accepted: str
    kinds: str
    most_files: int
    most_megabytes: int


def limits(settings: "Settings") -> Limits:
    """The limits on files."""
    return Limits(
        accepted=ACCEPTED,
        kinds=KINDS_IN_WORDS,
        most_files=settings.upload_count,
        most_megabytes=settings.upload_bytes // (1024 * 1024),
    )


def not_read(status: int | None) -> str:
    """What to say when a form was too large to be read whole (413), or the name of a file was in no known letters."""
    if status != 413:
        return str(
            _(
                "We could not read the name of a file, so we could not take the files. Your text is below: check that"
                " it is whole, give the file another name, add it again, and send it."
            )
        )
    found = limits(site().settings)
    return str(
        _(
            "What you sent is too large, so we could not take the files. Your text is below: check that it is whole,"
            " add at most %(count)s files of %(size)s MB each, and send it again.",
            count=found["most_files"],
            size=found["most_megabytes"],
        )
    )
