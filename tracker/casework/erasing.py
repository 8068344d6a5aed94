"""Owns the erasure of personal data: who asked and all that was said goes; how the promises were kept stays."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from tracker.access.permissions import ERASE
from tracker.casework.casefile import CaseFile, erasure_of, find, permit, since
from tracker.casework.errors import CaseChanged, Missing, Refused
from tracker.casework.house import Actor, House
from tracker.casework.mail.store import path_of
from tracker.casework.what_goes import GOES, TAKEN_OUT, TOLD, rows_of
from tracker.charter.counting import aware
from tracker.charter.erasing import bare, bones
from tracker.charter.reference import BadReference, Reference
from tracker.charter.words import (
    PAPER,
    CaseState,
    Direction,
    ErasureGround,
    MailOutcome,
    MessageKind,
    TaskState,
    Verb,
)
from tracker.models.base import seal_of
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.erasure import Erasure
from tracker.models.history import History
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.paper import Letter
from tracker.models.staff import Staff
from tracker.models.tasks import Task


class NotFinished(Refused):
    """Something on the case is still to be done or to leave."""

    code = "not_finished"

    def __init__(self, reference: str, what: str) -> None:
        super().__init__(
            f"Something of file {reference} is still to be done: {what.replace('_', ' ')}. Do that first.",
            reference=reference,
            kind=what,
        )


class OtherReference(Refused):
    """What was typed to confirm is not the reference of this case."""

    code = "other_reference"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"Type the reference of this very file, {reference}, to erase its data.", reference=reference
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where the files of cases lie."""

    attachments: Path
    letters: Path
    mail: Path


def erase(
    session: Session,
    house: House,
    *,
    reference: str,
    ground: ErasureGround,
    reason: str,
    confirmed: str,
    actor: Actor,
    now: datetime,
    seen: int | None,
) -> Case:
    """Erase the personal data of a closed case, and of those merged into it, for good; a second time changes nothing.

    ``confirmed`` is its reference, typed by hand; ``reason``, why it is decided, without personal data: it stays.
    The files are named in the erasure, and removed after the commit (``remove_files``). Raises ``Missing``,
    ``NotPermitted``, ``OtherReference``, ``CaseChanged`` or ``NotFinished``.
    """
    now = aware(now)
    if not reason.strip():
        raise Missing("reason")
    case = find(session, reference, lock=True)
    permit(session, case, ERASE, actor)
    if erasure_of(session, case) is not None:
        return case
    if not _same(confirmed, case.reference):
        raise OtherReference(case.reference)
    if seen is not None and seen != case.version:
        raise CaseChanged(case.reference, since(session, case.id, seen))
    if case.state is not CaseState.CLOSED:
        raise NotFinished(case.reference, "not_closed")
    cases = _with_merged(session, case)
    ids = [one.id for one in cases]
    if (what := _still_to_do(session, ids)) is not None:
        raise NotFinished(case.reference, what)
    known = frozenset((*session.scalars(select(Service.code)), *session.scalars(select(Staff.name))))
    files = _files(session, ids)
    for one in cases:
        file = CaseFile.hold(session, house, one, actor=actor, now=now)
        _note(file, ground, files if one is case else {})
        _empty_history(session, one.id, known)
        file.note_down(Verb.WRITE, {"erased": ground, "reason": reason})
    _empty(session, ids, known)
    return case


def _same(typed: str, reference: str) -> bool:
    try:
        return Reference.parse(typed).format() == reference
    except BadReference:
        return False


def _with_merged(session: Session, case: Case) -> list[Case]:
    """Return a case and all that were merged into it, at any remove, locked: their references lead to it."""
    found, newest = [case], [case.id]
    while newest:
        query = select(Case).where(Case.merged_into_id.in_(newest)).order_by(Case.id).with_for_update()
        merged = session.scalars(query).all()
        found += merged
        newest = [one.id for one in merged]
    return found


def _still_to_do(session: Session, cases: Collection[int]) -> str | None:
    """Return what of some cases is not finished; none: nothing."""
    waits = select(Outbox.id).where(Outbox.message_id == Message.id, Outbox.state == "waiting")
    leaving = select(Message.id).where(
        Message.case_id.in_(cases), Message.direction == Direction.OUT, Message.kind != MessageKind.NOTE,
        Message.left_on.is_(None), or_(Message.channel.in_(PAPER), waits.exists()),
    )  # fmt: skip
    looked_at = Mail.outcome.in_((MailOutcome.HELD, MailOutcome.IGNORED)) & Mail.settled_at.is_(None)
    asked = select(Task.id).where(Task.case_id.in_(cases), Task.state == TaskState.OPEN)
    acting = select(CorrectiveAction.id).where(
        CorrectiveAction.case_id.in_(cases), CorrectiveAction.done_on.is_(None)
    )
    waiting = select(Mail.id).where(Mail.case_id.in_(cases), looked_at)
    for what, query in (("leaving", leaving), ("asked", asked), ("action", acting), ("mail", waiting)):
        if session.scalar(query.limit(1)) is not None:
            return what
    return None


