"""Owns what is measured: a real server over real HTTP, real processes that sweep, a population of the wanted size."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

from sqlalchemy import func, select

from config import Settings
from tracker.casework.people import add_staff, ensure_duty_desk, load_directory
from tracker.casework.seeding.population import seed
from tracker.casework.sweep import sweep
from tracker.charter.counting import brussels_day
from tracker.charter.words import Role
from tracker.cli.browsing import Browser, free_port
from tracker.cli.failures import UsageError
from tracker.cli.letter_measures import printed
from tracker.cli.mail_measures import mailed
from tracker.cli.measuring import Figure, figure
from tracker.cli.routing_measures import routed
from tracker.cli.search_measures import COMMON, searched
from tracker.cli.statement_measures import stated
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.migrate import upgrade
from tracker.models.operations import JobRun
from tracker.opening import clock, open_house

EMAIL, PASSWORD = "clerk@bench.example", token_urlsafe(24)
PAGES = 200
"""A small population gets fewer."""
CLIENTS = 8
EXCHANGES = 40
"""For each client; a small population gets fewer."""
SMALL = 1000
"""Up to so many cases, what takes a process of its own is done once."""
WARMING = 4
PATIENCE = 600
"""How many seconds the scheduler may take for its first jobs."""
SERVICE = "CONSULAR"
TRACKER = [sys.executable, "-c", "import sys, tracker.cli; sys.exit(tracker.cli.main())"]


def measure(kind: str, cases: int, url: str, var_dir: Path) -> Iterator[Figure]:
    """Yield every figure for one database with so many cases."""
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")},
        "SECRET_KEY": token_urlsafe(48), "DATABASE_URL": url, "VAR_DIR": str(var_dir),
    }  # fmt: skip
    now = clock()
    with closing(Database(url)) as database:
        started = time.perf_counter()
        _settle(database, environment, cases, now)
        yield Figure(kind, cases, "population made", "s", time.perf_counter() - started, None, None)
        yield from _served(kind, cases, database, environment)
        yield from _swept(kind, cases, database, environment, now)
    yield from mailed(kind, cases, environment)
    yield from printed(kind, cases, environment)
    yield from routed(kind, cases, environment, TRACKER)


def _settle(database: Database, environment: dict[str, str], cases: int, now: datetime) -> None:
    from tracker.routing.directory import load_directory as read_directory

    house = open_house(Settings.from_env(environment))
    upgrade(database.engine)
    with database.writing() as session:
        load_directory(session, read_directory(), day=brussels_day(now))
        ensure_duty_desk(session, email="desk@bench.example", now=now)
        add_staff(session, email=EMAIL, role=Role.CLERK, service_code=SERVICE, password=PASSWORD, now=now)
    seed(database, house, cases=cases, open_share=0.3, now=now, number=1)


@contextmanager
def _running(environment: dict[str, str], *words: str) -> Iterator[int]:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*TRACKER, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _served(kind: str, cases: int, database: Database, environment: dict[str, str]) -> Iterator[Figure]:
    """Measure what people meet: the first page after a start, the queue, a case, filing a request; and the memory."""
    port, started = free_port(), time.perf_counter()
    with _running(environment, "serve", "--port", str(port)) as web, closing(Browser(port)) as clerk:
        clerk.wait_for("/healthz")
        clerk.get("/nl/request")
        yield Figure(kind, cases, "start to first page", "s", time.perf_counter() - started, None, 2)
        _warm_up(port)
        clerk.send("/staff/login", email=EMAIL, password=PASSWORD)
        yield figure(kind, cases, "queue page", "ms", _timed(clerk, ["/staff/queue"] * min(PAGES, cases // 4)), 25)
        pages = [f"/staff/cases/{reference}" for reference in _references(database)]
        yield figure(kind, cases, "case page", "ms", _timed(clerk, pages), 30)
        yield from stated(kind, cases, database, environment, {"email": EMAIL, "password": PASSWORD}, {
            "queue page": ["/staff/queue"], "case page": pages, "search page": [f"/staff/search?q={COMMON}"],
        })  # fmt: skip
        yield from searched(kind, cases, database, lambda path: _timed(clerk, [path], warming=0)[0])
        yield from _filed(kind, cases, database, port)
        with _running(environment, "scheduler") as scheduler:
            _wait_for_jobs(database)
            # Without the routing model 250 would be the figure; filing has made every worker use it.
            taken = _memory(web, scheduler)
            yield Figure(kind, cases, "memory of web, scheduler and routing model", "MB", taken, None, 600)


def _wait_for_jobs(database: Database) -> None:
    """Wait until the scheduler has done each of its jobs once."""
    from tracker.scheduler.jobs import JOBS

    until = time.monotonic() + PATIENCE
    while not {job.name for job in JOBS} <= _done(database):
        if time.monotonic() > until:
            raise UsageError("The scheduler did not do its jobs: try `tracker scheduler`.")
        time.sleep(0.1)


def _done(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(JobRun.job).where(JobRun.succeeded_at.is_not(None))))


def _references(database: Database) -> list[str]:
    with database.reading() as session:
        some = select(Case.reference).where(Case.service_code == SERVICE, Case.next_due_on.is_not(None))
        return list(session.scalars(some.order_by(func.random()).limit(PAGES)))


def _timed(browser: Browser, paths: list[str], *, warming: int = 10) -> list[float]:
    for path in paths[:warming]:
        browser.get(path)
    seen = []
    for path in paths:
        started = time.perf_counter()
        browser.get(path)
        seen.append(1000 * (time.perf_counter() - started))
    return seen


def _filed(kind: str, cases: int, database: Database, port: int) -> Iterator[Figure]:
    """Let several clients file requests at once: the form, its token, the posting, the confirmation; none is lost."""

    with ThreadPoolExecutor(CLIENTS) as clients:
        before, started = _cases(database), time.perf_counter()
        turns = min(EXCHANGES, cases // 20)
        seen = [
            one for some in clients.map(lambda number: _client(port, number, turns), range(CLIENTS)) for one in some
        ]
    seconds = time.perf_counter() - started
    yield Figure(kind, cases, "intake, 8 clients", "requests/s", len(seen) / seconds, None, 200)
    yield figure(kind, cases, "intake, 8 clients, one exchange", "ms", seen, 100)
    lost = len(seen) - (_cases(database) - before)
    yield Figure(kind, cases, "intake, requests lost", "requests", lost, None, 0)


def _warm_up(port: int) -> None:
    """Let every worker file some requests: what they load for it, at their first start, is no figure of a page's."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda number: _client(port, number, WARMING), range(CLIENTS)))


