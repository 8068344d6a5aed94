"""Owns the brake on acknowledgements: one address is sent so many a day, or two machines would write for ever."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tracker.casework.alarms import set_alarms_now
from tracker.casework.writing import message_of
from tracker.charter.words import MailOutcome
from tracker.models.cases import Case
from tracker.models.mail import Mail
from tracker.models.messages import ACKNOWLEDGED_TOO_OFTEN, Outbox

MOST_IN_A_DAY = 10
"""How many acknowledgements one address is sent within a day. A person who asks ten things in one day is rare, and
misses no more than a courtesy: the case stands, and is promised. A machine that answers each of ours stops there."""
DAY = timedelta(days=1)
UNACKNOWLEDGED = "unacknowledged"
"""Stands in the details of a mail that became a case without an acknowledgement."""


class Brake(StrEnum):
    """Whether a new case is acknowledged, and who hears of it if not."""

    OFF = "off"
    TELLS = "tells"  # the first of a day that is not: an alarm on its case says so to the handler
    SILENT = "silent"  # the others: their cases say so


def brake_for(session: Session, sender: str | None, *, now: datetime) -> Brake:
    """Say whether a sender may still be sent an acknowledgement at a moment (aware)."""
    mark = Mail.details[UNACKNOWLEDGED].as_string()
    of_late = select(func.count().filter(mark.is_(None)), func.count().filter(mark == Brake.TELLS.value)).where(
        Mail.sender == sender, Mail.outcome == MailOutcome.REGISTERED, Mail.decided_at > now - DAY
    )
    acknowledged, told = session.execute(of_late).one()
    if acknowledged < MOST_IN_A_DAY:
        return Brake.OFF
    return Brake.SILENT if told else Brake.TELLS


def keep_back(session: Session, case: Case, *, now: datetime) -> None:
    """Give up the acknowledgement of a case that was just registered: its page says why, and the queue rings."""
    acknowledgement = message_of(session, case.id, 2)
    if acknowledgement is None:
        return
    session.execute(
        update(Outbox)
        .where(Outbox.message_id == acknowledgement.id)
        .values(state="failed", last_error=ACKNOWLEDGED_TOO_OFTEN, settled_at=now)
    )
    set_alarms_now(session, case.id)
