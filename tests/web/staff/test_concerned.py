"""Staff say which service and which colleague a complaint is about; that colleague has nothing to do with it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Nature
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.staff import Staff

File = Callable[..., str]
Row = Callable[[str], Case]
CALL = {
    "channel": "phone",
    "day": brussels_day(datetime.now(UTC)).isoformat(),
    "nature": "complaint",
    "language": "nl",
    "name": "Jan Van den Broeck",
    "phone": "+32 470 12 34 56",
    "subject": "Onbeleefd aan de telefoon",
    "text": "Men legde gewoon af.",
}


@pytest.fixture
def people(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {row.email.split(".")[0]: row.id for row in session.scalars(select(Staff))}


def _only_case(database: Database) -> Case:
    with database.reading() as session:
        return session.scalars(select(Case)).one()


def test_a_complaint_is_entered_about_a_service_and_a_colleague(
    desk: Callable[[str], Desk], database: Database, people: dict[str, int]
) -> None:
    answer = desk("cy").send("/staff/cases/new", **CALL, about_service="ME6", about_staff=str(people["an"]))

    assert answer.status_code == 303, errors_of(answer)
    case = _only_case(database)
    assert (case.about_staff_id, case.about_service_code) == (people["an"], "ME6")
    with database.reading() as session:
        assert session.get(Association, (case.id, "ME6")) is not None
    assert desk("an").get(f"/staff/cases/{case.reference}").status_code == 404
    assert desk("bo").get(f"/staff/cases/{case.reference}").status_code == 200


def test_only_a_complaint_is_about_somebody(an: Desk, database: Database, people: dict[str, int]) -> None:
    answer = an.send("/staff/cases/new", **CALL | {"nature": "information"}, about_staff=str(people["bo"]))

    assert answer.status_code == 303
    assert _only_case(database).about_staff_id is None


@pytest.mark.parametrize(
    "wrong", [{"about_staff": "999999"}, {"about_staff": "x"}, {"about_service": "EXT:FPS-ECONOMY"}]
)
def test_who_is_not_on_the_list_is_refused(an: Desk, wrong: dict[str, str]) -> None:
    answer = an.send("/staff/cases/new", **CALL | wrong)

    assert answer.status_code == 400
    assert "of the list" in errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["text"] == CALL["text"]


def test_a_file_that_proves_a_complaint_about_its_handler_goes_to_a_colleague(
    desk: Callable[[str], Desk], file: File, row: Row, people: dict[str, int]
) -> None:
    reference, an = file(), desk("an")
    assert row(reference).handler_id == people["an"]

    answer = an.send(
        f"/staff/cases/{reference}/nature", nature="complaint", about_staff=str(people["an"]), about_service="ME6"
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/queue")
    assert "whoever a complaint is about does not see it" in an.page("/staff/queue").get_text()
    case = row(reference)
    assert (case.nature, case.about_staff_id, case.handler_id) == (Nature.COMPLAINT, people["an"], people["bo"])
    assert an.get(f"/staff/cases/{reference}").status_code == 404
    told = desk("bo").page(f"/staff/cases/{reference}").get_text(" ", strip=True)
    assert "Bo Peeters" in told
    shown = fields_of(form_of(desk("bo").page(f"/staff/cases/{reference}/nature")))
    assert (shown["about_staff"], shown["about_service"]) == (str(people["an"]), "ME6")


def test_a_colleague_who_was_named_wrongly_is_taken_off_with_a_reason(
    desk: Callable[[str], Desk], file: File, row: Row, people: dict[str, int]
) -> None:
    reference, bo = file(), desk("bo")
    path = f"/staff/cases/{reference}/nature"
    assert bo.send(path, nature="complaint", about_staff=str(people["an"])).status_code == 303

    refused = bo.send(path, nature="complaint", about_staff="")
    assert refused.status_code == 409
    assert "Reason" in errors_of(refused)
    assert row(reference).about_staff_id == people["an"]
    done = bo.send(path, nature="complaint", about_staff="", reason="She was on leave that day.")

    assert (done.status_code, row(reference).about_staff_id) == (303, None)
    assert desk("an").get(f"/staff/cases/{reference}").status_code == 200
    line = bo.page(f"/staff/cases/{reference}").select_one(".suivi-line")
    assert line is not None
    assert "She was on leave that day." in line.text
