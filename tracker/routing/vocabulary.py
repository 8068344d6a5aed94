"""Owns the words by which a text is recognised: phrases of each language, weighed per service, and named concepts.

A phrase in the data is written as a citizen writes it: ``passeport perdu`` matches the words in that order,
inflected, with function words and at most two other words between them; ``perdu + passeport`` matches both close
together in any order; ``klimaat*`` and ``*paspoort`` match compounds; ``=UN`` matches exactly that spelling.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from babel import Locale

from tracker.routing.text import Token, fold, tokens

WEIGHTS = {"naming": 6.0, "strong": 3.0, "plain": 1.2, "against": -3.0}
"""How much a matched phrase counts for (or against) its service: it names it, it is its matter, it is a hint."""

TOGETHER = 9  # how many words apart the words of "a + b" may stand
GAP = 3  # how far on the next word of an ordered phrase may stand
AFFIX = 3  # wildcards are looked up by this many letters
REMEMBERED = 8_192  # words of which each language remembers the terms

Term = tuple[str, str]  # kind (stem, form, prefix, suffix, exact) and text


class VocabularyFileError(ValueError):
    """A file of words cannot be used: the message names the file, the key and what is wrong."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern and what it speaks for: a service (and a part of it), or a concept that rules combine."""

    pattern: str
    terms: tuple[Term, ...]
    ordered: bool
    code: str = ""
    part: str | None = None
    weight: float = 0.0
    concept: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """Where a phrase was found in the text, by offsets; ``count`` says how often in all."""

    phrase: Phrase
    start: int
    end: int
    count: int


@dataclass(slots=True)
class Vocabulary:
    """The phrases of one language, ready to be looked for in one pass over the words of a text."""

    language: str
    phrases: list[Phrase] = field(default_factory=list)
    _single: dict[Term, list[int]] = field(default_factory=lambda: defaultdict(list))
    _first: dict[Term, list[int]] = field(default_factory=lambda: defaultdict(list))
    _together: dict[Term, list[int]] = field(default_factory=lambda: defaultdict(list))
    _terms: set[Term] = field(default_factory=set)
    _prefixes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _suffixes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _known: dict[tuple[str, str], list[Term]] = field(default_factory=dict)
    """The terms of words that were met: most texts are made of the same ones."""

    def add(self, phrase: Phrase) -> None:
        """Take a phrase in."""
        self._known.clear()
        number = len(self.phrases)
        self.phrases.append(phrase)
        for kind, text in set(phrase.terms) - self._terms:
            if kind == "prefix":
                self._prefixes[text[:AFFIX]].append(text)
            elif kind == "suffix":
                self._suffixes[text[-AFFIX:]].append(text)
        self._terms.update(phrase.terms)
        if len(phrase.terms) == 1:
            self._single[phrase.terms[0]].append(number)
        elif phrase.ordered:
            self._first[phrase.terms[0]].append(number)
        else:
            for term in set(phrase.terms):
                self._together[term].append(number)

    def match(self, words: list[Token], text: str) -> list[Match]:
        """Return every phrase found, where it first stands; linear in the number of words."""
        terms = [self._terms_of(word, text[word.start : word.end]) for word in words]
        found: dict[int, tuple[int, int, int]] = {}
        last_seen: dict[Term, int] = {}
        for here, at_word in enumerate(terms):
            for term in at_word:
                last_seen[term] = here
            for term in at_word:
                for number in self._single.get(term, ()):
                    _note(found, number, here, here)
                for number in self._first.get(term, ()):
                    end = _follow(self.phrases[number].terms, here, terms)
                    if end is not None:
                        _note(found, number, here, end)
                for number in self._together.get(term, ()):
                    start = min(last_seen.get(other, -TOGETHER - 1) for other in self.phrases[number].terms)
                    if start >= 0 and here - start <= TOGETHER:
                        _note(found, number, start, here)
        return [
            Match(self.phrases[number], words[first].start, words[last].end, count)
            for number, (first, last, count) in found.items()
        ]

    def _terms_of(self, word: Token, exact: str) -> list[Term]:
        key = (word.folded, exact)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()  # another thread may do so too: each entry can be found anew
            known = self._known[key] = self._looked_up(word, exact)
        return known

    def _looked_up(self, word: Token, exact: str) -> list[Term]:
        candidates: list[Term] = [("stem", word.stem), ("form", word.folded), ("exact", exact)]
        candidates += [
            ("prefix", p) for p in self._prefixes.get(word.folded[:AFFIX], ()) if word.folded.startswith(p)
        ]
        candidates += [("suffix", s) for s in self._suffixes.get(word.folded[-AFFIX:], ()) if word.folded.endswith(s)]
        return [term for term in candidates if term in self._terms]


