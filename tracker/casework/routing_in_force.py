"""Owns which router is in force: every process sees what changed, a model or anything else, with its next text."""

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.casework.house import Actor
from tracker.charter.words import RoutingSubject
from tracker.models.database import Database
from tracker.models.routing import RoutingChange, RoutingModel

if TYPE_CHECKING:
    from tracker.routing.model import Model
    from tracker.routing.router import Router

log = logging.getLogger(__name__)

SHIPPED = ""
"""Stands for the model that comes with the product where a version is named."""


def note_change(
    session: Session,
    subject: RoutingSubject,
    what: str,
    *,
    actor: Actor,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> RoutingChange:
    """Write down, in the commit that makes it, a change of what the router goes by: then every process sees it."""
    take_turn(session)
    change = RoutingChange(
        number=revision(session) + 1,
        subject=subject,
        what=what,
        at=now,
        actor_id=actor.staff_id,
        actor=actor.name,
        details=details,
    )
    session.add(change)
    session.flush()
    return change


def take_turn(session: Session) -> None:
    """Wait until nobody else is changing what the router goes by; the turn ends with the transaction.

    So the numbers of the changes are in the order of the commits and none is overlooked, and what is read after this
    stays as it is until the commit. On SQLite whoever writes has the turn already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE routing_changes IN SHARE ROW EXCLUSIVE MODE"))


def revision(session: Session) -> int:
    """Return the number of the last change; 0: nothing was changed since the installation."""
    return session.scalar(_REVISION) or 0


_REVISION = select(func.max(RoutingChange.number))
_MODEL = (
    select(RoutingChange.what)
    .where(RoutingChange.subject == RoutingSubject.MODEL)
    .order_by(RoutingChange.number.desc())
    .limit(1)
)


def version_in_force(session: Session) -> str:
    """Return the version of the model that was put in force last; ``SHIPPED`` when that is the shipped one."""
    return session.scalar(_MODEL) or SHIPPED


class RoutingInForce:
    """Gives the router in force; shared by the threads of a process, and made anew only when something changed."""

    def __init__(self, database: Database | None, make: "Callable[[], Router]") -> None:
        """``database``: none, and the router is that of the product, which ``make`` makes with the first text."""
        self._database = database
        self._make = make
        self._lock = Lock()
        self._shipped: Router | None = None
        self._standing: tuple[int, Router] | None = None

    def __call__(self) -> "Router":
        """Return the router in force: one small query, and work only when it tells of a change."""
        if self._database is None:
            return self.shipped()
        number, standing = self._database.glance(_REVISION) or 0, self._standing
        if standing is None or standing[0] != number:
            with self._database.reading() as session:  # what has changed since is seen, and read anew the next time
                standing = self._standing = (number, self._made(session))
        return standing[1]

    def shipped(self) -> "Router":
        """Return the router with the model of the product; the database is not asked."""
        with self._lock:
            if self._shipped is None:
                self._shipped = self._make()
            return self._shipped

    def _made(self, session: Session) -> "Router":
        """Return the router as the newest change left it: directory, model, and the rules of staff before both."""
        from tracker.casework.directory import directory_in_force  # these note their changes here
        from tracker.casework.routing_rules import rules_in_force

        router = self.shipped()
        directory = directory_in_force(session, router.directory)
        if directory is not router.directory:
            router = router.with_directory(directory)
        if (model := _model_in_force(session)) is not None:
            router = router.with_model(model)
        rules = rules_in_force(session)
        return router.with_rules(rules) if rules.rules else router


def _model_in_force(session: Session) -> "Model | None":
    """Return the model that was put in force; none: that of the product, also where the other cannot be used."""
    from tracker.routing.model import Model, ModelFileError

    version = version_in_force(session)
    content = session.scalar(select(RoutingModel.content).where(RoutingModel.version == version))
    if version == SHIPPED or content is None:
        return None
    try:
        return Model.from_bytes(content)
    except ModelFileError as error:
        told = {"model": version, "error": str(error)}
        log.warning("the model in force cannot be used: the shipped one is", extra={"figures": told})
        return None
