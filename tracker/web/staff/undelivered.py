"""Owns what is offered when a message never arrived: the same words once more, by post."""

from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from flask import request
from flask import url_for as url
from sqlalchemy.orm import Session

from tracker.access.permissions import may
from tracker.casework import letters
from tracker.casework.drafting import Draft
from tracker.charter.errors import CharterError
from tracker.charter.moves import MOVES
from tracker.charter.words import Channel, ChannelReason, MessageKind, Verb
from tracker.insight.casefacts import CasePage, Header, Said
from tracker.insight.casepage import came_back
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import facts_of

_AGAIN = {
    MessageKind.ANSWER: ("answer", Verb.ANSWER),
    MessageKind.INTERIM: ("interim", Verb.SEND_INTERIM),
    MessageKind.QUESTION: ("ask", Verb.WRITE),
}
"""The pages on which a message of a kind is written, and what they ask for."""
_MARK = f"@{token_hex(8)}@"
"""Stands for the writer's own words: by lot, so that nobody can have written it."""


@dataclass(frozen=True, slots=True)
class CameBack:
    """A message that never arrived, and what may be done about it here; an empty address: nothing."""

    message: Said
    by_post: str
    contact: str


def offers(header: Header, page: CasePage) -> list[CameBack]:
    """Return the messages that never arrived, each with the pages that put it right for whoever looks."""
    contact = _page(header, "contact", Verb.CORRECT_CONTACT)
    return [
        CameBack(message, _by_post(header, message), "" if message.to_service else contact)
        for message in page.came_back
    ]


def prefill(form: Any, case: Header, kind: MessageKind) -> None:
    """Fill in a letter with the words of the message that came back, to go by post, when the address asks for it."""
    number = request.args.get("again", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return
    with site().database.reading() as db:
        lost = came_back(db, case.id, int(number))
        if lost is None or lost.kind is not kind:
            return
        if kind is MessageKind.INTERIM:
            form.reason.data, form.promised_on.data = lost.reason or "", lost.promised_on
        else:
            form.text.data = _own_words(db, case, lost)
    form.channel.data = Channel.POST.value
    if case.reply_channel is not Channel.POST:
        form.channel_reason.data = ChannelReason.NO_ADDRESS.value


def _by_post(header: Header, message: Said) -> str:
    """Return the page that writes it again as a letter; none where that is no way out."""
    if message.kind not in _AGAIN or message.channel is Channel.POST or not header.requester.address:
        return ""
    slug, verb = _AGAIN[message.kind]
    return _page(header, slug, verb, again=message.number)


def _page(header: Header, slug: str, verb: Verb, **query: Any) -> str:
    allowed = (header.state, verb) in MOVES and may(me().person, verb, facts_of(header))
    return url(f"staff.{slug}", reference=header.reference, **query) if allowed else ""


def _own_words(db: Session, case: Header, lost: Said) -> str:
    """Return what its writer had typed: what stands in the letter between the standing words before and after it.

    Those are read off a letter of the same kind with a mark in it; should they not be found, the words are not.
    """
    try:
        written = letters.preview(
            db, site().house, reference=case.reference, kind=lost.kind, draft=Draft(text=_MARK), actor=me().actor,
            now=now(),
        )  # fmt: skip
    except CharterError:
        return ""
    before, mark, after = written[0].composed.text.partition(_MARK)
    start, end = before.rstrip("\n").rpartition("\n\n")[2], after.lstrip("\n").partition("\n\n")[0]
    _frame, opened, rest = lost.body.partition(start)
    words, closed, _frame = rest.rpartition(end)
    return words.strip("\n") if mark and opened and closed else ""
