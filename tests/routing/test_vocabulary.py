"""Phrases as they are written in the data, and the files of words and rules themselves."""

import pytest

from tracker.routing.directory import load_directory
from tracker.routing.rules import RoutingRulesError, load_rules
from tracker.routing.text import LANGUAGES, tokens
from tracker.routing.vocabulary import (
    Phrase,
    Vocabulary,
    VocabularyFileError,
    load_vocabulary,
    read_pattern,
)

RULE = '[[rules]]\nname = "r"\nevery = ["lost"]\nadd = { %s = 1 }\nwhy = { fr = "f", nl = "n", de = "d"%s }'


def found(pattern: str, text: str, language: str = "fr") -> str | None:
    vocabulary = Vocabulary(language)
    terms, ordered = read_pattern(pattern, language)
    vocabulary.add(Phrase(pattern, terms, ordered, "M1", None, 1.0))
    matches = vocabulary.match(list(tokens(text, language)), text)
    return text[matches[0].start : matches[0].end] if matches else None


@pytest.mark.parametrize(
    ("pattern", "text", "passage"),
    [
        ("demande visa", "Ma demande d'un visa touristique", "demande d'un visa"),
        ("demande visa", "Un visa sur demande", None),
        ("perdu + passeport", "Mon passeport est perdu", "passeport est perdu"),
        ("perdu + passeport", "passeport " + "mot " * 12 + "perdu", None),
        ("légalis*", "la légalisation", "légalisation"),
        ("*port", "un passeport", "passeport"),
        ("=UN", "le siège de l'UN", "UN"),
        ("=UN", "un siège", None),
    ],
)
def test_a_pattern_means_what_it_says(pattern: str, text: str, passage: str | None) -> None:
    assert found(pattern, text) == passage


def test_repeated_words_are_counted_once_in_place() -> None:
    vocabulary = Vocabulary("fr")
    terms, ordered = read_pattern("visa", "fr")
    vocabulary.add(Phrase("visa", terms, ordered, "CONSULAR", "visa", 1.0))
    (match,) = vocabulary.match(list(tokens("visa visa visa", "fr")), "visa visa visa")
    assert (match.start, match.end, match.count) == (0, 4, 3)


@pytest.mark.parametrize("pattern", ["de la", "", "ab*"])
def test_a_pattern_that_matches_nothing_useful_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"holds no word|needs at least"):
        read_pattern(pattern, "fr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_service_has_words_in_every_language(language: str) -> None:
    codes = load_directory().codes
    vocabulary = load_vocabulary(language, codes)
    assert {phrase.code for phrase in vocabulary.phrases if phrase.code} == set(codes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_concept_of_a_rule_can_be_met_in_every_language(language: str) -> None:
    told = {"abroad", "in_belgium"} | {f"nature_{nature}" for nature in ("complaint",)}
    written = {phrase.concept for phrase in load_vocabulary(language, (), concepts_only=True).phrases}
    for rule in load_rules(load_directory().codes):
        assert {*rule.every, *rule.some, *rule.none} <= written | told, rule.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_named_by_the_words_is_in_the_directory(language: str) -> None:
    directory = load_directory()
    parts = {(entry.code, part.key) for entry in directory.entries for part in entry.parts}
    for phrase in load_vocabulary(language, directory.codes).phrases:
        assert phrase.part is None or (phrase.code, phrase.part) in parts


def test_words_for_an_unknown_service_are_refused() -> None:
    with pytest.raises(VocabularyFileError, match="no such service"):
        load_vocabulary("fr", ("M1",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (RULE % ("NOBODY", ', en = "e"'), "service NOBODY is not in the directory"),
        (RULE % ("M1", ""), "why is missing in en"),
        ('[[rules]]\nname = "r"\nadd = { M1 = 1 }', "needs at least one concept"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(text: str, says: str) -> None:
    with pytest.raises(RoutingRulesError, match=says):
        load_rules(("M1",), text)


def test_a_rule_needs_all_one_of_some_and_none() -> None:
    (rule,) = load_rules(
        ("M1",),
        RULE.replace('every = ["lost"]', 'every = ["a"]\nsome = ["b", "c"]\nnone = ["d"]') % ("M1", ', en = "e"'),
    )
    assert rule.holds({"a", "b"})
    assert rule.holds({"a", "c"})
    assert not rule.holds({"a"})
    assert not rule.holds({"b"})
    assert not rule.holds({"a", "b", "d"})
