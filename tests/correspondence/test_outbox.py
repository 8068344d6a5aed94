"""What waits leaves, once where it can be helped, and nothing is lost: with a real mail server, on both databases."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.correspondence.letters import SIGNATURE
from tests.correspondence.post import SECRET, SENDER, Book, Clock, MailServer, drop, fill, free_port, rows, running
from tests.factories import MONDAY, make_staff
from tracker.charter.words import Language, MessageKind, NoticeState, Role
from tracker.correspondence.outbox import LADDER, LEASE, MARGIN, Delivered, deliver
from tracker.correspondence.tracking import case_of_token, ours
from tracker.correspondence.transport import FolderTransport, SmtpTransport, Transport, transport_for
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.obligations import Notice, Obligation

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")


CLAIRE = "claire.dubois@example.org"


def send(database: Database, transport: Transport, clock: Clock, book: Book | None = None, **more: Any) -> Delivered:
    book = book or Book()
    settings: dict[str, Any] = {
        "sender": SENDER,
        "owner": "test",
        "before": book.before,
        "on_left": book.on_left,
        "on_failed": book.on_failed,
    }
    return deliver(database, transport, now=clock, **(settings | more))


def counts(delivered: Delivered) -> tuple[int, int, int]:
    return delivered.sent, delivered.failed, delivered.retried


def test_everything_that_waits_leaves_over_one_connection_a_batch(database: Database) -> None:
    ids, server, book, clock = fill(database, 7), MailServer(), Book(), Clock()

    with running(server) as url:
        done = send(database, SmtpTransport(url), clock, book, batch=4)
        again = send(database, SmtpTransport(url), clock, book)

    assert counts(done) == (7, 0, 0)
    assert counts(again) == (0, 0, 0)
    assert book.left == ids
    assert len(set(server.ids)) == 7
    assert server.connections == 2
    for row in rows(database):
        assert (row.state, row.attempts, row.settled_at) == ("sent", 1, MONDAY)
        assert (row.lease_owner, row.lease_until, row.last_error) == (None, None, None)


def test_a_mail_is_what_was_kept_signed_and_recognisable(database: Database) -> None:
    fill(database, 1)
    server = MailServer()

    with running(server) as url:
        send(database, SmtpTransport(url), Clock())

    (mail,) = server.accepted
    assert server.envelopes == [("suivi@suivi.example", ["claire.dubois@example.org"])]
    assert mail["From"] == "Anna Peeters – SPF Affaires étrangères <suivi@suivi.example>"
    assert mail["To"] == "claire.dubois@example.org"
    (row,) = rows(database)
    with database.reading() as session:
        reference = session.get_one(Message, row.message_id).signature["reference"]
    assert case_of_token(SECRET, mail["Reply-To"].addresses[0].addr_spec) == reference
    assert ours(SECRET, mail["Message-ID"]) == (reference, 100)
    assert "In-Reply-To" not in mail
    assert mail["Auto-Submitted"] == "no"
    assert mail["Content-Language"] == "fr"
    assert mail["Date"].datetime == MONDAY
    assert str(mail["Message-ID"]).endswith("@suivi.example>")
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().replace("\r\n", "\n") == "Voici la réponse 0.\n"
    assert "<p>Voici la réponse 0.</p>" in page.get_content()


def test_a_deliverer_that_is_told_to_stop_does_so_between_two_mails_and_gives_the_rest_back(
    database: Database,
) -> None:
    ids, server, book, clock = fill(database, 9), MailServer(), Book(), Clock()

    with running(server) as url:
        done = send(database, SmtpTransport(url), clock, book, batch=4, stopping=lambda: len(server.accepted) == 6)
        left = [(row.state, row.attempts, row.lease_owner) for row in rows(database)]
        rest = send(database, SmtpTransport(url), clock, book, owner="another")

    assert counts(done) == (6, 0, 0)
    assert left == [("sent", 1, None)] * 6 + [("waiting", 0, None)] * 3
    assert counts(rest) == (3, 0, 0)
    assert book.left == ids
    assert len(server.ids) == len(set(server.ids)) == 9


def test_one_that_is_to_stop_already_opens_no_connection(database: Database) -> None:
    fill(database, 2)
    server = MailServer()

    with running(server) as url:
        done = send(database, SmtpTransport(url), Clock(), stopping=lambda: True)

    assert counts(done) == (0, 0, 0)
    assert server.connections == 0


def test_with_no_server_configured_each_mail_is_one_whole_file(database: Database, tmp_path: Path) -> None:
    fill(database, 3)
    folder = tmp_path / "mail"

    done = send(database, transport_for(None, folder), Clock())

    assert counts(done) == (3, 0, 0)
    assert len(list(folder.glob("*.eml"))) == 3
    assert [path for path in folder.iterdir() if path.suffix != ".eml"] == []


def test_a_mail_laid_in_the_folder_again_is_the_same_file(database: Database, tmp_path: Path) -> None:
    fill(database, 1)
    send(database, FolderTransport(tmp_path / "mail"), Clock())
    with database.writing() as session:
        session.execute(text("UPDATE outbox SET state = 'waiting'"))

    send(database, FolderTransport(tmp_path / "mail"), Clock())

    assert len(list((tmp_path / "mail").iterdir())) == 1


def test_a_folder_that_cannot_be_written_loses_nothing(database: Database, tmp_path: Path) -> None:
    fill(database, 1)
    (tmp_path / "mail").write_text("in the way")

    done = send(database, FolderTransport(tmp_path / "mail"), Clock())

    assert counts(done) == (0, 0, 1)
    assert rows(database)[0].last_error == "the mail folder cannot be used (FileExistsError)"


def test_a_server_that_is_down_is_asked_again_by_the_ladder_and_given_up_in_plain_sight(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    (row_id,) = fill(database, 1)
    clock, book, down = Clock(), Book(), SmtpTransport(f"smtp://127.0.0.1:{free_port()}", timeout=2)

    for place, wait in enumerate(LADDER):
        assert counts(send(database, down, clock, book)) == (0, 0, 1)
        (row,) = rows(database)
        assert (row.state, row.attempts, row.next_try_at) == ("waiting", place + 1, clock.at + wait)
        clock.pass_by(wait - timedelta(seconds=1))
        assert counts(send(database, down, clock, book)) == (0, 0, 0)
        clock.pass_by(timedelta(seconds=1))
    assert counts(send(database, down, clock, book)) == (0, 1, 0)

    (row,) = rows(database)
    assert (row.state, row.settled_at) == ("failed", clock.at)
    assert row.last_error == "no connection to the mail server (ConnectionRefusedError)"
    assert (book.left, book.failed) == ([], [row_id])
    assert timedelta(days=5) < clock.at - MONDAY < timedelta(days=6)
    assert "no mail leaves: no connection to the mail server (ConnectionRefusedError)" in caplog.messages


def test_a_server_that_comes_back_gets_everything(database: Database) -> None:
    fill(database, 3)
    clock, server = Clock(), MailServer()
    send(database, SmtpTransport(f"smtp://127.0.0.1:{free_port()}", timeout=2), clock)
    clock.pass_by(LADDER[0])

    with running(server) as url:
        done = send(database, SmtpTransport(url), clock)

    assert counts(done) == (3, 0, 0)
    assert len(set(server.ids)) == 3


@pytest.mark.parametrize("answer", ["450 4.2.1 mailbox of claire.dubois@example.org is busy", "452 4.3.1 disk full"])
def test_not_now_is_tried_again_and_the_rest_goes(database: Database, answer: str) -> None:
    ids, clock, server, book = fill(database, 3), Clock(), MailServer(), Book()
    turns = iter([answer, "250 OK", "250 OK", "250 OK"])
    server.at_rcpt = lambda address: next(turns)

    with running(server) as url:
        first = send(database, SmtpTransport(url), clock, book)
        put_off = rows(database)[0]
        clock.pass_by(LADDER[0])
        second = send(database, SmtpTransport(url), clock, book)

    assert (counts(first), counts(second)) == ((2, 0, 1), (1, 0, 0))
    assert put_off.last_error == f"the mail server said {answer[:9]}"  # codes alone: the words held an address
    assert book.left == [ids[1], ids[2], ids[0]]
    assert rows(database)[0].attempts == 2


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_never_is_a_final_failure_at_once_that_everybody_sees(database: Database, where: str) -> None:
    ids, server, book = fill(database, 2), MailServer(), Book()
    refusals = iter(["550 5.1.1 no claire.dubois@example.org here"])

    async def refuse(smtp: SMTP, envelope: Envelope) -> str:
        return next(refusals, "250 OK")

    if where == "rcpt":
        server.at_rcpt = lambda address: next(refusals, "250 OK")
    else:
        server.at_data = refuse

    with running(server) as url:
        done = send(database, SmtpTransport(url), Clock(), book)

    assert counts(done) == (1, 1, 0)
    assert (book.failed, book.left) == ([ids[0]], [ids[1]])
    failed = rows(database)[0]
    assert (failed.state, failed.attempts, failed.settled_at) == ("failed", 1, MONDAY)
    assert failed.last_error == "the mail server said 550 5.1.1"


def test_a_line_that_drops_in_mid_transaction_loses_nothing(database: Database) -> None:
    ids, clock, server, book = fill(database, 4), Clock(), MailServer(), Book()
    turns = iter([False, True, False, False])

    async def sometimes(smtp: SMTP, envelope: Envelope) -> str:
        return await drop(smtp, envelope) if next(turns, False) else "250 OK"

    server.at_data = sometimes
    with running(server) as url:
        first = send(database, SmtpTransport(url), clock, book)
        clock.pass_by(LADDER[0])
        second = send(database, SmtpTransport(url), clock, book)

    assert (counts(first), counts(second)) == ((3, 0, 1), (1, 0, 0))
    assert server.connections == 3  # a new one after the drop, for the rest of the batch
    assert sorted(book.left) == ids
    assert len(server.ids) == len(set(server.ids)) == 4


def test_a_mail_accepted_without_our_hearing_of_it_goes_again_under_the_same_id(database: Database) -> None:
    fill(database, 1)
    clock, server, book = Clock(), MailServer(), Book()
    turns = iter([True])

    async def keep_and_drop(smtp: SMTP, envelope: Envelope) -> str:
        if next(turns, False):
            server.keep(envelope)
            return await drop(smtp, envelope)
        return "250 OK"

    server.at_data = keep_and_drop
    with running(server) as url:
        send(database, SmtpTransport(url), clock, book)
        clock.pass_by(LADDER[0])
        send(database, SmtpTransport(url), clock, book)

    assert len(server.ids) == 2
    assert len(set(server.ids)) == 1
    assert len(book.left) == 1


def test_a_slow_server_is_not_waited_for_for_ever(database: Database) -> None:
    fill(database, 1)
    server = MailServer()

    async def slow(smtp: SMTP, envelope: Envelope) -> str:
        await asyncio.sleep(3)
        return "451 too late"

    server.at_data = slow
    with running(server) as url:
        began = time.monotonic()
        done = send(database, SmtpTransport(url, timeout=0.5), Clock())
        took = time.monotonic() - began

    assert counts(done) == (0, 0, 1)
    assert took < 2.5


def test_with_little_left_of_the_lease_the_rest_is_given_back(database: Database) -> None:
    fill(database, 3)
    clock, server = Clock(), MailServer()

    async def slow(smtp: SMTP, envelope: Envelope) -> str:
        clock.pass_by(LEASE - MARGIN + timedelta(seconds=1))
        return "250 OK"

    server.at_data = slow
    with running(server) as url:
        done = send(database, SmtpTransport(url), clock)

    assert counts(done) == (3, 0, 0)
    assert server.connections == 3  # claimed anew each time
    assert len(set(server.ids)) == 3


def test_a_lease_too_short_to_send_in_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too short"):
        send(database, FolderTransport(tmp_path), Clock(), lease=MARGIN)


def test_the_claim_is_committed_before_anything_is_sent(database: Database) -> None:
    fill(database, 2)
    seen: list[tuple[str | None, datetime | None]] = []
    server = MailServer()

    async def look(smtp: SMTP, envelope: Envelope) -> str:
        with database.reading() as session:
            seen.extend((r.lease_owner, r.lease_until) for r in session.scalars(select(Outbox).order_by(Outbox.id)))
        return "250 OK"

    server.at_data = look
    with running(server) as url:
        send(database, SmtpTransport(url), Clock(), owner="machine-1")

    assert seen[:2] == [("machine-1", MONDAY + LEASE)] * 2
    assert seen[2] == (None, None)  # the first one's leaving was committed before the second was sent


def test_two_deliverers_at_once_send_each_mail_once(database: Database) -> None:
    ids, server, books = fill(database, 40), MailServer(), [Book() for _ in range(4)]

    async def take_a_moment(smtp: SMTP, envelope: Envelope) -> str:
        await asyncio.sleep(0.005)
        return "250 OK"

    server.at_data = take_a_moment
    with running(server) as url:
        threads = [
            threading.Thread(
                target=send,
                args=(database, SmtpTransport(url), Clock(), book),
                kwargs={"owner": f"deliverer-{place}", "batch": 3},
            )
            for place, book in enumerate(books)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    assert sorted(server.ids) == sorted(set(server.ids))
    assert sorted(row_id for book in books for row_id in book.left) == ids
    assert {row.state for row in rows(database)} == {"sent"}


KILLED = """
import sys
from datetime import datetime
from tests.correspondence.post import SENDER, Book
from tracker.correspondence.outbox import deliver
from tracker.correspondence.transport import SmtpTransport
from tracker.models.database import Database

