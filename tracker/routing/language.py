"""Owns the guess in which of our languages a text is written.

Most letters show it by their function words alone. The detector (which costs some 90 MB with what it needs) is
loaded only for a text that does not.
"""

import math
from functools import cache, lru_cache
from typing import Any

from tracker.routing.text import LANGUAGES, WORD, fold, stop_words

SURE = 0.8
"""Below this the guess is not to be relied on: whoever asks keeps the language the citizen chose."""

FOREIGN_MARGIN = 20.0  # log-likelihood by which another language must win before a text counts as written in it
SAMPLE = 2_000  # characters: more tell nothing new

PLAIN_SHARE = 0.15  # of the words: so many function words of one language alone make the detector needless
PLAIN_LEAD = 3  # and so many times more than of any other language
WIDESPREAD = frozenset([
    "a", "con", "da", "de", "des", "di", "e", "en", "es", "i", "la", "le", "les", "me", "mi", "o", "on",
    "sa", "se", "si", "su", "te", "tu", "un", "una", "y",
])  # fmt: skip
"""Function words that other languages share with ours: they tell nothing."""


@cache
def _telling(language: str) -> frozenset[str]:
    """Return the function words that only this one of our languages has, and its neighbours have not."""
    others = {word for other in LANGUAGES if other != language for word in stop_words(other)}
    return frozenset(stop_words(language) - others - WIDESPREAD)


def _plain_language(sample: str) -> str | None:
    words = [match.group() for match in WORD.finditer(sample)]
    counts = {language: sum(fold(word, language) in _telling(language) for word in words) for language in LANGUAGES}
    best, second = sorted(counts, key=lambda language: counts[language], reverse=True)[:2]
    plain = counts[best] >= max(2, PLAIN_SHARE * len(words)) and counts[best] >= PLAIN_LEAD * counts[second]
    return best if plain else None


@lru_cache(maxsize=1)
def _detector() -> Any:
    import py3langid

    return py3langid


def guess_language(text: str) -> tuple[str | None, float]:
    """Return the language of a text and how sure that is, 0..1; (None, 0.0) when it is none of ours or says nothing.

    Only fr, nl, de and en are ever returned. The first 2,000 characters are looked at, by py3langid where their
    function words leave it open.
    """
    sample = text[:SAMPLE].encode("utf-8", "ignore").decode("utf-8")
    if sum(character.isalpha() for character in sample) < 3:
        return None, 0.0
    if (plain := _plain_language(sample)) is not None:
        return plain, 0.99
    ranked = [(str(language), float(score)) for language, score in _detector().rank(sample)]
    ours = [(language, score) for language, score in ranked if language in LANGUAGES]
    best, top = max(ours, key=lambda pair: pair[1])
    if max(score for _, score in ranked) - top > FOREIGN_MARGIN:
        return None, 0.0
    return best, 1 / sum(math.exp(score - top) for _, score in ours)
