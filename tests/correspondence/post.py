"""A real mail server on this machine for the tests, and an outbox with something in it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select
from sqlalchemy.orm import Session as DatabaseSession

from tests.correspondence.letters import SIGNATURE
from tests.factories import MONDAY, make_case, settle
from tracker.charter.words import Act, Channel, Direction, MessageKind
from tracker.correspondence.parcel import Sender
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message, Outbox

Answer = Callable[[SMTP, Envelope], Awaitable[str]]
SECRET = b"a secret for tests only, of 32 bytes or more"
SENDER = Sender(
    mail_from="Suivi <suivi@suivi.example>",
    base_url="https://suivi.example",
    attachments=Path("nowhere"),
    secret=SECRET,
    fetches=True,
)


class MailServer:
    """Keeps what it accepts; `at_rcpt` and `at_data` say how it answers."""

    def __init__(self) -> None:
        self.accepted: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.connections = 0
        self.at_rcpt: Callable[[str], str] = lambda address: "250 OK"
        self.at_data: Answer | None = None

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_rcpt(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.at_data is not None:
            answer = await self.at_data(server, envelope)
            if not answer.startswith("250"):
                return answer
        self.keep(envelope)
        return "250 OK"

    def keep(self, envelope: Envelope) -> None:
        """Accept a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.accepted.append(mail)
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what was accepted."""
        return [str(mail["Message-ID"]) for mail in self.accepted]


async def drop(server: SMTP, envelope: Envelope) -> str:
    """Cut the line in the middle of a transaction."""
    assert server.transport is not None
    server.transport.abort()
    await asyncio.sleep(0)
    return "421 gone"


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(server: MailServer, **more: Any) -> Iterator[str]:
    """Run a mail server, and give its address."""
    controller = Controller(server, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def fill(database: Database, number: int, *, address: str = "claire.dubois@example.org") -> list[int]:
    """Put that many answers of one case in an otherwise empty outbox; return the ids of its rows."""
    with database.writing() as session:
        settle(session)
        case = make_case(session, requester_email=None)
        assert session.scalars(select(Outbox)).all() == []
        rows = [_answer(session, case, place, address) for place in range(number)]
        session.flush()
        return [row.id for row in rows]


def _answer(session: DatabaseSession, case: Case, place: int, address: str) -> Outbox:
    message = Message(
        case_id=case.id,
        number=100 + place,
        direction=Direction.OUT,
        kind=MessageKind.ANSWER,
        act=Act.ANSWER,
        channel=Channel.EMAIL,
        language=case.language,
        subject=f"Notre réponse à votre demande – {case.reference}",
        body=f"Voici la réponse {place}.\n",
        html=f"<p>Voici la réponse {place}.</p>",
        address=address,
        signature=SIGNATURE.as_record(case.reference),
        template="answer",
        template_version=1,
        written_at=MONDAY,
    )
    session.add(message)
    session.flush()
    row = Outbox(message_id=message.id, state="waiting", attempts=0, next_try_at=MONDAY)
    session.add(row)
    return row


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = MONDAY) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, time: timedelta) -> None:
        """Let time go by."""
        self.at += time


class Book:
    """What the use cases would have been told."""

    def __init__(self) -> None:
        self.left: list[int] = []
        self.failed: list[int] = []

    def before(self, session: DatabaseSession, row: Outbox, now: datetime) -> None:
        """Let a mail go as it is."""

    def on_left(self, session: DatabaseSession, row: Outbox, now: datetime) -> None:
        """Note that a mail left."""
        self.left.append(row.id)

    def on_failed(self, session: DatabaseSession, row: Outbox, now: datetime) -> None:
        """Note that a mail was given up."""
        self.failed.append(row.id)


def rows(database: Database) -> list[Outbox]:
    """Return the outbox as it is stored."""
    with database.reading() as session:
        found = list(session.scalars(select(Outbox).order_by(Outbox.id)))
        session.expunge_all()
        return found
