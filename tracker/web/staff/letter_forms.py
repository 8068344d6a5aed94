"""Owns the forms by which staff say what a message is to be: the way it goes, their own words, a date, a body."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tracker.casework.drafting import Draft
from tracker.charter.counting import brussels_day
from tracker.charter.words import SPOKEN, Channel, ChannelReason, RegisteredGround, ServiceKind
from tracker.insight.casefacts import Header
from tracker.insight.choices import bodies
from tracker.web.fields import ADDRESS_LENGTH, TEXT_LENGTH
from tracker.web.filters import way_out_in_words
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.acts import nothing_chosen
from tracker.web.staff.fields import (
    EVIDENCE_LENGTH,
    REASON_LENGTH,
    DayField,
    Pick,
    StaffForm,
    one_line,
    several_lines,
    words_of,
)

WRITE = _l("Write the text.")
_SAY_WHY = _l("Only when it is another way than the one the requester used.")


class OwnWordsForm(StaffForm):
    """What somebody writes themselves: kept as it is typed."""

    @property
    def own_words(self) -> Any:
        """The field of the writer's own text."""
        return self["text" if "text" in self else "reason"]


class WayForm(OwnWordsForm):
    """The way a message goes when that is not the requester's own."""

    channel = Pick(_l("Choose how it goes."), label=_l("It goes by"))
    channel_reason = Pick(_l("Choose a reason of the list."), label=_l("Why another way"), description=_SAY_WHY)
    registered_ground = Pick(_l("Choose a ground of the list."), label=_l("Registered post"))
    spoken_on = DayField(
        label=_l("Day of the conversation"), description=_l("By telephone or at the counter only: a call that reached"
                                                            " nobody is not an answer.")
    )  # fmt: skip

    def prepare(self, case: Header) -> None:
        """Offer the ways there are; the requester's own stands first."""
        own = case.reply_channel
        ways = [own, *(channel for channel in Channel if channel is not own)]
        self.channel.choices = [(channel.value, way_out_in_words(channel)) for channel in ways]
        self.channel_reason.choices = [("", _("The usual way: no reason needed")), *words_of(ChannelReason)]
        self.registered_ground.choices = [("", _("Ordinary")), *words_of(RegisteredGround)]
        if not self.is_submitted():
            self.channel.data = own.value
            self.channel_reason.data = self.registered_ground.data = ""

    def way(self, case: Header) -> dict[str, Any]:
        """Return the way it goes, as the use cases take it."""
        channel = Channel(self.channel.data)
        return {
            "channel": channel if channel is not case.reply_channel else None,
            "channel_reason": ChannelReason(self.channel_reason.data) if self.channel_reason.data else None,
            "registered_ground": RegisteredGround(self.registered_ground.data)
            if self.registered_ground.data
            else None,
            "spoken_on": self.spoken_on.data if channel in SPOKEN else None,
            "kept": request.form.get("kept"),
        }

    def draft(self, case: Header) -> Draft:
        """Return what was decided: here, only the way it goes."""
        return Draft(**self.way(case))


class TextForm(WayForm):
    """A text of one's own."""

    text = several_lines(_l("Your text"), TEXT_LENGTH, WRITE)

    def draft(self, case: Header) -> Draft:
        """Return what was decided."""
        return Draft(text=self.text.data, **self.way(case))


class ClosingForm(WayForm):
    """What is said beside the standing words of a closing message."""

    text = several_lines(
        _l("Your text"), TEXT_LENGTH,
        description=_l("Optional: the message says by itself that the file is closed, and how it is opened again."),
    )  # fmt: skip

    def draft(self, case: Header) -> Draft:
        """Return what was decided."""
        return Draft(text=self.text.data or "", **self.way(case))


class InterimForm(WayForm):
    """Why more time is needed, and until when."""

    reason = several_lines(
        _l("Why more time is needed"), REASON_LENGTH, _l("Write why more time is needed."),
        _l("The requester reads this sentence in the letter, in their own language."),
    )  # fmt: skip
    promised_on = DayField(
        _l("Write the date by which the answer will be there."), label=_l("The answer will be there by")
    )

    def draft(self, case: Header) -> Draft:
        """Return what was decided."""
        return Draft(promised_on=self.promised_on.data, reason=self.reason.data, **self.way(case))


class TransmitForm(WayForm):
    """To which body, what it is told, and what shows the requester's consent where that is needed."""

    text = several_lines(
        _l("Why it is transmitted"), REASON_LENGTH,
        description=_l("Optional: a sentence for the body and for the requester."),
    )  # fmt: skip
    to = Pick(_l("Choose the body."), needed=True, label=_l("Competent body"))
    to_address = several_lines(
        _l("Its address, if the directory has none"), ADDRESS_LENGTH,
        description=_l("An e-mail address, or a postal address."),
    )  # fmt: skip
    consent = one_line(
        _l("What shows the requester's consent"), EVIDENCE_LENGTH,
        description=_l("Only for a body that is no Belgian public service: without consent the requester is told"
                       " where to turn, and the file is not forwarded."),
    )  # fmt: skip

    def prepare(self, case: Header) -> None:
        """Offer the bodies of the directory too."""
        super().prepare(case)
        with site().database.reading() as db:
            found = bodies(db, internal=False, day=brussels_day(now()), language=language())
        abroad = _("needs consent")
        self.to.choices = [
            ("", nothing_chosen()),
            *(
                (body.code, f"{body.name} · {abroad}" if body.kind is ServiceKind.FOREIGN_BODY else body.name)
                for body in found
            ),
        ]
        if not self.is_submitted():
            self.to.data = request.args.get("to", "")  # as the page of the case proposes it

    def draft(self, case: Header) -> Draft:
        """Return what was decided."""
        way = self.way(case)
        address, consent = self.to_address.data or None, self.consent.data or None
        return Draft(text=self.text.data or "", to=self.to.data, to_address=address, consent=consent, **way)
