"""The router in force: every process sees a change with its next text, and asks for no more than that."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from tests.factories import MONDAY, make_house
from tracker.casework import learning
from tracker.casework.house import SYSTEM
from tracker.casework.learning import UnusableModel
from tracker.casework.routing_in_force import SHIPPED, RoutingInForce, note_change, version_in_force
from tracker.charter.words import RoutingSubject
from tracker.models.database import Database
from tracker.models.routing import RoutingChange, RoutingModel
from tracker.routing.model import shipped_model


def in_force(database: Database) -> RoutingInForce:
    return RoutingInForce(database, make_house().router)


def keep(database: Database, version: str, content: bytes) -> None:
    with database.writing() as session:
        session.add(RoutingModel(version=version, content=content, figures={}, trained_at=MONDAY))


def put_in_force(database: Database, version: str) -> None:
    with database.writing() as session:
        note_change(session, RoutingSubject.MODEL, version, actor=SYSTEM, now=MONDAY)


def another_model() -> bytes:
    return replace(shipped_model(), about={**shipped_model().about, "version": "another"}).to_bytes()


def test_without_a_change_it_is_the_shipped_router(database: Database) -> None:
    assert in_force(database)() is make_house().router()


def test_a_model_put_in_force_is_asked_with_the_next_text_by_every_process(database: Database) -> None:
    web, scheduler = in_force(database), in_force(database)
    assert web().model.version == scheduler().model.version == shipped_model().version
    keep(database, "another", another_model())

    put_in_force(database, "another")

    assert web().model.version == scheduler().model.version == "another"
    put_in_force(database, SHIPPED)
    assert web() is scheduler() is make_house().router()


def test_a_router_is_made_anew_only_on_a_change_and_is_asked_for_by_one_statement(database: Database) -> None:
    keep(database, "another", another_model())
    put_in_force(database, "another")
    web = in_force(database)
    router, statements = web(), []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    assert web() is router
    assert len([one for one in statements if one != "BEGIN"]) == 1


def of_another_version(part: str) -> bytes:
    model = shipped_model()
    assert model.natures is not None
    if part == "signs":  # a product that saw fewer of them in a text
        return replace(model, natures=replace(model.natures, signs=model.natures.signs[:-1])).to_bytes()
    if part == "version":
        return replace(model, about={}).to_bytes()
    return replace(model, **{part: getattr(model, part)[:-1]}).to_bytes()


@pytest.mark.parametrize("part", [None, "half", "signs", "meaning", "scale", "rarity", "bias", "version"])
def test_a_model_that_cannot_be_used_leaves_the_shipped_one(database: Database, part: str | None) -> None:
    content = {None: b"no model", "half": another_model()[:-9_000]}.get(part) or of_another_version(str(part))
    keep(database, "broken", content)
    with pytest.raises(UnusableModel, match="broken"), database.writing() as session:
        learning.put_in_force(session, "broken", actor=SYSTEM, now=MONDAY)
    put_in_force(database, "broken")
    assert in_force(database)() is make_house().router()


def test_another_kind_of_change_keeps_the_model(database: Database) -> None:
    keep(database, "another", another_model())
    put_in_force(database, "another")
    with database.writing() as session:
        note_change(session, RoutingSubject.RULE, "7", actor=SYSTEM, now=MONDAY)

    with database.reading() as session:
        assert version_in_force(session) == "another"
    assert in_force(database)().model.version == "another"


def test_changes_made_at_once_are_numbered_without_a_gap(database: Database) -> None:
    with ThreadPoolExecutor(4) as several:
        list(several.map(lambda _: put_in_force(database, SHIPPED), range(12)))

    with database.reading() as session:
        assert list(session.scalars(select(RoutingChange.number).order_by(RoutingChange.number))) == [*range(1, 13)]


@pytest.mark.parametrize("act", ["UPDATE routing_changes SET what = 'x'", "DELETE FROM routing_changes"])
def test_a_change_stays_as_it_was_written(database: Database, act: str) -> None:
    put_in_force(database, SHIPPED)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text(act))
