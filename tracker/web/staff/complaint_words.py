"""Owns how the history of a complaint tells what was found and what is done because of it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from tracker.charter.complaints import Analysis
from tracker.charter.erasing import ERASED
from tracker.charter.words import Effect, Inadmissible, Language, Outcome
from tracker.correspondence.explanation import label
from tracker.web.filters import day
from tracker.web.languages import language


def complaint_step(details: Mapping[str, Any]) -> str:
    """Say what kind of step it was."""
    steps = {
        "finding": _("The finding was recorded."),
        "action": _("A corrective action was added."),
        "action_changed": _("A corrective action was changed."),
        "action_done": _("A corrective action was done."),
        "effect": _("The effect of a corrective action was recorded."),
    }
    return str(steps[details["complaint"]])


def complaint_told(details: Mapping[str, Any], names: Mapping[int, str]) -> Iterator[str]:
    """Say what was found, or what the action says from then on."""
    told = _finding(details.get("finding", {})) if "finding" in details else _action(details["action"], details)
    yield from (words for words in told if words != ERASED)


def _finding(found: Mapping[str, Any]) -> Iterator[str]:
    lang, lists = Language(language()), Analysis.shipped()
    if found["admissible"]:
        yield str(_("Admissible"))
    else:
        yield _named(_("Not admissible"), label(Inadmissible(found["ground"]), lang))
    if found.get("note"):
        yield found["note"]
    if found.get("outcome"):
        yield _named(label(Outcome(found["outcome"]), lang), found["reasons"])
    for code, words in ((found.get("theme"), lists.themes), (found.get("cause"), lists.causes)):
        if code:
            yield words[code].names[lang] if code in words else code


def _named(what: str, words: str) -> str:
    return str(_("%(what)s: %(words)s", what=what, words=words)) if words != ERASED else what


def _action(action: Mapping[str, Any], details: Mapping[str, Any]) -> Iterator[str]:
    lang = Language(language())
    yield action["what"]
    if details["complaint"] in ("action", "action_changed"):
        yield str(details["owner"])
        yield _("To be done by") + f" {day(date.fromisoformat(action['due_on']))}"
    elif details["complaint"] == "action_done":
        yield day(date.fromisoformat(action["done_on"]))
    else:
        yield f"{label(Effect(action['effect']), lang)} ({day(date.fromisoformat(action['effect_on']))})"
        yield action["looked_at"]
