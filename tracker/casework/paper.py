"""Owns the letter of a message: the gate that it passes once more, its PDF, made once, and the file that is kept."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework import surveys
from tracker.casework.casefile import CaseFile, find
from tracker.casework.house import Actor, House
from tracker.casework.leaving import NotWaiting, check_gate, check_interim_on, record_leaving, renew_codes
from tracker.casework.writing import Written, as_message, message_of
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import PAPER, Act, CaseState, Direction, Language, MessageKind
from tracker.correspondence.enclosures import enclosures_of
from tracker.correspondence.files import sync
from tracker.correspondence.letter import PaperFacts, Slip, pages_of, render
from tracker.correspondence.survey_links import HIDDEN, asked_by, holds_code
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.messages import Message
from tracker.models.paper import Letter

if TYPE_CHECKING:
    from tracker.correspondence.enclosed_pages import Printable


@dataclass(frozen=True, slots=True)
class Cabinet:
    """Where what goes on paper is kept: the PDFs of letters, and the files that are enclosed with them."""

    letters: Path
    attachments: Path


def letter_of(session: Session, house: House, cabinet: Cabinet, *, message_id: int, now: datetime) -> Letter:
    """Return the letter of a message that waits to be posted or faxed; made now unless it has been, and kept.

    Until it is printed it follows what is corrected on the case; from then on it stays as it is. The gate is asked
    again before it is made. Raises ``NotWaiting`` for what does not wait on paper, ``SendRefused``, what the charter
    refuses of an interim letter, and what ``render`` raises.
    """
    case_id = select(Message.case_id).where(Message.id == message_id).scalar_subquery()
    case = session.scalars(select(Case).where(Case.id == case_id).with_for_update()).one()
    message = session.get_one(Message, message_id, populate_existing=True)
    letter = session.get(Letter, message_id, populate_existing=True)
    if letter is not None and (letter.run_id is not None or message.left_on is not None):
        return letter
    pdf, enclosed = _made(session, house, cabinet, case, message, now)
    digest = sha256(pdf).hexdigest()
    if letter is not None and letter.sha256 == digest and (cabinet.letters / letter.stored_as).exists():
        return letter
    if letter is None:
        letter = Letter(message_id=message_id)
        session.add(letter)
    letter.stored_as, letter.sha256, letter.size = f"{message_id}-{digest[:32]}.pdf", digest, len(pdf)
    letter.pages, letter.made_at = pages_of(pdf), now
    letter.enclosed = [{"name": one.name, "pages": len(one.pages)} for one in enclosed] or None
    write_whole(cabinet.letters / letter.stored_as, pdf)
    session.flush()
    return letter


def set_ahead(session: Session, house: House, cabinet: Cabinet, *, message_id: int, now: datetime) -> None:
    """Set a letter before the transaction in which it is kept, so that nobody waits for it there.

    What is true then decides: if anything on the letter changed meanwhile, it is set again, and what is to be refused
    is refused there. Give it a session whose work is thrown away.
    """
    message = session.get_one(Message, message_id)
    with suppress(CharterError):
        _set_today(session, house, cabinet, session.get_one(Case, message.case_id), message, now)


def record_posting(
    session: Session,
    house: House,
    cabinet: Cabinet,
    *,
    reference: str,
    message_number: int,
    left_on: date,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Message:
    """Record the day (Brussels) on which one letter was posted or faxed, and keep it as it went.

    One that we cannot print ourselves went on somebody's own paper: then there is none to keep. Raises what
    ``record_leaving`` raises.
    """
    message = message_of(session, find(session, reference).id, message_number)
    if message is not None:
        with suppress(CharterError):
            letter_of(session, house, cabinet, message_id=message.id, now=now)
    return record_leaving(
        session, house, reference=reference, message_number=message_number, left_on=left_on, actor=actor, now=now,
        seen=seen,
    )  # fmt: skip


def shown_letter(
    session: Session, house: House, cabinet: Cabinet, *, case_id: int, number: int, now: datetime
) -> bytes | None:
    """Return the PDF of a message: the one that is kept, else as it would be printed now; none when it is no letter.

    Nothing is stored: give it a session whose work is thrown away. Raises what ``letter_of`` raises.
    """
    message = message_of(session, case_id, number)
    if message is None or message.direction is not Direction.OUT or message.channel not in PAPER:
        return None
    letter = session.get(Letter, message.id)
    if letter is not None and (letter.run_id is not None or message.left_on is not None):
        path = cabinet.letters / letter.stored_as
        return path.read_bytes() if path.is_file() else None
    if message.left_on is not None:
        return None  # it left before letters were kept
    return _made(session, house, cabinet, session.get_one(Case, case_id), message, now)[0]


def _made(
    session: Session, house: House, cabinet: Cabinet, case: Case, message: Message, now: datetime
) -> "tuple[bytes, list[Printable]]":
    """Return the PDF of a message as it goes today, and what is enclosed."""
    return _with_its_pages(*_set_today(session, house, cabinet, case, message, now))


def _set_today(
    session: Session, house: House, cabinet: Cabinet, case: Case, message: Message, now: datetime
) -> "tuple[bytes, list[Printable]]":
    """Return the letter of a message as it goes today, set alone, and what is enclosed; the gate is asked first."""
    waits = message.direction is Direction.OUT and message.channel in PAPER and message.left_on is None
    void = case.state is CaseState.MERGED and message.act is Act.INTERIM  # its promise went with the case
    if not waits or message.kind is MessageKind.NOTE or void:
        raise NotWaiting(message.number)
    if message.service_code is None:
        renew_codes(house, case, message)
    if message.act is Act.INTERIM:
        check_interim_on(session, house, case, message, now)
    check_gate(case, message)
    return _set(session, house, cabinet, case, message)


def _set(
    session: Session, house: House, cabinet: Cabinet, case: Case, message: Message
) -> "tuple[bytes, list[Printable]]":
    """Return the letter, set alone, and what is enclosed."""
    from tracker.correspondence.enclosed_pages import printable  # it loads what reads PDFs

    enclosed = [printable(file) for file in enclosures_of(session, message, cabinet.attachments)]
    facts = facts_of(session, house, case, message)
    return render(replace(facts, enclosed=[(one.name, len(one.pages)) for one in enclosed])), enclosed


def _with_its_pages(letter: bytes, enclosed: "list[Printable]") -> "tuple[bytes, list[Printable]]":
    """Return the letter with the pages of what is enclosed behind it, and what is enclosed."""
    from tracker.correspondence.enclosed_pages import with_enclosures

    return with_enclosures(letter, enclosed), enclosed


def as_printed(file: CaseFile, cabinet: Cabinet, written: Written) -> bytes:
    """Return the PDF of a message that is written and not stored: byte for byte the one that it will be.

    Raises what ``render`` raises.
    """
    message = as_message(file, written, UNNUMBERED)
    return _with_its_pages(*_set(file.session, file.house, cabinet, file.case, message))[0]


def check_printable(file: CaseFile, written: Written) -> None:
    """Set a letter once without what is enclosed: its writer, not whoever prints it, learns that it cannot be.

    Raises what ``render`` raises.
    """
    render(facts_of(file.session, file.house, file.case, as_message(file, written, UNNUMBERED)))


UNNUMBERED = 0
"""Stands for the number of a message that is not stored yet: no letter says it."""


def facts_of(session: Session, house: House, case: Case, message: Message) -> PaperFacts:
    """Return what the letter of a message says, the message stored or not."""
    to_body = message.service_code is not None
    code = _survey_code(session, house, case, message)
    return PaperFacts(
        text=message.body.replace(HIDDEN, code) if code else message.body,
        subject=message.subject,
        signature=message.signature or {},
        recipient=recipient_of(session, case, message),
        address=message.address or "",
        channel=message.channel,
        language=message.language,
        written_on=brussels_day(message.written_at),
        registered=message.registered_ground is not None,
        follow_url=None if to_body else f"{house.base_url}/{message.language}/follow",
        slip=_slip(house, message, code) if code else None,
    )


def _survey_code(session: Session, house: House, case: Case, message: Message) -> str | None:
    """Return the code of the survey that a letter asks: the same before the letter is stored and after."""
    if not holds_code(message):
        return None
    number = asked_by(session, message) if message.id else surveys.next_number(session, case)
    return surveys.code_of(house, case, number) if number else None


def _slip(house: House, message: Message, code: str) -> Slip:
    """Return the page of the survey behind a letter that asks."""
    until = brussels_day(message.written_at) + timedelta(days=surveys.OPEN_DAYS)
    return Slip(url=f"{house.base_url}/{message.language}/survey", code=code, until=until)


def recipient_of(session: Session, case: Case, message: Message) -> str:
    """Return whom a message goes to, as it is called in the message's language."""
    if message.service_code is None:
        return case.requester_name
    names = session.scalar(select(Service.names).where(Service.code == message.service_code)) or {}
    return str(names.get(message.language.value) or names.get(Language.FR.value) or message.service_code)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is whole or absent, even after a power cut; the same name again is replaced at once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PART}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync(path.parent)


PART = ".part"
"""How a file ends that is not yet whole."""
