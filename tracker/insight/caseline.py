"""Owns the statements that read what was said and done on one case; each is made once and only given its numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session

from tracker.charter.obligations import Obligation as Promise
from tracker.charter.words import Direction, MessageKind, NoticeState
from tracker.insight.casefacts import Broken, Came, Done, File, Lost, Said, Told
from tracker.models.base import BigId
from tracker.models.cases import Case
from tracker.models.history import History
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.obligations import Breach, Notice, Obligation, promise_of
from tracker.models.paper import Letter
from tracker.models.staff import Staff

NEWEST = 40
"""So many of the newest messages, and steps, a page shows; what is older is folded until it is asked for."""


@dataclass(frozen=True, slots=True)
class Promised:
    """What a case promises, and which of it was broken."""

    promises: tuple[Promise, ...]
    broken: tuple[Broken, ...]


def _columns(table: Any) -> Any:
    found = table.__table__
    assert isinstance(found, Table)
    return found.c


_cases, _history, _mails = _columns(Case), _columns(History), _columns(Mail)
_messages, _files, _outbox, _letters = _columns(Message), _columns(Attachment), _columns(Outbox), _columns(Letter)
_owed, _breaches, _notices, _staff = _columns(Obligation), _columns(Breach), _columns(Notice), _columns(Staff)
_OF = bindparam("case_id", type_=BigId)

_PROMISED = (
    select(
        *(column for column in _owed if column.name != "seal"),
        _breaches.became_true_at, _breaches.recorded_at, _breaches.due_on.label("broken_due_on"),
        _breaches.born_late.label("broken_born_late"),
    )
    .outerjoin_from(Obligation.__table__, Breach.__table__, _breaches.obligation_id == _owed.id)
    .where(_owed.case_id == _OF)
    .order_by(_owed.number)
)  # fmt: skip
_DONE = (
    select(_history.at, _history.verb, _history.actor, _history.details)
    .where(_history.case_id == _OF)
    .order_by(_history.seq)
)
_TOLD = (
    select(_notices.moment, _notices.recorded_at, _notices.rung, _notices.state, _notices.recipients, _owed.number)
    .join_from(Notice.__table__, Obligation.__table__, _owed.id == _notices.obligation_id)
    .where(_owed.case_id == _OF)
    .order_by(_notices.id)
)
_FILES = (
    select(_files.message_id, _files.id, _files.name, _files.size).where(_files.case_id == _OF).order_by(_files.id)
)
_THESE = select(_cases.id).where(or_(_cases.id == _OF, _cases.merged_into_id == _OF))
_IS_BESIDE = and_(_mails.case_id.in_(_THESE), _mails.case_message_id.is_(None))
_BESIDE = (
    select(
        _mails.id, _mails.received_at, _mails.outcome, _mails.reason, _mails.sender, _mails.subject, _mails.due_on,
        _mails.settled_at,
    )
    .where(_IS_BESIDE)
    .order_by(_mails.id)
)  # fmt: skip
_OLDEST_WITH_TEXT = (
    select(func.max(_messages.number) - bindparam("newest")).where(_messages.case_id == _OF).scalar_subquery()
)
_WITH_TEXT = or_(
    _messages.number > _OLDEST_WITH_TEXT, _messages.number == 1, _messages.kind == MessageKind.NOTE
)  # fmt: skip
_SAID = (
    select(
        _messages.id, _messages.number, _messages.direction, _messages.kind, _messages.act, _messages.channel,
        _messages.language, _messages.subject, _messages.address, _messages.service_code, _messages.promised_on,
        _messages.reason, _messages.left_on, _messages.left_at, _messages.void_evidence, _messages.voided_at,
        _messages.written_at,
        case((_WITH_TEXT, _messages.body), else_="").label("body"),
        _staff.name.label("author"),
        _outbox.state.label("outbox_state"), _outbox.last_error,
        _letters.made_at.is_not(None).label("kept"),
        _mails.id.label("mail_id"), case((_WITH_TEXT, _mails.quoted)).label("quoted"), _mails.details,
        exists().where(_files.case_id == _OF).label("has_files"),
        exists().where(_IS_BESIDE).correlate(None).label("has_beside"),
    )
    .select_from(Message.__table__)
    .outerjoin(Staff.__table__, _staff.id == _messages.author_id)
    .outerjoin(Outbox.__table__, _outbox.message_id == _messages.id)
    .outerjoin(Mail.__table__, _mails.case_message_id == _messages.id)
    .outerjoin(Letter.__table__, _letters.message_id == _messages.id)
    .where(_messages.case_id == _OF)
    .order_by(_messages.number)
)  # fmt: skip
_NAMES = select(_staff.id, _staff.name).where(_staff.id.in_(bindparam("people", expanding=True)))


def promised(session: Session, case_id: int) -> Promised:
    """Return what a case promises, and which of it was broken (one statement)."""
    rows: Sequence[Any] = session.connection().execute(_PROMISED, {"case_id": case_id}).all()
    return Promised(
        tuple(promise_of(row) for row in rows),
        tuple(
            Broken(row.became_true_at, row.number, row.broken_due_on, row.recorded_at, row.broken_born_late)
            for row in rows
            if row.became_true_at is not None
        ),
    )


def done(session: Session, case_id: int) -> list[Done]:
    """Return the history of a case in its order (one statement)."""
    return [Done(*row) for row in session.connection().execute(_DONE, {"case_id": case_id})]


def told(session: Session, case_id: int) -> list[tuple[Any, ...]]:
    """Return the notices about a case's promises, as rows (one statement): ``told_by_name`` makes them readable."""
    return [tuple(row) for row in session.connection().execute(_TOLD, {"case_id": case_id})]


