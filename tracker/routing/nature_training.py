"""Owns the training of the outputs that tell complaints, requests for documents and emergencies from other requests.

They are learnt from the same texts as the bodies, each kind by itself: a text is of the kind, or it is not.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracker.routing.examples import Example
from tracker.routing.nature import AT
from tracker.routing.nature_model import KINDS, NEVER, SIGNS_COUNT, Array, NatureModel
from tracker.routing.pieces import BUCKETS

FOLDS = 4
FEWEST = 2 * FOLDS
"""A kind with fewer examples is not learnt: it is never proposed."""
SMALLNESS = 1e-4  # how strongly weights are held small
STEPS = 60

Figures = dict[str, dict[str, float]]


def train_natures(
    examples: Sequence[Example], seen: Any, signs: Array, untold: Array, *, dimensions: int
) -> tuple[NatureModel, Figures]:
    """Return the trained outputs, and how well each kind was told by a fold that had not seen the text.

    ``seen``: the texts as sparse rows of meaning, pieces and a one. ``signs``: what ``nature.signs_of`` says of each;
    ``untold``: the same had no country been told beside the text. Most who write in need tell none, so a text with
    one is learnt both ways, each counting half.
    The figures are over what citizens write, prose left aside: ``found`` is the share of the kind that is called so,
    ``wrongly`` the share of the others that is.
    """
    from scipy import sparse

    rows = _with_signs(seen, signs)
    twice = np.flatnonzero((signs != untold).any(axis=1))
    again = _with_signs(seen[twice], untold[twice])
    wanted = np.array(
        [[one.nature == kind for kind in KINDS[:2]] + [one.urgent] for one in examples], dtype=np.float32
    )
    counts = np.array([[one.weight] for one in examples], dtype=np.float32) * np.ones_like(wanted)
    counts[twice] /= 2
    folds = np.arange(len(examples)) % FOLDS

    def fitted(learnt: Array) -> Array:
        too = learnt[twice]
        texts = sparse.vstack([rows[learnt], again[too]]).tocsr()
        return _fit(texts, *(np.concatenate([one[learnt], one[twice][too]]) for one in (wanted, counts)))

    odds = np.zeros_like(wanted)
    for fold in range(FOLDS):
        odds[folds == fold] = rows[folds == fold] @ fitted(folds != fold)
    weights = fitted(np.ones(len(examples), dtype=bool))
    calibration, figures = _figures(examples, odds, wanted)
    for column, kind in enumerate(KINDS):
        if kind not in figures:
            weights[:, column], weights[dimensions + BUCKETS, column] = 0.0, NEVER
    return NatureModel.of(weights, calibration, dimensions=dimensions), figures


def _figures(examples: Sequence[Example], odds: Array, wanted: Array) -> tuple[Array, Figures]:
    """Return the line of each kind that turns odds into a share, and how well it is told; none without examples."""
    written_to_us = np.array([one.style != "prose" for one in examples])
    calibration = np.tile(np.array([[1.0], [0.0]], dtype=np.float32), (1, len(KINDS)))
    figures: Figures = {}
    for column, kind in enumerate(KINDS):
        is_so = wanted[written_to_us, column] > 0
        if is_so.sum() < FEWEST:
            continue
        heard = odds[written_to_us, column]
        calibration[:, column] = slope, offset = _calibrated(heard, is_so)
        called = 1 / (1 + np.exp(-(slope * heard + offset))) >= AT[kind]
        figures[kind] = {
            "found": round(float(called[is_so].mean()), 4),
            "wrongly": round(float(called[~is_so].mean()), 4),
        }
    return calibration, figures


def _with_signs(seen: Any, signs: Array) -> Any:
    from scipy import sparse

    return sparse.hstack([seen, sparse.csr_matrix(signs * np.float32(SIGNS_COUNT))]).tocsr()


def _fit(rows: Any, wanted: Array, counts: Array) -> Array:
    """Return the weights, one column for each kind, with which the texts are told best."""
    from scipy.optimize import minimize

    turned = rows.T.tocsr()
    shape = (rows.shape[1], wanted.shape[1])
    share = counts / counts.sum(axis=0)

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(shape).astype(np.float32)
        odds = rows @ weights
        surprise = float((share * (np.logaddexp(0, odds) - wanted * odds)).sum())
        excess = share * (1 / (1 + np.exp(-odds)) - wanted)
        surprise += SMALLNESS / 2 * float((weights * weights).sum())
        return surprise, (turned @ excess + SMALLNESS * weights).astype(np.float64).ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x.reshape(shape), dtype=np.float32)


def _calibrated(odds: Array, is_so: Array) -> tuple[float, float]:
    """Return slope and offset of the line that turns odds into how often the text was of the kind."""
    from scipy.optimize import minimize

    def loss(line: Array) -> float:
        logits = line[0] * odds + line[1]
        return float(np.logaddexp(0, np.where(is_so, -logits, logits)).sum())

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return round(float(found.x[0]), 4), round(float(found.x[1]), 4)
