"""Owns the mails to staff: about a promise, held mail, a task, a corrective action, an account, and their day."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.counting import brussels_day
from tracker.charter.words import MailOutcome, ObligationKind, Role, WordToStaff
from tracker.correspondence.compose import (
    Composed,
    compose_action_notice,
    compose_digest,
    compose_mail_notice,
    compose_notice,
    compose_password_link,
    compose_staff_notice,
    one_line,
)
from tracker.correspondence.facts import (
    ActionNoticeFacts,
    DigestFacts,
    DigestLine,
    DigestSection,
    HeldMail,
    MailNoticeFacts,
    NoticeFacts,
    PasswordLinkFacts,
    StaffNoticeFacts,
)
from tracker.correspondence.gate import is_email_address
from tracker.correspondence.parcel import Parcel, Sender, address_of, in_ascii, mail_of
from tracker.correspondence.tracking import MailKind, message_id
from tracker.correspondence.transport import Undeliverable
from tracker.models.cases import Case
from tracker.models.complaints import ActionNotice, CorrectiveAction
from tracker.models.directory import Service
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Message
from tracker.models.obligations import Notice, Obligation
from tracker.models.personal import Digest, PasswordLink
from tracker.models.staff import Staff
from tracker.models.tasks import StaffNotice, Task


def notice_mail(session: Session, notice: Notice, sender: Sender) -> Parcel:
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
        handler_is_desk=handler.is_desk,
    )
    mail = compose_notice(facts, [person.language for person in people])
    return _to_people(
        mail, people, sender, MailKind.NOTICE, case.reference, notice.id, notice.recorded_at, reply_to=handler
    )


def mail_notice_mail(session: Session, notice: MailNotice, sender: Sender) -> Parcel:
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
    mail = compose_mail_notice(facts, [person.language])
    return _to_people(mail, [person], sender, MailKind.MAIL_NOTICE, "mail", notice.id, notice.recorded_at)


def _service_names(session: Session, task: Task | None) -> Mapping[str, str] | None:
    if task is None or task.service_code is None:
        return None
    return session.get_one(Service, task.service_code).names


def word_mail(session: Session, word: StaffNotice, sender: Sender) -> Parcel:
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
        service=_service_names(session, task),
        answer_url=f"{sender.base_url}/staff/asked/{word.task_id}" if asked else None,
    )
    mail = compose_staff_notice(facts, [person.language for person in people])
    return _to_people(mail, people, sender, MailKind.STAFF_NOTICE, reference, word.id, word.recorded_at, reply_to=by)


def action_mail(session: Session, notice: ActionNotice, sender: Sender) -> Parcel:
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
    mail = compose_action_notice(facts, [person.language for person in people])
    return _to_people(mail, people, sender, MailKind.ACTION_NOTICE, reference, notice.id, notice.recorded_at)


def password_link_mail(session: Session, link: PasswordLink, sender: Sender) -> Parcel:
    """Return the mail that tells the owner of an account, and the other administrators, of a link to its password."""
    owner = session.get_one(Staff, link.staff_id)
    admins = select(Staff.id).where(Staff.role == Role.ADMIN, Staff.active, Staff.id != link.made_by)
    people = _people(session, {owner.id, *session.scalars(admins)})
    people.sort(key=lambda person: person.id != owner.id)
    facts = PasswordLinkFacts(
        name=one_line(owner.name),
        email=owner.email,
        by=one_line(session.get_one(Staff, link.made_by).name),
        made_at=link.made_at,
        until=link.until,
        history_url=f"{sender.base_url}/staff/history",
    )
    mail = compose_password_link(facts, [person.language for person in people])
    return _to_people(mail, people, sender, MailKind.ACCOUNT, "account", link.id, link.made_at)


def _people(session: Session, ids: Collection[int]) -> list[Staff]:
    """Return the active members of staff of these who can be written to. Raises `Undeliverable` when none can."""
    found = session.scalars(select(Staff).where(Staff.id.in_(ids), Staff.active).order_by(Staff.id))
    people = [person for person in found if is_email_address(person.email)]
    if not people:
        raise Undeliverable("none of the recipients has a usable e-mail address")
    return people


def _to_people(
    composed: Composed,
    people: Sequence[Staff],
    sender: Sender,
    kind: MailKind,
    about: str,
    number: int,
    at: datetime,
    *,
    reply_to: Staff | None = None,
) -> Parcel:
    """Return a mail of the house's to some members of staff, the first of whom has the language that goes first.

    ``kind``, what it is ``about``, its row's ``number`` and when it was written (``at``) make its Message-ID, which a
    repeat has too.
    """
    mail = mail_of(
        composed,
        language=people[0].language,
        written_at=at,
        message_id=message_id(sender.secret, kind, about, number, at, domain=sender.domain),
        automatic=True,
    )
    mail["From"] = address_of(sender.address, parseaddr(sender.mail_from)[0] or "Suivi")
    mail["To"] = [address_of(person.email, one_line(person.name)) for person in people]
    if reply_to is not None and is_email_address(reply_to.email):
        mail["Reply-To"] = address_of(reply_to.email, one_line(reply_to.name))
    return Parcel(mail, tuple(in_ascii(person.email) for person in people))


def digest_mail(session: Session, digest: Digest, sender: Sender) -> Parcel:
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
    mail = compose_digest(facts, person.language)
    return _to_people(mail, [person], sender, MailKind.DIGEST, "digest", digest.id, digest.recorded_at)


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
        select(Mail.id, Mail.reason, Mail.due_on, Case.reference, Staff.name, Staff.is_desk)
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
            handler_is_desk=bool(row.is_desk),
        )
