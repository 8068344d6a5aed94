"""Owns the interim letter ahead of time: as it will go, but for the reason and the date that only a person knows."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex

from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile, find, permit
from tracker.casework.drafting import Draft, to_requester
from tracker.casework.house import Actor, House
from tracker.charter.ladder import first_reminder
from tracker.charter.words import Act, Channel, Language, MessageKind, Nature, ObligationKind, Verb
from tracker.correspondence.explanation import date_in_words
from tracker.correspondence.gate import Missing, SendRefused

_REASON = f"@{token_hex(8)}@"
"""What stands for the reason while the letter is drawn: by lot, so that nobody can have written it."""
_FAR_OFF = date(9999, 12, 31)
"""What stands for the date."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """An interim letter that lacks its reason and its date; ``missing``: why it could not leave even with them."""

    channel: Channel
    address: str | None
    language: Language
    subject: str
    parts: tuple[str, ...]
    """The text in pieces: ``reason`` and ``promised_on`` stand where these go."""
    missing: tuple[Missing, ...] = ()


def near(
    house: House,
    kind: ObligationKind | None,
    *,
    due_on: date,
    work_by: date,
    channel: Channel,
    nature: Nature,
    now: datetime,
) -> bool:
    """Say whether an open promise is an interim letter whose first reminder has come: then the letter is to be ready.

    Reads no database, so that it can be asked of a whole queue.
    """
    if kind is not ObligationKind.INTERIM:
        return False
    ladder, calendar = house.rules.ladder, house.calendar
    return now >= first_reminder(ladder, calendar, due_on=due_on, work_by=work_by, channel=channel, nature=nature)


def interim_ahead(session: Session, house: House, *, reference: str, actor: Actor, now: datetime) -> Ahead:
    """Write the interim letter that is owed next, in the requester's language and by their way; nothing is stored.

    Raises ``NotPermitted`` for who may not send it.
    """
    case = find(session, reference)
    permit(session, case, Verb.SEND_INTERIM, actor)
    file = CaseFile.hold(session, house, case, actor=actor, now=now, lock=False)
    try:
        written = to_requester(file, MessageKind.INTERIM, Act.INTERIM, Draft(), reason=_REASON, promised_on=_FAR_OFF)
    except SendRefused as refused:
        return Ahead(case.reply_channel, None, case.language, "", (), refused.missing)
    day = date_in_words(_FAR_OFF, case.language, weekday=True)
    stands_for = {_REASON: "reason", day: "promised_on"}
    cut = re.split(f"({re.escape(_REASON)}|{re.escape(day)})", written.composed.text)
    parts = tuple(stands_for.get(part, part) for part in cut)
    return Ahead(written.channel, written.address, case.language, written.composed.subject, parts)
