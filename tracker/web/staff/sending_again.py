"""Owns the page on which a message that Suivi wrote, and that never arrived, is sent again."""

from typing import Any

from flask import request
from flask import url_for as url
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.access.permissions import may
from tracker.casework.sending_again import send_again
from tracker.charter.moves import MOVES
from tracker.charter.words import PAPER, Channel, ChannelReason, Verb
from tracker.insight.casefacts import CasePage, Header
from tracker.insight.casepage import lost_messages
from tracker.web.fields import ADDRESS_LENGTH
from tracker.web.filters import day, label_in_words, way_out_in_words
from tracker.web.site import site
from tracker.web.staff.accounts import me
from tracker.web.staff.acts import Page, act
from tracker.web.staff.blueprint import facts_of
from tracker.web.staff.fields import REASON_LENGTH, Pick, StaffForm, several_lines, words_of

SLUG = "send-again"


class AgainForm(StaffForm):
    """Which message goes again, which way, and why."""

    message = Pick(_l("Choose the message."), label=_l("Message"))
    channel = Pick(_l("Choose how it goes."), label=_l("It goes by"))
    channel_reason = Pick(
        _l("Choose a reason of the list."),
        label=_l("Why another way"),
        description=_l("Only when it is another way than the one the requester used."),
    )
    address = several_lines(
        _l("Address of the other body"),
        ADDRESS_LENGTH,
        description=_l("Only for what goes to another body. To the requester it goes to what is on file."),
    )
    reason = several_lines(
        _l("Reason"),
        REASON_LENGTH,
        _l("Write why."),
        _l("For instance: a message came back, or the requester said so."),
    )


def links(header: Header, page: CasePage) -> dict[int, str]:
    """Return where each message that can be sent again is, by its number; nothing for whoever may not."""
    if (header.state, Verb.WRITE) not in MOVES or not may(me().person, Verb.WRITE, facts_of(header)):
        return {}
    return {one.number: url("staff.send_again", reference=header.reference, message=one.number) for one in page.lost}


def _offer(form: AgainForm, case: Header) -> None:
    """Offer what was lost; of the one that was asked for, the way that is left."""
    with site().database.reading() as db:
        lost = {str(one.number): one for one in lost_messages(db, case.id)}
    form.message.choices = [
        (number, f"{label_in_words(one.kind)} · {way_out_in_words(one.channel)} · {day(one.at)}")
        for number, one in lost.items()
    ]
    if not any(one.to_service for one in lost.values()):
        del form.address
    form.channel.choices = [(way.value, way_out_in_words(way)) for way in (Channel.EMAIL, *sorted(PAPER))]
    form.channel_reason.choices = [("", _("The usual way: no reason needed")), *words_of(ChannelReason)]
    if form.is_submitted() or not lost:
        return
    asked = request.args.get("message", "")
    form.message.data = asked if asked in lost else list(lost)[-1]
    chosen = lost[form.message.data]
    form.channel.data, form.channel_reason.data = chosen.channel.value, ""
    if chosen.to_service:
        form.address.data = chosen.address


@act(SLUG, Verb.WRITE, AgainForm, Page(
    _l("Send a message again"), _l("Send it"), _l("The message goes once more."),
    _l("What Suivi wrote by itself is said as things stand now; a transmission goes word for word. Correct the"
       " requester's address first, if it is wrong."),
), prepare=_offer)  # fmt: skip
def again(db: Session, form: AgainForm, case: dict[str, Any]) -> None:
    why = form.channel_reason.data
    address = form.address.data if "address" in form else None
    send_again(
        db, site().house, message_number=int(form.message.data), channel=Channel(form.channel.data),
        address=address or None, channel_reason=ChannelReason(why) if why else None,
        reason=form.reason.data, **case,
    )  # fmt: skip
