"""Owns the fields and the base of the forms that staff fill in."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import Optional, StopValidation

from tracker.charter.words import Language
from tracker.correspondence.explanation import label
from tracker.insight.choices import Colleague
from tracker.web.fields import TypedForm, at_most, clean_line, clean_text, required
from tracker.web.filters import day as in_words
from tracker.web.languages import language

REASON_LENGTH = 1000
EVIDENCE_LENGTH = 2000
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2190, 12, 31)
"""What a date may be; any other is a slip of the pen."""
_LONGEST_NUMBER = 9
_CLOCK = re.compile(r"\A(\d{1,2}) ?[.:hHuU] ?(\d{2})\Z", re.ASCII)
"""As people write it: 9:05, 14h05, 14u05, 14.05."""


class StaffForm(TypedForm):
    """A form about one case: it knows which version of the case it was drawn for."""

    seen = HiddenField()
    proposed: Sequence[str] = ()
    """Sentences that say what Suivi proposes, shown above the fields."""

    @property
    def version(self) -> int:
        """The version of the case that its reader saw; 0, which is never current, when the form does not say."""
        given = self.seen.data or ""
        return int(given) if given.isdecimal() and given.isascii() and len(given) <= _LONGEST_NUMBER else 0


class Pick(SelectField):
    """One of many; ``needed``: the empty line of the list is no answer."""

    def __init__(self, missing: Any, *, needed: bool = False, **more: Any) -> None:
        super().__init__(validate_choice=False, **more)
        self.missing, self.needed = missing, needed

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not on the list with the sentence that says what to do."""
        if self.data not in [choice[0] for choice in self.choices or ()] or (self.needed and not self.data):
            raise StopValidation(str(self.missing))


class Choice(Pick, RadioField):
    """One of a few, all shown."""


class DayField(DateField):
    """A Brussels date."""

    def __init__(self, missing: Any = None, **more: Any) -> None:
        super().__init__(validators=[Optional() if missing is None else required(missing)], **more)

    @property
    def day(self) -> date:
        """The date of a form that was found to be whole."""
        assert self.data is not None
        return self.data

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a date, or keep what was typed and say how to write it."""
        self.data = None
        text = clean_line(valuelist[0]) if valuelist else ""
        if text:
            self.data = day_of(text)


class ClockField(TimeField):
    """A time of the day in Brussels; may stay empty. ``typed``: in a plain line, one stop on the keyboard."""

    def __init__(self, *, typed: bool = False, **more: Any) -> None:
        super().__init__(validators=[Optional()], **more)
        self.typed = typed

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a time, or keep what was typed and say how to write it."""
        self.data = None
        text = clean_line(valuelist[0]) if valuelist else ""
        text = _CLOCK.sub(r"\1:\2", text).zfill(5) if text else ""
        if text:
            try:
                self.data = time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
            except ValueError:
                raise ValueError(_("Write the time with hours and minutes, like 14:05.")) from None


def day_of(text: str) -> date:
    """Return the date that somebody typed; raises ``ValueError`` with the sentence that says how to write it."""
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"):
        try:
            day = datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if FIRST_DAY <= day <= LAST_DAY:
            return day
        raise ValueError(
            _("Give a date from %(first)s to %(last)s.", first=in_words(FIRST_DAY), last=in_words(LAST_DAY))
        )
    raise ValueError(_("Write the date with day, month and year, like 31/12/2026."))


def words_of(words: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """Return words of the charter as the choices of a field, in the reader's language."""
    return [(word.value, label(word, Language(language()))) for word in words]


def person_in_words(one: Colleague) -> str:
    """Return a colleague as they are chosen from a list: name, service, and whether they are away."""
    service = (one.service_names or {}).get(language()) or one.service_code
    return " · ".join(part for part in (one.name, service, _("away") if one.away else "") if part)


class Line(StringField):
    """A text of one line, with its limit for the page to say."""

    def __init__(self, *given: Any, limit: int, **more: Any) -> None:
        super().__init__(*given, **more)
        self.limit = limit


class Lines(TextAreaField):
    """A text of several lines, with its limit for the page to say."""

    def __init__(self, *given: Any, limit: int, **more: Any) -> None:
        super().__init__(*given, **more)
        self.limit = limit


def one_line(label: Any, limit: int, missing: Any = None, description: Any = "") -> Any:
    """A named field of one line, required when ``missing`` says what to write."""
    checks = [Optional() if missing is None else required(missing), at_most(limit)]
    return Line(label, filters=[clean_line], validators=checks, description=description, limit=limit)


def several_lines(label: Any, limit: int, missing: Any = None, description: Any = "") -> Any:
    """A named field of several lines, required when ``missing`` says what to write."""
    checks = [Optional() if missing is None else required(missing), at_most(limit)]
    return Lines(label, filters=[clean_text], validators=checks, description=description, limit=limit)