book, at = Book(), datetime.fromisoformat(sys.argv[3])
deliver(Database(sys.argv[1]), SmtpTransport(sys.argv[2]), sender=SENDER, owner="killed", now=lambda: at,
        before=book.before, on_left=book.on_left, on_failed=book.on_failed)
"""


@pytest.mark.parametrize("accepted", [False, True], ids=["before the server accepted", "after the server accepted"])
def test_when_one_is_killed_its_lease_runs_out_and_another_takes_over(
    database: Database, database_url: str, accepted: bool
) -> None:
    fill(database, 5)
    server, reached = MailServer(), threading.Event()

    async def hang_at_the_third(smtp: SMTP, envelope: Envelope) -> str:
        if len(server.accepted) == 2 and not reached.is_set():
            if accepted:
                server.keep(envelope)
            reached.set()
            await asyncio.sleep(30)
        return "250 OK"

    server.at_data = hang_at_the_third
    with running(server) as url:
        root = Path(__file__).parents[2]
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, database_url, url, MONDAY.isoformat()],
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        assert reached.wait(30)
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        clock, book = Clock(), Book()
        early = send(database, SmtpTransport(url), clock, book, owner="another")
        held = [(row.state, row.lease_owner) for row in rows(database)]
        clock.pass_by(LEASE)
        late = send(database, SmtpTransport(url), clock, book, owner="another")

    assert counts(early) == (0, 0, 0)
    assert (early.held, early.held_until) == (3, MONDAY + LEASE)
    assert (late.held, late.held_until) == (0, None)
    assert early.to_json()["held_until"] == (MONDAY + LEASE).isoformat()
    assert held == [("sent", None)] * 2 + [("waiting", "killed")] * 3
    assert counts(late) == (3, 0, 0)
    assert len(set(server.ids)) == 5
    assert len(server.ids) == (6 if accepted else 5)  # at least once, and the repeat has the same Message-ID


def test_what_a_use_case_does_at_leaving_is_in_the_same_commit(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ids, server = fill(database, 2), MailServer()
    clock = Clock()

    def on_left(session: Session, row: Outbox, now: datetime) -> None:
        message = session.get_one(Message, row.message_id)
        message.left_on, message.left_at = now.date(), now
        if row.id == ids[0]:
            session.flush()
            raise RuntimeError(f"a mistake in a use case about {CLAIRE}")

    with running(server) as url:
        done = send(database, SmtpTransport(url), clock, on_left=on_left)
        clock.pass_by(timedelta(days=10))
        again = send(database, SmtpTransport(url), clock, on_left=on_left)

    assert (counts(done), counts(again)) == ((1, 1, 0), (0, 0, 0))
    assert len(server.ids) == 2  # never sent a second time
    first, second = rows(database)
    assert (first.state, first.last_error) == ("failed", "it left, but recording that failed: see the log")
    assert "RuntimeError in test_outbox" in caplog.text
    assert CLAIRE not in caplog.text
    with database.reading() as session:
        assert session.get_one(Message, first.message_id).left_on is None
        assert session.get_one(Message, second.message_id).left_on == MONDAY.date()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"address": "claire@example.org\nBcc: all@example.org"}, "the recipient's e-mail address is not usable"),
        ({"address": None}, "the recipient's e-mail address is not usable"),
        (
            {"signature": SIGNATURE.as_record("DOS-2026-1") | {"phone": ""}},
            "something is missing: handler_phone, reference",
        ),
    ],
)
def test_what_cannot_be_made_a_mail_fails_alone(database: Database, change: dict[str, Any], why: str) -> None:
    ids, server, book = fill(database, 3), MailServer(), Book()
    with database.writing() as session:
        message = session.get_one(Message, session.get_one(Outbox, ids[1]).message_id)
        for name, value in change.items():
            setattr(message, name, value)

    with running(server) as url:
        done = send(database, SmtpTransport(url), Clock(), book)

    assert counts(done) == (2, 1, 0)
    assert book.failed == [ids[1]]
    assert rows(database)[1].last_error == why


def enclose(database: Database, sender_folder: Path, *, kind: MessageKind, on_request: bool) -> None:
    """Make the first waiting message one of that kind, with a file on it or on the citizen's request."""
    sender_folder.mkdir(exist_ok=True)
    (sender_folder / "kept-1").write_bytes(b"%PDF-1.7 ...")
    with database.writing() as session:
        message = session.scalars(select(Message).where(Message.number == 100)).one()
        request = session.scalars(select(Message).where(Message.number == 1)).one()
        message.kind = kind
        session.add(
            Attachment(
                case_id=message.case_id,
                message_id=request.id if on_request else message.id,
                name="relevé\r\nX: y.pdf",
                stored_as="kept-1",
                media_type="application/pdf",
                size=12,
                sha256="0" * 64,
                added_at=MONDAY,
            )
        )


