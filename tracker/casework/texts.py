"""Owns the keeping of text modules: the passages that a service uses again and again in what it writes."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import Room, may_write_text
from tracker.casework.errors import Missing, NotPermitted, Refused
from tracker.casework.house import Actor
from tracker.casework.house_history import note_change, take_turn
from tracker.casework.people import UnknownService
from tracker.charter.words import HouseSubject, Language
from tracker.correspondence.placeholders import unknown
from tracker.models.directory import Service
from tracker.models.staff import Staff
from tracker.models.texts import TextModule


class NoSuchText(Refused):
    """No text module has this number."""

    code = "no_such_text"

    def __init__(self, number: int) -> None:
        super().__init__("This text is no longer there: choose another.", number=number)


class TextChanged(Refused):
    """Somebody else changed the text module in the meantime."""

    code = "text_changed"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} changed this text while you were writing: compare both, then save yours again.", who=who
        )


class UnknownPlaceholder(Refused):
    """A text with a placeholder that no file ever fills: each letter with it would be refused."""

    code = "unknown_placeholder"

    def __init__(self, written: str) -> None:
        super().__init__(
            f"No file fills in {written}: use one of the listed words, or [?] for what the writer must fill in.",
            written=written,
        )


def save_text(
    session: Session,
    *,
    number: int | None,
    service_code: str | None,
    language: Language,
    title: str,
    body: str,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> TextModule:
    """Write a text module anew (``number`` None), or another version of one; what was retired is used again.

    What is in use already, word for word, is not written a second time: a form sent twice makes one text.
    ``seen`` is the version its writer was looking at; none: it does not matter. Raises ``NotPermitted``, ``Missing``,
    ``UnknownService``, ``UnknownPlaceholder``, ``NoSuchText`` or ``TextChanged``.
    """
    _permit(actor, service_code)
    if not title.strip():
        raise Missing("title")
    if not body.strip():
        raise Missing("text")
    if wrong := unknown(body):
        raise UnknownPlaceholder(", ".join(wrong))
    if service_code is not None and session.get(Service, service_code) is None:
        raise UnknownService(service_code)
    if number is None:
        take_turn(session)
        if (there := _word_for_word(session, service_code, language, title.strip(), body.strip())) is not None:
            return there
        text = TextModule(version=0)
        session.add(text)
    else:
        text = _take(session, number, actor, seen)
    before = _said(text) if number is not None else None
    text.service_code, text.language = service_code, language
    text.title, text.body, text.retired_at = title.strip(), body.strip(), None
    _sign(text, actor, now)
    session.flush()
    act, after = "add" if before is None else "change", _said(text)
    note_change(session, HouseSubject.TEXT, str(text.id), act, actor=actor, now=now, before=before, after=after,
                name=text.title)  # fmt: skip
    return text


def retire_text(session: Session, *, number: int, actor: Actor, now: datetime, seen: int | None = None) -> None:
    """Take a text module out of use; it stays to be read. Raises as ``save_text`` does."""
    text = _take(session, number, actor, seen)
    before = _said(text)
    text.retired_at = now
    _sign(text, actor, now)
    note_change(session, HouseSubject.TEXT, str(text.id), "retire", actor=actor, now=now, before=before,
                after=_said(text), name=text.title)  # fmt: skip


def _said(text: TextModule) -> dict[str, object]:
    """Return what the history tells of a text."""
    said = {name: getattr(text, name) for name in ("service_code", "language", "title", "body")}
    return said | {"in_use": text.retired_at is None}


def _word_for_word(
    session: Session, service_code: str | None, language: Language, title: str, body: str
) -> TextModule | None:
    """Return the text module in use that says exactly this for this service, if there is one."""
    return session.scalars(
        select(TextModule)
        .where(
            TextModule.service_code.is_not_distinct_from(service_code), TextModule.language == language,
            TextModule.title == title, TextModule.body == body, TextModule.retired_at.is_(None),
        )
        .order_by(TextModule.id)
        .limit(1)
    ).one_or_none()  # fmt: skip


def _take(session: Session, number: int, actor: Actor, seen: int | None) -> TextModule:
    """Lock a text module that this actor may write, as its writer saw it."""
    text = session.scalars(select(TextModule).where(TextModule.id == number).with_for_update()).one_or_none()
    if text is None:
        raise NoSuchText(number)
    _permit(actor, text.service_code)
    if seen is not None and seen != text.version:
        raise TextChanged(session.get_one(Staff, text.changed_by).name)
    return text


def _permit(actor: Actor, service_code: str | None) -> None:
    if actor.person is None or not may_write_text(actor.person, service_code):
        raise NotPermitted(Room.WRITE_TEXTS)


def _sign(text: TextModule, actor: Actor, now: datetime) -> None:
    assert actor.staff_id is not None
    text.version += 1
    text.changed_at, text.changed_by = now, actor.staff_id
