"""The scheduler: every job of the table runs, is noted, survives its own failure, and stops in good order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from config import Settings
from tests.conftest import SECRET_KEY
from tests.factories import MONDAY, make_case, make_house, make_staff, settle
from tracker.casework.house import CITIZEN
from tracker.casework.logins import end_login
from tracker.casework.paper import Cabinet, letter_of
from tracker.casework.purge import purge
from tracker.casework.register import Intake, register
from tracker.charter.words import Channel, Language, Nature, Role
from tracker.cli.browsing import free_port
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.obligations import Notice
from tracker.models.operations import JobRun, SentForm, Throttle
from tracker.opening import Machine, open_machine
from tracker.scheduler.jobs import JOBS, Job
from tracker.scheduler.run import perform, scheduled

TRACKER = Path(sys.executable).with_name("tracker")


@pytest.fixture
def machine(settings: Settings) -> Iterator[Machine]:
    machine = open_machine(settings)
    yield machine
    machine.database.close()


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> Mapping[str, str]:
    kept = {"PATH": os.environ["PATH"], "SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url}
    return kept | {"VAR_DIR": str(tmp_path / "var")}


def eventually(what: Callable[[], object], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


def runs(database: Database) -> dict[str, JobRun]:
    with database.reading() as session:
        return {run.job: run for run in session.scalars(select(JobRun))}


def test_every_job_of_the_table_is_scheduled_and_none_is_ever_dropped_for_being_late(machine: Machine) -> None:
    scheduler = scheduled(machine)
    scheduler.start(paused=True)

    jobs = {job.id: job for job in scheduler.get_jobs()}
    scheduler.shutdown()

    assert jobs.keys() == {job.name for job in JOBS} == {
        "sweep", "deliver", "fetch", "figures", "directory", "calendar", "succession", "ring", "digest", "actions",
        "purge",
    }  # fmt: skip
    for job in jobs.values():
        assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)


def test_each_job_runs_and_its_success_is_noted(database: Database, machine: Machine) -> None:
    for job in JOBS:
        perform(job, machine)

    noted = runs(database)
    assert noted.keys() == {job.name for job in JOBS}
    assert all(run.succeeded_at is not None and run.error is None for run in noted.values())


def test_a_failure_is_noted_without_what_it_was_about_and_success_clears_it(
    database: Database, machine: Machine
) -> None:
    def fail(machine: Machine, now: datetime) -> Mapping[str, object]:
        raise ValueError("An Peeters, an@example.org")

    perform(Job("sweep", 60, lambda machine, now: {}), machine)
    perform(Job("sweep", 60, fail), machine)

    failed = runs(database)["sweep"]
    assert failed.error == "ValueError"
    assert failed.succeeded_at is not None
    assert failed.failed_at is not None
    assert failed.failed_at >= failed.succeeded_at
    perform(Job("sweep", 60, lambda machine, now: {}), machine)
    assert runs(database)["sweep"].error is None


def test_a_database_that_is_away_ends_no_job(machine: Machine, tmp_path: Path) -> None:
    gone = Database("postgresql://127.0.0.1:1/nowhere")
    away = replace(machine, database=gone)

    perform(JOBS[0], away)

    gone.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect("postgresql://127.0.0.1:1/nowhere", connect_timeout=2)


def test_two_schedulers_side_by_side_ring_once_and_stop_when_told(
    database: Database, environment: Mapping[str, str], tmp_path: Path
) -> None:
    with database.writing() as session:
        settle(session)
        make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR")
        make_staff(session, "bea.claes@suivi.example", Role.HEAD, "CONSULAR")
        intake = Intake(
            channel=Channel.EMAIL, received_at=MONDAY, nature=Nature.INFORMATION, language=Language.NL,
            subject="Legalisatie", text="Hoe?", requester_name="Jan", requester_email="jan@example.org",
            service="CONSULAR",
        )  # fmt: skip
        register(session, make_house(), intake=intake, actor=CITIZEN, now=MONDAY)
    files = [tmp_path / "one.log", tmp_path / "other.log"]
    both = []
    for file in files:
        with file.open("wb") as log:
            both.append(subprocess.Popen([TRACKER, "scheduler"], env=environment, stderr=log))

    def all_left() -> bool:
        """Say whether all is done, and both are there to be told: the first may have done it before the second."""
        with database.reading() as session:
            waiting = session.scalar(select(func.count()).where(Outbox.state == "waiting"))
        done = not waiting and runs(database).keys() == {job.name for job in JOBS}
        return done and all("scheduler started" in file.read_text("utf-8") for file in files)

    try:
        eventually(all_left)
    finally:
        for process in both:
            process.send_signal(signal.SIGTERM)
    codes = [process.wait(timeout=30) for process in both]
    logs = [file.read_text("utf-8") for file in files]

    assert codes == [0, 0]
    assert all("scheduler stopped" in log for log in logs)
    assert "Jan" not in "".join(logs)
    assert "example" not in "".join(logs)
    with database.reading() as session:
        rungs = list(session.scalars(select(Notice.rung)))
        lines = session.scalar(select(func.count()).select_from(Outbox))
    assert len(rungs) == len(set(rungs)) > 0
    assert len(list((tmp_path / "var" / "outbox").glob("*.eml"))) == lines


def test_a_process_is_told_to_stop_whichever_of_its_threads_the_signal_reaches_and_before_it_waits() -> None:
    told = """
