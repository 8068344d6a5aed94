"""Owns the training of the routing model: texts whose body is known in, a model and how good it is out.

The same texts, directory and words give the same model. Every figure is from texts that the fold which judged them
had not seen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker.routing.evidence import TOLD, Reader
from tracker.routing.examples import Example, digest, mark
from tracker.routing.meaning import Meaning
from tracker.routing.model import (
    MEANING_COUNTS,
    NOBODY,
    PIECES_COUNT,
    Array,
    Mix,
    Model,
    log_shares,
    piece_weights,
)
from tracker.routing.nature import signs_of
from tracker.routing.nature_training import train_natures
from tracker.routing.pieces import BUCKETS, pieces

FOLDS = 4
ALSO = 0.15  # what an acceptable body is worth beside the right one
SMALLNESS = 1e-4  # how strongly weights are held small
STEPS = 90
SEEN = 2  # a piece that stands in fewer texts says nothing
AT_ONCE = 64


class TrainingError(ValueError):
    """These texts cannot be learnt from: the message says why."""


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts as the model sees them, in the order of the examples."""

    examples: Sequence[Example]
    vectors: Array
    counted: Sequence[tuple[Array, Array]]
    witnesses: Array
    """likeness, phrases and rules: by witness, text and code."""
    told: Array
    """What was told beside the text, as it counts: by text and code."""
    signs: Array
    """What the words' rules see of nature and urgency: by text and sign."""
    untold: Array
    """The same had no country been told beside the text."""
    wanted: Array
    """How much of each text belongs to each code; rows add up to the text's weight."""


