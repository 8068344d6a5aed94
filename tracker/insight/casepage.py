"""Owns the reading of one case for its page: who and what, what is promised, all that was said and done, in order.

A page takes ``STATEMENTS`` statements, however long the case has lived.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.charter.reference import Reference
from tracker.charter.words import PAPER, NoticeState
from tracker.insight.casefacts import (
    Broken,
    Came,
    CasePage,
    Contact,
    Done,
    File,
    Header,
    Link,
    Lost,
    Said,
    StoredFile,
    Told,
    to_send_again,
)
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Association, Case
from tracker.models.directory import Service
from tracker.models.history import History
from tracker.models.mail import Mail
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.obligations import Breach, Notice, Obligation, promise_of
from tracker.models.paper import Letter
from tracker.models.staff import Staff

STATEMENTS = 11
LARGEST_ID = 2**63 - 1


def case_header(session: Session, reference: str) -> Header | None:
    """Return what is known at a glance of the case that a reference leads to (two statements), or None.

    A merged case leads to the one it was merged into (one statement more each). Raises ``BadReference``.
    """
    wanted = Reference.parse(reference).format()
    found = session.execute(_header_query().where(Case.reference == wanted)).one_or_none()
    while found is not None and found[0].merged_into_id is not None:
        found = session.execute(_header_query().where(Case.id == found[0].merged_into_id)).one_or_none()
    if found is None:
        return None
    associated = session.execute(
        select(Service.code, Service.names)
        .join(Association, Association.service_code == Service.code)
        .where(Association.case_id == found[0].id)
        .order_by(Service.code)
    )
    return _header(found, wanted, {row.code: row.names for row in associated})


def case_page(session: Session, header: Header, viewer: Viewer) -> CasePage:
    """Return all that was said and done on a case (nine statements)."""
    promises = session.scalars(select(Obligation).where(Obligation.case_id == header.id).order_by(Obligation.number))
    rows = list(promises)
    number_of = {row.id: row.number for row in rows}
    history = list(session.scalars(select(History).where(History.case_id == header.id).order_by(History.seq)))
    notices = list(session.scalars(select(Notice).where(Notice.obligation_id.in_(number_of)).order_by(Notice.id)))
    broken = session.scalars(select(Breach).where(Breach.obligation_id.in_(number_of)))
    names = _names(session, history, notices)
    line: list[Said | Done | Told | Broken | Came] = [
        Done(at=entry.at, verb=entry.verb, actor=entry.actor, details=entry.details) for entry in history
    ]
    line += [
        Told(
            at=notice.moment if notice.state is NoticeState.SKIPPED else notice.recorded_at,
            rung=notice.rung,
            state=notice.state,
            number=number_of[notice.obligation_id],
            names=tuple(names[person] for person in notice.recipients if person in names),
        )
        for notice in notices
    ]
    line += [
        Broken(row.became_true_at, number_of[row.obligation_id], row.due_on, row.recorded_at, row.born_late)
        for row in broken
    ]
    line += _messages(session, header.id)
    line += _beside(session, header.id)
    line.sort(key=lambda item: (item.at, _RANK[type(item)]))
    return CasePage(
        header=header,
        promises=tuple(promise_of(row) for row in rows),
        line=tuple(line),
        links=tuple(_links(session, header, viewer)),
        names=names,
    )


_RANK: dict[type, int] = {Done: 0, Said: 1, Came: 2, Broken: 3, Told: 4}
"""What happened at one moment is told in this order: what was done, what was said, what came of it."""


def incoming(session: Session, case_id: int) -> list[Said]:
    """Return what the requester wrote or said, the newest first (two statements)."""
    return [said for said in _messages(session, case_id) if not said.outgoing][::-1]


def stored_file(session: Session, case_id: int, number: int) -> StoredFile | None:
    """Return a file of a case by its id (one statement)."""
    if number > LARGEST_ID:
        return None
    found = session.execute(
        select(Attachment.name, Attachment.stored_as, Attachment.media_type).where(
            Attachment.id == number, Attachment.case_id == case_id
        )
    ).one_or_none()
    return StoredFile(*found) if found is not None else None


def outgoing(session: Session, case_id: int, *, left: bool) -> list[Said]:
    """Return the letters and faxes that wait to be posted, or all that left and was not returned (two statements)."""
    return [
        said
        for said in _messages(session, case_id)
        if said.outgoing
        and not said.stays
        and (said.left_on is not None) is left
        and said.voided_at is None
        and (left or said.channel in PAPER)
    ]


def lost_messages(session: Session, case_id: int) -> tuple[Said, ...]:
    """Return the messages of a case that can be sent again (two statements)."""
    return to_send_again(tuple(_messages(session, case_id)))


def came_back(session: Session, case_id: int, number: int) -> Said | None:
    """Return a message of a case that never arrived, by its number (two statements); none when that is not so."""
    return next(
        (said for said in _messages(session, case_id) if said.number == number and said.voided_at is not None), None
    )


def _header_query() -> Any:
    return (
        select(
            Case, Staff.name, Staff.phone, Staff.email, Staff.is_desk, Staff.away_from, Staff.away_until,
            Service.names,
        )
        .join(Staff, Staff.id == Case.handler_id)
        .outerjoin(Service, Service.code == Case.service_code)
    )  # fmt: skip


def _header(found: Any, asked_for: str, associated: dict[str, Mapping[str, str]]) -> Header:
    case, name, phone, email, is_desk, away_from, away_until, service_names = found
    same = {
        f.name: getattr(case, f.name) for f in fields(Header) if f.name in Case.__table__.columns
    }  # fmt: skip
    return Header(
        **same,
        asked_for=asked_for,
        nature_confirmed=case.nature_confirmed_at is not None,
        requester=Contact(
            name=case.requester_name,
            email=case.requester_email,
            phone=case.requester_phone,
            fax=case.requester_fax,
            address=case.requester_address,
        ),
        service_names=service_names or {},
        associated=associated,
        handler=Contact(name=name, phone=phone, email=email),
        handler_is_desk=is_desk,
        handler_away_from=away_from,
        handler_away_until=away_until,
    )


def _messages(session: Session, case_id: int) -> Iterable[Said]:
    files: dict[int | None, list[File]] = {}
    for row in session.execute(
        select(Attachment.message_id, Attachment.id, Attachment.name, Attachment.size)
        .where(Attachment.case_id == case_id)
        .order_by(Attachment.id)
    ):
        files.setdefault(row[0], []).append(File(row[1], row[2], row[3]))
    found = session.execute(
        select(
            Message, Staff.name, Outbox.state, Outbox.last_error, Letter.made_at, Mail.id, Mail.quoted, Mail.details
        )
        .outerjoin(Staff, Staff.id == Message.author_id)
        .outerjoin(Outbox, Outbox.message_id == Message.id)
        .outerjoin(Mail, Mail.case_message_id == Message.id)
        .outerjoin(Letter, Letter.message_id == Message.id)
        .where(Message.case_id == case_id)
        .order_by(Message.number)
    )
    for message, author, state, problem, made_at, mail_id, quoted, details in found:
        mail = (mail_id, quoted, details or {})
        yield _said(message, author, state, problem, made_at is not None, mail, tuple(files.get(message.id, ())))


def _beside(session: Session, case_id: int) -> Iterable[Came]:
    """Return the mail on a case, or on one that it took in, that became no message (one statement)."""
    these = select(Case.id).where(or_(Case.id == case_id, Case.merged_into_id == case_id))
    found = session.scalars(
        select(Mail).where(Mail.case_id.in_(these), Mail.case_message_id.is_(None)).order_by(Mail.id)
    )
    for mail in found:
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


def _lost(details: Mapping[str, Any]) -> Lost | None:
    left_out = tuple((str(file["name"]), str(file["why"])) for file in details.get("left_out", ()))
    damaged = tuple(str(one) for one in details.get("damaged", ()))
    return Lost(damaged, left_out) if damaged or left_out else None


def _said(
    message: Message,
    author: str | None,
    state: str | None,
    problem: str | None,
    kept: bool,
    mail: tuple[int | None, str | None, Mapping[str, Any]],
    files: tuple[File, ...],
) -> Said:
    return Said(
        at=message.written_at,
        number=message.number,
        outgoing=message.direction is message.direction.OUT,
        kind=message.kind,
        channel=message.channel,
        language=message.language,
        subject=message.subject,
        body=message.body,
        address=message.address,
        author=author,
        to_service=message.service_code,
        promised_on=message.promised_on,
        reason=message.reason,
        discharges=message.act is not None,
        left_on=message.left_on,
        left_at=message.left_at,
        void_evidence=message.void_evidence,
        voided_at=message.voided_at,
        waiting=state == "waiting",
        failed=state == "failed" and message.left_on is None,
        problem=problem,
        files=files,
        mail_id=mail[0],
        quoted=mail[1],
        otherwise=str(mail[2].get("otherwise", "")),
        lost=_lost(mail[2]),
        unacknowledged="unacknowledged" in mail[2],
        kept=kept,
    )


def _names(session: Session, history: Sequence[History], notices: Sequence[Notice]) -> dict[int, str]:
    """Return the names of those whom the history and the notices only number."""
    wanted: set[int] = {person for notice in notices for person in notice.recipients}
    for entry in history:
        wanted |= {entry.details[key] for key in ("handler", "from", "to") if isinstance(entry.details.get(key), int)}
    found = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(sorted(wanted))))
    return {row.id: row.name for row in found}


def _links(session: Session, header: Header, viewer: Viewer) -> Iterable[Link]:
    forward = {header.about_case_id: "about", header.continues_case_id: "continues"}
    found = session.scalars(
        select(Case)
        .where(
            or_(
                Case.id.in_([number for number in forward if number is not None]),
                Case.about_case_id == header.id,
                Case.continues_case_id == header.id,
                Case.merged_into_id == header.id,
            ),
            may_read(viewer),
        )
        .order_by(Case.id)
    )
    for case in found:
        if case.id in forward:
            relation = forward[case.id]
        elif case.merged_into_id == header.id:
            relation = "merged"
        else:
            relation = "concerned_by" if case.about_case_id == header.id else "continued_by"
        yield Link(relation=relation, reference=case.reference, subject=case.subject, state=case.state)
