"""What the tests of the citizens' pages share: the app on a real database, a furnished house, forms filled in."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from config import Settings
from tests.conftest import SECRET_KEY
from tests.databases import Run, sqlite_database
from tests.web.windows import open_window
from tracker.app import create_app
from tracker.casework.house import House
from tracker.casework.people import add_staff, ensure_duty_desk, load_directory
from tracker.charter.counting import brussels_day
from tracker.charter.words import Language, Role
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.opening import open_house
from tracker.routing import directory
from tracker.web.site import Site

LANGUAGES = ("fr", "nl", "de", "en")


def furnish(database: Database) -> None:
    """Put the directory, a desk and a dispatcher in place."""
    now = datetime.now(UTC)
    with database.writing() as session:
        load_directory(session, directory.load_directory(), day=brussels_day(now))
        ensure_duty_desk(session, email="desk@example.be", now=now)
        add_staff(
            session,
            email="an.peeters@example.be",
            role=Role.DISPATCHER,
            now=now,
            name="An Peeters",
            language=Language.NL,
        )


@pytest.fixture(scope="session")
def furnished(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all that, made once; each test gets a copy."""
    path = tmp_path_factory.mktemp("furnished") / "suivi.db"
    database = Database(sqlite_database(run, path, migrated=True))
    furnish(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def house() -> House:
    """The law of the house, as shipped."""
    return open_house(Settings.from_env({"SECRET_KEY": SECRET_KEY}))


@pytest.fixture(scope="session")
def _app(house: House, furnished: Path) -> Flask:
    """The web side, put together once: its templates are compiled once."""
    settings = Settings.from_env({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": f"sqlite:///{furnished}"})
    return create_app(settings, house=house)


@pytest.fixture
def app(_app: Flask, settings: Settings, database: Database, house: House) -> Flask:
    """The web side on the test's own database and folder."""
    _app.extensions["suivi"] = Site(settings, database, house)
    return _app


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A browser without JavaScript, so to speak."""
    with app.test_client() as client:
        yield client


def cases(database: Database) -> int:
    """How many cases there are."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Case)) or 0


def soup(response: TestResponse) -> BeautifulSoup:
    """The page, parsed by the quicker parser: that it is well made is seen elsewhere."""
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def as_browsers_do(response: TestResponse) -> BeautifulSoup:
    """The page, parsed as a browser does, which mends what is badly made: that takes four times as long."""
    return BeautifulSoup(response.get_data(as_text=True), "html5lib")


def errors(response: TestResponse) -> list[str]:
    """The sentences of the error summary."""
    return [item.get_text(" ", strip=True) for item in soup(response).select(".govuk-error-summary__list li")]


def hidden(client: FlaskClient, path: str) -> dict[str, str]:
    """The hidden fields of the last form of a page: token and key."""
    return hidden_in(client.get(path))


def hidden_in(page: TestResponse) -> dict[str, str]:
    """The same of a page that is there already."""
    form = soup(page).select("main form")[-1]
    return {field["name"]: field["value"] for field in form.select("input[type=hidden]")}  # type: ignore[misc]


def filled(**changes: Any) -> dict[str, Any]:
    """A request filled in well; what is given replaces or, if None, leaves out."""
    values = {
        "kind": "question",
        "name": "Zoë Müller-Lefèvre",
        "email": "zoe@example.be",
        "phone": "",
        "address": "",
        "country": "MA",
        "subject": "Paspoort verlopen",
        "text": "Mijn paspoort is verlopen. Waar vraag ik een nieuw aan?",
        "official_language": "nl",
    }
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def send(client: FlaskClient, lang: str = "nl", **changes: Any) -> TestResponse:
    """Open the form and send it filled in."""
    path = f"/{lang}/request"
    return post(client, path, {**hidden(client, path), **filled(**changes)})


def post(client: FlaskClient, path: str, fields: dict[str, Any]) -> TestResponse:
    """Send a form as a browser would, files included."""
    boundary, body = encode_multipart(MultiDict({name: _as_sent(value) for name, value in fields.items()}))
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def reference_in(text: str) -> str:
    """The first reference in a text."""
    found = re.search(r"DOS-\d{4}-\d{7}-\d{2}", text)
    assert found, "the page names no reference"
    return found.group()


def _as_sent(value: Any) -> Any:
    """Files are given as (content, name) pairs, or several of them in a list."""
    if isinstance(value, list):
        return [_as_sent(one) for one in value]
    return FileStorage(io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A fresh window."""
    with open_window(browser, address) as page:
        yield page
