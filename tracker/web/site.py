"""Owns what every view finds on the app: the settings, the database and the house."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app, g

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

    @property
    def cabinet(self) -> "Cabinet":
        """Where what goes on paper is kept."""
        from tracker.casework.paper import Cabinet

        return Cabinet(self.settings.letters_dir, self.settings.attachments_dir)


def site() -> Site:
    """The installation that serves this request."""
    return cast(Site, current_app.extensions["suivi"])


def router() -> "Router":
    """The router in force, asked for once a page."""
    if "router" not in g:
        g.router = site().house.router()
    return cast("Router", g.router)
