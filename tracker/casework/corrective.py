"""Owns the corrective actions: what is done because of a complaint, by whom and by when, and what came of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.assignment import CannotHandle
from tracker.casework.casefile import CaseFile, find
from tracker.casework.complaints import take_complaint
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor, House
from tracker.charter.counting import brussels_day
from tracker.charter.words import Effect, Verb
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.staff import Staff

LONGEST = timedelta(days=3 * 366)
"""How far ahead an action may be due; any later is a slip of the pen."""


class ConcernedByIt(Refused):
    """Whoever a complaint is about takes no part in it, in what is done because of it neither (charter §6)."""

    code = "concerned_by_it"

    def __init__(self) -> None:
        super().__init__("The complaint is about this person, who takes no part in it: choose somebody else.")


class ActionNotOpen(Refused):
    """An action that was done already, or is not done yet, or is not of this complaint."""

    code = "action_not_open"

    def __init__(self) -> None:
        super().__init__("This corrective action does not wait for that: read the page of the file again.")


class ImpossibleDay(Refused):
    """A day on which this cannot have been, or cannot be meant to be."""

    code = "impossible_day"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            f"That date is not possible: give one from {first} to {last}.",
            first=first.isoformat(), last=last.isoformat(),
        )  # fmt: skip


def add_action(
    session: Session, house: House, *, reference: str, what: str, owner_id: int, due_on: date, actor: Actor,
    now: datetime, seen: int | None,
) -> CorrectiveAction:  # fmt: skip
    """Write down what is to be done because of a complaint, by whom, and by which Brussels day.

    Raises ``Missing``, ``CannotHandle`` (nobody who is there), ``ConcernedByIt``, ``ImpossibleDay`` or
    ``NotAComplaint``.
    """
    assert actor.staff_id is not None
    file = take_complaint(session, house, reference=reference, actor=actor, now=now, seen=seen)
    owner = _owner(file, what, owner_id, due_on)
    action = CorrectiveAction(
        case_id=file.case.id, what=what.strip(), owner_id=owner.id, due_on=due_on, noted_at=now,
        noted_by=actor.staff_id,
    )  # fmt: skip
    session.add(action)
    session.flush()
    _tell(file, "action", action, owner=owner.name)
    return action


def change_action(
    session: Session, house: House, *, reference: str, number: int, what: str, owner_id: int, due_on: date,
    reason: str, actor: Actor, now: datetime, seen: int | None,
) -> CorrectiveAction:  # fmt: skip
    """Change what is not done yet, with the reason. Raises what ``add_action`` does, and ``ActionNotOpen``."""
    if not reason.strip():
        raise Missing("reason")
    file = take_complaint(session, house, reference=reference, actor=actor, now=now, seen=seen)
    action = _action(file, number)
    if action.done_on is not None:
        raise ActionNotOpen
    day = due_on if due_on != action.due_on else brussels_day(now)
    owner = _owner(file, what, owner_id, day)
    action.what, action.owner_id, action.due_on = what.strip(), owner.id, due_on
    _tell(file, "action_changed", action, owner=owner.name, reason=reason.strip())
    return action


def action_done(
    session: Session, house: House, *, reference: str, number: int, done_on: date, actor: Actor, now: datetime,
    seen: int | None,
) -> CorrectiveAction:  # fmt: skip
    """Record on which Brussels day an action was done: by its owner, or by whoever works on the complaint.

    An owner need not otherwise see the complaint. Raises ``NotPermitted``, ``ActionNotOpen`` or ``ImpossibleDay``.
    """
    case = find(session, reference, lock=True)
    action = session.get(CorrectiveAction, number, populate_existing=True)  # as it stands now that it is our turn
    if action is not None and action.case_id == case.id and _owns(action, case, actor):
        file = CaseFile.hold(session, house, case, actor=actor, now=now)
    else:
        file = take_complaint(session, house, reference=reference, actor=actor, now=now, seen=seen)
        action = _action(file, number)
    if action.done_on is not None:
        raise ActionNotOpen
    _between(brussels_day(action.noted_at), done_on, brussels_day(now))
    action.done_on = done_on
    _tell(file, "action_done", action)
    return action


def own_action_done(
    session: Session, house: House, *, number: int, done_on: date, actor: Actor, now: datetime
) -> CorrectiveAction:
    """Record that one's own action is done, wherever it is from. Raises what ``action_done`` does."""
    action = session.get(CorrectiveAction, number)
    case = session.get_one(Case, action.case_id) if action is not None else None
    if action is None or case is None or not _owns(action, case, actor):
        raise NotPermitted(Verb.WRITE)
    return action_done(
        session, house, reference=case.reference, number=number, done_on=done_on, actor=actor, now=now, seen=None
    )


