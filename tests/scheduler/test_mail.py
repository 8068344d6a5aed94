"""Mail in by a real IMAP server and out by a real SMTP server: each gets its outcome, and answers join their case."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP as SmtpServer
from aiosmtpd.smtp import Envelope
from sqlalchemy import func, select

from config import Settings
from tests.conftest import SECRET_KEY
from tests.correspondence import imap
from tests.correspondence.imap import PostOffice
from tests.correspondence.mails import all_mails
from tests.correspondence.post import SENDER, Book, Clock, MailServer, fill, free_port, rows, running
from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.scheduler.test_scheduler import runs
from tracker.casework import letters
from tracker.casework.drafting import Draft
from tracker.casework.mail.fetching import LeftInMailbox
from tracker.charter.words import Direction, MailOutcome, MailReason, Role
from tracker.correspondence import outbox
from tracker.correspondence.mailbox import MailboxLost, OpenMailbox
from tracker.correspondence.outbox import LEASE
from tracker.correspondence.transport import SmtpTransport
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail
from tracker.models.messages import Message
from tracker.opening import Machine, clock, open_machine
from tracker.scheduler.jobs import JOBS, deliver, take_in_mail
from tracker.scheduler.run import perform

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:aiosmtpd")

ON_EACH = pytest.mark.parametrize(
    ("kind", "database_url"), [("pymap", "sqlite"), ("dovecot", "postgresql")], indirect=["database_url"]
)
"""With both mail servers and both databases; neither knows of the other."""
CITIZEN = "jean.janssens@citizen.example"
FETCH = next(job for job in JOBS if job.name == "fetch")


def mail(text: str, *, sender: str = CITIZEN, to: str = "suivi@suivi.example", **headers: str) -> bytes:
    """Return a mail of a citizen; further headers by their names, `_` for `-`."""
    written = EmailMessage(policy=SMTP)
    written["From"], written["To"], written["Subject"] = sender, to, "Mon passeport"
    written["Message-ID"] = headers.pop("Message_ID", f"<{abs(hash((text, sender)))}@citizen.example>")
    for name, value in headers.items():
        written[name.replace("_", "-")] = value
    written.set_content(text)
    return written.as_bytes()


def reply_to(ours: EmailMessage, text: str, *, sender: str = CITIZEN) -> bytes:
    """Return what a mail program makes of a click on "reply"."""
    return mail(
        text, sender=sender, to=str(ours["Reply-To"]), In_Reply_To=str(ours["Message-ID"]),
        References=" ".join([*str(ours["References"] or "").split(), str(ours["Message-ID"])]),
    )  # fmt: skip


@dataclass(frozen=True)
class Town:
    """A machine of ours between two real mail servers."""

    machine: Machine
    office: PostOffice
    server: MailServer


@contextmanager
def town(kind: str, database_url: str, folder: Path) -> Iterator[Town]:
    """Run both servers, and open a machine that knows them."""
    with ExitStack() as stack:
        office = stack.enter_context(imap.dovecot() if kind == "dovecot" else imap.pymap(folder))
        server = MailServer()
        environment = surroundings(database_url, folder, office, stack.enter_context(running(server)))
        machine = opened(Settings.from_env(environment))
        stack.callback(machine.database.close)
        with machine.database.writing() as session:
            settle(session, now=clock() - timedelta(days=400))
        yield Town(machine, office, server)


def opened(settings: Settings) -> Machine:
    """Open a machine whose router, which takes a second to read, is the one of all tests."""
    machine = open_machine(settings)
    return replace(machine, house=replace(machine.house, router=make_house().router))


def surroundings(database_url: str, folder: Path, office: PostOffice | None, smtp_url: str) -> dict[str, str]:
    """Return the settings of a machine as its environment."""
    return {
        "PATH": os.environ["PATH"], "SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url,
        "VAR_DIR": str(folder / "var"), "MAIL_FROM": "Suivi <suivi@suivi.example>", "SMTP_URL": smtp_url,
        "IMAP_URL": office.url if office else "",
    }  # fmt: skip


@pytest.fixture
def between(kind: str, database_url: str, tmp_path: Path) -> Iterator[Town]:
    with town(kind, database_url, tmp_path) as found:
        yield found


def mails(database: Database) -> list[Mail]:
    with database.reading() as session:
        found = list(session.scalars(select(Mail).order_by(Mail.id)))
        session.expunge_all()
        return found


def said_by_citizens(database: Database, reference: str | None) -> list[str]:
    """Return what came in on a case."""
    with database.reading() as session:
        of_case = select(Message.body).join(Case, Case.id == Message.case_id).where(Case.reference == reference)
        return list(session.scalars(of_case.where(Message.direction == Direction.IN).order_by(Message.number)))


@pytest.mark.parametrize(
    ("kind", "first", "database_url"),
    [("pymap", 0, "sqlite"), ("dovecot", 1, "postgresql")],
    indirect=["database_url"],
)
def test_over_a_hundred_odd_mails_of_every_kind_each_get_an_outcome_and_leave_the_mailbox(
    kind: str, first: int, database_url: str, tmp_path: Path
) -> None:
    odd = [
        one.raw.replace(b"jeanne.dubois@citizen.example", b"citizen%d@citizen.example" % number)
        for number, one in enumerate(all_mails())
        if one.raw
    ][first::2]
    with town(kind, database_url, tmp_path) as found:
        assert found.office.put_if_it_can(*odd) >= 0.95 * len(odd)
        lay = found.office.lying()

        figures = take_in_mail(found.machine)

        assert found.office.lying() == []
        assert sorted(found.office.lying("Suivi")) == sorted(lay)
        assert take_in_mail(found.machine).again == 0
        assert problems(found.machine) == []
        all_rows = mails(found.machine.database)
    assert len(all_rows) == len(set(lay)) >= 100
    assert all(row.outcome is not None and row.reason is not None and row.received_at is not None for row in all_rows)
    outcomes = Counter(row.outcome for row in all_rows)
    for outcome in (MailOutcome.REGISTERED, MailOutcome.HELD, MailOutcome.IGNORED):
        assert outcomes[outcome] == getattr(figures, outcome.value) > 0


def problems(machine: Machine) -> list[object]:
    return list(verify(machine.database, machine.house.rules, machine.house.calendar))


@ON_EACH
def test_a_mail_is_answered_by_mail_the_reply_joins_its_case_and_a_strangers_does_not(between: Town) -> None:
    database, house = between.machine.database, between.machine.house
    between.office.put(
        mail("Bonjour,\n\nOù puis-je renouveler mon passeport ?", Message_ID="<first@citizen.example>")
    )
    take_in_mail(between.machine)
    with database.writing() as session:
        (case,) = session.scalars(select(Case))
        reference = case.reference
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.DISPATCHER))
        letters.answer(
            session, house, reference=reference, draft=Draft(text="Dans votre commune."), actor=clerk,
            now=clock(), seen=None,
        )  # fmt: skip

    deliver(between.machine)
    acknowledgement, answer = (one for one in between.server.accepted if CITIZEN in str(one["To"]))
    between.office.put(reply_to(answer, "Merci, mais laquelle ?"))
    between.office.put(reply_to(answer, "Donnez-moi son adresse.", sender="stranger@elsewhere.example"))
    figures = take_in_mail(between.machine)

    assert acknowledgement["In-Reply-To"] == "<first@citizen.example>"
    assert answer["References"].split() == [acknowledgement["Message-ID"], "<first@citizen.example>"]
    assert (figures.attached, figures.held) == (1, 1)
    (asked, followed) = said_by_citizens(database, reference)
    assert asked.startswith("Bonjour,")
    assert followed.strip() == "Merci, mais laquelle ?"
    stranger = mails(database)[-1]
    assert (stranger.reason, stranger.case_message_id) == (MailReason.OTHER_SENDER, None)
    deliver(between.machine)
    assert "stranger@elsewhere.example" not in str(between.server.envelopes)
    assert problems(between.machine) == []


def test_a_mailbox_that_is_down_fails_the_job_for_all_to_see_and_what_was_laid_down_goes_on(
    database_url: str, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environment = surroundings(database_url, tmp_path, PostOffice(free_port()), "smtp://127.0.0.1:1")
    machine = open_machine(Settings.from_env(environment))

    perform(FETCH, machine)
    machine.database.close()

    assert runs(database)["fetch"].error == "MailboxLost"
    told = next(one.__dict__["figures"] for one in caplog.records if one.message == "job failed")
    assert told["why"] == "no connection to the mailbox (ConnectionRefusedError)"
    assert runs(database)["fetch"].succeeded_at is None


@ON_EACH
def test_a_mail_that_cannot_be_taken_in_stays_and_holds_up_no_other(
    between: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracker.casework.mail import fetching

    take_in = fetching.take_in

    def trip(*args: object, mail_id: int, **more: object) -> object:
        if mail_id == 2:
            raise ValueError(CITIZEN)
        return take_in(*args, mail_id=mail_id, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "take_in", trip)
        between.office.put(*(mail(f"Question {number}", sender=f"{number}@citizen.example") for number in range(3)))
        with pytest.raises(LeftInMailbox):
            take_in_mail(between.machine)
    assert len(between.office.lying()) == 1
    assert [row.outcome is None for row in mails(between.machine.database)] == [False, True, False]

    figures = take_in_mail(between.machine)

    assert (figures.waiting, figures.again) == (1, 1)
    assert between.office.lying() == []
    assert {row.outcome for row in mails(between.machine.database)} == {MailOutcome.REGISTERED}


@ON_EACH
def test_once_the_connection_is_lost_nothing_more_is_asked_of_it(
    between: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = OpenMailbox.read

    def cut(box: OpenMailbox, uid: str) -> object:
        asked.append(uid)
        if len(asked) == 2:
            box._box.client.shutdown()
        return real(box, uid)

    between.office.put(*(mail(f"Question {number}", sender=f"{number}@citizen.example") for number in range(4)))
    with monkeypatch.context() as patch:
        patch.setattr(OpenMailbox, "read", cut)
        with pytest.raises(MailboxLost):
            take_in_mail(between.machine)

    assert len(asked) == 2
    assert len(between.office.lying()) == 3
    assert take_in_mail(between.machine).registered == 3


@ON_EACH
def test_three_that_empty_one_mailbox_at_once_make_one_message_of_each_mail(between: Town) -> None:
    sent = [mail(f"Question {number} ?", sender=f"{number}@citizen.example") for number in range(20)]
    between.office.put(*sent)
    machines = [opened(between.machine.settings) for _ in range(3)]

    with ThreadPoolExecutor(3) as hands:
        list(hands.map(take_in_mail, machines))
    for machine in machines:
        machine.database.close()

    assert between.office.lying() == []
    assert set(between.office.lying("Suivi")) == set(sent)  # a server may move one twice that two move at once
    found = mails(between.machine.database)
    assert [row.outcome for row in found] == [MailOutcome.REGISTERED] * 20
    assert len({row.case_message_id for row in found}) == 20
    assert problems(between.machine) == []


@ON_EACH
def test_one_that_is_told_to_stop_does_so_between_two_mails(between: Town) -> None:
    between.office.put(*(mail(f"Question {number}", sender=f"{number}@citizen.example") for number in range(3)))
    between.machine.stopping.set()

    take_in_mail(between.machine)

    assert len(between.office.lying()) == 3
    assert mails(between.machine.database) == []


def killed(work: str, environment: Mapping[str, str], *, rounds: int, seed: int, within: float) -> int:
    """Do some work again and again, each time killed at a random moment; return how often it was not yet done."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.scheduler.killed", work, str(rounds), str(seed), str(within)],
        env=dict(environment), cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_killed_at_random_points_while_mail_is_fetched_each_mail_becomes_exactly_one_message(
    database_url: str, tmp_path: Path
) -> None:
    with town("pymap", database_url, tmp_path) as found:
        sent = [mail(f"Question {number} ?", sender=f"{number}@citizen.example") for number in range(25)]
        found.office.put(*sent)
        environment = surroundings(database_url, tmp_path, found.office, "smtp://127.0.0.1:1")

        times = killed("fetch", environment, rounds=15, seed=7, within=0.4)
        take_in_mail(found.machine)

        assert times > 0  # how often depends on how fast this machine is
        assert found.office.lying() == []
        assert sorted(found.office.lying("Suivi")) == sorted(sent)
        rows = mails(found.machine.database)
        assert len(rows) == len({row.case_message_id for row in rows}) == 25
        assert {row.outcome for row in rows} == {MailOutcome.REGISTERED}
        with found.machine.database.reading() as session:
            counted = session.scalar(select(func.count()).select_from(Message).where(Message.direction == "in"))
            cases = session.scalar(select(func.count()).select_from(Case))
        assert (counted, cases) == (25, 25)
        assert problems(found.machine) == []


