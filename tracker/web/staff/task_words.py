"""Owns how the history of a case tells what was asked of colleagues and services, and what became of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _

from tracker.charter.erasing import ERASED


def tasks_told(details: Mapping[str, Any]) -> Iterator[str]:
    """Say of each thing that was asked or settled: of whom, what, and the word that was said about it."""
    for one in details.get("tasks", ()):
        states = {
            "open": _("Asked of %(name)s", name=one["name"]),
            "done": _("Done, as asked: %(name)s", name=one["name"]),
            "declined": _("Declined: %(name)s", name=one["name"]),
            "withdrawn": _("No longer asked of %(name)s", name=one["name"]),
        }
        words = (one["what"], one.get("word"))
        yield " · ".join([str(states[one["state"]]), *(word for word in words if word and word != ERASED)])
