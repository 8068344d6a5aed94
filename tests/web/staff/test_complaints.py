"""Complaints from the form to the effect of what was done: the coordinator's list, findings, actions, the report."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import event, select

from tests.web.public.conftest import reference_in, send
from tests.web.staff.conftest import Desk, errors_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Nature, Role
from tracker.insight.complaints import actions_of, finding_of, late_actions, my_actions, open_complaints
from tracker.insight.complaints_year import year_of
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.staff import Staff
from tracker.web.staff.accounts import Account

TODAY = brussels_day(datetime.now(UTC))
OMBUDSMAN = "www.federalombudsman.be"


@pytest.fixture
def people(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            row.email.partition(".")[0]: row.id for row in session.scalars(select(Staff)) if "peeters" in row.email
        }


def _done(at: Desk, path: str, button: str | None = None, **typed: Any) -> None:
    answer = at.send(path, button, **typed)
    assert answer.status_code == 303, errors_of(answer)


def test_from_the_form_to_the_effect(
    app: Flask, database: Database, desk: Callable[[str], Desk], people: dict[str, int]
) -> None:
    with app.test_client() as citizen:
        sent = send(citizen, "nl", kind="complaint", about="", about_whom="Het loket", text="Niemand nam op!")
        reference = reference_in(citizen.get(sent.location).get_data(as_text=True))
    co, bo, an = desk("co"), desk("bo"), desk("an")
    here = f"/staff/cases/{reference}"
    assert reference in co.page("/staff/complaints").text
    assert "Not judged yet" in co.page("/staff/complaints").text

    # It proves to be about An; the coordinator gives it to Bo, who judges it.
    _done(co, f"{here}/nature", nature="complaint", about_staff=str(people["an"]), about_service="ME6")
    _done(co, f"{here}/hand-over", colleague=str(people["bo"]), reason="Of the service, and not concerned.")
    assert str(people["an"]) not in {str(o["value"]) for o in co.page(f"{here}/assign").select("option")}
    refused = bo.send(f"{here}/finding", ground="", outcome="founded", reasons="", theme="phone", cause="workload")
    assert "Reasons of the finding" in errors_of(refused)
    _done(bo, f"{here}/finding", ground="", outcome="founded", reasons="Nobody there at noon.", theme="phone",
          cause="workload")  # fmt: skip
    _done(bo, f"{here}/corrective-action", what="Two lines at noon.", owner=str(people["cy"]),
          due_on=(TODAY + timedelta(days=20)).isoformat())  # fmt: skip

    # Whoever it is about sees nothing of it, wherever they look.
    for path in (here, f"{here}/finding"):
        assert an.get(path).status_code == 404
    assert "Two lines" not in an.page("/staff/actions").text
    assert reference not in an.page("/staff/queue?view=all").text
    with database.writing() as session:  # nor as a head, whose list of complaints it would stand in
        session.get_one(Staff, people["an"]).role = Role.HEAD
    assert reference not in desk("an").page("/staff/complaints").text

    preview = bo.send(f"{here}/answer", "preview", text="U had gelijk.")
    answered = bo.send_form(soup_of(preview), f"{here}/answer", "send")
    assert answered.status_code == 303, errors_of(answered)
    with database.reading() as session:
        answer = session.scalars(select(Message).where(Message.kind == "answer")).one()
    for said in ("federale Ombudsman", OMBUDSMAN, "Leuvenseweg 48", "0800 999 62"):
        assert said in answer.body

    # Its owner, of another service, sees what is to be done and nothing else.
    cy = desk("cy")
    assert cy.get(here).status_code == 404
    with database.reading() as session:
        number = session.scalars(select(CorrectiveAction.id)).one()
    di = desk("di")
    told = di.send_form(di.page("/staff/profile"), f"/staff/actions/{number}", done_on=TODAY.isoformat())
    assert told.status_code == 404
    page = cy.page("/staff/actions")
    far = cy.send_form(page, f"/staff/actions/{number}", done_on="2031-01-01")
    assert far.status_code == 409
    (day,) = soup_of(far).select("#done_on[aria-describedby='done_on-error']")
    assert day["value"] == "2031-01-01"
    assert cy.send_form(page, f"/staff/actions/{number}", done_on=TODAY.isoformat()).status_code == 303
    _done(co, f"{here}/effect", effect="worked", looked_at="Ten calls, ten answers.", effect_on=TODAY.isoformat())
    shown = co.page(here).text
    for said in ("It had the effect wanted", "Ten calls, ten answers.", "Nobody there at noon.", "Founded",
                 "Welcome on the telephone", "The finding was recorded."):  # fmt: skip
        assert said in shown


def test_a_complaint_without_a_finding_does_not_close_and_the_page_says_why(
    desk: Callable[[str], Desk], file: Callable[..., str], row: Callable[[str], Case]
) -> None:
    reference, co = file(nature=Nature.COMPLAINT), desk("co")
    here = f"/staff/cases/{reference}"
    _done(co, f"{here}/waive", ground="withdrawn", evidence="A call.")

    for refused in (co.send(f"{here}/close"), co.send(f"{here}/closing", "preview", text="")):
        assert refused.status_code == 409
        assert f"First record whether complaint {reference} is admissible" in errors_of(refused)
    _done(co, f"{here}/finding", ground="before_court", note="Summons of 3 March.", outcome="", theme="", cause="")
    _done(co, f"{here}/close")

    assert row(reference).state is CaseState.CLOSED
    assert "Not admissible" in co.page("/staff/complaints?show=closed").text


def test_what_is_past_its_date_is_told_to_its_owner_and_to_the_coordinator(
    desk: Callable[[str], Desk], file: Callable[..., str], database: Database, people: dict[str, int]
) -> None:
    reference, co = file(nature=Nature.COMPLAINT), desk("co")
    _done(co, f"/staff/cases/{reference}/corrective-action", what="Two lines at noon.", owner=str(people["cy"]),
          due_on=TODAY.isoformat())  # fmt: skip
    alarm = "Corrective actions past their date: 1."
    assert alarm not in co.page("/staff/queue").text
    with database.writing() as session:
        session.scalars(select(CorrectiveAction)).one().due_on = TODAY - timedelta(days=1)

    assert alarm in co.page("/staff/queue").text
    assert alarm in desk("cy").page("/staff/queue").text
    assert alarm not in desk("di").page("/staff/queue").text
    assert "Two lines at noon." in co.page("/staff/complaints?show=late").text


def test_the_report_counts_and_names_nobody(
    desk: Callable[[str], Desk], file: Callable[..., str], database: Database, people: dict[str, int]
) -> None:
    co = desk("co")
    late, young = (file(nature=Nature.COMPLAINT, received_at=datetime.now(UTC) - timedelta(days=n)) for n in (40, 1))
    for reference, outcome in ((late, "founded"), (young, "unfounded")):
        _done(co, f"/staff/cases/{reference}/finding", ground="", outcome=outcome, reasons="Claire wrote.",
              theme="phone", cause="workload")  # fmt: skip
    _done(co, f"/staff/cases/{late}/corrective-action", what="Two lines.", owner=str(people["cy"]),
          due_on=TODAY.isoformat())  # fmt: skip
    with database.reading() as session:
        by_year = [year_of(session, year, today=TODAY) for year in {TODAY.year, TODAY.year - 1}]

    assert sum(year.received for year in by_year) == 2
    assert (sum(year.due for year in by_year), sum(year.on_time for year in by_year)) == (1, 0)  # open and overdue
    assert sum(year.by_outcome.get("founded", 0) for year in by_year) == 1
    year = max(by_year, key=lambda one: one.received)
    rows = list(csv.reader(io.StringIO(co.get(f"/staff/complaints/report.csv?year={year.year}").text)))
    assert [str(year.year), TODAY.isoformat(), "by_theme", "phone", str(year.by_theme["phone"])] in rows
    figures = co.get(f"/staff/complaints/report.json?year={year.year}").json
    assert figures["by_theme"] == dict(year.by_theme)
    for lang, said in (("fr", "Plaintes"), ("nl", "Klachten"), ("de", "Beschwerden"), ("en", "Complaints")):
        answer = co.get(f"/staff/complaints/report.pdf?year={year.year}&in={lang}")
        pdf = PdfReader(io.BytesIO(answer.data))
        text = " ".join(page.extract_text() for page in pdf.pages)
        assert said in text
        assert "Claire" not in text
        root: Any = pdf.trailer["/Root"]
        assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == (f"{lang}-BE", True)
    assert co.get("/staff/complaints/report.csv?year=1066").status_code == 404


def test_each_part_is_read_in_one_statement(
    file: Callable[..., str], database: Database, people: dict[str, int], row: Callable[[str], Case]
) -> None:
    case = row(file(nature=Nature.COMPLAINT))
    with database.reading() as session:
        viewer = Account(session.get_one(Staff, people["co"]), frozenset()).viewer
        asked: list[str] = []
        event.listen(session.connection(), "before_cursor_execute", lambda *a: asked.append(a[2]))
        for read in (
            lambda: open_complaints(session, viewer),
            lambda: finding_of(session, case.id),
            lambda: actions_of(session, case.id),
            lambda: my_actions(session, viewer),
            lambda: late_actions(session, viewer, today=TODAY),
        ):
            before = len(asked)
            read()
            assert len(asked) == before + 1
        year_of(session, TODAY.year, today=TODAY)
        assert len(asked) == before + 3
