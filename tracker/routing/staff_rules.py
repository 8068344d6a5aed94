"""Owns the rules that staff write: which texts meet one, and what follows for whom the router names."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tracker.routing.text import stop_words, tokens
from tracker.routing.vocabulary import Phrase, Vocabulary, read_pattern

ABROAD, IN_BELGIUM = "abroad", "in_belgium"
BELGIUM = "BE"

MOST_PATTERNS = 100
"""Of one language in one rule. What a text costs grows with its words, and with the rules its words begin."""
LONGEST_PATTERN = 100
MOST_WORDS = 8


class UnreadablePattern(ValueError):
    """A pattern that cannot be used: ``everything`` says that any text would meet it, else it says nothing."""

    def __init__(self, pattern: str, *, everything: bool) -> None:
        super().__init__(f"the pattern {pattern!r} {'meets every text' if everything else 'cannot be read'}")
        self.pattern, self.everything = pattern, everything


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRule:
    """All that is set must be so, and one of the patterns of the text's language found, where there are patterns.

    ``place`` is a country (ISO 3166, two letters), ``ABROAD`` or ``IN_BELGIUM``. ``valid_from`` and ``valid_to`` are
    the first and the last day (Brussels dates) on which it counts.
    """

    number: int
    name: str
    code: str
    words: Mapping[str, Sequence[str]]
    place: str | None = None
    nature: str | None = None
    channel: str | None = None
    language: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def has_words(self) -> bool:
        """Say whether it asks for words at all."""
        return any(self.words.values())

    @property
    def bounded(self) -> bool:
        """Say whether it asks for anything: a rule without a condition would meet every text."""
        return self.has_words or any((self.place, self.nature, self.channel, self.language))

    def holds(self, told: "Told") -> bool:
        """Tell whether what was told beside the text is as the rule asks; of words, nothing is said."""
        return (
            (self.valid_from is None or self.valid_from <= told.on)
            and (self.valid_to is None or told.on <= self.valid_to)
            and self.nature in (None, told.nature)
            and self.channel in (None, told.channel)
            and self.language in (None, told.language)
            and (self.place is None or _stands(self.place, told.country))
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What was told beside a text, and the day (Brussels) for which rules and directory are read."""

    language: str
    country: str | None
    nature: str | None
    channel: str | None
    on: date


@dataclass(frozen=True, slots=True)
class Met:
    """A rule that a text met, with the passage that did, as it stands there; empty: the rule asks for no words."""

    rule: StaffRule
    passage: str
    code: str
    """The body that stands for the rule's target on that day."""

    def to_json(self) -> dict[str, Any]:
        """Return what is stored with the decision, as plain JSON values."""
        return {
            "number": self.rule.number,
            "name": self.rule.name,
            "code": self.code,
            "passage": self.passage,
        }


class StaffRules:
    """The rules in force, ready to be looked for in one pass over the words of a text; may be shared by threads."""

    def __init__(self, rules: Iterable[StaffRule] = ()) -> None:
        """Raises ``UnreadablePattern``."""
        self.rules = tuple(rules)
        self._of = {str(rule.number): rule for rule in self.rules}
        self._words: dict[str, Vocabulary] = {}
        for rule in self.rules:
            for language, patterns in rule.words.items():
                for pattern in patterns:
                    terms, ordered = read(pattern, language)
                    phrase = Phrase(pattern, terms, ordered, concept=str(rule.number))
                    self._words.setdefault(language, Vocabulary(language)).add(phrase)

    def met(self, text: str, told: Told) -> list[tuple[StaffRule, str]]:
        """Return the rules that a text meets, each with its first passage; linear in the words of the text."""
        if not any(rule.holds(told) for rule in self.rules):
            return []
        passages: dict[str, tuple[int, int]] = {}
        if (vocabulary := self._words.get(told.language)) is not None:
            for match in vocabulary.match(list(tokens(text, told.language)), text):
                number, place = match.phrase.concept, (match.start, match.end)
                passages[number] = min(passages.get(number, place), place)
        found = []
        for number, rule in self._of.items():
            if rule.holds(told) and (number in passages or not rule.has_words):
                start, end = passages.get(number, (0, 0))
                found.append((rule, text[start:end]))
        return found


def read(pattern: str, language: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Return the terms of a pattern and whether their order counts. Raises ``UnreadablePattern``."""
    written = " ".join(pattern.split())
    pieces = written.replace(" + ", " ").split()
    if not any(map(str.isalnum, written)):
        raise UnreadablePattern(pattern, everything="*" in written)
    if len(written) > LONGEST_PATTERN or any("+" in piece or "*" in piece[1:-1] for piece in pieces):
        raise UnreadablePattern(pattern, everything=False)
    try:
        terms, ordered = read_pattern(written, language)
    except ValueError as error:  # nothing but function words, or a wildcard of one or two letters
        raise UnreadablePattern(pattern, everything=True) from error
    if all(kind == "exact" and text in stop_words(language) for kind, text in terms):
        raise UnreadablePattern(pattern, everything=True)
    if len(terms) > MOST_WORDS or any(not any(map(str.isalnum, text)) for _, text in terms):
        raise UnreadablePattern(pattern, everything=False)
    return terms, ordered


def targets(met: Iterable[Met]) -> dict[str, list[Met]]:
    """Return by body the rules that name it; more than one body: the rules contradict each other."""
    found: dict[str, list[Met]] = defaultdict(list)
    for one in met:
        found[one.code].append(one)
    return dict(found)


def _stands(place: str, country: str | None) -> bool:
    if country is None:
        return False
    if place == ABROAD:
        return country != BELGIUM
    return country == (BELGIUM if place == IN_BELGIUM else place)
