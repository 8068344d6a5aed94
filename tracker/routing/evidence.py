"""Owns what the words of a text speak for: likeness to the directory, weighed phrases, rules on what they name."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from tracker.routing.directory import Directory
from tracker.routing.likeness import Likeness
from tracker.routing.rules import Rule, load_rules
from tracker.routing.text import LANGUAGES, Token, tokens
from tracker.routing.vocabulary import Match, Vocabulary, load_vocabulary

MOST_CHARACTERS = 40_000
MOST_WORDS = 3_000
"""No more than this of a text is read: what a request is about stands in its beginning, and work stays bounded."""

REPEATED = 0.2  # what a phrase gains by standing there again
OVERLAP = 0.35  # what a phrase still counts when another of the service met the same words

TOLD = 1.0
"""How much rules count that hold because of what was told beside the text: facts, where the rest is likelihood."""

IN_BELGIUM, FOREIGN_PLACE, ABROAD = "in_belgium", "foreign_place", "abroad"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each service in one reading of a text, by witness, and where it stands in the text."""

    likeness: Mapping[str, float]
    phrases: Mapping[str, float]
    rules: Mapping[str, float]
    told: Mapping[str, float]
    """What rules add because of what was told beside the text: where the person is, what was asked."""
    matches: tuple[Match, ...]
    concepts: Mapping[str, str]
    """What the text names, with the passage; the passage is empty where it was told beside the text."""
    fired: tuple[tuple[Rule, str], ...]
    """The rules that held, with the passage."""

    @property
    def weight(self) -> dict[str, float]:
        """All witnesses added up, by service."""
        return _added(self.likeness, self.phrases, self.rules, self.told)

    @property
    def best(self) -> float:
        """What speaks for the service for which most speaks."""
        return max(self.weight.values(), default=0.0)


class Reader:
    """Reads texts; keeps the words of each language once needed, and may be shared by threads."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.codes = directory.codes
        self.rules = load_rules(directory.codes)
        self._languages: dict[str, tuple[Vocabulary, Likeness]] = {}

    def read_all(self) -> None:
        """Read the words of every language now, and not with the first text in each."""
        for language in LANGUAGES:
            self._language(language)

    def read(self, text: str, language: str, country: str | None, nature: str | None) -> Evidence:
        """Return what the words of a text speak for, read as this language; linear in what is read."""
        vocabulary, likeness = self._language(language)
        words: list[Token] = list(tokens(text, language, limit=MOST_WORDS))
        matches = tuple(vocabulary.match(words, text))
        named = _named(matches, text)
        concepts = _with_told(named, country, nature)
        by_text, fired = _rule_gains(self._fired(named)), self._fired(concepts)
        told = _difference(_rule_gains(fired), by_text)
        return Evidence(likeness.scores(words), _gains(matches), by_text, told, matches, concepts, fired)

    def told_if(self, evidence: Evidence, *, abroad: bool) -> Mapping[str, float]:
        """Return what rules would add if it had been told that the person is abroad, or in Belgium."""
        elsewhere = (IN_BELGIUM,) if abroad else (FOREIGN_PLACE, ABROAD)
        concepts = {name: passage for name, passage in evidence.concepts.items() if name not in elsewhere}
        concepts = dict.fromkeys((FOREIGN_PLACE, ABROAD) if abroad else (IN_BELGIUM,), "") | concepts
        return _difference(_rule_gains(self._fired(concepts)), evidence.rules)

    @property
    def fingerprint(self) -> str:
        """A short name for these words, rules and bodies: a model says by it what it was trained with."""
        told = hashlib.sha256()
        for name in ("words_any", *(f"words_{language}" for language in LANGUAGES), "rules"):
            told.update((files("tracker.routing") / "data" / f"{name}.toml").read_bytes())
        for entry in self.directory.entries:
            told.update(repr((entry.code, sorted(entry.names.items()), sorted(entry.competence.items()))).encode())
            told.update(repr([sorted(part.names.items()) for part in entry.parts]).encode())
        return told.hexdigest()[:12]

    def _fired(self, concepts: Mapping[str, str]) -> tuple[tuple[Rule, str], ...]:
        return tuple((rule, concepts[rule.passage_from]) for rule in self.rules if rule.holds(concepts))

    def _language(self, language: str) -> tuple[Vocabulary, Likeness]:
        if language not in self._languages:
            vocabulary = load_vocabulary(language, self.directory.codes)
            self._languages[language] = (vocabulary, Likeness.of(self.directory, vocabulary))
        return self._languages[language]


def _added(*witnesses: Mapping[str, float]) -> dict[str, float]:
    weight: dict[str, float] = {}
    for witness in witnesses:
        for code, gain in witness.items():
            weight[code] = weight.get(code, 0.0) + gain
    return weight


def _rule_gains(fired: Iterable[tuple[Rule, str]]) -> dict[str, float]:
    return _added(*(rule.add for rule, _ in fired))


def _gains(matches: Iterable[Match]) -> dict[str, float]:
    """Add up what the phrases found speak for each service; the same words count in full only once."""
    gains: dict[str, float] = {}
    counted: dict[str, list[tuple[int, int]]] = {}
    for match in sorted(matches, key=lambda match: (-abs(match.phrase.weight), match.start)):
        code = match.phrase.code
        if not code:
            continue
        spans = counted.setdefault(code, [])
        again = any(match.start < end and start < match.end for start, end in spans)
        spans.append((match.start, match.end))
        repeated = 1 + REPEATED * min(match.count - 1, 2)
        gains[code] = gains.get(code, 0.0) + match.phrase.weight * (OVERLAP if again else repeated)
    return gains


def _difference(gains: Mapping[str, float], less: Mapping[str, float]) -> dict[str, float]:
    left = {code: gains.get(code, 0.0) - less.get(code, 0.0) for code in {**gains, **less}}
    return {code: gain for code, gain in left.items() if gain}


def _named(matches: Iterable[Match], text: str) -> dict[str, str]:
    """Return the concepts that a text names, and the first passage for each."""
    concepts: dict[str, str] = {}
    for match in matches:
        if match.phrase.concept:
            concepts.setdefault(match.phrase.concept, text[match.start : match.end])
    if FOREIGN_PLACE in concepts:
        concepts.setdefault(ABROAD, concepts[FOREIGN_PLACE])
    return concepts


def _with_told(named: Mapping[str, str], country: str | None, nature: str | None) -> dict[str, str]:
    """Return the concepts with those that were told beside the text; what was told has no passage."""
    concepts = dict(named)
    if country and country.upper() == "BE":
        concepts.setdefault(IN_BELGIUM, "")
    elif country:
        concepts.setdefault(FOREIGN_PLACE, "")
        concepts.setdefault(ABROAD, "")
    if nature:
        concepts.setdefault(f"nature_{nature}", "")
    return concepts
