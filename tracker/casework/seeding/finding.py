"""Owns what search finds a made-up case by: the words of its story worked out once, those of its people added."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from tracker.casework.seeding.story import Story
from tracker.charter.words import CaseState
from tracker.models.own_words import BY_ITSELF, unsigned
from tracker.models.search import mark, month, packed, stretches
from tracker.models.words import words_of

_TOKEN = re.compile(r"%\((\w+)\)s")
_OF_MANY = frozenset({"subject", "handler_name", "handler_title", "handler_phone", "handler_email", "service_name",
                      "office", "reason"})  # fmt: skip
"""Tokens whose texts are those of many cases."""


class Sought(NamedTuple):
    """What of a story can be looked for: its texts and the requester's details, by the names of their tokens."""

    texts: tuple[str, ...]
    details: tuple[str, ...]
    marks: frozenset[str]
    triage: bool


def sought_in(story: Story, case: Mapping[str, Any]) -> Sought:
    """Return what of a story can be looked for; ``case``: the values of its case."""
    bodies = (row.get("reason") or row["body"] for row in story.messages if row["kind"] not in BY_ITSELF)
    details = (case[f"requester_{part}"] for part in ("name", "email", "phone", "fax", "address"))
    marks = {mark(what, case[what]) for what in ("state", "nature", "channel")}
    marks.add(month(story.received_at))
    if story.urgent and case.get("urgent_taken_at") is None and story.state in (CaseState.OPEN, CaseState.TRIAGE):
        marks.add("ringing")
    named = tuple(_TOKEN.findall("\n".join(filter(None, details))))
    return Sought(tuple(dict.fromkeys(_TOKEN.findall("\n".join(bodies)))), named, frozenset(marks),
                  case["service_code"] is None)  # fmt: skip


def words_of_story(sought: Sought, facts: Mapping[str, Any]) -> str:
    """Return the words of one case that has this story."""
    language, texts = facts["language"], facts["texts"]
    fixed, of_many, of_one = _of_templates(tuple([texts[what] for what in sought.texts]), language)
    found = words_of("\n".join([facts[name] for name in (*sought.details, *of_one)]), language)
    found |= fixed
    found |= _words(tuple([facts[name] for name in of_many]), language)
    return packed(found)


def marks_of_story(sought: Sought, facts: Mapping[str, Any]) -> str:
    """Return the marks of one case that has this story."""
    services = facts["associated"] if sought.triage else (facts["service"], *facts["associated"])
    return " ".join([*_marks_of_services(tuple(services)), *sought.marks, mark("language", facts["language"]),
                     mark("h", facts["handler"]), *stretches(facts["case"])])  # fmt: skip


@lru_cache(maxsize=4096)
def _marks_of_services(services: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(mark("s", code) for code in services)


@lru_cache(maxsize=32_768)
def _words(texts: tuple[str, ...], language: str) -> frozenset[str]:
    return frozenset(words_of("\n".join(texts), language))


@lru_cache(maxsize=1024)
def _of_templates(texts: tuple[str, ...], language: str) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    """Return the words that some texts have in every case, and the tokens in them: those of many cases and of one."""
    whole = "\n".join(unsigned(text, "%(handler_name)s") for text in texts)
    tokens = {"subject", *_TOKEN.findall(whole)}
    return (
        frozenset(words_of(_TOKEN.sub("|", whole), language)),
        tuple(sorted(tokens & _OF_MANY)),
        tuple(sorted(tokens - _OF_MANY - {"name"})),  # the name is among the details
    )