def told_by_name(rows: Iterable[tuple[Any, ...]], names: Mapping[int, str]) -> Iterable[Told]:
    """Return notices with the names of those whom they reached."""
    for moment, recorded_at, rung, state, recipients, number in rows:
        yield Told(
            at=moment if state is NoticeState.SKIPPED else recorded_at,
            rung=rung,
            state=state,
            number=number,
            names=tuple(names[person] for person in recipients if person in names),
        )


def said(session: Session, case_id: int, *, newest: int | None = None) -> tuple[list[Said], list[Came]]:
    """Return the messages of a case, and the mail that is on it or on one it took in and became no message.

    ``newest``: only so many of the newest have their texts, with the notes and the first; none: all have. One
    statement; one more when there are files, and one when there is such mail.
    """
    rows: Sequence[Any] = (
        session.connection().execute(_SAID, {"case_id": case_id, "newest": newest or 2**31 - 1}).all()
    )
    files: dict[int | None, list[File]] = {}
    if any(row.has_files for row in rows[:1]):
        for message_id, number, name, size in session.connection().execute(_FILES, {"case_id": case_id}):
            files.setdefault(message_id, []).append(File(number, name, size))
    beside = session.connection().execute(_BESIDE, {"case_id": case_id}) if not rows or rows[0].has_beside else ()
    return [_said(row, tuple(files.get(row.id, ()))) for row in rows], list(_came(beside))


def names_of(session: Session, people: Iterable[int]) -> dict[int, str]:
    """Return the names of members of staff by their numbers (one statement, none for nobody)."""
    wanted = sorted(people)
    return {row.id: row.name for row in session.connection().execute(_NAMES, {"people": wanted})} if wanted else {}


def _came(rows: Iterable[Any]) -> Iterable[Came]:
    for mail in rows:
        if mail.outcome is not None and mail.reason is not None and mail.received_at is not None:
            yield Came(
                at=mail.received_at,
                mail_id=mail.id,
                outcome=mail.outcome,
                reason=mail.reason,
                sender=mail.sender,
                subject=mail.subject,
                due_on=mail.due_on,
                open=mail.settled_at is None,
            )


def _said(row: Any, files: tuple[File, ...]) -> Said:
    details = row.details or {}
    return Said(
        at=row.written_at,
        number=row.number,
        outgoing=row.direction is Direction.OUT,
        kind=row.kind,
        channel=row.channel,
        language=row.language,
        subject=row.subject,
        body=row.body,
        address=row.address,
        author=row.author,
        to_service=row.service_code,
        promised_on=row.promised_on,
        reason=row.reason,
        discharges=row.act is not None,
        left_on=row.left_on,
        left_at=row.left_at,
        void_evidence=row.void_evidence,
        voided_at=row.voided_at,
        waiting=row.outbox_state == "waiting",
        failed=row.outbox_state == "failed" and row.left_on is None,
        problem=row.last_error,
        files=files,
        mail_id=row.mail_id,
        quoted=row.quoted,
        otherwise=str(details.get("otherwise", "")),
        lost=_lost(details),
        unacknowledged="unacknowledged" in details,
        kept=row.kept,
    )


def _lost(details: Mapping[str, Any]) -> Lost | None:
    left_out = tuple((str(file["name"]), str(file["why"])) for file in details.get("left_out", ()))
    damaged = tuple(str(one) for one in details.get("damaged", ()))
    return Lost(damaged, left_out) if damaged or left_out else None
