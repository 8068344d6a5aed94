"""Owns what is said when an uploaded file is not kept, in the reader's language; `correspondence.files` decides."""

from pathlib import Path

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from tracker.correspondence.files import FileProblem, FileRefused, KeptFile, keep_file, path_of, shown_name

__all__ = ["ACCEPTED", "KINDS_IN_WORDS", "UploadRefused", "path_of", "store"]

ACCEPTED = ".pdf,.jpg,.jpeg,.png,.docx,.odt,.txt"
KINDS_IN_WORDS = "PDF, JPEG, PNG, DOCX, ODT, TXT"


class UploadRefused(Exception):
    """A file that is not kept; its message is the sentence to show, in the reader's language."""


def store(upload: FileStorage, folder: Path, limit: int) -> KeptFile:
    """Keep an uploaded file of at most `limit` bytes.

    Raises `UploadRefused` when it is empty, too large, damaged or of a kind that is not accepted.
    """
    name = shown_name(upload.filename) or _("file")
    try:
        return keep_file(upload.stream.read(limit + 1), name=name, folder=folder, limit=limit)
    except FileRefused as refusal:
        raise UploadRefused(_sentence(refusal.why, name, limit)) from None


def _sentence(why: FileProblem, name: str, limit: int) -> str:
    if why is FileProblem.TOO_LARGE:
        most = limit // (1024 * 1024)
        return str(_("“%(name)s” is larger than %(limit)s MB: send a smaller file.", name=name, limit=most))
    if why is FileProblem.EMPTY:
        return str(_("“%(name)s” is empty: choose another file.", name=name))
    if why is FileProblem.DAMAGED:
        return str(_("“%(name)s” cannot be read as a picture: save it again, or send a PDF.", name=name))
    return str(_("“%(name)s” is not a file we can accept: send it as %(kinds)s.", name=name, kinds=KINDS_IN_WORDS))
