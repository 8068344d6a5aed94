"""Owns what becomes of a case that goes to and fro: the dispatchers' head gets it, and nobody else moves it on."""

from tracker.casework.casefile import CaseFile
from tracker.casework.errors import Missing, Refused
from tracker.casework.staffing import Member, Team, stands_in_for
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Recipient, Role, Verb
from tracker.insight.mailbox import desks
from tracker.insight.to_and_fro import Wandering, wandering_of
from tracker.models.staff import Staff


class HeadDecides(Refused):
    """A case that went to and fro is moved on by the dispatchers' head only."""

    code = "head_decides"

    def __init__(self, name: str) -> None:
        super().__init__(f"This file has gone to and fro: {name} decides where it goes.", name=name)


class MoveUnexplained(Missing):
    """A case that moved before moves again, without a word why."""

    code = "move_unexplained"

    def __init__(self) -> None:
        super().__init__("reason")


def check_explained(file: CaseFile, went: Wandering, *, to: str, reason: str | None) -> None:
    """Make sure that a second move, or a way back, has a reason: whoever may have to decide later goes by it.

    Those who decide are not asked. Raises ``MoveUnexplained``.
    """
    moves = file.case.service_code not in (None, to)
    if moves and went.moves and not (reason or "").strip() and not decides(file, went):
        raise MoveUnexplained


def check_free(file: CaseFile) -> Wandering:
    """Return where a case went; raises ``HeadDecides`` when somebody else is to decide where it goes next."""
    went = wandering_of(file.session, file.case.id)
    if went.waiting and not decides(file, went):
        raise HeadDecides(file.session.get_one(Staff, file.case.handler_id).name)
    return went


def decides(file: CaseFile, went: Wandering) -> bool:
    """Say whether the actor is over the dispatchers, or the one who was asked, or stands in for them."""
    person = file.actor.person
    if person is None:
        return False
    if person.role is Role.HEAD and person.service_code in desks(file.session):
        return True
    if not went.waiting:
        return False
    own = {person.id} | stands_in_for(file.session, person.id, person.role, day=brussels_day(file.now))
    return file.case.handler_id in own


def refer(file: CaseFile, *, wanted: str | None = None, reason: str | None = None) -> bool:
    """Give a case to the dispatchers' head, with the service that somebody ``wanted`` it to go to.

    It goes on as before meanwhile: its service still sees it, and its promises run. No head there: their deputy, else
    the dispatcher on duty, by name. With nobody there it stays where it is: return False.
    """
    case, before = file.case, file.case.handler_id
    head = _head(file)
    if head.is_desk:
        return False
    case.handler_id = head.id
    if case.state is not CaseState.TRIAGE:
        case.state, case.triage_since = CaseState.TRIAGE, file.now
    details = {"from": before, "to": head.id, "name": head.name, "referred": True, "wanted": wanted, "reason": reason}
    file.done(Verb.ASSIGN, details={name: value for name, value in details.items() if value is not None})
    return True


def _head(file: CaseFile) -> Member:
    """Return the dispatchers' head who is there, or their deputy; else the dispatcher on duty."""
    case = file.case
    team = Team.load(file.session, day=brussels_day(file.now))
    heads = team.reached(
        Recipient.DISPATCHERS_HEAD, handler_id=case.handler_id, service=None, not_this=case.about_staff_id
    )
    if heads:
        return team.members[heads[0]]
    away = [m for m in team.members.values() if m.role is Role.HEAD and m.service_code in desks(file.session)]
    deputies = (team.there(head, not_this=case.about_staff_id) for head in away)
    return next(filter(None, deputies), None) or team.handler_for(None, turn=case.id, not_this=case.about_staff_id)
