"""Owns how the history of a case tells what was asked of colleagues and services, and what became of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask_babel import gettext as _

from tracker.charter.erasing import ERASED


def tasks_told(details: Mapping[str, Any], place: Callable[[str], str]) -> Iterator[str]:
    """Say of each thing asked or settled: of whom, what, and the word about it; ``place`` names a service."""
    for one in details.get("tasks", ()):
        name = place(one["service"]) if one.get("service") else one["name"]
        states = {
            "open": _("Asked of %(name)s", name=name),
            "done": _("Done, as asked: %(name)s", name=name),
            "declined": _("Declined: %(name)s", name=name),
            "withdrawn": _("No longer asked of %(name)s", name=name),
        }
        words = (one["what"], one.get("word"))
        yield " · ".join([str(states[one["state"]]), *(word for word in words if word and word != ERASED)])
