"""Owns how a request becomes a case: reference, handler, service and promised dates from the first commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from tracker.casework.attachments import adopt
from tracker.casework.casefile import CaseFile, find
from tracker.casework.daybook import Arrival, came_in, check_arrival, reason_of
from tracker.casework.errors import Missing
from tracker.casework.house import CITIZEN, Actor, House
from tracker.casework.staffing import COMPLAINTS_SERVICE, Member, Team
from tracker.casework.writing import BY_MAIL, Services, acknowledgement, post, services_of, usual_way_back
from tracker.charter.counting import brussels_day
from tracker.charter.entries import Received
from tracker.charter.obligations import Obligation
from tracker.charter.reference import Reference
from tracker.charter.words import (
    CaseState,
    Channel,
    Direction,
    Language,
    MessageKind,
    Nature,
    ServiceKind,
)
from tracker.correspondence.tracking import tracking_code
from tracker.models.base import put
from tracker.models.cases import Association, Case
from tracker.models.messages import Message
from tracker.models.search import CaseSearch, found_by
from tracker.models.staff import Staff

if TYPE_CHECKING:
    from tracker.routing.proposal import Routing


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What arrived, as the form or the clerk gives it; lengths and addresses have been checked by the form.

    ``received_at`` is when it first reached any desk or mailbox of the FPS, aware. ``nature`` is proposed, unless
    ``confirmed``. ``answer_by`` is what a person on the phone or at the counter chose for the answer (P7).
    A complaint about a case concerns whoever handles that, unless ``about_staff_id`` says somebody else.
    """

    channel: Channel
    received_at: datetime
    nature: Nature
    language: Language
    subject: str
    text: str
    requester_name: str
    official_language: Language | None = None
    requester_email: str | None = None
    requester_phone: str | None = None
    requester_fax: str | None = None
    requester_address: str | None = None
    country: str | None = None
    urgent: bool = False
    sensitive: bool = False
    confirmed: bool = False
    answer_by: Channel | None = None
    about_reference: str | None = None
    about_service: str | None = None
    about_staff_id: int | None = None
    continues_reference: str | None = None
    service: str | None = None
    """The service a clerk gives it to; none: the router proposes."""
    submission_key: str | None = None
    attachments: tuple[int, ...] = ()
    """The files that came with it; the text may be empty when they hold it: a letter that was scanned."""
    arrival: Arrival | None = None
    """The day of receipt as a clerk gives it, with the reason for an unusual one; none: that of ``received_at``."""
    split_from: str | None = None
    """The case that it is a part of: what came on paper has its line in the daily book there."""
    acknowledge: bool = True
    """False: the requester was told all of it in the conversation."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The case, the code that lets its requester follow it, and whether this very form had been registered before.

    ``case`` is a plain value that no session watches. ``owed`` is what was promised at registration.
    """

    case: Case
    code: str
    owed: tuple[Obligation, ...]
    handler: Member | Staff
    again: bool


def register(
    session: Session,
    house: House,
    *,
    intake: Intake,
    actor: Actor,
    now: datetime,
    routing: "Routing | None" = None,
) -> Registered:
    """Make a case of what arrived, in one commit: reference, handler, service, promises, acknowledgement.

    ``routing`` is what ``routed`` said of it, where the caller's transaction has begun already. What came on paper or
    was said gets its line in the daily book. The same ``submission_key`` a second time gives the same case. Raises
    ``Missing``, ``UnusualDay``, or ``UnknownReference`` when a complaint names a case that does not exist.
    """
    if routing is None and not intake.service:
        routing = routed(house, intake, now)  # before anybody waits for our transaction
    intake = _urgent_if_it_says_so(intake, routing, actor)
    number, known = _number(session, intake.submission_key)
    if known is not None:
        return _again(session, house, known, now)
    _check_whole(intake, now)
    case = _case(session, house, intake, number, now)
    handler, associated, services = _give_to_somebody(session, case, intake, routing, now)
    entry = Received(
        at=now,
        received_at=intake.received_at,
        channel=intake.channel,
        nature=intake.nature,
        confirmed=intake.confirmed,
    )
    file = CaseFile.begin(session, house, case, entry, actor=actor, now=now)
    request = _request(file, intake)
    acknowledged = acknowledgement(file, handler, services) if intake.acknowledge else None
    file.opened(entry, details=_told(case, intake))
    if associated:
        put(
            session,
            *(Association.beside(case, code, since=now) for code in associated),
        )
    _say(file, intake, request, acknowledged, associated)
    return Registered(case, code_of(house, case), file.ledger.open_obligations, handler, again=False)


