"""The check of the mail that is kept: whatever is altered or gone behind Suivi's back shows."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.casework.mailing import HOUSE, keyed, make_room, send, write
from tests.factories import MONDAY, make_staff, settle
from tracker.casework.mail.records import verify_mail
from tracker.casework.mail.ringing import ring
from tracker.casework.mail.store import Mailroom, path_of
from tracker.casework.mail.taking_in import TakenIn
from tracker.charter.words import MailOutcome, Role
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Outbox

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    return make_room(tmp_path)


@pytest.fixture
def taken(database: Database, room: Mailroom) -> TakenIn:
    """A mail that became a case, with a file; and one that is held and has rung."""
    with database.writing() as session:
        settle(session)
        make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER, "PROTOCOL")
    mail = write()
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="lettre.pdf")
    taken = send(database, room, mail)
    held = send(database, room, write(sender="eve@e.org", to=keyed(taken.reference or ""), message_id="<e@e.org>"))
    assert (taken.outcome, held.outcome) == (MailOutcome.REGISTERED, MailOutcome.HELD)
    assert ring(database, HOUSE, now=MONDAY + timedelta(days=1)).notices == 1
    return taken


def problems(database: Database, room: Mailroom) -> list[str]:
    return [one.table for one in verify_mail(database, mail=room.mail, attachments=room.attachments)]


def test_what_is_whole_has_no_problem(database: Database, room: Mailroom, taken: TakenIn) -> None:
    assert problems(database, room) == []


@pytest.mark.parametrize("what", ["gone", "altered"])
def test_a_raw_mail_or_a_file_that_is_not_as_it_came_shows(
    database: Database, room: Mailroom, taken: TakenIn, what: str
) -> None:
    with database.reading() as session:
        raw = path_of(room.mail, session.get_one(Mail, taken.mail_id).sha256)
        file = room.attachments / session.scalars(select(Attachment.stored_as)).one()
    for path in (raw, file):
        if what == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1] + b"!")

    assert problems(database, room) == ["mails", "attachments"]


def test_a_mail_that_points_to_what_went_out_shows(database: Database, room: Mailroom, taken: TakenIn) -> None:
    with database.writing() as session:
        mail = session.get_one(Mail, taken.mail_id)
        mail.case_message_id = (mail.case_message_id or 0) + 1  # the acknowledgement

    assert problems(database, room) == ["mails"]


def test_a_notice_about_mail_that_never_could_leave_shows(database: Database, room: Mailroom, taken: TakenIn) -> None:
    with database.writing() as session:
        session.execute(delete(Outbox).where(Outbox.mail_notice_id.is_not(None)))

    assert problems(database, room) == ["mail_notices"]
