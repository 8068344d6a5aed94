"""Owns the masking of texts that are kept to learn from: whatever may tell who somebody is becomes three dots.

Names that are not known beforehand are found by their look: two words with capitals beside one another, one of which
the router's own words, its directory and its examples do not know. What this cannot find is told in docs/adr.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, partial
from importlib.resources import files

from tracker.routing.examples import read_examples
from tracker.routing.text import LANGUAGES, STOP, WORD, fold

MASK = "…"
_SMALL_WORDS = frozenset(fold(word, "en") for words in STOP.values() for word in words.split())
COMMON = 6
"""A word that stands in so many of our examples is no name of one person."""
SHORTEST_NAME = 3

_CAPITAL = r"[A-ZÀ-ÖØ-ÞŁŚŠŽČĆ][^\W\d_]{0,40}(?:['’-][^\W\d_]{1,40}){0,3}"
_PARTICLE = r"(?:(?:de|du|des|di|da|la|le|van|der|den|ten|ter|el|al|ben|bin|ibn|d['’]|['’]t)[ \t]+){0,3}"
_NAMES = re.compile(rf"(?<![\w'’-]){_CAPITAL}(?:[ \t]+{_PARTICLE}{_CAPITAL}){{1,4}}")
_GERMAN_NAMES = re.compile(rf"(?<![\w'’-]){_CAPITAL}(?:[ \t]+(?:(?:von|van|de|zu|el|al)[ \t]+)?{_CAPITAL}){{1,4}}")
_TITLED = re.compile(
    r"\b(?:M\.|Mr\.?|Mme\.?|Mlle\.?|Mrs\.?|Ms\.?|Dr\.?|Prof\.?|Me|Madame|Monsieur|Mademoiselle|Mevrouw|Mevr\.?|Mw\.?"
    r"|Meneer|Dhr\.?|De heer|Herrn?|Frau|Maître|Meester)"
    rf"\s+{_CAPITAL}(?:\s+{_PARTICLE}{_CAPITAL}){{0,3}}"
)
_CALLED = re.compile(
    r"(?P<says>\b(?:je m['’]appelle|mon nom est|je suis|mijn naam is|ik heet|ik ben|mein name ist|ich heiße"
    rf"|ich heisse|ich bin|my name is|i am|i['’]m)\s+)(?:{_CAPITAL}\s*){{1,4}}",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"(\s)\s+")
# Blanks are counted here: three parts without a bound that all take blanks cost their number to the third power.
_ADDRESSES = (
    re.compile(
        r"\b(?:rue|avenue|av\.|chaussée|boulevard|bd\.?|place|allée|quai|square|clos|drève|impasse|sentier|chemin"
        r"|route)\s{1,5}[^\d\n,;]{2,50}[,\s]{1,5}(?:n°\s?)?\d+\s?\w?\b(?:\s?(?:bte|boîte|bus|b)\.?\s?\w{1,4}\b)?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<![\w'’-])[^\W\d_][\w'’-]{0,60}?(?:straat|laan|steenweg|dreef|plein|kaai|lei|weg|straße|strasse|gasse|platz|allee)\s+\d+"
        r"\s?\w?\b(?:\s?(?:bus|b)\.?\s?\w{1,4}\b)?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b\d+[a-z]?,?\s+(?:{_CAPITAL}\s+){{1,3}}(?:Street|St\.|Road|Rd\.|Avenue|Lane|Drive|Square|Close)\b"
    ),
    re.compile(rf"\b(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s+{_CAPITAL}"),  # a postal code with its place
)
_MACHINE = (
    re.compile(r"(?<![^\s@<>\"'(])[^\s@<>\"'(]{1,100}@[^\s@<>\"']{1,200}"),
    re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE),
    re.compile(r"\b[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]{2,4}){3,8}\b"),  # a bank account
    re.compile(r"(?:\+|\b)\d(?:[ ./()\-–]{0,2}\d){5,}\b"),  # telephones, national numbers, cards, dates of birth
    re.compile(r"\b[A-Z]{2,6}[ -]\d{2,4}[-/ ]\d{2,}(?:[-/ ]\d+)*\b"),
    re.compile(r"\d{5,}"),
)
_RUN = re.compile(r"(?<![\w-])[\w-]{6,80}(?![\w-])")
DIGITS = 3
"""So many digits make a run of signs a number of a passport, a permit or a file."""


def masked(text: str, language: str, known: Iterable[str | None] = ()) -> str:
    """Return a text without what may tell who somebody is; linear in it.

    ``known``: names, addresses, telephones and the like that belong to the case, each masked with all its words.
    """
    text = _BLANKS.sub(r"\1", text)
    for pattern in _MACHINE:
        text = pattern.sub(MASK, text)
    text = _RUN.sub(lambda run: MASK if sum(map(str.isdigit, run.group())) >= DIGITS else run.group(), text)
    if (named := _any_of(known)) is not None:
        text = named.sub(MASK, text)
    for pattern in (*_ADDRESSES, _TITLED):
        text = pattern.sub(MASK, text)
    text = _CALLED.sub(_only_names, text)
    text = (_GERMAN_NAMES if language == "de" else _NAMES).sub(partial(_unless_known, language), text)
    return re.sub(rf"{MASK}(?:[\s,;]*{MASK})+", MASK, text).strip()


def _any_of(known: Iterable[str | None]) -> re.Pattern[str] | None:
    """Return what finds each given text, and each of its longer words."""
    whole = {" ".join(text.split()) for text in known if text and text.strip()}
    words = {word for text in whole for word in re.findall(r"[\w'’-]+", text) if len(word) >= SHORTEST_NAME}
    parts = sorted(whole | {word for word in words if not _is_known(word)}, key=len, reverse=True)
    if not parts:
        return None
    said = (re.escape(part).replace(r"\ ", r"\s+") for part in parts)
    return re.compile(rf"(?<!\w)(?:{'|'.join(said)})(?!\w)", re.IGNORECASE)


def _only_names(found: re.Match[str]) -> str:
    """Mask who somebody says they are, and not what: the pattern takes small letters for capitals."""
    says = found["says"]
    names = found.group()[len(says) :]
    first = names.split()[0]
    return says + MASK + " " if first[0].isupper() and not _is_known(first) else found.group()


def _unless_known(language: str, found: re.Match[str]) -> str:
    """Mask words with capitals, unless they are known: services, countries, the beginning of a sentence.

    German writes every noun with a capital, so there the last word must be one that nobody knows. Words in capitals
    throughout are somebody shouting.
    """
    said = found.group()
    words = [word for word in WORD.findall(said) if word[0].isupper()]
    while words and fold(words[0], "en") in _SMALL_WORDS:
        said = said[said.index(words[0]) + len(words.pop(0)) :]
    if len(words) < 2 or all(word.isupper() and len(word) > 1 for word in words):
        return found.group()
    if all(map(_is_known, words[-1:] if language == "de" else words)):
        return found.group()
    before = found.group()[: len(found.group()) - len(said)]
    return f"{before} {MASK}".lstrip() if before else MASK


def _is_known(word: str) -> bool:
    known = known_words()
    return any(fold(part, "en") in known for part in (word, *re.split(r"['’-]", word)) if len(part) > 1)


@cache
def known_words() -> frozenset[str]:
    """Return the words of the directory, of the phrases and rules, and those common in our examples; slow once."""
    folder = files("tracker.routing") / "data"
    known: set[str] = set()
    for name in ("internal", "public_services", "foreign_bodies", "rules", "words_any"):
        known |= _words(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    for language in LANGUAGES:
        known |= _words(folder.joinpath(f"words_{language}.toml").read_text(encoding="utf-8"))
        name, seen = f"{language}.jsonl", Counter[str]()
        for one in read_examples(folder.joinpath("examples", name).read_text(encoding="utf-8"), language, name):
            seen.update(_words(one.text))
        known |= {word for word, texts in seen.items() if texts >= COMMON}
    return frozenset(known)


def _words(text: str) -> set[str]:
    """Return the folded words of a text; of most of them nothing is left to fold."""
    words = set(WORD.findall(text.casefold()))
    return {word if word.isascii() and "." not in word else fold(word, "en") for word in words}
