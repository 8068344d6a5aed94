"""Owns the pieces of words by which related words are known, inflected, compounded or in a sister language.

``désarmement`` and ``disarmament``, ``Visumantrag`` and ``visumaanvraag`` share pieces of four to six letters.
"""

import zlib
from collections import Counter

from tracker.routing.text import WORD, fold

BUCKETS = 1 << 15
SIZES = (4, 5, 6)
SHORT = 5  # a word of up to three letters, its two ends marked, counts as a whole
LONGEST_WORD = 30
MOST_WORDS = 500


def pieces_of(word: str) -> list[int]:
    """Return the bucket of each piece of one folded word."""
    marked = f"<{word[:LONGEST_WORD]}>"
    found = [
        zlib.crc32(marked[start : start + size].encode("utf-8", "replace")) % BUCKETS
        for size in SIZES
        for start in range(len(marked) - size + 1)
    ]
    if len(marked) <= SHORT:
        found.append(zlib.crc32(marked.encode("utf-8", "replace")) % BUCKETS)
    return found


def pieces(text: str, lang: str) -> Counter[int]:
    """Return how often each piece occurs in a text; no more than its first 500 words are read."""
    found: Counter[int] = Counter()
    for match, _ in zip(WORD.finditer(text), range(MOST_WORDS), strict=False):
        found.update(pieces_of(fold(match.group(), lang)))
    return found
