"""Soft labels as arrays: what is accepted, and the top-k sets Omega_k that they define."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit, softmax

from boundcheck.errors import InputError
from boundcheck.records.labels import Ties

OPEN_ABOVE, OPEN_BELOW = np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)
LOGIT_LIMIT = 0.5 * (1 + 1e-12)
"""|z| <= 1/2, up to rounding, for every field with sup ||v|| <= 1 on the unit ball (theory: Kernel and margin)."""
_SUM_SLACK = 1e-6
_LOGIT_SLACK = 1e-5  # p and logits may have been stored in float32


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """n soft labels over L >= 2 classes.

    weights: (n, L), rows summing to 1 where `normalised`, any finite scores otherwise.
    scores: (n, L) finite numbers that rank the labels of a row: logits where they were given, so that weights which
    underflow to 0 are not tied.  logits: whether `scores` are logits.
    """

    weights: Float[np.ndarray, "n L"]
    scores: Float[np.ndarray, "n L"]
    logits: bool
    normalised: bool = True

    @property
    def log_weights(self) -> Float[np.ndarray, "n L"] | None:
        """Finite log-weights up to a constant per row; None where a weight is 0 and no logits are known."""
        if self.logits:
            return self.scores
        if self.normalised and (self.weights > 0).all():
            logs: np.ndarray = np.log(self.weights)
            return logs
        return None


def rows_of(labels: SoftLabels, rows: Int[np.ndarray, " m"]) -> SoftLabels:
    """The soft labels of some rows."""
    return replace(labels, weights=labels.weights[rows], scores=labels.scores[rows])


def soft_labels(p: Any = None, logits: Any = None, *, normalised: bool = True, where: str = "p") -> SoftLabels:
    """Check soft labels given as weights, as logits, or as both.

    p: (n, L) weights >= 0 with rows summing to 1 within 1e-6 L (any finite scores if not `normalised`), or (n,)
    probabilities of class 1.  logits: (n, L) or (n,) finite.  where: the file or argument that messages name.
    Raises InputError naming the first offending row.
    """
    if p is None and logits is None:
        raise InputError(f"{where}: neither p nor logits; give one of them")
    ranking = None if logits is None else _numbers(logits, f"{where}, logits")
    if p is None:
        assert ranking is not None
        weights = expit(ranking) if ranking.ndim == 1 else softmax(ranking, axis=1)
    else:
        weights = _numbers(p, where)
        if normalised:
            _check_weights(weights, where)
    if ranking is not None:
        if ranking.shape != weights.shape:
            raise InputError(f"{where}: p has shape {weights.shape}, logits {ranking.shape}; keep one of them")
        implied = expit(ranking) if ranking.ndim == 1 else softmax(ranking, axis=1)
        apart = np.abs(implied - weights).reshape(len(weights), -1).max(axis=1)
        if normalised and apart.max() > _LOGIT_SLACK:
            raise InputError(f"{where}: p and logits disagree at row {int(apart.argmax())}; keep one of them")
    if weights.ndim == 1:
        weights = np.stack([1 - weights, weights], axis=1)
        ranking = None if ranking is None else np.stack([np.zeros_like(ranking), ranking], axis=1)
    return SoftLabels(weights, weights if ranking is None else ranking, ranking is not None, normalised)


def probabilities(logits: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """sigmoid(logits), moved to the nearest double inside (0, 1) where it rounds to an end."""
    inside: np.ndarray = np.clip(expit(logits), OPEN_ABOVE, OPEN_BELOW)
    return inside


def log_odds(p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """ln p/(1 - p) of p in (0, 1): the inverse of `probabilities`."""
    odds: np.ndarray = np.log(p) - np.log1p(-p)
    return odds


def true_classes(y: Any, n: int, classes: int, *, where: str = "y") -> Int[np.ndarray, " n"]:
    """Check true labels: n whole numbers in 0..classes-1, or -1 and +1 for two classes (read as 0 and 1).

    Raises InputError for another shape, for fractions and for numbers out of range.
    """
    y = np.asarray(y)
    if y.dtype.kind not in "biuf":
        raise InputError(f"{where}: true labels are not numbers (dtype {y.dtype}); give the classes 0..{classes - 1}")
    if y.shape != (n,):
        raise InputError(f"{where}: {y.shape} true labels for {n} soft labels; give one per row")
    whole = np.floor(y.astype(float))
    if not np.isfinite(whole).all() or (whole != y).any():
        row = int(np.flatnonzero(~np.isfinite(whole) | (whole != y))[0])
        raise InputError(f"{where}: true label {y[row]} at row {row} is not a whole number; give 0..{classes - 1}")
    if classes == 2 and (whole == -1).any() and np.isin(whole, (-1, 1)).all():
        whole = (whole + 1) / 2
    if whole.min() < 0 or whole.max() >= classes:
        row = int(np.flatnonzero((whole < 0) | (whole >= classes))[0])
        raise InputError(f"{where}: true label {y[row]} at row {row} is outside 0..{classes - 1}; renumber the classes")
    codes: np.ndarray = whole.astype(np.int64)
    return codes


def top_k(
    labels: SoftLabels, k: int, *, ties: Ties = "random", seed: int = 0, drop_zero: bool = False
) -> Bool[np.ndarray, "n L"]:
    """Omega_k: the k labels of largest weight of every row, 1 <= k <= L. See `entry_sizes` for ties and `drop_zero`.

    See theory: Label sets.
    """
    classes = labels.scores.shape[1]
    if not 1 <= k <= classes:
        raise InputError(f"k = {k} is outside 1..{classes}; choose k in 1..{classes - 1}")
    members: np.ndarray = entry_sizes(labels, ties=ties, seed=seed, drop_zero=drop_zero) <= k
    return members


def entry_sizes(
    labels: SoftLabels, *, ties: Ties = "random", seed: int = 0, drop_zero: bool = False
) -> Int[np.ndarray, "n L"]:
    """The smallest k at which each label is in Omega_k, so that the sets are nested.

    ties: `random` orders equal labels by a draw from `seed`, so Omega_k has k members; `inclusive` admits all of them
    with the first (Omega_k has >= k members), `exclusive` with the last (<= k members).
    drop_zero: labels of weight 0 are never members (one-hot labels, candidate sets).
    See theory: Estimated quality.
    """
    n, classes = labels.scores.shape
    draw = np.random.default_rng(seed).random((n, classes))
    order = np.lexsort((draw, -labels.scores), axis=1)
    place = np.broadcast_to(np.arange(classes), (n, classes))
    if ties != "random":
        ranked = np.take_along_axis(labels.scores, order, axis=1)
        new = np.ones((n, classes + 1), dtype=bool)
        new[:, 1:-1] = ranked[:, 1:] != ranked[:, :-1]
        if ties == "inclusive":
            place = np.maximum.accumulate(np.where(new[:, :-1], place, 0), axis=1)
        else:
            last = np.where(new[:, 1:], place, classes - 1)
            place = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    sizes = np.empty((n, classes), dtype=np.int32)
    np.put_along_axis(sizes, order, (place + 1).astype(np.int32), axis=1)
    return np.where(labels.weights > 0, sizes, classes + 1) if drop_zero else sizes


def _numbers(array: Any, where: str) -> Float[np.ndarray, "..."]:
    try:
        numbers = np.asarray(array)
    except ValueError as error:
        raise InputError(f"{where}: rows of different lengths; give an (n, L) array") from error
    if numbers.dtype.kind not in "biuf":
        raise InputError(f"{where}: not an array of numbers (dtype {numbers.dtype}); give (n,) or (n, L) floats")
    if numbers.ndim not in (1, 2):
        raise InputError(f"{where}: shape {numbers.shape}; give (n,) or (n, L)")
    if len(numbers) == 0:
        raise InputError(f"{where}: no rows; give at least one soft label")
    if numbers.ndim == 2 and numbers.shape[1] < 2:
        raise InputError(f"{where}: one class only (shape {numbers.shape}); give at least two, or (n,) for two classes")
    numbers = numbers.astype(np.float64)
    if not np.isfinite(numbers).all():
        row = int(np.argwhere(~np.isfinite(numbers))[0, 0])
        raise InputError(f"{where}: row {row} is not finite; remove or repair it")
    return numbers


def _check_weights(weights: Float[np.ndarray, "..."], where: str) -> None:
    low = weights.reshape(len(weights), -1).min(axis=1)
    if low.min() < 0:
        row = int(low.argmin())
        raise InputError(
            f"{where}: weight {low[row]:.6g} at row {row} is negative; pass scores with --scores, or logits"
        )
    if weights.ndim == 1:
        if weights.max() > 1:
            row = int(weights.argmax())
            raise InputError(
                f"{where}: probability {weights[row]:.6g} at row {row} exceeds 1; give P(class 1) in [0, 1]"
            )
        return
    off = np.abs(weights.sum(axis=1) - 1)
    if off.max() > _SUM_SLACK * weights.shape[1]:
        row = int(off.argmax())
        raise InputError(
            f"{where}: row {row} sums to {weights[row].sum():.6g}, not 1; normalise it, or pass scores with --scores"
        )
