"""Owns who has a case: routed to a service, assigned, taken, handed over, flagged."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tracker.access.permissions import Person, reaches
from tracker.casework.casefile import CaseFile
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.casework.people import UnknownService
from tracker.casework.staffing import COMPLAINTS_SERVICE, Team
from tracker.casework.tasks import closed_to
from tracker.casework.teaching import forget, teach
from tracker.casework.to_and_fro import check_explained, check_free, decides, refer
from tracker.casework.writing import usual_way_back
from tracker.charter.counting import brussels_day
from tracker.charter.rungs import Anchor
from tracker.charter.words import CaseState, Nature, Role, ServiceKind, Verb
from tracker.models.cases import Association, Case
from tracker.models.directory import Service
from tracker.models.obligations import Notice
from tracker.models.staff import Staff


class NotOurService(Refused):
    """A case stays with one of our own services; another body gets it by transmission, which is a person's act."""

    code = "not_our_service"

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} is not a service of the FPS: transmit the case to it instead.", service=service)


class ServiceClosed(Refused):
    """A service that has ended, or has not begun: nobody would look for a case there."""

    code = "service_closed"

    def __init__(self, service: str) -> None:
        super().__init__(f"The service {service} is not in force today: choose another one.", service=service)


class CannotHandle(Refused):
    """This person cannot be given this case."""

    code = "cannot_handle"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot handle this case: choose another colleague.", name=name)


