"""The pages for staff: closed by default."""

from importlib import import_module

from flask import Flask

from tracker.web.staff import accounts
from tracker.web.staff.blueprint import staff

__all__ = ["install"]

_WITH_VIEWS = (
    "absences",
    "admin",
    "login",
    "calendar",
    "queue",
    "case",
    "closing",
    "complaint_forms",
    "complaints",
    "contact",
    "counts",
    "dashboard",
    "deciding",
    "directory",
    "directory_details",
    "handling",
    "house_history",
    "letters",
    "linking",
    "leaving",
    "entering",
    "erasing",
    "following",
    "mail",
    "mail_deciding",
    "new_password",
    "people",
    "printing",
    "profile",
    "register",
    "routing",
    "rules",
    "saved_views",
    "search",
    "sending_again",
    "several",
    "surveying",
    "tasks",
    "texts",
    "triage",
)


def install(app: Flask) -> None:
    """Put the pages for staff on the app, with the login they stand behind."""
    for name in _WITH_VIEWS:
        import_module(f"{__name__}.{name}")
    accounts.install(app)
    app.register_blueprint(staff)
