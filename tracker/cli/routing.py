"""Owns the commands about routing: proposing services for a text."""

import json
import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracker.charter.counting import brussels_day
from tracker.charter.errors import shortened
from tracker.charter.words import Language, Nature
from tracker.cli.failures import DONE
from tracker.cli.lines import LONGEST, BadLine, answer_each, word
from tracker.opening import clock, open_house

if TYPE_CHECKING:
    from tracker.routing.router import Routing


def route(arguments: Namespace) -> int:
    """Propose services for the text on standard input, or for one text a line; no database is needed."""
    from config import Settings

    # Nothing is signed here: without a key of the installation, one of the moment will do.
    settings = Settings.from_env({"SECRET_KEY": secrets.token_urlsafe(48)} | os.environ)
    router, day = open_house(settings).router(), brussels_day(clock())

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        text = given.get("text")
        if not isinstance(text, str):
            raise BadLine("text is missing: write it as a JSON string.")
        found = router.route(
            text,
            lang=word(Language, given, "lang") if given.get("lang") is not None else None,
            nature=word(Nature, given, "nature") if given.get("nature") is not None else None,
            country=_country(given.get("country")),
            top=arguments.top,
            on=day,
        )
        return found.to_json()

    if arguments.jsonl:
        return answer_each(answer)
    text = sys.stdin.buffer.read(LONGEST).decode("utf-8", "replace")
    routing = router.route(text, top=arguments.top, on=day)
    print(json.dumps(routing.to_json(), ensure_ascii=False) if arguments.json else _in_words(routing))
    return DONE


def _country(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or len(given) != 2 or not given.isascii() or not given.isalpha():
        raise BadLine(f"country is {shortened(repr(given))}: write two letters, such as BE.")
    return given.upper()


def _in_words(routing: "Routing") -> str:
    decisions = {"auto": "goes there by itself", "suggest": "a person decides", "abstain": "goes to triage"}
    lines = [f"{decisions[routing.decision]} (language: {routing.lang or 'unknown'})"]
    if routing.reason:
        lines.append(f"  {routing.reason}")
    for place in routing.suggestions:
        beside = f", with {', '.join(place.associated)}" if place.associated else ""
        lines.append(f"{place.score:.2f} {place.code} {place.name}{beside}")
        lines += [f"     “{reason.passage}”: {reason.competence}" for reason in place.reasons]
    return "\n".join(lines)
