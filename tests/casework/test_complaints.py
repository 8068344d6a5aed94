"""A request that proves a complaint: who joins it, and who stops handling it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.access.permissions import READ
from tracker.casework.casefile import permit
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.nature import confirm_nature
from tracker.casework.people import UnknownService
from tracker.charter.words import Nature, Role, Verb
from tracker.models.cases import Association, Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.staff import Staff

HOUSE = make_house()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def clerks(session: Session) -> list[Staff]:
    return [make_staff(session, f"clerk{n}@suivi.example", Role.CLERK, "CONSULAR") for n in (1, 2)]


def _complaint(session: Session, case: Case, by: Staff, **about: Any) -> Case:
    return confirm_nature(
        session, HOUSE, reference=case.reference, nature=Nature.COMPLAINT, actor=acting(by),
        now=MONDAY + timedelta(hours=2), seen=None, **about,
    )  # fmt: skip


def test_whoever_it_proves_to_concern_stops_handling_it(session: Session, clerks: list[Staff]) -> None:
    case = make_case(session, service="CONSULAR")
    handler = next(clerk for clerk in clerks if clerk.id == case.handler_id)
    other = next(clerk for clerk in clerks if clerk is not handler)

    _complaint(session, case, handler, about_staff_id=handler.id)

    session.flush()
    assert (case.about_staff_id, case.handler_id) == (handler.id, other.id)
    with pytest.raises(NotPermitted):
        permit(session, case, Verb.ANSWER, acting(handler))
    entry = session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq.desc())).first()
    assert entry is not None
    assert (entry.details["about_staff"], entry.details["handler"]) == (handler.id, other.id)


def test_with_nobody_else_in_the_service_the_desk_has_it(session: Session) -> None:
    only = make_staff(session, "only@suivi.example", Role.CLERK, "CONSULAR")
    case = make_case(session, service="CONSULAR")

    _complaint(session, case, only, about_staff_id=only.id)

    assert session.get_one(Staff, case.handler_id).is_desk


def test_the_service_it_is_about_joins_beside_the_coordinator(session: Session, clerks: list[Staff]) -> None:
    case = make_case(session, service="CONSULAR")
    handler = session.get_one(Staff, case.handler_id)

    _complaint(session, case, handler, about_service="M3")
    with pytest.raises(Missing, match="reason"):
        _complaint(session, case, handler)  # confirmed once more: nothing is lost without a word

    session.flush()
    joined = session.scalars(select(Association.service_code).where(Association.case_id == case.id)).all()
    assert {"COMPLAINTS", "M3"} <= set(joined)
    assert (case.about_service_code, case.service_code, case.handler_id) == ("M3", "CONSULAR", handler.id)


def test_a_service_that_is_not_there_is_refused(session: Session, clerks: list[Staff]) -> None:
    case = make_case(session, service="CONSULAR")

    with pytest.raises(UnknownService):
        _complaint(session, case, clerks[0], about_service="NOWHERE")


def test_whoever_was_named_wrongly_is_named_no_more_with_the_reason(session: Session, clerks: list[Staff]) -> None:
    named, by = clerks
    case = _complaint(
        session, make_case(session, service="CONSULAR"), by, about_staff_id=named.id, about_service="M3"
    )

    with pytest.raises(Missing, match="reason"):
        _complaint(session, case, by, about_service="M3")
    assert (case.about_staff_id, case.about_service_code) == (named.id, "M3")
    _complaint(session, case, by, reason="It was somebody of the embassy.")

    assert (case.about_staff_id, case.about_service_code) == (None, None)
    session.flush()
    last = session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq.desc())).first()
    assert last is not None
    assert last.details["reason"] == "It was somebody of the embassy."
    permit(session, case, READ, acting(named))