def _check_whole(intake: Intake, now: datetime) -> None:
    """Make sure that a request says who asks and what."""
    for name in ("subject", "text", "requester_name"):
        if not getattr(intake, name).strip() and not (name == "text" and intake.attachments):
            raise Missing(name)
    check_arrival(intake.arrival, now)


def _urgent_if_it_says_so(intake: Intake, routing: "Routing | None", actor: Actor) -> Intake:
    """Return what arrived, flagged when the router reads serious trouble in it and nobody of ours has seen it (P11).

    A missed emergency is worse than one too many; what a clerk enters is as urgent as the clerk says.
    """
    unseen = actor.person is None and not intake.confirmed
    if unseen and routing is not None and routing.proposed.urgent:
        return replace(intake, urgent=True)
    return intake


def routed(house: House, intake: Intake, now: datetime) -> "Routing":
    """Return what the router proposes for what arrived; in each language it first reads its words, in seconds."""
    return house.router().route(
        f"{intake.subject}\n{intake.text}",
        lang=intake.language,
        country=intake.country,
        nature=intake.nature,
        channel=intake.channel,
        on=brussels_day(now),
    )


def _again(session: Session, house: House, case_id: int, now: datetime) -> Registered:
    """Return what a form that was registered before became."""
    case = session.get_one(Case, case_id)
    file = CaseFile.hold(session, house, case, actor=CITIZEN, now=now, lock=False)
    handler = session.get_one(Staff, case.handler_id)
    return Registered(case, code_of(house, case), file.ledger.open_obligations, handler, again=True)


def _say(file: CaseFile, intake: Intake, request: Message, reply: Message | None, associated: Sequence[str]) -> None:
    """Store what the citizen wrote, and the acknowledgement, with its place in the outbox when it goes by e-mail."""
    put(file.session, *(message for message in (request, reply) if message is not None))
    put(file.session, CaseSearch(**found_by(file.case, [request], associated)))
    if reply is not None and reply.channel in BY_MAIL:
        post(file, reply.number)
    if intake.attachments:
        adopt(file.session, intake.attachments, case_id=file.case.id, message_number=request.number)
    if intake.split_from is None:
        came_in(file.session, file.case, request, arrival=intake.arrival, actor=file.actor, now=file.now)


def code_of(house: House, case: Case) -> str:
    """Return the tracking code that is valid for a case: derived, never stored."""
    return tracking_code(house.secret, case.reference, case.code_version)


def _number(session: Session, submission_key: str | None) -> tuple[int, int | None]:
    """Return the number of a new case, never given twice, and the case that this very form was registered as, if any.

    SQLite has one writer at a time, so that the highest number is known; PostgreSQL has a sequence.
    """
    key = submission_key or ""  # no message has an empty one
    row = session.connection().execute(_NUMBER[session.get_bind().dialect.name], {"key": key}).one()
    return int(row[0]), row[1]


_KNOWN = select(Message.case_id).where(Message.submission_key == bindparam("key")).scalar_subquery()
_NUMBER = {
    "postgresql": select(func.nextval("cases_id_seq"), _KNOWN),
    "sqlite": select(select(func.coalesce(func.max(Case.id), 0) + 1).scalar_subquery(), _KNOWN),
}


