"""Owns how a message comes to be: who signs it, which way it goes, what it says; and its place in the outbox."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Row, bindparam, insert, literal, select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.house import House
from tracker.casework.staffing import COMPLAINTS_SERVICE
from tracker.charter.counting import brussels_day
from tracker.charter.words import (
    PAPER,
    SPOKEN,
    Act,
    Channel,
    ChannelReason,
    Direction,
    Language,
    MessageKind,
    Nature,
    RegisteredGround,
    Role,
)
from tracker.correspondence.compose import Composed, standard_letter
from tracker.correspondence.explanation import name_of, organisation, title_of
from tracker.correspondence.facts import LetterFacts, Promise, Signature, Tracking
from tracker.correspondence.gate import WayBack, way_back
from tracker.correspondence.phones import Line, Phone, emergency_phones
from tracker.correspondence.tracking import tracking_code
from tracker.insight.posts import post_for
from tracker.models.base import Moment
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.messages import Message, Outbox
from tracker.models.staff import Staff

BY_MAIL = (Channel.EMAIL,)
PUBLISHED = (Channel.WEB,)


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it will go: what it is, which way, and every word of it; nothing is stored yet."""

    kind: MessageKind
    act: Act | None
    channel: Channel
    address: str | None
    signature: Signature
    language: Language
    composed: Composed
    service_code: str | None = None
    promised_on: date | None = None
    reason: str | None = None
    inform_only: bool = False
    channel_reason: ChannelReason | None = None
    registered_ground: RegisteredGround | None = None


class Signer(Protocol):
    """Who signs, with what is printed under a message."""

    @property
    def name(self) -> str: ...
    @property
    def is_desk(self) -> bool: ...
    @property
    def role(self) -> Role: ...
    @property
    def titles(self) -> dict[str, Any] | None: ...
    @property
    def phone(self) -> str: ...
    @property
    def email(self) -> str: ...


Services: TypeAlias = dict[str, Row[Any]]
"""Rows of the directory, by code."""


def services_of(session: Session, codes: Iterable[str | None]) -> Services:
    """Return what the directory says of these services, and of the headquarters: kind, associated, names, address."""
    wanted = {HEADQUARTERS, *(code for code in codes if code)}
    return {row.code: row for row in session.connection().execute(_SERVICES, {"codes": list(wanted)})}


_SERVICES = select(
    Service.code, Service.kind, Service.associated, Service.names, Service.postal_address
).where(Service.code.in_(bindparam("codes", expanding=True)))  # fmt: skip


def signature_of(services: Services, case: Case, signer: Signer, service_code: str | None) -> Signature:
    """Return what is printed under a message: whoever acts signs, with the postal address of the service (P8)."""
    service, house = services.get(case.service_code or service_code or ""), services.get(HEADQUARTERS)
    address = (service.postal_address if service else None) or (house.postal_address if house else None)
    return Signature(
        name=name_of(signer.name, case.language, is_desk=signer.is_desk),
        title=title_of(signer.titles, signer.role, case.language),
        phone=signer.phone,
        email=signer.email,
        service_name=str(service.names[case.language.value]) if service else organisation(case.language),
        postal_address=address or "",
        is_desk=signer.is_desk,
    )


HEADQUARTERS = COMPLAINTS_SERVICE
"""The service whose postal address serves while a case has no service yet: it is that of the headquarters."""


def signature_for(file: CaseFile) -> Signature:
    """Return the signature of whoever acts; for the citizen's and Suivi's own acts, the handler's."""
    staff = file.session.get_one(Staff, file.actor.staff_id or file.case.handler_id)
    services = services_of(file.session, (file.case.service_code, staff.service_code))
    return signature_of(services, file.case, staff, staff.service_code)


def tracking_of(house: House, case: Case) -> Tracking:
    """Return how the requester follows the case: an address that tells nothing, and the code."""
    return Tracking(
        url=f"{house.base_url}/{case.language}/follow",
        code=tracking_code(house.secret, case.reference, case.code_version),
    )


def facts_for(file: CaseFile, signature: Signature, **more: object) -> LetterFacts:
    """Return what every letter on a case needs to know; ``more`` is what one kind of letter needs beside it."""
    case = file.case
    upcoming = file.ledger.next_obligation
    promise = None
    if upcoming is not None:
        promise = Promise(
            kind=upcoming.kind,
            rule_id=upcoming.rule_id,
            due_on=upcoming.due_on,
            days=upcoming.days,
            overdue=upcoming.due_on < brussels_day(file.now),
        )
    return LetterFacts(
        reference=case.reference,
        case_subject=case.subject,
        received_on=brussels_day(case.received_at),
        requester_name=case.requester_name,
        signature=signature,
        tracking=tracking_of(file.house, case),
        promise=promise,
        complaint=case.nature is Nature.COMPLAINT,
        **more,  # type: ignore[arg-type]
    )


