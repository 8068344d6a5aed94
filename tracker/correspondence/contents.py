"""Owns what the parts of a mail hold: which are its text, which are files, which are mails enclosed whole."""

import re
from dataclasses import dataclass, field

from tracker.correspondence.charsets import codec_of, decode
from tracker.correspondence.cleaning import clean_text
from tracker.correspondence.files import shown_name
from tracker.correspondence.headers import first, words_of
from tracker.correspondence.mime import MOST_PARTS, Damage, Parser, Part
from tracker.correspondence.packages import signed_content, tnef_of
from tracker.correspondence.plain import plain_text, say_the_same

LONGEST_TEXT = 200_000
"""Characters: a longer text is cut, and enclosed whole as a file. No letter is as long."""

_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
_REPORTS = {"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"}
_TEXTS = {"text/plain", "text/html", "text/enriched"}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
MOST_OPENED = 3
"""How many signed mails inside one another are opened."""

_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
_ENCRYPTED_INLINE = re.compile(r"^-----BEGIN PGP MESSAGE-----\s*$", re.MULTILINE)
_SIGNED_INLINE = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z-]{1,40}: [^\n]*\n)*[ \t]*\n", re.MULTILINE
)
_SIGNATURE_INLINE = re.compile(r"^-----BEGIN PGP SIGNATURE-----[ \t]*\n", re.MULTILINE)
_CALENDAR_LINE = re.compile(r"^(SUMMARY|DTSTART|DTEND|LOCATION|DESCRIPTION)(?:;[^:\n]{0,200})?:(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that came with a mail: its sender's name for it, cleaned, what it claims to be, and its bytes."""

    name: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class Contents:
    """What a mail holds."""

    written: str = ""
    """What its sender wrote, history and all."""
    forwarded: str = ""
    """The mails that are enclosed whole, each under its sender, date and subject."""
    otherwise: str = ""
    """What the HTML says where the plain text beside it, which is taken, says something else."""
    enclosed: tuple[Enclosed, ...] = ()
    encrypted: bool = False
    damage: list[Damage] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of its text."""
        return "\n\n".join(part for part in (self.written, self.forwarded) if part)


def contents_of(mail: Part) -> Contents:
    """Return what a mail holds. Never raises."""
    reader = _Reader()
    reader.take(mail)
    found = reader.contents
    found.written = reader.fitting("\n\n".join(text for text in reader.written if text), "message")
    found.forwarded = reader.fitting("\n\n".join(text for text in reader.forwarded if text), "forwarded")
    found.otherwise = "\n\n".join(reader.otherwise)[:LONGEST_TEXT]
    if not found.written and not found.forwarded:
        found.written = _calendar(reader.calendars)
    found.enclosed = tuple(reader.files)
    return found


class _Reader:
    """Walks the parts once, outermost first."""

    def __init__(self) -> None:
        self.contents = Contents()
        self.written: list[str] = []
        self.forwarded: list[str] = []
        self.otherwise: list[str] = []
        self.files: list[Enclosed] = []
        self.calendars: list[bytes] = []
        self._inside = 0  # so many mails enclosed in one another
        self._opened = 0

    def take(self, part: Part) -> None:
        """Take in a part and what is within it."""
        if part.media_type == "multipart/alternative":
            self._alternative(part)
        elif part.media_type == "multipart/encrypted":
            self.contents.encrypted = True
            self._files(part)
        elif part.media_type in ("message/rfc822", "message/global"):
            self._enclosed_mail(part)
        elif part.parts:
            for inner in part.parts:
                self.take(inner)
        elif part.kind != "multipart":
            self._leaf(part)

    def _leaf(self, part: Part) -> None:
        if part.media_type in _SIGNATURES:
            return  # the raw mail keeps it
        if part.media_type in _SMIME:
            self._smime(part)
        elif part.media_type in _TNEF or part.name.lower() == "winmail.dat":
            self._tnef(part)
        elif part.media_type in ("message/external-body", "message/partial"):
            self.contents.damage.append(Damage.ELSEWHERE)
        elif part.media_type in (
            "message/delivery-status",
            "message/disposition-notification",
            "text/rfc822-headers",
        ):
            self._text(decode(part.content, part.charset)[0])
        elif self._is_text(part):
            self._text(self._read(part))
        elif part.content:
            if part.media_type == "text/calendar":
                self.calendars.append(part.content)
            self._file(part)

    def _is_text(self, part: Part) -> bool:
        word, _ = part.disposition
        return part.media_type in _TEXTS and word != "attachment" and not part.name

    def _read(self, part: Part) -> str:
        charset = part.charset
        if part.media_type == "text/html" and codec_of(charset) is None:
            named = _META_CHARSET.search(part.content[:4_000])
            charset = named[1].decode("ascii") if named else charset
        text, whole = decode(part.content, charset)
        if not whole:
            self.contents.damage.append(Damage.CHARSET)
        if part.media_type != "text/plain":
            text = plain_text(text)
        elif part.parameters.get("format", "").lower() == "flowed":
            text = _unflowed(text, part.parameters.get("delsp", "").lower() == "yes")
        return clean_text(text)

    def _text(self, text: str) -> None:
        if _ENCRYPTED_INLINE.search(text):
            self.contents.encrypted = True
        (self.forwarded if self._inside else self.written).append(_without_armour(text))

    def _alternative(self, part: Part) -> None:
        """Take the plain text, unless it is a stub beside the HTML; then what is no text, as an invitation."""
        texts = [inner for inner in part.parts if not inner.parts and self._is_text(inner)]
        others = [inner for inner in part.parts if inner not in texts]
        plain = [self._read(inner) for inner in texts if inner.media_type == "text/plain"]
        rich = [self._read(inner) for inner in texts if inner.media_type != "text/plain"]
        best = max(plain, key=len, default="")
        richest = max(rich, key=len, default="")
        stub = not best.strip() or (len(richest) > 200 and len(best) * 5 < len(richest))
        before = len(self.written) + len(self.forwarded)
        if best and not (stub and richest):
            self._text(best)
            if richest and not say_the_same(best, richest):
                self.otherwise.append(richest)
        elif richest:
            self._text(richest)
        for inner in others:
            self._beside(inner, wanted=len(self.written) + len(self.forwarded) == before)

    def _beside(self, part: Part, *, wanted: bool) -> None:
        """Take a part of an alternative that is no plain text: its text only when none was found before."""
        if wanted or part.media_type in ("message/rfc822", "message/global"):
            self.take(part)
        else:
            self._files(part)

    def _files(self, part: Part) -> None:
        for inner in part.walk():
            if not inner.parts and inner.content and not self._is_text(inner) and inner.media_type not in _SIGNATURES:
                self._leaf(inner)

    def _enclosed_mail(self, part: Part) -> None:
        for mail in part.parts:
            heads = ((name, words_of(first(mail.all(name.lower()))[:4_000])[:500]) for name in _HEADS)
            self.forwarded.append("\n".join(f"{name}: {value}" for name, value in heads if value))
            self._inside += 1
            self.take(mail)
            self._inside -= 1

    def _smime(self, part: Part) -> None:
        """Open what is only signed; what is encrypted, or no more than certificates, stays a file."""
        inner = signed_content(part.content) if self._opened < MOST_OPENED else None
        if inner:
            self._opened += 1
            parser = Parser(inner)
            self.take(parser.mail())
            self.contents.damage += parser.damage
        else:
            self.contents.encrypted = self.contents.encrypted or "certs-only" not in part.parameters.get(
                "smime-type", ""
            )
            self._file(part)

    def _tnef(self, part: Part) -> None:
        """Take the files out of Outlook's package, and its text when there is no other."""
        found = tnef_of(part.content)
        if found is None or not found.whole:
            self.contents.damage.append(Damage.TNEF)
            self._file(part)
        if found is not None:
            for file in found.files[:MOST_PARTS]:
                if file.content:
                    self.files.append(Enclosed(shown_name(file.name), file.media_type, file.content))
            if not any(self.written):
                self.written.append(clean_text(found.text or plain_text(found.html)))

    def _file(self, part: Part) -> None:
        name = shown_name(part.name) or words_of(first(part.all("content-description"))[:500])[:120]
        self.files.append(Enclosed(name, part.media_type, part.content))

    def fitting(self, text: str, name: str) -> str:
        """Return a text that is no longer than a letter; a longer one is enclosed whole."""
        if len(text) <= LONGEST_TEXT:
            return text
        self.contents.damage.append(Damage.TEXT_CUT)
        self.files.append(Enclosed(f"{name}.txt", "text/plain; charset=utf-8", text.encode()))
        return text[:LONGEST_TEXT].rstrip()


_HEADS = ("From", "Date", "To", "Subject")


def _unflowed(text: str, without_space: bool) -> str:
    """Join the lines that a program broke for the way (RFC 3676): those that end in a space."""
    out: list[str] = []
    goes_on = False
    for line in text.replace("\r\n", "\n").split("\n"):
        quoted = line.startswith(">")
        if out and not (goes_on and not quoted):
            out.append("\n")
        line = line[1:] if line.startswith(" ") else line
        goes_on = line.endswith(" ") and line != "-- " and not quoted
        out.append(line[:-1] if goes_on and without_space else line)
    return "".join(out)


def _without_armour(text: str) -> str:
    """Return a text signed with PGP without the armour around it; other texts as they are."""
    begins = _SIGNED_INLINE.search(text)
    if begins is None:
        return text
    ends = _SIGNATURE_INLINE.search(text, begins.end())
    body = text[begins.end() : ends.start() if ends else len(text)]
    return (text[: begins.start()] + re.sub(r"^- ", "", body, flags=re.MULTILINE)).strip()


def _calendar(calendars: list[bytes]) -> str:
    """Return what an invitation says, when a mail says nothing else."""
    lines: list[str] = []
    for content in calendars:
        text = re.sub(r"\r?\n[ \t]", "", decode(content[:LONGEST_TEXT], None)[0])
        lines += [
            f"{name}: {clean_text(value.replace(chr(92) + 'n', chr(10)))}"
            for name, value in _CALENDAR_LINE.findall(text)
        ]
    return "\n".join(lines)[:LONGEST_TEXT]
