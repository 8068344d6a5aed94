"""Owns the guess in which of our languages a text is written; the detector is loaded when first asked."""

import math
from functools import lru_cache
from typing import Any

from tracker.routing.text import LANGUAGES

SURE = 0.8
"""Below this the guess is not to be relied on: whoever asks keeps the language the citizen chose."""

FOREIGN_MARGIN = 20.0  # log-likelihood by which another language must win before a text counts as written in it
SAMPLE = 2_000  # characters: more tell nothing new


@lru_cache(maxsize=1)
def _detector() -> Any:
    import py3langid

    return py3langid


def guess_language(text: str) -> tuple[str | None, float]:
    """Return the language of a text and how sure that is, 0..1; (None, 0.0) when it is none of ours or says nothing.

    Only fr, nl, de and en are ever returned (py3langid, on the first 2,000 characters).
    """
    sample = text[:SAMPLE].encode("utf-8", "ignore").decode("utf-8")
    if sum(character.isalpha() for character in sample) < 3:
        return None, 0.0
    ranked = [(str(language), float(score)) for language, score in _detector().rank(sample)]
    ours = [(language, score) for language, score in ranked if language in LANGUAGES]
    best, top = max(ours, key=lambda pair: pair[1])
    if max(score for _, score in ranked) - top > FOREIGN_MARGIN:
        return None, 0.0
    return best, 1 / sum(math.exp(score - top) for _, score in ours)
