"""The queue narrowed and read in another order: what plain Python makes of the same cases, page by page."""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.factories import make_staff, settle
from tests.insight.casebook import NOW, TODAY, a_case, not_sent, viewer_of
from tracker.access.permissions import Person
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.words import CaseState, Channel, Language, Nature, ObligationKind, Role, Verb
from tracker.insight import stretches
from tracker.insight.filters import NONE, Filters, Flag, Sort
from tracker.insight.queue import NOTHING_OWED, queue_page
from tracker.insight.shown import Days, Show, View
from tracker.insight.stretches import Asked, Stretch, stretch_page
from tracker.insight.to_and_fro import wandering_of
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.drafts import KeptDraft
from tracker.models.history import History
from tracker.models.messages import Message
from tracker.models.staff import Staff

DAYS = Days.of(TODAY, WorkingCalendar.shipped())
CLERK = Person(2, Role.CLERK, "ME6")
HEAD = Person(3, Role.HEAD, "ME6")
DISPATCHER = Person(5, Role.DISPATCHER, None)
AUDITOR = Person(99, Role.AUDITOR, None)
WAYS: list[list[tuple[Verb, Mapping[str, Any]]]] = [
    [],
    [(Verb.ASSIGN, {"referred": True, "wanted": "DGE"})],
    [(Verb.ASSIGN, {"referred": True}), (Verb.ROUTE, {"to": "DGE"})],
    [(Verb.ASSIGN, {"referred": True}), (Verb.HAND_OVER, {"service": "DGE", "decides": False})],
    [(Verb.ASSIGN, {"referred": True}), (Verb.TAKE, {"service": "DGE", "decides": True})],
    [(Verb.ASSIGN, {"referred": True}), (Verb.TRANSMIT, {"to": "EXT:REGION"})],
    [(Verb.ASSIGN, {"referred": True}), (Verb.TRANSMIT, {"told": True})],
    [(Verb.ASSIGN, {"referred": True}), (Verb.ROUTE, {"to": "DGE"}), (Verb.ASSIGN, {"referred": True})],
]


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session over 130 cases of every kind, for 2 and 3 of ME6, 4 of DGE and a dispatcher."""
    with database.writing() as session:
        settle(session, now=NOW)
        for who, role, service in (
            ("an", Role.CLERK, "ME6"), ("bo", Role.HEAD, "ME6"), ("cy", Role.CLERK, "DGE"),
            ("di", Role.DISPATCHER, None),
        ):  # fmt: skip
            make_staff(session, f"{who}@example.org", role, service)
        roll = random.Random(20)
        for number in range(1, 131):
            _make(session, number, roll)
        session.flush()
        yield session


def _make(session: Session, number: int, roll: random.Random) -> None:
    triage, urgent = roll.random() < 0.25, roll.random() < 0.1
    case = a_case(
        session, number, roll.choice([2, 2, 3, 4]), due_on=TODAY + timedelta(days=roll.randrange(-9, 30)),
        state=CaseState.TRIAGE if triage else CaseState.OPEN, received_at=NOW - timedelta(hours=roll.randrange(200)),
        nature=roll.choice(list(Nature)), channel=roll.choice(list(Channel)), country=roll.choice([None, "BE", "MT"]),
        language=roll.choice([Language.FR, Language.NL, Language.DE]), kind=roll.choice(list(ObligationKind)[:2]),
        sensitive=roll.random() < 0.2, nature_confirmed_at=roll.choice([None, NOW]),
        urgent_since=NOW if urgent else None, urgent_taken_at=NOW if urgent else None,
        service_code=None if triage else roll.choice(["ME6", "ME6", "DGE"]),
        associated=roll.choice([(), (), ("DGE",)]),
    )  # fmt: skip
    if roll.random() < 0.2:
        not_sent(session, case, state=roll.choice(["failed", "waiting"]))
    if roll.random() < 0.15:
        session.add(KeptDraft(case_id=number, kind="answer", author_id=2, typed={"text": "Dear"}, kept_at=NOW))
    if triage:
        way = roll.choice(WAYS)
        for seq, (verb, details) in enumerate(way, start=1):
            session.add(History(case_id=number, seq=seq, at=NOW, actor="An", verb=verb, details=dict(details)))


FLAGS: Mapping[Flag, Callable[[Session, Case], bool]] = {
    Flag.URGENT: lambda _, case: case.urgent_since is not None,
    Flag.SENSITIVE: lambda _, case: case.sensitive,
    Flag.NOT_SENT: lambda _, case: case.not_sent,
    Flag.UNCONFIRMED: lambda _, case: case.nature_confirmed_at is None,
    Flag.TO_AND_FRO: lambda session, case: wandering_of(session, case.id).waiting,
    Flag.DRAFT: lambda session, case: case.id in set(session.scalars(select(KeptDraft.case_id))),
    Flag.LEAVING: lambda session, case: case.id in _leaving(session),
}
KEYS: Mapping[Sort, Callable[[Case, Mapping[int, str]], Any]] = {
    Sort.DUE: lambda case, _: (case.next_due_on or NOTHING_OWED, case.id),
    Sort.RECEIVED: lambda case, _: (case.received_at, case.id),
    Sort.REFERENCE: lambda case, _: -case.id,
    Sort.HANDLER: lambda case, names: (names[case.handler_id], case.handler_id, case.next_due_on, case.id),
}


def _leaving(session: Session) -> set[int]:
    query = select(Message.case_id).where(Message.act.is_not(None), Message.left_on.is_(None))
    return set(session.scalars(query))


def _fits(session: Session, case: Case, wanted: Filters) -> bool:
    plain = {
        "service": case.service_code, "handler": case.handler_id, "nature": case.nature, "channel": case.channel,
        "language": case.language, "country": case.country, "kind": case.next_kind,
    }  # fmt: skip
    asked = {name: getattr(wanted, name) for name in plain if getattr(wanted, name) is not None}
    return all(plain[name] == value for name, value in asked.items()) and all(
        FLAGS[flag](session, case) for flag in wanted.flags
    )


TABLE = [
    NONE,
    Filters(service="DGE"),
    Filters(handler=4),
    Filters(country="MT"),
    Filters(country="MT", service="ME6", channel=Channel.POST),
    Filters(nature=Nature.COMPLAINT),
    Filters(nature=Nature.COMPLEX, language=Language.DE),
    Filters(kind=ObligationKind.INTERIM, handler=2),
    Filters(country="XX"),
    *(Filters(flags=frozenset({flag})) for flag in Flag),
    Filters(flags=frozenset({Flag.SENSITIVE, Flag.UNCONFIRMED}), country="BE"),
]


LOOKS = [
    (AUDITOR, View.ALL, Show.EVERYTHING),
    (CLERK, View.ALL, Show.EVERYTHING),
    (HEAD, View.SERVICE, Show.EVERYTHING),
    (DISPATCHER, View.ALL, Show.UNASSIGNED),
    (HEAD, View.ALL, Show.FAILED),
]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages of 20 cases."""
    monkeypatch.setattr(stretches, "PAGE", 20)
    stretches._statement.cache_clear()
    yield
    stretches._statement.cache_clear()


