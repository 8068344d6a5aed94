"""A mail of ours stands in its conversation: the answer comes back to its case, and mail programs show it there."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP, default
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.correspondence.letters import SIGNATURE
from tests.correspondence.post import SECRET, SENDER, fill
from tests.factories import MONDAY
from tracker.charter.words import Channel, Direction, Language, MailOutcome, MailReason, MessageKind
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.tracking import case_of_token, ours
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.models.messages import Message, Outbox

CLAIRE = "claire.dubois@example.org"


def came_in(session: Session, number: int, mail_id: str | None, *, sender: str = CLAIRE) -> None:
    """Put a mail of somebody's on the case."""
    case = session.scalars(select(Case)).one()
    message = Message(
        case_id=case.id, number=number, direction=Direction.IN, kind=MessageKind.FOLLOW_UP, channel=Channel.EMAIL,
        language=Language.FR, subject="Re", body="Et alors ?", written_at=MONDAY,
    )  # fmt: skip
    session.add(message)
    session.flush()
    session.add(
        Mail(
            sha256=f"{number:064d}", size=1, stored_at=MONDAY, received_at=MONDAY, decided_at=MONDAY,
            outcome=MailOutcome.ATTACHED, reason=MailReason.REPLY, message_id=mail_id, sender=sender,
            case_id=case.id, case_message_id=message.id,
        )
    )  # fmt: skip


def id_of(session: Session, row_id: int) -> str:
    return SENDER.message_id(session.get_one(Message, session.get_one(Outbox, row_id).message_id))


def headers(database: Database, row_id: int, sender: Any = SENDER) -> Any:
    """Return a mail as it arrives."""
    with database.writing() as session:
        raw = parcel_of(session, session.get_one(Outbox, row_id), sender).mail.as_bytes(policy=SMTP)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return message_from_bytes(raw, policy=default)


def test_a_mail_answers_the_last_one_of_the_citizen_after_all_that_went_before(database: Database) -> None:
    first, second, last = fill(database, 3)
    with database.writing() as session:
        came_in(session, 50, "<question@mail.example.org>")
        came_in(session, 51, None)
        ours_first = id_of(session, first)
        session.get_one(Message, session.get_one(Outbox, second).message_id).address = "another@example.org"
        came_in(session, 99, "<and-then@mail.example.org>")

    mail = headers(database, last)

    assert mail["In-Reply-To"] == "<and-then@mail.example.org>"
    assert mail["References"].split() == ["<question@mail.example.org>", ours_first, "<and-then@mail.example.org>"]


def test_where_nobody_wrote_by_mail_ours_hang_together(database: Database) -> None:
    first, second = fill(database, 2)
    with database.writing() as session:
        ours_first = id_of(session, first)

    mail = headers(database, second)

    assert "In-Reply-To" not in mail
    assert mail["References"] == ours_first


def test_nobody_is_put_in_a_conversation_that_they_had_no_part_in(database: Database) -> None:
    (to_a_body,) = fill(database, 1)
    with database.writing() as session:
        came_in(session, 50, "<question@mail.example.org>")
        came_in(session, 51, "<stranger@mail.example.org>", sender="stranger@example.org")
        message = session.get_one(Message, session.get_one(Outbox, to_a_body).message_id)
        message.address = "info@body.example"

    mail = headers(database, to_a_body)

    assert "References" not in mail
    assert "In-Reply-To" not in mail


@pytest.mark.parametrize(
    ("mail_id", "written"),
    [
        ("a.b@c.example", "<a.b@c.example>"),
        (f"<{'x' * 100}@{'y' * 120}.example>", f"<{'x' * 100}@{'y' * 120}.example>"),
        ("<CAF+x=Yz_1$%&'*!{|}~@[192.0.2.1]>", "<CAF+x=Yz_1$%&'*!{|}~@[192.0.2.1]>"),
        ("<a@b>\r\nBcc: everybody@example.org", None),
        ("<a b@c.example>", None),
        ("<é@c.example>", None),
        ("<=?utf-8?q?=0d=0aBcc=3a_x?=@c.example>", None),
        ("<a@b@c>", None),
        ("", None),
    ],
)
def test_an_id_that_a_stranger_made_is_passed_on_whole_or_not_at_all(
    database: Database, mail_id: str, written: str | None
) -> None:
    (row_id,) = fill(database, 1)
    with database.writing() as session:
        came_in(session, 50, mail_id)

    mail = headers(database, row_id)

    assert (mail["In-Reply-To"], mail["References"]) == (written, written)
    assert mail["Bcc"] is None


def test_a_long_conversation_is_cut_at_its_beginning(database: Database) -> None:
    (row_id,) = fill(database, 1)
    with database.writing() as session:
        for number in range(10, 90):
            came_in(session, number, f"<{number}@mail.example.org>")

    references = headers(database, row_id)["References"].split()

    assert references == [f"<{number}@mail.example.org>" for number in range(60, 90)]


def test_the_id_and_the_reply_address_are_the_same_at_every_attempt_and_only_ours(database: Database) -> None:
    (row_id,) = fill(database, 1)
    other = replace(SENDER, secret=b"another secret of this length, or longer")

    mail, again, elsewhere = (headers(database, row_id, sender) for sender in (SENDER, SENDER, other))

    assert mail["Message-ID"] == again["Message-ID"] != elsewhere["Message-ID"]
    (replies,) = mail["Reply-To"].addresses
    assert replies.addr_spec.startswith("suivi+dos-2026-")
    assert replies.domain == "suivi.example"
    reference = ours(SECRET, mail["Message-ID"])
    assert reference is not None
    assert case_of_token(SECRET, replies.addr_spec) == reference[0]
    assert case_of_token(SECRET, elsewhere["Reply-To"].addresses[0].addr_spec) is None


def test_where_no_mailbox_is_fetched_the_handler_is_answered_as_well(database: Database) -> None:
    (row_id,) = fill(database, 1)

    mail = headers(database, row_id, replace(SENDER, fetches=False))

    case, handler = (address.addr_spec for address in mail["Reply-To"].addresses)
    assert case_of_token(SECRET, case) is not None
    assert handler == SIGNATURE.email


def test_no_header_is_broken_by_a_long_domain(database: Database) -> None:
    (row_id,) = fill(database, 1)
    domain = f"{'a' * 60}.{'b' * 60}.suivi.example"

    mail = headers(database, row_id, replace(SENDER, mail_from=f"Suivi <suivi@{domain}>"))

    assert ours(SECRET, mail["Message-ID"]) is not None
    assert mail["Message-ID"].endswith(f"@{domain}>")
    assert case_of_token(SECRET, mail["Reply-To"].addresses[0].addr_spec) is not None
