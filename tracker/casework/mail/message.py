"""Owns how a mail becomes a message: a case of its own, or one more message on a case, with its files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from tracker.casework.follow import follow_up
from tracker.casework.house import Actor, House
from tracker.casework.mail.brake import UNACKNOWLEDGED, Brake, keep_back
from tracker.casework.mail.store import Mailroom, path_of
from tracker.casework.register import Intake, register, routed
from tracker.casework.writing import message_of
from tracker.charter.words import Channel, Language, Nature
from tracker.correspondence.contents import LONGEST_TEXT
from tracker.correspondence.files import FileRefused, KeptFile, keep_file
from tracker.correspondence.gate import is_email_address
from tracker.correspondence.incoming import Incoming, read
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Message
from tracker.routing.language import SURE, guess_language

if TYPE_CHECKING:
    from tracker.routing.proposal import Routing

HOUSE_LANGUAGE = Language.FR
"""For a mail that is in none of our languages, or says too little to tell."""
BEGINNING = 1024 * 1024
"""How many bytes of a mail that is too big are looked into: enough to say whose it is."""
LONGEST_SUBJECT = 200
MOST_FILES = 50
NOTHING = "–"
CASE_OF_ITS_OWN = (Nature.COMPLAINT, Nature.DOCUMENT_ACCESS)
"""What a mail is registered as when it is proposed. That it went to the wrong address is left to a person."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as it was read."""

    incoming: Incoming
    language: Language
    """The language it is written in, as far as that can be told; else the house's."""
    too_big: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of the reading beside the mail."""
        kept = {"damaged": list(self.incoming.damaged), "otherwise": self.incoming.otherwise}
        return {name: value for name, value in kept.items() if value}


@dataclass(slots=True)
class Unpacked:
    """The files of a mail that were kept, and those that were not, each with the reason's word."""

    kept: list[KeptFile] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    adopted: bool = False
    """They belong to a message now; until then they are thrown away again."""


def read_mail(room: Mailroom, mail: Mail, *, now: datetime, whole: bool = False) -> Reading:
    """Read a raw mail from the disk; of one that is too big only the beginning, unless a person wants the ``whole``.

    Raises ``OSError`` when it is not there.
    """
    too_big = mail.size > room.mail_bytes
    with path_of(room.mail, mail.sha256).open("rb") as file:
        raw = file.read(BEGINNING if too_big and not whole else -1)
    here_since = mail.arrived_at or mail.stored_at  # whenever it is read, and however often
    incoming = read(raw, mail_hosts=room.hosts, arrived_at=here_since, now=now, own_address=room.address)
    return Reading(incoming, _language_of(incoming), too_big)


def _language_of(incoming: Incoming) -> Language:
    guessed, sure = guess_language(f"{incoming.subject}\n{said_in(incoming)}")
    return Language(guessed) if guessed is not None and sure >= SURE else HOUSE_LANGUAGE


@contextmanager
def unpack(incoming: Incoming, room: Mailroom) -> Iterator[Unpacked]:
    """Keep the files of a mail for as long as it may become a message; what became of none is removed at the end."""
    unpacked = Unpacked()
    try:
        for number, file in enumerate(incoming.attachments):
            if number >= MOST_FILES:
                unpacked.left_out.append({"name": file.name, "why": "too_many"})
                continue
            try:
                kept = keep_file(file.content, name=file.name, folder=room.attachments, limit=room.file_bytes)
            except FileRefused as refused:
                unpacked.left_out.append({"name": refused.name, "why": refused.why.value})
            else:
                unpacked.kept.append(kept)
        yield unpacked
    finally:
        if not unpacked.adopted:
            for kept in unpacked.kept:
                (room.attachments / kept.stored_as).unlink(missing_ok=True)


def said_in(incoming: Incoming) -> str:
    """Return what a mail says that is new, or all that it says when nothing is."""
    return incoming.new_text.strip() or incoming.text.strip()


@dataclass(frozen=True, slots=True)
class Request:
    """What a mail is registered as, worked out before anybody waits for our transaction."""

    intake: Intake
    routing: "Routing"


