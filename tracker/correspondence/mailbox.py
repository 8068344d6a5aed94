"""Owns the mailbox that citizens write to: what lies in it, read slice by slice, and put away once it is ours."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from io import BufferedReader, RawIOBase
from typing import BinaryIO
from urllib.parse import SplitResult, unquote, urlsplit

from imap_tools.errors import ImapToolsError, MailboxFolderCreateError
from imap_tools.mailbox import BaseMailBox
from imap_tools.utils import encode_folder

TIMEOUT_SECONDS = 30.0
"""How long the server may take for one reply."""
SLICE = 1024 * 1024
"""How much of a mail is asked for at once: a huge one never lies in memory whole."""

_DATE = re.compile(rb'INTERNALDATE "([^"]{1,40})"')
_SIZE = re.compile(rb"RFC822\.SIZE ([0-9]{1,18})")
_QUOTED = re.compile(rb'BODY\[\](?:<\d+>)? "((?:[^"\\\r\n]|\\.)*)"')
_Part = tuple[bytes, bytes] | bytes | None


class MailboxLost(Exception):
    """There is no connection to the mailbox, or it does not do as it is told. Says why, without any address."""


class Declined(MailboxLost):
    """The mailbox is there, and does not do this one thing."""


class Gone(Exception):
    """The mail is in the mailbox no more: somebody else was faster."""


@dataclass(frozen=True)
class Mailbox:
    """A mailbox on an IMAP server: `imap://` (plain), `imaps://` (TLS from the start) or `imap+starttls://`.

    User and password stand in the address; its path is the folder to empty (`INBOX`). The server's certificate is
    checked against those that this machine trusts. `done` is the folder that mails are put away in.
    """

    url: str = field(repr=False)
    done: str
    timeout: float = TIMEOUT_SECONDS

    @contextmanager
    def open(self) -> Iterator["OpenMailbox"]:
        """Open one connection, closed at the end of a `with` block. Raises `MailboxLost`."""
        parts = urlsplit(self.url)
        with _told():
            box = _Client(_connected(parts, self.timeout))
        try:
            with _told():
                _log_in(box, parts)
                self._choose(box, unquote(parts.path.strip("/")) or "INBOX")
                abilities = _abilities(box)
            yield OpenMailbox(box, self.done, abilities)
        finally:
            with suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                box.client.logout()
            with suppress(OSError):
                box.client.shutdown()

    def _choose(self, box: "_Client", folder: str) -> None:
        if not box.folder.exists(self.done):
            with suppress(MailboxFolderCreateError):  # another process was faster; if not, moving a mail will tell
                box.folder.create(self.done)
        box.folder.set(folder)


class OpenMailbox:
    """A mailbox with a connection to it; whatever is asked of it may raise `MailboxLost`."""

    def __init__(self, box: "_Client", done: str, abilities: frozenset[str]) -> None:
        self._box = box
        self._done = encode_folder(done)
        self._moves = "MOVE" in abilities
        self._expunges = "UIDPLUS" in abilities

    def waiting(self) -> list[str]:
        """Return the ids of the mails that lie there, oldest first."""
        # Where nothing can be removed by its id, what was put away stays, marked as deleted.
        criteria = "ALL" if self._moves or self._expunges else "UNDELETED"
        with _told():
            return sorted(self._box.uids(criteria, charset=None), key=int)

    def read(self, uid: str) -> "WaitingMail":
        """Begin to read a mail; it is not marked as seen. Raises `Gone`."""
        slices = _Slices(self, uid)
        return WaitingMail(BufferedReader(slices, SLICE), slices.arrived_at)

    def put_away(self, uid: str) -> None:
        """Move a mail to the folder of those that were taken in; one that is gone already is no error."""
        with suppress(Gone):
            if self._moves:
                self._told("MOVE", uid, self._done)
                return
            self._told("COPY", uid, self._done)
            self._told("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
            if self._expunges:
                self._told("EXPUNGE", uid)  # by its id: what others marked is theirs to remove

    def slice(self, uid: str, start: int) -> tuple[bytes, bytes]:
        """Return so much of a mail, and what the server says about it. Raises `Gone`."""
        parts = self._told("FETCH", uid, f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<{start}.{SLICE}>)")
        said = b" ".join(part[0] if isinstance(part, tuple) else part or b"" for part in parts)
        for part in parts:
            if isinstance(part, tuple) and b"BODY[]" in part[0]:
                return part[1], said
        quoted = _QUOTED.search(said)
        if quoted is None:
            raise Gone
        return re.sub(rb"\\(.)", rb"\1", quoted[1]), said

    def _told(self, command: str, uid: str, *more: str | bytes) -> list[_Part]:
        """Have something done with one mail. Raises `Gone` when it is refused because the mail is there no more."""
        with _told():
            kind, parts = self._box.client.uid(command, uid, *more)  # type: ignore[arg-type]
        if kind == "OK":
            return list(parts)
        if uid in self.waiting():
            raise Declined(f"the mailbox refused {command}")
        raise Gone


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail in the mailbox; reading it raises `Gone` or `MailboxLost` rather than end early."""

    raw: BinaryIO
    arrived_at: datetime | None
    """The mailbox's own date for it (aware)."""


