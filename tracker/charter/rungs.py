"""Owns the rungs of the ladder as the rules file writes them: counted from what, in how many days, told to whom."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from tracker.charter.datafile import DataFile, Table
from tracker.charter.words import Channel, Nature, Recipient

MIDNIGHT_AFTER = "24:00"


class Anchor(StrEnum):
    """What a rung is counted from: a date of the obligation, or a moment in the life of its case."""

    WORK_BY = "work_by"
    DUE_ON = "due_on"
    DECIDE_BY = "decide_by"
    TRIAGE_SINCE = "triage_since"
    URGENT_SINCE = "urgent_since"

    @property
    def track(self) -> str:
        """The ladder a rung stands in; of several rungs past on one ladder, the highest is sent."""
        return "promise" if self in (Anchor.WORK_BY, Anchor.DUE_ON) else self.value


NAMES = {  # the known rungs: how each is named, and what it may be counted from
    "before": (Anchor.WORK_BY, -1),
    "breach": (Anchor.DUE_ON, 0),
    "after": (Anchor.DUE_ON, 1),
    "decide": (Anchor.DECIDE_BY, -1),
    "triage": (Anchor.TRIAGE_SINCE, 1),
    "urgent": (Anchor.URGENT_SINCE, 0),
}
BREACH = "breach"


@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """One rung: when somebody is told about an obligation, and who."""

    name: str
    anchor: Anchor
    working_days: int
    at: time | None  # Brussels clock; None: the midnight that ends the day, or the anchor's own clock time
    to: tuple[Recipient, ...]
    also: Mapping[Nature, tuple[Recipient, ...]]
    earlier: Mapping[Channel, int]  # working days
    always: bool
    repeat_working_days: int | None
    repeat_minutes: int | None

    @property
    def stem(self) -> str:
        """The name without its number: ``after`` for ``after-10``."""
        return self.name.partition("-")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """The rungs of the rules file; a frozen value, compared by identity."""

    rungs: tuple[Rung, ...]


def read_ladder(file: DataFile) -> Ladder:
    """Read the ``[[rung]]`` tables; raise RulesFileError with the line of what is not consistent."""
    tables = file.tables("rung")
    rungs = tuple(_rung(table) for table in tables)
    seen: set[str] = set()
    for rung, table in zip(rungs, tables, strict=True):
        if rung.name in seen:
            raise table.error(f"rung {rung.name} is already in the file.", "name")
        seen.add(rung.name)
        if rung.stem == "after" and any(_meets(other, rung) for other in rungs if other is not rung):
            raise table.error(f"rung {rung.name} comes again as a repetition of another rung.", "name")
    if missing := [stem for stem in NAMES if stem not in {rung.stem for rung in rungs}]:
        raise file.error(1, f"the ladder has no rung {missing[0]}.")
    if not any(rung.repeat_working_days for rung in rungs if rung.stem == "after"):
        raise file.error(1, "no rung after the due date has repeat_working_days: an old breach would fall silent.")
    return Ladder(rungs)


def _meets(repeating: Rung, other: Rung) -> bool:
    step, further = repeating.repeat_working_days, other.working_days - repeating.working_days
    return bool(step) and further >= 0 and (other.repeat_working_days is not None or further % (step or 1) == 0)


def _rung(table: Table) -> Rung:
    table.only_keys(
        *("name", "anchor", "working_days", "at", "to", "also", "earlier", "always"),
        *("repeat_working_days", "repeat_minutes"),
    )
    rung = Rung(
        name=table.text("name"),
        anchor=table.word("anchor", Anchor),
        working_days=table.number("working_days", 0),
        at=_clock(table),
        to=table.words("to", Recipient),
        also=table.words_by("also", Nature, Recipient),
        earlier=table.numbers_by("earlier", Channel, least=0),
        always=table.flag("always"),
        repeat_working_days=table.optional_number("repeat_working_days", 1),
        repeat_minutes=table.optional_number("repeat_minutes", 1),
    )
    _refuse_nonsense(rung, table)
    return rung


def _clock(table: Table) -> time | None:
    text = table.text("at", MIDNIGHT_AFTER)
    if text == MIDNIGHT_AFTER:
        return None
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise table.error(f"at must be a clock time such as 08:00, or 24:00, not {text!r}.", "at")
    return time.fromisoformat(text)


def _refuse_nonsense(rung: Rung, table: Table) -> None:
    if rung.stem not in NAMES:
        raise table.error(f"rung {rung.name!r} is not known; known are {', '.join(NAMES)}.", "name")
    anchor, sign = NAMES[rung.stem]
    if rung.anchor is not anchor:
        raise table.error(f"a rung {rung.stem} is counted from {anchor}, not {rung.anchor}.", "anchor")
    number = rung.name.partition("-")[2]
    if rung.stem in ("before", "after", "decide"):
        if number != str(abs(rung.working_days)) or rung.working_days * sign < 0 or rung.at is None:
            raise table.error(f"rung {rung.name} must be {number or 'N'} working days off, at a clock time.", "name")
    elif rung.name != {"urgent": "urgent-0"}.get(rung.stem, rung.stem):
        raise table.error(f"rung {rung.name} must be called {rung.stem}, once.", "name")
    if rung.stem == "breach" and (rung.working_days or rung.at or not rung.always):
        raise table.error("the breach comes at 24:00 of the due date, always.", "name")
    if (rung.repeat_working_days is not None) > (rung.stem == "after"):
        raise table.error("only a rung after the due date comes again by working days.", "repeat_working_days")
    if (rung.repeat_minutes is not None) != (rung.stem == "urgent"):
        raise table.error("the rung urgent-0, and no other, comes again by minutes.", "repeat_minutes")
    if rung.earlier and rung.stem != "before":
        raise table.error("only a rung before the due date comes earlier by a channel.", "earlier")
