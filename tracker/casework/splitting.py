"""Owns how a case that is partly ours is split: the other part gets a case of its own, with the same receipt."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.errors import Missing, Refused
from tracker.casework.house import Actor, House
from tracker.casework.links import tie
from tracker.casework.register import Intake, Registered, register
from tracker.charter.words import SPOKEN, LinkKind, Nature, Verb
from tracker.models.cases import Case
from tracker.models.messages import Message


class CannotSplit(Refused):
    """A complaint is always a case of its own, about something: it is entered as one, and never split off."""

    code = "cannot_split"

    def __init__(self) -> None:
        super().__init__("A complaint is not split off: add it to the file as a complaint, which gets its own file.")


def split(
    session: Session, house: House, *, reference: str, subject: str, text: str, nature: Nature, reason: str,
    service: str | None = None, submission_key: str | None = None, actor: Actor, now: datetime, seen: int | None,
) -> Registered:  # fmt: skip
    """Give a part of a request a case of its own, of the same requester and with the same receipt (DESIGN 2.2).

    Its promises are counted from that receipt, even where they are born late. ``nature`` is what a person says the
    part is; ``service`` who gets it, else the router proposes. Both histories name the other; the requester is told
    the new reference. The letter keeps its one line in the daily book, and the files stay where they are. The same
    ``submission_key`` a second time gives the same case. Raises ``Missing`` or ``CannotSplit``.
    """
    for name, given in (("subject", subject), ("text", text), ("reason", reason)):
        if not given.strip():
            raise Missing(name)
    if nature is Nature.COMPLAINT:
        raise CannotSplit
    known = submission_key is not None and session.scalar(
        select(Message.id).where(Message.submission_key == submission_key)
    )
    file = CaseFile.take(
        session, house, reference=reference, verb=Verb.TRANSMIT, actor=actor, now=now, seen=None if known else seen
    )
    done = register(session, house, intake=_part(file.case, subject, text, nature, service, submission_key),
                    actor=actor, now=now)  # fmt: skip
    if not done.again:
        new = session.get_one(Case, done.case.id)
        tie(file, new, LinkKind.SPLIT, reason.strip())
        session.flush()
    return done


def _part(
    case: Case, subject: str, text: str, nature: Nature, service: str | None, submission_key: str | None
) -> Intake:
    """Return the part as if it had come in by itself, on the day and the way on which the whole did."""
    return Intake(
        submission_key=submission_key,
        channel=case.channel,
        received_at=case.received_at,
        nature=nature,
        confirmed=True,
        language=case.language,
        official_language=case.official_language,
        subject=subject.strip(),
        text=text.strip(),
        requester_name=case.requester_name,
        requester_email=case.requester_email,
        requester_phone=case.requester_phone,
        requester_fax=case.requester_fax,
        requester_address=case.requester_address,
        country=case.country,
        sensitive=case.sensitive,
        answer_by=case.reply_channel if case.channel in SPOKEN else None,
        service=service,
        split_from=case.reference,
    )