def _files(session: Session, cases: Collection[int]) -> dict[str, Any]:
    """Return the names of the files of some cases, by folder."""
    found = {
        "attachments": select(Attachment.stored_as).where(Attachment.case_id.in_(cases)),
        "letters": select(Letter.stored_as).where(rows_of(Letter, cases)),
        "mail": select(Mail.sha256).where(Mail.case_id.in_(cases)),
    }
    return {folder: sorted(session.scalars(query)) for folder, query in found.items()}


def _note(file: CaseFile, ground: ErasureGround, files: Mapping[str, Any]) -> None:
    """Write that the data of a case are erased: only then does the database let its history be emptied."""
    assert file.actor.staff_id is not None
    file.session.add(
        Erasure(
            case_id=file.case.id, ground=ground, erased_at=file.now, erased_by=file.actor.staff_id,
            entry=file.case.version + 1, files=dict(files), gone_at=None,
        )
    )  # fmt: skip
    file.session.flush()


def _empty_history(session: Session, case_id: int, known: frozenset[str]) -> None:
    table: Any = History.__table__
    for row in session.execute(select(table).where(table.c.case_id == case_id)).all():
        values = {**row._mapping, "details": bones(row.details, known)}
        if values["details"] != row.details:
            changed = {"details": values["details"], "seal": seal_of(History, values)}
            session.execute(update(table).where(table.c.id == row.id).values(**changed))


def _empty(session: Session, cases: Collection[int], known: frozenset[str]) -> None:
    """Take out and empty all that goes of some cases; what it was found by is worked out anew with the commit."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))  # what goes is written over, not only let go
    for model in TAKEN_OUT:
        for row in session.scalars(select(model).where(rows_of(model, cases))):
            session.delete(row)
    for model, columns in GOES.items():
        if model is not History:
            for row in session.scalars(select(model).where(rows_of(model, cases))):
                _empty_row(row, columns, known if model in TOLD else None)


def _empty_row(row: Any, columns: Mapping[str, Any], known: frozenset[str] | None) -> None:
    """Empty some columns of a row; ``known``: what the history keeps of the same words."""
    for name, instead in columns.items():
        value = getattr(row, name)
        if value is not None and known is not None:
            setattr(row, name, _steps(value, known) if name == "steps" else bare(value, known))
        elif value is not None:
            setattr(row, name, instead)


def _steps(steps: Sequence[Mapping[str, Any]], known: frozenset[str]) -> list[Any]:
    """Return the steps of a count without the reason that somebody gave."""
    return [
        {
            **step,
            "values": {name: bare(one, known) if name == "reason" else one for name, one in step["values"].items()},
        }
        for step in steps
    ]


def remove_files(database: Database, folders: Folders) -> list[int]:
    """Remove from the disk what erasures have left there; return the cases that were seen to.

    What a crash kept from being removed is found again by the next call, until ``tidy`` has seen to it. A mail that
    was handed over again since is another, though it lies in the same place: it stays. Raises ``OSError``.
    """
    with database.reading() as session:
        waiting = session.execute(select(Erasure.case_id, Erasure.files).where(Erasure.gone_at.is_(None))).all()
        digests = [digest for _, files in waiting for digest in files.get("mail", ())]
        again = set(session.scalars(select(Mail.sha256).where(Mail.sha256.in_(digests))))
    for _, files in waiting:
        for name in files.get("attachments", ()):
            _remove(folders.attachments, folders.attachments / name)
        for name in files.get("letters", ()):
            _remove(folders.letters, folders.letters / name)
        for digest in set(files.get("mail", ())) - again:
            _remove(folders.mail, path_of(folders.mail, digest))
    return [case_id for case_id, _ in waiting]


def tidy(database: Database, folders: Folders, *, now: datetime) -> int:
    """See to what erasures have left behind: files, and on SQLite what lies in its files and counts no more.

    Return how many erasures were seen to; they are over with that.
    """
    cases = remove_files(database, folders)
    if not cases:
        return 0
    if database.is_sqlite:
        _forget_words(database)
    with database.writing() as session:
        for row in session.scalars(select(Erasure).where(Erasure.case_id.in_(cases)).with_for_update()):
            row.files, row.gone_at = {}, max(aware(now), row.erased_at)  # the clocks of two machines differ
    return len(cases)


def _remove(folder: Path, path: Path) -> None:
    if path.resolve().is_relative_to(folder.resolve()):
        path.unlink(missing_ok=True)


def _forget_words(database: Database) -> None:
    """Rid the full-text table of SQLite of words that no case is found by any more, and the log of what was written.

    Until its parts are merged it keeps them beside a mark that they count no more. A piece at a time, so that nobody
    waits long for their turn.
    """
    statement = text("INSERT INTO case_words (case_words, rank) VALUES ('merge', :pages)")
    pages = -MERGED_AT_ONCE  # below nothing: all parts are to become one
    while True:
        with database.writing() as session:
            session.execute(text("PRAGMA secure_delete = ON"))
            before = session.scalar(text("SELECT total_changes()"))
            session.execute(statement, {"pages": pages})
            changed = int(session.scalar(text("SELECT total_changes()")) or 0) - int(before or 0)
        pages = MERGED_AT_ONCE
        if changed < _NOTHING_MORE:
            break
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


MERGED_AT_ONCE = 500
"""Pages of the full-text table."""
_NOTHING_MORE = 2
"""Fewer changes than that: there was nothing left to merge (documentation of FTS5, the merge command)."""
