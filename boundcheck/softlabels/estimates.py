"""Numbers estimated from a sample, each with its interval."""

import math

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from boundcheck.numerics import clopper_pearson
from boundcheck.records.base import Estimate


def proportion(count: int, total: int, alpha: float) -> Estimate:
    """Two-sided Clopper-Pearson interval of confidence 1 - alpha for a binomial proportion, total >= 1."""
    return Estimate(count / total, *clopper_pearson(total, count, alpha))


def mean(values: Float[np.ndarray, " n"], alpha: float) -> Estimate:
    """Sample mean with the normal (large-sample) interval of confidence about 1 - alpha; the whole line for n = 1."""
    n, value = len(values), float(np.mean(values))
    if n < 2 or not math.isfinite(value):
        return Estimate(value, -math.inf, math.inf)
    half = float(ndtri(1 - alpha / 2) * np.std(values, ddof=1) / math.sqrt(n))
    return Estimate(value, value - half, value + half)