def _case(session: Session, house: House, intake: Intake, number: int, now: datetime) -> Case:
    """Return the new case, with its reference and its way back."""
    year = brussels_day(intake.received_at).year
    about = find(session, intake.about_reference) if intake.about_reference else None
    courtesy = intake.official_language or (Language.FR if intake.language is Language.EN else None)
    case = Case(
        id=number,
        reference=Reference(house.reference_prefix, year, number).format(),
        version=1,
        state=CaseState.TRIAGE,
        received_at=intake.received_at,
        registered_at=now,
        channel=intake.channel,
        nature=intake.nature,
        nature_confirmed_at=now if intake.confirmed else None,
        language=intake.language,
        official_language=courtesy,
        country=intake.country,
        subject=intake.subject.strip(),
        requester_name=intake.requester_name.strip(),
        requester_email=intake.requester_email,
        requester_phone=intake.requester_phone,
        requester_fax=intake.requester_fax,
        requester_address=intake.requester_address,
        code_version=1,
        urgent_since=now if intake.urgent else None,
        sensitive=intake.sensitive,
        about_case_id=about.id if about else None,
        about_staff_id=intake.about_staff_id or (_in_charge(session, about) if about else None),
        about_service_code=intake.about_service,
        continues_case_id=find(session, intake.continues_reference).id if intake.continues_reference else None,
    )
    case.reply_channel, case.reply_channel_reason = usual_way_back(case, chosen=intake.answer_by)
    return case


def _in_charge(session: Session, case: Case) -> int | None:
    """Return whom a complaint about a case concerns: the person who handles it, never a desk."""
    return session.scalar(select(Staff.id).where(Staff.id == case.handler_id, Staff.is_desk.is_(False)))


def _give_to_somebody(
    session: Session, case: Case, intake: Intake, routing: "Routing | None", now: datetime
) -> tuple[Member, list[str], Services]:
    """Give the case its service and handler; return the handler, who joins by themselves, and the services' rows.

    Whom routing assigns, else the dispatcher on duty, by name: never nowhere. A complaint goes to the complaints
    coordinator and the competent service (charter §6). Only our own services get a citizen's data unasked (P13).
    """
    lead = intake.service
    if routing is not None:
        case.routing = routing.to_json()
        lead = routing.suggestions[0].code if routing.decision == "auto" else None
    joining: set[str] = set()
    if intake.nature is Nature.COMPLAINT:
        joining |= {code for code in (intake.about_service, lead) if code}
        lead = COMPLAINTS_SERVICE
    services = services_of(session, (lead, *joining))
    if lead is not None and _is_ours(services, lead):
        case.service_code = lead
        joining |= set(services[lead].associated)
    if joining - services.keys():
        services |= services_of(session, joining)
    team = Team.load(session, day=brussels_day(now), services=[lead] if lead else ())
    handler = team.handler_for(case.service_code, turn=case.id, not_this=case.about_staff_id)
    case.handler_id = handler.id
    settled = case.service_code is not None and not handler.is_desk
    case.state = CaseState.OPEN if settled else CaseState.TRIAGE
    case.triage_since = None if settled else now
    return handler, sorted(code for code in joining if code != lead and _is_ours(services, code)), services


def _is_ours(services: Services, code: str) -> bool:
    return code in services and services[code].kind is ServiceKind.INTERNAL


def _request(file: CaseFile, intake: Intake) -> Message:
    """Return what the citizen wrote or said, as the first message of the case."""
    return Message(
        case_id=file.case.id,
        number=file.next_message_number(),
        submission_key=intake.submission_key,
        direction=Direction.IN,
        kind=MessageKind.REQUEST,
        channel=intake.channel,
        language=intake.language,
        subject=file.case.subject,
        body=intake.text,
        author_id=file.actor.staff_id,
        written_at=intake.received_at,
    )


def _told(case: Case, intake: Intake) -> dict[str, Any]:
    """Return what the history says about the beginning."""
    told = {
        "channel": intake.channel,
        "nature": intake.nature,
        "service": case.service_code,
        "handler": case.handler_id,
        "decision": (case.routing or {}).get("decision"),
        "urgent": intake.urgent,
    }
    part = {"split_from": intake.split_from} if intake.split_from else {}
    return told | part | reason_of(intake.arrival)
