"""Owns what leaving does: the day on which a message left, what keeps a promise by it, and what proves lost."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.alarms import set_alarms_now
from tracker.casework.casefile import CaseFile
from tracker.casework.daybook import came_back, went_out
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import SYSTEM, Actor, House
from tracker.casework.writing import address_for, message_of
from tracker.charter.counting import brussels_day
from tracker.charter.entries import LeavingVoided, MessageLeft
from tracker.charter.errors import CharterError
from tracker.charter.promising import HeadNeeded, InterimNotAllowed, NothingToPutOff, check_interim
from tracker.charter.words import PAPER, Act, CaseState, Role, Verb
from tracker.correspondence.gate import check_record
from tracker.correspondence.tracking import tracking_code
from tracker.correspondence.transport import Undeliverable
from tracker.models.cases import Case
from tracker.models.messages import WITHHELD, Message, Outbox
from tracker.models.staff import Staff


class BadLeavingDate(Refused):
    """A message cannot have left before it was written, nor on a day that has not come."""

    code = "bad_leaving_date"

    def __init__(self, left_on: date, first: date, last: date) -> None:
        super().__init__(
            f"{left_on} cannot be the day it left: give one from {first} to {last}.",
            left_on=left_on.isoformat(),
            first=first.isoformat(),
            last=last.isoformat(),
        )


class NotWaiting(Refused):
    """This message has left already, or does not leave by hand."""

    code = "not_waiting"

    def __init__(self, number: int) -> None:
        super().__init__(f"Message {number} is not waiting to be sent: look at the case again.", number=number)


def record_leaving(
    session: Session,
    house: House,
    *,
    reference: str,
    message_number: int,
    left_on: date,
    actor: Actor,
    now: datetime,
    seen: int | None,
    as_named: bool = False,
) -> Message:
    """Record the day (Brussels) on which a letter was posted or a fax transmitted: that keeps the promise.

    ``as_named``: it is a message of that very case; where another has taken the case in, it keeps nothing any more.
    Raises ``NotWaiting`` or ``BadLeavingDate``.
    """
    file = CaseFile.take(
        session, house, reference=reference, verb=Verb.RECORD_LEAVING, actor=actor, now=now, seen=seen,
        as_named=as_named,
    )  # fmt: skip
    message = message_of(session, file.case.id, message_number)
    if message is None or message.left_on is not None or message.channel not in PAPER:
        raise NotWaiting(message_number)
    check_day(left_on, brussels_day(message.written_at), now)
    message.left_on, message.left_at = left_on, now
    session.flush()
    details: dict[str, object] = {"message": message_number, "left_on": left_on.isoformat()}
    keeps = message.act is not None and file.case.state is not CaseState.MERGED
    entries = [left(message, by_head=_author_is_head(session, message))] if keeps else []
    try:
        for entry in entries:
            file.try_entry(entry)
    except TOO_LATE as refusal:
        entries = _without_effect(message, details, refusal)
    file.done(Verb.RECORD_LEAVING, *entries, details=details | {"channel": message.channel})
    went_out(session, file.case, message, actor=actor, now=now)
    return message


TOO_LATE = (InterimNotAllowed, NothingToPutOff, HeadNeeded)
"""Why an interim letter does nothing any more, whatever the day on which it was posted."""


def _without_effect(message: Message, details: dict[str, object], refusal: CharterError) -> list[MessageLeft]:
    """Take note that a message has left and cannot be called back, and what it meant to do is no longer possible."""
    message.act = None
    details["refused"] = refusal.code
    return []


def check_day(left_on: date, first: date, now: datetime) -> None:
    """Refuse a day on which it cannot have left."""
    today = brussels_day(now)
    if not first <= left_on <= today:
        raise BadLeavingDate(left_on, first, today)


def void_leaving(
    session: Session,
    house: House,
    *,
    reference: str,
    message_number: int,
    evidence: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Message:
    """Record that a message never arrived (it bounced, or came back): what it had kept is open again, same date."""
    if not evidence.strip():
        raise Missing("evidence")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.VOID_LEAVING, actor=actor, now=now, seen=seen)
    message = message_of(session, file.case.id, message_number)
    if message is None or message.left_on is None or message.voided_at is not None:
        raise NotWaiting(message_number)
    message.voided_at, message.void_evidence = now, evidence
    entries = [LeavingVoided(at=now, message=message.number, evidence=evidence)] if message.act is not None else []
    file.done(Verb.VOID_LEAVING, *entries, details={"message": message_number, "evidence": evidence})
    came_back(session, file.case, message, actor=actor, now=now)
    return message


def before_leaving(session: Session, house: House, outbox: Outbox, *, now: datetime) -> None:
    """Put a mail right that is about to be claimed; one that may not leave any more is kept back.

    What is for the requester goes to the e-mail address on file now, whatever it was when it was written, and the row
    says that address: nobody has to write the same words again while the clock runs. A tracking code in it that is
    void by now (the contact was corrected, a new one was asked for) becomes the one that is valid. An interim letter
    that the charter refuses today would promise something void. Last of all the gate is asked again. Raises
    ``Undeliverable`` or ``SendRefused``: the row is then given up, for the queue and the page of the case to show.
    """
    if outbox.message_id is None:
        return
    message = session.get_one(Message, outbox.message_id)
    case = session.get_one(Case, message.case_id)
    if message.service_code is None:
        if case.requester_email is None:
            raise Undeliverable("the requester has no e-mail address any more")
        message.address = case.requester_email
        renew_codes(house, case, message)
    if message.act is Act.INTERIM:
        _check_interim_still(session, house, case, message, now)
    check_gate(case, message)


def check_gate(case: Case, message: Message) -> None:
    """Make sure that a stored message may leave as it stands: the gate's last look, on paper as by e-mail.

    What has become sensitive since it was written goes the way that such a case is answered (user charter §2), or by
    the reason that its writer gave. Raises ``SendRefused`` with every item that is missing.
    """
    to_body = message.service_code is not None
    written_by_hand = message.author_id is not None and not to_body
    usual = case.reply_channel if case.sensitive and written_by_hand else message.channel
    check_record(
        message.signature,
        language=message.language,
        official_language=None if to_body else case.official_language,
        channel=message.channel,
        address=message.address,
        usual_channel=usual,
        channel_reason=message.channel_reason,
        usual_address=address_for(case, usual),
        registered_ground=message.registered_ground,
        to_body=to_body,
    )


def renew_codes(house: House, case: Case, message: Message) -> None:
    """Write the tracking code that is valid now for each that was valid before."""
    valid = tracking_code(house.secret, case.reference, case.code_version)
    for version in range(1, case.code_version):
        void = tracking_code(house.secret, case.reference, version)
        message.body = message.body.replace(void, valid)
        message.html = message.html and message.html.replace(void, valid)


def _check_interim_still(session: Session, house: House, case: Case, message: Message, now: datetime) -> None:
    """Keep back an interim letter on a case that another has taken in, or that the charter refuses by now."""
    if case.state is CaseState.MERGED:
        raise Undeliverable(f"{WITHHELD}: {CaseState.MERGED}")
    try:
        check_interim_on(session, house, case, message, now)
    except CharterError as refusal:
        raise Undeliverable(f"{WITHHELD}: {refusal.code}") from refusal


def check_interim_on(session: Session, house: House, case: Case, message: Message, now: datetime) -> None:
    """Make sure that the charter still allows what a kept interim letter promises, if it left now; raises if not."""
    file = CaseFile.hold(session, house, case, actor=SYSTEM, now=now, lock=False)
    check_interim(
        file.ledger,
        message.promised_on,
        message.reason,
        on=brussels_day(now),
        by_head=_author_is_head(session, message),
        rules=house.rules,
    )


def on_left(session: Session, house: House, outbox: Outbox, *, now: datetime) -> None:
    """Record that the mail server accepted a message: it has left, in the commit that marks it sent."""
    if outbox.message_id is None:
        return
    message = session.get_one(Message, outbox.message_id)
    if message.left_on is not None:
        return
    if message.act is None:
        message.left_on, message.left_at = brussels_day(now), now
        set_alarms_now(session, message.case_id)
        return
    case = session.scalars(select(Case).where(Case.id == message.case_id).with_for_update()).one()
    message.left_on, message.left_at = brussels_day(now), now
    session.flush()
    file = CaseFile.hold(session, house, case, actor=SYSTEM, now=now)
    details: dict[str, object] = {"message": message.number, "left_on": message.left_on.isoformat()}
    merged = case.state is CaseState.MERGED
    entries = [] if merged else [left(message, by_head=_author_is_head(session, message))]
    try:
        for entry in entries:
            file.try_entry(entry)
    except CharterError as refusal:
        entries = _without_effect(message, details, refusal)
    file.done(Verb.RECORD_LEAVING, *entries, details=details | {"channel": message.channel})


def on_failed(session: Session, outbox: Outbox) -> None:
    """Raise the alarm about a message that was given up, in the commit that says so: the promise is still owed."""
    if outbox.message_id is not None:
        set_alarms_now(session, session.get_one(Message, outbox.message_id).case_id)


def left(message: Message, *, by_head: bool) -> MessageLeft:
    """Return the charter's entry for a message that left."""
    assert message.act is not None
    assert message.left_on is not None
    assert message.left_at is not None
    interim = message.act is Act.INTERIM
    return MessageLeft(
        at=message.left_at,
        message=message.number,
        act=message.act,
        left_on=message.left_on,
        promised_on=message.promised_on,
        reason=message.reason if interim else None,
        by_head=by_head and interim,
        inform_only=message.inform_only,
    )


def _author_is_head(session: Session, message: Message) -> bool:
    author = session.get(Staff, message.author_id) if message.author_id else None
    return author is not None and author.role is Role.HEAD