def train(examples: Sequence[Example], reader: Reader, meaning: Meaning) -> Model:
    """Return a model trained on these examples, its version and figures in ``about``.

    Raises TrainingError when there are fewer than 40 texts, or one names an unknown body.
    """
    codes = (*reader.codes, NOBODY)
    _refuse_what_cannot_be_learnt(examples, codes)
    texts = _seen(examples, codes, reader, meaning)
    mix, mixed = _heard_by_others(texts)
    slope, offset = _calibrated(mixed, texts, codes)
    everything = np.ones(len(examples), dtype=bool)
    by_meaning, by_pieces, bias, rarity = _fit(texts, everything)
    rows, dimensions = _matrix(texts, everything, rarity), texts.vectors.shape[1]
    natures, told_apart = train_natures(examples, rows, texts.signs, texts.untold, dimensions=dimensions)
    scale = np.maximum(np.abs(by_pieces).max(axis=0), 1e-9) / 127
    trained_on, words = digest(examples), reader.fingerprint
    return Model(
        codes=codes,
        meaning=by_meaning,
        pieces=np.rint(by_pieces / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        rarity=rarity,
        bias=bias,
        mix=mix,
        slope=slope,
        offset=offset,
        about={
            "version": hashlib.sha256(f"{trained_on} {words}".encode()).hexdigest()[:12],
            "examples": len(examples),
            "trained_on": trained_on,
            "words": words,
            "first": _share_acceptable(mixed, texts, codes, 1),
            "among_three": _share_acceptable(mixed, texts, codes, 3),
            "natures": told_apart,
        },
        natures=natures,
        judged={mark(one): right for one, right in zip(examples, _right(mixed, texts, codes), strict=True)},
    )


def _heard_by_others(texts: _Texts) -> tuple[Mix, Array]:
    """Return how much each witness should count, and what they say of each text, fitted without its fold."""
    folds = np.arange(len(texts.examples)) % FOLDS
    heard = np.zeros_like(texts.wanted)
    for fold in range(FOLDS):
        heard[folds == fold] = _judged(_fit(texts, folds != fold), texts, folds == fold)
    mix = _mix(heard, texts)
    return mix, log_shares(_mixed(mix, heard, texts))


def _refuse_what_cannot_be_learnt(examples: Sequence[Example], codes: Sequence[str]) -> None:
    if unknown := sorted({one.code for one in examples} - set(codes)):
        raise TrainingError(f"{', '.join(unknown)}: no such body in the directory.")
    if len(examples) < FOLDS * 10:
        raise TrainingError(f"{len(examples)} texts are too few to learn from: give at least {FOLDS * 10}.")


def _seen(examples: Sequence[Example], codes: Sequence[str], reader: Reader, meaning: Meaning) -> _Texts:
    place = {code: number for number, code in enumerate(codes)}
    wanted = np.zeros((len(examples), len(codes)), dtype=np.float32)
    witnesses = np.zeros((3, len(examples), len(codes)), dtype=np.float32)
    told = np.zeros_like(wanted)
    signs, untold = [], []
    for row, example in enumerate(examples):
        wanted[row, place[example.code]] = 1.0
        for code in example.also:
            if code in place:
                wanted[row, place[code]] = ALSO
        evidence = reader.read(example.text, example.lang, example.country, None)
        signs.append(signs_of(evidence.concepts))
        untold.append(_signs_untold(example, reader) if example.country else signs[-1])
        for witness, speaks in enumerate((evidence.likeness, evidence.phrases, evidence.rules)):
            for code, gain in speaks.items():
                witnesses[witness, row, place[code]] = gain
        for code, gain in evidence.told.items():
            told[row, place[code]] = TOLD * gain
    wanted *= np.array([[one.weight * one.body] for one in examples], dtype=np.float32) / wanted.sum(
        axis=1, keepdims=True
    )
    vectors = [
        meaning.vectors([one.text for one in examples[start : start + AT_ONCE]])
        for start in range(0, len(examples), AT_ONCE)
    ]
    return _Texts(
        examples=examples,
        vectors=np.concatenate(vectors),
        counted=[pieces(one.text, one.lang) for one in examples],
        witnesses=witnesses,
        told=told,
        signs=np.stack(signs),
        untold=np.stack(untold),
        wanted=wanted,
    )


def _signs_untold(example: Example, reader: Reader) -> Array:
    return signs_of(reader.read(example.text, example.lang, None, None).concepts)


def _rarity(texts: _Texts, chosen: Array) -> Array:
    seen = np.zeros(BUCKETS)
    for row in np.flatnonzero(chosen).tolist():
        seen[texts.counted[row][0]] += 1
    return np.where(seen >= SEEN, np.log(chosen.sum() / np.maximum(seen, 1)), 0).astype(np.float32)


def _matrix(texts: _Texts, chosen: Array, rarity: Array) -> Any:
    """Return the chosen texts as rows: meaning, pieces, and a one."""
    from scipy import sparse

    rows = np.flatnonzero(chosen).tolist()
    starts, buckets, weights = [0], [], []
    for row in rows:
        own, counts = texts.counted[row]
        buckets.append(own)
        weights.append(piece_weights(own, counts, rarity) * PIECES_COUNT)
        starts.append(starts[-1] + len(own))
    by_pieces = sparse.csr_matrix(
        (np.concatenate(weights), np.concatenate(buckets), starts), shape=(len(rows), BUCKETS), dtype=np.float32
    )
    by_meaning = sparse.csr_matrix(texts.vectors[rows] * np.float32(MEANING_COUNTS))
    return sparse.hstack([by_meaning, by_pieces, np.ones((len(rows), 1), dtype=np.float32)]).tocsr()


def _fit(texts: _Texts, chosen: Array) -> tuple[Array, Array, Array, Array]:
    """Return the weights of meaning and of pieces, the bias and the rarities found on the chosen texts."""
    from scipy.optimize import minimize

    rarity = _rarity(texts, chosen)
    matrix, wanted = _matrix(texts, chosen, rarity), texts.wanted[chosen]
    matrix.eliminate_zeros()
    used = np.flatnonzero(matrix.getnnz(axis=0))  # what stands in no text keeps the weight it begins with: none
    everything, matrix = matrix.shape[1], matrix[:, used]
    turned = matrix.T.tocsr()
    total = float(wanted.sum())
    shape = (matrix.shape[1], wanted.shape[1])

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(shape).astype(np.float32)
        chances = log_shares(matrix @ weights)
        surprise = -float((wanted * chances).sum()) / total + SMALLNESS / 2 * float((weights * weights).sum())
        excess = np.exp(chances) * wanted.sum(axis=1, keepdims=True) - wanted
        return surprise, (turned @ (excess / np.float32(total)) + SMALLNESS * weights).astype(np.float64).ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    weights = np.zeros((everything, shape[1]), dtype=np.float32)
    weights[used] = found.x.reshape(shape)
    dimensions = texts.vectors.shape[1]
    return weights[:dimensions], weights[dimensions:-1], weights[-1], rarity


def _judged(fitted: tuple[Array, Array, Array, Array], texts: _Texts, chosen: Array) -> Array:
    meaning_weights, by_pieces, bias, rarity = fitted
    weights = np.concatenate([meaning_weights, by_pieces, bias[None, :]])
    return log_shares(_matrix(texts, chosen, rarity) @ weights)


def _mixed(mix: Mix, heard: Array, texts: _Texts) -> Array:
    likeness, phrases, rules = texts.witnesses
    counted = mix.model * heard + mix.likeness * likeness + mix.phrases * phrases + mix.rules * rules
    return np.asarray(counted + texts.told)


def _mix(heard: Array, texts: _Texts) -> Mix:
    """Return how much each witness should count, so that what is wanted surprises least."""
    from scipy.optimize import minimize

    speaking = np.stack([heard, *texts.witnesses])

    def loss(counts: Array) -> tuple[float, Array]:
        chances = log_shares(np.tensordot(counts, speaking, axes=1) + texts.told)
        excess = np.exp(chances) * texts.wanted.sum(axis=1, keepdims=True) - texts.wanted
        return -float((texts.wanted * chances).sum()), np.array([float((excess * one).sum()) for one in speaking])

    found = minimize(loss, np.array([1.0, 0.3, 0.3, 0.3]), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 4)
    return Mix(*(round(float(count), 4) for count in found.x))


def _calibrated(mixed: Array, texts: _Texts, codes: Sequence[str]) -> tuple[float, float]:
    """Return slope and offset of the line that turns the first answer's odds into how often it is acceptable."""
    from scipy.optimize import minimize

    best = mixed.argmax(axis=1)
    share = np.clip(np.exp(mixed.max(axis=1)), 1e-6, 1 - 1e-6)
    odds = np.log(share / (1 - share))
    named = np.array([codes[place] != NOBODY for place in best])
    right = np.array([codes[place] in one.acceptable for place, one in zip(best, texts.examples, strict=True)])
    odds, right = odds[named], right[named]

    def loss(line: Array) -> float:
        logits = line[0] * odds + line[1]
        return float(np.logaddexp(0, np.where(right, -logits, logits)).sum())

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return round(float(found.x[0]), 4), round(float(found.x[1]), 4)


def _right(mixed: Array, texts: _Texts, codes: Sequence[str]) -> list[bool]:
    """Return for each text whether the first body is acceptable, or nobody is named where nobody should be."""
    first = _first(mixed, codes, 1)[:, 0]
    nobody = mixed.argmax(axis=1) == codes.index(NOBODY)
    return [
        codes[place] in one.acceptable if one.code else bool(none)
        for place, none, one in zip(first, nobody, texts.examples, strict=True)
    ]


def _first(mixed: Array, codes: Sequence[str], among: int) -> Array:
    """Return the places of the first so many bodies for each text, NOBODY left aside."""
    without_nobody = mixed.copy()
    without_nobody[:, codes.index(NOBODY)] = -np.inf
    return np.asarray((-without_nobody).argsort(axis=1, kind="stable")[:, :among])


def _share_acceptable(mixed: Array, texts: _Texts, codes: Sequence[str], among: int) -> float:
    """Return how often one of the first so many bodies is acceptable, over texts that belong to any."""
    first = _first(mixed, codes, among)
    found = [
        any(codes[place] in one.acceptable for place in row)
        for row, one in zip(first, texts.examples, strict=True)
        if one.code
    ]
    return round(sum(found) / len(found), 4)
