"""A waiver is a person's word, and that person may be wrong: it can be taken back, and nothing is hidden by that."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import ending
from tracker.casework.errors import NotPermitted
from tracker.casework.house import Actor
from tracker.casework.sweep import sweep
from tracker.charter.changing import NotWaived
from tracker.charter.counting import midnight_after
from tracker.charter.moves import MoveNotAllowed
from tracker.charter.words import Role, WaiverGround
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.obligations import Breach, Notice, Obligation

HOUSE = make_house()
DUE = date(2026, 3, 17)


def waived(session: Session) -> tuple[Case, Actor]:
    settle(session)
    clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR"))
    case = make_case(session, service="CONSULAR")
    ending.waive(
        session, HOUSE, reference=case.reference, number=1, ground=WaiverGround.NO_REPLY_CALLED_FOR,
        evidence="A thank-you.", actor=clerk, now=MONDAY + timedelta(days=1), seen=None,
    )  # fmt: skip
    return case, clerk


def take_back(session: Session, case: Case, actor: Actor, now: datetime) -> None:
    ending.void_waiver(
        session, HOUSE, reference=case.reference, number=1, reason="It was a question.", actor=actor, now=now,
        seen=None,
    )  # fmt: skip
    session.flush()


@pytest.mark.parametrize(("days", "breached"), [(3, False), (30, True)])
def test_a_waiver_taken_back_leaves_the_promise_owed_and_the_breach_dated_by_law(
    database: Database, days: int, breached: bool
) -> None:
    now = MONDAY + timedelta(days=days)
    with database.writing() as session:
        case, clerk = waived(session)
        assert case.next_due_on is None

        take_back(session, case, clerk, now)

        promise = session.scalars(select(Obligation).where(Obligation.case_id == case.id)).one()
        assert (case.next_due_on, promise.state, promise.due_on, promise.waiver_ground) == (DUE, "open", DUE, None)
        breach = session.get(Breach, promise.id)
        assert (breach is not None) is breached
        assert breach is None or (breach.became_true_at, breach.recorded_at) == (midnight_after(DUE), now)
        entry = session.scalars(
            select(History).where(History.case_id == case.id).order_by(History.seq.desc())
        ).first()
        assert entry is not None
        assert (entry.verb, entry.actor, entry.details["reason"]) == ("waive", clerk.name, "It was a question.")
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []

    sweep(database, HOUSE, now=now)

    with database.reading() as session:
        assert ("breach" in session.scalars(select(Notice.rung)).all()) is breached
    assert list(verify(database, HOUSE.rules, HOUSE.calendar)) == []


def test_only_what_was_waived_on_an_open_case_is_taken_back_by_whoever_may_waive(database: Database) -> None:
    with database.writing() as session:
        case, clerk = waived(session)
        stranger = acting(make_staff(session, "jan@suivi.example", Role.CLERK, "M3"))
        with pytest.raises(NotPermitted):
            take_back(session, case, stranger, MONDAY + timedelta(days=2))
        ending.close(session, HOUSE, reference=case.reference, actor=clerk, now=MONDAY + timedelta(days=2), seen=None)
        with pytest.raises(MoveNotAllowed, match="reopen it first"):
            take_back(session, case, clerk, MONDAY + timedelta(days=3))
        ending.reopen(
            session, HOUSE, reference=case.reference, reason="A mistake.", actor=clerk,
            now=MONDAY + timedelta(days=3), seen=None,
        )  # fmt: skip
        take_back(session, case, clerk, MONDAY + timedelta(days=3))
        with pytest.raises(NotWaived):
            take_back(session, case, clerk, MONDAY + timedelta(days=3))