def test_no_address_is_logged_of_a_mail_that_cannot_be_written(
    database: Database, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    fill(database, 1)

    def before(session: Session, row: Outbox, now: datetime) -> None:
        raise ValueError(f"{CLAIRE} is odd")

    done = send(database, FolderTransport(tmp_path), Clock(), before=before)

    assert counts(done) == (0, 1, 0)
    assert "ValueError in test_outbox" in caplog.text
    assert CLAIRE not in caplog.text


@pytest.mark.parametrize(
    ("kind", "on_request", "goes"),
    [
        (MessageKind.TRANSMISSION, True, True),
        (MessageKind.ANSWER, False, True),
        (MessageKind.ANSWER, True, False),
    ],
)
def test_a_transmission_takes_the_citizens_files_along(
    database: Database, tmp_path: Path, kind: MessageKind, on_request: bool, goes: bool
) -> None:
    fill(database, 1)
    enclose(database, tmp_path, kind=kind, on_request=on_request)
    server = MailServer()

    with running(server) as url:
        send(database, SmtpTransport(url), Clock(), sender=replace(SENDER, attachments=tmp_path))

    (mail,) = server.accepted
    files = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in mail.iter_attachments()]
    assert files == ([("relevé X: y.pdf", "application/pdf", b"%PDF-1.7 ...")] if goes else [])
    assert mail["Content-Language"] == "fr"


