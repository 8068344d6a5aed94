"""The notice about held and ignored mail as it leaves by the outbox: to one person, nothing of what was written."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.factories import make_staff, settle
from tests.insight.casebook import NOW, a_case, a_mail
from tracker.charter.words import Language, MailOutcome, MailReason, Role
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.models.database import Database
from tracker.models.mail import MailNotice
from tracker.models.messages import Outbox
from tracker.models.staff import Staff

SENDER = Sender(
    mail_from="Suivi <suivi@example.be>", base_url="https://suivi.example", attachments=Path("/nowhere"),
    secret=b"a secret for tests only, of 32 bytes or more",
)  # fmt: skip


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session, now=NOW)
        yield session


@pytest.fixture
def an(session: Session) -> Staff:
    return make_staff(session, "an@example.org", Role.CLERK, "ME6", language=Language.NL)


def _row(session: Session, person: Staff, mails: list[int]) -> Outbox:
    notice = MailNotice(staff_id=person.id, day=NOW.date(), mails=mails, recorded_at=NOW)
    session.add(notice)
    session.flush()
    row = Outbox(mail_notice_id=notice.id, state="waiting", attempts=0, next_try_at=NOW)
    session.add(row)
    session.flush()
    return row


def test_it_names_what_is_held_with_its_date_and_its_page(session: Session, an: Staff) -> None:
    case = a_case(session, 1, an.id)
    a_mail(session, 1, case_id=1, subject="Een geheim", sender="jan@example.net", sender_name="Jan Geheim")
    a_mail(session, 2, reason=MailReason.ENCRYPTED, due_on=NOW.date() + timedelta(days=2))
    a_mail(session, 3, outcome=MailOutcome.IGNORED, reason=MailReason.AUTOMATIC_REPLY, due_on=None)

    parcel = parcel_of(session, _row(session, an, [1, 2, 3]), SENDER)

    body = parcel.mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    first, second = (line for line in text.splitlines() if line.startswith("- "))
    assert "https://suivi.example/staff/mail/2" in first, "it is due first"
    assert "vrijdag 6 maart 2026" in first
    assert case.reference in second
    assert "An Peeters" in second or an.name in second
    assert parcel.recipients == ("an@example.org",)
    assert parcel.mail["Auto-Submitted"] == "auto-generated"
    assert "3" in parcel.mail["Subject"]
    for secret in ("geheim", "Geheim", "jan@example.net", case.subject, case.requester_name):
        assert secret not in parcel.mail.as_string()


def test_the_same_notice_is_the_same_mail_and_another_day_another(session: Session, an: Staff) -> None:
    a_mail(session, 1)
    row = _row(session, an, [1])

    first, again = parcel_of(session, row, SENDER), parcel_of(session, row, SENDER)

    assert first.mail["Message-ID"] == again.mail["Message-ID"]
    assert "@example.be>" in first.mail["Message-ID"]


def test_what_was_decided_meanwhile_is_no_longer_named(session: Session, an: Staff) -> None:
    a_mail(session, 1, settled_at=NOW, settled_by=an.id, outcome=MailOutcome.IGNORED, due_on=None)

    parcel = parcel_of(session, _row(session, an, [1]), SENDER)

    body = parcel.mail.get_body(("plain",))
    assert body is not None
    assert "\n- " not in body.get_content()
