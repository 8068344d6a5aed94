"""Owns what a rule that staff write for the router says, and whether it can be read and tells cases apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from tracker.casework.errors import Missing, Refused
from tracker.charter.words import Channel, Language, Nature


class PatternUnreadable(Refused):
    """A pattern that no text could ever be compared with."""

    code = "pattern_unreadable"

    def __init__(self, pattern: str) -> None:
        super().__init__(f"The pattern {pattern!r} cannot be read: write words, as a citizen writes them.",
                         pattern=pattern)  # fmt: skip


class PatternMeetsEverything(Refused):
    """A pattern that stands in nearly every text."""

    code = "pattern_meets_everything"

    def __init__(self, pattern: str) -> None:
        super().__init__(f"The pattern {pattern!r} would meet every text: write words that tell texts apart.",
                         pattern=pattern)  # fmt: skip


class TooManyPatterns(Refused):
    """More patterns than a rule is read with."""

    code = "too_many_patterns"

    def __init__(self, most: int) -> None:
        super().__init__(f"A rule holds at most {most} patterns in a language: make two of it.", most=most)


class RuleWithoutCondition(Refused):
    """A rule that every case would meet."""

    code = "rule_without_condition"

    def __init__(self) -> None:
        super().__init__("This rule would meet every file: give it words, or another condition.")


class ValidityUpsideDown(Refused):
    """A last day before the first."""

    code = "validity_upside_down"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(f"The last day, {last}, is before the first, {first}: correct them.", first=first, last=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """What a rule says. All conditions that are set must be so; of the patterns, one in the text's language.

    ``place``: a country, ``abroad`` or ``in_belgium``. ``valid_from``, ``valid_to``: Brussels dates, both included.
    """

    name: str
    note: str
    service_code: str
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    place: str | None = None
    nature: Nature | None = None
    channel: Channel | None = None
    language: Language | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def check(text: RuleText) -> None:
    """Make sure that a rule can be read and tells cases apart.

    Raises ``Missing``, ``RuleWithoutCondition``, ``ValidityUpsideDown``, or as ``check_words`` does.
    """
    for name in ("name", "note"):
        if not getattr(text, name).strip():
            raise Missing({"name": "rule_name", "note": "rule_note"}[name])
    check_words(text.words)
    if not any((*text.words.values(), text.place, text.nature, text.channel, text.language)):
        raise RuleWithoutCondition
    if text.valid_from and text.valid_to and text.valid_to < text.valid_from:
        raise ValidityUpsideDown(text.valid_from, text.valid_to)


def check_words(words: Mapping[str, tuple[str, ...]]) -> None:
    """Make sure that the patterns of each language can be read, and that none meets every text.

    Raises ``TooManyPatterns``, ``PatternUnreadable`` or ``PatternMeetsEverything``.
    """
    from tracker.routing.staff_rules import MOST_PATTERNS, UnreadablePattern, read

    for language, patterns in words.items():
        if len(patterns) > MOST_PATTERNS:
            raise TooManyPatterns(MOST_PATTERNS)
        for pattern in patterns:
            try:
                read(pattern, language)
            except UnreadablePattern as error:
                raise (PatternMeetsEverything if error.everything else PatternUnreadable)(pattern) from error


def passage_in(text: str, language: str, patterns: tuple[str, ...]) -> str:
    """Return the first passage of a text that meets one of the patterns of a language; empty: none does."""
    from tracker.routing.staff_rules import StaffRule, StaffRules, Told

    rule = StaffRule(number=0, name="", code="", words={language: patterns})
    met = StaffRules([rule]).met(text, Told(language, None, None, None, date.min))
    return met[0][1] if met else ""
