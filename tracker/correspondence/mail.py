"""Owns how a message or a notice becomes an e-mail: its headers, its two forms of the text, its files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.counting import BRUSSELS, brussels_day
from tracker.charter.words import Language, MailOutcome, ObligationKind, WordToStaff
from tracker.correspondence.compose import (
    Composed,
    compose_action_notice,
    compose_digest,
    compose_mail_notice,
    compose_notice,
    compose_staff_notice,
    one_line,
    template_of,
)
from tracker.correspondence.enclosures import Enclosure, enclosures_of
from tracker.correspondence.explanation import organisation
from tracker.correspondence.facts import (
    ActionNoticeFacts,
    DigestFacts,
    DigestLine,
    DigestSection,
    HeldMail,
    MailNoticeFacts,
    NoticeFacts,
    StaffNoticeFacts,
)
from tracker.correspondence.gate import check_signature, is_email_address
from tracker.correspondence.survey_links import with_code
from tracker.correspondence.threads import POLICY, thread_of
from tracker.correspondence.tracking import MailKind, message_id, reply_token
from tracker.correspondence.transport import TryLater, Undeliverable
from tracker.models.cases import Case
from tracker.models.complaints import ActionNotice, CorrectiveAction
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Notice, Obligation
from tracker.models.personal import Digest
from tracker.models.staff import Staff
from tracker.models.tasks import StaffNotice, Task


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


def parcel_of(session: Session, row: Outbox, sender: Sender) -> Parcel:
    """Return the mail of one row of the outbox. Raises `Undeliverable` or `SendRefused` when it cannot be made."""
    if row.message_id is not None:
        return _message(session, session.get_one(Message, row.message_id), sender)
    if row.mail_notice_id is not None:
        return _mail_notice(session, session.get_one(MailNotice, row.mail_notice_id), sender)
    if row.action_notice_id is not None:
        return _action_notice(session, session.get_one(ActionNotice, row.action_notice_id), sender)
    if row.digest_id is not None:
        return _digest(session, session.get_one(Digest, row.digest_id), sender)
    if row.staff_notice_id is not None:
        return _staff_notice(session, session.get_one(StaffNotice, row.staff_notice_id), sender)
    return _notice(session, session.get_one(Notice, row.notice_id), sender)


def _message(session: Session, message: Message, sender: Sender) -> Parcel:
    """Return the mail of a message: exactly the text that was kept, signed as it was kept, with the survey's code."""
    check_signature(message.signature)
    signature: Mapping[str, str] = message.signature or {}
    if not is_email_address(message.address or ""):
        raise Undeliverable("the recipient's e-mail address is not usable")
    text, html = with_code(session, sender.secret, message)
    mail = _mail(
        Composed(message.subject, text, html or "", message.template or "", 0),
        language=message.language,
        written_at=message.written_at,
        message_id=sender.message_id(message),
        automatic=template_of(message.template).automatic if message.template else False,
    )
    name = _sender_name(one_line(signature["name"]), organisation(message.language, short=True))
    mail["From"] = _address(sender.address, name)
    mail["To"] = _address(message.address or "")
    replies = [_address(sender.reply_address(signature["reference"]), name)]
    if not sender.fetches:
        replies.append(_address(signature["email"], one_line(signature["name"])))
    mail["Reply-To"] = replies
    for header, ids in thread_of(session, message, sender.message_id).items():
        mail[header] = " ".join(ids)
    return Parcel(mail, (_ascii(message.address or ""),), tuple(enclosures_of(session, message, sender.attachments)))


def _sender_name(signed: str, house: str) -> str:
    """Return whom a mail comes from: the person and the house, the house once."""
    return house if house in signed else f"{signed} – {house}"


