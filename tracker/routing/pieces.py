"""Owns the pieces of words by which related words are known, inflected, compounded or in a sister language.

``désarmement`` and ``disarmament``, ``Visumantrag`` and ``visumaanvraag`` share pieces of four to six letters.
"""

import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from tracker.routing.text import WORD, fold

Array = np.ndarray[Any, np.dtype[Any]]

BUCKETS = 1 << 15
SIZES = (4, 5, 6)
SHORT = 5  # a word of up to three letters, its two ends marked, counts as a whole
LONGEST_WORD = 30
MOST_WORDS = 500
REMEMBERED = 8_192
"""Of so many words a process remembers the pieces: most texts are made of the same ones."""


def pieces_of(word: str) -> Array:
    """Return the bucket of each piece of one folded word; there is always one."""
    return _remembered(word[:LONGEST_WORD])


@lru_cache(maxsize=REMEMBERED)
def _remembered(word: str) -> Array:
    marked = f"<{word}>"
    found = [
        zlib.crc32(marked[start : start + size].encode("utf-8", "replace")) % BUCKETS
        for size in SIZES
        for start in range(len(marked) - size + 1)
    ]
    if len(marked) <= SHORT:
        found.append(zlib.crc32(marked.encode("utf-8", "replace")) % BUCKETS)
    return np.array(found, dtype=np.int64)


def pieces(text: str, lang: str) -> tuple[Array, Array]:
    """Return the buckets of a text's pieces, each once, and how often each occurs; 500 words are read at most."""
    words = [_in_text(match.group(), lang) for match, _ in zip(WORD.finditer(text), range(MOST_WORDS), strict=False)]
    if not words:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.unique(np.concatenate(words), return_counts=True)


def _in_text(word: str, lang: str) -> Array:
    """Return the pieces of a word as it stands in a text; what is longer than any word is not remembered so."""
    return _as_it_stands(word, lang) if len(word) <= LONGEST_WORD else pieces_of(fold(word, lang))


@lru_cache(maxsize=REMEMBERED)
def _as_it_stands(word: str, lang: str) -> Array:
    return pieces_of(fold(word, lang))


def pieces_of_each(words: Iterable[str]) -> tuple[Array, Array]:
    """Return the pieces of folded words one after the other, and where each word's begin; one word at least."""
    each = [pieces_of(word) for word in words]
    starts = np.cumsum([0, *(len(one) for one in each[:-1])])
    return np.concatenate(each), starts
