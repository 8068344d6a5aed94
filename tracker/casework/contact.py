"""Owns how a requester is reached: a wrong name, number or address is put right, and the way back follows."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.errors import Missing
from tracker.casework.house import Actor, House
from tracker.casework.void_prints import void_print, void_prints_with_old_codes, waiting_on_paper
from tracker.casework.writing import (
    BY_MAIL,
    acknowledgement,
    address_for,
    post,
    post_code,
    services_of,
    usual_way_back,
)
from tracker.charter.words import PAPER, Channel, Direction, Verb, VoidPrintGround
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.staff import Staff


def correct_contact(
    session: Session,
    house: House,
    *,
    reference: str,
    name: str,
    email: str | None,
    phone: str | None,
    fax: str | None,
    address: str | None,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Correct how the requester is called and reached, all of it as it is now right, with the reason.

    Answers go from then on by the way that this leaves (P7). What waits to be posted or faxed gets the right address
    at once; what waits to leave by e-mail, when it leaves (``leaving.before_leaving``). A tracking code that went to
    a wrong e-mail address is void; a new one goes to the right address, on paper where that is how we answer. Whoever
    could not be written to so far, and is owed something, gets the acknowledgement now, with the code that is valid.
    Lengths and addresses have been checked by the form. Raises ``Missing`` without a name or a reason.
    """
    for what, given in (("requester_name", name), ("reason", reason)):
        if not given.strip():
            raise Missing(what)
    file = CaseFile.take(
        session, house, reference=reference, verb=Verb.CORRECT_CONTACT, actor=actor, now=now, seen=seen
    )
    case, changed = file.case, {}
    right = {"name": name.strip(), "email": email, "phone": phone, "fax": fax, "address": address}
    for part, value in right.items():
        before = getattr(case, f"requester_{part}")
        if before != value:
            setattr(case, f"requester_{part}", value)
            changed[part] = {"before": before, "after": value}
    case.reply_channel, case.reply_channel_reason = usual_way_back(case)
    _readdress(file)
    late = file.ledger.next_obligation is not None and not _written_to(file) and _acknowledge(file)
    if "email" in changed and not late:
        _renew_code(file, known_elsewhere=changed["email"]["before"] is not None)
    file.done(Verb.CORRECT_CONTACT, details={"changed": changed, "reason": reason})
    return case


def _readdress(file: CaseFile) -> None:
    """Give letters and faxes to the requester that have not left yet the address on file now, if there is one.

    What was printed of them is void: it is printed again, in the next run.
    """
    for message in waiting_on_paper(file):
        message.address = address_for(file.case, message.channel) or message.address
        void_print(file, message, VoidPrintGround.CONTACT)


def _written_to(file: CaseFile) -> bool:
    """Say whether anything was ever written to an address of the requester: if so, it told the code."""
    wrote = select(Message.id).where(
        Message.case_id == file.case.id,
        Message.direction == Direction.OUT,
        Message.channel.in_((*BY_MAIL, *PAPER)),
        Message.service_code.is_(None),
        Message.address.is_not(None),
    )
    return file.session.scalars(wrote.limit(1)).first() is not None


def _acknowledge(file: CaseFile) -> bool:
    """Tell the requester what registering could not, for want of an address: reference, handler, date and code.

    Returns False where nothing may be written even now, as by e-mail on a sensitive case.
    """
    handler = file.session.get_one(Staff, file.case.handler_id)
    message = acknowledgement(file, handler, services_of(file.session, (file.case.service_code,)))
    if message is None:
        return False
    file.session.add(message)
    file.session.flush()
    if message.channel in BY_MAIL:
        post(file, message.number)
    return True


def _renew_code(file: CaseFile, *, known_elsewhere: bool) -> None:
    """Make the code that a stranger may have void, and send the one that is valid to the right address.

    Where there is no e-mail address, or the case is sensitive, it goes on paper to whoever is answered so.
    """
    case = file.case
    case.code_version += 1 if known_elsewhere else 0
    void_prints_with_old_codes(file)
    if case.requester_email is not None and not case.sensitive:
        post_code(file, Channel.EMAIL)
    elif known_elsewhere and case.reply_channel in PAPER and address_for(case, case.reply_channel):
        post_code(file, case.reply_channel)
