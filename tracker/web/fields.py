"""Owns what typed text must be like before anybody reads it: cleaned of what cannot be seen, and within its limit."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict
from wtforms import EmailField, Field, Form, StringField, TelField, TextAreaField
from wtforms.i18n import get_translations
from wtforms.validators import Optional, StopValidation, ValidationError

from tracker.correspondence.cleaning import clean_line as clean_line
from tracker.correspondence.cleaning import clean_text as clean_text
from tracker.web.filters import number
from tracker.web.languages import language

Check = Callable[[Form, Field], None]

NAME_LENGTH = 120
EMAIL_LENGTH = 254
PHONE_LENGTH = 40
ADDRESS_LENGTH = 500
SUBJECT_LENGTH = 150
TEXT_LENGTH = 20_000

_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]*")


@cache
def _words_of_wtforms(lang: str) -> Any:
    return get_translations([lang])


class TypedForm(FlaskForm):  # type: ignore[misc] # Flask-WTF carries no types
    """A form of typed text: a file that was sent under the name of a field is no text, so the field is empty."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Leaves files aside: those that a form may carry are taken apart from it."""

        def wrap_formdata(self, form: Form, formdata: Any) -> Any:
            """The typed fields of this request, unless others are given."""
            given = super().wrap_formdata(form, formdata)
            return request.form if isinstance(given, CombinedMultiDict) else given


class TokenForm(TypedForm):
    """A form that carries a token, so that no other site can send it in somebody's name."""

    class Meta(TypedForm.Meta):
        """Its own words, read from the disk once for each language: Flask-WTF reads them for each form."""

        def get_translations(self, form: Form) -> Any:
            """The texts of WTForms itself in the language of the request."""
            return _words_of_wtforms(language())

    @property
    def stale(self) -> bool:
        """Whether the page was open for too long, or the token is not ours; known once the form was checked."""
        return bool(self.csrf_token.errors)


def required(sentence: Any) -> Check:
    """Refuse an empty field with this sentence; what could not be read has its own already."""

    def check(form: Form, field: Field) -> None:
        if not field.data and not field.process_errors:
            raise StopValidation(str(sentence))

    return check


def at_most(limit: int) -> Check:
    """Refuse a text of more characters than the limit, saying both figures."""

    def check(form: Form, field: Field) -> None:
        if len(field.data or "") > limit:
            raise StopValidation(
                str(
                    _l(
                        "This text has %(length)s characters: shorten it to %(limit)s at most.",
                        length=number(len(field.data)),
                        limit=number(limit),
                    )
                )
            )

    return check


def email_address(form: Form, field: Field) -> None:
    """Refuse what no mail server could deliver to; the address is kept in its usual form.

    Before the @ only plain letters: few servers know others yet, and an answer that cannot leave is no answer.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        field.data = validate_email(field.data, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        raise ValidationError(str(_l("Write the e-mail address in full, like name@example.com."))) from None


def phone_number(form: Form, field: Field) -> None:
    """Refuse what nobody could dial."""
    digits = sum(character.isdigit() for character in field.data or "")
    if not _PHONE.fullmatch(field.data or "") or not 6 <= digits <= 18:
        raise ValidationError(
            str(_l("Write the telephone number in figures, with the country code, like +32 470 12 34 56."))
        )


def line(limit: int, missing: Any = None) -> StringField:
    """A field of one line, required when `missing` says what to write."""
    return StringField(filters=[clean_line], validators=[*_presence(missing), at_most(limit)])


def paragraphs(limit: int, missing: Any = None) -> TextAreaField:
    """A field of several lines, required when `missing` says what to write."""
    return TextAreaField(filters=[clean_text], validators=[*_presence(missing), at_most(limit)])


def email(missing: Any = None) -> EmailField:
    """A field for an e-mail address."""
    return EmailField(filters=[clean_line], validators=[*_presence(missing), at_most(EMAIL_LENGTH), email_address])


def phone(missing: Any = None) -> TelField:
    """A field for a telephone number."""
    return TelField(filters=[clean_line], validators=[*_presence(missing), at_most(PHONE_LENGTH), phone_number])


def _presence(missing: Any) -> list[Any]:
    return [Optional() if missing is None else required(missing)]
