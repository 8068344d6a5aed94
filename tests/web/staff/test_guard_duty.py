"""Guard duty is told of every urgent case, so its mail leads to the case, and it can take it and go on with it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from tests.factories import make_house, make_staff
from tests.web.staff.conftest import PASSWORD, Desk, email_of, soup_of
from tracker.casework.sweep import sweep
from tracker.charter.words import Language, Role
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Outbox
from tracker.models.obligations import Notice
from tracker.models.staff import Staff

File = Callable[..., str]
SENDER = Sender(
    mail_from="suivi@suivi.example",
    base_url="https://suivi.example",
    attachments=Path("nowhere"),
    secret=b"a secret for tests only, of 32 bytes or more",
)


def _link_mailed_to(database: Database, address: str) -> str:
    """Return where the mail of the notice that rang for somebody leads."""
    with database.reading() as session:
        rows = session.scalars(select(Outbox).join(Notice).where(Notice.rung.startswith("urgent"))).all()
        parcels = [parcel_of(session, row, SENDER) for row in rows]
    (mail,) = (parcel.mail for parcel in parcels if address in parcel.recipients)
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"https://suivi\.example(/staff/cases/\S+)", body.get_content())
    assert found, body.get_content()
    return urlsplit(found[1]).path


def _verbs(at: Desk, reference: str) -> set[str]:
    links = at.page(f"/staff/cases/{reference}").select(f"a[href^='/staff/cases/{reference}/']")
    return {str(link["href"]).rsplit("/", 1)[1] for link in links}


def test_the_mail_that_rings_leads_guard_duty_to_the_case_it_takes_and_goes_on_with(
    desk: Callable[[str], Desk], file: File, database: Database, row: Callable[[str], Case]
) -> None:
    reference, di = file(service="M1", urgent=True), desk("di")
    assert di.staff is not None
    sweep(database, make_house(), now=datetime.now(UTC))

    path = _link_mailed_to(database, email_of("di"))

    assert path == f"/staff/cases/{reference}"
    assert "take" in _verbs(di, reference)
    assert "answer" not in _verbs(di, reference)
    assert reference in di.get("/staff/queue").text
    assert di.send(f"{path}/take").status_code == 303
    assert (row(reference).handler_id, row(reference).service_code) == (di.staff.id, "M1")
    assert row(reference).urgent_taken_at is not None
    assert {"answer", "hand-over", "route"} <= _verbs(di, reference)
    assert di.send(f"{path}/note", text="I called the post in Rabat.").status_code == 303


def test_whoever_comes_second_is_told_who_has_it(desk: Callable[[str], Desk], file: File, database: Database) -> None:
    reference = file(service="M1", urgent=True)
    with database.writing() as session:
        make_staff(session, email_of("du"), Role.DISPATCHER, language=Language.EN, password=PASSWORD)
    second = desk("du")
    page = second.page(f"/staff/cases/{reference}/take")
    desk("di").send(f"/staff/cases/{reference}/take")

    for answer in (
        second.get(f"/staff/cases/{reference}"),
        second.send_form(page, f"/staff/cases/{reference}/take"),
    ):
        assert answer.status_code == 404
        assert f"Di Peeters has the urgent file {reference}" in soup_of(answer).get_text()
    assert reference not in second.get("/staff/queue").text


def test_a_case_that_does_not_ring_or_is_sensitive_stays_closed_to_guard_duty(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    with database.reading() as session:
        di = session.scalars(select(Staff.id).where(Staff.email == email_of("di"))).one()
    ordinary, sensitive = file(service="M1"), file(service="M1", urgent=True, sensitive=True)
    about_me = file(service="M1", urgent=True, changes={"about_staff_id": di})

    for reference in (ordinary, sensitive, about_me):
        answer = desk("di").get(f"/staff/cases/{reference}")
        assert answer.status_code == 404
        assert "You can see no file" in soup_of(answer).get_text()
        assert reference not in desk("di").get("/staff/queue?show=urgent").text
