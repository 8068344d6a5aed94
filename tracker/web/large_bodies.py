"""Owns what is saved of a form that is too large or cannot be taken apart: the typed text, from its beginning.

The fields stand before the files in our forms, so that the beginning holds all that was typed.
"""

import re
from io import BytesIO, RawIOBase
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEPT_BYTES = 512 * 1024
DRAINED_BYTES = 100 * 1024 * 1024
"""How much of the rest is read and thrown away, so that the browser gets to our answer instead of a broken line."""


_HEAD = re.compile(rb"^Content-Disposition:[^\r\n]*", re.IGNORECASE | re.MULTILINE)
"""The line that names a field or a file."""


class Unreadable(BadRequest):
    """A form with files in which nothing at all could be read: the name of a file, say, is in no known letters."""


class Recorder(RawIOBase):
    """A stream that remembers the beginning of what is read through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.start = bytearray()
        self.passed = 0

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read on: every other way of reading comes through here."""
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self.start += data[: max(0, KEPT_BYTES - len(self.start))]
        self.passed += len(data)
        return len(data)


def record(environ: dict[str, Any]) -> Recorder:
    """Put a recorder in front of the body of a request that nobody has read yet."""
    recorder = Recorder(environ["wsgi.input"])
    environ["wsgi.input"] = recorder
    return recorder


def check_readable(request: Request) -> None:
    """Raise ``Unreadable`` for a form with files that came to nothing, though something was sent.

    Raises ``RequestEntityTooLarge`` for one that is too large.
    """
    empty = not (request.form or request.files)
    if empty and request.mimetype == "multipart/form-data" and request.content_length:
        raise Unreadable


def cut_short(request: Request, recorder: Recorder) -> HTTPException | None:
    """Say why a form could not be read whole: the request then holds what was typed, as far as it goes, and no file.

    None: it was, and is as it came.
    """
    try:
        check_readable(request)
    except (RequestEntityTooLarge, Unreadable) as error:
        request.form, request.files = ImmutableMultiDict(typed_fields(request, recorder)), ImmutableMultiDict()
        return error
    return None


def typed_fields(request: Request, recorder: Recorder) -> MultiDict[str, str]:
    """Return the text fields in the first half megabyte of a body that was refused; the rest is read and dropped."""
    length = request.content_length or 0
    while len(recorder.start) < min(KEPT_BYTES, length) and recorder.read(KEPT_BYTES):
        pass
    while recorder.passed < min(length, DRAINED_BYTES) and recorder.read(KEPT_BYTES):
        pass
    start = bytes(recorder.start)
    kind, options = parse_options_header(request.content_type or "")
    if kind == "application/x-www-form-urlencoded":
        return MultiDict(parse_qsl(start.decode("utf-8", "replace"), keep_blank_values=True))
    boundary = options.get("boundary", "").encode("latin-1", "replace")
    if kind != "multipart/form-data" or not boundary:
        return MultiDict()
    start = _HEAD.sub(lambda head: head[0].decode("utf-8", "replace").encode(), start)
    return _fields_of_multipart(start, boundary)


def _fields_of_multipart(start: bytes, boundary: bytes) -> MultiDict[str, str]:
    """The fields of a multipart body that breaks off: closed by hand, so that the parser takes what there is."""
    end = b"--" + boundary + b"--\r\n"
    whole_parts = start[: max(0, start.rfind(b"--" + boundary))]
    for closed in (start + b"\r\n" + end, whole_parts + end):  # the second when it breaks off inside a part's head
        parser = MultiPartParser(stream_factory=_in_memory, max_form_memory_size=None)
        try:
            return parser.parse(BytesIO(closed), boundary, len(closed))[0]
        except ValueError:
            continue
    return MultiDict()


def _in_memory(*args: object, **kwargs: object) -> BytesIO:
    """Where the beginning of a file goes that is dropped right after."""
    return BytesIO()
