"""What every test can ask for: real databases, settings, a real browser; and what no test may do: reach outside."""

import gc
import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before numpy is loaded, here and in each worker: two workers whose algebra runs on two threads each wait for one
# another on two processors, and a training takes four times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from config import Settings
from tests.databases import Run, RunOwner, postgres_database, share_compiled_statements, sqlite_database
from tests.reading import read_once
from tracker.models.database import Database

LONGEST = ("tests/web/staff/test_every_page.py", "tests/cli/test_bench.py")
SECRET_KEY = "a-key-for-tests-only-0123456789-abcdefgh"

# The same examples at every run, so that a run says something of the change and not of the day.
# HYPOTHESIS_PROFILE=search looks for new ones.
hypothesis_settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.register_profile(
    "search", hypothesis_settings.get_profile("steady"), derandomize=False, max_examples=2000
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

share_compiled_statements()
read_once()

_OWNER = pytest.StashKey[RunOwner]()
_RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    """Open the run in the process that owns it; a worker is told where it is."""
    folder = getattr(config, "workerinput", {}).get("run_folder")
    if folder is not None:
        config.stash[_RUN] = Run(Path(folder))
    else:
        config.stash[_OWNER] = RunOwner()
        config.stash[_RUN] = config.stash[_OWNER].run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: what one worker begins last, the other waits for."""
    items.sort(key=lambda one: not one.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Look for garbage less often, and never again among what all tests share: it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where the run is."""
    node.workerinput["run_folder"] = str(node.config.stash[_RUN].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run where it was opened."""
    if _OWNER in config.stash:
        config.stash[_OWNER].end()


@pytest.fixture(autouse=True, scope="session")
def _only_this_machine() -> Iterator[None]:
    """Refuse every connection and look-up that would leave this machine, in this process."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    looked_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_outside(host)
        return looked_up(host, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    patch.undo()


def _guarded(method: Any) -> Any:
    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_outside(args[-1][0])
        return method(self, *args)

    return guarded


def _refuse_outside(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if not re.fullmatch(r"(127\.[0-9.]+|::1|localhost|0\.0\.0\.0|::|)", name or ""):
        raise AssertionError(f"a test tried to reach {name!r}, outside this machine")


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """The run, with its servers and templates."""
    return pytestconfig.stash[_RUN]


@pytest.fixture
def postgres_url(run: Run, worker_name: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty PostgreSQL database of the test's own."""
    with postgres_database(run, _database_name(worker_name), migrated=False) as url:
        yield url


@pytest.fixture
def sqlite_url(run: Run, tmp_path: Path) -> str:
    """The address of an SQLite database of the test's own that does not exist yet."""
    return sqlite_database(run, tmp_path / "empty.db", migrated=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, run: Run, worker_name: str, tmp_path: Path) -> Iterator[str]:
    """The address of a freshly migrated database of the test's own: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        yield sqlite_database(run, tmp_path / "suivi.db", migrated=True)
    else:
        with postgres_database(run, _database_name(worker_name), migrated=True) as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A freshly migrated database of the test's own: once on SQLite, once on PostgreSQL."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings for the test's own database and folder, mail delivered to a folder."""
    return Settings.from_env(
        {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path / "var")}
    )


@pytest.fixture(scope="session")
def worker_name() -> str:
    """This worker's name: `gw0`, `gw1`…, or `main` when there are none."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


_counter = iter(range(10**9))


def _database_name(worker: str) -> str:
    return f"suivi_test_{os.getpid()}_{worker}_{next(_counter)}"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that pages are tried in: `CHROMIUM`, or the first found on the path.

    Chromium without its own window does the same to a page in two thirds of the time.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    for name in (os.environ.get("CHROMIUM"), *names):
        if name and (path := shutil.which(name)):
            return path
    raise RuntimeError("No Chromium was found: `make test` installs one, or set CHROMIUM to its path.")


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Any]:
    """A real browser (a Playwright `Browser`); make a fresh `browser.new_context()` in each test, and close it."""
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-smooth-scrolling"]
    quiet.append("--js-flags=--no-opt,--no-maglev")  # no page here lives long enough to earn what it costs
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path, args=quiet)
        yield launched
        launched.close()
