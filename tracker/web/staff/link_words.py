"""Owns how files that have to do with one another are told: on the page of each, and in its history."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from tracker.charter.erasing import ERASED
from tracker.charter.words import LinkKind


def relations() -> dict[str, str]:
    """Say what another file is to this one, by ``insight.linked.ORDER``."""
    return {
        "about": _("This complaint is about"),
        "concerned_by": _("A complaint about this file"),
        "continues": _("Continues"),
        "continued_by": _("Continued by"),
        "split_from": _("Split off"),
        "split_off": _("A part of this file"),
        "merged": _("Joined to this file"),
        "same_matter": _("Same matter"),
        "person": _("Same requester"),
    }


def link_told(said: Mapping[str, Any]) -> str:
    """Say of an entry of the history which link was made or undone, and why."""
    if said["kind"] == LinkKind.SPLIT:
        words = _("Split in two, with file %(reference)s", reference=said["with"])
    elif said.get("undone"):
        words = _("No longer linked to file %(reference)s", reference=said["with"])
    else:
        words = _("Linked to file %(reference)s", reference=said["with"])
    return f"{words} · {said['word']}" if said["word"] not in ("", ERASED) else str(words)
