"""Owns the values that the page of a case is made of: frozen, plain, without a way back to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import (
    PAPER,
    CaseState,
    Channel,
    ChannelReason,
    ErasureGround,
    Language,
    MailOutcome,
    MailReason,
    MessageKind,
    Nature,
    NoticeState,
    Verb,
)
from tracker.models.messages import ACKNOWLEDGED_TOO_OFTEN, LACKING, WITHHELD


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach somebody: the requester, or the handler."""

    name: str
    email: str | None = None
    phone: str | None = None
    fax: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """That the personal data of a case were erased: when, by whose decision, and why."""

    at: datetime
    by: str
    ground: ErasureGround


@dataclass(frozen=True, slots=True)
class Header:
    """What every page about a case needs, and what permissions are asked about."""

    id: int
    reference: str
    asked_for: str
    """The reference that led here; another one when the case was merged into this."""
    version: int
    state: CaseState
    received_at: datetime
    registered_at: datetime
    channel: Channel
    nature: Nature
    nature_ground: str | None
    nature_confirmed: bool
    language: Language
    official_language: Language | None
    country: str | None
    subject: str
    requester: Contact
    reply_channel: Channel
    reply_channel_reason: ChannelReason | None
    service_code: str | None
    service_names: Mapping[str, str]
    associated: Mapping[str, Mapping[str, str]]
    """The names, by language, of the services that are on the case beside the lead."""
    handler_id: int
    handler: Contact
    handler_is_desk: bool
    handler_away_from: date | None
    handler_away_until: date | None
    triage_since: datetime | None
    routing: Mapping[str, Any] | None
    urgent_since: datetime | None
    urgent_taken_at: datetime | None
    sensitive: bool
    consent_at: datetime | None
    about_staff_id: int | None
    about_service_code: str | None
    about_case_id: int | None
    continues_case_id: int | None
    closed_at: datetime | None
    next_due_on: date | None
    next_work_by: date | None
    asked: frozenset[int]
    """The colleagues who are asked for something on it that is still to be done."""
    erased: Erased | None

    @property
    def services(self) -> frozenset[str]:
        """The codes of all the services on the case."""
        return frozenset((*self.associated, *((self.service_code,) if self.service_code else ())))

    @property
    def rings(self) -> bool:
        """Say whether guard duty is told of the case: urgent, not finished, and nobody has taken it."""
        untaken = self.urgent_since is not None and self.urgent_taken_at is None
        return untaken and self.state in (CaseState.TRIAGE, CaseState.OPEN)

    def handler_away(self, day: date) -> bool:
        """Say whether the handler is away on a day (Brussels)."""
        start, end = self.handler_away_from, self.handler_away_until
        return start is not None and start <= day and (end is None or day <= end)


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a message."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where a file lies, for whoever may have it."""

    name: str
    stored_as: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Lost:
    """What of a mail is not in the message that it became; the raw mail holds it all."""

    damaged: tuple[str, ...]
    """What could not be read, in the words of ``correspondence.mime.Damage``."""
    left_out: tuple[tuple[str, str], ...]
    """The files that were not kept: name, and why in the words of ``correspondence.files.FileProblem``."""


@dataclass(frozen=True, slots=True)
class Came:
    """A mail on the case that is no message of it: held, or set aside."""

    at: datetime
    mail_id: int
    outcome: MailOutcome
    reason: MailReason
    sender: str | None
    subject: str | None
    due_on: date | None
    open: bool
    """Nobody has looked at it yet."""

    @property
    def waits(self) -> bool:
        """Say whether somebody has to decide about it."""
        return self.open and self.outcome is MailOutcome.HELD


@dataclass(frozen=True, slots=True)
class Said:
    """A message: what was said, by whom, and whether it left."""

    at: datetime
    number: int
    outgoing: bool
    kind: MessageKind
    channel: Channel
    language: Language
    subject: str
    body: str
    address: str | None
    author: str | None
    to_service: str | None
    promised_on: date | None
    reason: str | None
    """For an interim letter: why more time is needed."""
    discharges: bool
    """It keeps a promise once it has left."""
    left_on: date | None
    left_at: datetime | None
    void_evidence: str | None
    voided_at: datetime | None
    waiting: bool
    """In the outbox, on its way to the mail server."""
    failed: bool
    """Given up by the outbox."""
    problem: str | None
    """What the server said."""
    files: tuple[File, ...]
    mail_id: int | None = None
    """The mail that it came as."""
    quoted: str | None = None
    """The earlier mails that it repeats."""
    otherwise: str = ""
    """What the HTML of that mail says, where it is something else than its plain text."""
    lost: Lost | None = None
    """What of the mail that it came as could not be read or kept."""
    kept: bool = False
    """The PDF of the letter that was printed is kept."""
    unacknowledged: bool = False
    """Its sender had been sent so many acknowledgements that day that there was none for this."""

    @property
    def stays(self) -> bool:
        """Say whether it is a note, which never leaves."""
        return self.kind is MessageKind.NOTE

    @property
    def on_paper(self) -> bool:
        """Say whether there is a letter to look at: kept, or as it would be printed now."""
        return self.outgoing and not self.stays and self.channel in PAPER and (self.left_on is None or self.kept)

    @property
    def withheld(self) -> bool:
        """Say whether we kept it back ourselves: what it meant to do had become impossible."""
        return self.failed and (self.problem or "").startswith(WITHHELD)

    @property
    def too_often(self) -> bool:
        """Say whether it is an acknowledgement that was not sent, since its address gets too many."""
        return self.failed and self.problem == ACKNOWLEDGED_TOO_OFTEN

    @property
    def lacks(self) -> tuple[str, ...]:
        """Return the items that the gate found missing just before it was to leave."""
        found = (self.problem or "").partition(f"{LACKING}: ")[2] if self.failed else ""
        return tuple(found.split(", ")) if found else ()


