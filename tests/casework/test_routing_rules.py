"""Rules by staff, from the first draft to a case that goes by one, on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import INTAKE, MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.access.permissions import READ, reaches
from tracker.casework import routing_rules as rules
from tracker.casework import rule_text
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import CITIZEN, Actor
from tracker.casework.people import UnknownService
from tracker.casework.register import register
from tracker.casework.routing_in_force import RoutingInForce
from tracker.casework.rule_text import RuleText
from tracker.casework.trying_rules import Trial, rules_without_target, try_rule
from tracker.charter.words import CaseState, Channel, Nature, Role, RoutingSubject, RuleState
from tracker.insight.sight import Viewer
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.routing import RoutingChange, RoutingRule
from tracker.routing.directory import load_directory
from tracker.routing.router import Router

BOATS = RuleText(name="Fishing boats", note="They ask us every spring.", service_code="M5",
                 words={"fr": ("bateau* de pêche",)})  # fmt: skip
TEXT = "Bonjour, mon oncle a deux bateaux de pêche et demande qui s'en occupe. Merci."
PEOPLE = {"head": (Role.HEAD, None), "admin": (Role.ADMIN, None), "dispatcher": (Role.DISPATCHER, None),
          "clerk": (Role.CLERK, "M5"), "other": (Role.HEAD, "M5"), "auditor": (Role.AUDITOR, None)}  # fmt: skip


@pytest.fixture
def who(database: Database) -> dict[str, Actor]:
    with database.writing() as session:
        settle(session)
        return {name: acting(make_staff(session, f"{name}@example.org", role, service))
                for name, (role, service) in PEOPLE.items()}  # fmt: skip


def viewer_of(actor: Actor) -> Viewer:
    assert actor.person is not None
    person = actor.person
    return Viewer(
        id=person.id, service_code=person.service_code, own=frozenset({person.id}),
        is_head=person.role is Role.HEAD, reaches=reaches(person, READ),
    )  # fmt: skip


def write(database: Database, actor: Actor, number: int | None = None, **changed: Any) -> int:
    with database.writing() as session:
        text = replace(BOATS, **changed)
        return rules.write_rule(session, number=number, text=text, actor=actor, now=MONDAY).id


def trial(database: Database, actor: Actor, number: int, *, router: Router | None = None, days: int = 90) -> Trial:
    """Try a rule, and keep what came of it."""
    with database.reading() as session:
        found = try_rule(session, router or make_house().router(), number=number, days=days,
                         viewer=viewer_of(actor), now=MONDAY)  # fmt: skip
    with database.writing() as session:
        rules.keep_trial(session, number=number, tried=found.to_json(), actor=actor, seen=found.version)
    return found


def in_force(database: Database, actor: Actor, **changed: Any) -> int:
    number = write(database, actor, **changed)
    trial(database, actor, number)
    with database.writing() as session:
        rules.put_in_force(session, make_house().router(), number=number, actor=actor, now=MONDAY)
    return number


def arrives(database: Database, *, text: str = TEXT, **more: Any) -> Case:
    """Register a request by the router in force; gives the case as it stands then."""
    house = replace(make_house(), router=RoutingInForce(database, make_house().router))
    with database.writing() as session:
        intake = replace(INTAKE, **({"subject": "Question", "text": text} | more))
        done = register(session, house, intake=intake, actor=CITIZEN, now=MONDAY)
        return session.get_one(Case, done.case.id)


def test_a_rule_in_force_gives_a_case_to_its_service_and_is_named_with_it(
    database: Database, who: dict[str, Actor]
) -> None:
    before = arrives(database)
    assert before.service_code != "M5"
    number = in_force(database, who["head"])

    case = arrives(database)

    assert (case.service_code, case.state, case.handler_id) == ("M5", CaseState.OPEN, who["clerk"].staff_id)
    assert case.routing is not None
    assert (case.routing["decision"], case.routing["rules"][0]["name"]) == ("auto", "Fishing boats")
    with database.writing() as session:
        rules.switch_off(session, number=number, reason="Spring is over.", actor=who["admin"], now=MONDAY)
    assert arrives(database).service_code == before.service_code


def test_a_draft_decides_nothing(database: Database, who: dict[str, Actor]) -> None:
    write(database, who["head"])
    assert arrives(database).service_code != "M5"


def test_two_rules_that_contradict_leave_the_case_to_the_dispatcher_both_named(
    database: Database, who: dict[str, Actor]
) -> None:
    in_force(database, who["head"])
    in_force(database, who["head"], name="Boats", words={"fr": ("bateau",)}, service_code="DGE")

    case = arrives(database)

    assert (case.state, case.service_code, case.handler_id) == (CaseState.TRIAGE, None, who["dispatcher"].staff_id)
    assert case.routing is not None
    assert [one["name"] for one in case.routing["rules"]] == ["Fishing boats", "Boats"]
    assert [one["code"] for one in case.routing["suggestions"][:2]] == ["M5", "DGE"]


def test_a_rule_for_a_body_outside_proposes_and_sends_nothing(database: Database, who: dict[str, Actor]) -> None:
    in_force(database, who["head"], service_code="EXT:FPS-MOBILITY")
    case = arrives(database)
    assert (case.state, case.service_code) == (CaseState.TRIAGE, None)
    assert case.routing is not None
    assert case.routing["suggestions"][0]["code"] == "EXT:FPS-MOBILITY"


def test_a_rule_whose_target_closed_swallows_nothing_and_is_told_of(
    database: Database, who: dict[str, Actor]
) -> None:
    plain = arrives(database).service_code
    in_force(database, who["head"])
    entry = load_directory().get("M5", on=MONDAY.date())
    assert entry is not None
    closed = load_directory().with_versions("M5", (replace(entry, valid_to=MONDAY.date(), successor=None),))
    usual = make_house().router()
    router = RoutingInForce(database, lambda: usual.with_directory(closed))

    with database.writing() as session:
        done = register(session, replace(make_house(), router=router), actor=CITIZEN, now=MONDAY,
                        intake=replace(INTAKE, subject="Question", text=TEXT))  # fmt: skip

    assert done.case.service_code == plain
    assert [rule.name for rule in rules_without_target(router(), MONDAY)] == ["Fishing boats"]
    assert rules_without_target(RoutingInForce(database, make_house().router)(), MONDAY) == []


def test_a_rule_for_a_closed_service_cannot_be_put_in_force(database: Database, who: dict[str, Actor]) -> None:
    number = write(database, who["head"])
    trial(database, who["head"], number)
    entry = load_directory().get("M5", on=MONDAY.date())
    assert entry is not None
    closed = load_directory().with_versions("M5", (replace(entry, valid_to=MONDAY.date(), successor=None),))
    router = make_house().router().with_directory(closed)
    with pytest.raises(rules.RuleTargetClosed), database.writing() as session:
        rules.put_in_force(session, router, number=number, actor=who["head"], now=MONDAY)


def test_a_rule_counts_only_after_it_was_tried_as_it_stands(database: Database, who: dict[str, Actor]) -> None:
    number = write(database, who["head"])
    with pytest.raises(rules.RuleNotTried), database.writing() as session:
        rules.put_in_force(session, make_house().router(), number=number, actor=who["head"], now=MONDAY)
    trial(database, who["head"], number)
    write(database, who["head"], number, words={"fr": ("bateau*",)})
    with pytest.raises(rules.RuleNotTried), database.writing() as session:
        rules.put_in_force(session, make_house().router(), number=number, actor=who["head"], now=MONDAY)


def test_changing_a_rule_in_force_takes_it_out_of_force(database: Database, who: dict[str, Actor]) -> None:
    number = in_force(database, who["head"])
    write(database, who["head"], number)
    assert arrives(database).service_code != "M5"


def test_a_dry_run_says_how_many_would_move_from_where_to_where(database: Database, who: dict[str, Actor]) -> None:
    with database.writing() as session:
        for service in ("ME6", "ME6", "DGE", "M5", None):
            make_case(session, subject="Question", text=TEXT, service=service)
        make_case(session, service="ME6")  # about something else
        make_case(session, subject="Question", text=TEXT, service="ME6", received_at=MONDAY - timedelta(days=40))
        make_case(session, subject="Question", text=TEXT, nature=Nature.COMPLAINT)
    number = write(database, who["head"])

    found = trial(database, who["head"], number, days=30)

    assert (found.looked, found.met, found.moved) == (7, 6, 4)
    assert found.moves == {("ME6", "M5"): 2, ("DGE", "M5"): 1, (None, "M5"): 1}
    with database.reading() as session:
        assert session.get_one(RoutingRule, number).tried == found.to_json()
        assert session.get_one(RoutingRule, number).state is RuleState.DRAFT


def test_a_dry_run_shows_only_files_that_one_may_read(database: Database, who: dict[str, Actor]) -> None:
    with database.writing() as session:
        make_case(session, subject="Question", text=TEXT, service="ME6")
        own = make_case(session, subject="Question", text=TEXT, service="DGE")
        own.handler_id = who["head"].staff_id or 0
        reference = own.reference
    number = write(database, who["head"])
    assert [one.reference for one in trial(database, who["head"], number).sample] == [reference]
    assert trial(database, who["admin"], number).sample == []


def test_a_dry_run_counts_with_the_rules_in_force_that_say_otherwise(
    database: Database, who: dict[str, Actor]
) -> None:
    in_force(database, who["head"], name="Boats", words={"fr": ("bateau",)}, service_code="DGE")
    with database.writing() as session:
        make_case(session, subject="Question", text=TEXT, service="ME6")
    number = write(database, who["head"])
    router = RoutingInForce(database, make_house().router)()

    found = trial(database, who["head"], number, router=router)

    assert (found.contradicted, found.moved) == ({"Boats": 1}, 0)


@pytest.mark.parametrize("first_day", [None, MONDAY.date() + timedelta(days=1)])
def test_a_rule_that_most_past_files_meet_is_refused(
    database: Database, who: dict[str, Actor], first_day: date | None
) -> None:
    with database.writing() as session:
        for _ in range(rules.LEAST_LOOKED_AT):
            make_case(session, subject="Question", text=TEXT, service="ME6")
    number = write(database, who["head"], words={"fr": ("bonjour",)}, valid_from=first_day)
    trial(database, who["head"], number)
    with pytest.raises(rules.RuleMeetsMost), database.writing() as session:
        rules.put_in_force(session, make_house().router(), number=number, actor=who["head"], now=MONDAY)


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"words": {"fr": ("*",)}}, rule_text.PatternMeetsEverything),
        ({"words": {"nl": ("de het een",)}}, rule_text.PatternMeetsEverything),
        ({"words": {"fr": ("?!",)}}, rule_text.PatternUnreadable),
        ({"words": {"fr": ("x" * 101,)}}, rule_text.PatternUnreadable),
        ({"words": {"fr": tuple(f"mot{n}" for n in range(101))}}, rule_text.TooManyPatterns),
        ({"words": {}}, rule_text.RuleWithoutCondition),
        ({"words": {"fr": ()}}, rule_text.RuleWithoutCondition),
        ({"service_code": "M99"}, UnknownService),
        ({"name": " "}, Missing),
        ({"note": ""}, Missing),
        ({"valid_from": date(2026, 3, 2), "valid_to": date(2026, 3, 1)}, rule_text.ValidityUpsideDown),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    database: Database, who: dict[str, Actor], changed: dict[str, Any], refused: type[Refused]
) -> None:
    with pytest.raises(refused):
        write(database, who["head"], **changed)


@pytest.mark.parametrize("name", PEOPLE)
def test_only_the_head_of_the_dispatchers_and_administrators_keep_rules(
    database: Database, who: dict[str, Actor], name: str
) -> None:
    kept = in_force(database, who["admin"])

    def act(do: Callable[[Session], object]) -> None:
        if name in ("head", "admin"):
            with database.writing() as session:
                do(session)
        else:
            with pytest.raises(NotPermitted), database.writing() as session:
                do(session)

    given: dict[str, Any] = {"number": kept, "actor": who[name]}
    act(lambda db: rules.write_rule(db, number=None, text=BOATS, actor=who[name], now=MONDAY))
    act(lambda db: rules.switch_off(db, reason="Enough.", now=MONDAY, **given))
    act(lambda db: rules.keep_trial(db, tried={"looked": 0, "met": 0}, seen=2 + (name in ("head", "admin")), **given))
    act(lambda db: rules.put_in_force(db, make_house().router(), now=MONDAY, **given))


def test_two_who_change_a_rule_at_once_the_second_is_told(database: Database, who: dict[str, Actor]) -> None:
    number = write(database, who["head"])
    with database.writing() as session:
        rules.write_rule(session, number=number, text=BOATS, actor=who["admin"], now=MONDAY, seen=1)
    with pytest.raises(rules.RuleChanged, match=who["admin"].name), database.writing() as session:
        rules.write_rule(session, number=number, text=BOATS, actor=who["head"], now=MONDAY, seen=1)


def test_every_change_of_a_rule_stands_in_the_history_with_all_it_said(
    database: Database, who: dict[str, Actor]
) -> None:
    number = in_force(database, who["head"], channel=Channel.FAX, valid_from=date(2026, 3, 1))
    with database.writing() as session:
        rules.switch_off(session, number=number, reason="Enough.", actor=who["admin"], now=MONDAY)
    with database.reading() as session:
        query = select(RoutingChange).where(RoutingChange.subject == RoutingSubject.RULE)
        told = [(one.actor, one.details or {}) for one in session.scalars(query.order_by(RoutingChange.number))]
    assert [(actor, details["act"]) for actor, details in told] == [
        (who["head"].name, "written"), (who["head"].name, "in_force"), (who["admin"].name, "off"),
    ]  # fmt: skip
    assert told[0][1]["rule"]["valid_from"] == "2026-03-01"
    assert told[0][1]["rule"]["words"] == {"fr": ["bateau* de pêche"]}
    assert told[1][1]["tried"]["looked"] == 0
    assert told[2][1]["reason"] == "Enough."


def test_a_rule_that_cannot_be_read_any_more_counts_as_if_it_were_not_there(
    database: Database, who: dict[str, Actor]
) -> None:
    number = in_force(database, who["head"])
    in_force(database, who["head"], name="Cows", words={"fr": ("vache",)})
    with database.writing() as session:
        session.get_one(RoutingRule, number).words = {"fr": ["*"]}
    router = RoutingInForce(database, make_house().router)()
    assert [rule.name for rule in router.staff_rules.rules] == ["Cows"]


def test_a_rule_names_a_service_of_the_directory(database: Database, who: dict[str, Actor]) -> None:
    with database.reading() as session:
        assert session.get(Service, BOATS.service_code) is not None
    assert write(database, who["head"]) == 1
