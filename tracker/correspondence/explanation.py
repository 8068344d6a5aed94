"""Owns how the words, dates and reasons of the charter are said to people, in the four languages."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Protocol

from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, Language, Role
from tracker.correspondence.tables import (
    WordsMissing,
    counted,
    date_in_words,
    fill,
    moment_in_words,
    read_table,
    text_of,
)

__all__ = [
    "ExplainedStep",
    "WordsMissing",
    "by_channel",
    "by_way_out",
    "counted",
    "date_in_words",
    "days_left_in_words",
    "explain_rule",
    "explain_steps",
    "label",
    "moment_in_words",
    "organisation",
    "refusal",
    "rule_source",
    "rung_in_words",
    "way_out",
]

_RUNG = re.compile(r"(?P<name>[a-z]+)(?:-(?P<number>\d+))?")
_URGENT_MINUTES = 30  # user charter §3 as the ladder has it: again every 30 minutes until somebody takes it
_LONG_MINUTES = 180  # from then on the hours that are over are told


class ExplainedStep(Protocol):
    """One step of a count, as the charter gives it and the database keeps it."""

    @property
    def code(self) -> str:
        """Which step it is."""

    @property
    def values(self) -> Mapping[str, str | int]:
        """Its dates (ISO), numbers and words."""


def label(member: StrEnum, language: Language) -> str:
    """Return how a word of the charter is said in a language. Raises `WordsMissing`."""
    return text_of("labels", type(member).__name__, member.value, language)


def closed_because(code: str, language: Language) -> str:
    """Return why a day is closed: the code of the working calendar in words."""
    return text_of("labels", "closed", code, language)


def by_channel(channel: Channel, language: Language) -> str:
    """Return a channel as it stands inside a sentence: “by post”."""
    return text_of("labels", "by_channel", channel.value, language)


def way_out(channel: Channel, language: Language) -> str:
    """Return how a message leaves: as the channel is called, but nothing leaves by the form (charter §2)."""
    return text_of("labels", "way_out" if channel is Channel.WEB else "Channel", channel.value, language)


def by_way_out(channel: Channel, language: Language) -> str:
    """Return how a message leaves, as it stands inside a sentence to the requester: “on your tracking page”."""
    return text_of("labels", "by_way_out" if channel is Channel.WEB else "by_channel", channel.value, language)


def organisation(language: Language, *, short: bool = False) -> str:
    """Return the name of the FPS."""
    return text_of("phrases", "organisation", "short" if short else "name", language)


def days_left_in_words(due: date, today: date, language: Language) -> str:
    """Say how far a date is off: “in 3 days”, “tomorrow”, “today”, “2 days late” (Brussels dates)."""
    days = (due - today).days
    entry = {0: "today", 1: "tomorrow"}.get(days, "late" if days < 0 else "ahead")
    return fill(text_of("phrases", "days_left", entry, language), {"n": abs(days)}, language)


def rung_in_words(rung: str, language: Language) -> str:
    """Say what a rung of the ladder means: `before-2`, `breach`, `after-15`, `urgent-1`… Raises `WordsMissing`."""
    match = _RUNG.fullmatch(rung)
    name = match["name"] if match else rung
    number = int(match["number"] or 0) if match else 0
    entry = f"{name}_0" if number == 0 and f"{name}_0" in read_table("phrases")["rung"] else name
    if name == "urgent" and number:
        minutes = number * _URGENT_MINUTES
        entry, number = ("urgent_long", minutes // 60) if minutes >= _LONG_MINUTES else (entry, minutes)
    return fill(text_of("phrases", "rung", entry, language), {"n": number}, language)


def explain_steps(steps: Iterable[ExplainedStep | Mapping[str, object]], language: Language) -> list[str]:
    """Say each step of a count in one sentence; takes the charter's steps, or the same as stored in JSON."""
    sentences = []
    for step in steps:
        if isinstance(step, Mapping):
            code, values = str(step["code"]), step["values"]
            assert isinstance(values, Mapping)
        else:
            code, values = step.code, step.values
        sentences.append(fill(text_of("steps", "step", code, language), values, language))
    return sentences


def explain_rule(rule_id: str, *, days: int | None, due_on: date | None = None, language: Language) -> str:
    """Say why this date: the promise in plain words, with its source. Raises `WordsMissing`.

    `days` is the period in calendar days; none for a date that an interim letter promised, which is `due_on`.
    A period that was extended has words of its own.
    """
    rules = read_table("promises")["rule"]
    if rule_id not in rules:
        raise WordsMissing("promises", rule_id, language)
    values = {"days": days, "due_on": due_on, "source": rule_source(rule_id, language)}
    entry = f"{rule_id}.{days}"
    return fill(text_of("promises", "rule", entry if entry in rules else rule_id, language), values, language)


def rule_source(rule_id: str, language: Language) -> str:
    """Return where a promise is written, as it is quoted to people."""
    table = read_table("promises")
    return text_of("promises", "source", table["rule"][rule_id]["source"], language)


def name_of(name: str, language: Language, *, is_desk: bool) -> str:
    """Return how whoever handles a case is called: a desk is nobody in particular: it has a name in each."""
    return text_of("phrases", "organisation", "desk", language) if is_desk else name


def title_of(titles: Mapping[str, str] | None, role: Role, language: Language) -> str:
    """Return somebody's title in a language: their own, else what their role is called."""
    return (titles or {}).get(language.value) or label(role, language)


def refusal(error: CharterError, language: Language) -> str:
    """Say what was refused, and what to do, in one sentence."""
    known = read_table("refusals")["refusal"]
    shape = error.values.get("kind") or error.values.get("state") or _one_day(error.values)
    for entry in (f"{error.code}.{shape}", error.code):
        if entry in known:
            return fill(known[entry][language.value], error.values, language)
    return str(error)  # still one plain sentence, in English


def _one_day(values: Mapping[str, object]) -> str | None:
    """Name the shape of a refusal whose first and last possible day are the same: no “from … to …” then."""
    first, last = values.get("earliest", values.get("first")), values.get("latest", values.get("last"))
    return "one_day" if first is not None and first == last else None