@dataclass(frozen=True, slots=True)
class Done:
    """An entry of the history: what was done, and by whom."""

    at: datetime
    verb: Verb
    actor: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A reminder or an escalation, and whom it reached."""

    at: datetime
    rung: str
    state: NoticeState
    number: int
    """The obligation it was about."""
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept in time."""

    at: datetime
    number: int
    due_on: date
    recorded_at: datetime
    born_late: bool


@dataclass(frozen=True, slots=True)
class Link:
    """Another case that has to do with this one."""

    relation: str
    """One of ``linked.ORDER``."""
    reference: str
    subject: str
    state: CaseState
    due_on: date | None
    """The next date that it owes; none: nothing."""
    number: int | None = None
    """Of the link, where a person's word made it."""
    word: str | None = None
    """Why they belong together, in that person's words."""
    more: bool = False
    """There are more of this kind: this one is not shown."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """One case as its page shows it."""

    header: Header
    promises: tuple[Promise, ...]
    line: tuple[Said | Done | Told | Broken | Came, ...]
    """Everything said and done, in order, the oldest first."""
    links: tuple[Link, ...]
    names: Mapping[int, str]
    """The names of the members of staff that the history speaks of."""

    @property
    def messages(self) -> tuple[Said, ...]:
        """Return what was said, in order."""
        return tuple(item for item in self.line if isinstance(item, Said))

    @property
    def stuck(self) -> tuple[Said, ...]:
        """Return the outgoing messages that have not left: a promise at risk."""
        return tuple(m for m in self.messages if m.outgoing and not m.stays and m.left_on is None)

    @property
    def waiting(self) -> tuple[Came, ...]:
        """Return the mail that is presumed to be about this case and waits for a decision."""
        return tuple(item for item in self.line if isinstance(item, Came) and item.waits)

    @property
    def lost(self) -> tuple[Said, ...]:
        """Return the messages of Suivi's own that came back or were given up, and that nothing has replaced since."""
        return to_send_again(self.messages)

    @property
    def came_back(self) -> tuple[Said, ...]:
        """Return the messages that never arrived, unless something has reached the same reader since."""
        return tuple(
            lost
            for lost in self.messages
            if lost.voided_at is not None and not any(_instead(lost, later) for later in self.messages)
        )


SENT_AGAIN = frozenset(
    {
        MessageKind.ACKNOWLEDGEMENT,
        MessageKind.COMPLAINT_ACKNOWLEDGEMENT,
        MessageKind.EMERGENCY,
        MessageKind.TRACKING_CODE,
        MessageKind.TRANSMISSION,
        MessageKind.TRANSMISSION_NOTICE,
        MessageKind.CLOSING,
    }
)
"""The kinds of message that nobody writes by hand a second time."""


def to_send_again(messages: Sequence[Said]) -> tuple[Said, ...]:
    """Return those of a case's messages that came back or were given up, and that nothing has replaced since."""
    return tuple(
        lost
        for lost in messages
        if lost.kind in SENT_AGAIN
        and (lost.failed or lost.voided_at is not None)
        and not any(_replaces(later, lost) for later in messages)
    )


def _replaces(later: Said, lost: Said) -> bool:
    """Say whether a later message does the work of one that was lost, or is on its way to do it."""
    same = later.kind is lost.kind and later.to_service == lost.to_service
    return same and later.number > lost.number and not later.failed and later.voided_at is None


def _instead(lost: Said, later: Said) -> bool:
    """Say whether a later message to the same reader has left and, as far as is known, arrived."""
    arrived = later.outgoing and later.left_on is not None and later.voided_at is None and not later.stays
    return arrived and later.number > lost.number and later.to_service == lost.to_service
