"""Owns the forms of the rules of routing: what a rule says, and what is decided about it."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField
from wtforms.validators import NumberRange

from tracker.casework.rule_text import RuleText
from tracker.casework.trying_rules import MOST_DAYS
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Language, Nature
from tracker.insight.choices import bodies
from tracker.insight.rules import Rule
from tracker.web.countries import countries
from tracker.web.fields import NAME_LENGTH, TEXT_LENGTH, clean_text
from tracker.web.languages import NAMES, language
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.fields import (
    REASON_LENGTH,
    DayField,
    Lines,
    Pick,
    StaffForm,
    one_line,
    several_lines,
    words_of,
)

WORDS_LENGTH = 10_000
DAYS = 90
WORDS = {
    "fr": _l("Words in French"),
    "nl": _l("Words in Dutch"),
    "de": _l("Words in German"),
    "en": _l("Words in English"),
}


class RuleForm(StaffForm):
    """What a rule asks for, where it sends, and why."""

    name = one_line(_l("Name of the rule"), NAME_LENGTH, _l("Give the rule a name by which colleagues know it."))
    service = Pick(_l("Choose where the files go."), needed=True, label=_l("Where the files go"))
    words_fr, words_nl, words_de, words_en = (several_lines(words, WORDS_LENGTH) for words in WORDS.values())
    place = Pick(_l("Choose a place of the list."), label=_l("Where the person is or where it happened"))
    nature = Pick(_l("Choose a nature of the list."), label=_l("Nature"))
    channel = Pick(_l("Choose a way of the list."), label=_l("Came by"))
    language = Pick(_l("Choose a language of the list."), label=_l("Language of the file"))
    first_day, last_day = _l("First day on which it counts"), _l("Last day on which it counts")
    valid_from = DayField(label=first_day, description=_l("Empty: at once."))
    valid_to = DayField(label=last_day, description=_l("Empty: until it is switched off."))
    note = several_lines(_l("Why this rule"), REASON_LENGTH, _l("Write why there is this rule."))
    sample = Lines(
        _l("A text to try the words on"), filters=[clean_text], limit=TEXT_LENGTH, description=_l("It is not kept.")
    )

    def prepare(self, rule: Rule | None) -> None:
        """Offer the lists, and show what is kept."""
        self.service.choices = [("", _("Choose")), *everywhere()]
        self.place.choices = [
            ("", _("Anywhere, or not known")), ("abroad", _("Abroad")), ("in_belgium", _("In Belgium")),
            *countries(language())[1:],
        ]  # fmt: skip
        self.nature.choices, self.channel.choices = (
            [("", _("All natures")), *words_of(Nature)],
            [("", _("All ways")), *words_of(Channel)],
        )
        self.language.choices = [("", _("All languages")), *NAMES.items()]
        if not self.is_submitted():
            self.seen.data = str(rule.version) if rule else "0"
            for name in ("place", "nature", "channel", "language"):
                self[name].data = str((rule and getattr(rule, name)) or "")
        if rule is not None and not self.is_submitted():
            self.name.data, self.note.data, self.service.data = rule.name, rule.note, rule.service_code
            self.valid_from.data, self.valid_to.data = rule.valid_from, rule.valid_to
            for code in NAMES:
                self[f"words_{code}"].data = "\n".join(rule.words.get(code, ()))

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """The words that were typed, by language."""
        written = {code: (self[f"words_{code}"].data or "").splitlines() for code in NAMES}
        return {code: tuple(line.strip() for line in lines if line.strip()) for code, lines in written.items()}

    @property
    def text(self) -> RuleText:
        """What was typed, in a form that was found to be whole."""
        return RuleText(
            name=self.name.data,
            note=self.note.data,
            service_code=self.service.data,
            words=self.patterns,
            place=self.place.data or None,
            nature=Nature(self.nature.data) if self.nature.data else None,
            channel=Channel(self.channel.data) if self.channel.data else None,
            language=Language(self.language.data) if self.language.data else None,
            valid_from=self.valid_from.data,
            valid_to=self.valid_to.data,
        )


class DecideForm(StaffForm):
    """How far back a rule is tried; why it is switched off."""

    days = IntegerField(
        _l("How many days back"),
        default=DAYS,
        validators=[NumberRange(1, MOST_DAYS, message=_l("Write a number of days from 1 to 365."))],
    )
    reason = one_line(_l("Reason"), REASON_LENGTH)


def everywhere() -> list[tuple[str, str]]:
    """Return our own services and then the bodies outside, by code, by name and code."""
    return [(code, name if code in name else f"{name} ({code})") for code, name in names_everywhere().items()]


def names_everywhere() -> dict[str, str]:
    """Return the names of our own services and then of the bodies outside, by code."""
    day = brussels_day(now())
    with site().database.reading() as db:
        found = [body for ours in (True, False) for body in bodies(db, internal=ours, day=day, language=language())]
    return {one.code: one.name for one in found}
