"""Owns how a promise is told to the citizen: the date, what is due then, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from tracker.charter.steps import StepCode
from tracker.charter.words import Language, MessageKind, ObligationKind, ObligationState, Role
from tracker.correspondence.explanation import explain_rule, explain_steps, label, name_of, title_of
from tracker.web.bars import Bar, Mark, bar_of
from tracker.web.filters import unbroken_day as day


@dataclass(frozen=True, slots=True)
class Explained:
    """One promise in the reader's words; the dates are Brussels days."""

    what: str
    awaited: str
    """What the citizen waits for while it is owed, as words that lead to the date."""
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
        awaited=_awaited(ObligationKind(promise["kind"])),
        due_on=due_on,
        why=explain_rule(promise["rule_id"], days=promise["days"], due_on=due_on, language=language),
        steps=explain_steps(promise["steps"], language),
        state=state,
        state_in_words=_became(state),
        bar=bar_of(_days(promise, today)) if today is not None and state is ObligationState.OPEN else None,
    )


def _awaited(kind: ObligationKind) -> str:
    match kind:
        case ObligationKind.INTERIM:
            return str(_("Our answer, or a letter that says when you will have it: at the latest on"))
        case ObligationKind.TRANSMISSION:
            return str(_("We pass it on to the competent service and tell you so: at the latest on"))
        case _:
            return str(_("Our answer: at the latest on"))


def _became(state: ObligationState) -> str:
    match state:
        case ObligationState.DISCHARGED:
            return str(_("done"))
        case ObligationState.REPLACED:
            return str(_("replaced by another promise"))
        case ObligationState.WAIVED:
            return str(_("no longer due"))
        case _:
            return str(_("still due"))


def heading_of(kind: MessageKind, language: Language) -> str:
    """Say what a message is to the one it was written to, or who wrote it."""
    match kind:
        case MessageKind.REQUEST:
            return str(_("Your message"))
        case MessageKind.FOLLOW_UP:
            return str(_("Your further message"))
        case MessageKind.QUESTION:
            return str(_("Our question to you"))
        case MessageKind.NOTE:
            return str(_("A conversation with you"))
        case _:
            return label(kind, language)


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