def _notice(session: Session, notice: Notice, sender: Sender) -> Parcel:
    """Return the mail about one rung of one obligation, to everybody it is for, in each of their languages."""
    obligation = session.get_one(Obligation, notice.obligation_id)
    case = session.get_one(Case, obligation.case_id)
    handler = session.get_one(Staff, case.handler_id)
    found = {person.id: person for person in session.scalars(select(Staff).where(Staff.id.in_(notice.recipients)))}
    people = [found[id_] for id_ in notice.recipients if id_ in found and is_email_address(found[id_].email)]
    if not people:
        raise Undeliverable("none of the recipients has a usable e-mail address")
    facts = NoticeFacts(
        reference=case.reference,
        rung=notice.rung,
        kind=obligation.kind,
        due_on=notice.due_on,
        work_by=obligation.work_by,
        today=brussels_day(notice.recorded_at),
        case_url=f"{sender.base_url}/staff/cases/{case.reference}",
        handler_name=one_line(handler.name),
    )
    languages = [person.language for person in people]
    mail = _mail(
        compose_notice(facts, languages),
        language=languages[0],
        written_at=notice.recorded_at,
        message_id=message_id(
            sender.secret, MailKind.NOTICE, case.reference, notice.id, notice.recorded_at, domain=sender.domain
        ),
        automatic=True,
    )
    mail["From"] = _address(sender.address, parseaddr(sender.mail_from)[0])
    mail["To"] = [_address(person.email, one_line(person.name)) for person in people]
    mail["Reply-To"] = _address(handler.email, one_line(handler.name))
    return Parcel(mail, tuple(_ascii(person.email) for person in people))


def _mail_notice(session: Session, notice: MailNotice, sender: Sender) -> Parcel:
    """Return the mail about held and ignored mail that one person is to look at."""
    person = session.get_one(Staff, notice.staff_id)
    if not is_email_address(person.email):
        raise Undeliverable("the recipient has no usable e-mail address")
    held = tuple(_held(session, notice, sender))
    facts = MailNoticeFacts(
        held=held,
        ignored=len(notice.mails) - len(held),
        list_url=f"{sender.base_url}/staff/mail",
    )
    mail = _mail(
        compose_mail_notice(facts, [person.language]),
        language=person.language,
        written_at=notice.recorded_at,
        message_id=message_id(
            sender.secret, MailKind.MAIL_NOTICE, "mail", notice.id, notice.recorded_at, domain=sender.domain
        ),
        automatic=True,
    )
    mail["From"] = _address(sender.address, parseaddr(sender.mail_from)[0])
    mail["To"] = _address(person.email, one_line(person.name))
    return Parcel(mail, (_ascii(person.email),))


def _staff_notice(session: Session, word: StaffNotice, sender: Sender) -> Parcel:
    """Return the mail to colleagues about a task or a note that names them, in each of their languages."""
    reference = session.get_one(Case, word.case_id).reference
    people = _people(session, word.recipients)
    task = session.get_one(Task, word.task_id) if word.task_id is not None else None
    note = session.get_one(Message, word.message_id) if word.message_id is not None else None
    asked = word.kind is WordToStaff.ASKED
    by_id = (task.asked_by if asked else task.settled_by) if task else note.author_id if note else None
    by = session.get(Staff, by_id) if by_id is not None else None
    facts = StaffNoticeFacts(
        kind=word.kind,
        reference=reference,
        case_url=f"{sender.base_url}/staff/cases/{reference}",
        by=one_line(by.name) if by else "Suivi",
        due_on=task.due_on if task else None,
        service=task.service_code if task else None,
        answer_url=f"{sender.base_url}/staff/asked/{word.task_id}" if asked else None,
    )
    languages = [person.language for person in people]
    mail = _mail(
        compose_staff_notice(facts, languages),
        language=languages[0],
        written_at=word.recorded_at,
        message_id=message_id(
            sender.secret, MailKind.STAFF_NOTICE, reference, word.id, word.recorded_at, domain=sender.domain
        ),
        automatic=True,
    )
    if by is not None and is_email_address(by.email):
        mail["Reply-To"] = _address(by.email, one_line(by.name))
    return _to_people(mail, people, sender)


def _action_notice(session: Session, notice: ActionNotice, sender: Sender) -> Parcel:
    """Return the mail about a corrective action past its date, in each of its readers' languages."""
    action = session.get_one(CorrectiveAction, notice.action_id)
    reference = session.get_one(Case, action.case_id).reference
    people = _people(session, notice.recipients)
    facts = ActionNoticeFacts(
        reference=reference,
        owner=one_line(session.get_one(Staff, action.owner_id).name),
        due_on=notice.due_on,
        actions_url=f"{sender.base_url}/staff/actions",
        case_url=f"{sender.base_url}/staff/cases/{reference}",
    )
    languages = [person.language for person in people]
    mail = _mail(
        compose_action_notice(facts, languages),
        language=languages[0],
        written_at=notice.recorded_at,
        message_id=message_id(
            sender.secret, MailKind.ACTION_NOTICE, reference, notice.id, notice.recorded_at, domain=sender.domain
        ),
        automatic=True,
    )
    return _to_people(mail, people, sender)


