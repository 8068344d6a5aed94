"""Owns how a promise is told to the citizen: the date, what is due then, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from tracker.charter.steps import StepCode
from tracker.charter.words import Language, ObligationKind, ObligationState, Role
from tracker.correspondence.explanation import explain_rule, explain_steps, label, name_of, title_of
from tracker.web.bars import Bar, Mark, bar_of
from tracker.web.filters import unbroken_day as day


@dataclass(frozen=True, slots=True)
class Explained:
    """One promise in the reader's words; the dates are Brussels days."""

    what: str
    due_on: date
    why: str
    steps: list[str]
    state: ObligationState
    state_in_words: str
    bar: Bar | None
    """Where today stands between what came in and what is due, while it is owed."""


def explained(promise: Mapping[str, Any], language: Language, *, today: date | None = None) -> Explained:
    """Put a promise into words: the fields of `insight.tracking.Promise`, or what the confirmation carries.

    `today`: draw the bar of one that is owed, as it stands on that day (Brussels).
    """
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
        bar=bar_of(_days(promise, today)) if today is not None and state is ObligationState.OPEN else None,
    )


def _days(promise: Mapping[str, Any], today: date) -> Iterator[tuple[Mark, date, str]]:
    """Yield the days between which an open promise stands, each in words."""
    began, due, late = promise["counted_from"], promise["due_on"], promise["due_on"] + timedelta(days=1)
    by_letter = any(step["code"] == StepCode.PROMISED for step in promise["steps"][:1])
    said = _("our letter of %(day)s", day=day(began)) if by_letter else _("received on %(day)s", day=day(began))
    yield Mark.LETTER if by_letter else Mark.BEGAN, began, said
    yield Mark.DUE, due, _("at the latest on %(day)s", day=day(due))
    if today > due:
        yield Mark.LATE, late, _("late since %(day)s", day=day(late))
    yield Mark.TODAY, today, _("today, %(day)s", day=day(today))


def in_charge(handler: Mapping[str, Any], language: Language) -> dict[str, str]:
    """Whoever is in charge, with name and title as the reader's language has them."""
    name = name_of(handler["name"], language, is_desk=handler["is_desk"])
    title = title_of(handler["titles"], Role(handler["role"]), language)
    return {"name": name, "title": title, "phone": handler["phone"], "email": handler["email"]}
