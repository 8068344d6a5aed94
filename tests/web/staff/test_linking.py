"""From the page of a file one ties it to another, unties it, and gives a part of it a file of its own."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select

from tests.web.staff.conftest import Desk
from tracker.models.cases import Association, Case
from tracker.models.database import Database


def test_a_file_is_tied_untied_and_split(an: Desk, file: Callable[..., str], database: Database) -> None:
    first, second = file(requester_email="a@example.org"), file(requester_email="b@example.org")
    here = f"/staff/cases/{first}"
    assert an.send(f"{here}/link", other=second, reason="One journey.").status_code == 303

    shown = an.page(here).select_one(".staff-links")
    assert shown is not None
    assert second in shown.text
    assert "One journey." in shown.text
    assert f"Linked to file {first} · One journey." in an.page(f"/staff/cases/{second}").text
    assert an.send(f"/staff/cases/{second}/unlink").status_code == 303  # the only one is chosen
    assert an.page(here).select_one(".staff-links") is None

    page = an.page(f"{here}/split")
    assert "légaliser mon diplôme" in page.select("#text")[0].text  # what was written, to take out what stays
    given = {"subject": "La pension", "text": "Et ma pension ?", "nature": "misdirected", "reason": "Not ours."}
    for _ in range(2):  # a double click
        assert an.send_form(page, f"{here}/split", service="ME6", **given).status_code == 303
    with database.reading() as session:
        new = session.scalars(select(Case).where(Case.subject == "La pension")).one()
        received = session.scalars(select(Case.received_at).where(Case.reference == first)).one()
    assert new.received_at == received
    told = an.page(here)
    assert new.reference in told.select(".staff-links")[0].text
    assert f"Split in two, with file {new.reference} · Not ours." in told.text
    assert f"Split off: {first}" in an.page(f"/staff/cases/{new.reference}").text


def test_who_splits_off_a_part_for_another_service_is_told_who_has_it(an: Desk, file: Callable[..., str]) -> None:
    here = f"/staff/cases/{file()}"
    given = {"subject": "La pension", "text": "Et ma pension ?", "nature": "information", "reason": "Not ours."}

    told = an.send(f"{here}/split", service="M1", **given)
    said = an.page(told.headers["Location"]).select_one(".govuk-notification-banner, .suivi-flash, [role=alert]")

    assert told.headers["Location"] == here
    page = an.page(here)
    assert "Split in two, with file " in page.text
    assert "La pension" not in page.text
    assert said is not None
    assert "Cy Peeters" in said.text
    assert said.text.count("you no longer see it") == 1


def test_who_reads_one_of_two_linked_files_learns_of_the_other_only_its_reference(
    desk: Callable[[str], Desk], file: Callable[..., str], database: Database
) -> None:
    here, there = file(), file(service="M1", subject="Une affaire secrète")
    with database.writing() as session:  # M1 is on both: Cy ties them, and then one becomes sensitive
        session.add(Association(case_id=1, service_code="M1", since=datetime.now(UTC)))
    assert desk("cy").send(f"/staff/cases/{here}/link", other=there, reason="Her illness.").status_code == 303

    an, cy = desk("an"), desk("cy")
    for path in (f"/staff/cases/{here}", f"/staff/cases/{here}/whole", f"/staff/cases/{here}/unlink"):
        mine, theirs = an.page(path).get_text(" "), cy.page(path).get_text(" ")
        assert there in mine
        assert "Her illness." not in mine
        assert "secrète" not in mine
        assert "Her illness." in theirs