def _people(session: Session, ids: Collection[int]) -> list[Staff]:
    """Return the active members of staff of these who can be written to. Raises `Undeliverable` when none can."""
    found = session.scalars(select(Staff).where(Staff.id.in_(ids), Staff.active).order_by(Staff.id))
    people = [person for person in found if is_email_address(person.email)]
    if not people:
        raise Undeliverable("none of the recipients has a usable e-mail address")
    return people


def _to_people(mail: EmailMessage, people: Sequence[Staff], sender: Sender) -> Parcel:
    """Return a mail of the house's, addressed to some members of staff."""
    mail["From"] = _address(sender.address, parseaddr(sender.mail_from)[0])
    mail["To"] = [_address(person.email, one_line(person.name)) for person in people]
    return Parcel(mail, tuple(_ascii(person.email) for person in people))


def _digest(session: Session, digest: Digest, sender: Sender) -> Parcel:
    """Return the mail of one person's day."""
    person = session.get_one(Staff, digest.staff_id)
    if not person.active:
        raise Undeliverable("the recipient's account was closed")
    if not is_email_address(person.email):
        raise Undeliverable("the recipient has no usable e-mail address")
    facts = DigestFacts(
        day=digest.day,
        **{name: _section(digest.contents[name], sender) for name in ("overdue", "today", "week", "letters")},
        asked=_section(digest.contents.get("asked", {"count": 0, "lines": []}), sender),  # told of since version 2
        interim=digest.contents["interim"],
        queue_url=f"{sender.base_url}/staff/queue",
    )
    mail = _mail(
        compose_digest(facts, person.language),
        language=person.language,
        written_at=digest.recorded_at,
        message_id=message_id(
            sender.secret, MailKind.DIGEST, "digest", digest.id, digest.recorded_at, domain=sender.domain
        ),
        automatic=True,
    )
    mail["From"] = _address(sender.address, parseaddr(sender.mail_from)[0])
    mail["To"] = _address(person.email, one_line(person.name))
    return Parcel(mail, (_ascii(person.email),))


def _section(kept: Mapping[str, Any], sender: Sender) -> DigestSection:
    """Return one section of a digest as it was kept."""
    lines = [
        DigestLine(
            reference=reference,
            url=f"{sender.base_url}/staff/cases/{reference}",
            kind=ObligationKind(kind) if kind else None,
            due_on=date.fromisoformat(due_on) if due_on else None,
        )
        for reference, kind, due_on in kept["lines"]
    ]
    return DigestSection(count=kept["count"], lines=tuple(lines))


def _held(session: Session, notice: MailNotice, sender: Sender) -> Iterator[HeldMail]:
    """Return what is held of the mail that a notice tells of, the first due first."""
    waiting = (
        select(Mail.id, Mail.reason, Mail.due_on, Case.reference, Staff.name)
        .outerjoin(Case, Case.id == Mail.case_id)
        .outerjoin(Staff, Staff.id == Case.handler_id)
        .where(Mail.id.in_(notice.mails), Mail.outcome == MailOutcome.HELD, Mail.due_on.is_not(None))
        .order_by(Mail.due_on, Mail.id)
    )
    for row in session.execute(waiting):
        yield HeldMail(
            reason=row.reason,
            due_on=row.due_on,
            url=f"{sender.base_url}/staff/mail/{row.id}",
            reference=row.reference,
            handler_name=one_line(row.name) if row.name else None,
        )


def _mail(
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


def _address(address: str, name: str = "") -> Address:
    return Address(display_name=name, addr_spec=_ascii(address))


def _ascii(address: str) -> str:
    """Return an address whose domain is written in ASCII, as every server understands it. Raises `Undeliverable`."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise Undeliverable("an e-mail address is not usable") from error


def names_of(missing: Sequence[object]) -> str:
    """Return what a refusal of the gate names, for the record of a failure."""
    return ", ".join(str(getattr(one, "item", one)) for one in missing)