def _note(found: dict[int, tuple[int, int, int]], number: int, first: int, last: int) -> None:
    if number in found:
        start, end, count = found[number]
        found[number] = (start, end, count + 1)
    else:
        found[number] = (first, last, 1)


def _follow(terms: tuple[Term, ...], here: int, at: list[list[Term]]) -> int | None:
    for term in terms[1:]:
        for ahead in range(here + 1, min(here + 1 + GAP, len(at))):
            if term in at[ahead]:
                here = ahead
                break
        else:
            return None
    return here


def read_pattern(pattern: str, language: str) -> tuple[tuple[Term, ...], bool]:
    """Return the terms of a pattern and whether their order counts. Raises ValueError when nothing is left of it."""
    ordered = " + " not in pattern
    terms: list[Term] = []
    for piece in pattern.replace(" + ", " ").split():
        *heads, last = piece.split("-") if piece.endswith("*") else [piece]
        for head in (*heads, last):
            terms += _terms(head, language) if head.strip("*") else []
    if not terms:
        raise ValueError(f"the pattern {pattern!r} holds no word that counts")
    return tuple(terms), ordered


def _place(name: str, language: str, concept: str) -> Phrase:
    """A place counts by its very name: inflected it is a language or a people."""
    return Phrase(name, tuple(("form", word.folded) for word in tokens(name, language)), True, concept=concept)


def _pattern(pattern: str, language: str, place: str) -> tuple[tuple[Term, ...], bool]:
    try:
        return read_pattern(pattern, language)
    except ValueError as wrong:
        raise VocabularyFileError(f"{place}: {wrong}.") from wrong


def _terms(piece: str, language: str) -> Iterable[Term]:
    if piece.startswith("="):
        return [("exact", piece[1:])]
    if piece.endswith("*") or piece.startswith("*"):
        kind = "prefix" if piece.endswith("*") else "suffix"
        folded = fold(piece.strip("*"), language)
        if len(folded) < AFFIX:
            raise ValueError(f"the wildcard {piece!r} needs at least {AFFIX} letters")
        return [(kind, folded)]
    return [("stem", word.stem) for word in tokens(piece.lower(), language)]


def load_vocabulary(language: str, codes: Iterable[str], *, concepts_only: bool = False) -> Vocabulary:
    """Read the words of a language for these service codes, the places of the world included.

    Raises VocabularyFileError, naming file and key, when a pattern, a weight or a code makes no sense.
    """
    known = set(codes)
    vocabulary = Vocabulary(language)
    for name in ("words_any.toml", f"words_{language}.toml"):
        data = tomllib.loads((files("tracker.routing") / "data" / name).read_text(encoding="utf-8"))
        for concept, patterns in data.pop("concepts", {}).items():
            for pattern in patterns:
                if name == "words_any.toml":
                    vocabulary.add(_place(pattern, language, concept))
                    continue
                terms, ordered = _pattern(pattern, language, f"{name}: {concept}")
                vocabulary.add(Phrase(pattern, terms, ordered, concept=concept))
        for key, by_weight in () if concepts_only else data.items():
            code, _, part = key.partition("/")
            if code not in known:
                raise VocabularyFileError(f"{name}: {key}: no such service in the directory.")
            _add_phrases(vocabulary, name, code, part or None, by_weight)
    for country in _countries(language):
        vocabulary.add(_place(country, language, "foreign_place"))
    return vocabulary


def _add_phrases(
    vocabulary: Vocabulary, name: str, code: str, part: str | None, by_weight: Mapping[str, list[str]]
) -> None:
    for weight, patterns in by_weight.items():
        if weight not in WEIGHTS:
            raise VocabularyFileError(f"{name}: {code}: {weight} is none of {', '.join(WEIGHTS)}.")
        for pattern in patterns:
            terms, ordered = _pattern(pattern, vocabulary.language, f"{name}: {code}")
            vocabulary.add(Phrase(pattern, terms, ordered, code, part, WEIGHTS[weight]))


def _countries(language: str) -> Iterable[str]:
    """Yield the names of the world's countries in a language (CLDR, through Babel); Belgium is not abroad."""
    for code, name in Locale(language).territories.items():
        if (
            len(code) == 2
            and code.isalpha()
            and code not in {"BE", "EU", "UN", "EZ", "ZZ", "XA", "XB"}
            and len(name) > 3
        ):
            yield name
