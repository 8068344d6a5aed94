"""What the tests of all pages share: the test's own copy of a furnished database, and a server for a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

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


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the web side is really served, on this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
