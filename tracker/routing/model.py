"""Owns the trained model: from the meaning and the pieces of a text to how likely each body is the right one."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from tracker.routing.meaning import DIMENSIONS
from tracker.routing.nature import SIGNS
from tracker.routing.nature_model import KINDS, NatureModel
from tracker.routing.pieces import BUCKETS, pieces_of_each

Array = np.ndarray[Any, np.dtype[Any]]

NOBODY = ""
"""Stands among the codes for a text that nobody can attribute."""
MEANING_COUNTS, PIECES_COUNT = 4.0, 8.0
"""How far apart texts are by their meaning and by their pieces, when the model is fitted."""
FORMAT = 1


class ModelFileError(ValueError):
    """A model cannot be used: the message says why."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How much each witness counts: the fitted model, likeness to the directory, weighed phrases, rules."""

    model: float
    likeness: float
    phrases: float
    rules: float


@dataclass(frozen=True, slots=True)
class Model:
    """What training found. Equal models give equal answers; nothing here is ever changed."""

    codes: tuple[str, ...]
    """The bodies it knows, and NOBODY."""
    meaning: Array
    """float32, one row for each dimension of a vector, one column for each code."""
    pieces: Array
    """int8, one row for each bucket, one column for each code; times ``scale``."""
    scale: Array
    rarity: Array
    """float32, for each bucket: the logarithm of how rare it was; 0 for what was hardly ever seen."""
    bias: Array
    mix: Mix
    slope: float
    offset: float
    """Turn a probability into how often such an answer proved right or acceptable (on texts not trained on)."""
    about: Mapping[str, Any]
    """version, what it was trained on, and the figures it reached."""
    judged: Mapping[int, bool] = field(default_factory=dict)
    """By the mark of each text it was trained on: whether a fold that had not seen it judged it right."""

    natures: NatureModel | None = None
    """Tells complaints, requests for documents and emergencies; none: it never proposes any."""

    @property
    def version(self) -> str:
        """A short name that no other model has."""
        return str(self.about["version"])

    def log_chances(self, vector: Array, weighed: tuple[Array, Array]) -> Array:
        """Return the logarithm of how likely each code is, in the order of ``codes``; of what ``weighed`` gave."""
        buckets, weights = weighed
        by_pieces = (weights @ self.pieces[buckets].astype(np.float32)) * self.scale
        return log_shares(MEANING_COUNTS * (vector @ self.meaning) + by_pieces + self.bias)

    def natures_of(self, vector: Array, weighed: tuple[Array, Array], signs: Array) -> dict[str, float]:
        """Return how likely a text is each of ``KINDS``, 0 to 1; ``signs``: what ``nature.signs_of`` says of it."""
        if self.natures is None:
            return dict.fromkeys(KINDS, 0.0)
        return self.natures.scores(MEANING_COUNTS * vector, *weighed, signs)

    def weighed(self, counted: tuple[Array, Array]) -> tuple[Array, Array]:
        """Return the pieces of a text, and how much each of them counts; ``counted``: what ``pieces`` found in it."""
        return counted[0], PIECES_COUNT * piece_weights(*counted, self.rarity)

    def words_speak(self, folded: Sequence[str], code: str, against: str) -> Array:
        """Return for each of some words how much it speaks for a code rather than for another; negative: against."""
        if not folded or code not in self.codes or against not in self.codes:
            return np.zeros(len(folded))
        first, second = self.codes.index(code), self.codes.index(against)
        buckets, starts = pieces_of_each(folded)
        lead = self.pieces[buckets, first] * self.scale[first] - self.pieces[buckets, second] * self.scale[second]
        return np.asarray(np.add.reduceat(self.rarity[buckets] * lead, starts))

    def words_say(self, folded: Sequence[str], kind: str) -> Array:
        """Return for each of some words how much it speaks for a kind of request; negative when against it."""
        if not folded or self.natures is None:
            return np.zeros(len(folded))
        return self.natures.words_say(folded, kind, self.rarity)

    def calibrated(self, share: float) -> float:
        """Return how often an answer given with this share of the probability proved acceptable, 0 to 1."""
        share = min(max(share, 1e-6), 1 - 1e-6)
        return float(1 / (1 + np.exp(-(self.slope * np.log(share / (1 - share)) + self.offset))))

    def to_bytes(self) -> bytes:
        """Return the model as a file's content."""
        told = {
            "format": FORMAT,
            "codes": self.codes,
            "mix": [self.mix.model, self.mix.likeness, self.mix.phrases, self.mix.rules],
            "calibration": [self.slope, self.offset],
            "about": dict(self.about),
        }
        kept = io.BytesIO()
        natures: dict[str, Any] = self.natures.arrays() if self.natures is not None else {}
        np.savez_compressed(
            kept,
            told=np.frombuffer(json.dumps(told, ensure_ascii=False, sort_keys=True).encode(), dtype=np.uint8),
            meaning=self.meaning.astype(np.float16),
            pieces=self.pieces,
            scale=self.scale.astype(np.float32),
            rarity=self.rarity.astype(np.float16),
            bias=self.bias.astype(np.float32),
            judged=np.array(sorted(self.judged), dtype=np.uint32),
            right=np.array([self.judged[mark] for mark in sorted(self.judged)], dtype=np.bool_),
            **natures,
        )
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Model":
        """Read a model. Raises ModelFileError when it is none of ours or of another format."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            told = json.loads(arrays["told"].tobytes())
            if told["format"] != FORMAT:
                raise ModelFileError(f"the model has format {told['format']}, and {FORMAT} is read.")
            model = cls(
                codes=tuple(told["codes"]),
                meaning=arrays["meaning"].astype(np.float32),
                pieces=arrays["pieces"],
                scale=arrays["scale"],
                rarity=arrays["rarity"].astype(np.float32),
                bias=arrays["bias"],
                mix=Mix(*told["mix"]),
                slope=told["calibration"][0],
                offset=told["calibration"][1],
                about=told["about"],
                judged=dict(zip(arrays["judged"].tolist(), arrays["right"].tolist(), strict=True)),
                natures=NatureModel.from_arrays(arrays) if "nature_meaning" in arrays else None,
            )
        except ModelFileError:
            raise
        except Exception as wrong:  # what numpy raises on bytes of any kind is not one family
            raise ModelFileError(f"this is no model of the router: {type(wrong).__name__}.") from wrong
        if "version" not in model.about or any(part.shape != shape for part, shape in _parts(model)):
            raise ModelFileError("the parts of the model do not fit together, or not this version of the product.")
        return model


def _parts(model: Model) -> Iterator[tuple[Array, tuple[int, ...]]]:
    """Yield each part of a model and the shape with which texts can be weighed: none may fail at a citizen's text."""
    kinds, codes = len(KINDS), len(model.codes)
    yield from ((model.meaning, (DIMENSIONS, codes)), (model.pieces, (BUCKETS, codes)), (model.scale, (codes,)))
    yield from ((model.rarity, (BUCKETS,)), (model.bias, (codes,)))
    if (own := model.natures) is not None:
        yield from ((own.meaning, (DIMENSIONS, kinds)), (own.pieces, (BUCKETS, kinds)), (own.scale, (kinds,)))
        yield from ((own.signs, (len(SIGNS), kinds)), (own.bias, (kinds,)))


def piece_weights(buckets: Array, counts: Array, rarity: Array) -> Array:
    """Return how much each piece of a text counts: more when repeated and when rare, a text's weights of length 1."""
    often = 1 + np.log(counts.astype(np.float32))
    weights = often * rarity[buckets]
    length = float(np.sqrt(weights @ weights))
    return np.asarray(weights / length if length else weights, dtype=np.float32)


def log_shares(logits: Array) -> Array:
    """Return the logarithms of the shares that add up to one, along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """Return the model that comes with the product."""
    return Model.from_bytes((files("tracker.routing") / "data" / "model.npz").read_bytes())
