"""What is found of a complaint, what is done because of it, and that whom it concerns has no part in either."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.access.permissions import Person
from tracker.casework import complaints, corrective, ending
from tracker.casework.assignment import CannotHandle, assign
from tracker.casework.complaints import Found, NotAComplaint, NotFoundYet
from tracker.casework.corrective import ActionNotOpen, ConcernedByIt, ImpossibleDay
from tracker.casework.ending import AboutDifferentPeople
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.house import Actor
from tracker.casework.late_actions import tell_late_actions
from tracker.casework.nature import confirm_nature
from tracker.charter.counting import at_brussels
from tracker.charter.words import Effect, Inadmissible, Nature, Outcome, Role, WaiverGround
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.complaints import ActionNotice, CorrectiveAction, Finding
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Outbox
from tracker.models.staff import Staff

HOUSE = make_house()
SENDER = Sender(
    mail_from="suivi@example.be", base_url=HOUSE.base_url, attachments=Path("unused"), secret=HOUSE.secret
)
LATER = MONDAY + timedelta(days=2)
DAY = date(2026, 3, 4)
"""The Brussels day of ``LATER``."""


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def people(session: Session) -> dict[str, Staff]:
    roles = {"co": (Role.COMPLAINTS, "COMPLAINTS"), "an": (Role.CLERK, "CONSULAR"), "bo": (Role.CLERK, "CONSULAR"),
             "hu": (Role.HEAD, "CONSULAR"), "cy": (Role.CLERK, "M1")}  # fmt: skip
    return {who: make_staff(session, f"{who}@suivi.example", *role) for who, role in roles.items()}


def _complaint(session: Session, **more: Any) -> Case:
    return make_case(session, nature=Nature.COMPLAINT, subject="Accueil", **more)


def _with(case: Case, by: Staff, **more: Any) -> dict[str, Any]:
    return {"reference": case.reference, "actor": acting(by), "now": LATER, "seen": None} | more


def _add(session: Session, case: Case, by: Staff, owner: Staff, **more: Any) -> CorrectiveAction:
    given: dict[str, Any] = {
        "what": "A second line at noon.",
        "owner_id": owner.id,
        "due_on": DAY + timedelta(days=30),
    } | more
    return corrective.add_action(session, HOUSE, **given, **_with(case, by))


def _problems(database: Database) -> list[str]:
    return [one.what for one in verify(database, HOUSE.rules, HOUSE.calendar)]


def _told(session: Session, case: Case) -> dict[str, Any]:
    found = session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq.desc())).first()
    assert found is not None
    return found.details | {"by": found.actor_id, "at": found.at}


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        (Found(ground=Inadmissible.OLD_FACTS), "note"),
        (Found(outcome=Outcome.FOUNDED, theme="phone", cause="workload"), "reasons"),
        (Found(outcome=Outcome.UNFOUNDED, reasons="She was called back."), "theme"),
        (Found(outcome=Outcome.PARTLY, reasons="Nobody answered at noon.", theme="phone"), "cause"),
        (Found(theme="of another list"), "theme"),
    ],
)
def test_a_finding_that_is_not_whole_says_what_is_missing(
    session: Session, people: dict[str, Staff], found: Found, missing: str
) -> None:
    case = _complaint(session)

    with pytest.raises(Missing) as refused:
        complaints.record_finding(session, HOUSE, found=found, **_with(case, people["co"]))

    assert refused.value.values["what"] == missing
    assert session.get(Finding, case.id) is None


def test_a_complaint_closes_only_once_it_is_on_record_what_was_found(
    session: Session, people: dict[str, Staff]
) -> None:
    case, co = _complaint(session), people["co"]
    ending.waive(session, HOUSE, number=1, ground=WaiverGround.WITHDRAWN, evidence="A call.", **_with(case, co))

    with pytest.raises(NotFoundYet, match="cannot be closed"):
        ending.close(session, HOUSE, **_with(case, co))
    complaints.record_finding(session, HOUSE, found=Found(note="In time."), **_with(case, co))
    with pytest.raises(NotFoundYet):  # admissible, and nobody has said yet whether it is founded
        ending.close(session, HOUSE, **_with(case, co))
    found = Found(outcome=Outcome.FOUNDED, reasons="Nobody answered at noon.", theme="phone", cause="workload")
    complaints.record_finding(session, HOUSE, found=found, **_with(case, co))
    session.flush()
    told = _told(session, case)
    ending.close(session, HOUSE, **_with(case, co))

    assert (told["complaint"], told["by"], told["at"]) == ("finding", co.id, LATER)
    assert told["finding"]["outcome"] == "founded"
    question = make_case(session, service="CONSULAR")
    with pytest.raises(NotAComplaint):
        complaints.record_finding(session, HOUSE, found=found, **_with(question, people["an"]))


def test_an_action_from_its_beginning_to_its_effect(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        co = make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
        cy = make_staff(session, "cy@suivi.example", Role.CLERK, "M1")
        case = _complaint(session)
        action = _add(session, case, co, cy)
        number: dict[str, Any] = {"number": action.id}
        with pytest.raises(ActionNotOpen):
            corrective.measure_effect(session, HOUSE, effect=Effect.WORKED, looked_at="Calls.", effect_on=DAY,
                                      **number, **_with(case, co))  # fmt: skip
        with pytest.raises(ImpossibleDay):
            _add(session, case, co, cy, due_on=DAY - timedelta(days=1))
        corrective.change_action(session, HOUSE, what="Two lines at noon.", owner_id=cy.id, reason="More calls.",
                                 due_on=DAY + timedelta(days=10), **number, **_with(case, co))  # fmt: skip
        done: dict[str, Any] = {"number": action.id, "done_on": DAY, "now": LATER}
        an = make_staff(session, "an@suivi.example", Role.CLERK, "ME6")
        with pytest.raises(NotPermitted):  # somebody else's, on a case that one does not see
            corrective.own_action_done(session, HOUSE, actor=acting(an), **done)
        corrective.own_action_done(session, HOUSE, actor=acting(cy), **done)  # its owner need not see the case
        with pytest.raises(ActionNotOpen):
            corrective.own_action_done(session, HOUSE, actor=acting(cy), **done)
        corrective.measure_effect(session, HOUSE, effect=Effect.PARTLY, effect_on=DAY,
                                  looked_at="Ten calls: eight answered.", **number, **_with(case, co))  # fmt: skip
        reference = case.reference

    assert _problems(database) == []
    with database.writing() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        entries = session.scalars(select(History).where(History.case_id == case.id).order_by(History.seq))
        told = [entry.details["complaint"] for entry in entries if "complaint" in entry.details]
        assert told == ["action", "action_changed", "action_done", "effect"]
        session.execute(text("UPDATE corrective_actions SET looked_at = 'Nothing.'"))
    assert any("seal" in what for what in _problems(database))
    assert any("looked_at differ" in what for what in _problems(database))


def test_whom_it_concerns_takes_no_part_later_either(session: Session, people: dict[str, Staff]) -> None:
    co, an, bo, hu = (people[who] for who in ("co", "an", "bo", "hu"))
    case = _complaint(session)
    mine = _add(session, case, co, an)
    confirm_nature(session, HOUSE, nature=Nature.COMPLAINT, about_staff_id=an.id, **_with(case, co))

    session.flush()
    assert mine.owner_id == case.handler_id != an.id  # what was theirs to do is the handler's now
    for refuse, what in (
        (ConcernedByIt, lambda: _add(session, case, co, an)),
        (CannotHandle, lambda: assign(session, HOUSE, handler_id=an.id, **_with(case, co))),
        (NotPermitted, lambda: complaints.record_finding(session, HOUSE, found=Found(), **_with(case, an))),
    ):
        with pytest.raises(refuse):
            what()
    # The handler is away, and names as deputy the very person it is about: a deputy of that one, or nobody, acts.
    assign(session, HOUSE, handler_id=bo.id, **_with(case, co))
    deputy = Actor(an.name, Person(an.id, an.role, an.service_code, frozenset({bo.id})))
    with pytest.raises(NotPermitted):
        complaints.record_finding(session, HOUSE, found=Found(), **(_with(case, co) | {"actor": deputy}))
    bos = _add(session, case, co, bo)
    with pytest.raises(NotPermitted):
        corrective.own_action_done(session, HOUSE, number=bos.id, done_on=DAY, actor=deputy, now=LATER)
    assert hu.id != case.handler_id


def test_joining_two_complaints_does_not_give_one_to_whom_the_other_is_about(
    session: Session, people: dict[str, Staff]
) -> None:
    co, an, bo = (people[who] for who in ("co", "an", "bo"))
    survivor, gone = _complaint(session), _complaint(session, about_staff_id=an.id)
    assign(session, HOUSE, handler_id=an.id, **_with(survivor, co))
    action = _add(session, gone, co, bo)
    hers = _add(session, survivor, co, an)
    other = _complaint(session, about_staff_id=bo.id)

    ending.merge(session, HOUSE, into=survivor.reference, reason="The same.", **_with(gone, co))

    session.flush()
    assert survivor.about_staff_id == an.id != survivor.handler_id
    assert (action.case_id, hers.owner_id) == (survivor.id, survivor.handler_id)
    with pytest.raises(AboutDifferentPeople):
        ending.merge(session, HOUSE, into=survivor.reference, reason="The same.", **_with(other, co))


def test_an_action_past_its_date_is_told_once_a_date_to_its_owner_and_the_coordinator(database: Database) -> None:
    late = LATER + timedelta(days=2)  # a Friday; due on the Wednesday before
    with database.writing() as session:
        settle(session)
        roles = {"co": Role.COMPLAINTS, "cx": Role.COMPLAINTS, "an": Role.CLERK, "bo": Role.CLERK}
        co, cx, an, bo = (make_staff(session, f"{who}@suivi.example", role, "M1") for who, role in roles.items())
        bo.deputy_id, bo.away_from = an.id, DAY
        case, other = _complaint(session), _complaint(session, about_staff_id=cx.id)
        theirs, done = (_add(session, case, co, owner, due_on=DAY) for owner in (bo, bo))
        about_cx = _add(session, other, co, an, due_on=DAY)
        corrective.action_done(session, HOUSE, number=done.id, done_on=DAY, **_with(case, co))
        expected = {theirs.id: [co.id, cx.id, an.id], about_cx.id: [co.id, an.id]}

    def told(now: datetime) -> int:
        return tell_late_actions(database, HOUSE, now=now).sent

    assert told(LATER) == 0, "it may be done on its day"
    assert told(at_brussels(late.date(), time(7, 59))) == told(late + timedelta(days=1)) == 0, "too early, a Saturday"
    with ThreadPoolExecutor(2) as two:
        assert sorted(two.map(told, [late, late])) in ([0, 2], [1, 1])
    assert told(late + timedelta(days=3)) == 0
    with database.writing() as session:
        rows = session.scalars(select(ActionNotice)).all()
        assert {row.action_id: row.recipients for row in rows} == expected
        for line in session.scalars(select(Outbox).where(Outbox.action_notice_id.is_not(None))):
            body = parcel_of(session, line, SENDER).mail.get_body(("plain",))
            assert body is not None
            said = body.get_content()
            assert "https://suivi.example/staff/actions" in said
            assert not [word for word in ("Accueil", "noon", "Dubois") if word in said]
        moved = {"what": "x", "owner_id": an.id, "due_on": (late + timedelta(days=5)).date(), "reason": "Ill."}
        again = {"reference": case.reference, "actor": acting(co), "now": late, "seen": None}
        corrective.change_action(session, HOUSE, number=theirs.id, **moved, **again)
    assert [told(late + timedelta(days=days)) for days in (5, 6)] == [0, 1]
    assert _problems(database) == []
    with database.writing() as session:
        session.execute(text("DELETE FROM outbox WHERE action_notice_id IS NOT NULL"))
    assert set(_problems(database)) == {"it has no line in the outbox"}


def test_an_action_is_done_once_though_two_say_so_at_once_and_another_beside_it(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        co = make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
        case = _complaint(session)
        number, another = (_add(session, case, co, co).id for _ in range(2))

    def done(session: Session, number: int) -> None:
        corrective.own_action_done(session, HOUSE, number=number, done_on=DAY, actor=acting(co), now=LATER)

    def at_once(number: int) -> None:
        with database.writing() as session:
            done(session, number)

    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(2) as others, database.writing() as session:
        done(session, number)
        same, beside = (others.submit(at_once, one) for one in (number, another))
        while not database.is_sqlite and (session.scalar(waiting) or 0) < 2:
            pass  # until both have looked whose it is, and wait for their turn
        session.commit()
        with pytest.raises(ActionNotOpen):
            same.result()
        beside.result()
    assert _problems(database) == []
