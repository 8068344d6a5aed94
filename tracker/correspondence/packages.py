"""Owns the two wrappers in which some programs hide a mail's content: Outlook's TNEF (winmail.dat) and signed S/MIME.

Both are read only as far as it takes to find text and files; a signature is not checked, and nothing is unpacked.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tracker.correspondence.charsets import decode

_TNEF_BEGINS = b"\x78\x9f\x3e\x22"
_BODY, _PROPERTIES = 0x800C, 0x9003
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_LONG_NAME, _MIME_TYPE, _TEXT, _HTML = 0x3707, 0x370E, 0x1000, 0x1013
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_VARIABLE = (0x0D, 0x1E, 0x1F, 0x102)
_MOST_PROPERTIES = 2_000

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # RFC 5652, section 5.1
_WAY = ((0x30, True), (0x06, False), (0xA0, True), (0x30, True), (0x02, False), (0x31, False), (0x30, True),
        (0x06, False), (0xA0, True))  # fmt: skip


@dataclass(slots=True)
class TnefFile:
    """A file in a TNEF package."""

    name: str = ""
    media_type: str = "application/octet-stream"
    content: bytes | None = None


@dataclass(slots=True)
class Tnef:
    """What a TNEF package holds; `whole` is false when part of it could not be read."""

    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)
    whole: bool = True


def tnef_of(content: bytes) -> Tnef | None:
    """Read a TNEF package (MS-OXTNEF); None when it is none. Never raises.

    A text in RTF alone is not read: Outlook sends the same text plainly beside the package.
    """
    if not content.startswith(_TNEF_BEGINS):
        return None
    found = Tnef()
    try:
        for attribute, data in _attributes(content):
            _take(found, attribute, data)
    except (struct.error, ValueError):
        found.whole = False
    found.whole = found.whole and all(file.content is not None for file in found.files)
    return found


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    while position < len(content):
        _, attribute, length = struct.unpack_from("<BII", content, position)
        data = content[position + 9 : position + 9 + length]
        if len(data) < length:
            raise ValueError("the package is cut short")
        yield attribute & 0xFFFF, data
        position += 9 + length + 2


def _take(found: Tnef, attribute: int, data: bytes) -> None:
    if attribute == _BODY:
        found.text = decode(data, None)[0]
    elif attribute == _PROPERTIES:
        for name, value in _properties(data):
            if name == _TEXT:
                found.text = value
            elif name == _HTML:
                found.html = value
    elif attribute == _FILE_BEGINS:
        found.files.append(TnefFile())
    elif found.files:
        _take_of_file(found.files[-1], attribute, data)


def _take_of_file(file: TnefFile, attribute: int, data: bytes) -> None:
    if attribute == _FILE_TITLE:
        file.name = file.name or decode(data, None)[0]
    elif attribute == _FILE_DATA:
        file.content = data
    elif attribute == _FILE_PROPERTIES:
        for name, value in _properties(data):
            if name == _LONG_NAME:
                file.name = value
            elif name == _MIME_TYPE:
                file.media_type = value.lower()[:100]


def _properties(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the textual properties of a MAPI list, each by its number."""
    (count,) = struct.unpack_from("<I", data, 0)
    position = 4
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, name = struct.unpack_from("<HH", data, position)
        position += 4
        if name >= 0x8000:
            position = _past_long_name(data, position)
        values, several = 1, bool(kind & 0x1000)
        if several or kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", data, position)
            position += 4
        for _ in range(min(values, len(data))):
            size = _FIXED.get(kind & 0xFFF)
            if size is None:
                (size,) = struct.unpack_from("<I", data, position)
                position += 4
                if name in (_LONG_NAME, _MIME_TYPE, _TEXT, _HTML):
                    value = data[position : position + size]
                    yield name, decode(value, "utf-16-le" if kind & 0xFFF == 0x1F else None)[0].strip()
            position += size + -size % 4
            if position > len(data):
                raise ValueError("a property is cut short")


def _past_long_name(data: bytes, position: int) -> int:
    """Return where a property goes on that has a name instead of a number."""
    (kind,) = struct.unpack_from("<I", data, position + 16)
    if kind == 0:
        return position + 24
    (length,) = struct.unpack_from("<I", data, position + 20)
    return position + 24 + int(length) + -int(length) % 4


def signed_content(content: bytes) -> bytes | None:
    """Return the mail inside signed S/MIME (RFC 8551, section 3.5.2), or None when it is something else."""
    position = 0
    for tag, inward in _WAY:
        header = _header(content, position)
        if header is None or header[0] != tag:
            return None
        _, start, end = header
        if not inward and (end is None or (tag == 0x06 and position < 30 and content[start:end] != _SIGNED_DATA)):
            return None
        position = start if inward or end is None else end
    return _octets(content, position)


def _octets(content: bytes, position: int) -> bytes | None:
    """Return an OCTET STRING, whole or in pieces."""
    header = _header(content, position)
    if header is None or header[0] not in (0x04, 0x24):
        return None
    tag, position, end = header
    if tag == 0x04:
        return content[position:end]
    pieces: list[bytes] = []
    while (piece := _header(content, position)) and piece[0] == 0x04 and piece[2] is not None:
        if end is not None and position >= end:
            break
        pieces.append(content[piece[1] : piece[2]])
        position = piece[2]
    return b"".join(pieces)


def _header(content: bytes, position: int) -> tuple[int, int, int | None] | None:
    """Return tag, begin and end of one element of BER (X.690); no end when its length is not stated."""
    if position + 2 > len(content):
        return None
    tag, length = content[position], content[position + 1]
    start = position + 2
    if length == 0x80:
        return tag, start, None
    if length > 0x80:
        size = length & 0x7F
        length = int.from_bytes(content[start : start + size], "big") if size <= 8 else len(content)
        start += size
    return tag, start, min(start + length, len(content))
