"""Colleagues and services are asked for something from the page of a file, and answer from a list of their own."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from tests.web.staff.conftest import Desk, email_of, errors_of
from tracker.charter.counting import brussels_day
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.staff import Staff
from tracker.models.tasks import Task

TODAY = brussels_day(datetime.now(UTC))


@pytest.fixture
def ids(database: Database) -> dict[str, str]:
    with database.reading() as session:
        found = {row.email: str(row.id) for row in session.scalars(select(Staff))}
    return {who: found[email_of(who)] for who in ("an", "cy", "di", "gi")}


def test_a_colleague_is_asked_reads_the_file_answers_and_reads_it_no_longer(
    desk: Callable[[str], Desk], file: Callable[..., str], ids: dict[str, str], database: Database
) -> None:
    reference, an, cy = file(), desk("an"), desk("cy")
    here = f"/staff/cases/{reference}"
    page = an.page(f"{here}/ask-colleague")
    offered = {str(one["value"]) for one in page.select("option")}
    assert offered >= {ids["cy"], ids["di"]}
    assert not offered & {ids["an"], ids["gi"]}
    with database.reading() as session:
        work_by = session.scalars(select(Case.next_work_by).where(Case.reference == reference)).one()
    assert work_by is not None
    assert date.fromisoformat(str(page.select_one("#due_on")["value"])) < work_by  # type: ignore[index]
    refused = an.send(f"{here}/ask-colleague", colleague=ids["cy"], what="In the register?", due_on="2190-01-01")
    assert "the promise to the requester" in errors_of(refused)
    assert cy.get(here).status_code == 404
    assert "/staff/asked" not in str(cy.page("/staff/queue").select(".suivi-filters"))

    assert an.send(f"{here}/ask-colleague", colleague=ids["cy"], what="In the register?").status_code == 303

    assert "Asked of me 1" in cy.page("/staff/queue").get_text(" ", strip=True)
    assert "In the register?" in cy.page("/staff/asked").text
    seen = cy.page(here)
    assert "In the register?" in seen.select("#task-1")[0].text
    assert not seen.select(".staff-acts a")  # to read it, and nothing else
    for slug in ("answer", "note", "withdraw-task"):
        assert cy.get(f"{here}/{slug}").status_code == 403, slug
    with database.writing() as session:
        session.execute(update(Task).values(due_on=TODAY - timedelta(days=1)))
    assert "Asked of you by a day that is past: 1." in cy.page("/staff/queue").text
    assert "past its date" in an.page(here).text
    assert "Your answer" in errors_of(cy.send("/staff/asked/1", "decline", word=""))
    assert cy.send("/staff/asked/1", "done", word="It is, since May.").status_code == 303

    assert cy.get(here).status_code == 404
    told = an.page(here).get_text(" ", strip=True)
    assert "It is, since May." in told
    assert "Done, as asked:" in told
    assert cy.get("/staff/asked/1").status_code == 303


def test_an_answer_comes_back_with_its_words_while_the_database_is_busy(
    desk: Callable[[str], Desk], file: Callable[..., str], ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk("an").send(f"/staff/cases/{file()}/ask-colleague", colleague=ids["cy"], what="In the register?")

    def busy(*_: object, **__: object) -> None:
        raise OperationalError("", None, Exception("database is locked"))

    monkeypatch.setattr("tracker.casework.tasks.settle", busy)
    answer = desk("cy").send("/staff/asked/1", "done", word="It is, since May.")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "send it again in a minute" in errors_of(answer)
    assert "It is, since May.</textarea>" in answer.text


def test_a_service_contributes_and_what_is_still_asked_is_told_before_the_file_closes(
    desk: Callable[[str], Desk], file: Callable[..., str], ids: dict[str, str], database: Database
) -> None:
    reference, an, bo = file(service="M1"), desk("an"), desk("bo")
    from tracker.models.cases import Association

    with database.writing() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        session.add(Association.beside(case, "ME6", since=case.registered_at))
    cy, here = desk("cy"), f"/staff/cases/{reference}"
    assert cy.send(f"{here}/ask-service", what="The law?").status_code == 303  # the only one is chosen
    assert cy.send(f"{here}/ask-colleague", colleague=ids["di"], what="A call?").status_code == 303

    assert "Your contribution" in bo.page("/staff/asked/1").text
    assert an.send("/staff/asked/1", "done", word="Directive 2004/38.").status_code == 303
    assert "Directive 2004/38." in cy.page(here).select("#task-1")[0].text
    assert "Directive 2004/38." in cy.page(f"{here}/answer").select(".staff-asked")[0].text
    cy.send(f"{here}/waive", promise="1", ground="withdrawn", evidence="A call.")
    assert "Still asked of colleagues: 1." in cy.page(f"{here}/close").text
    assert cy.send(f"{here}/close").status_code == 303
    with database.reading() as session:
        assert list(session.scalars(select(Task.state).order_by(Task.id))) == ["done", "withdrawn"]
    assert desk("di").get("/staff/asked/2").status_code == 303


def test_a_note_tells_a_colleague_and_says_who_could_not_be_told(
    desk: Callable[[str], Desk], file: Callable[..., str], database: Database
) -> None:
    reference, an = file(), desk("an")
    with database.writing() as session:
        for who, name in (("bo", "Bo Claes"), ("cy", "Cy Wouters")):
            session.execute(update(Staff).where(Staff.email == email_of(who)).values(name=name))
    offered = {str(one["value"]) for one in an.page(f"/staff/cases/{reference}/note").select("option")}
    assert "Bo Claes" in offered
    assert "Cy Wouters" not in offered
    an.send(f"/staff/cases/{reference}/note", text="See @Cy Wouters.", colleague="Bo Claes")

    told = an.page(f"/staff/cases/{reference}").get_text(" ", strip=True)
    assert "Told by mail: Bo Claes. Not told, since they may not read this file: Cy Wouters." in told
    assert "@Bo Claes" in told