def test_a_file_that_cannot_be_read_is_tried_again(database: Database, tmp_path: Path) -> None:
    fill(database, 2)
    enclose(database, tmp_path, kind=MessageKind.ANSWER, on_request=False)
    (tmp_path / "kept-1").unlink()
    server = MailServer()

    with running(server) as url:
        done = send(database, SmtpTransport(url), Clock(), sender=replace(SENDER, attachments=tmp_path))

    assert counts(done) == (1, 0, 1)
    assert rows(database)[0].last_error == "an attachment cannot be read (FileNotFoundError)"


def a_notice(database: Database, *languages: Language, usable: bool = True) -> int:
    """Put one notice about a case's promise in the outbox, for one person in each language."""
    fill(database, 0)
    with database.writing() as session:
        people = [
            make_staff(session, f"clerk-{place}@suivi.example", Role.CLERK, "CONSULAR", language=language)
            for place, language in enumerate(languages)
        ]
        session.flush()
        obligation = session.scalars(select(Obligation)).one()
        notice = Notice(
            obligation_id=obligation.id,
            rung="before-2",
            due_on=obligation.due_on,
            state=NoticeState.SENT,
            moment=MONDAY,
            recorded_at=MONDAY,
            escalation=False,
            recipients=[person.id for person in people] if usable else [999_999],
        )
        session.add(notice)
        session.flush()
        row = Outbox(notice_id=notice.id, state="waiting", attempts=0, next_try_at=MONDAY)
        session.add(row)
        session.flush()
        return row.id


