"""Owns the pages by which staff write: each message is shown exactly as it will go before it goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError

from tracker.casework import letters
from tracker.casework.drafting import Draft
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import SPOKEN, Channel, ChannelReason, MessageKind, RegisteredGround, ServiceKind, Verb
from tracker.insight.casefacts import Header
from tracker.insight.casepage import incoming
from tracker.insight.choices import bodies
from tracker.models.messages import Message
from tracker.web.fields import ADDRESS_LENGTH, TEXT_LENGTH
from tracker.web.filters import way_out_in_words
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff import passages
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import give_back, lead_on, not_now, nothing_chosen, the_case, with_case
from tracker.web.staff.blueprint import needs, staff
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
from tracker.web.staff.undelivered import prefill

WRITE = _l("Write the text.")
_SAY_WHY = _l("Only when it is another way than the one the requester used.")


class WayForm(StaffForm):
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
        }

    @property
    def own_words(self) -> Any:
        """The field of the writer's own text."""
        return self["text" if "text" in self else "reason"]

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


@dataclass(frozen=True, slots=True)
class Letter:
    """One kind of message that staff write."""

    kind: MessageKind
    verb: Verb
    form: type[WayForm]
    title: Any
    send: Callable[..., Message | list[Message]]
    intro: Any = ""


LETTERS = {
    "answer": Letter(MessageKind.ANSWER, Verb.ANSWER, TextForm, _l("Answer the requester"), letters.answer),
    "interim": Letter(
        MessageKind.INTERIM, Verb.SEND_INTERIM, InterimForm, _l("Send an interim letter"), letters.send_interim,
        _l("It says why more time is needed and gives a new date. That date is a promise."),
    ),
    "ask": Letter(
        MessageKind.QUESTION, Verb.WRITE, TextForm, _l("Ask the requester something"), letters.ask,
        _l("Waiting for the answer does not stop the clock."),
    ),
    "transmit": Letter(
        MessageKind.TRANSMISSION, Verb.TRANSMIT, TransmitForm, _l("Transmit to the competent body"), letters.transmit,
        _l("The body gets the file and the requester is told, both at once."),
    ),
    "closing": Letter(
        MessageKind.CLOSING, Verb.CLOSE, ClosingForm, _l("Close with a message to the requester"), letters.close,
        _l("A file closes only when nothing is owed any more. A new message of the requester opens it again."),
    ),
}  # fmt: skip


def _route(slug: str, letter: Letter) -> None:
    @needs(letter.verb)
    def view(reference: str) -> ResponseReturnValue:
        return _write(letter)

    staff.add_url_rule(f"/cases/<reference>/{slug}", endpoint=slug, view_func=view, methods=["GET", "POST"])


for _slug, _letter in LETTERS.items():
    _route(_slug, _letter)


def _write(letter: Letter) -> ResponseReturnValue:
    """Write, look at it, send it: the text stays whichever step fails."""
    if (closed := not_now(letter.verb)) is not None:
        return closed
    form, case = letter.form(), the_case()
    form.prepare(case)
    if not form.is_submitted():
        prefill(form, case, letter.kind)
        return _show(letter, form, 200)
    if passages.asked_for():
        return _show(letter, form, 200, problems=passages.put_in(form.own_words, case))
    if not form.validate():
        return _show(letter, form, 400)
    step = request.form.get("step")
    try:
        if step == "send":
            with site().database.writing() as db:
                sent = letter.send(db, site().house, draft=form.draft(case), **with_case(form))
                done = _sent(sent if isinstance(sent, list) else [sent])
            return lead_on(done)
        if step != "edit":
            return _preview(letter, form)
    except (CharterError, OperationalError) as error:
        return give_back(error, partial(_show, letter, form))
    return _show(letter, form, 200)


def _sent(messages: Sequence[Message]) -> str:
    """Say what happens next to each message, and by which way: writing keeps no promise, leaving does."""
    if len(messages) == 1:
        said = [_how(messages[0].channel)]
    else:
        said = [
            f"{_('Competent body') if one.service_code else _('Requester')} – {_how(one.channel)}" for one in messages
        ]
    waiting = [one for one in messages if one.act is not None and one.left_on is None]
    if waiting:
        said.append(_("The promise is kept once both have left.") if messages[1:] else
                    _("The promise is kept once it has left."))  # fmt: skip
    return " ".join(said)


def _how(channel: Channel) -> str:
    match channel:
        case Channel.EMAIL:
            said = _("The e-mail is on its way.")
        case Channel.POST:
            said = _("The letter is ready: post it, then record the day on which it left.")
        case Channel.FAX:
            said = _("The fax is ready: send it, then record the day on which it left.")
        case Channel.WEB:
            said = _("The message stands on the requester's tracking page.")
        case _:
            said = _("The conversation is recorded.")
    return str(said)


def _preview(letter: Letter, form: WayForm) -> ResponseReturnValue:
    case = the_case()
    with site().database.reading() as db:
        written = letters.preview(
            db, site().house, reference=case.reference, kind=letter.kind, draft=form.draft(case), actor=me().actor,
            now=now(),
        )  # fmt: skip
    typed = [
        (name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "step", "whose")
    ]
    return render_template("staff/preview.html", case=case, letter=letter, written=written, typed=typed)


def _show(
    letter: Letter,
    form: WayForm,
    status: int,
    *,
    problems: Sequence[tuple[str, str]] = (),
    changed: Sequence[Any] = (),
) -> Response:
    with site().database.reading() as db:
        asked = incoming(db, the_case().id)
    page = render_template(
        "staff/letter.html",
        case=the_case(),
        letter=letter,
        form=form,
        asked=asked,
        texts=passages.beside(the_case()),
        problems=problems,
        changed=changed,
    )
    return make_response(page, status)
