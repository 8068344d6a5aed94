"""The router learns from staff: a correction changes what it proposes, going back restores it, no worse one comes."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tests.lessons import BODIES, begin_with, first_model, some
from tracker.casework import assignment
from tracker.casework.house import SYSTEM, Actor, House
from tracker.casework.learning import (
    AlreadyInForce,
    ModelChanged,
    NothingNew,
    UnknownModel,
    WorseModel,
    learn,
    put_in_force,
)
from tracker.casework.routing_in_force import RoutingInForce
from tracker.charter.words import Language, Role
from tracker.insight.routing import models
from tracker.models.database import Database
from tracker.routing.model import shipped_model

ASKED = "Pouvez-vous restaurer la fresque du hall de votre bâtiment historique ?"
AGAIN = "Je voudrais restaurer la fresque d'un hall historique."


@pytest.fixture
def house(database: Database) -> House:
    """A settled house whose router is the one in force, trained first on those few texts alone."""
    with database.writing() as session:
        settle(session)
    begin_with(database, first_model())
    return replace(make_house(), router=RoutingInForce(database, make_house().router))


def first(house: House, text: str = AGAIN) -> str:
    return house.router().route(text, lang="fr", on=MONDAY.date()).suggestions[0].code


def correct(session: Session, house: House, dispatcher: Actor, to: str, **what: Any) -> None:
    case = make_case(session, language=Language.FR, subject="Demande", **what)
    assignment.route(
        session, house, reference=case.reference, service_code=to, actor=dispatcher, now=MONDAY, seen=None
    )


def test_corrections_change_a_later_suggestion_and_going_back_restores_the_former(
    database: Database, house: House
) -> None:
    before = first(house)
    assert before != "PROTOCOL"
    with database.writing() as session:
        dispatcher = acting(make_staff(session, "dispatcher@suivi.example", Role.DISPATCHER))
        for text in (ASKED, "La fresque du hall est abîmée, qui restaure votre bâtiment ?"):
            correct(session, house, dispatcher, "PROTOCOL", text=text)
    former = house.router().model.version

    learned = learn(database, house, some(), actor=SYSTEM, now=MONDAY)

    assert (learned.replaced, learned.corrections, learned.compared.texts) == (former, 2, len(some()) + 2)
    assert house.router().model.version == learned.model.version != former
    assert first(house) == "PROTOCOL"
    with pytest.raises(NothingNew):
        learn(database, house, some(), actor=SYSTEM, now=MONDAY)
    with database.writing() as session:
        told = models(session, shipped_model().about)
        assert [one.version for one in told.models if one.in_force] == [learned.model.version]
        assert (told.corrections, len(told.models)) == (0, 3)
        put_in_force(session, former, actor=dispatcher, now=MONDAY)
    assert house.router().model.version == former
    assert first(house) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # training takes long, and knows no database
def test_a_worse_model_is_refused_and_kept_nowhere(database: Database, house: House) -> None:
    spoilt = [replace(one, code=BODIES[(BODIES.index(one.code) + 1 + n) % 4]) for n, one in enumerate(some())]
    former = house.router().model.version

    with pytest.raises(WorseModel, match="worse than the one in force"):
        learn(database, house, [*some(), *(replace(one, weight=4.0) for one in spoilt)], actor=SYSTEM, now=MONDAY)

    with database.reading() as session:
        assert len(models(session, shipped_model().about).models) == 2
    assert house.router().model.version == former


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_dry_run_keeps_nothing(database: Database, house: House) -> None:
    learned = learn(database, house, some()[:-1], actor=SYSTEM, now=MONDAY, keep=False)

    assert learned.model.version != house.router().model.version
    with database.reading() as session:
        assert len(models(session, shipped_model().about).models) == 2


def test_one_goes_back_to_the_shipped_model_and_to_none_that_is_unknown(database: Database, house: House) -> None:
    with database.writing() as session:
        put_in_force(session, shipped_model().version, actor=SYSTEM, now=MONDAY)
    assert house.router() is make_house().router()
    for version, refusal in (
        (shipped_model().version, AlreadyInForce),
        ("000000000000", UnknownModel),
        ("", UnknownModel),
    ):
        with pytest.raises(refusal), database.writing() as session:
            put_in_force(session, version, actor=SYSTEM, now=MONDAY)


def test_what_came_into_force_while_a_model_was_trained_stays(database: Database, house: House) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")  # who waits for its turn before reading anything
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'routing_changes'::regclass")
    with ThreadPoolExecutor(1) as other:
        with database.writing() as session:
            put_in_force(session, shipped_model().version, actor=SYSTEM, now=MONDAY)
            learning = other.submit(learn, database, house, some()[:-1], actor=SYSTEM, now=MONDAY)
            while wait([learning], timeout=0.1).not_done and not database.glance(waiting):
                pass  # it trains, then waits for its turn
        with pytest.raises(ModelChanged, match=shipped_model().version):
            learning.result()
    assert house.router().model.version == shipped_model().version
