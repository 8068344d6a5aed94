"""Owns what must be true of the history of the house: nothing is missing from it, and the people are as it says."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.words import HouseSubject
from tracker.models.house import HouseChange, plain
from tracker.models.staff import Staff

Finding = tuple[str, str, str]
"""Table, row, and what is wrong with it."""


def house_records(session: Session) -> Iterator[Finding]:
    """Yield what does not fit together in the history of the house, and in the rows of those it tells about.

    Who was here before it began is known from their first change on; what nobody ever changed is not in it.
    """
    known: dict[str, dict[str, Any]] = {}
    last = 0
    for change in session.scalars(select(HouseChange).order_by(HouseChange.number)):
        if change.number != last + 1:
            yield "house_changes", str(change.number), "a change before it was taken out"
        last = change.number
        if change.subject in (HouseSubject.PERSON, HouseSubject.ABSENCE):
            was = known.setdefault(change.what, {})
            for name, value in change.details.get("before", {}).items():
                if was.get(name, value) != value:
                    yield "house_changes", str(change.number), f"{name} was something else before"
            was.update(change.details.get("after", {}))
    for staff in session.scalars(select(Staff).order_by(Staff.id)):
        told = known.pop(str(staff.id), {})
        if differing := [name for name, value in told.items() if plain(getattr(staff, name)) != value]:
            yield "staff", str(staff.id), f"{', '.join(differing)} differ from what the history of the house says"
    for gone in known:
        yield "staff", gone, "the history of the house tells of them, and they are not there"