def test_a_notice_reaches_everybody_it_is_for_without_a_word_about_the_citizen(database: Database) -> None:
    row_id, server, book = a_notice(database, Language.NL, Language.DE), MailServer(), Book()

    with running(server) as url:
        done = send(database, SmtpTransport(url), Clock(), book)

    (mail,) = server.accepted
    assert (counts(done), book.left) == ((1, 0, 0), [row_id])
    assert server.envelopes == [("suivi@suivi.example", ["clerk-0@suivi.example", "clerk-1@suivi.example"])]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [address.addr_spec for address in mail["Reply-To"].addresses] == ["duty@suivi.example"]
    assert ours(SECRET, mail["Message-ID"]) is None
    assert "Nog 2 werkdagen om te verzenden" in mail["Subject"]
    plain = mail.get_body(("plain",))
    assert plain is not None
    said = plain.get_content()
    for item in ("dinsdag 17 maart 2026", "Dienstag, 17. März 2026", "https://suivi.example/staff/cases/DOS-2026-"):
        assert item in said
    for secret in ("Dubois", "diplôme", "claire"):
        assert secret not in mail.as_string() + said


def test_a_notice_for_two_of_whom_one_is_refused_counts_as_sent_and_says_so(database: Database) -> None:
    a_notice(database, Language.FR, Language.FR)
    server = MailServer()
    server.at_rcpt = lambda address: "550 5.1.1 no" if address.startswith("clerk-0") else "250 OK"

    with running(server) as url:
        done = send(database, SmtpTransport(url), Clock())

    assert counts(done) == (1, 0, 0)
    assert rows(database)[0].last_error == "1 of 2 recipients refused"


