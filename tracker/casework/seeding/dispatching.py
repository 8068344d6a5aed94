"""Owns what made-up dispatchers have on their desk: rules of staff, files that go to and fro, requests in doubt.

A handful of each, however large the population: all of it is done by the use cases themselves.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Person
from tracker.casework.assignment import route
from tracker.casework.directory import directory_in_force
from tracker.casework.house import CITIZEN, SYSTEM, Actor, House
from tracker.casework.people import load_directory
from tracker.casework.register import Intake, register
from tracker.casework.routing_in_force import note_change
from tracker.casework.routing_rules import keep_trial, put_in_force, rules_in_force, write_rule
from tracker.casework.rule_text import RuleText
from tracker.casework.seeding.people import DISPATCHING, address_of
from tracker.casework.trying_rules import try_rule
from tracker.charter.counting import at_brussels, aware, brussels_day
from tracker.charter.words import CaseState, Channel, Language, Nature, Role, RoutingSubject, ServiceKind
from tracker.insight.sight import Viewer
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.staff import Staff

if TYPE_CHECKING:
    from tracker.routing.router import Router

STOOD, RULED, ENDED = timedelta(days=300), timedelta(days=200), timedelta(days=10)
"""How long ago the service that was there for a time began, had rules written for it, and ended."""
TRIED_DAYS = 30
QUIET = timedelta(hours=8)
"""A file goes to and fro in the hours before now: nothing else has happened to it meanwhile."""
LOOKED_AT = 200


def dispatch(database: Database, house: House, *, now: datetime) -> None:
    """Write rules, let requests come in and pass files on, as all of it would stand at ``now`` (aware)."""
    told, now = _told(), aware(now)
    with database.writing() as session:
        _serve_for_a_time(session, told["body"], now)
    with database.writing() as session:
        _write_rules(session, house.router(), told["rule"], now)
    for number, asked in enumerate(told["request"], 1):
        with database.writing() as session:
            _ask(session, house, asked, now - number * QUIET)
    with database.writing() as session:
        for reference, journey in zip(_quiet(session, now), told["journey"], strict=False):
            _pass_on(session, house, reference, journey["to"], told["reason"], now)


def _told() -> Mapping[str, Any]:
    return tomllib.loads((files("tracker.casework.seeding") / "dispatching.toml").read_text(encoding="utf-8"))


def _serve_for_a_time(session: Session, body: Mapping[str, Any], now: datetime) -> None:
    """Enter a service into the directory that was there for a time, and that nothing follows."""
    from tracker.routing.directory import Entry, Source
    from tracker.routing.directory_record import to_json

    day = brussels_day(now - STOOD)
    entry = Entry(
        code=body["code"], kind=ServiceKind.INTERNAL, names=body["names"], competence=body["competence"],
        not_competent=body["not_competent"], associated=(), parent=None, successor=None, former_names=(),
        unofficial=(), parts=(), phone="+32 2 501 81 11", email="", website="", channel="",
        postal_address="Rue des Petits Carmes / Karmelietenstraat 15, 1000 Bruxelles / Brussel",
        valid_from=day, valid_to=brussels_day(now - ENDED), sources=(Source(body["names"]["fr"], "", day),),
    )  # fmt: skip
    details = {"act": "add", "from": day.isoformat(), "fields": [], "why": body["names"]["fr"]}
    details |= {"versions": [to_json(entry)], "shipped": ""}
    note_change(session, RoutingSubject.DIRECTORY, entry.code, actor=SYSTEM, now=now - STOOD, details=details)
    load_directory(session, directory_in_force(session), day=brussels_day(now))


def _write_rules(session: Session, router: "Router", rules: list[dict[str, Any]], now: datetime) -> None:
    """Let the dispatchers' head write rules, try them on the cases there are, and put them in force."""
    query = select(Staff).where(Staff.role == Role.HEAD, Staff.service_code == DISPATCHING, Staff.active)
    head = session.scalars(query.order_by(Staff.id).limit(1)).one()
    reader = Viewer(head.id, head.service_code, frozenset({head.id}), is_head=True, reaches=frozenset())
    router = router.with_directory(directory_in_force(session))
    for number, rule in enumerate(rules, 1):
        moment = at_brussels(brussels_day(now - RULED) + timedelta(days=number), time(10, 20 + number))
        text = RuleText(
            name=rule["name"], note=rule["note"], service_code=rule["service"],
            words={language: tuple(rule[language]) for language in ("fr", "nl", "de", "en")},
        )  # fmt: skip
        row = write_rule(session, number=None, text=text, actor=_acting(head), now=moment)
        session.flush()
        given: dict[str, Any] = {"number": row.id, "actor": _acting(head)}
        tried = router.with_rules(rules_in_force(session))
        trial = try_rule(session, tried, number=row.id, days=TRIED_DAYS, viewer=reader, now=now)
        keep_trial(session, tried=trial.to_json(), seen=row.version, **given)
        put_in_force(session, router, now=moment + timedelta(hours=1), seen=row.version, **given)


def _ask(session: Session, house: House, asked: Mapping[str, str], at: datetime) -> None:
    """Let a citizen ask by the web form what leaves the router in doubt."""
    name = {"fr": "Camille Noël", "nl": "Bram Wouters", "de": "Jutta Klein", "en": "Alex Moreau"}[asked["language"]]
    intake = Intake(
        channel=Channel.WEB, received_at=at, nature=Nature.INFORMATION, language=Language(asked["language"]),
        official_language=Language.NL if asked["language"] == "en" else None, subject=asked["subject"],
        text=asked["text"], requester_name=name, requester_email=f"{address_of(name)}@post.example",
    )  # fmt: skip
    register(session, house, intake=intake, actor=CITIZEN, now=at)


def _quiet(session: Session, now: datetime) -> Iterator[str]:
    """Yield the references of open cases to which nothing has happened of late, the newest first."""
    newest = (
        select(Case.id)
        .where(Case.state == CaseState.OPEN, Case.nature == Nature.INFORMATION, Case.urgent_since.is_(None))
        .where(Case.service_code == "CONSULAR", Case.sensitive.is_(False), Case.next_due_on.is_not(None))
        .order_by(Case.id.desc())
        .limit(LOOKED_AT)
    )
    quiet = (
        select(History.case_id)
        .where(History.case_id.in_(newest.scalar_subquery()))
        .group_by(History.case_id)
        .having(func.max(History.at) < now - QUIET)
    )
    query = select(Case.reference).where(Case.id.in_(quiet.scalar_subquery())).order_by(Case.id.desc())
    yield from session.scalars(query).all()


def _pass_on(
    session: Session, house: House, reference: str, to: list[str], reasons: Mapping[str, str], now: datetime
) -> None:
    """Let each service pass a case on to the next, every two hours, the last of them an hour ago."""
    for step, service in enumerate(to):
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        handler = session.get_one(Staff, case.handler_id)
        at = now - timedelta(hours=1) - (len(to) - 1 - step) * timedelta(hours=2)
        route(
            session, house, reference=reference, service_code=service, reason=reasons[handler.language],
            actor=_acting(handler), now=at, seen=None,
        )  # fmt: skip
        session.flush()


def _acting(staff: Staff) -> Actor:
    return Actor(staff.name, Person(staff.id, staff.role, staff.service_code))
