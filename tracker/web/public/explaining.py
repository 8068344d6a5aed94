"""Owns how a promise is told to the citizen: the date, what is due then, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tracker.charter.words import Language, ObligationKind, ObligationState, Role
from tracker.correspondence.explanation import explain_rule, explain_steps, label, name_of, title_of


@dataclass(frozen=True, slots=True)
class Explained:
    """One promise in the reader's words; the dates are Brussels days."""

    what: str
    due_on: date
    why: str
    steps: list[str]
    state: ObligationState
    state_in_words: str


def explained(promise: Mapping[str, Any], language: Language) -> Explained:
    """Put a promise into words: the fields of `insight.tracking.Promise`, or what the confirmation carries."""
    due_on = promise["due_on"]
    due_on = date.fromisoformat(due_on) if isinstance(due_on, str) else due_on
    state = ObligationState(promise["state"])
    return Explained(
        what=label(ObligationKind(promise["kind"]), language),
        due_on=due_on,
        why=explain_rule(promise["rule_id"], days=promise["days"], due_on=due_on, language=language),
        steps=explain_steps(promise["steps"], language),
        state=state,
        state_in_words=label(state, language),
    )


def in_charge(handler: Mapping[str, Any], language: Language) -> dict[str, str]:
    """Whoever is in charge, with name and title as the reader's language has them."""
    name = name_of(handler["name"], language, is_desk=handler["is_desk"])
    title = title_of(handler["titles"], Role(handler["role"]), language)
    return {"name": name, "title": title, "phone": handler["phone"], "email": handler["email"]}
