"""The public form on PostgreSQL: several at once, and the same form from two windows at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask

from config import Settings
from tests.web.public.conftest import SECRET_KEY, cases, filled, furnish, hidden, post, reference_in
from tracker.app import create_app
from tracker.casework.house import House
from tracker.models.database import Database
from tracker.models.migrate import upgrade

AT_ONCE = 8


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """PostgreSQL, furnished."""
    database = Database(postgres_url)
    upgrade(database.engine)
    furnish(database)
    yield database
    database.close()


@pytest.fixture
def app(postgres_url: str, database: Database, house: House, tmp_path: Path) -> Flask:
    """The web side on PostgreSQL."""
    settings = Settings.from_env({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": postgres_url, "VAR_DIR": str(tmp_path)})
    return create_app(settings, database, house)


def test_the_same_form_sent_at_the_same_moment_is_one_case(app: Flask, database: Database) -> None:
    with app.test_client() as client:
        fields = {**hidden(client, "/nl/request"), **filled()}
        cookie = client.get_cookie("suivi")
    assert cookie is not None
    start = Barrier(AT_ONCE)

    def send_it(number: int) -> str:
        with app.test_client() as client:
            client.set_cookie("suivi", cookie.value)
            start.wait()
            response = post(client, "/nl/request", fields)
            assert response.status_code == 303
            return reference_in(client.get(response.location).get_data(as_text=True))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        references = set(pool.map(send_it, range(AT_ONCE)))

    assert len(references) == 1
    assert cases(database) == 1


def test_many_at_once_are_each_registered(app: Flask, database: Database) -> None:
    def send_one(number: int) -> str:
        with app.test_client() as client:
            response = post(
                client, "/nl/request", {**hidden(client, "/nl/request"), **filled(subject=f"Vraag {number}")}
            )
            assert response.status_code == 303
            return reference_in(client.get(response.location).get_data(as_text=True))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        references = set(pool.map(send_one, range(40)))

    assert len(references) == 40
    assert cases(database) == 40