def route(
    session: Session,
    house: House,
    *,
    reference: str,
    service_code: str,
    reason: str | None = None,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Give a case to one of our services: its clerk in turn handles it, associated services join by themselves (P13).

    An urgent case goes on ringing: nobody has taken it yet. One that would come back to a service, or move a third
    time, goes to the dispatchers' head instead, who decides. Raises ``UnknownService``, ``NotOurService``,
    ``ServiceClosed``, ``HeadDecides``, or ``MoveUnexplained`` where a case that moved before moves again without a
    reason.
    """
    file = CaseFile.take(session, house, reference=reference, verb=Verb.ROUTE, actor=actor, now=now, seen=seen)
    service = session.get(Service, service_code)
    if service is None:
        raise UnknownService(service_code)
    if service.kind is not ServiceKind.INTERNAL:
        raise NotOurService(service_code)
    if not service.stands_on(brussels_day(now)):
        raise ServiceClosed(service_code)
    case, before, went = file.case, file.case.service_code, check_free(file)
    check_explained(file, went, to=service_code, reason=reason)
    asks = before not in (None, service_code) and went.too_far(service_code) and not decides(file, went)
    if asks and refer(file, wanted=service_code, reason=reason):
        return case
    case.service_code, case.state, case.triage_since = service_code, CaseState.OPEN, None
    team = Team.load(session, day=brussels_day(now))
    case.handler_id = team.handler_for(service_code, turn=case.id, not_this=case.about_staff_id).id
    _reassociate(session, case, service, now, before=before)
    teach(session, case, service_code, actor=actor, now=now)
    details = {"from": before, "to": service_code, "handler": case.handler_id, **closed_to(file)}
    file.done(Verb.ROUTE, details=details | ({"reason": reason} if reason else {}))
    return case


def _reassociate(session: Session, case: Case, lead: Service, now: datetime, *, before: str | None = None) -> None:
    """Put on the case whom the lead service shares its competence with.

    A complaint keeps its coordinator, and the competent service: the one it is about, and the one that led it
    ``before`` it went to the coordinator (charter §6).
    """
    wanted = set(lead.associated)
    if case.nature is Nature.COMPLAINT:
        wanted |= {COMPLAINTS_SERVICE, case.about_service_code or COMPLAINTS_SERVICE}
        wanted |= {before} if before is not None and lead.code == COMPLAINTS_SERVICE else set()
    wanted.discard(lead.code)
    session.execute(delete(Association).where(Association.case_id == case.id))
    for code in sorted(wanted):
        session.add(Association.beside(case, code, since=now))


def assign(
    session: Session,
    house: House,
    *,
    reference: str,
    handler_id: int,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Give a case to a member of staff. Raises ``CannotHandle``."""
    return _give(
        session, house, Verb.ASSIGN, reference=reference, handler_id=handler_id, actor=actor, now=now, seen=seen
    )


def take(session: Session, house: House, *, reference: str, actor: Actor, now: datetime, seen: int | None) -> Case:
    """Take a case oneself: an urgent one stops ringing, one in triage that has no service joins one's own."""
    assert actor.staff_id is not None
    return _give(
        session, house, Verb.TAKE, reference=reference, handler_id=actor.staff_id, actor=actor, now=now, seen=seen
    )


def hand_over(
    session: Session,
    house: House,
    *,
    reference: str,
    handler_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Hand a case over to a colleague, with the reason. Raises ``CannotHandle`` or ``Missing``."""
    if not reason.strip():
        raise Missing("reason")
    return _give(
        session,
        house,
        Verb.HAND_OVER,
        reference=reference,
        handler_id=handler_id,
        actor=actor,
        now=now,
        seen=seen,
        reason=reason,
    )


def _give(
    session: Session,
    house: House,
    verb: Verb,
    *,
    reference: str,
    handler_id: int,
    actor: Actor,
    now: datetime,
    seen: int | None,
    reason: str | None = None,
) -> Case:
    """Change the handler. Whoever a complaint concerns never handles it (charter §6)."""
    file = CaseFile.take(session, house, reference=reference, verb=verb, actor=actor, now=now, seen=seen)
    case, before = file.case, file.case.handler_id
    decided = check_free(file).waiting
    handler = session.get(Staff, handler_id)
    if handler is None or not handler.active or handler.is_desk or not reaches(_person(handler), Verb.ANSWER):
        raise CannotHandle(handler.name if handler else "?")
    if handler.id == case.about_staff_id:
        raise CannotHandle(handler.name)
    case.handler_id = handler.id
    lead = session.get(Service, _service_of(handler) or "") if case.state is CaseState.TRIAGE else None
    if lead is not None:
        case.service_code, case.state, case.triage_since = lead.code, CaseState.OPEN, None
        _reassociate(session, case, lead, now)
    if handler.id == actor.staff_id and case.urgent_since is not None and case.urgent_taken_at is None:
        case.urgent_taken_at = now  # given to somebody else, it goes on ringing until they take it
    details = {"from": before, "to": handler.id, "name": handler.name, "reason": reason}
    more = {"service": lead.code, "decides": decided} if lead is not None else {}
    file.done(verb, details=details | more)
    return case


def _rings_from(file: CaseFile, now: datetime) -> datetime:
    """Return the moment from which an urgent case rings, such that it rings now.

    A notice is never sent twice: a case that rang before goes on with the first that was not sent, so its count
    begins that much earlier.
    """
    rung = next(rung for rung in file.house.rules.ladder.rungs if rung.anchor is Anchor.URGENT_SINCE)
    owed = [file.rows[promise.number].id for promise in file.ledger.open_obligations]
    told = file.session.scalars(
        select(Notice.rung).where(Notice.obligation_id.in_(owed), Notice.rung.startswith(f"{rung.stem}-"))
    )
    rang = max((int(name.partition("-")[2]) + 1 for name in told), default=0)
    return now - timedelta(minutes=rang * (rung.repeat_minutes or 0))


def _service_of(handler: Staff) -> str | None:
    """Return the service that leads what somebody takes out of triage; none for those who only dispatch."""
    if handler.role is Role.COMPLAINTS:
        return COMPLAINTS_SERVICE
    return handler.service_code if handler.role in (Role.CLERK, Role.HEAD) else None


def _person(staff: Staff) -> Person:
    return Person(staff.id, staff.role, staff.service_code)


def flag(
    session: Session,
    house: House,
    *,
    reference: str,
    urgent: bool | None = None,
    sensitive: bool | None = None,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Flag a case as urgent (it rings until somebody takes it) or sensitive (handler, deputy and head only), or not.

    None leaves a flag as it is. Raises ``Missing`` without a reason.
    """
    if not reason.strip():
        raise Missing("reason")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.FLAG, actor=actor, now=now, seen=seen)
    case = file.case
    if urgent is not None:
        case.urgent_since, case.urgent_taken_at = (_rings_from(file, now) if urgent else None), None
    if sensitive is not None:
        case.sensitive = sensitive
        forget(session, case)
        case.reply_channel, case.reply_channel_reason = usual_way_back(case)
    told = {"urgent": urgent, "sensitive": sensitive, "reason": reason}
    file.done(Verb.FLAG, details=told | (dict(closed_to(file)) if sensitive else {}))
    return case
