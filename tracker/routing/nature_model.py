"""Owns how likely a text is to be a complaint, a request for a document, or an emergency: the trained outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker.routing.pieces import BUCKETS, pieces_of_each

Array = np.ndarray[Any, np.dtype[Any]]

KINDS = ("complaint", "document_access", "urgent")
"""What a text may be beside an ordinary request. An emergency may be a complaint too: each is judged by itself."""
SIGNS_COUNT = 2.0
"""How far apart texts are by each of their signs, when the outputs are fitted."""
NEVER = -20.0
"""The bias of a kind of which no examples were there."""


@dataclass(frozen=True, slots=True)
class NatureModel:
    """What training found on the kinds of request: one column for each of ``KINDS``."""

    meaning: Array
    """float32, one row for each dimension of a vector."""
    pieces: Array
    """int8, one row for each bucket; times ``scale``."""
    scale: Array
    signs: Array
    """float32, one row for each of ``nature.SIGNS``: what the words' rules saw, and where the person is."""
    bias: Array
    calibration: Array
    """float32, slope and offset: they turn the odds into how often such a text proved to be of the kind."""

    @classmethod
    def of(cls, weights: Array, calibration: Array, *, dimensions: int) -> "NatureModel":
        """Return the model of these weights: rows of meaning, of pieces, one of bias, then of signs."""
        by_pieces = weights[dimensions : dimensions + BUCKETS]
        scale = np.maximum(np.abs(by_pieces).max(axis=0), 1e-9) / 127
        return cls(
            meaning=weights[:dimensions].astype(np.float32),
            pieces=np.rint(by_pieces / scale).astype(np.int8),
            scale=scale.astype(np.float32),
            bias=weights[dimensions + BUCKETS].astype(np.float32),
            signs=weights[dimensions + BUCKETS + 1 :].astype(np.float32),
            calibration=calibration.astype(np.float32),
        )

    def scores(self, meant: Array, buckets: Array, weights: Array, signs: Array) -> dict[str, float]:
        """Return how likely the text is each kind, 0 to 1; meaning, pieces and signs as they count."""
        logits = meant @ self.meaning + self.bias + SIGNS_COUNT * (signs @ self.signs)
        logits = logits + (weights @ self.pieces[buckets].astype(np.float32)) * self.scale
        odds = self.calibration[0] * logits + self.calibration[1]
        return dict(zip(KINDS, (1 / (1 + np.exp(-odds))).tolist(), strict=True))

    def words_say(self, folded: Sequence[str], kind: str, rarity: Array) -> Array:
        """Return for each word, of one at least, how much it speaks for a kind; negative when against it."""
        buckets, starts = pieces_of_each(folded)
        says = rarity[buckets] * self.pieces[buckets, KINDS.index(kind)]
        return np.asarray(np.add.reduceat(says, starts))

    def arrays(self) -> dict[str, Array]:
        """Return the parts as they stand in a model's file."""
        return {
            "nature_meaning": self.meaning.astype(np.float16),
            "nature_pieces": self.pieces,
            "nature_scale": self.scale,
            "nature_signs": self.signs,
            "nature_bias": self.bias,
            "nature_calibration": self.calibration,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "NatureModel":
        """Read the parts of a model's file. Raises KeyError for one that is not there."""
        names = ("meaning", "pieces", "scale", "signs", "bias", "calibration")
        parts = {name: arrays[f"nature_{name}"] for name in names}
        return cls(**parts | {"meaning": parts["meaning"].astype(np.float32)})