def request_of(
    house: House, reading: Reading, unpacked: Unpacked, *, key: str, received_at: datetime, now: datetime
) -> Request:
    """Work out what a mail would be registered as; ``key`` (``key_of``) makes it one message at most."""
    incoming = reading.incoming
    text = _body(incoming, unpacked)
    sender = incoming.sender if is_email_address(incoming.sender or "") else None
    intake = Intake(
        channel=Channel.EMAIL,
        received_at=received_at,
        nature=Nature.INFORMATION,
        language=reading.language,
        subject=_subject(incoming, text),
        text=text,
        requester_name=_name(incoming),
        requester_email=sender,
        submission_key=key,
    )
    routing = routed(house, intake, now)
    proposed = routing.proposed
    nature = proposed.nature if proposed.nature in CASE_OF_ITS_OWN else Nature.INFORMATION
    return Request(replace(intake, nature=nature, urgent=proposed.urgent), routing)


def make_case(
    session: Session,
    house: House,
    mail: Mail,
    request: Request,
    unpacked: Unpacked,
    *,
    actor: Actor,
    now: datetime,
    brake: Brake = Brake.OFF,
) -> None:
    """Register a mail as a case of its own, counted from when it first reached us.

    What the brake keeps back is the acknowledgement alone; never an emergency's, which says whom to phone (P11).
    """
    brake = Brake.OFF if request.intake.urgent else brake
    intake = replace(request.intake, acknowledge=brake is not Brake.SILENT)
    done = register(session, house, intake=intake, actor=actor, now=now, routing=request.routing)
    if brake is Brake.TELLS:
        keep_back(session, done.case, now=now)
    if brake is not Brake.OFF:
        mail.details = {**(mail.details or {}), UNACKNOWLEDGED: brake.value}
    message = message_of(session, done.case.id, 1)
    assert message is not None
    _belong(session, mail, message, unpacked, now)


def join_case(
    session: Session,
    house: House,
    mail: Mail,
    incoming: Incoming,
    unpacked: Unpacked,
    *,
    into: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Add a mail to the case it is about, as a follow-up counted from when it first reached us."""
    assert mail.received_at is not None
    message = follow_up(
        session,
        house,
        reference=into,
        text=_body(incoming, unpacked),
        channel=Channel.EMAIL,
        received_at=mail.received_at,
        submission_key=key_of(mail),
        actor=actor,
        now=now,
    )
    session.flush()
    _belong(session, mail, message, unpacked, now)


def _belong(session: Session, mail: Mail, message: Message, unpacked: Unpacked, now: datetime) -> None:
    """Bind a mail and its files to the message that it became."""
    mail.case_id, mail.case_message_id = message.case_id, message.id
    if unpacked.left_out:
        mail.details = {**(mail.details or {}), "left_out": unpacked.left_out}
    for file in unpacked.kept:
        session.add(
            Attachment(
                case_id=message.case_id,
                message_id=message.id,
                name=file.name,
                stored_as=file.stored_as,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
                added_at=now,
            )
        )
    unpacked.adopted = True


def key_of(mail: Mail) -> str:
    """Return what makes one mail one message at most, whatever goes wrong."""
    return f"mail:{mail.sha256[:59]}"


def _body(incoming: Incoming, unpacked: Unpacked) -> str:
    """Return the text of the message; of a mail that holds files only, their names."""
    names = [file.name for file in unpacked.kept] + [left["name"] for left in unpacked.left_out]
    text = (
        said_in(incoming)
        or ", ".join(name for name in names[:MOST_FILES] if name)
        or incoming.subject.strip()
        or NOTHING
    )
    return text[:LONGEST_TEXT]


def _subject(incoming: Incoming, text: str) -> str:
    return " ".join(incoming.subject.split())[:LONGEST_SUBJECT] or " ".join(text.split())[:80]


def _name(incoming: Incoming) -> str:
    return (incoming.sender_name.strip() or incoming.sender or NOTHING)[:200]
