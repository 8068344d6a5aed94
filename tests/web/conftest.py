"""What the tests of all pages share: the test's own copy of a furnished database, and a server for a real browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from config import Settings
from tests.conftest import SECRET_KEY
from tracker.models.database import Database


@pytest.fixture
def settings(furnished: Path, tmp_path: Path) -> Settings:
    """Settings for a copy of that database."""
    copy = shutil.copy(furnished, tmp_path / "suivi.db")
    return Settings.from_env(
        {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": f"sqlite:///{copy}", "VAR_DIR": str(tmp_path / "var")}
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The database behind the pages."""
    database = Database(settings.database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _served() -> Iterator[Callable[[Flask], str]]:
    """Serve an app on this machine from the first time on that it is asked for; gives its address.

    An address that stays lets a browser keep the style sheets and scripts that it has fetched.
    """
    servers: dict[Flask, tuple[BaseWSGIServer, Thread]] = {}

    def serve(app: Flask) -> str:
        if app not in servers:
            server = make_server("127.0.0.1", 0, app, threaded=True)
            servers[app] = server, Thread(target=server.serve_forever, daemon=True)
            servers[app][1].start()
        return f"http://127.0.0.1:{servers[app][0].server_port}"

    yield serve
    for server, thread in servers.values():
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def address(app: Flask, _served: Callable[[Flask], str]) -> str:
    """Where the web side is really served, on this machine."""
    return _served(app)