def measure_effect(
    session: Session, house: House, *, reference: str, number: int, effect: Effect, looked_at: str, effect_on: date,
    actor: Actor, now: datetime, seen: int | None,
) -> CorrectiveAction:  # fmt: skip
    """Write down what an action was seen to have done, and what was looked at; seen again, the last counts.

    Raises ``Missing``, ``ActionNotOpen`` (it is not done yet) or ``ImpossibleDay``.
    """
    if not looked_at.strip():
        raise Missing("looked_at")
    file = take_complaint(session, house, reference=reference, actor=actor, now=now, seen=seen)
    action = _action(file, number)
    if action.done_on is None:
        raise ActionNotOpen
    _between(action.done_on, effect_on, brussels_day(now))
    action.effect, action.looked_at, action.effect_on = effect, looked_at.strip(), effect_on
    _tell(file, "effect", action)
    return action


def give_on(session: Session, case: Case) -> list[int]:
    """Give what somebody still has to do about a complaint that proves to be about them to its handler.

    Returns the actions' numbers, for the history.
    """
    wanted = (CorrectiveAction.case_id == case.id) & (CorrectiveAction.done_on.is_(None))
    query = select(CorrectiveAction).where(wanted, CorrectiveAction.owner_id == case.about_staff_id)
    given = list(session.scalars(query.order_by(CorrectiveAction.id)))
    for action in given:
        action.owner_id = case.handler_id
    return [action.id for action in given]


def give_to(file: CaseFile, action: CorrectiveAction, to: Sequence[Staff], *, reason: str) -> bool:
    """Give an action that is not done to the first of some colleagues whom the complaint is not about.

    Where there is none it stays as it is; say whether it was given.
    """
    owner = next((one for one in to if one.id != file.case.about_staff_id), None)
    if owner is None:
        return False
    action.owner_id = owner.id
    _tell(file, "action_changed", action, owner=owner.name, reason=reason)
    return True


def bring_along(session: Session, survivor: Case, gone: Case) -> list[int]:
    """Put the actions of a complaint that is merged onto the one that stays; returns their numbers."""
    actions = list(session.scalars(select(CorrectiveAction).where(CorrectiveAction.case_id == gone.id)))
    for action in actions:
        action.case_id = survivor.id
    return [action.id for action in actions]


def _owner(file: CaseFile, what: str, owner_id: int, due_on: date) -> Staff:
    if not what.strip():
        raise Missing("what")
    owner = file.session.get(Staff, owner_id)
    if owner is None or not owner.active or owner.is_desk:
        raise CannotHandle(owner.name if owner else "?")
    if owner.id == file.case.about_staff_id:
        raise ConcernedByIt
    today = brussels_day(file.now)
    _between(today, due_on, today + LONGEST)
    return owner


def _between(first: date, day: date, last: date) -> None:
    if not first <= day <= last:
        raise ImpossibleDay(first, last)


def _action(file: CaseFile, number: int) -> CorrectiveAction:
    action = file.session.get(CorrectiveAction, number)
    if action is None or action.case_id != file.case.id:
        raise ActionNotOpen
    return action


def _owns(action: CorrectiveAction, case: Case, actor: Actor) -> bool:
    person = actor.person
    mine = person is not None and action.owner_id in {person.id, *person.stands_in_for}
    return mine and person is not None and case.about_staff_id != person.id


def _tell(file: CaseFile, what: str, action: CorrectiveAction, **more: Any) -> None:
    """Write down in the history what was done about an action, and all that it says now."""
    said = {
        "number": action.id, "what": action.what, "owner": action.owner_id, "due_on": action.due_on.isoformat(),
        "done_on": action.done_on.isoformat() if action.done_on else None,
        "effect": action.effect, "looked_at": action.looked_at,
        "effect_on": action.effect_on.isoformat() if action.effect_on else None,
    }  # fmt: skip
    told = {name: value for name, value in said.items() if value is not None}
    file.done(Verb.WRITE, details={"complaint": what, "action": told, **more})
