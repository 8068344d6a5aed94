"""A hundred and more odd mails of every kind, each with how it is to be read: what any mailbox of a ministry gets."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tracker.correspondence.sorting import Sort

SENDER = "Jeanne Dubois <jeanne.dubois@citizen.example>"
SERVICE = "Service <service@fps.example>"
ADDRESS = "jeanne.dubois@citizen.example"
MAIL_HOSTS = ("mx1.fps.example", "imap.fps.example")
OURS = "<dos-2026-0001234-14.m2.1767600000.abcdefghjk@fps.example>"
"""The form of a Message-ID of ours; its proof is none."""
QUESTION = "Bonjour,\n\nOù puis-je renouveler mon passeport ?\n\nJeanne Dubois"

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@dataclass(frozen=True)
class OddMail:
    """A mail, and what must be read in it. What `expected` does not name must be as in a plain mail."""

    name: str
    raw: bytes
    expected: dict[str, Any] = field(default_factory=dict)
    """Values of `Incoming`; and `files`: names of the attachments, `holds`: in its text, `lacks`: not in its text,
    `folds`: in what is folded away."""

    @property
    def sort(self) -> Sort:
        """What kind of sender it has."""
        sort: Sort = self.expected.get("sort", Sort.PERSON)
        return sort


def odd(name: str, raw: bytes, **expected: Any) -> OddMail:
    """A line of the table."""
    return OddMail(name, raw, expected)


def mail(
    body: str | bytes,
    *more: str,
    sender: str | None = SENDER,
    to: str | None = SERVICE,
    subject: str | None = "Passeport",
    kind: str | None = "text/plain; charset=utf-8",
    encoding: str | None = None,
) -> bytes:
    """A mail with the usual headers, and `more` of them; None leaves one out; the rest makes its Message-ID."""
    heads = [
        f"From: {sender}" if sender is not None else None,
        f"To: {to}" if to is not None else None,
        f"Subject: {subject}" if subject is not None else None,
        "Date: Mon, 05 Jan 2026 09:00:00 +0100",
        "MIME-Version: 1.0",
        f"Content-Type: {kind}" if kind is not None else None,
        f"Content-Transfer-Encoding: {encoding}" if encoding else None,
        *more,
    ]
    content = body.replace("\n", "\r\n").encode() if isinstance(body, str) else body
    head = "\r\n".join(line for line in heads if line is not None).encode()
    if not any(line.lower().startswith("message-id:") for line in more):
        head = f"Message-ID: <{abs(hash_of(head + content)):x}@citizen.example>\r\n".encode() + head
    return head + b"\r\n\r\n" + content


def hash_of(content: bytes) -> int:
    """The same number for the same bytes, at every run."""
    from zlib import crc32

    return crc32(content)


def part(kind: str, content: str | bytes, *more: str) -> bytes:
    """One part of a mail; bytes go as base64."""
    heads = [f"Content-Type: {kind}", *more]
    if isinstance(content, bytes):
        heads.append("Content-Transfer-Encoding: base64")
        body = base64.encodebytes(content).replace(b"\n", b"\r\n")
    else:
        body = content.replace("\n", "\r\n").encode()
    return "\r\n".join(heads).encode() + b"\r\n\r\n" + body


def parts(*these: bytes, boundary: str = "=_b1") -> bytes:
    """Parts with their boundaries."""
    return b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in these) + f"--{boundary}--\r\n".encode()


def multi(sub: str, *these: bytes, boundary: str = "=_b1", more: Iterable[str] = (), **heads: Any) -> bytes:
    """A mail of several parts."""
    return mail(parts(*these, boundary=boundary), *more, kind=f'multipart/{sub}; boundary="{boundary}"', **heads)


TEXT = part("text/plain; charset=utf-8", QUESTION)


def all_mails() -> tuple[OddMail, ...]:
    """Every odd mail there is."""
    from tests.correspondence import mails_bodies, mails_broken, mails_history, mails_machines

    return (*mails_bodies.MAILS, *mails_broken.MAILS, *mails_history.MAILS, *mails_machines.MAILS)
