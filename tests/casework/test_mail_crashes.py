"""Mail taken in many times at once, or killed at any step: each ends as exactly one message, and none is lost."""

import itertools
import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.casework.dying import DONE, arrive_and_die, ring_and_die
from tests.casework.mailing import HOUSE, keyed, lay, make_room, send, write
from tests.factories import MONDAY, make_staff, settle
from tests.processes import FORKING
from tracker.casework.mail import store, taking_in
from tracker.casework.mail.ringing import ring
from tracker.casework.mail.store import Mailroom, adopt_unnoted, lay_down
from tracker.casework.mail.table import MOST_IN_AN_HOUR
from tracker.casework.mail.taking_in import take_in, take_in_waiting
from tracker.charter.words import Direction, MailOutcome, MailReason, Role
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Attachment, Message, Outbox

REGISTERED, ATTACHED, HELD, IGNORED = MailOutcome
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "0005fe02fea7350000000049454e44ae426082"
)


@pytest.fixture
def room(tmp_path: Path, database: Database) -> Mailroom:
    with database.writing() as session:
        settle(session)
        make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR")
    return make_room(tmp_path)


def assert_each_is_one_message(database: Database, room: Mailroom, mails: int) -> None:
    """So many mails, each decided about, each with a message of its own that holds its files; nothing lies about."""
    with database.reading() as session:
        became = list(session.scalars(select(Mail.case_message_id)))
        assert len(became) == mails
        assert Counter(became) == Counter(
            session.scalars(select(Message.id).where(Message.direction == Direction.IN))
        )
        assert session.scalar(select(func.count()).where(Mail.outcome.is_(None))) == 0
        kept = set(session.scalars(select(Attachment.stored_as)))
        assert session.scalar(select(func.count(func.distinct(Attachment.message_id)))) == len(kept)
        assert kept <= {str(path.relative_to(room.attachments)) for path in room.attachments.rglob("*.png")}
        digests = set(session.scalars(select(Mail.sha256)))
    assert {path.stem for path in room.mail.rglob("*.eml")} == digests
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def test_the_same_mail_twice_at_once_is_one_message(database: Database, room: Mailroom) -> None:
    raw = write().as_bytes()

    def arrive(number: int) -> tuple[int, MailOutcome]:
        laid = lay_down(database, room.mail, raw, arrived_at=None, now=MONDAY)
        taken = take_in(database, HOUSE, room, mail_id=laid.mail_id, now=MONDAY)
        return taken.mail_id, taken.outcome

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(arrive, range(24)))

    assert len(set(told)) == 1
    assert_each_is_one_message(database, room, 1)


def test_copies_by_several_ways_at_once_are_one_message(database: Database, room: Mailroom) -> None:
    laid = [lay(database, room, write(X_Way=str(number))) for number in range(16)]

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda one: take_in(database, HOUSE, room, mail_id=one, now=MONDAY), laid))

    assert Counter(one.reason for one in told) == {MailReason.NEW_REQUEST: 1, MailReason.SAME_MAIL: 15}
    assert len({one.reference for one in told}) == 1


def test_a_flood_at_once_is_slowed_down_to_the_very_mail(database: Database, room: Mailroom) -> None:
    laid = [lay(database, room, write("o" * (n + 1), message_id=f"<{n}@e.org>")) for n in range(MOST_IN_AN_HOUR + 6)]

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda one: take_in(database, HOUSE, room, mail_id=one, now=MONDAY), laid))

    assert Counter(one.reason for one in told) == {MailReason.NEW_REQUEST: MOST_IN_AN_HOUR, MailReason.TOO_MANY: 6}