import signal, threading
from tracker.scheduler.stopping import listening
with listening(signal.SIGTERM) as told:
    assert not told(0)
    other = threading.Thread(target=threading.Event().wait, daemon=True)
    other.start()
    signal.pthread_kill(other.ident, signal.SIGTERM)
    assert told(None)
    assert told(0)
"""
    subprocess.run([sys.executable, "-c", told], check=True, timeout=30)


def test_up_serves_runs_the_jobs_restarts_a_dead_child_and_stops_both(
    database: Database, environment: Mapping[str, str]
) -> None:
    port = free_port()
    up = subprocess.Popen([TRACKER, "up", "--port", str(port), "--workers", "1"], env=environment, text=True)

    def ready() -> bool:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
            except OSError:
                return False

    try:
        eventually(ready)
        first = child(up.pid, "scheduler")
        assert first is not None
        os.kill(first, signal.SIGKILL)
        eventually(lambda: child(up.pid, "scheduler") not in (None, first))
        second, web = child(up.pid, "scheduler"), child(up.pid, "serve")
    finally:
        up.send_signal(signal.SIGTERM)
        code = up.wait(60)
    assert code == 0
    assert not ready()
    assert not any(Path(f"/proc/{pid}").exists() for pid in (second, web))


def child(parent: int, command: str) -> int | None:
    """Return the process that a parent started for a command."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    for pid in children:
        try:
            if command in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                return int(pid)
        except OSError:
            continue
    return None


def test_a_port_that_is_taken_is_told_at_once(environment: Mapping[str, str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = subprocess.run(
            [TRACKER, "serve", "--port", str(taken.getsockname()[1])], env=environment, capture_output=True, text=True
        )
    assert told.returncode == 2
    assert "Cannot listen on" in told.stderr


def test_uploads_whose_form_was_never_sent_are_removed_and_no_others(database: Database, tmp_path: Path) -> None:
    now = datetime(2026, 6, 17, 9, 30, tzinfo=UTC)
    with database.writing() as session:
        for name, age in (("old", 3), ("new", 1), ("../outside", 3)):
            (tmp_path / "kept").mkdir(exist_ok=True)
            (tmp_path / "kept" / name).write_text("x")
            session.add(
                Attachment(
                    submission_key=name, name="a.pdf", stored_as=name, media_type="application/pdf", size=1,
                    sha256="0" * 64, added_at=now - timedelta(days=age),
                )
            )  # fmt: skip
        for age in (0, 2):
            session.add(Throttle(door="d", who="w", window_start=now - timedelta(days=age), tries=1))
        for age in (0, 2):
            session.add(SentForm(digest=f"{age}", sent_at=now - timedelta(days=age), answer={}))
        for hours in (-1, 1):
            end_login(session, f"{hours}", until=now + timedelta(hours=hours))

    purged = purge(database, tmp_path / "kept", letters=tmp_path / "letters", mail=tmp_path / "none", now=now)

    assert (purged.uploads, purged.throttles, purged.logins, purged.sent) == (2, 1, 1, 1)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["new"]
    assert (tmp_path / "outside").exists()
    with database.reading() as session:
        assert list(session.scalars(select(Attachment.stored_as))) == ["new"]


def test_files_that_no_letter_is_kept_in_are_removed_once_they_are_old(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        settle(session)
        case = make_case(session, channel=Channel.POST, requester_address="Rue Neuve 1", requester_email=None)
        said = select(Message.id).where(Message.case_id == case.id, Message.kind == "acknowledgement")
        cabinet, number = Cabinet(tmp_path, tmp_path), session.scalars(said).one()
        letter = letter_of(session, make_house(), cabinet, message_id=number, now=MONDAY)
    now, old = datetime.now(UTC), (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for name in ("12-aa.pdf", ".12-bb.pdf.part", "new.pdf"):
        (tmp_path / name).write_text("x")
    for name in ("12-aa.pdf", ".12-bb.pdf.part", letter.stored_as):
        os.utime(tmp_path / name, (old, old))

    purged = purge(database, tmp_path / "none", letters=tmp_path, mail=tmp_path, now=now)

    assert purged.letters == 2
    assert sorted(path.name for path in tmp_path.glob("*.pdf*")) == sorted([letter.stored_as, "new.pdf"])


def test_files_that_a_crash_left_without_a_row_are_removed_once_they_are_old(
    database: Database, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        settle(session)
        case = make_case(session)
        session.add(
            Attachment(
                case_id=case.id, name="a.pdf", stored_as="ab/kept.pdf", media_type="application/pdf", size=1,
                sha256="0" * 64, added_at=now,
            )
        )  # fmt: skip
    (tmp_path / "ab").mkdir()
    for name, age in (("kept.pdf", 3), ("stray.pdf", 3), ("coming.pdf", 1)):
        (tmp_path / "ab" / name).write_text("x")
        os.utime(tmp_path / "ab" / name, ((now - timedelta(days=age)).timestamp(),) * 2)

    purged = purge(database, tmp_path, letters=tmp_path / "none", mail=tmp_path / "none", now=now)

    assert purged.strays == 1
    assert sorted(path.name for path in (tmp_path / "ab").iterdir()) == ["coming.pdf", "kept.pdf"]
