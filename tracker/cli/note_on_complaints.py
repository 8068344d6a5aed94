"""Owns how the note on a case tells what was found of a complaint, and what is done because of it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tracker.charter.words import Effect, Inadmissible, Language, Outcome
from tracker.correspondence.explanation import label


def complaint_told(details: Mapping[str, Any], say: Callable[..., str], language: Language) -> str:
    """Say in one sentence what an entry of the history says of a complaint; ``say`` fills a line of the note."""
    step, action = f"complaint_{details['complaint']}", details.get("action", {})
    match details["complaint"]:
        case "finding":
            return say(step, told=_finding(details["finding"], language))
        case "action_done":
            return say(step, day=date.fromisoformat(action["done_on"]), told=action["what"])
        case "effect":
            told = f"{label(Effect(action['effect']), language)}. {action['looked_at']}"
            return say(step, day=date.fromisoformat(action["effect_on"]), told=told)
    return say(step, owner=details["owner"], day=date.fromisoformat(action["due_on"]), told=action["what"])


def _finding(found: Mapping[str, Any], language: Language) -> str:
    """Say what was found, with its reasons; of one that could not be dealt with, why not."""
    if not found["admissible"]:
        said = label(Inadmissible(found["ground"]), language)
        return f"{said}. {found['note']}" if found.get("note") else f"{said}."
    return f"{label(Outcome(found['outcome']), language)}. {found['reasons']}" if found.get("outcome") else "–"
