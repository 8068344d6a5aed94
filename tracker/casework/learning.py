"""Owns how the router learns: a model trained on what staff taught, in force unless it is worse, and going back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tracker.casework.errors import Refused
from tracker.casework.house import Actor, House
from tracker.casework.routing_in_force import SHIPPED, note_change, take_turn, version_in_force
from tracker.casework.teaching import taught
from tracker.charter.counting import brussels_day
from tracker.charter.words import RoutingSubject
from tracker.models.database import Database
from tracker.models.routing import RoutingModel
from tracker.routing.comparing import Compared, compare
from tracker.routing.examples import Example
from tracker.routing.model import Model, ModelFileError, shipped_model
from tracker.routing.training import train


class NothingNew(Refused):
    """Training again would give the model that is in force."""

    code = "nothing_new_to_learn"

    def __init__(self, version: str) -> None:
        super().__init__(f"Model {version} is in force and knows all of this: there is nothing new.", version=version)


class AlreadyInForce(Refused):
    """The model that is to come into force is in force."""

    code = "model_already_in_force"

    def __init__(self, version: str) -> None:
        super().__init__(f"Model {version} is in force already: there is nothing to change.", version=version)


class WorseModel(Refused):
    """The model that was trained is worse than the one in force, which stays."""

    code = "worse_model"

    def __init__(self, compared: Compared) -> None:
        told = {"before": compared.before, "after": compared.after, "texts": compared.texts}
        super().__init__(
            "The new model is worse than the one in force, which stays: {after} of {texts} texts right, not"
            " {before}.".format(**told),
            **told,
        )


class UnknownModel(Refused):
    """No model of this version is kept here."""

    code = "unknown_model"

    def __init__(self, version: str) -> None:
        super().__init__(f"There is no model {version!r}: look at the list of models.", version=version)


class UnusableModel(Refused):
    """A model that is kept here, and that this version of the product cannot read."""

    code = "unusable_model"

    def __init__(self, version: str) -> None:
        super().__init__(
            f"Model {version} cannot be read by this version of Suivi: choose another, or train one.", version=version
        )


class ModelChanged(Refused):
    """Another model came into force meanwhile."""

    code = "model_changed"

    def __init__(self, version: str) -> None:
        super().__init__(f"Model {version} came into force meanwhile: look again, then decide.", version=version)


@dataclass(frozen=True, slots=True)
class Learned:
    """A model that was trained, and how it compares with the one that was in force."""

    model: Model
    replaced: str
    """The version that was in force."""
    compared: Compared
    corrections: int
    """How many examples of staff are in it."""

    def to_json(self) -> dict[str, Any]:
        """Return what was trained and how good it is as plain JSON values."""
        about = {**self.model.about, "replaced": self.replaced, "corrections": self.corrections}
        return about | {"compared": self.compared.to_json()}


def learn(
    database: Database, house: House, examples: Sequence[Example], *, actor: Actor, now: datetime, keep: bool = True
) -> Learned:
    """Train a model on these examples and on what staff taught, and put it in force; minutes, without a transaction.

    ``examples``: those of the product, or some of them. Without ``keep`` nothing is stored, and it may be worse.

    Raises ``NothingNew``, ``WorseModel``, ``ModelChanged``, or ``TrainingError`` when there is too little to learn.
    """
    router = house.router()
    with database.reading() as session:
        stated = version_in_force(session)
        own = [one for one in taught(session) if one.code in router.directory.codes]
    every = (*examples, *own)
    model = train(every, router.reader, router.meaning)
    if model.version == router.model.version:
        raise NothingNew(model.version)
    compared = compare(router, model, every, on=brussels_day(now))
    learned = Learned(model, router.model.version, compared, len(own))
    if keep:
        if compared.worse:
            raise WorseModel(compared)
        with database.writing() as session:
            _keep(session, learned, stated, actor, now)
    return learned


def _keep(session: Session, learned: Learned, stated: str, actor: Actor, now: datetime) -> None:
    version = learned.model.version
    take_turn(session)
    if (meanwhile := version_in_force(session)) != stated:
        raise ModelChanged(meanwhile or shipped_model().version)
    if session.get(RoutingModel, version) is None:
        session.add(
            RoutingModel(
                version=version,
                content=learned.model.to_bytes(),
                figures=learned.to_json(),
                trained_at=now,
                trained_by=actor.staff_id,
            )
        )
        session.flush()
    note_change(session, RoutingSubject.MODEL, version, actor=actor, now=now, details=learned.compared.to_json())


def put_in_force(session: Session, version: str, *, actor: Actor, now: datetime) -> None:
    """Put a model in force that was trained here before, or the shipped one; all processes see it with the next text.

    Raises ``UnknownModel``, ``AlreadyInForce``, or ``UnusableModel``.
    """
    shipped = version == shipped_model().version
    kept = None if shipped else session.get(RoutingModel, version)
    if not shipped and kept is None:
        raise UnknownModel(version)
    chosen = SHIPPED if shipped else version
    take_turn(session)
    if chosen == version_in_force(session):
        raise AlreadyInForce(version)
    if kept is not None:
        try:
            Model.from_bytes(kept.content)
        except ModelFileError as error:
            raise UnusableModel(version) from error
    note_change(session, RoutingSubject.MODEL, chosen, actor=actor, now=now)