def address_for(case: Case, channel: Channel) -> str | None:
    """Return where a message to the requester goes by a channel; none for the tracking page, or when we have none."""
    match channel:
        case Channel.EMAIL:
            return case.requester_email
        case Channel.POST:
            return case.requester_address
        case Channel.FAX:
            return case.requester_fax
        case Channel.PHONE:
            return case.requester_phone
        case _:
            return None


def usual_way_back(case: Case, *, chosen: Channel | None = None) -> WayBack:
    """Return the way an answer on this case goes back, and the reason when it is not the way it came (P7)."""
    return way_back(
        case.channel,
        has_email=case.requester_email is not None,
        has_post=case.requester_address is not None,
        has_fax=case.requester_fax is not None,
        has_phone=case.requester_phone is not None,
        chosen=chosen or (case.reply_channel if case.channel in SPOKEN else None),
        sensitive=case.sensitive,
    )


def keep(file: CaseFile, written: Written) -> Message:
    """Store a message that was written, with its place in the outbox when it goes by e-mail: the caller's commit."""
    message = as_message(file, written, file.next_message_number())
    file.session.add(message)
    file.session.flush()
    if written.channel in BY_MAIL:
        place = Outbox(message_id=message.id, state="waiting", attempts=0, next_try_at=file.now)
        file.session.add(place)
    return message


def as_message(file: CaseFile, written: Written, number: int) -> Message:
    """Return the row of a message that was written; it is stored only when somebody adds it."""
    case, composed = file.case, written.composed
    return Message(
        case_id=case.id,
        number=number,
        direction=Direction.OUT,
        kind=written.kind,
        act=written.act,
        channel=written.channel,
        language=written.language,
        subject=composed.subject,
        body=composed.text,
        html=composed.html,
        address=written.address,
        service_code=written.service_code,
        signature=written.signature.as_record(case.reference),
        template=composed.template,
        template_version=composed.version,
        promised_on=written.promised_on,
        reason=written.reason,
        inform_only=written.inform_only,
        channel_reason=written.channel_reason,
        registered_ground=written.registered_ground,
        author_id=file.actor.staff_id,
        written_at=file.now,
    )


def acknowledgement(file: CaseFile, handler: Signer, services: Services) -> Message | None:
    """Return the message that tells the requester reference, handler, date and why, the same way back (P7).

    By letter or fax to whoever wrote so and is answered so; otherwise by e-mail; none without an address, nor by
    e-mail on a sensitive case.
    """
    case = file.case
    by_paper = case.channel in PAPER and case.reply_channel in PAPER
    channel = case.reply_channel if by_paper else Channel.EMAIL
    if address_for(case, channel) is None or (case.sensitive and not by_paper):
        return None
    kind = MessageKind.ACKNOWLEDGEMENT
    if case.urgent_since is not None:
        kind = MessageKind.EMERGENCY
    elif case.nature is Nature.COMPLAINT:
        kind = MessageKind.COMPLAINT_ACKNOWLEDGEMENT
    written = by_itself(file, kind, signature_of(services, case, handler, None), channel)
    return as_message(file, written, file.next_message_number())


def post(file: CaseFile, number: int) -> None:
    """Give a message that was stored without the unit of work its place in the outbox."""
    given = {"case_id": file.case.id, "number": number, "now": file.now}
    file.session.connection().execute(_POST, given)


_POST = insert(Outbox).from_select(
    ["message_id", "state", "attempts", "next_try_at"],
    select(Message.id, literal("waiting"), literal(0), bindparam("now", type_=Moment())).where(
        Message.case_id == bindparam("case_id"), Message.number == bindparam("number")
    ),
)


def post_code(file: CaseFile, channel: Channel) -> Message:
    """Send the tracking code that is valid now to the address on file, and say that no earlier one is."""
    return keep(file, by_itself(file, MessageKind.TRACKING_CODE, signature_for(file), channel))


def by_itself(file: CaseFile, kind: MessageKind, signature: Signature, channel: Channel) -> Written:
    """Write one of the messages that need nobody's words, to the requester."""
    case = file.case
    phones = _phones(file) if kind is MessageKind.EMERGENCY else None
    facts = facts_for(file, signature, answer_by=case.reply_channel, phones=phones)
    composed = standard_letter(kind, facts, case.language, official_language=case.official_language)
    return Written(kind, None, channel, address_for(case, channel), signature, case.language, composed)


def _phones(file: CaseFile) -> tuple[Phone, ...]:
    """Return whom to call, the post in that country first where it is known (P11, P12)."""
    post = post_for(file.session, file.case.country, day=brussels_day(file.now))
    name = str(post.names[file.case.language]) if post else ""
    return emergency_phones(post=Phone(Line.POST, post.phone, name) if post and post.phone else None)


def message_of(session: Session, case_id: int, number: int) -> Message | None:
    """Return a message of a case by its number."""
    return session.scalar(select(Message).where(Message.case_id == case_id, Message.number == number))
