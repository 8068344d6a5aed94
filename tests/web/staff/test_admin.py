"""The state of the installation, for administrators: jobs, rules, texts, settings; no secret, nothing of a case."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from config import MEGABYTE, Settings
from tests.conftest import SECRET_KEY
from tests.web.staff.conftest import Desk
from tracker.charter.rules import RuleBook
from tracker.correspondence.versions import all_texts
from tracker.models.database import Database
from tracker.models.operations import JobRun


def test_an_administrator_sees_jobs_rules_texts_and_settings_without_secrets(
    desk: Callable[[str], Desk], file: Callable[..., str], settings: Settings
) -> None:
    reference = file(subject="Een geheim")

    page = desk("gi").page("/staff/admin")

    jobs, rules, texts, shown = (
        [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in table.select("tbody tr")]
        for table in page.select("main table")
    )
    assert [row[0] for row in jobs] == ["Reminds of what is due, and escalates (sweep)"]
    assert jobs[0][1] != "–"
    assert len(rules) == len(RuleBook.shipped().rules)
    assert [row[0].rpartition(" (")[2].rstrip(")") for row in texts] == [one.name for one in all_texts()]
    assert all(row[3] == "de, en, fr, nl" for row in texts)
    kept = {field.name.upper() for field in fields(Settings) if not field.repr}
    assert {row[0] for row in shown if "secret" in row[1]} == kept
    assert ["UPLOAD_MEGABYTES", str(settings.upload_bytes // MEGABYTE)] in shown
    said = page.get_text()
    assert not [one for one in (SECRET_KEY, settings.database_url, reference, "geheim") if one in said]
    assert page.select_one('a[href="/staff/admin"]') is not None
    assert desk("an").get("/staff/admin").status_code == 403


def test_an_administrator_is_told_first_of_a_job_that_fails_and_when_none_runs(
    desk: Callable[[str], Desk], database: Database
) -> None:
    moment = datetime.now(UTC)
    with database.writing() as session:
        session.execute(update(JobRun).values(succeeded_at=moment))
        session.add(
            JobRun(job="fetch", succeeded_at=moment - timedelta(hours=1), failed_at=moment, error="MailboxLost")
        )

    page = desk("gi").page("/staff/admin")
    assert "Failed at the last run: fetch." in page.select(".staff-alarm")[0].get_text()
    assert page.select("tbody tr")[0].get_text(" ", strip=True).startswith("Takes in mail (fetch) failing")
    assert "No job has run" not in page.get_text()

    with database.writing() as session:
        session.execute(update(JobRun).values(succeeded_at=moment - timedelta(minutes=16)))
    assert "No job has run" in desk("gi").page("/staff/admin").select(".staff-alarm")[0].get_text()
