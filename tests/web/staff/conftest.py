"""What the tests of the staff pages share: a furnished house with one person in each role, and browsers logged in."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from argon2 import PasswordHasher
from bs4 import BeautifulSoup, Tag
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from config import Settings
from tests.conftest import SECRET_KEY
from tests.databases import Run, sqlite_database
from tests.factories import make_case, make_house, make_staff, settle
from tracker.app import create_app
from tracker.charter.words import Language, Role
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.operations import JobRun
from tracker.models.staff import Staff
from tracker.web.site import Site
from tracker.web.staff.accounts import NUMBER, SINCE, Account

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""A hash says itself how dear it is to try: these take a thousandth of what those of real passwords do."""
PEOPLE = {
    "an": (Role.CLERK, "ME6"),
    "bo": (Role.HEAD, "ME6"),
    "cy": (Role.CLERK, "M1"),
    "di": (Role.DISPATCHER, None),
    "co": (Role.COMPLAINTS, "COMPLAINTS"),
    "el": (Role.DIRECTION, None),
    "fa": (Role.AUDITOR, None),
    "gi": (Role.ADMIN, None),
    "hu": (Role.HEAD, None),
}


def email_of(who: str) -> str:
    """Return the address of one of the people above."""
    return f"{who}.peeters@example.org"


@pytest.fixture(scope="session")
def furnished(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the directory and the people, made once; each test gets a copy."""
    path = tmp_path_factory.mktemp("staffed") / "suivi.db"
    database = Database(sqlite_database(run, path, migrated=True))
    now = datetime.now(UTC)
    with database.writing() as session:
        settle(session, now=now)
        hashed = QUICK.hash(PASSWORD)
        for who, (role, service) in PEOPLE.items():
            row = make_staff(session, email_of(who), role, service, language=Language.EN)
            row.password_hash = hashed
        session.add(JobRun(job="sweep", succeeded_at=now + timedelta(days=1)))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def app_once(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app made once: its templates are compiled once."""
    folder = str(tmp_path_factory.mktemp("var"))
    url = f"sqlite:///{furnished}"
    return create_app(Settings.from_env({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": url, "VAR_DIR": folder}))


@pytest.fixture
def app(app_once: Flask, settings: Settings, database: Database) -> Flask:
    """That app on the test's own database."""
    app_once.extensions["suivi"] = Site(settings=settings, database=database, house=make_house())
    return app_once


class Desk:
    """A browser without scripts at somebody's desk."""

    def __init__(self, app: Flask, staff: Staff | None = None) -> None:
        self.client = app.test_client()
        self.staff = staff
        if staff is not None:
            with self.client.session_transaction() as session:
                session["_user_id"] = Account(staff, frozenset()).get_id()
                session["_fresh"] = True
                session[SINCE], session[NUMBER] = int(datetime.now(UTC).timestamp()), token_urlsafe(16)

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path)

    def page(self, path: str) -> BeautifulSoup:
        """Open a page that must be there."""
        response = self.get(path)
        assert response.status_code == 200, (path, response.status_code, response.headers.get("Location"))
        return soup_of(response)

    def send(self, path: str, button: str | None = None, **typed: Any) -> TestResponse:
        """Open a page, fill in its form and send it; None leaves a field out altogether."""
        response = self.get(path)
        assert response.status_code == 200, (path, response.status_code, response.headers.get("Location"))
        return self.send_form(main_of(response), path, button, **typed)

    def send_form(self, page: BeautifulSoup, path: str, button: str | None = None, **typed: Any) -> TestResponse:
        """Fill in the form of a page at hand and send it; a file is given as (content, name)."""
        fields = fields_of(form_of(page)) | typed
        if button is not None:
            fields["step"] = button
        given = {name: value for name, value in fields.items() if value is not None}
        if not any(isinstance(value, tuple) for value in given.values()):
            return self.client.post(path, data=given)
        files = {n: FileStorage(io.BytesIO(v[0]), v[1]) for n, v in given.items() if isinstance(v, tuple)}
        text = {n: v for n, v in given.items() if n not in files}  # files stand last in our forms
        boundary, body = encode_multipart(MultiDict(text | files))
        return self.client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def soup_of(response: TestResponse) -> BeautifulSoup:
    """Return a page as a tree."""
    return BeautifulSoup(response.text, "html.parser")


def main_of(response: TestResponse) -> BeautifulSoup:
    """Return the main part of a page alone: the frame is the other half of the work."""
    start, end = response.text.index("<main"), response.text.index("</main>") + len("</main>")
    return BeautifulSoup(response.text[start:end], "html.parser")


def form_of(page: BeautifulSoup) -> Tag:
    """Return the form that a page is about."""
    found = page.select_one("main form")
    assert found is not None, page.get_text(" ", strip=True)[:300]
    return found


def fields_of(form: Tag) -> dict[str, str]:
    """Return what a browser would send of a form as it stands."""
    fields: dict[str, str] = {}
    for tag in form.select("input[name], textarea[name], select[name]"):
        name = str(tag["name"])
        if tag.name == "select":
            chosen = tag.select_one("option[selected]") or tag.select_one("option")
            fields[name] = str(chosen["value"]) if chosen else ""
        elif tag.name == "textarea":
            fields[name] = tag.get_text().removeprefix("\n")
        elif tag.get("type") in ("radio", "checkbox"):
            if tag.has_attr("checked"):
                fields[name] = str(tag["value"])
        else:
            fields[name] = str(tag.get("value", ""))
    return fields


def errors_of(response: TestResponse) -> str:
    """Return what the error summary of a page says."""
    found = main_of(response).select_one(".govuk-error-summary") if "govuk-error-summary" in response.text else None
    return found.get_text(" ", strip=True) if found else ""


@pytest.fixture
def desk(app: Flask, database: Database) -> Callable[[str], Desk]:
    """Give the desk of one of the people, logged in."""

    def give(who: str) -> Desk:
        with database.reading() as session:
            staff = session.scalars(select(Staff).where(Staff.email == email_of(who))).one()
        return Desk(app, staff)

    return give


@pytest.fixture
def an(desk: Callable[[str], Desk]) -> Desk:
    """The desk of An, a clerk of ME6."""
    return desk("an")


@pytest.fixture
def file(database: Database) -> Callable[..., str]:
    """Register a request three days ago for ME6; gives its reference."""

    def register(**more: Any) -> str:
        received_at = more.pop("received_at", datetime.now(UTC) - timedelta(days=3))
        changes = more.pop("changes", {})
        with database.writing() as session:
            given = {"service": "ME6", "received_at": received_at} | more
            case = make_case(session, **given)
            for name, value in changes.items():
                setattr(case, name, value)
            return case.reference

    return register


@pytest.fixture
def row(database: Database) -> Callable[[str], Case]:
    """Read a case as it stands."""

    def read(reference: str) -> Case:
        with database.reading() as session:
            return session.scalars(select(Case).where(Case.reference == reference)).one()

    return read
