"""What tests of learning train on: a few of the product's texts, so that it takes seconds, and a model of them."""

from functools import cache

from tests.factories import MONDAY, make_house
from tracker.casework.house import SYSTEM
from tracker.casework.routing_in_force import note_change
from tracker.charter.words import RoutingSubject
from tracker.models.database import Database
from tracker.models.routing import RoutingModel
from tracker.routing.examples import Example, shipped_examples
from tracker.routing.model import Model
from tracker.routing.training import train

BODIES = ("CONSULAR", "PROTOCOL", "M3", "EXT:PENSIONS")


@cache
def some() -> tuple[Example, ...]:
    """A few short texts in French about four bodies."""
    french = [one for one in shipped_examples() if one.lang == "fr" and one.code in BODIES and len(one.text) < 200]
    return tuple(one for body in BODIES for one in [each for each in french if each.code == body][:15])


@cache
def first_model() -> Model:
    """A model trained on those alone."""
    router = make_house().router()
    return train(some(), router.reader, router.meaning)


def begin_with(database: Database, model: Model) -> None:
    """Put a model in force."""
    with database.writing() as session:
        session.add(RoutingModel(version=model.version, content=model.to_bytes(), figures={}, trained_at=MONDAY))
        session.flush()
        note_change(session, RoutingSubject.MODEL, model.version, actor=SYSTEM, now=MONDAY)
