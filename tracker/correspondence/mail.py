"""Owns how a row of the outbox becomes a mail: a message to a requester or a body here, a mail to staff beside."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from tracker.correspondence.compose import Composed, one_line, template_of
from tracker.correspondence.enclosures import enclosures_of
from tracker.correspondence.explanation import organisation
from tracker.correspondence.gate import check_signature, is_email_address
from tracker.correspondence.mail_to_staff import (
    action_mail,
    digest_mail,
    mail_notice_mail,
    notice_mail,
    password_link_mail,
    word_mail,
)
from tracker.correspondence.parcel import Parcel, Sender, address_of, in_ascii, mail_of
from tracker.correspondence.survey_links import with_code
from tracker.correspondence.threads import thread_of
from tracker.correspondence.transport import Undeliverable
from tracker.models.complaints import ActionNotice
from tracker.models.mail import MailNotice
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Notice
from tracker.models.personal import Digest, PasswordLink
from tracker.models.tasks import StaffNotice


def parcel_of(session: Session, row: Outbox, sender: Sender) -> Parcel:
    """Return the mail of one row of the outbox. Raises `Undeliverable` or `SendRefused` when it cannot be made."""
    if row.message_id is not None:
        return _message(session, session.get_one(Message, row.message_id), sender)
    if row.mail_notice_id is not None:
        return mail_notice_mail(session, session.get_one(MailNotice, row.mail_notice_id), sender)
    if row.action_notice_id is not None:
        return action_mail(session, session.get_one(ActionNotice, row.action_notice_id), sender)
    if row.digest_id is not None:
        return digest_mail(session, session.get_one(Digest, row.digest_id), sender)
    if row.staff_notice_id is not None:
        return word_mail(session, session.get_one(StaffNotice, row.staff_notice_id), sender)
    if row.password_link_id is not None:
        return password_link_mail(session, session.get_one(PasswordLink, row.password_link_id), sender)
    return notice_mail(session, session.get_one(Notice, row.notice_id), sender)


def _message(session: Session, message: Message, sender: Sender) -> Parcel:
    """Return the mail of a message: exactly the text that was kept, signed as it was kept, with the survey's code."""
    check_signature(message.signature)
    signature: Mapping[str, str] = message.signature or {}
    if not is_email_address(message.address or ""):
        raise Undeliverable("the recipient's e-mail address is not usable")
    text, html = with_code(session, sender.secret, message)
    mail = mail_of(
        Composed(message.subject, text, html or "", message.template or "", 0),
        language=message.language,
        written_at=message.written_at,
        message_id=sender.message_id(message),
        automatic=template_of(message.template).automatic if message.template else False,
    )
    name = _sender_name(one_line(signature["name"]), organisation(message.language, short=True))
    mail["From"] = address_of(sender.address, name)
    mail["To"] = address_of(message.address or "")
    replies = [address_of(sender.reply_address(signature["reference"]), name)]
    if not sender.fetches:
        replies.append(address_of(signature["email"], one_line(signature["name"])))
    mail["Reply-To"] = replies
    for header, ids in thread_of(session, message, sender.message_id).items():
        mail[header] = " ".join(ids)
    return Parcel(
        mail, (in_ascii(message.address or ""),), tuple(enclosures_of(session, message, sender.attachments))
    )


def _sender_name(signed: str, house: str) -> str:
    """Return whom a mail comes from: the person and the house, the house once."""
    return house if house in signed else f"{signed} – {house}"


def names_of(missing: Sequence[object]) -> str:
    """Return what a refusal of the gate names, for the record of a failure."""
    return ", ".join(str(getattr(one, "item", one)) for one in missing)
