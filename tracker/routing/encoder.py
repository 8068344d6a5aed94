"""Owns the arithmetic of the sentence encoder, for one text after the other: what the library does for many at once.

Its network (Universal Sentence Encoder, multilingual) sees each word piece with its neighbours, two, three and five
at a time, twice; adds up what it saw; and makes of that one vector of length one. A library brings its weights and
its pieces; where one text comes at a time, half of its time would go into what only serves many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

MEANT, SEEN = 512, 256
"""How many numbers stand for a piece, and for what each of the three ways of looking makes of it."""
WINDOWS = ((2, 0), (3, 1), (5, 2))
"""How many neighbouring pieces each way looks at, and how many of them stand before the piece itself."""
REACH = 4
"""How many pieces to each side count for what is seen of one: two for each look of the widest way."""
LONGEST_WORD, REMEMBERED = 40, 16_384
"""Up to which length a process remembers the pieces of a word, and of how many words."""
UNKNOWN, BEGINNING, END = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A text as it was read: its pieces, what was seen of each of them, and what all of it means."""

    pieces: Array
    rows: Array
    vector: Array


class Encoder:
    """Turns a text into the vector of its meaning; may be shared by threads."""

    def __init__(self, weights: Any) -> None:
        """``weights``: what it is made of, as ``laid_down`` gives it."""
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

        # For the whole process: on so little work more threads only wait for one another, and for requests' threads.
        ThreadpoolController().limit(limits=1, user_api="blas")
        self._weights: Any = weights
        self._pieces_of = lru_cache(maxsize=REMEMBERED)(self._found)

    def vectors(self, texts: Sequence[str]) -> Array:
        """Return the meaning of each text, a row each."""
        return np.array([self.read(text).vector for text in texts], dtype=np.float32).reshape(-1, MEANT)

    def read(self, text: str, like: Read | None = None) -> Read:
        """Return what a text means; the work grows with its pieces, with those that differ where another is ``like``.

        The vector is float32, of length one.
        """
        pieces = self._pieces(text)
        rows = self._seen(pieces) if like is None else self._seen_anew(pieces, like)
        count = np.float32(len(pieces))
        whole = (rows.sum(axis=0) @ self._weights.cnn_W + count * self._weights.cnn_b) / np.sqrt(count)
        return Read(pieces, rows, self._concluded(whole))

    def _seen(self, pieces: Array) -> Array:
        """Return what is seen of each piece with its neighbours, a row each."""
        weights = self._weights
        seen = np.empty((len(pieces), MEANT + len(WINDOWS) * SEEN), dtype=np.float32)
        meant = seen[:, :MEANT]
        part = pieces % len(weights.scale)
        np.multiply(weights.table[pieces], weights.scale[part, None], out=meant)
        meant += weights.lo[part, None]
        shown = meant @ weights.proj_W
        shown += weights.proj_b
        _levelled(shown, weights.ln_g_all, weights.ln_b_all, weights.eps)
        for way in range(len(WINDOWS)):
            own = slice(way * SEEN, (way + 1) * SEEN)
            self._look(way, shown[:, own], seen[:, MEANT:][:, own])
        _levelled(seen, weights.ln_g, weights.ln_b, weights.eps)
        return seen

    def _seen_anew(self, pieces: Array, like: Read) -> Array:
        """Return the same, taken from a text that is alike but for what lies near to where they differ."""
        begin = _alike(pieces, like.pieces)
        end = _alike(pieces[begin:][::-1], like.pieces[begin:][::-1])
        first, last = max(begin - REACH, 0), len(pieces) - max(end - REACH, 0)
        told = max(first - REACH, 0)
        between = self._seen(pieces[told : last + REACH])[first - told : last - told]
        return np.concatenate([like.rows[:first], between, like.rows[len(like.rows) - (len(pieces) - last) :]])

    def _look(self, way: int, shown: Array, seen: Array) -> None:
        """Look twice at each piece with its neighbours, in one of the three ways; ``seen`` takes what was seen."""
        weights, (wide, before) = self._weights, WINDOWS[way]
        count = len(shown)
        padded = np.zeros((count + wide - 1, SEEN), dtype=np.float32)  # beyond the text's ends there is nothing
        inside = padded[before : before + count]
        inside[:] = shown
        once = _side_by_side(padded, wide) @ weights.w1[way]
        once += weights.b1[way]
        np.maximum(once, 0, out=once)
        once += shown
        inside[:] = once
        twice = _side_by_side(padded, wide) @ weights.w2[way]
        twice += weights.b2[way]
        np.maximum(twice, 0, out=twice)
        np.add(twice, once, out=seen)

    def _concluded(self, whole: Array) -> Array:
        weights = self._weights
        first = np.maximum(whole @ weights.d0, 0)
        second = np.maximum(whole @ weights.p1 + first @ weights.d1, 0)
        third = np.maximum(second @ weights.d2, 0)
        vector = np.tanh(second @ weights.p3 + third @ weights.d3)
        return np.asarray(vector / np.sqrt(max(float(vector @ vector), weights.eps)), dtype=np.float32)

    def _pieces(self, text: str) -> Array:
        """Return the pieces of a text: those of its words, since none reaches over a blank."""
        found = [
            piece
            for word in text.split()
            for piece in (self._pieces_of(word) if len(word) <= LONGEST_WORD else self._found(word))
        ]
        return np.array([BEGINNING, *(found or [UNKNOWN]), END], dtype=np.int64)

    def _found(self, word: str) -> tuple[int, ...]:
        found: list[int] = self._weights.sp.encode(word, add_bos=False, add_eos=False)
        # What stands for no character at all, alone, is told as one that is not known: within a text it is nothing.
        return tuple(found) if found != [UNKNOWN] or self._weights.sp._normalizer.normalize(word) else ()


def _side_by_side(padded: Array, wide: int) -> Array:
    """Return each row with those after it beside it, so many in all."""
    count = len(padded) - wide + 1
    return np.concatenate([padded[start : start + count] for start in range(wide)], axis=1)


def _alike(one: Array, other: Array) -> int:
    """Return how many pieces two rows of pieces have in common before they first differ."""
    shorter = min(len(one), len(other))
    differ = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(differ[0]) if len(differ) else shorter


def _levelled(rows: Array, slope: Array, offset: Array, least: float) -> None:
    """Bring each row to mean 0 and variance 1, then to the slope and offset of each column, in place."""
    rows -= rows.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    rows *= (1 / np.sqrt(spread + least))[:, None]
    rows *= slope
    rows += offset
