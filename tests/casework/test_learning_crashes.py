"""Models put in force at once, or on the way to it when the process is killed: one of them is in force, and whole."""

import itertools
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError, Event

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.casework.dying import DONE, learn_and_die
from tests.factories import MONDAY, make_house, settle
from tests.processes import FORKING
from tracker.casework import learning
from tracker.casework.house import SYSTEM
from tracker.casework.learning import Learned, ModelChanged, learn
from tracker.casework.routing_in_force import RoutingInForce, version_in_force
from tracker.models.database import Database
from tracker.models.routing import RoutingChange, RoutingModel
from tracker.routing.examples import shipped_examples
from tracker.routing.model import Model, shipped_model


def renamed(version: str) -> Model:
    """The model of the product under another name: what matters here is how one comes into force."""
    return replace(shipped_model(), about={**shipped_model().about, "version": version})


@pytest.mark.parametrize("versions", [("one", "another"), ("one", "one")], ids=["two", "the same"])
def test_of_two_that_are_trained_at_once_the_second_is_told(
    database: Database, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as session:
        settle(session)
    trained, really = iter(versions), learning.version_in_force
    both_trained, all_trained, both_look = Barrier(2), Event(), Barrier(2)

    def train(*_: object) -> Model:
        model = renamed(next(trained))
        both_trained.wait(30)
        all_trained.set()
        return model

    def what_stands(session: Session) -> str:
        """Look, and go on once the other has looked as well, unless that one waits for us."""
        found = really(session)
        if all_trained.is_set():
            with suppress(BrokenBarrierError):
                both_look.wait(0.5)
        return found

    monkeypatch.setattr(learning, "train", train)
    monkeypatch.setattr(learning, "version_in_force", what_stands)
    house = replace(make_house(), router=RoutingInForce(database, make_house().router))
    house.router()

    def run(_: int) -> Learned | ModelChanged:
        try:
            return learn(database, house, shipped_examples()[:3], actor=SYSTEM, now=MONDAY)
        except ModelChanged as told:
            return told

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(run, range(2)))

    [kept] = [one for one in done if isinstance(one, Learned)]
    with database.reading() as session:
        assert list(session.scalars(select(RoutingChange.what))) == [kept.model.version]
        assert list(session.scalars(select(RoutingModel.version))) == [kept.model.version]
    assert house.router().model.version == kept.model.version


def test_whoever_is_killed_leaves_the_former_or_the_new_one_whole(database: Database) -> None:
    with database.writing() as session:
        settle(session)
    seen = set()
    for step in itertools.count(1):
        process = FORKING.Process(target=learn_and_die, args=(database.url.render_as_string(False), step))
        process.start()
        process.join(60)
        assert process.exitcode in (-signal.SIGKILL, DONE)
        with database.reading() as session:
            stated, kept = version_in_force(session), list(session.scalars(select(RoutingModel.version)))
        router = RoutingInForce(database, make_house().router)()
        assert (stated, kept, router.model.version) in (
            ("", [], shipped_model().version),
            ("dying", ["dying"], "dying"),
        )
        seen.add(stated)
        if stated:
            break
    assert step > 4
    assert seen == {"", "dying"}
