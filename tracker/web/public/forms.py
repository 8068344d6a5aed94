"""Owns the forms that citizens fill in: what they ask, their limits, and the sentence for each mistake."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, MultipleFileField, RadioField, SelectField
from wtforms.validators import Optional, ValidationError

from tracker.charter.reference import BadReference, Reference
from tracker.web import fields
from tracker.web.countries import countries
from tracker.web.languages import NAMES, language

KINDS = ("question", "complaint", "emergency")
CODE_LENGTH = 40
REFERENCE_LENGTH = 60


def reference_shape(form: Form, field: Field) -> None:
    """Refuse what cannot be a reference; a right one is kept as it is printed."""
    try:
        field.data = Reference.parse(field.data or "").format()
    except BadReference as error:
        if error.kind == "shape":
            raise ValidationError(
                _("Write the reference as it stands on our letters, like DOS-2026-0001234-14.")
            ) from None
        raise ValidationError(
            _("A digit of this reference is wrong or swapped: compare it with our letter.")
        ) from None


class RequestForm(fields.TokenForm):
    """A question, a complaint or an emergency."""

    kind = RadioField(
        validate_choice=False,
        validators=[
            fields.required(_l("Choose what you are writing about: a question, a complaint or an emergency."))
        ],
    )
    about = fields.line(REFERENCE_LENGTH)
    about_whom = fields.line(fields.NAME_LENGTH)
    name = fields.line(fields.NAME_LENGTH, missing=_l("Write your name."))
    email = fields.email()
    phone = fields.phone()
    address = fields.paragraphs(fields.ADDRESS_LENGTH)
    country = SelectField(validate_choice=False, filters=[fields.clean_line])
    official_language = RadioField(validate_choice=False, validators=[Optional()])
    subject = fields.line(fields.SUBJECT_LENGTH, missing=_l("Write in a few words what it is about."))
    text = fields.paragraphs(
        fields.TEXT_LENGTH, missing=_l("Write your question, your complaint or what has happened.")
    )
    files = MultipleFileField()

    def offer(self) -> None:
        """Put the choices into words: for a page that shows the form, which most that are sent never need again."""
        self.kind.choices = [
            ("question", _("A question or a request")),
            ("complaint", _("A complaint about our service or about how you were received")),
            ("emergency", _("An emergency: serious trouble abroad")),
        ]
        self.country.choices = [("", _("Choose a country")), *countries(language())]
        self.official_language.choices = [(code, name) for code, name in NAMES.items() if code != "en"]

    def validate_kind(self, field: Field) -> None:
        """Refuse a kind that the page does not offer."""
        if field.data not in KINDS:
            raise ValidationError(_("Choose one of the three: a question, a complaint or an emergency."))

    def validate_about(self, field: Field) -> None:
        """Look at the reference of what a complaint is about only when there is a complaint."""
        if self.kind.data == "complaint" and field.data:
            reference_shape(self, field)

    def validate_country(self, field: Field) -> None:
        """Refuse a country that is not on the list."""
        if field.data and field.data not in dict(countries(language())):
            raise ValidationError(_("Choose a country from the list, or none."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then that there is a way to reach whoever writes."""
        sound: bool = super().validate(extra_validators)
        if language() == "en" and self.official_language.data not in ("fr", "nl", "de"):
            self.official_language.errors = [_("Choose the official language that counts beside English.")]
            sound = False
        if not (self.email.data or self.phone.data or self.address.data):
            self.email.errors = [_("Write an e-mail address, a telephone number or a postal address: one is enough.")]
            sound = False
        return sound


class LookForm(fields.TokenForm):
    """What a script sends of a request that is still being written."""

    kind = fields.line(fields.NAME_LENGTH)
    country = fields.line(fields.NAME_LENGTH)
    subject = fields.line(fields.SUBJECT_LENGTH)
    text = fields.paragraphs(
        fields.TEXT_LENGTH, missing=_l("Write your question, your complaint or what has happened.")
    )


class FollowForm(fields.TokenForm):
    """The way to one's own file."""

    locked = False
    """Whether there were too many wrong tries."""

    reference = fields.line(REFERENCE_LENGTH, missing=_l("Write the reference of your file."))
    code = fields.line(CODE_LENGTH, missing=_l("Write the tracking code that you got with the reference."))

    validate_reference = reference_shape


class LostCodeForm(fields.TokenForm):
    """Asks for a new tracking code."""

    reference = fields.line(REFERENCE_LENGTH, missing=_l("Write the reference of your file."))
    email = fields.email(missing=_l("Write the e-mail address that you gave us."))

    validate_reference = reference_shape


class AddForm(fields.TokenForm):
    """Something more about a file."""

    text = fields.paragraphs(fields.TEXT_LENGTH, missing=_l("Write what you want to add."))
    files = MultipleFileField()
