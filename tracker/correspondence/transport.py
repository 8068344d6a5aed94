"""Owns the last step of a mail: handing it to an SMTP server, or to a folder when no server is configured."""

import os
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT_SECONDS = 30.0
"""How long the server may take for one reply."""

_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_TOO_BIG = 552


class Undeliverable(Exception):
    """The server will never take this mail: trying again is useless. Says why, without any address."""


class TryLater(Exception):
    """The server does not take this mail now; the connection is still good. Says why, without any address."""


class ConnectionLost(Exception):
    """There is no connection to the server, or no longer: nothing more can be handed over by it."""


class Connection(Protocol):
    """One connection, for as many mails as are waiting."""

    def send(self, mail: EmailMessage, sender: str, recipients: Sequence[str]) -> int:
        """Hand a mail over; when this returns, the server has accepted it.

        Returns how many of several recipients the server refused for good. Raises `Undeliverable`, `TryLater` or
        `ConnectionLost`; after the last, the mail may have been accepted without our hearing of it.
        """


class Transport(Protocol):
    """A way out of the house."""

    def connect(self) -> AbstractContextManager[Connection]:
        """Open one connection for a batch, closed at the end of a `with` block. Raises `ConnectionLost`."""


@dataclass(frozen=True)
class SmtpTransport:
    """An SMTP server: `smtp://` (plain), `smtps://` (TLS from the start) or `smtp+starttls://`.

    User and password stand in the address, if any. The server's certificate is checked.
    """

    url: str = field(repr=False)
    timeout: float = TIMEOUT_SECONDS

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Open one connection for a batch. Raises `ConnectionLost`."""
        try:
            smtp = self._open(urlsplit(self.url))
        except smtplib.SMTPResponseException as error:
            raise ConnectionLost(f"the mail server said {_said(error.smtp_code, error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise ConnectionLost(f"no connection to the mail server ({type(error).__name__})") from error
        try:
            yield _SmtpConnection(smtp)
        finally:
            _leave(smtp)

    def _open(self, parts: SplitResult) -> smtplib.SMTP:
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=self.timeout, context=ssl.create_default_context()
            )
        else:
            starttls = parts.scheme == "smtp+starttls"
            smtp = smtplib.SMTP(host, parts.port or (587 if starttls else 25), timeout=self.timeout)
        try:
            if parts.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
            if parts.username:
                smtp.login(unquote(parts.username), unquote(parts.password or ""))
            else:
                smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp


@dataclass(frozen=True)
class _SmtpConnection:
    smtp: smtplib.SMTP

    def send(self, mail: EmailMessage, sender: str, recipients: Sequence[str]) -> int:
        """Hand a mail over in one transaction."""
        try:
            refused = self.smtp.sendmail(sender, list(recipients), mail.as_bytes(policy=SMTP))
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal([(code, said) for code, said in error.recipients.values()]) from error
        except smtplib.SMTPSenderRefused as error:
            # Our own address refused is a matter of set-up, not of this mail: keep it, unless it is too big.
            raise _refusal([(error.smtp_code, error.smtp_error)], final=error.smtp_code == _TOO_BIG) from error
        except smtplib.SMTPDataError as error:
            raise _refusal([(error.smtp_code, error.smtp_error)]) from error
        except smtplib.SMTPResponseException as error:
            raise ConnectionLost(f"the mail server said {_said(error.smtp_code, error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise ConnectionLost(f"the connection to the mail server was lost ({type(error).__name__})") from error
        return len(refused)


def _refusal(replies: Sequence[tuple[int, bytes | str]], *, final: bool = True) -> Exception:
    """Return what the server's refusal means: 421 ends the connection, 5xx is for good, anything else for now."""
    said = "the mail server said " + ", ".join(dict.fromkeys(_said(code, text) for code, text in replies))
    if any(code == 421 for code, _ in replies):
        return ConnectionLost(said)
    if final and all(500 <= code < 600 for code, _ in replies):
        return Undeliverable(said)
    return TryLater(said)


def _said(code: int, text: bytes | str) -> str:
    """Return a reply by its codes alone: its words often hold the recipient's address."""
    enhanced = _ENHANCED.match(text.encode() if isinstance(text, str) else text)
    return f"{code} {enhanced[1].decode()}" if enhanced else str(code)


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye, if anybody is still there."""
    try:
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()


@dataclass(frozen=True)
class FolderTransport:
    """A folder in which each mail is laid as one `.eml` file, whole or not at all; the same mail is the same file."""

    folder: Path

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Make the folder, if it is not there. Raises `ConnectionLost`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConnectionLost(f"the mail folder cannot be used ({type(error).__name__})") from error
        yield self

    def send(self, mail: EmailMessage, sender: str, recipients: Sequence[str]) -> int:
        """Write one file, and make sure that it is on the disk."""
        name = re.sub(r"[^A-Za-z0-9._-]", "_", str(mail["Message-ID"]).strip("<>").partition("@")[0])
        draft = self.folder / f".{name}.{os.getpid()}.part"
        try:
            with draft.open("wb") as file:
                file.write(mail.as_bytes(policy=SMTP))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / f"{name}.eml")
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ConnectionLost(f"the mail folder cannot be written ({type(error).__name__})") from error
        return 0


def transport_for(smtp_url: str | None, folder: Path) -> Transport:
    """Return the way out that the settings name: the SMTP server, else the folder."""
    return SmtpTransport(smtp_url) if smtp_url else FolderTransport(folder)
