"""Owns the page by which staff add what a requester sent or said: to the file, or as a new one linked to it."""

from functools import partial
from hashlib import blake2b
from typing import Any

from flask import current_app, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import HiddenField

from tracker.casework import follow
from tracker.charter.words import Channel, Nature, Verb
from tracker.insight.casefacts import Header
from tracker.web.drafts import Draft, Limits, NoRoom, draft_of, limits, take_files
from tracker.web.fields import SUBJECT_LENGTH, TEXT_LENGTH
from tracker.web.site import site
from tracker.web.staff.acts import Page, Then, act
from tracker.web.staff.entering import confirm, confirmation
from tracker.web.staff.entry_form import ArrivalForm, moment_of_arrival
from tracker.web.staff.fields import Choice, one_line, several_lines

HERE = "here"
OF_ITS_OWN = {"question": Nature.INFORMATION, "complaint": Nature.COMPLAINT}
"""What gets a new file, with what that is."""


class FollowUpForm(ArrivalForm):
    """What the requester sent or said, how and when it came in, and where it belongs."""

    key = HiddenField()
    text = several_lines(
        _l("What the requester wrote or said"), TEXT_LENGTH, description=_l("With a scan, below, it may stay empty.")
    )
    what = Choice(_l("Choose where it belongs."), label=_l("What it is"))
    subject = one_line(
        _l("Subject of the new file"), SUBJECT_LENGTH, description=_l("For a new question or a complaint only.")
    )
    draft: Draft
    limits: Limits

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, that it says something, and that a file of its own has a subject."""
        sound: bool = super().validate(extra_validators)
        self.files.errors = self.draft.refused
        if self.what.data in OF_ITS_OWN and not self.subject.data:
            self.subject.errors = [_("Write the subject in a few words.")]
        if not self.text.data and not self.text.errors and not self.draft.waiting:
            self.text.errors = [_("Write what it says, or add a scan of it.")]
        whole = all((sound, self.check_day(), not (self.subject.errors or self.text.errors or self.files.errors)))
        if self.draft.removed:  # nothing was sent yet, so that nothing is wrong yet
            for field in self:
                field.errors = []
        return whole and not self.draft.removed


def _choices(form: FollowUpForm, case: Header) -> None:
    form.what.choices = [
        (HERE, _("A message about this file")),
        ("question", _("A new question: it gets a file of its own, with its own dates")),
        ("complaint", _("A complaint: it always gets a file of its own")),
    ]
    form.arrives_today()
    form.limits = limits(site().settings)
    form.draft = draft_of(request)
    form.key.data = form.draft.key
    if not form.is_submitted():
        form.what.data = HERE
        return
    try:
        take_files(form.draft, request, site())
    except NoRoom as error:
        current_app.logger.warning("a scan could not be laid down", exc_info=error)
        form.draft.refused = [_("The file could not be stored: add it again in a minute.")]


@act("follow-up", Verb.FOLLOW_UP, FollowUpForm, Page(
    _l("Add what the requester sent or said"), _l("Add it"), _l("It is in the file."),
    _l("If nothing is owed any more, a new reply is due, counted from the day on which this came in."),
    template="staff/follow_up.html",
), prepare=_choices)  # fmt: skip
def follow_up(db: Session, form: FollowUpForm, case: dict[str, Any]) -> Then | None:
    came: dict[str, Any] = {
        "text": form.text.data or "", "channel": Channel(form.channel.data), "arrival": form.arrival,
        "received_at": moment_of_arrival(form, case["now"]),
        "attachments": tuple(file.id for file in form.draft.waiting),
    }  # fmt: skip
    if form.what.data == HERE:
        follow.follow_up(db, site().house, submission_key=_once(form, case), **came, **case)
        return None
    done = follow.new_question(
        db, site().house, reference=case["reference"], actor=case["actor"], now=case["now"],
        subject=form.subject.data, nature=OF_ITS_OWN[form.what.data], submission_key=_once(form, case), **came,
    )  # fmt: skip
    return partial(confirm, confirmation(db, done.case))


def _once(form: FollowUpForm, case: dict[str, Any]) -> str:
    """Return what makes two sendings of the same page, with the same files, one message or one new file."""
    typed = "\x1f".join(str(field.data) for field in form if field.name not in ("csrf_token", "files", "seen"))
    files = (file.sha256 for file in form.draft.waiting)
    said = "\x1f".join((str(case["actor"].staff_id), case["reference"], typed, *files))
    return blake2b(said.encode("utf-8", "replace"), digest_size=24).hexdigest()
