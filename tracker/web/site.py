"""Owns what every view finds on the app: the settings, the database and the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from config import Settings
    from tracker.casework.house import House
    from tracker.casework.paper import Cabinet
    from tracker.models.database import Database
    from tracker.routing.router import Router


@dataclass(frozen=True)
class Site:
    """One installation of Suivi, as its pages see it."""

    settings: "Settings"
    database: "Database"
    house: "House"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session to read with; a request that only reads has one, from the guard at the door to its page.

        So it takes one connection, and sees one state of the database where that keeps such a thing.
        """
        if request.method not in ("GET", "HEAD"):
            with self.database.reading() as session:
                yield session
            return
        if "reading" not in g:
            g.reading = Session(self.database.engine, autoflush=False)
        yield g.reading

    @property
    def cabinet(self) -> "Cabinet":
        """Where what goes on paper is kept."""
        from tracker.casework.paper import Cabinet

        return Cabinet(self.settings.letters_dir, self.settings.attachments_dir)


def install(app: Flask) -> None:
    """Give back, at the end of each request, the connection that it read with."""

    @app.teardown_request
    def close(error: BaseException | None) -> None:
        session: Session | None = g.pop("reading", None)
        if session is None:
            return
        with session:
            if error is None:
                site().database.end_reading(session)


def site() -> Site:
    """The installation that serves this request."""
    return cast(Site, current_app.extensions["suivi"])


def router() -> "Router":
    """The router in force, asked for once a page."""
    if "router" not in g:
        g.router = site().house.router()
    return cast("Router", g.router)
