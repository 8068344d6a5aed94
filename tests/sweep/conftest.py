"""Promises by the thousand for the sweep: real rows, sealed, in every channel and nature, at every age."""

from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import insert

from tracker.casework.house import House
from tracker.casework.people import ensure_duty_desk
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.ladder import Situation, next_at
from tracker.charter.obligations import assess
from tracker.charter.reference import Reference
from tracker.charter.rules import RuleBook
from tracker.charter.words import CaseState, Channel, Language, Nature, Role, ServiceKind
from tracker.models.base import seal_of
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.obligations import Obligation
from tracker.models.staff import Staff

NOW = datetime(2026, 6, 17, 9, 30, tzinfo=UTC)
SERVICE_OF = {"clerk-CONSULAR": "CONSULAR", "clerk-M5": "M5", "clerk-M1": "M1", "away": "M1", "desk": None}
SERVICES = ("CONSULAR", "M1", "M5", "COMPLAINTS")


def make_house() -> House:
    """Return the house with the rules and the calendar in force; nothing here is routed."""

    def no_router() -> Any:
        raise AssertionError("the sweep routes nothing")

    return House(RuleBook.shipped(), WorkingCalendar.shipped(), no_router, "DOS", "http://127.0.0.1:8000", b"secret")


@pytest.fixture(scope="session")
def house() -> House:
    """The house with the rules and the calendar in force."""
    return make_house()


def employ(database: Database) -> dict[str, int]:
    """Add services and staff, and return the ids of the staff by what they are; M5 has no head."""
    people = [("direction", Role.DIRECTION, None), ("coordinator", Role.COMPLAINTS, None)]
    people += [("dispatcher", Role.DISPATCHER, "M1"), ("away", Role.CLERK, "M1")]
    people += [(f"clerk-{code}", Role.CLERK, code) for code in SERVICES[:3]]
    people += [(f"head-{code}", Role.HEAD, code) for code in SERVICES[:2]]
    with database.writing() as session:
        for code in SERVICES:
            names = dict.fromkeys(("fr", "nl", "de", "en"), code)
            session.add(Service(code=code, kind=ServiceKind.INTERNAL, names=names, associated=[]))
        session.flush()
        staff = {
            name: Staff(
                email=f"{name.lower()}@suivi.example", name=name, phone="+32 2 501 81 11", role=role,
                service_code=code, language=Language.NL, created_at=NOW - timedelta(days=400),
            )
            for name, role, code in people
        }  # fmt: skip
        session.add_all(staff.values())
        session.flush()
        staff["away"].away_from, staff["away"].deputy_id = NOW.date(), staff["clerk-M1"].id
        desk = ensure_duty_desk(session, email="desk@suivi.example", now=NOW)
        return {name: member.id for name, member in staff.items()} | {"desk": desk.id}


def owe(database: Database, house: House, staff: dict[str, int], *, cases: int) -> None:
    """Add so many open cases, received over the last sixty days, whose promises nobody has been told about."""
    ways = cycle((nature, channel) for nature in Nature for channel in Channel)
    handlers = cycle(["clerk-CONSULAR", "away", "clerk-M5", "desk", "clerk-M1"])
    rows: list[dict[str, Any]] = []
    owed: list[dict[str, Any]] = []
    for number in range(1, cases + 1):
        (nature, channel), handler = next(ways), next(handlers)
        received = NOW - timedelta(days=number * 61 / cases, minutes=number % 60)
        triage = handler == "desk"
        (promise,) = assess(received, channel, nature, house.rules, house.calendar)
        rows.append(
            {
                "id": number, "reference": Reference("DOS", received.year, number).format(), "version": 1,
                "state": CaseState.TRIAGE if triage else CaseState.OPEN, "triage_since": received if triage else None,
                "received_at": received, "registered_at": received, "channel": channel, "nature": nature,
                "language": Language.NL, "subject": "Legalisatie", "requester_name": "An Peeters",
                "reply_channel": channel, "code_version": 1, "sensitive": False, "handler_id": staff[handler],
                "service_code": SERVICE_OF[handler],
                "about_staff_id": staff["head-M1"] if nature is Nature.COMPLAINT and number % 2 == 0 else None,
                "urgent_since": NOW - timedelta(hours=2) if number % 499 == 0 else None,
                "next_kind": promise.kind, "next_due_on": promise.due_on, "next_work_by": promise.work_by,
            }
        )  # fmt: skip
        situation = Situation(channel, nature, rows[-1]["urgent_since"], rows[-1]["triage_since"])
        owed.append(
            {
                "id": number, "case_id": number, "number": 1, "kind": promise.kind, "rule_id": promise.rule_id,
                "rule_version": promise.rule_version, "source": promise.source, "counted_from": promise.counted_from,
                "days": promise.days, "due_on": promise.due_on, "work_by": promise.work_by,
                "provisional": promise.provisional, "steps": [step.to_json() for step in promise.steps],
                "state": promise.state, "arose_at": promise.arose_at, "decide_by": promise.decide_by,
                "born_late": promise.born_late,
                "next_action_at": next_at(house.rules.ladder, house.calendar, promise, situation),
            }
        )  # fmt: skip
    with database.writing() as session:
        for model, values in ((Case, rows), (Obligation, owed)):
            for value in values:
                value["seal"] = seal_of(model, value)  # type: ignore[type-abstract]
            session.execute(insert(model.__table__), values)
