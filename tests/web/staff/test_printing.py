"""Letters on paper: what waits, printed as a run, marked as posted one by one or all, and the PDF as it goes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader
from sqlalchemy import select

from tests.factories import make_house
from tests.web.staff.conftest import Desk, email_of, errors_of
from tracker.casework.follow import send_code_again
from tracker.casework.printing import post_run
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Nature
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.paper import Letter, PrintRun
from tracker.models.staff import Staff

ADDRESS = {"channel": Channel.POST, "requester_address": "Rue Neuve 1\n1000 Bruxelles", "requester_email": None}


def words(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())


def sent(at: Desk, page: BeautifulSoup, path: str, **typed: str) -> BeautifulSoup:
    """Send the form of a page, and return the page that follows."""
    answer = at.send_form(page, path, **typed)
    assert answer.status_code == 303, answer.text
    return at.page(answer.headers["Location"])


def test_what_waits_is_printed_as_a_run_and_the_run_marked_as_posted(
    an: Desk, file: Callable[..., str], database: Database
) -> None:
    first, second = file(**ADDRESS), file(**ADDRESS, requester_name="Zoë <b>Maes</b>")

    page = an.page("/staff/letters")

    assert "2 letters have not been printed." in words(page)
    assert "Zoë <b>Maes</b>" in words(page)
    run_page = sent(an, page, "/staff/letters")
    with database.reading() as session:
        run = session.scalars(select(PrintRun.id)).one()
    assert f"Print run {run}" in words(run_page)
    pdf = an.get(f"/staff/letters/runs/{run}/letters.pdf")
    assert pdf.mimetype == "application/pdf"
    assert len(PdfReader(BytesIO(pdf.data)).pages) == 8
    one_side = run_page.select_one("a[href$='letters.pdf?sides=1']")
    assert one_side is not None
    assert len(PdfReader(BytesIO(an.get(str(one_side["href"])).data)).pages) == 4
    assert "have not been printed" not in words(an.page("/staff/letters"))

    alone = f"/staff/cases/{first}/left?message=2"
    sent(an, an.page(alone), alone)

    done = sent(an, run_page, f"/staff/letters/runs/{run}")

    assert "1 letter is marked as posted." in words(done)
    assert "Not done" not in words(done)  # what had left already is no failure
    assert "All of them have left." in words(done)
    assert "No letter or fax waits." in words(an.page("/staff/letters"))
    with database.reading() as session:
        assert None not in set(session.scalars(select(Message.left_on).where(Message.signature.is_not(None))))
    case_page = an.page(f"/staff/cases/{first}")
    assert "The letter as it goes (PDF)" in words(case_page)
    with database.reading() as session:
        kept = session.scalars(select(Letter).order_by(Letter.message_id)).first()
        assert kept is not None
    assert an.get(f"/staff/cases/{first}/letters/2.pdf").data.startswith(b"%PDF-")
    assert second in words(done)


def test_a_day_that_cannot_be_comes_back_with_its_sentence_and_a_right_one_may_come_twice(
    an: Desk, file: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file(**ADDRESS)
    page = sent(an, an.page("/staff/letters"), "/staff/letters")
    path = page.select_one("a[href$='letters.pdf']")
    assert path is not None
    run = str(path["href"]).removesuffix("/letters.pdf")

    wrong = an.send_form(page, run, left_on="41/13/2026")
    early = an.send_form(page, run, left_on="2001-01-01")

    assert wrong.status_code == early.status_code == 422
    assert "41/13/2026" in wrong.text
    refused = BeautifulSoup(early.text, "html.parser")
    assert "1 January 2001" in words(refused.select_one("#left_on-error"))  # type: ignore[arg-type]
    assert refused.select_one("#left_on")["value"] == "2001-01-01"  # type: ignore[index]
    assert "marked as posted" not in words(refused)

    def second_of_two(*given: Any, **more: Any) -> Any:
        post_run(*given, **more)  # the other click was quicker, after we had begun
        return post_run(*given, **more)

    monkeypatch.setattr("tracker.web.staff.printing.post_run", second_of_two)
    assert "All of them have left." in words(sent(an, page, run))


def test_one_letter_is_seen_before_it_is_printed_and_kept_as_it_went(
    an: Desk, file: Callable[..., str], database: Database
) -> None:
    reference = file(**ADDRESS)

    seen = an.get(f"/staff/cases/{reference}/letters/2.pdf")
    with database.reading() as session:
        assert session.scalars(select(Letter)).all() == []
    an.send_form(an.page(f"/staff/cases/{reference}/left?message=2"), f"/staff/cases/{reference}/left")

    with database.reading() as session:
        letter = session.scalars(select(Letter)).one()
        assert letter.run_id is None
    kept = an.get(f"/staff/cases/{reference}/letters/2.pdf")
    assert kept.data == seen.data
    assert reference in PdfReader(BytesIO(kept.data)).pages[0].extract_text()
    assert an.get(f"/staff/cases/{reference}/letters/1.pdf").status_code == 404


def test_what_cannot_be_printed_is_named_with_what_to_do(an: Desk, file: Callable[..., str]) -> None:
    reference = file(**ADDRESS | {"requester_address": "東京都千代田区"})

    told = sent(an, an.page("/staff/letters"), "/staff/letters")
    looked_at = an.page(an.get(f"/staff/cases/{reference}/letters/2.pdf").headers["Location"])

    for page in (told, looked_at):
        assert "which cannot be printed: correct the contact details" in words(page)


def test_nobody_sees_or_prints_the_letters_of_a_case_that_they_may_not_read(
    desk: Callable[[str], Desk], file: Callable[..., str], database: Database
) -> None:
    ours, hidden = file(**ADDRESS), file(**ADDRESS, service="M1")
    an, cy = desk("an"), desk("cy")

    assert hidden not in words(an.page("/staff/letters"))
    run_page = sent(an, an.page("/staff/letters"), "/staff/letters")
    assert ours in words(run_page)
    assert hidden not in words(run_page)
    with database.reading() as session:
        run = session.scalars(select(PrintRun.id)).one()
    assert cy.get(f"/staff/letters/runs/{run}").status_code == 404
    assert cy.get(f"/staff/letters/runs/{run}/letters.pdf").status_code == 404
    assert "No letter or fax waits." not in words(cy.page("/staff/letters"))
    with database.reading() as session:
        colleague = session.scalars(select(Staff.id).where(Staff.email == email_of("cy"))).one()
    asked = an.send(f"/staff/cases/{ours}/ask-colleague", colleague=str(colleague), what="In the register?")
    assert asked.status_code == 303
    assert cy.get(f"/staff/cases/{ours}").status_code == 200
    assert ours not in words(cy.page("/staff/letters")), "whoever is asked reads, and does nothing else"
    assert cy.get(f"/staff/letters/runs/{run}").status_code == 404


def test_a_number_that_no_run_can_have_is_not_found(an: Desk, file: Callable[..., str]) -> None:
    reference, number = file(**ADDRESS), 10**30

    for path in (
        f"/staff/letters/runs/{number}",
        f"/staff/letters/runs/{number}/letters.pdf",
        f"/staff/cases/{reference}/letters/{number}.pdf",
    ):
        assert an.get(path).status_code == 404, path


def test_a_print_whose_letter_changed_is_named_and_the_letter_waits_again(
    an: Desk, file: Callable[..., str], database: Database
) -> None:
    reference = file(**ADDRESS | {"requester_email": "claire@example.org"})
    run_page = sent(an, an.page("/staff/letters"), "/staff/letters")
    assert "Do not post these prints" not in words(run_page)
    with database.writing() as session:
        send_code_again(session, make_house(), reference=reference, email="claire@example.org", now=datetime.now(UTC))
        run = session.scalars(select(PrintRun.id)).one()

    told = words(an.page(f"/staff/letters/runs/{run}"))

    assert "Do not post these prints" in told
    assert f"1: {reference}, message 2: its tracking code is no longer valid" in told
    assert "Open all letters" not in told
    assert "1 letter has not been printed." in words(an.page("/staff/letters"))


def test_an_interim_letter_on_a_merged_case_is_listed_with_the_reason(
    an: Desk, file: Callable[..., str], row: Callable[[str], Case]
) -> None:
    gone, survivor = file(**ADDRESS, nature=Nature.COMPLEX), file(**ADDRESS, nature=Nature.COMPLEX)
    until = brussels_day(datetime.now(UTC) + timedelta(days=40)).isoformat()
    for button in ("preview", "send"):
        an.send(f"/staff/cases/{gone}/interim", button, reason="Nous attendons un avis.", promised_on=until)
    merged = an.send(f"/staff/cases/{gone}/merge", into=survivor, reason="Twice.")
    assert merged.status_code == 303, errors_of(merged)

    told = words(an.page("/staff/letters"))

    assert f"Merged into {survivor}: the date that it promises is void." in told
    assert "will not be printed" in told
    assert f"Merged into {survivor}: it still goes as it was written." in told
    assert "2 letters have not been printed." in told
