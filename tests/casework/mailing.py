"""Mail as citizens and servers send it, and the room it is taken in at: what the tests of mail coming in share."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, make_house
from tracker.casework import leaving, letters
from tracker.casework.drafting import Draft
from tracker.casework.house import Actor
from tracker.casework.mail.store import Mailroom, lay_down
from tracker.casework.mail.taking_in import TakenIn, take_in
from tracker.correspondence.parcel import Sender
from tracker.correspondence.tracking import reply_token
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.models.messages import Message, Outbox

HOUSE = make_house()
OURS = "suivi@suivi.example"
HOST = "mx1.suivi.example"
CLAIRE = "claire.dubois@example.org"
TEXT = "Bonjour,\n\nComment faire légaliser mon diplôme belge pour l'Égypte ?\n\nClaire Dubois"
SENDER = Sender(mail_from=OURS, base_url="https://suivi.example", attachments=Path("/nowhere"), secret=HOUSE.secret)


def make_room(folder: Path, **more: object) -> Mailroom:
    """Return a mail room of the test's own."""
    room = Mailroom(
        mail=folder / "mail",
        attachments=folder / "attachments",
        mail_bytes=1024 * 1024,
        file_bytes=200 * 1024,
        hosts=(HOST,),
        address=OURS,
    )
    return replace(room, **more)  # type: ignore[arg-type]


def write(
    text: str = TEXT,
    *,
    sender: str | None = f"Claire Dubois <{CLAIRE}>",
    to: str = OURS,
    subject: str = "Légalisation d'un diplôme",
    message_id: str | None = "<1@example.org>",
    received: datetime | None = MONDAY,
    **headers: str,
) -> EmailMessage:
    """Return a mail as it reaches us, stamped by our own server; further headers by their names, `_` for `-`."""
    mail = EmailMessage(policy=SMTP)
    if received is not None:
        stamp = f"from example.org (192.0.2.1) by {HOST} with ESMTP id 1; {format_datetime(received)}"
        mail["Received"] = stamp
    if sender is not None:
        mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    if message_id is not None:
        mail["Message-ID"] = message_id
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def bounce_of(message: Message, *, at: datetime = MONDAY + timedelta(days=2)) -> bytes:
    """Return what a mail server sends when a message of ours cannot be delivered for good (RFC 3464)."""
    mail = EmailMessage(policy=SMTP)
    mail["Received"] = f"from mx.example.org (192.0.2.9) by {HOST}; {format_datetime(at)}"
    mail["Return-Path"] = "<>"
    mail["From"] = "MAILER-DAEMON@mx.example.org"
    mail["To"] = OURS
    mail["Subject"] = "Undelivered Mail Returned to Sender"
    mail["Auto-Submitted"] = "auto-replied"
    mail["Message-ID"] = "<bounce.1@mx.example.org>"
    whole = mail.as_bytes().rstrip(b"\r\n") + b"\r\n"
    parts = [
        b"Content-Type: text/plain\r\n\r\nThis is the mail system. No such user.\r\n",
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        b"Final-Recipient: rfc822; claire.dubois@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n",
        b"Content-Type: text/rfc822-headers\r\n\r\nFrom: suivi@suivi.example\r\nMessage-ID: "
        + SENDER.message_id(message).encode()
        + b"\r\n",
    ]
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    return whole + head + b"".join(b"--b\r\n" + part for part in parts) + b"--b--\r\n"


def encrypted() -> bytes:
    """Return a mail that only its addressee could read."""
    head = write(message_id="<enc@e.org>").as_bytes().partition(b"Content-Type")[0].partition(b"MIME-Version")[0]
    kind = (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"'
    )
    first = b"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    second = (
        b"--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQ\r\n--b--\r\n"
    )
    return head + kind + first + second


def lay(database: Database, room: Mailroom, mail: EmailMessage | bytes, now: datetime = MONDAY) -> int:
    """Lay a mail down, as the mailbox or the command does; return the number of its row."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    return lay_down(database, room.mail, raw, arrived_at=None, now=now).mail_id


def send(database: Database, room: Mailroom, mail: EmailMessage | bytes, now: datetime = MONDAY) -> TakenIn:
    """Let a mail reach us."""
    return take_in(database, HOUSE, room, mail_id=lay(database, room, mail, now), now=now)


def keyed(reference: str) -> str:
    """Return the address that replies about a case come back to."""
    local, _, domain = OURS.partition("@")
    return f"{local}+{reply_token(HOUSE.secret, reference)}@{domain}"


def row_of(session: Session, taken: TakenIn) -> Mail:
    """Return the row of a mail."""
    return session.get_one(Mail, taken.mail_id)


def case_of(session: Session, reference: str | None) -> Case:
    """Return a case by its reference."""
    return session.scalars(select(Case).where(Case.reference == reference)).one()


def messages_of(session: Session, reference: str | None) -> list[Message]:
    """Return all that was said on a case."""
    case = case_of(session, reference)
    return list(session.scalars(select(Message).where(Message.case_id == case.id).order_by(Message.number)))


def answer(database: Database, reference: str, clerk: Actor, now: datetime) -> Message:
    """Answer a case by e-mail, and let the mail server accept the answer."""
    with database.writing() as session:
        message = letters.answer(
            session, HOUSE, reference=reference, draft=Draft(text="Voici."), actor=clerk, now=now, seen=None
        )
        session.flush()
        line = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        leaving.on_left(session, HOUSE, line, now=now)
        line.state, line.settled_at = "sent", now
    return message
