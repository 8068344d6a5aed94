"""Logging in: one same sentence for every mistake, throttled, and nothing typed is lost when a login runs out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.web.staff.conftest import PASSWORD, Desk, email_of, errors_of, fields_of, form_of, soup_of
from tracker.casework import throttle
from tracker.models.database import Database
from tracker.models.messages import Attachment, Message
from tracker.models.operations import EndedLogin
from tracker.models.staff import Staff
from tracker.web.staff.accounts import LASTS, NUMBER, SINCE
from tracker.web.staff.login import TRIES_FROM_ONE_PLACE, TRIES_ON_ONE_ACCOUNT

WRONG = "This e-mail address and this password do not go together"


@pytest.fixture
def door(app: Flask) -> Desk:
    """A browser in which nobody is logged in, in English."""
    at = Desk(app)
    at.get("/staff/login?lang=en")
    return at


def test_the_right_password_leads_to_the_queue(door: Desk) -> None:
    answer = door.send("/staff/login", email=f" {email_of('an').upper()} ", password=PASSWORD)

    assert answer.status_code == 303
    assert door.client.get(answer.headers["Location"]).headers["Location"] == "/staff/queue"
    assert door.get("/staff/queue").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (email_of("an"), "wrong"),
        ("nobody@example.org", PASSWORD),
        ("duty@suivi.example", PASSWORD),  # a desk does not log in
        (email_of("an"), "x" * 100_000),
        ("é" * 400 + "@example.org", PASSWORD),
        ("an.peeters@example.org\0", "\0"),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ],
)
def test_every_mistake_gets_one_same_sentence(door: Desk, email: str, password: str) -> None:
    answer = door.send("/staff/login", email=email, password=password)

    assert answer.status_code == 400
    assert WRONG in answer.text
    assert door.get("/staff/queue").status_code == 302


def test_an_empty_form_says_what_to_write(door: Desk) -> None:
    answer = door.send("/staff/login", email="", password=None)

    assert answer.status_code == 400
    assert "Write your e-mail address." in errors_of(answer)
    assert "Write your password." in errors_of(answer)


def test_too_many_wrong_tries_close_the_door_even_to_the_right_password(door: Desk, app: Flask) -> None:
    for _ in range(TRIES_ON_ONE_ACCOUNT):
        assert door.send("/staff/login", email=email_of("an"), password="wrong").status_code == 400

    answer = Desk(app).send("/staff/login?lang=en", email=email_of("an"), password=PASSWORD)

    assert answer.status_code == 429
    assert "wait a quarter of an hour" in answer.text
    assert door.send("/staff/login", email=email_of("bo"), password=PASSWORD).status_code == 303


def test_wrong_tries_of_a_stranger_lock_no_colleague_out(door: Desk, app: Flask) -> None:
    stranger = Desk(app)
    stranger.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    page = stranger.page("/staff/login")
    for _ in range(TRIES_ON_ONE_ACCOUNT + 1):
        last = stranger.send_form(page, "/staff/login", email=email_of("an"), password="wrong")

    assert last.status_code == 429
    assert door.send("/staff/login", email=email_of("an"), password=PASSWORD).status_code == 303


def test_one_place_cannot_try_account_after_account(door: Desk, database: Database) -> None:
    with database.writing() as session:
        for _ in range(TRIES_FROM_ONE_PLACE - 1):
            throttle.note_failure(session, door="staff", who="from 127.0.0.1", now=datetime.now(UTC))

    assert door.send("/staff/login", email="nobody@example.org", password="wrong").status_code == 400
    assert door.send("/staff/login", email=email_of("an"), password=PASSWORD).status_code == 429


def test_what_was_in_the_browser_before_does_not_stay(door: Desk) -> None:
    with door.client.session_transaction() as session:
        session["follow"] = {"id": 1}
        session["csrf_token"] = "planted"

    page = door.page("/staff/login")
    door.send_form(page, "/staff/login", email=email_of("an"), password=PASSWORD)

    with door.client.session_transaction() as session:
        assert "follow" not in session
        assert session.get("csrf_token") != "planted"


def test_logging_out_takes_a_post(an: Desk) -> None:
    assert an.get("/staff/logout").status_code == 405
    assert an.get("/staff/queue").status_code == 200
    page = an.page("/staff/queue")
    token = page.select_one(".staff-out input[name=csrf_token]")
    assert token is not None

    an.client.post("/staff/logout", data={"csrf_token": token["value"]})

    assert an.get("/staff/queue").status_code == 302


def test_a_cookie_copied_before_logging_out_opens_nothing_then(door: Desk, app: Flask, database: Database) -> None:
    copy, elsewhere = Desk(app), Desk(app)
    for at in (door, elsewhere):
        at.send("/staff/login", email=email_of("an"), password=PASSWORD)
    with door.client.session_transaction() as session, copy.client.session_transaction() as stolen:
        stolen.update(session)
    assert copy.get("/staff/queue").status_code == 200

    page = door.get("/staff/queue")
    token = soup_of(page).select_one(".staff-out input[name=csrf_token]")
    for _ in range(2):  # sent twice: over is over
        assert door.client.post("/staff/logout", data={"csrf_token": token and token["value"]}).status_code == 303

    assert [at.get("/staff/queue").status_code for at in (door, copy, elsewhere)] == [302, 302, 200]
    with database.reading() as db:
        (row,) = db.scalars(select(EndedLogin))
        assert timedelta() < row.until - datetime.now(UTC) <= LASTS
    door.send("/staff/login", email=email_of("an"), password=PASSWORD)
    assert [at.get("/staff/queue").status_code for at in (door, copy)] == [200, 302]


def test_who_logs_in_over_a_login_that_runs_has_left_that_one(door: Desk, app: Flask) -> None:
    copy = Desk(app)
    door.send("/staff/login", email=email_of("an"), password=PASSWORD)
    with door.client.session_transaction() as session, copy.client.session_transaction() as stolen:
        stolen.update(session)
    token = soup_of(door.get("/staff/queue")).select_one(".staff-out input[name=csrf_token]")

    assert token is not None
    typed = {"csrf_token": str(token["value"]), "email": email_of("bo"), "password": PASSWORD}
    assert door.client.post("/staff/login", data=typed).status_code == 303

    assert [at.get("/staff/queue").status_code for at in (door, copy)] == [200, 302]


def test_whoever_logs_out_while_the_database_is_busy_is_out_of_this_browser(
    an: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = an.page("/staff/queue").select_one("form[action$=logout] [name=csrf_token]")

    def busy(*_: object, **__: object) -> None:
        raise OperationalError("", None, Exception("database is locked"))

    monkeypatch.setattr("tracker.web.staff.accounts.end_login", busy)

    assert an.client.post("/staff/logout", data={"csrf_token": token and token["value"]}).status_code == 303
    assert an.get("/staff/queue").status_code == 302


def test_whoever_logs_out_of_a_page_that_was_open_for_long_is_out(
    an: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = an.page("/staff/queue").select_one(".staff-out input[name=csrf_token]")
    an.client.post("/staff/logout", data={"csrf_token": "of somebody else's making"})
    assert an.get("/staff/queue").status_code == 200
    monkeypatch.setitem(app.config, "WTF_CSRF_TIME_LIMIT", -1)

    an.client.post("/staff/logout", data={"csrf_token": token and token["value"]})

    assert an.get("/staff/queue").status_code == 302


def test_a_login_without_a_number_is_none(an: Desk) -> None:
    with an.client.session_transaction() as session:
        del session[NUMBER]

    assert an.get("/staff/queue").status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/staff/\\evil.example",
        "/fr/",
        "javascript:alert(1)",
        "/staff/logout",
    ],
)
def test_a_login_leads_nowhere_else(door: Desk, target: str) -> None:
    answer = door.send("/staff/login", email=email_of("an"), password=PASSWORD, next=target)

    assert answer.headers["Location"] == "/staff/"


def test_a_login_leads_back_to_the_page_that_was_asked_for(door: Desk) -> None:
    asked = door.get("/staff/queue?show=overdue").headers["Location"]

    answer = door.send(asked, email=email_of("an"), password=PASSWORD)

    assert answer.headers["Location"] == "/staff/queue?show=overdue"


def test_a_login_ends_after_a_working_day_and_with_a_new_password(an: Desk, database: Database) -> None:
    with an.client.session_transaction() as session:
        session[SINCE] = int((datetime.now(UTC) - LASTS - timedelta(minutes=1)).timestamp())
    assert an.get("/staff/queue").status_code == 302

    with an.client.session_transaction() as session:
        session[SINCE] = int(datetime.now(UTC).timestamp())
    assert an.get("/staff/queue").status_code == 200
    with database.writing() as session:
        session.scalars(select(Staff).where(Staff.email == email_of("an"))).one().password_hash = "another"
    assert an.get("/staff/queue").status_code == 302


def test_a_closed_account_is_out_at_once(an: Desk, database: Database) -> None:
    with database.writing() as session:
        session.scalars(select(Staff).where(Staff.email == email_of("an"))).one().active = False

    assert an.get("/staff/queue").status_code == 302


def _run_out(at: Desk) -> None:
    with at.client.session_transaction() as session:
        session.clear()
        session["language"] = "en"


def test_text_typed_before_the_login_ran_out_comes_back_and_is_sent_on(
    an: Desk, file: Callable[..., str], database: Database
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/note"
    page = an.page(path)
    _run_out(an)

    login = an.send_form(page, path, text="A long thought of mine,\nwith <b>two</b> lines.")
    assert login.status_code == 401
    assert "what you typed is kept" in login.text
    wrong = an.send_form(soup_of(login), "/staff/login", email=email_of("an"), password="wrong")
    again = an.send_form(soup_of(wrong), "/staff/login", email=email_of("an"), password=PASSWORD)
    assert "A long thought of mine" in again.text
    done = an.send_form(soup_of(again), str(form_of(soup_of(again))["action"]))

    assert done.status_code == 303, done.text
    with database.reading() as session:
        note = session.scalars(select(Message).where(Message.kind == "note")).one()
    assert note.body == "A long thought of mine,\nwith <b>two</b> lines."


@pytest.mark.parametrize("gone", ["login", "token"])
def test_files_that_do_not_come_along_are_asked_for_again(
    an: Desk, file: Callable[..., str], database: Database, gone: str
) -> None:
    path = f"/staff/cases/{file()}/follow-up"
    page, scan = an.page(path), (b"%PDF-1.4\n%%EOF\n", "scan.pdf")
    letter = {"channel": "phone", "text": "She called about the scan.", "files": scan}
    if gone == "login":
        _run_out(an)
        login = an.send_form(page, path, **letter)
        again = an.send_form(soup_of(login), "/staff/login", email=email_of("an"), password=PASSWORD)
    else:
        again = an.send_form(page, path, **letter, csrf_token="stale")
    assert "add them again on the page that follows" in again.text
    assert "Nothing is lost" not in again.text

    back = an.send_form(soup_of(again), path)

    assert not errors_of(back)
    assert "She called about the scan." in back.text
    assert an.send_form(soup_of(back), path, files=scan).status_code == 303
    with database.reading() as session:
        message = session.scalars(select(Message).where(Message.kind == "follow_up")).one()
        assert session.scalars(select(Attachment.message_id)).one() == message.id


def test_text_is_not_carried_over_for_somebody_else(app: Flask, an: Desk, file: Callable[..., str]) -> None:
    """A page of a stranger's making, or a colleague's form, is not sent in the name of whoever logs in next."""
    path = f"/staff/cases/{file()}/note"
    fields = fields_of(form_of(an.page(path))) | {"text": "Sign this, please."}
    stranger = Desk(app)

    forged = stranger.client.post(path, data=fields | {"whose": "forged"})
    assert forged.status_code == 401
    assert "Sign this" not in forged.text

    login = stranger.client.post(path, data=fields)
    assert "Sign this" in login.text
    other = stranger.send_form(soup_of(login), "/staff/login", email=email_of("bo"), password=PASSWORD)
    assert other.status_code == 303
    assert "Sign this" not in other.text


def test_a_stale_token_brings_the_text_back(an: Desk, file: Callable[..., str], database: Database) -> None:
    path = f"/staff/cases/{file()}/note"

    answer = an.send(path, text="Still here after lunch.", csrf_token="stale")
    assert answer.status_code == 400
    assert "Nothing is lost" in answer.text
    done = an.send_form(soup_of(answer), path)

    assert done.status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Message).where(Message.kind == "note")).one().body == "Still here after lunch."


def test_a_forged_form_is_not_done(an: Desk, file: Callable[..., str], database: Database) -> None:
    path = f"/staff/cases/{file()}/close"

    answer = an.client.post(path, data={"seen": "1"})

    assert answer.status_code == 400
    assert soup_of(answer).select_one("main form") is None


def test_the_mark_leads_where_the_account_may_go(desk: Callable[[str], Desk]) -> None:
    for who in ("an", "gi"):  # a clerk has the queue, an administrator has not
        at = desk(who)
        page = at.page("/staff/profile")
        mark = page.select_one("a.suivi-brand")

        assert mark is not None
        assert (page.select_one(".staff-find") is not None) == (who == "an"), "no box that only refuses"
        landed = at.client.get(str(mark["href"]), follow_redirects=True)
        assert landed.status_code == 200
