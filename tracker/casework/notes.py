"""Owns the notes that stay in the house: for colleagues only, they never leave and discharge nothing.

A note names a colleague by ``@`` and the whole name. Whoever is named and may read the case gets a word by mail.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from unicodedata import normalize

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, Person, may
from tracker.casework.casefile import CaseFile, asked_on, facts_of
from tracker.casework.errors import Missing
from tracker.casework.house import Actor, House
from tracker.casework.kept_drafts import drop_sent
from tracker.casework.staffing import Member, Team, stands_in_for
from tracker.casework.words_to_staff import send_word
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Direction, MessageKind, Verb, WordToStaff
from tracker.models.cases import Association
from tracker.models.messages import Message


@dataclass(frozen=True, slots=True)
class Noted:
    """A note, and what became of those whom it names, by name."""

    message: Message
    told: tuple[str, ...]
    closed_to: tuple[str, ...]
    """Who may not read the case, and so was not told."""


def note(
    session: Session,
    house: House,
    *,
    reference: str,
    text: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
    kept: str | None = None,
) -> Noted:
    """Add an internal note, and tell those whom it names, as far as they may read the case.

    ``kept``: the ``stamp`` of the draft that stood in the page it was written on, empty for none. Raises ``Missing``.
    """
    if not text.strip():
        raise Missing("text")
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WRITE, actor=actor, now=now, seen=seen)
    message = write_note(file, text)
    drop_sent(session, file.case, MessageKind.NOTE, actor, over=kept, sent={"text": text})
    told, closed_to = _mention(file, message)
    named = {"mentions": [one.name for one in told], "not_told": [one.name for one in closed_to]}
    details = {"message": message.number, "kind": MessageKind.NOTE}
    file.done(Verb.WRITE, details=details | {key: names for key, names in named.items() if names})
    return Noted(message, tuple(one.name for one in told), tuple(one.name for one in closed_to))


def write_note(file: CaseFile, text: str) -> Message:
    """Put an internal note on a case in hand; the caller writes down in the history what it is."""
    message = Message(
        case_id=file.case.id,
        number=file.next_message_number(),
        direction=Direction.OUT,
        kind=MessageKind.NOTE,
        channel=Channel.WEB,
        language=file.case.language,
        subject=file.case.subject,
        body=text,
        author_id=file.actor.staff_id,
        written_at=file.now,
    )
    file.session.add(message)
    file.session.flush()
    return message


def _mention(file: CaseFile, message: Message) -> tuple[Sequence[Member], Sequence[Member]]:
    """Send word to those whom a note names; returns who is told, and who may not read the case."""
    if "@" not in message.body:
        return (), ()
    found = _named(message.body, Team.load(file.session, day=brussels_day(file.now)))
    named = [one for one in found if one.id != file.actor.staff_id]
    beside = file.session.scalars(select(Association.service_code).where(Association.case_id == file.case.id)).all()
    facts = facts_of(file.case, beside, asked=asked_on(file.session, file.case.id))
    day = brussels_day(file.now)
    told = [
        one
        for one in named
        if may(
            Person(one.id, one.role, one.service_code, stands_in_for(file.session, one.id, one.role, day=day)),
            READ,
            facts,
        )
    ]
    readers = [one.id for one in told]
    send_word(file.session, WordToStaff.MENTIONED, file.case, readers, now=file.now, note=message)
    return told, [one for one in named if one not in told]


def _named(text: str, team: Team) -> list[Member]:
    """Return the members of staff whom a text names, the longest name first: of one within another, the whole."""
    rest, found = _plain(text), []
    people = [one for one in team.members.values() if not one.is_desk]
    people.sort(key=lambda one: (-len(_plain(one.name)), _plain(one.name)))
    for name, same in groupby(people, key=lambda one: _plain(one.name)):
        rest, times = re.subn(rf"@{re.escape(name)}(?!\w)", " ", rest)
        found += list(same) if times else []
    return found


_SAME = str.maketrans(dict.fromkeys("’‘ʼ‛´`", "'") | dict.fromkeys("‐‑", "-"))
"""Signs that machines write of themselves for those of a keyboard, such as in N’Diaye."""


def _plain(text: str) -> str:
    """Return a text in which a name is found however it was typed."""
    return " ".join(normalize("NFC", text).casefold().translate(_SAME).split())
