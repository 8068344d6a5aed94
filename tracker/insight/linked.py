"""Owns the reading of the cases that have to do with one: by what they are, by a person's word, by their requester.

One statement, however many there are: each kind is walked along an index of its own, from the newest, so far and no
further; only those that whoever looks may read are shown.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    cast,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import case as sql_case
from sqlalchemy.orm import Session

from tracker.charter.words import LinkKind
from tracker.insight.casefacts import Done, Header, Link
from tracker.insight.sight import Viewer, may_read
from tracker.models.cases import Case
from tracker.models.database import plan_once
from tracker.models.links import CaseLink

MOST_SHOWN = 10
"""How many of one kind a page shows; the search has the others of the same requester."""
WALKED = 60
"""How many of one kind are looked at, the newest first, to find those that may be read."""
PERSON = "person"
ORDER = (
    "about", "concerned_by", "continues", "continued_by", "split_from", "split_off", "merged", "same_matter", PERSON,
)  # fmt: skip


def linked(session: Session, header: Header, viewer: Viewer) -> Iterable[Link]:
    """Return the cases that have to do with one, kind by kind, the newest first (one statement of its own)."""
    who = header.requester
    given = {
        "id": header.id, "about": header.about_case_id, "continues": header.continues_case_id,
        "email": who.email, "small": who.email and who.email.lower(), "phone": who.phone, "name": who.name,
        "address": who.address,
    }  # fmt: skip
    plan_once(session)
    found = list(session.connection().execute(_statement(viewer), given))
    known = {row.id for row in found if row.relation != PERSON}
    shown: dict[str, int] = {}
    seen: set[tuple[str, int]] = set()
    for row in sorted(found, key=lambda row: ORDER.index(row.relation)):
        again = (row.relation, row.id) in seen or (row.relation == PERSON and row.id in known)
        seen.add((row.relation, row.id))
        shown[row.relation] = shown.get(row.relation, 0) + (not again)
        if not again and shown[row.relation] <= MOST_SHOWN + 1:
            yield Link(
                row.relation, row.reference, row.subject, row.state, row.next_due_on, row.link, row.word,
                more=shown[row.relation] > MOST_SHOWN,
            )  # fmt: skip


def as_far_as_read(session: Session, history: Iterable[Done], viewer: Viewer) -> list[Done]:
    """Return a history without the reasons of links to cases that whoever looks may not read (at most one statement).

    A reason may tell of both cases: of the other, who reads only this one learns the reference.
    """
    entries = list(history)
    named = {entry.details["link"]["with"] for entry in entries if entry.details.get("link")}
    if not named:
        return entries
    read = set(session.scalars(select(Case.reference).where(Case.reference.in_(named), may_read(viewer))))
    return [entry if _is_read(entry, read) else _without_word(entry) for entry in entries]


def _is_read(entry: Done, read: set[str]) -> bool:
    return not entry.details.get("link") or entry.details["link"]["with"] in read


def _without_word(entry: Done) -> Done:
    return replace(entry, details=dict(entry.details) | {"link": dict(entry.details["link"]) | {"word": ""}})


def tied_by_hand(session: Session, case_id: int, viewer: Viewer) -> list[tuple[int, str, str]]:
    """Return the links of a case that can be undone: number, the other's reference, and why (one statement).

    Why is empty for who may not read the other.
    """
    other = sql_case((CaseLink.case_id == case_id, CaseLink.other_id), else_=CaseLink.case_id)
    query = (
        select(CaseLink.id, Case.reference, sql_case((may_read(viewer), CaseLink.word), else_=""))
        .join(Case, Case.id == other)
        .where(
            or_(CaseLink.case_id == case_id, CaseLink.other_id == case_id), CaseLink.unlinked_at.is_(None),
            CaseLink.kind == LinkKind.SAME_MATTER,
        )
        .order_by(CaseLink.id)
    )  # fmt: skip
    return [(number, reference, word) for number, reference, word in session.execute(query)]


@lru_cache(maxsize=64)  # building it takes longer than running it
def _statement(viewer: Viewer) -> Select[Any]:
    here = bindparam("id", type_=BigInteger)
    email, phone = [bindparam(one, type_=Text) for one in ("email", "small")], bindparam("phone", type_=Text)
    name, address = bindparam("name", type_=Text), bindparam("address", type_=Text)
    these = union_all(select(here.label("id")), select(Case.id).where(Case.merged_into_id == here))
    tied = union_all(
        _of("about", Case.id == bindparam("about", type_=BigInteger)),
        _of("continues", Case.id == bindparam("continues", type_=BigInteger)),
        _of("concerned_by", Case.about_case_id == here),
        _of("continued_by", Case.continues_case_id == here),
        _of("merged", Case.merged_into_id == here),
        _tied("split_from", CaseLink.case_id, CaseLink.other_id, here, these),
        _tied("split_off", CaseLink.other_id, CaseLink.case_id, here, these),
        _of(PERSON, Case.requester_email.is_not(None), Case.requester_email.in_(email), Case.id != here),
        _of(PERSON, Case.requester_phone.is_not(None), Case.requester_phone == phone, Case.id != here),
        _at_home(name, address, here),
    ).subquery("tied")  # fmt: skip
    return (
        select(tied.c.relation, Case.id, Case.reference, Case.subject, Case.state, Case.next_due_on, tied.c.link,
               tied.c.word)
        .join(Case, Case.id == tied.c.id)
        .where(may_read(viewer))
        .order_by(Case.id.desc())
    )  # fmt: skip


def _of(relation: str, *where: ColumnElement[bool]) -> Select[Any]:
    found = (
        select(literal(relation, Text).label("relation"), Case.id.label("id"), cast(null(), BigInteger).label("link"),
               cast(null(), Text).label("word"))
        .where(*where)
        .order_by(Case.id.desc())
        .limit(literal_column(str(WALKED)))
    )  # fmt: skip
    return select(found.subquery())


def _at_home(name: ColumnElement[str], address: ColumnElement[str], here: ColumnElement[int]) -> Select[Any]:
    """Return the cases of somebody who gave an address: of so many of that name as are looked at, those with it.

    A name may be that of hundreds, and an address lies with the case itself: each look is a page of the disk.
    """
    so_called = (
        select(Case.id, Case.requester_address)
        .where(
            Case.requester_address.is_not(None), Case.requester_name == name, Case.id != here, address.is_not(None)
        )
        .order_by(Case.id.desc())
        .limit(literal_column(str(WALKED)))
        .subquery()
    )
    columns = (literal(PERSON, Text).label("relation"), so_called.c.id, cast(null(), BigInteger), cast(null(), Text))
    return select(*columns).where(so_called.c.requester_address == address)


def _tied(
    split: str,
    this: SQLColumnExpression[int],
    other: SQLColumnExpression[int],
    here: SQLColumnExpression[int],
    these: CompoundSelect[Any],
) -> Select[Any]:
    """Return the links of a case, and of those that it took in; only its own have a number to undo them by."""
    kind = sql_case((CaseLink.kind == LinkKind.SPLIT, literal(split, Text)), else_=literal("same_matter", Text))
    own = sql_case((this == here, CaseLink.id), else_=cast(null(), BigInteger))
    stands = (CaseLink.unlinked_at.is_(None), other != here)
    return select(kind.label("relation"), other.label("id"), own.label("link"), CaseLink.word).where(
        this.in_(these), *stands
    )
