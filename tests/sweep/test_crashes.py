"""Sweeps at once, and sweeps killed half-way: each rung past has one notice and one line to leave by."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from tests.conftest import SECRET_KEY
from tests.processes import FORKING
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


def _sweep_and_die(url: str, statement: int) -> None:
    """Sweep in a process of its own, and be killed at its so-manieth statement or commit: no handler runs."""
    sweeping.BATCH = sweeping.SQLITE_BATCH = SMALL
    database, house = Database(url), make_house()
    left = itertools.count(statement, -1)

    def one_more(*_: object) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", one_more)
    event.listen(database.engine, "after_cursor_execute", one_more)
    event.listen(database.engine, "commit", one_more)
    sweeping.sweep(database, house, now=NOW)


def left_to_do(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Obligation.next_action_at <= NOW)) or 0


def test_fifty_killed_half_way_and_one_more_leave_what_one_leaves(
    database: Database, database_url: str, house: House, owed: set[tuple[int, str, date]]
) -> None:
    whole = left_to_do(database)
    pace = 2 if database.is_sqlite else 1  # SQLite takes about twice as many statements for a commit
    for number in range(KILLS):  # from its first statement to well into its second commit, and again
        process = FORKING.Process(target=_sweep_and_die, args=(database_url, pace * (number % 25)))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL

    swept = sweeping.sweep(database, house, now=NOW)

    assert 0 < swept.examined < whole
    assert_settled(database, owed)
