"""Owns the router: from a text to the services it may belong to, each with a score and its reasons."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from tracker.charter.words import ServiceKind
from tracker.routing.directory import Directory, Entry
from tracker.routing.language import SURE, guess_language
from tracker.routing.likeness import Likeness
from tracker.routing.rules import Rule, load_rules
from tracker.routing.text import LANGUAGES, Token, share_of_function_words, tokens
from tracker.routing.vocabulary import Match, Vocabulary, load_vocabulary

AUTO, SUGGEST, ABSTAIN = "auto", "suggest", "abstain"

AUTO_AT = 0.85
SUGGEST_AT = 0.25
"""Default thresholds on the score, read off the development messages (tests/routing/data)."""

MOST_CHARACTERS = 40_000
MOST_WORDS = 3_000
"""No more than this of a text is read: what a request is about stands in its beginning, and work stays bounded."""

WEAK = 2.5  # below this sum of weights, the words of the other languages are tried too,
WRITTEN_IN = 0.15  # unless this share of function words shows that the text is in the language it is said to be in
SHARPNESS = 1.9  # weight by which a service must lead for the odds to grow by e
ENOUGH = 3.0  # weight at which the evidence itself is about two thirds convincing
REPEATED = 0.2  # what a phrase gains by standing there again
OVERLAP = 0.35  # what a phrase still counts when another of the service met the same words
REASONS = 5


@dataclass(frozen=True, slots=True)
class Reason:
    """A passage, exactly as it stands in the text, and the competence it met."""

    passage: str
    competence: str

    def to_json(self) -> dict[str, str]:
        """Return the reason as plain JSON values."""
        return {"passage": self.passage, "competence": self.competence}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A service the text may belong to; ``score`` runs from 0 to 1, ``associated`` join the case by themselves."""

    code: str
    name: str
    score: float
    lead: str
    associated: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the suggestion as plain JSON values."""
        return {
            "code": self.code,
            "name": self.name,
            "score": self.score,
            "lead": self.lead,
            "associated": list(self.associated),
            "reasons": [reason.to_json() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Routing:
    """What the router proposes. ``reason`` says, in English for the log, why it abstains; None when it does not."""

    lang: str | None
    decision: str
    suggestions: tuple[Suggestion, ...]
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return lang, decision and suggestions as plain JSON values, and the reason when it abstains."""
        answer: dict[str, Any] = {
            "lang": self.lang,
            "decision": self.decision,
            "suggestions": [suggestion.to_json() for suggestion in self.suggestions],
        }
        return answer if self.reason is None else answer | {"reason": self.reason}


@dataclass(slots=True)
class _Evidence:
    """What speaks for each service in one reading of a text."""

    weight: dict[str, float]
    matches: list[Match]
    fired: list[tuple[Rule, str]]

    @property
    def best(self) -> float:
        return max(self.weight.values(), default=0.0)


