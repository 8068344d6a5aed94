"""The page on which a head sets and ends the absences of the service, with who changed what."""

from collections.abc import Callable

from sqlalchemy import select

from tests.web.staff.conftest import Desk, email_of, errors_of
from tracker.models.database import Database
from tracker.models.staff import Staff


def test_a_head_sets_an_absence_sees_who_changed_it_and_ends_it(
    desk: Callable[[str], Desk], database: Database
) -> None:
    with database.reading() as session:
        of = {row.email.split(".")[0]: row for row in session.scalars(select(Staff))}
    path, bo = f"/staff/absences/{of['an'].id}", desk("bo")

    listed = bo.page("/staff/absences")
    assert [link["href"] for link in listed.select("main tbody a")] == [path]
    answer = bo.send(path, away_from="2030-03-04", away_until="2030-03-01")
    assert answer.status_code == 400
    assert "The last day comes before the first" in errors_of(answer)
    assert bo.send(path, away_from="2030-03-04", deputy=str(of["cy"].id)).status_code == 303
    assert "4 March 2030" in bo.page("/staff/absences").get_text()
    told = bo.page(path).select(".staff-timeline li")
    assert [one.get_text(" ", strip=True).split(":")[0] for one in told] == ["Absence or deputy changed"]
    assert of["bo"].name in told[0].get_text()
    assert bo.send(path, "end").status_code == 303
    with database.reading() as session:
        row = session.get_one(Staff, of["an"].id)
        assert (row.away_from, row.deputy_id) == (None, of["cy"].id)
    assert bo.get(f"/staff/absences/{of['cy'].id}").status_code == 404, "of another service"
    assert desk("gi").page(f"/staff/absences/{of['cy'].id}") is not None, "whoever runs the machine may"
    assert bo.get("/staff/absences/99").status_code == 404
    assert email_of("an") not in listed.get_text()


def test_whoever_has_no_files_saves_the_profile_too(desk: Callable[[str], Desk], database: Database) -> None:
    for who in ("gi", "fa"):
        assert desk(who).send("/staff/profile", language="de").status_code == 303
    with database.reading() as session:
        spoken = {row.email.split(".")[0]: row.language for row in session.scalars(select(Staff))}
    assert [spoken[who] for who in ("gi", "fa", "an")] == ["de", "de", "en"]
