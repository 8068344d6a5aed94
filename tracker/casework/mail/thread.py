"""Owns the search for the case that a mail is about: what only an answer can carry, and what anybody may quote."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import erasure_of, find
from tracker.casework.errors import UnknownReference
from tracker.casework.house import House
from tracker.correspondence.incoming import Incoming, references_in
from tracker.correspondence.tracking import case_of_token, ours
from tracker.models.cases import Case
from tracker.models.mail import Mail

MOST_LINKS = 100
"""How many addresses, and how many Message-IDs, of one mail are looked at: the newest ones first."""

LONGEST_ID = 250
"""How much of a Message-ID is kept and compared."""


class Link(StrEnum):
    """What leads from a mail to a case."""

    TOKEN = "token"  # noqa: S105 - it was sent to the keyed address of the case
    CHAIN = "chain"  # it answers a mail of ours, or one of the requester's on the case
    REFERENCE = "reference"  # it quotes the reference, which anybody may know


@dataclass(frozen=True, slots=True)
class Thread:
    """The case that a mail is presumed to be about, and why; ``offered`` are the cases it may have meant instead."""

    case: Case | None = None
    link: Link | None = None
    from_the_requester: bool = False
    offered: tuple[str, ...] = ()

    @property
    def answers_ours(self) -> bool:
        """Say whether it carries what only an answer to a mail on the case can carry."""
        return self.link in (Link.TOKEN, Link.CHAIN)

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of it beside the mail."""
        told: dict[str, Any] = {"offered": list(self.offered)} if self.offered else {}
        if self.link is not None:
            told |= {"link": self.link.value, "sender_fits": self.from_the_requester}
        return told


def thread_of(session: Session, house: House, incoming: Incoming) -> Thread:
    """Return what leads from a mail to a case, the strongest link whose requester the sender is before all others."""
    strong = list(_answered(session, house, incoming))
    if strong:
        return next((thread for thread in strong if thread.from_the_requester), strong[0])
    quoted = references_in(f"{incoming.subject}\n{incoming.text}", house.reference_prefix)
    known = (_case(session, one.reference) for one in quoted if one.reference is not None)
    named = [_thread(case, Link.REFERENCE, incoming) for case in known if case is not None]
    if named:
        return next((thread for thread in named if thread.from_the_requester), named[0])
    corrections = [_case(session, one) for slip in quoted for one in slip.corrections]
    return Thread(offered=tuple(dict.fromkeys(case.reference for case in corrections if case is not None)))


def same_address(one: str | None, other: str | None) -> bool:
    """Say whether two e-mail addresses are the same, in whichever letters they are written; no address is none."""
    return bool(one and other) and _written(one or "") == _written(other or "")


def _written(address: str) -> str:
    local, _, domain = address.strip().casefold().rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return f"{local}@{domain}"


def _answered(session: Session, house: House, incoming: Incoming) -> Iterator[Thread]:
    """Yield the cases whose keyed address it was sent to, then those of the mails that it answers."""
    for recipient in incoming.recipients[:MOST_LINKS]:
        token = case_of_token(house.secret, recipient)
        case = _case(session, token) if token else None
        if case is not None:
            yield _thread(case, Link.TOKEN, incoming)
    for answered in islice(_chain(incoming), MOST_LINKS):
        told = ours(house.secret, answered)
        case = _case(session, told[0]) if told else _case_of_mail(session, answered)
        if case is not None:
            yield _thread(case, Link.CHAIN, incoming)


def _chain(incoming: Incoming) -> Iterator[str]:
    """Yield the mails that it is about, if it is a report; then those that it answers, the newest first."""
    yield from incoming.about
    if incoming.in_reply_to:
        yield incoming.in_reply_to
    yield from reversed(incoming.references)


def _case_of_mail(session: Session, message_id: str) -> Case | None:
    """Return the case on which an earlier mail of its requester is, if this Message-ID is that of one."""
    query = (
        select(Case.reference)
        .join(Mail, Mail.case_id == Case.id)
        .where(Mail.message_id == message_id[:LONGEST_ID], Mail.case_message_id.is_not(None))
    )
    reference = session.scalar(query.order_by(Mail.id).limit(1))
    return _case(session, reference) if reference else None


def _case(session: Session, reference: str) -> Case | None:
    """Return the case that a reference leads to; none where there is none, or nothing is left in it to add to."""
    try:
        case = find(session, reference)
    except UnknownReference:
        return None
    return case if erasure_of(session, case) is None else None


def _thread(case: Case, link: Link, incoming: Incoming) -> Thread:
    return Thread(case, link, same_address(incoming.sender, case.requester_email))
