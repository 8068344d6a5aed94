"""Owns the files of a form that is not registered yet: they wait under its key, and come back with it."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from tracker.casework.attachments import keep, void_waiting_uploads, waiting_for
from tracker.models.messages import Attachment
from tracker.web.fields import clean_line
from tracker.web.site import Site
from tracker.web.uploads import UploadRefused, path_of, store

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass
class Draft:
    """What hangs on one form between its sendings."""

    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    waiting: list[Attachment] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """A sentence for each file that was not accepted."""
    removed: bool = False


def draft_of(request: Request, site: Site) -> Draft:
    """Keep the files that came with a form, take off the one that is to go, and say what waits now.

    The files are kept in a commit of their own, so that they outlive a mistake elsewhere in the form. A form
    without files costs the database nothing.
    """
    key = request.form.get("key", "")
    draft = Draft(key) if _KEY.fullmatch(key) else Draft()
    new = [file for file in request.files.getlist("files") if file.filename]
    going = request.form.get("remove", "")
    going = going if going.isdecimal() and len(going) < 19 else ""
    if not (new or going or request.form.get("kept")):
        return draft
    with site.database.writing() as db:
        gone = void_waiting_uploads(db, submission_key=draft.key, attachment_id=int(going)) if going else None
        draft.waiting = waiting_for(db, submission_key=draft.key)
        for file in new:
            _keep_one(draft, file, site, db)
    draft.removed = bool(going)
    if gone is not None:  # only once the commit stands
        path_of(site.settings.attachments_dir, gone).unlink(missing_ok=True)
    return draft


def _keep_one(draft: Draft, file: FileStorage, site: Site, db: Session) -> None:
    most = site.settings.upload_count
    if len(draft.waiting) >= most:
        name = clean_line(file.filename)
        draft.refused.append(_("“%(name)s” is one file too many: %(most)s are allowed.", name=name, most=most))
        return
    try:
        kept = store(file, site.settings.attachments_dir, site.settings.upload_bytes)
    except UploadRefused as refusal:
        draft.refused.append(str(refusal))
        return
    if kept.sha256 in {waiting.sha256 for waiting in draft.waiting}:  # the same file, sent once more
        path_of(site.settings.attachments_dir, kept.stored_as).unlink()
        return
    draft.waiting.append(keep(db, submission_key=draft.key, file=kept, now=datetime.now(UTC)))
