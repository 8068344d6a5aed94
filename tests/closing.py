"""What tests of the survey share: a case that was answered, and closed with a message that asks."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import make_case
from tracker.casework import leaving, letters
from tracker.casework.drafting import Draft
from tracker.casework.house import Actor, House
from tracker.charter.counting import brussels_day
from tracker.charter.words import PAPER, SPOKEN, Channel
from tracker.models.cases import Case
from tracker.models.messages import Message, Outbox
from tracker.models.obligations import Obligation


def answered(session: Session, house: House, clerk: Actor, *, now: datetime, **more: Any) -> Case:
    """Return a case that was received the day before ``now`` and whose answer has left."""
    case = make_case(session, **{"service": "CONSULAR", "received_at": now - timedelta(days=1)} | more)
    message = letters.answer(
        session, house, reference=case.reference, draft=_draft(case, now), actor=clerk, now=now, seen=None
    )
    if message.left_on is None and message.channel in PAPER:
        leaving.record_leaving(
            session, house, reference=case.reference, message_number=message.number, left_on=brussels_day(now),
            actor=clerk, now=now, seen=None,
        )  # fmt: skip
    elif message.left_on is None:
        outbox = session.scalars(select(Outbox).where(Outbox.message_id == message.id)).one()
        leaving.on_left(session, house, outbox, now=now)
    session.flush()
    owed = select(func.count()).where(Obligation.case_id == case.id, Obligation.settled_on.is_(None))
    assert session.scalar(owed) == 0
    return case


def closed(session: Session, house: House, clerk: Actor, *, now: datetime, **more: Any) -> tuple[Case, Message]:
    """Return such a case, closed an hour later with a message to its requester, and that message."""
    case = answered(session, house, clerk, now=now, **more)
    later = now + timedelta(hours=1)
    message = letters.close(
        session, house, reference=case.reference, draft=_draft(case, later), actor=clerk, now=later, seen=None
    )
    session.flush()
    return case, message


def _draft(case: Case, now: datetime) -> Draft:
    spoken: Channel = case.reply_channel
    return Draft(text="Voici la marche à suivre.", spoken_on=brussels_day(now) if spoken in SPOKEN else None)