def test_a_notice_for_nobody_is_given_up_in_plain_sight(database: Database, tmp_path: Path) -> None:
    row_id, book = a_notice(database, usable=False), Book()

    done = send(database, FolderTransport(tmp_path), Clock(), book)

    assert (counts(done), book.failed) == ((0, 1, 0), [row_id])


def test_the_database_itself_refuses_an_outgoing_message_that_nobody_signed(database: Database) -> None:
    ids = fill(database, 1)

    with database.writing() as session:
        session.get_one(Message, session.get_one(Outbox, ids[0]).message_id).signature = None
        with pytest.raises(IntegrityError, match="whoever_writes_signs"):
            session.flush()
        session.rollback()


def test_nothing_is_sent_before_its_time(database: Database, tmp_path: Path) -> None:
    fill(database, 1)

    assert counts(send(database, FolderTransport(tmp_path), Clock(MONDAY - timedelta(seconds=1)))) == (0, 0, 0)


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_tls_is_never_given_up(database: Database, scheme: str) -> None:
    fill(database, 1)
    server = MailServer()

    with running(server) as url:
        done = send(database, SmtpTransport(url.replace("smtp:", f"{scheme}:"), timeout=2), Clock())

    assert counts(done) == (0, 0, 1)
    assert server.accepted == []


@pytest.mark.parametrize(("scheme", "option"), [("smtps", "ssl_context"), ("smtp+starttls", "tls_context")])
def test_tls_is_used_where_this_machine_trusts_the_certificate(
    database: Database, scheme: str, option: str, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 1)
    server, clock, context = MailServer(), Clock(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))  # aiosmtpd itself looks whether it answers

    with running(server, **{option: context}) as url:
        transport = SmtpTransport(url.replace("smtp://127.0.0.1", f"{scheme}://localhost"), timeout=5)
        monkeypatch.delenv("SSL_CERT_FILE")
        stranger = send(database, transport, clock)
        why = rows(database)[0].last_error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        clock.pass_by(LADDER[0])
        friend = send(database, transport, clock)

    assert (counts(stranger), counts(friend)) == ((0, 0, 1), (1, 0, 0))
    assert why == "no connection to the mail server (SSLCertVerificationError)"
    assert len(server.accepted) == 1
