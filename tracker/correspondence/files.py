"""Owns what a file from outside must be before it is kept: its kind told by its content, under a name of our own.

The same whether it came with a form, a mail or a scan. Pictures are drawn anew, which leaves out their metadata (such
as the place where they were taken) and whatever else was hidden in them. The sender's file name is only text to show.
"""

import io
import os
import secrets
import struct
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from lzma import LZMAError
from pathlib import Path

from tracker.correspondence.cleaning import clean_line

NAME_LENGTH = 120
PIXELS = 60_000_000
"""The largest picture that is drawn anew; a small file can claim to be a huge picture."""

_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "txt": "text/plain; charset=utf-8",
}


_BROKEN_PACKAGE = (
    zipfile.BadZipFile, zlib.error, LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError,
)  # fmt: skip
"""All that `zipfile` raises over a package that is damaged, or made to harm; `RuntimeError` when it is locked."""


_BROKEN_PICTURE = (ArithmeticError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error)
"""What Pillow was seen to raise over one; that of a decompression bomb is caught apart."""


MOST_UNPACKED = 100_000_000
"""Bytes that a package may say it holds: more would fill the memory of whoever opens it, however small it came."""


class FileProblem(StrEnum):
    """Why a file is not kept."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    KIND = "kind"  # not one of the kinds we accept, whatever it is called
    DAMAGED = "damaged"  # a picture that cannot be read


class FileRefused(Exception):
    """A file that is not kept; `name` is its sender's name for it, cleaned."""

    def __init__(self, why: FileProblem, name: str) -> None:
        super().__init__(f"{name!r} is not kept: {why}.")
        self.why = why
        self.name = name


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that lies in the attachments folder under a name of ours.

    `name` is what its sender called it, with the ending of what it is: a text called `bill.hta` would run if opened.
    """

    name: str
    stored_as: str
    media_type: str
    size: int
    sha256: str


def shown_name(name: str | None) -> str:
    """Return the name of a file as it is shown: no folders, nothing unseen, at most 120 characters; may be empty."""
    return clean_line((name or "").replace("\\", "/").rsplit("/", 1)[-1])[-NAME_LENGTH:]


def keep_file(content: bytes, *, name: str, folder: Path, limit: int) -> KeptFile:
    """Keep a file of at most `limit` bytes in the folder, written whole, and return what to note of it.

    Nothing is unpacked and nothing in it is run. Raises `FileRefused` when it is empty, too large, damaged or of a
    kind that is not accepted; `OSError` when the disk is full.
    """
    name = shown_name(name)
    if len(content) > limit:
        raise FileRefused(FileProblem.TOO_LARGE, name)
    if not content:
        raise FileRefused(FileProblem.EMPTY, name)
    kind = _kind_of(content)
    if kind is None:
        raise FileRefused(FileProblem.KIND, name)
    if kind in ("jpg", "png"):
        content = _drawn_anew(content, kind, name)
    stored_as = f"{secrets.token_hex(1)}/{secrets.token_hex(16)}.{kind}"
    _write(path_of(folder, stored_as), content)
    return KeptFile(_named(name, kind), stored_as, _MEDIA_TYPES[kind], len(content), sha256(content).hexdigest())


def _named(name: str, kind: str) -> str:
    ending = f".{kind}"
    if not name or name.lower().endswith((ending, ".jpeg") if kind == "jpg" else ending):
        return name
    return name[: NAME_LENGTH - len(ending)] + ending


def path_of(folder: Path, stored_as: str) -> Path:
    """The path of a stored file. Raises `ValueError` when it would lie outside the folder."""
    root = folder.resolve()
    path = (root / stored_as).resolve()
    if not path.is_relative_to(root):
        raise ValueError("a stored file lies inside the attachments folder")
    return path


def _kind_of(content: bytes) -> str | None:
    from puremagic import PureError, magic_string

    try:
        found = {match.extension.lstrip(".") for match in magic_string(content[:100_000])}
    except (PureError, ValueError):
        found = set()
    if "pdf" in found and content.lstrip()[:5] == b"%PDF-":
        return "pdf"
    if content[:3] == b"\xff\xd8\xff":
        return "jpg"
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if content[:4] == b"PK\x03\x04":
        return _kind_of_package(content)
    return "txt" if not found and _is_plain_text(content) else None


def _kind_of_package(content: bytes) -> str | None:
    """Tell a text document from any other package; one that carries macros, or unpacks to no end, is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            if sum(member.file_size for member in package.infolist()) > MOST_UNPACKED:
                return None
            names = set(package.namelist())
            if "word/document.xml" in names:
                return None if any(name.endswith("vbaProject.bin") for name in names) else "docx"
            if "mimetype" in names and package.getinfo("mimetype").file_size < 100:
                stated = package.read("mimetype").decode("ascii", "replace").strip()
                macros = any(name.startswith(("Basic/", "Scripts/")) for name in names)
                return "odt" if stated == _MEDIA_TYPES["odt"] and not macros else None
    except _BROKEN_PACKAGE:
        return None
    return None


def _is_plain_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(ord(character) < 32 and character not in "\t\n\r\f" for character in text)


def _drawn_anew(content: bytes, kind: str, name: str) -> bytes:
    from PIL import Image, ImageOps

    damaged = FileRefused(FileProblem.DAMAGED, name)
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > PIXELS:
                raise damaged
            upright = ImageOps.exif_transpose(picture)
            clean = io.BytesIO()
            if kind == "jpg":
                upright.convert("RGB").save(clean, "JPEG", quality=88)
            else:
                mode = upright.mode if upright.mode in ("L", "LA", "RGB", "RGBA") else "RGBA"
                upright.convert(mode).save(clean, "PNG")
    except (*_BROKEN_PICTURE, Image.DecompressionBombError):
        raise damaged from None
    return clean.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write the file so that it is whole or absent, and readable by this account alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # the disk is full
        path.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make sure that the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
