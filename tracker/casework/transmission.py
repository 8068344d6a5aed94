"""Owns how a request that is not for us is written to the competent body, and the requester told (P5)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.drafting import Draft, to_requester
from tracker.casework.errors import Missing, Refused
from tracker.casework.people import UnknownService
from tracker.casework.writing import (
    Written,
    facts_for,
    signature_for,
)
from tracker.charter.counting import brussels_day
from tracker.charter.entries import NatureSet
from tracker.charter.words import (
    Act,
    Channel,
    Direction,
    Language,
    MessageKind,
    Nature,
    ServiceKind,
)
from tracker.correspondence.compose import compose
from tracker.correspondence.explanation import date_in_words
from tracker.correspondence.facts import Destination, Request
from tracker.correspondence.gate import check_sendable, is_email_address
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.messages import Attachment, Message


class NotForwarded(Refused):
    """A complaint about us or a request for our documents is ours to answer."""

    code = "not_forwarded"

    def __init__(self, nature: Nature) -> None:
        super().__init__(
            f"A case of nature {nature} is answered, not transmitted: change its nature first if it is not ours.",
            nature=nature,
        )


def misdirected(file: CaseFile) -> NatureSet:
    """Confirm, by transmitting it, that a request is not for us. Raises ``NotForwarded`` for what always is."""
    case = file.case
    if case.nature in (Nature.COMPLAINT, Nature.DOCUMENT_ACCESS):
        raise NotForwarded(case.nature)
    case.nature, case.nature_confirmed_at = Nature.MISDIRECTED, file.now
    return NatureSet(at=file.now, nature=Nature.MISDIRECTED)


def transmission(file: CaseFile, draft: Draft) -> list[Written]:
    """Write both halves of a transmission: the file to the body, and the notice to the requester."""
    if not draft.to:
        raise Missing("to")
    body = file.session.get(Service, draft.to)
    if body is None or body.kind is ServiceKind.INTERNAL:
        raise UnknownService(draft.to)
    if file.case.nature in (Nature.COMPLAINT, Nature.DOCUMENT_ACCESS):
        raise NotForwarded(file.case.nature)
    consented_at = file.now if draft.consent else None  # to this body: another one needs a consent of its own
    forwarded = body.kind is ServiceKind.PUBLIC_SERVICE or consented_at is not None
    destination = _destination(body, file.case)
    reason = draft.text.strip() or None
    written = []
    if forwarded:
        written.append(_to_body(file, body, destination, reason, draft.to_address, consented_at))
    written.append(
        to_requester(
            file,
            MessageKind.TRANSMISSION_NOTICE,
            Act.INFORM,
            draft,
            destination=destination,
            forwarded=forwarded,
            reason=reason,
        )
    )
    return written


def _destination(body: Service, case: Case) -> Destination:
    """Return how to reach a body, in the requester's language."""
    return Destination(
        name=str(body.names[case.language.value]),
        kind=body.kind,
        phone=body.phone,
        email=body.email,
        postal_address=body.postal_address,
        website=body.website,
    )


def _to_body(
    file: CaseFile,
    body: Service,
    destination: Destination,
    reason: str | None,
    given: str | None,
    consented_at: datetime | None,
) -> Written:
    """Write the file to the competent body, by e-mail where it has an address, else by post."""
    case, session = file.case, file.session
    email = body.email or (given if given and is_email_address(given) else None)
    channel = Channel.EMAIL if email else Channel.POST
    address = email or body.postal_address or given
    language = case.official_language or case.language
    signature = signature_for(file)
    check_sendable(
        signature=signature,
        reference=case.reference,
        language=language,
        official_language=None,
        channel=channel,
        address=address,
        usual_channel=channel,
        to_body=True,
    )
    text, names = _all_that_came_in(session, case, language)
    contact = (case.requester_email, case.requester_phone, case.requester_address)
    facts = facts_for(
        file,
        signature,
        destination=destination,
        reason=reason,
        request=Request(
            name=case.requester_name,
            contact=tuple(line for line in contact if line),
            language=case.language,
            channel=case.channel,
            text=text,
            attachments=names,
            consent_on=brussels_day(consented_at) if consented_at else None,
        ),
    )
    composed = compose(MessageKind.TRANSMISSION, facts, language)
    return Written(
        MessageKind.TRANSMISSION, Act.FORWARD, channel, address, signature, language, composed, service_code=body.code
    )


def _all_that_came_in(session: Session, case: Case, language: Language) -> tuple[str, tuple[str, ...]]:
    """Return the text of the request with all that was added to it since, and the names of the files."""
    came_in = (Message.case_id == case.id, Message.direction == Direction.IN)
    first, *added = session.scalars(select(Message).where(*came_in).order_by(Message.number)).all()
    texts = [f"{date_in_words(brussels_day(one.written_at), language)}\n\n{one.body}" for one in added]
    names = session.scalars(
        select(Attachment.name)
        .join(Message, Message.id == Attachment.message_id)
        .where(*came_in)
        .order_by(Attachment.id)
    )
    return "\n\n".join((first.body, *texts)), tuple(names)