@pytest.mark.parametrize(
    ("database_url", "reply"),
    [pytest.param("postgresql", False, id="a new request"), pytest.param("sqlite", True, id="a reply")],
    indirect=["database_url"],
)
def test_killed_at_every_step_and_taken_in_once_more_each_mail_is_one_message(
    database: Database, database_url: str, room: Mailroom, tmp_path: Path, reply: bool
) -> None:
    to = "suivi@suivi.example"
    if reply:
        to = keyed(send(database, room, write(message_id="<0@e.org>")).reference or "")
    killed = 0
    for step in itertools.count():
        mail = write(f"Lettre {step}", to=to, message_id=f"<s{step}@e.org>", sender=_sender(step, reply))
        mail.add_attachment(PNG, maintype="image", subtype="png", filename="photo.png")
        process = FORKING.Process(target=arrive_and_die, args=(database_url, tmp_path, mail.as_bytes(), step))
        process.start()
        process.join()
        if process.exitcode == DONE:
            break
        assert process.exitcode == -signal.SIGKILL
        killed += 1
        if step % 3 == 0:  # handed over again, as whoever had no answer does; the others by the passes alone
            send(database, room, mail)
    assert killed > 20

    later = MONDAY + timedelta(hours=3)
    for path in room.mail.rglob("*"):
        os.utime(path, (MONDAY.timestamp(), MONDAY.timestamp()))
    adopt_unnoted(database, room.mail, now=later)
    while take_in_waiting(database, HOUSE, room, now=later):
        later += timedelta(hours=1, minutes=1)

    with database.reading() as session:
        whole = session.scalar(select(func.count()).select_from(Mail)) or 0
        cases = session.scalar(select(func.count()).select_from(Case))
    assert cases == (1 if reply else whole)
    assert whole >= killed - 4 + reply  # before it was whole on the disk nobody was told that we had it
    assert_each_is_one_message(database, room, whole)


def test_killed_at_every_step_and_rung_once_more_each_is_told_once_a_day(
    database: Database, database_url: str, room: Mailroom
) -> None:
    with database.writing() as session:
        make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER, "PROTOCOL")
        make_staff(session, "head@suivi.example", Role.HEAD, "PROTOCOL")
    case = keyed(send(database, room, write(message_id="<0@e.org>")).reference or "")
    for number in range(4):
        send(database, room, write(f"{number}", to=case, sender="eve@e.net", message_id=f"<e{number}@e.net>"))
        send(database, room, write("", message_id=f"<n{number}@e.net>"))
    moment, killed = MONDAY + timedelta(days=2), 0
    for step in itertools.count():
        process = FORKING.Process(target=ring_and_die, args=(database_url, moment, step))
        process.start()
        process.join()
        again = ring(database, HOUSE, now=moment)
        with database.reading() as session:
            told = Counter(session.scalars(select(MailNotice.staff_id).where(MailNotice.day == moment.date())))
            assert sorted(told.values()) == [1, 1, 1]  # the handler, the dispatcher, the head
            lines = Counter(session.scalars(select(Outbox.mail_notice_id).where(Outbox.mail_notice_id.is_not(None))))
            assert lines == Counter(session.scalars(select(MailNotice.id)))
        if process.exitcode == DONE:
            assert again.notices == 0
            break
        assert process.exitcode == -signal.SIGKILL
        killed += 1
        moment += timedelta(days=7)
    assert killed > 8
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def _sender(step: int, reply: bool) -> str:
    return "Claire Dubois <claire.dubois@example.org>" if reply else f"p{step}@example.org"


def test_a_mail_on_the_disk_without_a_row_gets_one_with_the_day_it_was_written(
    database: Database, room: Mailroom
) -> None:
    new = room.mail / "new"
    new.mkdir(parents=True)
    whole, _ = store._write(new, BytesIO(write(received=None).as_bytes()))
    (new / "half").write_bytes(b"From: ")
    for path in new.iterdir():
        os.utime(path, (MONDAY.timestamp(), MONDAY.timestamp()))

    assert adopt_unnoted(database, room.mail, now=MONDAY + timedelta(minutes=30)) == 0
    assert adopt_unnoted(database, room.mail, now=MONDAY + timedelta(days=2)) == 1
    assert taking_in.take_in_waiting(database, HOUSE, room, now=MONDAY + timedelta(days=2)) == 1

    assert list(new.iterdir()) == []
    with database.reading() as session:
        assert session.scalars(select(Case.received_at)).all() == [MONDAY]
    assert not whole.exists()


def test_what_no_server_stamped_counts_from_when_it_was_laid_down(database: Database, room: Mailroom) -> None:
    lay(database, room, write(received=None))

    take_in_waiting(database, HOUSE, room, now=MONDAY + timedelta(days=1))

    with database.reading() as session:
        assert session.scalars(select(Case.received_at)).one() == MONDAY
