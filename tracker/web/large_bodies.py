"""Owns what is saved of a form that is too large: the typed text, read from its beginning.

The fields stand before the files in our forms, so that the beginning holds all that was typed.
"""

from io import BytesIO, RawIOBase
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.datastructures import MultiDict
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KEPT_BYTES = 512 * 1024
DRAINED_BYTES = 100 * 1024 * 1024
"""How much of the rest is read and thrown away, so that the browser gets to our answer instead of a broken line."""


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


def typed_fields(request: Request, recorder: Recorder) -> MultiDict[str, str]:
    """The text fields found in the first half megabyte of a body that was refused; the rest is read and dropped."""
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