@pytest.mark.usefixtures("small_pages")
def test_what_fits_is_what_plain_python_says_in_every_order(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "PAGE", 20)
    names = {row.id: row.name for row in session.scalars(select(Staff))}
    sorts = cycle(Sort)
    fitting = 0
    for number, (person, view, show) in enumerate(LOOKS):
        every = _every(session, person, view, show)
        for wanted in TABLE if number == 0 else TABLE[number::3]:
            sort = next(sorts)
            expected = [case for case in every if _fits(session, case, wanted)]
            given, top = _read(session, person, view, show, wanted, sort)
            below = sorted((c for c in expected if c.id not in top), key=lambda case: KEYS[sort](case, names))
            assert given == [case.id for case in below], (person, wanted, sort)
            fitting += bool(expected)
        next(sorts)
    assert fitting > 20, "most rows of the table must find something"


@pytest.mark.usefixtures("small_pages")
def test_no_case_is_lost_between_one_stretch_and_the_next(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH", 50)
    every = _every(session, AUDITOR, View.ALL, Show.EVERYTHING)
    for sort in Sort:
        wanted = Filters(channel=Channel.POST)
        first = stretch_page(session, viewer_of(AUDITOR), view=View.ALL, show=Show.EVERYTHING, days=DAYS,
                             asked=Asked(wanted, sort))  # fmt: skip
        given, top = _read(session, AUDITOR, View.ALL, Show.EVERYTHING, wanted, sort)
        assert first.looked == 50
        assert sorted(given) == sorted(c.id for c in every if c.channel is Channel.POST and c.id not in top), sort


def test_a_page_takes_two_statements_and_none_for_whoever_may_read_no_case(
    session: Session, database: Database
) -> None:
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    for person, sort in ((CLERK, Sort.DUE), (HEAD, Sort.HANDLER), (DISPATCHER, Sort.RECEIVED)):
        said.clear()
        asked = Asked(Filters(country="MT", flags=frozenset(Flag)), sort)
        stretch_page(session, viewer_of(person), view=View.ALL, show=Show.EVERYTHING, days=DAYS, asked=asked)
        assert len(said) == 2
    said.clear()
    admin = viewer_of(Person(50, Role.ADMIN, None))
    page = stretch_page(
        session, admin, view=View.ALL, show=Show.EVERYTHING, days=DAYS, asked=Asked(NONE, Sort.HANDLER)
    )
    assert page == Stretch((), (), 0, 0, None, None)
    assert said == []


def _every(session: Session, person: Person, view: View, show: Show) -> list[Case]:
    """Return all cases of a list, as the queue itself gives them page by page."""
    numbers: list[int] = []
    after = None
    while True:
        page = queue_page(session, viewer_of(person), view=view, show=show, days=DAYS, after=after)
        numbers += [row.id for row in (*page.urgent, *page.rows)]
        after = page.after
        if after is None:
            return [session.get_one(Case, number) for number in sorted(set(numbers))]


def _read(
    session: Session, person: Person, view: View, show: Show, wanted: Filters, sort: Sort
) -> tuple[list[int], set[int]]:
    """Return what is found, page by page and stretch by stretch; and what stands above all, urgent."""
    numbers: list[int] = []
    top: set[int] = set()
    asked = Asked(wanted, sort)
    while True:
        page: Stretch = stretch_page(session, viewer_of(person), view=view, show=show, days=DAYS, asked=asked)
        top |= {row.id for row in page.urgent}
        fresh = [row.id for row in page.rows if row.id not in top]
        assert not set(fresh) & set(numbers), "no case is shown twice"
        numbers += fresh
        if page.after is not None:
            asked = Asked(wanted, sort, asked.start, page.after)
        elif page.further is not None:
            asked = Asked(wanted, sort, page.further)
        else:
            return numbers, top
