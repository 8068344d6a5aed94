"""The tests' own ground: databases are real, fresh, and gone afterwards, whatever happens to the run."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from tests.databases import Run
from tracker.models.database import Database
from tracker.models.operations import JobRun

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_a_fresh_migrated_database(database: Database, turn: int) -> None:
    with database.writing() as session:
        assert "cases" in inspect(session.connection()).get_table_names()
        session.execute(text("CREATE TABLE left_behind (turn INTEGER)"))  # the second turn would stumble over it


def test_what_was_written_stands_in_no_error(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed, database.reading() as session:
        session.execute(text("SELECT nothing FROM nowhere WHERE name = :name"), {"name": "Zoë Müller-Lefèvre"})

    assert "Zoë" not in str(failed.value), "errors go to the log"


def test_who_waits_for_a_row_hears_that_it_is_busy_rather_than_wait_for_ever(database: Database) -> None:
    with database.reading() as session:
        patience = session.scalar(text("PRAGMA busy_timeout" if database.is_sqlite else "SHOW lock_timeout"))

    assert patience == (10_000 if database.is_sqlite else "10s")


@pytest.mark.parametrize("write", ["INSERT", "UPDATE", "flush"])
def test_what_a_reading_session_wrote_is_thrown_away(database: Database, write: str) -> None:
    with database.writing() as session:
        session.add(JobRun(job="sweep"))
    with database.reading() as session:
        if write == "INSERT":
            session.execute(insert(JobRun).values(job="other"))
        elif write == "UPDATE":
            session.execute(text("UPDATE job_runs SET error = 'x'"))
        else:
            session.get_one(JobRun, "sweep").error = "x"
            session.flush()
        session.execute(select(1))
    with database.reading() as session:
        session.get_one(JobRun, "sweep").error = "not even flushed"

    with database.reading() as session:
        assert session.execute(select(JobRun.job, JobRun.error)).all() == [("sweep", None)]


def test_postgresql_plans_what_is_read_often_once(database: Database) -> None:
    if database.is_sqlite:
        return
    for _ in range(8):
        with database.reading() as session:
            session.scalars(select(JobRun.job).where(JobRun.error.is_(None))).all()
    with database.reading() as session:
        kept = session.scalars(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%job_runs%'"))
        assert kept.one() == 1


def test_a_connection_that_the_server_ended_is_not_used_again(database: Database) -> None:
    if database.is_sqlite:
        return
    with database.reading() as session:
        ended = session.scalar(text("SELECT pg_backend_pid()"))
    other = Database(database.url.render_as_string(hide_password=False))
    with other.reading() as session:
        assert session.scalar(text(f"SELECT pg_terminate_backend({ended}, 5000)"))
    other.close()

    with database.reading() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != ended


def test_the_server_is_a_real_postgresql(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.reading() as session:
        assert session.execute(text("SHOW server_version_num")).scalar_one() >= "140000"
        assert session.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).scalar_one() == 0
    database.close()


def test_nothing_may_be_reached_outside() -> None:
    with pytest.raises(AssertionError, match="outside this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(AssertionError, match="outside this machine"):
        socket.getaddrinfo("example.org", 80)


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="the server is then not ours to stop")
def test_a_killed_run_leaves_no_server(tmp_path: Path) -> None:
    """The owner of a run is killed outright while its server is up: the server goes too."""
    program = (
        "from tests.databases import RunOwner; owner = RunOwner(); owner.run.postgres();"
        "print(owner.run.folder, flush=True); input()"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdin is not None
    folder = Path(owner.stdout.readline().strip())
    try:
        server = int((folder / "server/data/postmaster.pid").read_text().splitlines()[0])
        os.kill(server, 0)
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
        until = time.monotonic() + 15
        while folder.exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not folder.exists()
        with pytest.raises(ProcessLookupError):
            os.kill(server, 0)
    finally:
        owner.stdin.close()
        owner.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_workers_share_what_was_made_once(tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        run = Run(tmp_path)
        assert run.once("thing", lambda: made.append(1) or "made") == "made"  # type: ignore[func-returns-value]
    assert made == [1]


def test_workers_hear_how_it_failed(tmp_path: Path) -> None:
    def fail() -> str:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        Run(tmp_path).once("thing", fail)
    with pytest.raises(RuntimeError, match="no room"):
        Run(tmp_path).once("thing", lambda: "made")
