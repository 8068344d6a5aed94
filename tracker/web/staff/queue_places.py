"""Owns the places in the queue that a page starts from, as they travel in its address."""

from datetime import date

from flask import request

from tracker.insight.casefacts import Header
from tracker.insight.queue import NOTHING_OWED, Position


def read_position(name: str) -> Position | None:
    """Return the place a page starts from, as the links between pages write it; none for anything else."""
    day, _dot, number = request.args.get(name, "").partition(".")
    try:
        return Position(date.fromisoformat(day), int(number)) if len(number) < 19 and number.isascii() else None
    except ValueError:
        return None


def written(position: Position) -> str:
    """Return a place in the queue as it travels in an address."""
    return f"{position.due_on.isoformat()}.{position.id}"


def place_of(case: Header) -> Position:
    """Return where a case stands in the queue."""
    return Position(case.next_due_on or NOTHING_OWED, case.id)
