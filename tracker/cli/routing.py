"""Owns the commands about routing: proposing services for a text."""

import json
import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from config import Settings
from tracker.charter.counting import brussels_day
from tracker.charter.errors import shortened
from tracker.charter.words import Language, Nature
from tracker.cli.failures import DONE, say, told_of_database
from tracker.cli.lines import LONGEST, BadLine, answer_each, word
from tracker.opening import clock, is_not_there_yet, open_database, open_routing

if TYPE_CHECKING:
    from tracker.routing.proposal import Routing
    from tracker.routing.router import Router


def route(arguments: Namespace) -> int:
    """Propose services for the text on standard input, or for one text a line; no database is needed."""
    # Nothing is signed here: without a key of the installation, one of the moment will do.
    settings = Settings.from_env({"SECRET_KEY": secrets.token_urlsafe(48)} | os.environ)
    router, day = router_in_force(settings), brussels_day(clock())

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        text = given.get("text")
        if not isinstance(text, str):
            raise BadLine("text is missing: write it as a JSON string.")
        found = router.route(
            text,
            lang=word(Language, given, "lang") if given.get("lang") is not None else None,
            nature=word(Nature, given, "nature") if given.get("nature") is not None else None,
            country=country_of(given.get("country")),
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


def router_in_force(settings: Settings) -> "Router":
    """Return the router in force; that of the product where there is no database, or none that can be asked."""
    from sqlalchemy.exc import DBAPIError

    if is_not_there_yet(settings):
        return open_routing(settings).shipped()
    with closing(open_database(settings)) as database:
        routing = open_routing(settings, database)
        try:
            return routing()
        except DBAPIError as error:
            told = told_of_database(error)
            say(f"{told[0] if told else error} Until then the model of the product answers.", DONE)
            return routing.shipped()


def country_of(given: Any) -> str | None:
    """Return a country as the router takes it, or None. Raises ``BadLine``."""
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
