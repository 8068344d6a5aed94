"""Owns what a mail says once it is read: from whom, to whom, when it reached us, what is new in it, what it encloses.

Any bytes at all are read, nothing raises, and the time grows with their number and no faster. What it becomes is not
decided here, and nothing outside is ever asked: no address is looked up, no picture loaded, no archive unpacked.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tracker.correspondence.cleaning import clean_line
from tracker.correspondence.contents import Contents, Enclosed, contents_of
from tracker.correspondence.headers import addresses_in, first, id_of, ids_in, moment_of, without_comments, words_of
from tracker.correspondence.mime import Damage, Parser, Part
from tracker.correspondence.quoting import fold
from tracker.correspondence.references import Quoted, references_in
from tracker.correspondence.sorting import Sort, sort_of
from tracker.correspondence.survey_links import hidden

__all__ = ["Damage", "Enclosed", "Incoming", "Quoted", "Sort", "read", "references_in"]

MOST_RECIPIENTS = 1_000
"""How many are kept; all are counted."""
LONGEST_SUBJECT = 500
LONGEST_NAME = 200
LONGEST_ID = 980
_CLOCK_SET = datetime(2000, 1, 1, tzinfo=UTC)
"""A stamp from before is that of a server whose clock was not set."""
_ON_ITS_WAY = timedelta(days=5)
"""How long a mail can be between two servers: then the first gives it up (RFC 5321, section 4.5.4.1)."""

_BY = re.compile(r"^\s*(?:from\s+\S+\s+)?(?:via\s+\S+\s+)?by\s+([^\s;]+)", re.IGNORECASE)
_ITSELF = {"localhost", "localhost.localdomain", "127.0.0.1", "[127.0.0.1]", "[::1]", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A mail that was read. Every text in it can be stored and shown: no NUL, no control characters."""

    message_id: str | None
    """With its brackets, as its sender gave it; at most 980 characters."""
    in_reply_to: str | None
    references: tuple[str, ...]
    """Message-IDs from the oldest to the newest; of more than 200, the first and the newest."""
    sender: str | None
    """The address in From, in small letters: what it claims. None when there is none, or when there are two."""
    sender_name: str
    recipients: tuple[str, ...]
    """Addresses in small letters, those it was delivered to first, then To and Cc; at most 1,000."""
    recipient_count: int
    """How many different people To and Cc name."""
    subject: str
    received_at: datetime
    """When it first reached us (UTC), never later than now; see `_received_at`."""
    text: str
    """All of its text, from whichever parts; at most `contents.LONGEST_TEXT` characters, the whole enclosed else."""
    new_text: str
    """What is new in it: the text without the earlier mails that it repeats."""
    quoted: str
    """The earlier mails that it repeats."""
    otherwise: str
    """What its HTML says, where that is something else than the plain text beside it; empty when they agree."""
    attachments: tuple[Enclosed, ...]
    encrypted: bool
    damaged: tuple[Damage, ...]
    """What could not be read."""
    sort: Sort
    about: tuple[str, ...]
    """For a report on other mails (a bounce, a delay, a receipt): their Message-IDs. Anybody can claim any."""
    bounced: tuple[str, ...]
    """For a bounce: those of them that did not arrive."""
    bounce_status: str
    """What the server said."""
    sender_disproven: bool
    """One of our own servers found that the domain in From does not stand for this mail (DMARC, RFC 7489)."""


def read(
    raw: bytes, *, mail_hosts: Collection[str], arrived_at: datetime | None, now: datetime, own_address: str = ""
) -> Incoming:
    """Return what a mail says. Never raises, whatever the bytes.

    `mail_hosts` are our own mail servers; `arrived_at` is the mailbox's own date for it and `now` the present
    moment, both aware. With `own_address`, mail that claims to be from it (keyed or not) is our own.
    """
    parser = Parser(raw)
    mail = parser.mail()
    contents = contents_of(mail)
    damage = [*parser.damage, *contents.damage]
    sender, sender_name = _sender(mail, damage)
    subject = words_of(first(mail.all("subject"))[:10_000])[:LONGEST_SUBJECT]
    recipients, count = _recipients(mail)
    report = sort_of(mail, sender=sender, text=contents.text)
    own = bool(own_address) and _plain_address(sender or "") == _plain_address(own_address.lower())
    new_text, quoted = _folded(contents, subject)
    return Incoming(
        message_id=_one_id(mail, "message-id"),
        in_reply_to=_one_id(mail, "in-reply-to"),
        references=ids_in(first(mail.all("references"))),
        sender=sender,
        sender_name=sender_name,
        recipients=recipients,
        recipient_count=count,
        subject=subject,
        received_at=_received_at(mail, {host.lower() for host in mail_hosts}, arrived_at, now),
        text=hidden(contents.text),
        new_text=hidden(new_text),
        quoted=hidden(quoted),
        otherwise=hidden(contents.otherwise),
        attachments=contents.enclosed,
        encrypted=contents.encrypted,
        damaged=tuple(dict.fromkeys(damage)),
        sort=Sort.OWN_MAIL if own and report.sort is not Sort.BOUNCE else report.sort,
        about=report.about,
        bounced=report.about if report.sort is Sort.BOUNCE else (),
        bounce_status=report.status,
        sender_disproven=_disproven(mail, {host.lower() for host in mail_hosts}),
    )