class Router:
    """Proposes services for texts. Keeps the words of each language once needed; may be shared by threads."""

    def __init__(self, directory: Directory, *, auto_at: float = AUTO_AT, suggest_at: float = SUGGEST_AT) -> None:
        self.directory = directory
        self.auto_at = auto_at
        self.suggest_at = suggest_at
        self._rules = load_rules(directory.codes)
        self._languages: dict[str, tuple[Vocabulary, Likeness]] = {}

    def read_all(self) -> None:
        """Read the words of every language now, and not with the first text in each."""
        for language in LANGUAGES:
            self._language(language)

    def route(
        self,
        text: str,
        *,
        lang: str | None = None,
        country: str | None = None,
        nature: str | None = None,
        top: int = 3,
        on: date,
    ) -> Routing:
        """Return the services the text may belong to, best first, and whether to assign, to suggest or to abstain.

        ``lang`` is the language the citizen chose; it is guessed from the text only when none is given. ``country``
        (ISO 3166, two letters) is where the person is or where it happened. ``on`` is the day for which the directory
        is read. ``auto`` is only ever given for our own services. Any string is accepted; the work is bounded.
        """
        text = text[:MOST_CHARACTERS]
        guessed, sure = (lang, 1.0) if lang in LANGUAGES else guess_language(text)
        reading = guessed or "en"
        if not any(character.isalpha() for character in text):
            return Routing(guessed, ABSTAIN, (), "The text holds no words.")
        evidence = self._read(text, reading, country, nature)
        if sure < SURE or (evidence.best < WEAK and share_of_function_words(text, reading) < WRITTEN_IN):
            others = [self._read(text, other, country, nature) for other in LANGUAGES if other != reading]
            evidence = max([evidence, *others], key=lambda one: one.best)
        suggestions = self._suggest(text, reading, evidence, on, top)
        return self._decide(guessed, suggestions, on)

    def reason_in(self, competence: str, language: str) -> str:
        """Return the competence that a stored reason names, whichever language it was stored in, in another."""
        return self._reasons_by_words.get(competence, {}).get(language, competence)

    @cached_property
    def _reasons_by_words(self) -> dict[str, Mapping[str, str]]:
        """Every text that a reason can be made of, by its words in each language."""
        texts = [rule.why for rule in self._rules]
        for entry in self.directory.entries:
            texts += [entry.competence, *(part.names for part in entry.parts)]
        return {words: text for text in texts for words in text.values()}

    def _decide(self, lang: str | None, suggestions: tuple[Suggestion, ...], on: date) -> Routing:
        if not suggestions:
            return Routing(lang, ABSTAIN, (), "Nothing in the text points to a service.")
        best = suggestions[0]
        if lang is None:
            return Routing(lang, ABSTAIN, suggestions, "The text seems to be in none of fr, nl, de, en.")
        if best.score < self.suggest_at:
            return Routing(lang, ABSTAIN, suggestions, "Nothing in the text points clearly enough to one service.")
        entry = self.directory.get(best.code, on=on)
        ours = entry is not None and entry.kind is ServiceKind.INTERNAL
        return Routing(lang, AUTO if ours and best.score >= self.auto_at else SUGGEST, suggestions)

    def _language(self, language: str) -> tuple[Vocabulary, Likeness]:
        if language not in self._languages:
            vocabulary = load_vocabulary(language, self.directory.codes)
            self._languages[language] = (vocabulary, Likeness.of(self.directory, vocabulary))
        return self._languages[language]

    def _read(self, text: str, language: str, country: str | None, nature: str | None) -> _Evidence:
        vocabulary, likeness = self._language(language)
        words: list[Token] = list(tokens(text, language, limit=MOST_WORDS))
        matches = vocabulary.match(words, text)
        weight = likeness.scores(words)
        for code, gain in _gains(matches).items():
            weight[code] = weight.get(code, 0.0) + gain
        concepts = _concepts(matches, text, country, nature)
        fired = [(rule, concepts[rule.passage_from]) for rule in self._rules if rule.holds(concepts)]
        for rule, _ in fired:
            for code, gain in rule.add.items():
                weight[code] = weight.get(code, 0.0) + gain
        return _Evidence(weight, matches, fired)

    def _suggest(self, text: str, language: str, evidence: _Evidence, on: date, top: int) -> tuple[Suggestion, ...]:
        weight: dict[str, float] = {}
        entries: dict[str, Entry] = {}
        for code, gain in evidence.weight.items():
            entry = self.directory.standing_for(code, on=on)
            if entry is not None and gain > 0:
                entries[entry.code] = entry
                weight[entry.code] = weight.get(entry.code, 0.0) + gain
        ranked = sorted(weight.items(), key=lambda pair: (-pair[1], pair[0]))
        scores = _scores([gain for _, gain in ranked])
        return tuple(
            Suggestion(
                code=code,
                name=entries[code].names[language],
                score=score,
                lead=entries[code].lead,
                associated=entries[code].associated,
                reasons=self._reasons(text, language, entries[code], evidence, on),
            )
            for (code, _), score in list(zip(ranked, scores, strict=True))[: max(top, 0)]
        )

    def _reasons(self, text: str, language: str, entry: Entry, evidence: _Evidence, on: date) -> tuple[Reason, ...]:
        speaking = [
            match
            for match in evidence.matches
            if match.phrase.weight > 0 and self.directory.standing_for(match.phrase.code, on=on) == entry
        ]
        speaking.sort(key=lambda match: (-match.phrase.weight, match.start))
        reasons = [
            Reason(text[match.start : match.end], entry.competence_of(match.phrase.part, language))
            for match in speaking
        ]
        reasons += [
            Reason(passage, rule.why[language])
            for rule, passage in evidence.fired
            if rule.add.get(entry.code, 0.0) > 0
        ]
        return tuple(dict.fromkeys(reasons))[:REASONS]


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


def _concepts(matches: Iterable[Match], text: str, country: str | None, nature: str | None) -> Mapping[str, str]:
    """Return the concepts found and a passage for each (empty when it was told, not written)."""
    concepts: dict[str, str] = {}
    for match in matches:
        if match.phrase.concept:
            concepts.setdefault(match.phrase.concept, text[match.start : match.end])
    if country:
        concepts.setdefault("in_belgium" if country.upper() == "BE" else "foreign_place", "")
    if nature:
        concepts.setdefault(f"nature_{nature}", "")
    if "foreign_place" in concepts:
        concepts.setdefault("abroad", concepts["foreign_place"])
    return concepts


def _scores(weights: list[float]) -> list[float]:
    """Turn weights, best first, into scores: how far each leads, times how much evidence there is at all."""
    if not weights:
        return []
    odds = [math.exp((weight - weights[0]) / SHARPNESS) for weight in weights]
    total = sum(odds)
    return [
        round(odd / total * (1 - math.exp(-weight / ENOUGH)), 4) for odd, weight in zip(odds, weights, strict=True)
    ]
