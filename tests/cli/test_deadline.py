"""`tracker deadline`: what is owed, counted from receipt, channel and nature, on the command line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import call
from tests.conftest import SECRET_KEY
from tests.factories import acting, make_house, make_staff, settle
from tracker.casework.closing_days import add_closing_days
from tracker.charter.counting import brussels_day
from tracker.charter.words import Role
from tracker.models.database import Database


@pytest.mark.parametrize(
    ("received", "channel", "nature", "kind", "due_on", "work_by"),
    [
        ("2026-03-27T16:30:00+01:00", "email", "information", "reply", "2026-04-11", "2026-04-10"),  # Fri to Sat
        ("2026-03-27T16:30:00+01:00", "post", "information", "reply", "2026-04-26", "2026-04-24"),  # Fri to Sun
        ("2026-10-25T02:30:00+01:00", "email", "complex", "interim", "2026-11-09", "2026-11-09"),  # a day of 25 hours
        ("2026-01-05T23:30:00Z", "web", "misdirected", "transmission", "2026-01-21", "2026-01-21"),  # the 6th here
        ("2028-02-20T12:00:00+01:00", "fax", "complaint", "reply", "2028-03-06", "2028-03-06"),  # over 29 February
        ("2026-12-01T12:00:00+01:00", "counter", "document_access", "reply", "2026-12-31", "2026-12-31"),
    ],
)
def test_what_is_owed(received: str, channel: str, nature: str, kind: str, due_on: str, work_by: str) -> None:
    told = call("deadline", "--received", received, "--channel", channel, "--nature", nature, "--json")

    (owed,) = json.loads(told.stdout)["obligations"]
    assert (owed["kind"], owed["due_on"], owed["work_by"]) == (kind, due_on, work_by)
    assert {"provisional", "days", "rule", "source", "steps"} <= owed.keys()
    assert owed["steps"][0]["code"] == "received"


def test_it_says_why_in_words() -> None:
    told = call(
        "deadline", "--received", "2026-03-27T16:30:00+01:00", "--channel", "post", "--nature", "information",
        "--language", "nl",
    )  # fmt: skip

    assert told.returncode == 0
    assert "vrijdag 27 maart 2026" in told.stdout
    assert "30 kalenderdagen" in told.stdout
    assert "https://" in told.stdout


def test_each_line_gets_its_answer_and_a_bad_one_an_error() -> None:
    good = '{"id": 7, "received_at": "2026-03-27T16:30:00+01:00", "channel": "email", "nature": "information"}'
    lines = [
        good,
        "not JSON",
        "",
        "[1, 2]",
        '{"received_at": "2026-03-27T16:30:00", "channel": "email", "nature": "information"}',
        '{"received_at": "2026-02-30T10:00:00Z", "channel": "email", "nature": "information"}',
        '{"received_at": "2026-03-27T16:30:00Z", "channel": "pigeon", "nature": "information"}',
        '{"received_at": "2026-03-27T16:30:00Z", "channel": ["email"], "nature": "information"}',
        '{"received_at": "9999-12-31T23:00:00Z", "channel": "email", "nature": "information"}',
        '{"received_at": 20260327, "channel": "email", "nature": "information"}',
        "[" * 100_000,
        '"' + "x" * 5_000_000 + '"',
        good,
    ]

    told = call("deadline", "--jsonl", given="\n".join(lines).encode() + b"\n\xff\xfe\n")

    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.returncode == 1
    assert told.stderr == ""
    assert answers[0] == answers[11]
    assert answers[0]["received_on"] == "2026-03-27"
    bad = [answer for answer in answers if "error" in answer]
    assert [answer["line"] for answer in bad] == [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]
    assert all(answer["error"].endswith((".", ").")) for answer in bad)


def test_lines_are_answered_one_by_one_with_nothing_wrong() -> None:
    line = '{"received_at": "2026-03-27T16:30:00+01:00", "channel": "web", "nature": "complaint"}\n'

    told = call("deadline", "--jsonl", given=line * 300)

    assert told.returncode == 0
    assert len(told.stdout.splitlines()) == 300


def test_closing_days_that_were_added_here_count(database: Database, database_url: str, tmp_path: Path) -> None:
    shipped, now = make_house().shipped_calendar, datetime.now(UTC)
    received = next(
        now - timedelta(days=n) for n in range(9) if shipped.is_open(brussels_day(now) + timedelta(15 - n))
    )
    due = brussels_day(received) + timedelta(days=15)
    with database.writing() as session:
        settle(session)
        admin = acting(make_staff(session, "admin@suivi.example", Role.ADMIN))
        before = now - timedelta(days=3)
        add_closing_days(session, shipped, days=[due], until=None, source="Circular 1", actor=admin, now=before)
    asked = ("deadline", "--received", received.isoformat(), "--channel", "web", "--nature", "information", "--json")
    here = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path)}
    nowhere = here | {"DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}

    added, none = (json.loads(call(*asked, settings=where).stdout)["obligations"][0] for where in (here, nowhere))

    assert added["due_on"] == none["due_on"] == none["work_by"] == due.isoformat()
    assert added["work_by"] < due.isoformat()