class _Slices(RawIOBase):
    """The bytes of a mail, asked for slice by slice."""

    def __init__(self, mailbox: OpenMailbox, uid: str) -> None:
        self._mailbox, self._uid = mailbox, uid
        self._slice, said = mailbox.slice(uid, 0)
        size, date = _SIZE.search(said), _DATE.search(said)
        self._size = int(size[1]) if size else 0
        self.arrived_at = _moment(date[1].decode("ascii", "replace")) if date else None
        self._next = len(self._slice)
        self._ended = self._next < SLICE

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Put the next bytes in a buffer; 0: the mail is at its end."""
        if not self._slice and not self._ended:
            self._slice, _ = self._mailbox.slice(self._uid, self._next)
            if not self._slice and self._next < self._size:
                raise Gone  # RFC 2180, 4.1.2: a server may show what somebody has removed as empty
            self._next += len(self._slice)
            self._ended = len(self._slice) < SLICE
        taken = min(len(buffer), len(self._slice))
        buffer[:taken] = self._slice[:taken]
        self._slice = self._slice[taken:]
        return taken


class _Client(BaseMailBox):
    """The library's mailbox, on a connection that we opened, and close whatever happens."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._opened = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._opened


@contextmanager
def _told() -> Iterator[None]:
    """Turn whatever goes wrong on the way to the server into one sentence without a name in it."""
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise MailboxLost("the connection to the mailbox was lost") from error
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        raise Declined(f"the mailbox refused what it was asked ({type(error).__name__})") from error
    except OSError as error:
        raise MailboxLost(f"no connection to the mailbox ({type(error).__name__})") from error


def _connected(parts: SplitResult, timeout: float) -> imaplib.IMAP4:
    host = parts.hostname or "localhost"
    if parts.scheme == "imaps":
        return imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=ssl.create_default_context(), timeout=timeout)
    client = imaplib.IMAP4(host, parts.port or 143, timeout=timeout)
    if parts.scheme == "imap+starttls":
        try:
            client.starttls(ssl.create_default_context())
        except BaseException:
            with suppress(OSError):
                client.shutdown()
            raise
    return client


def _log_in(box: _Client, parts: SplitResult) -> None:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    log_in = box.login if (user + password).isascii() else box.login_utf8
    log_in(user, password, initial_folder=None)


def _abilities(box: _Client) -> frozenset[str]:
    """Return what the server can do, asked again after the login: many tell only then."""
    _, said = box.client.capability()
    return frozenset((said[-1] or b"").decode("ascii", "replace").upper().split())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
