"""Bias of soft labels; margin of a student trained on them by soft cross-entropy (theory: Special label sets)."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from boundcheck.errors import InputError
from boundcheck.records import Record
from boundcheck.softlabels.estimates import Estimate
from boundcheck.softlabels.probabilities import SoftLabels


@dataclass(frozen=True)
class Bias(Record):
    """Distance of soft labels d from the truth; each interval is Hoeffding's with `confidence` on its own.

    bias: B = E ||d - e_y||_1 = 2 E(1 - d_y), in [0, 2].
    delta_bound: (k+1)/k B/2 at the upper end of B, at least P(y not in Omega_k) by Markov's inequality
    (d_y > 1/(k+1) puts y among the top k); the converse fails. None for candidate sets.
    soft_ce_margin: min over y, l of E[d_y | y] - E[d_l | y]; positive means that soft cross-entropy is consistent
    (under assumption C). None if a class has no example.
    posterior_bias: E|d - eta| against a known posterior eta.  sign_disagreement: P((d - 1/2)(eta - 1/2) < 0).
    """

    bias: Estimate
    delta_bound: float | None
    soft_ce_margin: Estimate | None
    posterior_bias: Estimate | None
    sign_disagreement: Estimate | None
    confidence: float


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
