"""Owns what stands in the headers of a mail: words in any charset, addresses, Message-IDs, dates, parameters.

Nothing here raises, and the time taken grows with the length of the header and no faster. No line end survives, so
that nothing taken from a header can become a header of its own.
"""

import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from tracker.correspondence.charsets import decode
from tracker.correspondence.cleaning import clean_line

LONGEST_VALUE = 4_000
"""Characters of one structured header that are looked at; those that list people may be longer."""
MOST_IDS = 200

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
# The lengths are bounded so that no unclosed quote is read to the end again and again.
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,980})>")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,100})\s*=\s*("(?:[^"\\]|\\.){0,500}+"|[^;]*)', re.DOTALL)
_EXTENDED = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?")
_SIGN = re.compile(r'\\.|[\\"<>(),;:]|[^\\"<>(),;:]+', re.DOTALL)
_ADDRESS = re.compile(r"[^\s@<>,;\"()]{1,64}@[^\s@<>,;\"()]{1,255}")
_NEEDS_QUOTES = re.compile(r"[\s@<>,;:\"()\[\]\\]")


def words_of(value: bytes) -> str:
    """Return a header as one clean line of text, its encoded words (RFC 2047) read."""
    return clean_line(_read_words(_unfolded(value)))


def _unfolded(value: bytes) -> str:
    return re.sub(r"[\r\n]+", " ", decode(value, None)[0])


def _read_words(text: str) -> str:
    """Read the encoded words; neighbours in one charset are joined first, since senders split inside a letter."""
    out: list[str] = []
    run, charset, end = b"", "", 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[end : match.start()]
        name = match[1].partition("*")[0].lower()  # RFC 2231 may put a language behind
        joined = end and not between.strip()
        if run and not (joined and name == charset):
            out.append(decode(run, charset)[0])
            run = b""
        if not joined:
            out.append(between)
        run, charset, end = run + _word(match[2], match[3]), name, match.end()
    if run:
        out.append(decode(run, charset)[0])
    return "".join(out) + text[end:]


def _word(encoding: str, content: str) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(content.encode("utf-8").replace(b" ", b"_"), header=True)
    return unbase64(content.encode("utf-8"))


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


def unbase64(content: bytes) -> bytes:
    """Return what base64 stands for, whatever is missing, superfluous or stuck together in it."""
    pieces = re.split(rb"=+", content.translate(None, _NOT_BASE64))
    whole = (piece[:-1] if len(piece) % 4 == 1 else piece for piece in pieces)
    return b"".join(binascii.a2b_base64(piece + b"=" * (-len(piece) % 4)) for piece in whole if piece)


def parameters_of(value: bytes) -> tuple[str, dict[str, str]]:
    """Return the first word of a header such as Content-Type, in small letters, and its parameters (RFC 2231)."""
    text = _unfolded(value)[:LONGEST_VALUE]
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(text):
        name, given = match[1].lower(), match[2].strip()
        if given.startswith('"'):
            given = re.sub(r"\\(.)", r"\1", given[1:-1] if given.endswith('"') else given[1:], flags=re.DOTALL)
        section = _EXTENDED.fullmatch(name)
        if section is None:
            plain.setdefault(name, clean_line(_read_words(given)))
        else:
            marked = section[2] is None or section[3] is not None
            extended.setdefault(section[1], {}).setdefault(int(section[2] or 0), (given, marked))
    for name, sections in extended.items():
        plain[name] = _joined(sections)
    return text.partition(";")[0].strip().lower(), plain


def _joined(sections: dict[int, tuple[str, bool]]) -> str:
    """Return the value of a parameter that was sent in sections, as RFC 2231 has it."""
    charset = ""
    content = b""
    for number in sorted(sections):
        text, marked = sections[number]
        if number == 0 and marked and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        content += unquote_to_bytes(text) if marked else text.encode("utf-8")
    return clean_line(decode(content, charset)[0])


def addresses_in(value: bytes) -> list[tuple[str, str]]:
    """Return name and address (in small letters) of everybody in a header that lists people.

    Comments and the names of groups are left aside; an entry without an address is no entry, nor is one whose address
    needs its quotation marks: without them it is somebody else's. A mark that is never closed counts for nothing.
    """
    text = _unfolded(value)
    people = _People()
    if not people.read(text):
        people = _People()
        people.read(text.replace('"', " "))
    return people.found


class _People:
    """Reads a header that lists people, sign by sign (RFC 5322, section 3.4)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._quoted = False
        self._comment = 0
        self._begin()

    def _begin(self) -> None:
        self._name: list[str] = []
        self._words: list[str] = []
        self._inside: list[str] | None = None
        self._closed = False

    def read(self, text: str) -> bool:
        """Take in a header; say whether every quotation in it was closed."""
        for match in _SIGN.finditer(text):
            sign = match[0]
            if self._quoted or self._comment:
                self._shielded(sign, text[match.end() : match.end() + 1])
            elif sign in ",;":
                self._end()
            elif sign == ":" and self._inside is None:
                self._begin()  # the name of a group
            elif sign == "<":
                self._inside = [] if self._inside is None else self._inside
            elif sign == ">":
                self._closed = True
            elif sign in '"(':
                self._quoted, self._comment = sign == '"', int(sign == "(")
            elif sign != ")":
                self._add(sign)
        self._end()
        return not self._quoted

    def _shielded(self, sign: str, following: str) -> None:
        if self._quoted:
            self._quoted = sign != '"'
            if self._quoted:
                self._words.append(sign[-1] if sign.startswith("\\") else sign)
            else:
                words = "".join(self._words)
                apart = not following or following in " \t<>,;:()"
                self._add(words if apart else _NEEDS_QUOTES.sub("\0", words))
                self._words = []
        else:
            self._comment += (sign == "(") - (sign == ")")

    def _add(self, text: str) -> None:
        if self._inside is None:
            self._name.append(text)
        elif not self._closed:
            self._inside.append(text)

    def _end(self) -> None:
        name = "".join(self._name)
        address = _ADDRESS.search(name if self._inside is None else "".join(self._inside))
        if address and "\0" not in address[0]:
            shown = "" if self._inside is None else clean_line(_read_words(name))
            self.found.append((shown, clean_line(address[0]).lower()))
        self._begin()


def ids_in(value: bytes) -> tuple[str, ...]:
    """Return the Message-IDs in a header, with their brackets; of very many, the first and the newest."""
    found = [f"<{clean_line(one)}>" for one in _MESSAGE_ID.findall(_unfolded(value))]
    found = list(dict.fromkeys(one for one in found if len(one) > 2))
    return tuple(found if len(found) <= MOST_IDS else found[:1] + found[1 - MOST_IDS :])


def id_of(value: bytes) -> str | None:
    """Return the one Message-ID of a header, with its brackets, which some senders forget."""
    found = ids_in(value[:LONGEST_VALUE])
    if found:
        return found[0]
    bare = words_of(value[:LONGEST_VALUE]).strip("<>")
    return f"<{bare[:980]}>" if bare and " " not in bare else None


def moment_of(text: str) -> datetime | None:
    """Return the moment (UTC) that a date of a header (RFC 5322) gives; None when it gives none."""
    try:
        moment = parsedate_to_datetime(text[:200].strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None


def without_comments(text: str) -> str:
    """Return a structured header without what stands in brackets, however deep."""
    out: list[str] = []
    depth = 0
    for piece in re.split(r"([()])", text):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif not depth:
            out.append(piece)
    return " ".join(out)


def first(values: Iterable[bytes]) -> bytes:
    """Return the first of some headers, or an empty one."""
    return next(iter(values), b"")
