"""Owns the pages about notes that stay, letters that left by hand, and messages that never arrived."""

from functools import cached_property, partial
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, Person, may
from tracker.casework import leaving, notes
from tracker.casework.paper import record_posting
from tracker.charter.counting import brussels_day
from tracker.charter.words import MessageKind, Verb
from tracker.insight.casefacts import Header
from tracker.insight.casepage import outgoing
from tracker.insight.choices import colleagues
from tracker.web.fields import TEXT_LENGTH
from tracker.web.filters import day, label_in_words
from tracker.web.site import site
from tracker.web.staff import kept_drafts
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import Page, Then, act, lead_on, the_case
from tracker.web.staff.blueprint import facts_of
from tracker.web.staff.fields import EVIDENCE_LENGTH, DayField, Pick, StaffForm, person_in_words, several_lines
from tracker.web.staff.letter_forms import WRITE, OwnWordsForm


class NoteForm(OwnWordsForm):
    """A note for colleagues."""

    text = several_lines(
        _l("Note"), TEXT_LENGTH, WRITE,
        _l("Write @ and a colleague's whole name, and whoever may read this file is told by mail that a note names"
           " them."),
    )  # fmt: skip
    colleague = Pick(_l("Choose a colleague."), label=_l("Tell a colleague"))

    @cached_property
    def drafts(self) -> kept_drafts.Drafts:
        """What is kept of it, for the page to say; read once, where the page is drawn."""
        return kept_drafts.shown(self, the_case(), MessageKind.NOTE)


def _readers(form: NoteForm, case: Header) -> None:
    """Offer the colleagues who may read the case."""
    facts = facts_of(case)
    with site().database.reading() as db:
        found = colleagues(db, day=brussels_day(now()), not_this=case.about_staff_id)
    may_read = (one for one in found if may(Person(one.id, one.role, one.service_code), READ, facts))
    offered = [(one.name, person_in_words(one)) for one in may_read]
    form.colleague.choices = [("", _("Nobody")), *(one for one in offered if one[0] != me().name)]


@act("note", Verb.WRITE, NoteForm, Page(
    _l("Add an internal note"), _l("Add the note"), _l("The note is in the file."),
    _l("Only staff see it. It keeps no promise."),
), prepare=_readers, meanwhile=partial(kept_drafts.meanwhile, MessageKind.NOTE))  # fmt: skip
def note(db: Session, form: NoteForm, case: dict[str, Any]) -> Then:
    text, named = form.text.data, form.colleague.data
    if named and f"@{named}".casefold() not in text.casefold():
        text = f"{text}\n@{named}"
    done = notes.note(db, site().house, text=text, kept=request.form.get("kept"), **case)
    told, closed_to = (", ".join(names) for names in (done.told, done.closed_to))
    said = [_("The note is in the file.")]
    said += [_("Told by mail: %(names)s.", names=told)] if told else []
    said += [_("Not told, since they may not read this file: %(names)s.", names=closed_to)] if closed_to else []
    return partial(lead_on, " ".join(said))


class MessagePick(StaffForm):
    """Which message."""

    message = Pick(_l("Choose the message."), label=_l("Message"))


class LeftForm(MessagePick):
    """Which letter or fax left, and when."""

    left_on: Any = DayField(_l("Write the day on which it left."), label=_l("Posted or faxed on"))


class ReturnedForm(MessagePick):
    """Which message never arrived, and what shows it."""

    evidence = several_lines(
        _l("What shows it"),
        EVIDENCE_LENGTH,
        _l("Write what shows it."),
        _l("For instance the note on the returned letter, or a call and its date."),
    )


def _to_leave(form: LeftForm, case: Header) -> None:
    _offer(form, left=False)
    if not form.is_submitted():
        form.left_on.data = brussels_day(now())


def _that_left(form: ReturnedForm, case: Header) -> None:
    _offer(form, left=True)


def _offer(form: MessagePick, *, left: bool) -> None:
    with site().database.reading() as db:
        found = outgoing(db, the_case().id, left=left)
    form.message.choices = [
        (str(one.number), f"{label_in_words(one.kind)} · {label_in_words(one.channel)} · {day(one.at)}")
        for one in found
    ]
    chosen = request.args.get("message", "")
    if not form.is_submitted() and form.message.choices:
        offered = [choice[0] for choice in form.message.choices]
        form.message.data = chosen if chosen in offered else offered[-1]


@act("left", Verb.RECORD_LEAVING, LeftForm, Page(
    _l("Record that a letter or a fax left"), _l("Record it"), _l("Recorded: the message has left."),
    _l("The day on which it left is what keeps the promise."),
), prepare=_to_leave)  # fmt: skip
def left(db: Session, form: LeftForm, case: dict[str, Any]) -> None:
    record_posting(
        db, site().house, site().cabinet, message_number=int(form.message.data),
        left_on=form.left_on.data, **case,
    )  # fmt: skip


@act("returned", Verb.VOID_LEAVING, ReturnedForm, Page(
    _l("Record that a message never arrived"), _l("Record it"), _l("Recorded: what it had kept is open again."),
    _l("What this message had kept is open again, with the same date. It can be sent again from the file."),
    "warning",
), prepare=_that_left)  # fmt: skip
def returned(db: Session, form: ReturnedForm, case: dict[str, Any]) -> None:
    leaving.void_leaving(
        db, site().house, message_number=int(form.message.data), evidence=form.evidence.data, **case
    )  # fmt: skip
