"""A case that goes to and fro ends with the dispatchers' head, however it wandered; counted from its history."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import assignment, follow, letters
from tracker.casework.drafting import Draft
from tracker.casework.house import Actor
from tracker.casework.leaving import on_left
from tracker.casework.to_and_fro import HeadDecides, MoveUnexplained
from tracker.charter.words import CaseState, Channel, Role
from tracker.insight.to_and_fro import waiting_for_head, wandering_of
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Outbox

HOUSE = make_house()
SERVICES = ("M1", "M2", "M3", "M4", "M5")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        settle(session)
        yield session


@pytest.fixture
def who(session: Session) -> dict[str, Actor]:
    people: dict[str, tuple[Role, str | None]] = {code: (Role.CLERK, code) for code in SERVICES}
    people |= {"dispatcher": (Role.DISPATCHER, None), "head": (Role.HEAD, None)}
    return {name: acting(make_staff(session, f"{name.lower()}@example.org", role, service))
            for name, (role, service) in people.items()}  # fmt: skip


def route(session: Session, case: Case, to: str, actor: Actor, minutes: int = 1) -> None:
    assignment.route(
        session, HOUSE, reference=case.reference, service_code=to, reason=f"not ours, {to}'s", actor=actor,
        now=MONDAY + timedelta(minutes=minutes), seen=None,
    )  # fmt: skip


def wander(session: Session, who: dict[str, Actor], path: str) -> Case:
    """Take a case along a path: each service gives it to the next; the first got it at registration, if any."""
    first, *rest = path.split()
    case = make_case(session, service=None if first == "-" else first, subject="???", text="zzz")
    for minutes, to in enumerate(rest, start=1):
        giver = who.get(case.service_code or "", who["dispatcher"])
        route(session, case, to, giver if case.state is CaseState.OPEN else who["dispatcher"], minutes)
    return case


def to_body(code: str) -> Draft:
    return Draft(text="Voici.", to=code, to_address="body@example.org")


@pytest.mark.parametrize(
    ("path", "between", "waits"),
    [
        ("M1", 0, False),
        ("- M1", 0, False),  # from triage to its first service: no move between services
        ("M1 M2", 1, False),
        ("- M1 M2 M3", 2, False),
        ("M1 M2 M3", 2, False),
        ("M1 M2 M3 M4", 3, True),  # the third time
        ("- M1 M2 M3 M4", 3, True),
        ("M1 M2 M1", 2, True),  # it comes back
        ("M1 M2 M3 M1", 3, True),
        ("M1 M1", 0, False),  # to where it is: another handler of the same service
        ("M1 M1 M2 M2 M3", 2, False),
    ],
)
def test_what_comes_back_or_moves_a_third_time_goes_to_the_dispatchers_head(
    session: Session, who: dict[str, Actor], path: str, between: int, waits: bool
) -> None:
    case = wander(session, who, path)
    went = wandering_of(session, case.id)

    assert (went.between_services, went.waiting) == (between, waits)
    assert (waiting_for_head(session, [case.id]) == {case.id}) is waits
    assert (case.handler_id == who["head"].staff_id) is waits
    if waits:
        assert case.state is CaseState.TRIAGE
        *_, stayed, wanted = path.split()
        assert case.service_code == stayed, "it stays where it was until the head decides"
        assert (went.moves[-1].from_, went.moves[-1].to, went.moves[-1].asked) == (stayed, wanted, True)
        assert went.moves[-1].reason == f"not ours, {wanted}'s"
        assert went.moves[-1].actor == who[stayed].name


@pytest.mark.parametrize(
    ("path", "to", "asked"),
    [
        ("M1", "M2", False),  # a first move speaks for itself
        ("- M1", "M2", False),
        ("M1 M2", "M3", True),  # a second
        ("M1 M2", "M1", True),  # a way back
        ("M1 M2", "M2", False),  # it stays
        ("M1 M2 M3", "M4", True),
    ],
)
def test_a_second_move_and_a_way_back_need_a_reason(
    session: Session, who: dict[str, Actor], path: str, to: str, asked: bool
) -> None:
    case = wander(session, who, path)
    before = (case.version, case.service_code)

    def move(reason: str | None) -> None:
        assignment.route(
            session, HOUSE, reference=case.reference, service_code=to, reason=reason, actor=who[before[1] or ""],
            now=MONDAY + timedelta(hours=1), seen=None,
        )  # fmt: skip

    if asked:
        for nothing in (None, "", "  \n"):
            with pytest.raises(MoveUnexplained):
                move(nothing)
            assert (case.version, case.service_code) == before
        move("it is about NATO")
    else:
        move(None)
    assert case.version == before[0] + 1


def test_the_head_who_decides_is_not_asked_why(session: Session, who: dict[str, Actor]) -> None:
    case = wander(session, who, "M1 M2 M1")
    assignment.route(
        session, HOUSE, reference=case.reference, service_code="M3", actor=who["head"], now=MONDAY, seen=None
    )
    assert case.service_code == "M3"


def test_while_the_head_is_asked_nobody_else_moves_it(session: Session, who: dict[str, Actor]) -> None:
    case = wander(session, who, "M1 M2 M3 M4")
    version, given = case.version, {"reference": case.reference, "now": MONDAY, "seen": None}
    clerk = who["M3"]
    assert clerk.staff_id is not None

    attempts: list[Any] = [
        lambda: route(session, case, "M5", clerk),
        lambda: route(session, case, "M5", who["dispatcher"]),
        lambda: assignment.take(session, HOUSE, actor=clerk, **given),
        lambda: assignment.assign(session, HOUSE, handler_id=clerk.staff_id or 0, actor=who["dispatcher"], **given),
        lambda: assignment.hand_over(
            session, HOUSE, handler_id=clerk.staff_id or 0, reason="mine", actor=clerk, **given
        ),
        lambda: letters.transmit(session, HOUSE, draft=to_body("EXT:FPS-FINANCE"), actor=clerk, **given),
    ]
    for attempt in attempts:
        with pytest.raises(HeadDecides, match=who["head"].name):
            attempt()

    assert (case.version, case.service_code, case.handler_id) == (version, "M3", who["head"].staff_id)


def test_the_head_decides_and_the_next_move_is_asked_again(session: Session, who: dict[str, Actor]) -> None:
    case = wander(session, who, "M1 M2 M3 M4")

    route(session, case, "M2", who["head"], 10)
    assert (case.service_code, case.state, case.handler_id) == ("M2", CaseState.OPEN, who["M2"].staff_id)
    assert not wandering_of(session, case.id).waiting

    route(session, case, "M5", who["M2"], 11)
    assert (case.service_code, case.handler_id) == ("M2", who["head"].staff_id)
    assert wandering_of(session, case.id).waiting


def test_the_head_may_give_it_to_a_colleague(session: Session, who: dict[str, Actor]) -> None:
    case = wander(session, who, "M1 M2 M1")
    assert who["M4"].staff_id is not None
    assignment.assign(session, HOUSE, reference=case.reference, handler_id=who["M4"].staff_id, actor=who["head"],
                      now=MONDAY, seen=None)  # fmt: skip
    assert (case.service_code, case.state) == ("M4", CaseState.OPEN)
    assert not wandering_of(session, case.id).waiting


def test_what_a_body_outside_sends_back_goes_to_the_dispatchers_head(session: Session, who: dict[str, Actor]) -> None:
    case = make_case(session, service="M1")
    given: dict[str, Any] = {"reference": case.reference, "now": MONDAY, "seen": None}
    for message in letters.transmit(session, HOUSE, draft=to_body("EXT:PENSIONS"), actor=who["M1"], **given):
        outbox = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        on_left(session, HOUSE, outbox, now=MONDAY)

    follow.come_back(
        session, HOUSE, channel=Channel.EMAIL, received_at=MONDAY, reason="Not theirs.", actor=who["M1"], **given
    )

    went = wandering_of(session, case.id)
    assert (case.state, case.handler_id, went.waiting) == (CaseState.TRIAGE, who["head"].staff_id, True)
    assert [(m.from_, m.to, m.came_back) for m in went.moves] == [
        ("M1", "EXT:PENSIONS", False), ("EXT:PENSIONS", "M1", True),
    ]  # fmt: skip
    assert went.moves[-1].reason == "Not theirs."
    letters.transmit(session, HOUSE, draft=to_body("EXT:FPS-JUSTICE"), actor=who["head"], **given)
    assert not wandering_of(session, case.id).waiting


def test_with_no_head_of_the_dispatchers_the_dispatcher_on_duty_decides(
    session: Session, who: dict[str, Actor]
) -> None:
    from tracker.models.staff import Staff

    session.get_one(Staff, who["head"].staff_id).active = False
    case = wander(session, who, "M1 M2 M1")
    assert case.handler_id == who["dispatcher"].staff_id
    route(session, case, "M4", who["dispatcher"], 10)
    assert (case.service_code, case.state) == ("M4", CaseState.OPEN)


def test_a_head_who_is_away_is_stood_in_for(session: Session, who: dict[str, Actor]) -> None:
    from tracker.models.staff import Staff

    head = session.get_one(Staff, who["head"].staff_id)
    head.away_from, head.deputy_id = MONDAY.date(), who["dispatcher"].staff_id
    case = wander(session, who, "M1 M2 M1")
    assert case.handler_id == who["dispatcher"].staff_id
