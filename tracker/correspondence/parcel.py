"""Owns what a mail of the house is, ready to go: whom it comes from, its headers, both forms of its text, files."""

from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

from tracker.charter.counting import BRUSSELS
from tracker.charter.words import Language
from tracker.correspondence.compose import Composed, one_line
from tracker.correspondence.enclosures import Enclosure
from tracker.correspondence.threads import POLICY
from tracker.correspondence.tracking import MailKind, message_id, reply_token
from tracker.correspondence.transport import TryLater, Undeliverable
from tracker.models.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom the house's mail comes from, and what it needs to be written."""

    mail_from: str
    """One address, with a name if wanted: `Suivi <suivi@example.be>`."""
    base_url: str
    """Where staff find Suivi, without a slash at the end."""
    attachments: Path
    """The folder in which attachments are kept."""
    secret: bytes = field(repr=False)
    """What Message-IDs and reply addresses are keyed with."""
    fetches: bool = False
    """Replies are fetched from a mailbox; if not, the handler is named beside, so that none is written in vain."""

    @property
    def address(self) -> str:
        """The bare address."""
        return parseaddr(self.mail_from)[1]

    @property
    def domain(self) -> str:
        """What Message-IDs end in."""
        return self.address.rpartition("@")[2]

    def reply_address(self, reference: str) -> str:
        """Return the address that replies about a case come back to: ours, with the case's token behind a `+`."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{reply_token(self.secret, reference)}@{domain}"

    def message_id(self, message: Message) -> str:
        """Return the id of the mail that a message of ours leaves as."""
        reference = (message.signature or {})["reference"]
        return message_id(
            self.secret, MailKind.MESSAGE, reference, message.number, message.written_at, domain=self.domain
        )


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail ready to go, with whom it goes to; nothing in it needs the database any more."""

    mail: EmailMessage
    recipients: tuple[str, ...]
    enclosures: tuple[Enclosure, ...] = ()

    def packed(self) -> EmailMessage:
        """Return the mail with its files put in. Raises `TryLater` when one cannot be read."""
        language = self.mail["Content-Language"]
        for enclosure in self.enclosures:
            maintype, _, subtype = enclosure.media_type.partition("/")
            try:
                content = enclosure.path.read_bytes()
            except OSError as error:
                raise TryLater(f"an attachment cannot be read ({type(error).__name__})") from error
            self.mail.add_attachment(
                content,
                maintype=maintype or "application",
                subtype=subtype or "octet-stream",
                filename=enclosure.name,
            )
        if language and "Content-Language" not in self.mail:
            self.mail["Content-Language"] = language  # adding a file moves it down to the text
        return self.mail


def mail_of(
    composed: Composed, *, language: Language, written_at: datetime, message_id: str, automatic: bool
) -> EmailMessage:
    """Return a mail without its addresses: text and HTML, and the headers that every mail of ours has."""
    mail = EmailMessage(policy=POLICY)
    mail["Subject"] = one_line(composed.subject)
    mail["Date"] = written_at.astimezone(BRUSSELS)
    mail["Message-ID"] = message_id
    # RFC 3834: "no" tells other systems that a person wrote this, so that they may treat it as such.
    mail["Auto-Submitted"] = "auto-generated" if automatic else "no"
    mail.set_content(composed.text)
    if composed.html:
        mail.add_alternative(composed.html, subtype="html")
    mail["Content-Language"] = language.value
    return mail


def address_of(address: str, name: str = "") -> Address:
    """Return an address with a name, as a header takes it. Raises `Undeliverable`."""
    return Address(display_name=name, addr_spec=in_ascii(address))


def in_ascii(address: str) -> str:
    """Return an address whose domain is written in ASCII, as every server understands it. Raises `Undeliverable`."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise Undeliverable("an e-mail address is not usable") from error
