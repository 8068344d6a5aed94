"""Owns the pages by which staff write: each message is shown exactly as it will go before it goes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from flask import Response, abort, make_response, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.casework import letters
from tracker.casework.writing import Written
from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, MessageKind, Verb
from tracker.insight.casepage import incoming
from tracker.insight.tasks import contributions_of
from tracker.models.messages import Message
from tracker.web.site import site
from tracker.web.staff import kept_drafts, passages
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import OWN_WORDS, give_back, lead_on, not_now, the_case, with_case
from tracker.web.staff.blueprint import needs, staff
from tracker.web.staff.lacking import lacking
from tracker.web.staff.letter_forms import ClosingForm, InterimForm, TextForm, TransmitForm, WayForm
from tracker.web.staff.once import once
from tracker.web.staff.undelivered import prefill

NOT_TYPED = ("csrf_token", "step", "whose", "print")
"""What a form sends that nobody has typed."""


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
        kept_drafts.fill_in(form, case, letter.kind)
        return _show(letter, form, 200)
    show = partial(_show, letter, form)
    if kept_drafts.asked_for():
        return kept_drafts.put_in(form, letter.kind, show)
    step = request.form.get("step")
    kept = kept_drafts.keep(form, letter.kind, show) if step != "send" and "print" not in request.form else None
    if kept is not None:
        return kept
    if passages.asked_for():
        return _show(letter, form, 200, problems=passages.put_in(form.own_words, case))
    if not form.validate():
        return _show(letter, form, 400)
    try:
        if step == "send":
            with suppress(CharterError):
                _written(letter, form)  # what goes on paper is set before anybody waits for our transaction
            return once(partial(_send, letter, form))
        if "print" in request.form:
            return _on_paper(letter, form, request.form.get("print", 0, int))
        if step != "edit":
            return _preview(letter, form)
    except (CharterError, OperationalError) as error:
        return give_back(error, show, form)
    return _show(letter, form, 200)


def _send(letter: Letter, form: WayForm, db: Session) -> ResponseReturnValue:
    sent = letter.send(db, site().house, draft=form.draft(the_case()), **with_case(form))
    return lead_on(_sent(sent if isinstance(sent, list) else [sent]))


def _sent(messages: Sequence[Message]) -> str:
    """Say what happens next to each message, and by which way: writing keeps no promise, leaving does."""
    if len(messages) == 1:
        said = [_how(messages[0].channel)]
    else:
        said = [
            (_("Competent body") if one.service_code else _("Requester")) + f" – {_how(one.channel)}"
            for one in messages
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


def _written(letter: Letter, form: WayForm) -> list[Written]:
    """Return what would be sent, as it stands."""
    case = the_case()
    with site().database.reading() as db:
        return letters.preview(
            db, site().house, reference=case.reference, kind=letter.kind, draft=form.draft(case), actor=me().actor,
            now=now(),
        )  # fmt: skip


def _preview(letter: Letter, form: WayForm) -> ResponseReturnValue:
    case, written = the_case(), _written(letter, form)
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_TYPED]
    return render_template("staff/preview.html", case=case, letter=letter, written=written, typed=typed)


def _on_paper(letter: Letter, form: WayForm, place: int) -> ResponseReturnValue:
    """Give the PDF of a message of the preview, as it would be printed; only the name says that it is not final."""
    case = the_case()
    with site().database.reading() as db:
        pdf = letters.preview_on_paper(
            db, site().house, site().cabinet, reference=case.reference, kind=letter.kind, draft=form.draft(case),
            place=place, actor=me().actor, now=now(),
        )  # fmt: skip
    if pdf is None:
        abort(404)
    name = _("preview-%(reference)s", reference=case.reference) + ".pdf"
    return send_file(BytesIO(pdf), mimetype="application/pdf", download_name=name, max_age=0)


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
        contributions = contributions_of(db, the_case().id)
    page = render_template(
        "staff/letter.html",
        case=the_case(),
        letter=letter,
        form=form,
        asked=asked,
        contributions=contributions,
        texts=passages.beside(the_case()),
        drafts=kept_drafts.shown(form, the_case(), letter.kind),
        lacking=lacking(form, letter.kind) if not problems and not form.errors else None,
        problems=[(form.own_words.id if where == OWN_WORDS else where, said) for where, said in problems],
        changed=changed,
    )
    return make_response(page, status)