def test_killed_at_random_points_while_mail_is_delivered_each_reaches_the_server_with_one_id(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    fill(database, 40)
    server = MailServer()

    with running(server) as url:
        environment = surroundings(database_url, tmp_path, None, url)
        times = killed("deliver", environment, rounds=20, seed=11, within=0.25)
        clock, book = Clock(MONDAY + 30 * LEASE), Book()
        outbox.deliver(
            database, SmtpTransport(url), sender=SENDER, owner="last", now=clock,
            before=book.before, on_left=book.on_left, on_failed=book.on_failed,
        )  # fmt: skip

    assert times > 0  # how often depends on how fast this machine is
    assert [row.state for row in rows(database)] == ["sent"] * 40
    with database.reading() as session:
        wanted = {
            SENDER.message_id(message) for message in session.scalars(select(Message).where(Message.number >= 100))
        }
    assert set(server.ids) == wanted
    assert len(wanted) == 40
    for mail_id in wanted:  # a repeat is the same mail
        copies = [one for one in server.accepted if one["Message-ID"] == mail_id]
        assert len({(one["Subject"], one["Date"], one["Reply-To"], text_of(one)) for one in copies}) == 1


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


WAITING = 120


def test_a_scheduler_with_many_mails_waiting_stops_soon_and_none_is_lost_or_doubled(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.writing() as session:
        settle(session)
        for _ in range(WAITING):
            make_case(session)
    server, begun = MailServer(), threading.Event()

    async def slowly(smtp: SmtpServer, envelope: Envelope) -> str:
        if len(server.accepted) == 3:
            begun.set()
        await asyncio.sleep(0.1)
        return "250 OK"

    server.at_data = slowly
    with running(server) as url:
        environment = surroundings(database_url, tmp_path, None, url)
        tracker = Path(sys.executable).with_name("tracker")
        process = subprocess.Popen([tracker, "scheduler"], env=environment, stderr=subprocess.PIPE, text=True)
        in_time = begun.wait(60)
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=30)[1]
        took = time.monotonic() - told
    assert in_time, log

    assert process.returncode == 0, log
    assert "scheduler stopped" in log
    assert took < 10
    left = rows(database)
    sent = [row for row in left if row.state == "sent"]
    assert 3 <= len(sent) == len(server.ids) == len(set(server.ids)) < WAITING / 2
    assert all((row.state, row.lease_owner) == ("waiting", None) for row in left if row not in sent)
