"""Owns the short answers to what citizens ask most often: reviewed data, and which of them a text asks for."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from tracker.routing.directory import Certainty
from tracker.routing.evidence import MOST_CHARACTERS, MOST_WORDS
from tracker.routing.text import LANGUAGES, tokens
from tracker.routing.vocabulary import Phrase, Vocabulary, read_pattern

NAME = "answers.toml"


class AnswersFileError(ValueError):
    """The short answers cannot be used: the message names the answer and what is wrong."""


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """Where an answer comes from: its title in each language, public address (may be empty), day it was read."""

    titles: Mapping[str, str]
    address: str
    read_on: date


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """An answer in each language, as one or more sentences, and what a text must be like to ask for it."""

    key: str
    title: Mapping[str, str]
    text: Mapping[str, tuple[str, ...]]
    services: tuple[str, ...]
    """The text must belong to one of these; none: to any."""
    nature: str | None
    """The text must be of this nature; none: of any."""
    phrases: Mapping[str, tuple[str, ...]]
    """One of these must stand in the text, written as in the words of the router."""
    against: Mapping[str, tuple[str, ...]]
    """None of these may."""
    every: frozenset[str]
    """The concepts of the router that must be named in the text, or told beside it,"""
    none: frozenset[str]
    """and those that must not."""
    sources: tuple[AnswerSource, ...]
    certainty: Certainty


class ShortAnswers:
    """All short answers; may be shared by threads."""

    def __init__(self, answers: Iterable[ShortAnswer]) -> None:
        """Raises AnswersFileError for a phrase that cannot be read."""
        self.all = tuple(answers)
        self._words = {language: self._vocabulary(language) for language in LANGUAGES}

    def named_in(self, text: str, language: str) -> tuple[ShortAnswer, ...]:
        """Return the answers of which a phrase stands in a text, in the order of the file; linear in what is read."""
        text = text[:MOST_CHARACTERS]
        words = list(tokens(text, language, limit=MOST_WORDS))
        found = {
            (match.phrase.concept, match.phrase.weight > 0) for match in self._words[language].match(words, text)
        }
        return tuple(one for one in self.all if (one.key, True) in found and (one.key, False) not in found)

    def _vocabulary(self, language: str) -> Vocabulary:
        vocabulary = Vocabulary(language)
        for answer in self.all:
            patterns = [(pattern, 1.0) for pattern in answer.phrases[language]]
            patterns += [(pattern, -1.0) for pattern in answer.against.get(language, ())]
            for pattern, weight in patterns:
                try:
                    terms, ordered = read_pattern(pattern, language)
                except ValueError as wrong:
                    raise AnswersFileError(f"{NAME}: {answer.key}: {wrong}.") from wrong
                vocabulary.add(Phrase(pattern, terms, ordered, concept=answer.key, weight=weight))
        return vocabulary


@lru_cache(maxsize=1)
def shipped_answers() -> ShortAnswers:
    """Return the short answers that come with the product."""
    return ShortAnswers(read_answers((files("tracker.routing") / "data" / NAME).read_text(encoding="utf-8")))


def read_answers(text: str) -> tuple[ShortAnswer, ...]:
    """Read short answers. Raises AnswersFileError, naming the answer, for a missing language, source or phrase."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise AnswersFileError(f"{NAME}: not readable as TOML: {wrong}.") from wrong
    found = []
    for number, row in enumerate(data.get("answers", []), start=1):
        try:
            found.append(_answer(row, data.get("sources", {})))
        except (KeyError, TypeError, ValueError) as wrong:
            raise AnswersFileError(f"{NAME}: {row.get('key', f'number {number}')}: {wrong}.") from wrong
    return tuple(found)


def _answer(row: Mapping[str, Any], sources: Mapping[str, Mapping[str, Any]]) -> ShortAnswer:
    certainty = Certainty(row["certainty"])
    if certainty is Certainty.UNVERIFIED:
        raise ValueError("what is not verified is told to nobody as a fact")
    return ShortAnswer(
        key=row["key"],
        title={language: str(row["title"][language]) for language in LANGUAGES},
        text={language: _filled(row["text"][language], f"text in {language}") for language in LANGUAGES},
        services=tuple(row["services"]),
        nature=row.get("nature"),
        phrases={language: _filled(row["phrases"][language], f"phrases in {language}") for language in LANGUAGES},
        against={language: tuple(patterns) for language, patterns in row.get("against", {}).items()},
        every=frozenset(row.get("every", ())),
        none=frozenset(row.get("none", ())),
        sources=tuple(_source(sources[name]) for name in _filled(row["sources"], "sources")),
        certainty=certainty,
    )


def _source(row: Mapping[str, Any]) -> AnswerSource:
    titles = {language: str(row[language]) for language in LANGUAGES}
    return AnswerSource(titles, str(row["address"]), row["read_on"])


def _filled(values: Iterable[str], what: str) -> tuple[str, ...]:
    found = tuple(values)
    if not found or not all(found):
        raise ValueError(f"{what}: nothing stands there")
    return found
