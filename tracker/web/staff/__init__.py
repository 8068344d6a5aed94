"""The pages for staff: closed by default."""

from flask import Flask

from tracker.web.staff import accounts
from tracker.web.staff.blueprint import staff

__all__ = ["install"]


def install(app: Flask) -> None:
    """Put the pages for staff on the app, with the login they stand behind."""
    from tracker.web.staff import case, deciding, entering, handling, letters, login, profile, queue  # noqa: F401 - routes

    accounts.install(app)
    app.register_blueprint(staff)