def _client(port: int, number: int, turns: int) -> list[float]:
    """File requests, one after the other; return how many milliseconds each took."""
    seen = []
    for turn in range(turns):
        browser, started = Browser(port), time.perf_counter()
        page = browser.send(
            "/nl/request", kind="question", name=f"Bench {number}", email=f"bench{number}@post.example",
            subject=f"Legalisatie {number}-{turn}", text="Hoe laat ik mijn diploma legaliseren?", country="MA",
        )  # fmt: skip
        seen.append(1000 * (time.perf_counter() - started))
        if b"DOS-" not in page:
            raise UsageError("A request was not confirmed: look at the log of tracker serve.")
        browser.close()
    return seen


def _cases(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message).where(Message.number == 1)) or 0


def _memory(*roots: int) -> float:
    """Return the memory in MB of some processes and all that they started, what they share counted once."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    wanted = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in wanted} - wanted:
        wanted |= more
    total = 0
    for pid in wanted:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _swept(kind: str, cases: int, database: Database, environment: dict[str, str], now: datetime) -> Iterator[Figure]:
    """Measure sweeps: what is due, nothing due, as a process, and four at once."""
    house = open_house(Settings.from_env(environment))
    each, four = [], []
    for days in (4, 8, 12, 16):
        swept = sweep(database, house, now=now + timedelta(days=days))
        each.append(1000 * swept.seconds / max(1, swept.notices))
    yield figure(kind, cases, f"sweep, per notice due ({swept.notices} the last time)", "ms", each, 0.15)
    idle = [1000 * sweep(database, house, now=now + timedelta(days=16)).seconds for _ in range(20)]
    yield figure(kind, cases, "sweep, nothing due", "ms", idle, None)
    queries = [_looked(database, now + timedelta(days=16)) for _ in range(20)]
    yield figure(kind, cases, "sweep, nothing due, its query", "ms", queries, 1)
    turns = 1 if cases <= SMALL else 3
    alone = [_process(environment, now + timedelta(days=16), 1) for _ in range(turns)]
    yield figure(kind, cases, "sweep, nothing due, as a process", "s", alone, 1)
    one = [_process(environment, now + timedelta(days=days), 1) for days in (20, 28)[:turns]]
    four = [_process(environment, now + timedelta(days=days), 4) for days in (24, 32)[:turns]]
    yield figure(kind, cases, "sweep of four days, one process", "s", one, None)
    yield figure(kind, cases, "sweep of four days, four processes at once", "s", four, None)


def _looked(database: Database, now: datetime) -> float:
    from tracker.casework.sweep import due

    with database.reading() as session:
        session.execute(select(1))
        started = time.perf_counter()
        session.connection().execute(*due(now, None, 500)).all()
        return 1000 * (time.perf_counter() - started)


def _process(environment: dict[str, str], now: datetime, how_many: int) -> float:
    started = time.perf_counter()
    command = [*TRACKER, "sweep", "--at", now.isoformat()]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(how_many)]  # noqa: S603
    if any(process.wait(600) for process in running):
        raise UsageError("A sweep failed: its complaint stands above.")
    return time.perf_counter() - started
