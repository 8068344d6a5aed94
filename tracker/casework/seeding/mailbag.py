"""Owns the mail of a made-up population: real mails, taken in by the use cases themselves, some held and some not."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from itertools import cycle
from typing import Any

from sqlalchemy import Row, select

from tracker.casework.house import House
from tracker.casework.mail.store import Mailroom, lay_down
from tracker.casework.mail.taking_in import TakenIn, take_in
from tracker.casework.seeding.people import read_texts
from tracker.charter.counting import aware
from tracker.charter.words import CaseState, Channel
from tracker.correspondence.tracking import reply_token
from tracker.models.cases import Case
from tracker.models.database import Database

ONE_IN, MOST = 20, 60
"""A mail for every so many cases, and no more than so many: real mail takes its time."""
APART = timedelta(hours=2)


def send_mail(database: Database, house: House, room: Mailroom, *, cases: int, now: datetime) -> list[TakenIn]:
    """Let mail about the newest open cases reach the house over the days before ``now`` (aware), and take it in.

    Replies, strangers who answer, references that were only quoted or mistyped, automatic replies, a newsletter.
    Raises ``OSError`` when the disk fails.
    """
    now, taken = aware(now), []
    newest = (
        select(Case.reference, Case.subject, Case.language, Case.requester_name, Case.requester_email)
        .where(Case.channel == Channel.EMAIL, Case.state == CaseState.OPEN, Case.requester_email.is_not(None))
        .order_by(Case.id.desc())
        .limit(min(cases // ONE_IN, MOST))
    )
    with database.reading() as session:
        about = session.execute(newest).all()
    for number, (case, kind) in enumerate(zip(about, cycle(_KINDS), strict=False), 1):
        arrived_at = now - number * APART
        mail = _mail(house, room, case, number)
        kind(mail, case)
        laid = lay_down(database, room.mail, mail.as_bytes(), arrived_at=arrived_at, now=arrived_at)
        taken.append(take_in(database, house, room, mail_id=laid.mail_id, now=now))
    return taken


def _mail(house: House, room: Mailroom, case: Row[*tuple[Any, ...]], number: int) -> EmailMessage:
    """Return the requester's reply to a message of ours, as it would come."""
    local, _, domain = room.address.partition("@")
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = f"<{number}.{case.reference.lower()}@mail.example>"
    mail["From"] = case.requester_email
    mail["To"] = f"{local}+{reply_token(house.secret, case.reference)}@{domain}"
    mail["Subject"] = f"Re: {case.subject}"
    text = read_texts()["texts"][case.language]["follow_up"] % {"name": case.requester_name}
    mail.set_content(text)
    return mail


def _reply(mail: EmailMessage, case: Row[*tuple[Any, ...]]) -> None:
    """Leave it as it is: it joins the case."""


def _from_a_stranger(mail: EmailMessage, case: Row[*tuple[Any, ...]]) -> None:
    mail.replace_header("From", f"family.{case.requester_email}")


def _reference_only(mail: EmailMessage, case: Row[*tuple[Any, ...]]) -> None:
    mail.replace_header("To", mail["To"].partition("+")[0] + "@" + mail["To"].rpartition("@")[2])
    mail.replace_header("Subject", case.reference)


def _mistyped(mail: EmailMessage, case: Row[*tuple[Any, ...]]) -> None:
    _reference_only(mail, case)
    last = (int(case.reference[-1]) + 1) % 10
    mail.replace_header("Subject", f"{case.reference[:-1]}{last}")


def _automatic(mail: EmailMessage, case: Row[*tuple[Any, ...]]) -> None:
    mail["Auto-Submitted"] = "auto-replied"


def _newsletter(mail: EmailMessage, case: Row[*tuple[Any, ...]]) -> None:
    _reference_only(mail, case)
    mail.replace_header("From", "newsletter@news.example")
    mail.replace_header("Subject", "Newsletter")
    mail["List-Id"] = "<news.example>"


_KINDS: Sequence[Callable[[EmailMessage, Row[*tuple[Any, ...]]], None]] = (
    _reply, _from_a_stranger, _reference_only, _automatic, _reply, _mistyped, _newsletter,
)  # fmt: skip
