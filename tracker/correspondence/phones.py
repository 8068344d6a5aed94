"""Owns the telephone lines that come first when somebody is in serious trouble abroad (user charter §3)."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from tracker.correspondence.tables import read_table


class Line(StrEnum):
    """Whose telephone it is; `label` says it in words."""

    POST = "post"
    CONSULAR = "consular"
    GUARD = "guard"
    CRISIS = "crisis"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Phone:
    """One number to call; `name` is the post's own name, where there is one."""

    line: Line
    number: str
    name: str = ""


def emergency_phones(*, post: Phone | None = None, crisis_number: str | None = None) -> tuple[Phone, ...]:
    """Return the numbers in the order in which to try them: the post in that country, the crisis number while it is
    open, the consular line, guard duty, and the line for lost documents."""
    crisis = (Phone(Line.CRISIS, crisis_number),) if crisis_number else ()
    return (*((post,) if post else ()), *crisis, *_always())


@cache
def _always() -> tuple[Phone, ...]:
    return tuple(Phone(Line(name), entry["number"]) for name, entry in read_table("phones").items())
