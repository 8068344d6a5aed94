"""Sweeps at once, and sweeps killed half-way: whatever happens, each rung past has one notice and one line to leave by."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from tests.conftest import SECRET_KEY
from tests.sweep.conftest import NOW, employ, make_house, owe
from tests.sweep.test_sweep import expected, noticed
from tracker.casework import sweep as sweeping
from tracker.casework.house import House
from tracker.charter.words import NoticeState
from tracker.models.database import Database
from tracker.models.messages import Outbox
from tracker.models.obligations import Breach, Notice, Obligation

TRACKER = Path(sys.executable).with_name("tracker")
PROMISES = 2000
KILLS = 50
SMALL = 40
"""Promises to a commit where sweeps are killed: many commits, so that the kills fall before, in and after them."""


@pytest.fixture
def owed(database: Database, house: House) -> set[tuple[int, str, date]]:
    """Thousands of notices due, in a database nobody has swept; returns the set that must be there in the end."""
    owe(database, house, employ(database), cases=PROMISES)
    wanted = expected(database, house, NOW)
    assert len(wanted) > 2 * PROMISES
    return wanted


def assert_settled(database: Database, wanted: set[tuple[int, str, date]]) -> None:
    """Exactly these notices, one outbox line for each that was sent, every breach, and nothing left to look at."""
    assert noticed(database) == wanted
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == len(wanted)
        lines = Counter(session.scalars(select(Outbox.notice_id)))
        assert lines == Counter(session.scalars(select(Notice.id).where(Notice.state == NoticeState.SENT)))
        broken = {number for number, rung, _ in wanted if rung == "breach"}
        assert set(session.scalars(select(Breach.obligation_id))) == broken
        assert not session.scalar(select(func.count()).where(Obligation.next_action_at <= NOW))


def test_four_at_once_leave_what_one_leaves(
    database: Database, database_url: str, owed: set[tuple[int, str, date]], tmp_path: Path
) -> None:
    environment = os.environ | {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path)}
    command = [TRACKER, "sweep", "--at", NOW.isoformat(), "--json"]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    told = []
    for process in running:
        out, complaint = process.communicate(timeout=120)
        assert (process.returncode, complaint) == (0, "")
        told.append(json.loads(out))

    assert_settled(database, owed)
    with database.reading() as session:
        sent = session.scalar(select(func.count()).where(Notice.state == NoticeState.SENT))
        assert sum(one["notices"] for one in told) == sent
        assert sum(one["breaches"] for one in told) == session.scalar(select(func.count()).select_from(Breach))


def _sweep_in_small_steps(url: str, about_to_begin: Connection) -> None:
    """Sweep in a process of its own, saying when it is about to begin and when it is done."""
    sweeping.BATCH = sweeping.SQLITE_BATCH = SMALL
    database, house = Database(url), make_house()
    with database.reading() as session:
        session.execute(text("SELECT 1"))
    about_to_begin.send("ready")
    sweeping.sweep(database, house, now=NOW)
    about_to_begin.send("done")


def left_to_do(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Obligation.next_action_at <= NOW)) or 0


def test_fifty_killed_half_way_and_one_more_leave_what_one_leaves(
    database: Database, database_url: str, house: House, owed: set[tuple[int, str, date]]
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.sweep.test_crashes"])
    at_work, whole = 0, left_to_do(database)
    pace = (
        0.02  # seconds within which a kill falls: shorter or longer as the work gets done, to spread over all of it
    )
    for number in range(KILLS):
        heard, said = context.Pipe(duplex=False)
        process = context.Process(target=_sweep_in_small_steps, args=(database_url, said))
        process.start()
        said.close()
        assert heard.recv() == "ready"
        time.sleep(pace * (number % 10) / 10)
        at_work += not heard.poll()
        process.kill()
        process.join()
        heard.close()
        ahead = left_to_do(database) / whole < 1 - (number + 1) / (KILLS + 5)
        pace *= 0.6 if ahead else 1.5

    swept = sweeping.sweep(database, house, now=NOW)

    assert at_work > KILLS / 2
    assert 0 < swept.examined < whole
    assert_settled(database, owed)
