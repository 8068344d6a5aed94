"""The forms of staff on PostgreSQL: one that is sent twice at the same moment is one file, and done once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from tests.conftest import SECRET_KEY
from tests.factories import make_case, make_house, make_staff, settle
from tests.web.staff.conftest import Desk, fields_of, form_of
from tracker.app import create_app
from tracker.charter.words import Role, Verb
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.migrate import upgrade
from tracker.models.staff import Staff

AT_ONCE = 4
NOW = datetime.now(UTC)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """PostgreSQL, with the directory, a clerk and a file."""
    database = Database(postgres_url)
    upgrade(database.engine)
    with database.writing() as session:
        settle(session, now=NOW)
        make_staff(session, "an@suivi.example", Role.CLERK, "ME6").password_hash = "-"
        make_case(session, service="ME6", received_at=NOW - timedelta(days=3))
    yield database
    database.close()


@pytest.fixture
def app(postgres_url: str, database: Database, tmp_path: Path) -> Flask:
    """The web side on it."""
    settings = Settings.from_env({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": postgres_url, "VAR_DIR": str(tmp_path)})
    return create_app(settings, database, make_house())


def test_a_form_that_is_sent_twice_at_once_is_one_file(app: Flask, database: Database) -> None:
    with database.reading() as session:
        an = session.scalars(select(Staff).where(Staff.email == "an@suivi.example")).one()
        reference = session.scalars(select(Case.reference)).one()
    for files, path, typed in (
        (2, "/staff/cases/new", {"channel": "phone", "name": "Claire", "phone": "+32 470 12 34 56", "subject": "Visa",
                              "text": "Combien ?", "nature": "information", "language": "fr", "answer_by": "phone"}),
        (3, f"/staff/cases/{reference}/follow-up", {"what": "complaint", "channel": "phone", "subject": "Trop long",
                                                 "text": "J'attends."}),
        (3, f"/staff/cases/{reference}/note", {"text": "Elle a téléphoné.", "colleague": ""}),
        (3, f"/staff/cases/{reference}/flag", {"urgent": "y", "reason": "À l'hôpital"}),
    ):  # fmt: skip
        at = Desk(app, an)
        given = fields_of(form_of(at.page(path))) | typed
        with at.client.session_transaction() as browser:
            kept = dict(browser)
        start = Barrier(AT_ONCE)

        def send(_: int, path: str = path, given: Any = given, kept: Any = kept, start: Barrier = start) -> Any:
            again = Desk(app, an)
            with again.client.session_transaction() as browser:
                browser.update(kept)
            start.wait()
            answer = again.client.post(path, data=given)
            with again.client.session_transaction() as browser:
                return answer.status_code, answer.location, str(browser.get("_flashes"))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            ((status, _to, _said),) = set(pool.map(send, range(AT_ONCE)))
        assert status == 303, path
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(Case)) == files
    with database.reading() as session:
        done = session.scalars(select(History.verb).where(History.case_id == 1).order_by(History.seq)).all()
    assert done == [Verb.REGISTER, Verb.WRITE, Verb.FLAG]
