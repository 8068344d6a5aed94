"""Owns how a change of the house itself is written down: people, absences, closing days, texts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.casework.house import Actor
from tracker.charter.words import HouseSubject
from tracker.models.house import HouseChange, plain


def take_turn(session: Session) -> None:
    """Wait until nobody else is changing the house; the turn ends with the transaction.

    To be called before anything is read that the change rests on: then that stays as it is until the commit. On
    SQLite whoever writes has the turn already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE house_changes IN SHARE ROW EXCLUSIVE MODE"))


def note_change(
    session: Session,
    subject: HouseSubject,
    what: str,
    act: str,
    *,
    actor: Actor,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    **more: object,
) -> HouseChange | None:
    """Write down, in the commit that makes it, what somebody did, with the fields whose value is another now.

    ``before`` and ``after`` are None where an act has none; where both are given and nothing differs, nothing was
    done, and nothing is written.
    """
    told: dict[str, Any] = {"act": act} | {name: plain(value) for name, value in more.items() if value is not None}
    if after is not None:
        was = before or {}
        changed = [name for name, value in after.items() if before is None or plain(was.get(name)) != plain(value)]
        if not changed:
            return None
        told["before"] = {name: plain(was[name]) for name in changed if name in was}
        told["after"] = {name: plain(after[name]) for name in changed}
    take_turn(session)
    change = HouseChange(
        number=(session.scalar(select(func.max(HouseChange.number))) or 0) + 1,
        subject=subject,
        what=what,
        at=now,
        actor_id=actor.staff_id,
        actor=actor.name,
        details=told,
    )
    session.add(change)
    session.flush()
    return change
