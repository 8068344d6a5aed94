"""Owns the page by which staff put right how a requester is called and reached."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.casework.contact import correct_contact
from tracker.charter.words import Verb
from tracker.insight.casefacts import Header
from tracker.web.fields import ADDRESS_LENGTH, NAME_LENGTH
from tracker.web.fields import email as an_email
from tracker.web.fields import phone as a_number
from tracker.web.site import site
from tracker.web.staff.acts import Page, act, the_case
from tracker.web.staff.fields import REASON_LENGTH, StaffForm, one_line, several_lines

PARTS = ("name", "email", "phone", "fax", "address")


class ContactForm(StaffForm):
    """Who the requester is and how to reach them, and why it is corrected."""

    name = one_line(_l("Name"), NAME_LENGTH, _l("Write the name of the requester."))
    email = an_email()
    phone = a_number()
    fax = a_number()
    address = several_lines(_l("Postal address"), ADDRESS_LENGTH)
    reason = several_lines(
        _l("Reason"),
        REASON_LENGTH,
        _l("Write why."),
        _l("For instance: a message came back, or the requester said so."),
    )

    def given(self) -> dict[str, str | None]:
        """Return what is typed, part by part."""
        return {part: self[part].data or None for part in PARTS}

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, and that one of them is another than before."""
        sound: bool = super().validate(extra_validators)
        if sound and self.given() == _known(the_case()):
            self["name"].errors = [_("Nothing is changed here: correct what is wrong.")]
            return False
        return sound


def _known(case: Header) -> dict[str, str | None]:
    return {part: getattr(case.requester, part) or None for part in PARTS}


def _filled(form: ContactForm, case: Header) -> None:
    form.email.label.text, form.phone.label.text, form.fax.label.text = _("E-mail address"), _("Telephone"), _("Fax")
    if not form.is_submitted():
        for part, value in _known(case).items():
            form[part].data = value


@act("contact", Verb.CORRECT_CONTACT, ContactForm, Page(
    _l("Correct the contact details"), _l("Correct them"), _l("The contact details are corrected."),
    _l("Answers go to what stands here. When the e-mail address changes, the tracking code that went to the old one"
       " is void, and a new one is sent to the new address."),
), prepare=_filled)  # fmt: skip
def correct(db: Session, form: ContactForm, case: dict[str, Any]) -> None:
    parts: dict[str, Any] = form.given()
    correct_contact(db, site().house, reason=form.reason.data, **parts, **case)
