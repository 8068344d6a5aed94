"""Owns how a text becomes the words it is found by: the same for what is stored and for what is looked for.

Neither capitals nor accents matter, nor the endings of a word in the language it is written in.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import Stemmer

SNOWBALL = {"fr": "french", "nl": "dutch", "de": "german", "en": "english"}
LONGEST_WORD, LONGEST_ADDRESS = 60, 120
MOST_TERMS = 8
"""How many words are looked for; who writes more has said enough."""
SHORTEST_BEGINNING = 3
"""How many letters stand before a star at least: fewer begin every other word, and would be gathered for minutes."""
PHONE_DIGITS = 8
"""How many of the last digits a number is known by: the same with +32, 0032, 0 or nothing before them."""

WORD = re.compile(r"[^\W_]+")
MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
NUMBER = re.compile(r"[+\d][\d ().\-/\xa0]{6,30}\d")
_ASKED = re.compile(r"([^\W_]+)(\*?)")
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]")
_SPELLINGS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_UMLAUTS = re.compile(r"(?<=[^aeq])([aou])e")

# In all four languages at once, since whoever looks for something does not say in which: what is no word of weight in
# any of them. First names such as An, and words such as "post" or "amt", stay.
_EMPTY = """
    de la le les des du et en un une au aux ce ces dans est il je ma mon ne nous ou par pas pour que qui sa se
    ses son sur vous votre van het een ik is dat der den dit er ge te voor wat wij ze zich zijn das dem die ein
    eine einem einen einer es ich ihr im ist mich mir mit sie und von wir zu zum zur the of to and are for from
    has have it my on or that this was we were with you your avec comme elle etre leur mais met niet ook naar uw
    aan bij op nicht auf auch als at be by in
"""
EMPTY = frozenset(_EMPTY.split())


class Term(NamedTuple):
    """One thing that is looked for: any of these words, as they are stored, or any that begins so."""

    ways: frozenset[str]
    beginnings: frozenset[str] = frozenset()


class Span(NamedTuple):
    """A word where it stands in a text, as it is stored."""

    start: int
    end: int
    word: str


def fold(word: str) -> str:
    """Return a word in small letters without accents."""
    word = word.casefold()
    if word.isascii():
        return word
    return _MARKS.sub("", unicodedata.normalize("NFKD", word.translate(_SPELLINGS)))


def whole(text: str) -> str:
    """Return a text with each letter and its accent as one character, as words are looked for in it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def words_of(text: str, language: str) -> set[str]:
    """Return the words by which a text in that language (fr, nl, de, en) is found; linear in its length."""
    text = whole(text)
    found = {stored_as(word, language) for word in set(WORD.findall(text))}
    if "@" in text:
        found.update(fold(mail) for mail in MAIL.findall(text) if len(mail) <= LONGEST_ADDRESS)
    found.update(map(_known_by, NUMBER.findall(text)))
    found.discard("")
    return found


def spans_of(text: str, language: str, kinds: Sequence[re.Pattern[str]] = (MAIL, NUMBER, WORD)) -> Iterator[Span]:
    """Yield the same words where they stand in a ``whole`` text, kind by kind."""
    for kind in kinds:
        for match in kind.finditer(text):
            found = match.group()
            known = (
                fold(found) if kind is MAIL else _known_by(found) if kind is NUMBER else stored_as(found, language)
            )
            yield Span(match.start(), match.end(), known)


def terms_of(asked: str) -> tuple[Term, ...]:
    """Return what somebody looks for, whatever the language: all of these, at most ``MOST_TERMS``.

    A word that ends in a star stands for all that begin so. Addresses and numbers are looked for as a whole.
    """
    terms: dict[Term, None] = {}
    asked = whole(asked)
    for kind, known_by in ((MAIL, fold), (NUMBER, _known_by)):
        for match in kind.findall(asked):
            if known := known_by(match):
                asked = asked.replace(match, " ", 1)
                terms[Term(frozenset({known}))] = None
    for word, star in _ASKED.findall(asked):
        ways = frozenset(stored_as(one, language) for one in _spellings(word) for language in SNOWBALL) - {""}
        begins = frozenset(map(fold, _spellings(word))) if star and len(word) >= SHORTEST_BEGINNING else frozenset()
        if ways or begins:
            terms[Term(ways, begins)] = None
    return tuple(terms)[:MOST_TERMS]


def _spellings(word: str) -> frozenset[str]:
    """Return a word as it may have been written: with its umlauts spelt out, too."""
    small = word.casefold()
    return frozenset({small, small.translate(_SPELT_OUT)})


def _known_by(number: str) -> str:
    """Return what a telephone number or any long number is known by; nothing when it is too short."""
    digits = "".join(filter(str.isdigit, number))
    return digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else ""


_stemmers = threading.local()


@lru_cache(maxsize=32_768)
def stored_as(word: str, language: str) -> str:
    """Return what a word is stored as; nothing when it is not. A stemmer keeps state: each thread has its own."""
    folded = fold(word)
    if not 1 < len(folded) <= LONGEST_WORD or folded in EMPTY or not folded.isalnum():
        return ""
    if language == "de":
        folded = _UMLAUTS.sub(r"\1", folded)
    kept: dict[str, Stemmer.Stemmer] = _stemmers.__dict__
    if language not in kept:
        kept[language] = Stemmer.Stemmer(SNOWBALL[language])
    return str(kept[language].stemWord(folded))
