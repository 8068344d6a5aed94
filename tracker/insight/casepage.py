"""Owns the reading of one case for its page: who and what, what is promised, all that was said and done, in order.

A page takes ``STATEMENTS`` statements, however long the case has lived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from tracker.charter.reference import Reference
from tracker.charter.words import PAPER, Verb
from tracker.insight.casefacts import (
    Broken,
    Came,
    CasePage,
    Contact,
    Done,
    Erased,
    Header,
    Said,
    StoredFile,
    Told,
    to_send_again,
)
from tracker.insight.caseline import done, names_of, promised, said, told, told_by_name
from tracker.insight.linked import as_far_as_read, linked
from tracker.insight.sight import Viewer
from tracker.insight.tasks import asked_on_case, numbers_of
from tracker.models.cases import Association, Case
from tracker.models.directory import Service
from tracker.models.erasure import Erasure
from tracker.models.messages import Attachment
from tracker.models.staff import Staff

STATEMENTS = 11
LARGEST_ID = 2**63 - 1


def case_header(session: Session, reference: str) -> Header | None:
    """Return what is known at a glance of the case that a reference leads to (two statements), or None.

    A merged case leads to the one it was merged into (one statement more each). Raises ``BadReference``.
    """
    wanted = Reference.parse(reference).format()
    found = session.execute(_by_reference(), {"reference": wanted}).one_or_none()
    while found is not None and found[0].merged_into_id is not None:
        found = session.execute(_by_id(), {"id": found[0].merged_into_id}).one_or_none()
    if found is None:
        return None
    associated = session.connection().execute(_ASSOCIATED, {"case_id": found[0].id})
    return _header(found, wanted, {row.code: row.names for row in associated})


def case_page(session: Session, header: Header, viewer: Viewer, *, newest: int | None = None) -> CasePage:
    """Return all that was said and done on a case (four to nine statements, however long it has lived).

    ``newest``: only so many of the newest messages have their texts, with the notes and the first; none: all have.
    """
    owed, notices = promised(session, header.id), told(session, header.id)
    history = as_far_as_read(session, done(session, header.id), viewer)
    messages, beside = said(session, header.id, newest=newest)
    names = _names(session, header, history, notices)
    line: list[Said | Done | Told | Broken | Came] = [*history, *told_by_name(notices, names), *owed.broken]
    line += messages
    line += beside
    line.sort(key=lambda item: (item.at, _rank(item)))
    return CasePage(
        header=header,
        promises=owed.promises,
        line=tuple(line),
        links=tuple(linked(session, header, viewer)),
        names=names,
    )


_RANK: dict[type, int] = {Done: 1, Said: 2, Came: 4, Broken: 5, Told: 6}
"""What happened at one moment is told in this order: what was done, what was said, what came of it."""


def _rank(item: Said | Done | Told | Broken | Came) -> int:
    """Place one among what happened at its moment: what came in goes before all, a message before its leaving."""
    if isinstance(item, Said) and not item.outgoing:
        return 0
    if isinstance(item, Done) and item.verb is Verb.RECORD_LEAVING:
        return 3
    return _RANK[type(item)]


def incoming(session: Session, case_id: int) -> list[Said]:
    """Return what the requester wrote or said, the newest first (two statements)."""
    return [one for one in said(session, case_id)[0] if not one.outgoing][::-1]


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
        one
        for one in said(session, case_id)[0]
        if one.outgoing
        and not one.stays
        and (one.left_on is not None) is left
        and one.voided_at is None
        and (left or one.channel in PAPER)
    ]


def lost_messages(session: Session, case_id: int) -> tuple[Said, ...]:
    """Return the messages of a case that can be sent again (two statements)."""
    return to_send_again(said(session, case_id)[0])


def came_back(session: Session, case_id: int, number: int) -> Said | None:
    """Return a message of a case that never arrived, by its number (two statements); none when that is not so."""
    return next(
        (one for one in said(session, case_id)[0] if one.number == number and one.voided_at is not None), None
    )


_ASSOCIATED = (
    select(Service.code, Service.names)
    .join(Association, Association.service_code == Service.code)
    .where(Association.case_id == bindparam("case_id"))
    .order_by(Service.code)
)


_decided = aliased(Staff)


@cache
def _by_reference() -> Any:
    return _header_query().where(Case.reference == bindparam("reference"))


@cache
def _by_id() -> Any:
    return _header_query().where(Case.id == bindparam("id"))


def _header_query() -> Any:
    return (
        select(
            Case, Staff.name, Staff.phone, Staff.email, Staff.is_desk, Staff.away_from, Staff.away_until,
            Service.names, asked_on_case(), Erasure.erased_at, _decided.name.label("decided_by"), Erasure.ground,
        )
        .join(Staff, Staff.id == Case.handler_id)
        .outerjoin(Service, Service.code == Case.service_code)
        .outerjoin(Erasure, Erasure.case_id == Case.id)
        .outerjoin(_decided, _decided.id == Erasure.erased_by)
    )  # fmt: skip


def _header(found: Any, asked_for: str, associated: dict[str, Mapping[str, str]]) -> Header:
    case, name, phone, email, is_desk, away_from, away_until, service_names, asked, *erasure = found
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
        asked=numbers_of(asked),
        erased=Erased(*erasure) if erasure[0] is not None else None,
    )


def _names(
    session: Session, header: Header, history: Iterable[Done], notices: Iterable[tuple[Any, ...]]
) -> dict[int, str]:
    """Return the names of those whom the history and the notices only number; the handler's is known."""
    wanted: set[int] = {person for notice in notices for person in notice[4]}
    for entry in history:
        wanted |= {entry.details[key] for key in ("handler", "from", "to") if isinstance(entry.details.get(key), int)}
    return {header.handler_id: header.handler.name, **names_of(session, wanted - {header.handler_id})}