def _folded(contents: Contents, subject: str) -> tuple[str, str]:
    """Fold the history in what the sender wrote; a mail that was enclosed whole is content and stays."""
    new, quoted = fold(contents.written, subject)
    return "\n\n".join(part for part in (new, contents.forwarded) if part), quoted


def _sender(mail: Part, damage: list[Damage]) -> tuple[str | None, str]:
    """Return address and name in From. With two different ones nobody can say whom it is from: None."""
    people = [one for value in mail.all("from") for one in addresses_in(value)[:10]]
    addresses = {address for _, address in people}
    if len(mail.all("from")) > 1 and len(addresses) > 1:
        damage.append(Damage.SEVERAL_SENDERS)
        return None, ""
    if not people:
        return None, words_of(first(mail.all("from"))[:2_000])[:LONGEST_NAME]
    name, address = people[0]
    return address, name[:LONGEST_NAME]


def _recipients(mail: Part) -> tuple[tuple[str, ...], int]:
    """Return whom it is for, those it was delivered to first, and how many To and Cc name."""
    delivered = ("delivered-to", "x-original-to", "envelope-to")
    to = {address: None for name in ("to", "cc") for value in mail.all(name) for _, address in addresses_in(value)}
    here = {address: None for name in delivered for value in mail.all(name) for _, address in addresses_in(value)}
    return tuple(here | to)[:MOST_RECIPIENTS], len(to)


def _one_id(mail: Part, name: str) -> str | None:
    found = id_of(first(mail.all(name)))
    return found[:LONGEST_ID] if found else None


def _plain_address(address: str) -> str:
    """Return an address without what stands behind the plus."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _received_at(mail: Part, hosts: Collection[str], arrived_at: datetime | None, now: datetime) -> datetime:
    """Return when a mail first reached us: the earliest `Received` that one of our own servers put on it.

    Each server puts its stamp on top. So the stamps are read downward from the topmost of ours for as long as they
    are ours, or those of a program on the same machine: below the first foreign one anybody can have written
    anything, our names included. What stands above, such as a mail store that no setting names, is passed over: it
    must not make a promise later. Whoever hands a mail to us directly has no foreign one: a stamp from days before
    the topmost of ours is theirs. Without a stamp of ours it is the mailbox's date, else now; never the sender's
    `Date`, and never later than now.
    """
    earliest: datetime | None = None
    topmost: datetime | None = None
    for value in mail.all("received"):
        stamp = clean_line(without_comments(value[:8_000].decode("latin-1")))
        by = _BY.match(stamp)
        host = by[1].lower().rstrip(".") if by else ""
        if host in hosts:
            moment = moment_of(stamp.rpartition(";")[2])
            if moment is None or moment < _CLOCK_SET:
                moment = earliest or arrived_at or now
            topmost = topmost or moment
            if moment < topmost - _ON_ITS_WAY:
                break
            earliest = min(earliest or moment, moment)
        elif earliest is not None and host and host not in _ITSELF:
            break
    return min((earliest or arrived_at or now).astimezone(UTC), now.astimezone(UTC))


def _disproven(mail: Part, hosts: Collection[str]) -> bool:
    """Say whether a server of ours wrote that DMARC failed (Authentication-Results, RFC 8601)."""
    for value in mail.all("authentication-results"):
        who, _, results = without_comments(value[:8_000].decode("latin-1")).lower().partition(";")
        if who.split()[:1] and who.split()[0] in hosts and re.search(r"\bdmarc\s{0,9}=\s{0,9}fail\b", results):
            return True
    return False
