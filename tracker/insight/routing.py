"""Owns the account of the models of routing: which there are, how good each was, which is in force, what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.charter.words import RoutingSubject
from tracker.models.routing import RoutingChange, RoutingExample, RoutingModel
from tracker.models.staff import Staff


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that may be put in force."""

    version: str
    shipped: bool
    in_force: bool
    trained_at: datetime | None
    """None: it came with the product."""
    trained_by: str | None
    """None: by the command."""
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Models:
    """The models, the newest first, and what staff taught since the one in force was trained."""

    models: tuple[TrainedModel, ...]
    corrections: int
    confirmations: int


def models(session: Session, shipped: Mapping[str, Any]) -> Models:
    """Return the account; ``shipped`` is what the model of the product says about itself.

    A model that was trained here and then came with the product stands there once.
    """
    newest = (
        select(RoutingChange.what)
        .where(RoutingChange.subject == RoutingSubject.MODEL)
        .order_by(RoutingChange.number.desc())
        .limit(1)
    )
    in_force = session.scalar(newest) or ""
    rows = session.execute(
        select(RoutingModel.version, RoutingModel.trained_at, RoutingModel.figures, Staff.name)
        .join(Staff, Staff.id == RoutingModel.trained_by, isouter=True)
        .order_by(RoutingModel.trained_at.desc(), RoutingModel.version)
    ).all()
    trained = [
        TrainedModel(row.version, False, row.version == in_force, row.trained_at, row.name, row.figures)
        for row in rows
        if row.version != shipped["version"]
    ]
    own = TrainedModel(str(shipped["version"]), True, in_force in ("", shipped["version"]), None, None, shipped)
    since = next((one.trained_at for one in trained if one.in_force), None)
    corrected = func.count().filter(RoutingExample.proposed.is_distinct_from(RoutingExample.service_code))
    counted = select(corrected, func.count())
    wrong, every = session.execute(counted if since is None else counted.where(RoutingExample.noted_at > since)).one()
    return Models((*trained, own), wrong, every - wrong)
