"""Owns what a message needs to know: plain facts, handed in by the use cases, with no row of the database in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tracker.charter.words import Channel, Language, MailReason, ObligationKind, ServiceKind, WordToStaff
from tracker.correspondence.phones import Phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signs: what user charter §2 and the law of 11 April 1994 (art. 2) want on every communication."""

    name: str
    title: str
    phone: str
    email: str
    service_name: str
    postal_address: str
    is_desk: bool = False
    """Nobody in particular: the desk that holds what reaches it while no dispatcher is there."""

    def as_record(self, reference: str) -> dict[str, str]:
        """Return it as it is kept with the message, with the case's reference as printed."""
        return {
            "name": self.name,
            "title": self.title,
            "phone": self.phone,
            "email": self.email,
            "service": self.service_name,
            "postal_address": self.postal_address,
            "reference": reference,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The promise that a message tells the requester about; the date is a Brussels day."""

    kind: ObligationKind
    rule_id: str
    due_on: date
    days: int | None
    """Calendar days counted; none for a date that an interim letter promised."""
    overdue: bool = False
    """That day is over, and nobody has heard from us."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """Where the requester follows the case, and the code to give beside the reference."""

    url: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The body that is competent for a misdirected request, from the directory."""

    name: str
    kind: ServiceKind
    email: str | None = None
    phone: str | None = None
    postal_address: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The citizen's request as it is forwarded, whole."""

    name: str
    contact: tuple[str, ...]
    """How to reach the person, one line each."""
    text: str
    channel: Channel
    language: Language
    attachments: tuple[str, ...] = ()
    """The names of the files that go with it."""
    consent_on: date | None = None
    """The day (Brussels) on which the person agreed to the transmission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """Everything a message on a case may say. What a kind of message needs stands in its `message.toml`."""

    reference: str
    case_subject: str
    received_on: date
    """Brussels day of receipt."""
    signature: Signature
    requester_name: str = ""
    answer_by: Channel | None = None
    """How the answer will travel."""
    complaint: bool = False
    """What we were written is a complaint: it is called so, and another one about it goes to the Ombudsman."""
    body: str | None = None
    """What the handler wrote."""
    reason: str | None = None
    """Interim letter: why more time is needed. Transmission: why that body."""
    promised_on: date | None = None
    promise: Promise | None = None
    tracking: Tracking | None = None
    destination: Destination | None = None
    forwarded: bool | None = None
    """Transmission notice: whether the request was forwarded, or the requester only told where to turn."""
    request: Request | None = None
    phones: tuple[Phone, ...] | None = None
    survey_url: str | None = None
    """Where the requester says what they thought of the answer."""
    survey_code: str | None = None
    """What to type there, on paper: otherwise it is in the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What a mail to staff about one obligation says: nothing about the citizen."""

    reference: str
    rung: str
    kind: ObligationKind
    due_on: date
    work_by: date
    today: date
    """The Brussels day on which it is written."""
    case_url: str
    handler_name: str = ""
    handler_is_desk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffNoticeFacts:
    """What a word to colleagues about a task, or a note that names them, says: nothing of what was written."""

    kind: WordToStaff
    reference: str
    case_url: str
    by: str
    """Who asked, settled it, or wrote the note."""
    due_on: date | None = None
    """By when (Brussels) it is wanted."""
    service: Mapping[str, str] | None = None
    """The names, by language, of the service that is asked."""
    answer_url: str | None = None
    """Where it is said to be done, or declined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionNoticeFacts:
    """What a word about a corrective action past its date says: nothing of what was written."""

    reference: str
    """Of the complaint."""
    owner: str
    """Who has to do it."""
    due_on: date
    """The Brussels day that is past."""
    actions_url: str
    case_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLinkFacts:
    """What is told of a link by which a password is set; never the link."""

    name: str
    """Whose account it is."""
    email: str
    by: str
    """The administrator who made it."""
    made_at: datetime
    until: datetime
    history_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailNoticeFacts:
    """What a mail to staff about held and ignored mail says: nothing about whoever wrote."""

    held: tuple["HeldMail", ...]
    """What somebody has to decide about, the first due first."""
    ignored: int
    list_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMail:
    """One held mail in that list: nothing of what was written, nor who wrote."""

    reason: MailReason
    due_on: date
    """By when (Brussels) an answer would be due, were it a request of its own."""
    url: str
    reference: str | None = None
    """The case that it is presumed to be about."""
    handler_name: str | None = None
    """Who has that case."""
    handler_is_desk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """What the daily mail to one member of staff says: what is owed and what waits, nothing about a citizen."""

    day: date
    """The Brussels day it is for."""
    overdue: "DigestSection"
    today: "DigestSection"
    """To be done on this day."""
    week: "DigestSection"
    """To be done in the rest of this week."""
    interim: int
    """How many of all these are interim letters."""
    letters: "DigestSection"
    """Written, and waiting to be posted or faxed."""
    asked: "DigestSection"
    """What colleagues ask of them."""
    queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSection:
    """How many there are, and the first of them."""

    count: int
    lines: tuple["DigestLine", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """One of them; a letter that waits has neither kind nor date."""

    reference: str
    url: str
    kind: ObligationKind | None = None
    due_on: date | None = None
