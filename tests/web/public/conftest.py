"""What the tests of the citizens' pages share: the app on a real database, a directory and a desk, forms filled in."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Settings
from tracker.app import create_app
from tracker.casework.house import House
from tracker.casework.people import add_staff, ensure_duty_desk, load_directory
from tracker.charter.words import Language, Role
from tracker.models.database import Database
from tracker.opening import open_house
from tracker.routing import directory

LANGUAGES = ("fr", "nl", "de", "en")


@pytest.fixture
def house(settings: Settings) -> House:
    """The law of the house, as shipped."""
    return open_house(settings)


@pytest.fixture
def app(settings: Settings, database: Database, house: House) -> Flask:
    """The app on a database with the directory, a desk and a dispatcher."""
    now = datetime.now(UTC)
    with database.writing() as session:
        load_directory(session, directory.load_directory(), day=date.today())  # noqa: DTZ011 - any day will do
        ensure_duty_desk(session, email="desk@example.be", now=now)
        add_staff(
            session, email="an.peeters@example.be", role=Role.DISPATCHER, now=now, name="An Peeters", language=Language.NL
        )
    return create_app(settings, database, house)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A browser without JavaScript, so to speak."""
    with app.test_client() as client:
        yield client


def soup(response: TestResponse) -> BeautifulSoup:
    """The page, parsed."""
    return BeautifulSoup(response.get_data(as_text=True), "html5lib")


def errors(response: TestResponse) -> list[str]:
    """The sentences of the error summary."""
    return [item.get_text(" ", strip=True) for item in soup(response).select(".govuk-error-summary__list li")]


def hidden(client: FlaskClient, path: str) -> dict[str, str]:
    """The hidden fields of the last form of a page: token and key."""
    form = soup(client.get(path)).select("main form")[-1]
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
    return client.post(path, data={**hidden(client, path), **filled(**changes)}, content_type="multipart/form-data")


def reference_in(text: str) -> str:
    """The first reference in a text."""
    found = re.search(r"DOS-\d{4}-\d{7}-\d{2}", text)
    assert found, "the page names no reference"
    return found.group()
