"""Bias of soft labels; margin of a student trained on them by soft cross-entropy (theory: Special label sets)."""

import math

import numpy as np
from jaxtyping import Float, Int

from boundcheck.errors import InputError
from boundcheck.records.base import Estimate
from boundcheck.records.labels import Bias
from boundcheck.softlabels.probabilities import SoftLabels


def bias(
    labels: SoftLabels,
    y: Int[np.ndarray, " n"],
    k: int | None,
    *,
    alpha: float = 0.05,
    posterior: Float[np.ndarray, " n"] | None = None,
) -> Bias:
    """Bias of normalised soft labels against true classes y, and against `posterior` = P(class 1 | x) for two classes.

    Raises InputError if `posterior` is not (n,) in [0, 1] or there are more than two classes.
    """
    weights = labels.weights
    n = len(weights)
    own = weights[np.arange(n), y]
    distance = _hoeffding(2 * (1 - own), 2.0, alpha, low=0.0, high=2.0)
    against = disagree = None
    if posterior is not None:
        eta = np.asarray(posterior, dtype=float)
        if weights.shape[1] != 2 or eta.shape != (n,) or not ((eta >= 0) & (eta <= 1)).all():
            raise InputError(f"posterior eta: give {n} numbers in [0, 1], for two classes only")
        d = weights[:, 1]
        against = _hoeffding(np.abs(d - eta), 1.0, alpha, low=0.0, high=1.0)
        disagree = _hoeffding(((d - 0.5) * (eta - 0.5) < 0).astype(float), 1.0, alpha, low=0.0, high=1.0)
    return Bias(
        bias=distance,
        delta_bound=min(1.0, (k + 1) / k * distance.upper / 2) if k else None,
        soft_ce_margin=_soft_ce_margin(weights, y, alpha),
        posterior_bias=against,
        sign_disagreement=disagree,
        confidence=1 - alpha,
    )


def _soft_ce_margin(weights: Float[np.ndarray, "n L"], y: Int[np.ndarray, " n"], alpha: float) -> Estimate | None:
    classes = weights.shape[1]
    count = np.bincount(y, minlength=classes)
    if count.min() == 0:
        return None
    means = np.stack([weights[y == c].mean(axis=0) for c in range(classes)])
    gaps = np.diagonal(means)[:, None] - means
    wrong = ~np.eye(classes, dtype=bool)
    # d_y - d_l is in [-1, 1]: Hoeffding over L(L-1) pairs, two sides each.
    half = np.sqrt(2 * math.log(2 * classes * (classes - 1) / alpha) / count)[:, None]
    lower, upper = (gaps - half)[wrong].min(), (gaps + half)[wrong].min()
    return Estimate(float(gaps[wrong].min()), max(-1.0, float(lower)), min(1.0, float(upper)))


def _hoeffding(values: Float[np.ndarray, " n"], span: float, alpha: float, *, low: float, high: float) -> Estimate:
    """Mean of values in an interval of length `span` inside [low, high]."""
    half = span * math.sqrt(math.log(2 / alpha) / (2 * len(values)))
    value = float(values.mean())
    return Estimate(value, max(low, value - half), min(high, value + half))
