"""Owns the page by which staff add what a requester sent or said: to the file, or as a new one linked to it."""

from functools import partial
from hashlib import blake2b
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.casework import follow
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Nature, Verb
from tracker.insight.casefacts import Header
from tracker.web.fields import SUBJECT_LENGTH, TEXT_LENGTH
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.acts import Page, Then, act
from tracker.web.staff.deciding import CAME_ON, moment_of
from tracker.web.staff.entering import confirm, confirmation
from tracker.web.staff.entry_form import BY_STAFF
from tracker.web.staff.fields import Choice, ClockField, DayField, StaffForm, one_line, several_lines, words_of

HERE = "here"
OF_ITS_OWN = {"question": Nature.INFORMATION, "complaint": Nature.COMPLAINT}
"""What gets a new file, with what that is."""


class FollowUpForm(StaffForm):
    """What the requester sent or said, how and when it came in, and where it belongs."""

    channel = Choice(_l("Choose how it came in."), label=_l("It came in by"))
    day = DayField(CAME_ON, label=_l("Day on which it came in"))
    clock = ClockField(label=_l("Time, if known"), description=_l("Like 14:05."))
    text = several_lines(_l("What the requester wrote or said"), TEXT_LENGTH, _l("Write what was said."))
    what = Choice(_l("Choose where it belongs."), label=_l("This is"))
    subject = one_line(
        _l("Subject of the new file"), SUBJECT_LENGTH, description=_l("For a new question or a complaint only.")
    )

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, and that a file of its own has a subject."""
        sound: bool = super().validate(extra_validators)
        if self.what.data in OF_ITS_OWN and not self.subject.data:
            self.subject.errors = [_("Write the subject in a few words.")]
            return False
        return sound


def _choices(form: FollowUpForm, case: Header) -> None:
    form.channel.choices = words_of(BY_STAFF)
    form.what.choices = [
        (HERE, _("A message about this file")),
        ("question", _("A new question: it gets a file of its own, with its own dates")),
        ("complaint", _("A complaint: it always gets a file of its own")),
    ]
    if not form.is_submitted():
        form.day.data, form.what.data = brussels_day(now()), HERE


@act("follow-up", Verb.FOLLOW_UP, FollowUpForm, Page(
    _l("Add what the requester sent or said"), _l("Add it"), _l("It is in the file."),
    _l("If nothing is owed any more, a new reply is due, counted from the day on which this came in."),
), prepare=_choices)  # fmt: skip
def follow_up(db: Session, form: FollowUpForm, case: dict[str, Any]) -> Then | None:
    channel = Channel(form.channel.data)
    received_at = moment_of(channel, form.day.data, form.clock.data, case["now"])
    came: dict[str, Any] = {"text": form.text.data, "channel": channel, "received_at": received_at}
    if form.what.data == HERE:
        follow.follow_up(db, site().house, **came, **case)
        return None
    done = follow.new_question(
        db, site().house, reference=case["reference"], actor=case["actor"], now=case["now"],
        subject=form.subject.data, nature=OF_ITS_OWN[form.what.data], submission_key=_once(form, case), **came,
    )  # fmt: skip
    return partial(confirm, confirmation(db, done))


def _once(form: FollowUpForm, case: dict[str, Any]) -> str:
    """Return what makes two sendings of the same page one new file."""
    typed = "\x1f".join(str(field.data) for field in form if field.name != "csrf_token")
    said = f"{case['actor'].staff_id}\x1f{case['reference']}\x1f{typed}"
    return blake2b(said.encode("utf-8", "replace"), digest_size=24).hexdigest()
