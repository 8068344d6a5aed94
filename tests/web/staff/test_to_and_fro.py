"""What staff see of a file that goes to and fro, and who may still move it."""

from collections.abc import Callable

from sqlalchemy import select

from tests.web.staff.conftest import Desk, email_of, errors_of, soup_of
from tracker.charter.words import CaseState
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.staff import Staff


def sent_back(an: Desk, desk: Callable[[str], Desk], file: Callable[..., str], database: Database) -> str:
    """A file that An gave to Cy's service, and that Cy gave back."""
    with database.reading() as session:
        handler = session.scalars(select(Staff.id).where(Staff.email == email_of("an"))).one()
    reference = file(changes={"handler_id": handler})
    an.send(f"/staff/cases/{reference}/route", service="M1", reason="It is about NATO.")
    answer = desk("cy").send(f"/staff/cases/{reference}/route", service="ME6", reason="It is about the EU.")
    assert answer.status_code == 303
    return reference


def test_the_history_of_its_moves_stands_above_a_file_that_comes_back(
    an: Desk, desk: Callable[[str], Desk], file: Callable[..., str], database: Database, row: Callable[[str], Case]
) -> None:
    reference = sent_back(an, desk, file, database)
    hu = desk("hu")
    assert hu.staff is not None

    case = row(reference)
    assert (case.state, case.handler_id) == (CaseState.TRIAGE, hu.staff.id)
    page = hu.page(f"/staff/cases/{reference}")
    moves = [" ".join(one.get_text(" ").split()) for one in page.select(".suivi-alarm li")]
    assert len(moves) == 2
    assert "It is about NATO." in moves[0]
    assert "It is about the EU." in moves[1]
    assert "asked, not done" in moves[1]
    assert "To and fro: the head decides" in hu.page("/staff/queue?view=mine").get_text(" ")


def test_only_the_dispatchers_head_moves_it_on(
    an: Desk, desk: Callable[[str], Desk], file: Callable[..., str], database: Database, row: Callable[[str], Case]
) -> None:
    reference = sent_back(an, desk, file, database)
    for who in ("cy", "di"):
        refused = desk(who).send(f"/staff/cases/{reference}/route", service="M2")
        assert refused.status_code == 409
        assert "decides where it goes" in errors_of(refused)

    assert desk("hu").send(f"/staff/cases/{reference}/route", service="M2").status_code == 303

    assert row(reference).service_code == "M2"
    with database.reading() as session:
        handler = session.get_one(Staff, row(reference).handler_id)
    assert handler.email in (email_of("di"), email_of("hu"), "duty@suivi.example"), "M2 has nobody: a dispatcher"
    page = soup_of(desk("di").get(f"/staff/cases/{reference}"))
    assert "This file went to and fro: 3 moves" in page.get_text(" ")


def test_a_file_that_moved_before_asks_why_and_keeps_what_was_chosen(
    an: Desk, desk: Callable[[str], Desk], file: Callable[..., str], row: Callable[[str], Case]
) -> None:
    reference = file()
    path = f"/staff/cases/{reference}/route"
    assert "moved before" not in an.page(path).get_text()
    assert an.send(path, service="M1").status_code == 303, "a first move speaks for itself"
    cy = desk("cy")
    assert "moved before" in cy.page(path).get_text()

    answer = cy.send(path, service="M2")

    assert answer.status_code == 409
    assert "write in “Reason” why it moves again" in errors_of(answer)
    assert cy.send_form(soup_of(answer), path, reason="It is about terrorism.").status_code == 303
    assert row(reference).service_code == "M2"
