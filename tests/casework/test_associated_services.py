"""A service beside the lead has the case in its queue by the same date, for as long as something is owed."""

from datetime import date, timedelta

from sqlalchemy import select

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, ending, nature
from tracker.charter.words import Nature, Role, WaiverGround
from tracker.models.cases import Association
from tracker.models.database import Database

HOUSE = make_house()


def test_the_date_that_a_case_owes_follows_to_the_services_beside_its_lead(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        head = acting(make_staff(session, "head@suivi.example", Role.HEAD, "ME6"))
        dispatcher = acting(make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER))
        case = make_case(session, subject="?", text="???")

        def beside() -> set[date | None]:
            session.flush()
            return set(session.scalars(select(Association.next_due_on).where(Association.case_id == case.id)))

        assignment.route(
            session, HOUSE, reference=case.reference, service_code="ME6", actor=dispatcher, now=MONDAY, seen=None
        )
        assert beside() == {date(2026, 3, 17)}

        nature.confirm_nature(
            session, HOUSE, reference=case.reference, nature=Nature.DOCUMENT_ACCESS, actor=head,
            now=MONDAY + timedelta(hours=1), seen=None,
        )  # fmt: skip
        assert beside() == {case.next_due_on} == {date(2026, 4, 1)}

        ending.waive(
            session, HOUSE, reference=case.reference, number=2, ground=WaiverGround.WITHDRAWN,
            evidence="Told us so by telephone.", actor=head, now=MONDAY + timedelta(hours=2), seen=None,
        )  # fmt: skip
        assert beside() == {None}
