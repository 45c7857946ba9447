"""Means over seeds with their intervals, and statements judged by them."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from jaxtyping import Float
from scipy.stats import t as student_t

from boundcheck.numerics import clopper_pearson
from boundcheck.records.reproduce import MeanInterval, PaperVerdict


def estimate(values: Sequence[float], confidence: float = 0.95) -> MeanInterval:
    """Mean of `values` (k,), k >= 1, with its Student-t interval (independent runs); infinite for a single value."""
    x = np.asarray(values, dtype=np.float64)
    variance = x.var(ddof=1) / len(x) if len(x) > 1 else np.inf
    return _around(float(x.mean()), float(variance), len(x), confidence)


def paired(first: Sequence[float], second: Sequence[float], confidence: float = 0.95) -> MeanInterval:
    """MeanInterval of the mean of first - second, runs paired by position."""
    return estimate(np.subtract(first, second).tolist(), confidence)


def crossed(values: Float[np.ndarray, "s n"], confidence: float = 0.95) -> MeanInterval:
    """Mean of values[seed, test point], every seed tried on the same points, with an interval for both draws.

    With effects of seed, point and their interaction, the mean has variance ss/s + sn/n + si/(s n).  The estimate
    used, var(means over points)/s + var(means over seeds)/n, counts the interaction twice and is never too small
    in expectation; Student's quantile with s - 1 degrees of freedom.  Infinite for s = 1 or n = 1.
    """
    s, n = values.shape
    variance = np.inf
    if min(s, n) > 1:
        variance = values.mean(axis=1).var(ddof=1) / s + values.mean(axis=0).var(ddof=1) / n
    return _around(float(values.mean()), float(variance), s, confidence)


def proportion(right: int, n: int, confidence: float = 0.95) -> MeanInterval:
    """Accuracy of one network on n test points, with the exact (Clopper-Pearson) interval over the points."""
    return MeanInterval(right / n, *clopper_pearson(n, right, 1 - confidence), 1, confidence)


def difference(first: MeanInterval, second: MeanInterval) -> MeanInterval:
    """First - second of independent estimates of the same runs and confidence: variances add."""
    half = sqrt((first.upper - first.mean) ** 2 + (second.upper - second.mean) ** 2)
    mean = first.mean - second.mean
    return MeanInterval(mean, mean - half, mean + half, first.runs, first.confidence)


def positive(difference: MeanInterval) -> PaperVerdict:
    """Whether a difference is shown to be positive, shown to be at most 0, or neither."""
    if difference.lower > 0:
        return "holds"
    return "refuted" if difference.upper <= 0 else "undecided"


def percent(value: MeanInterval) -> str:
    """`96.58 [96.21, 96.95]`, in per cent."""
    return f"{100 * value.mean:.2f} [{100 * value.lower:.2f}, {100 * value.upper:.2f}]"


def _around(mean: float, variance: float, runs: int, confidence: float) -> MeanInterval:
    half = np.inf if np.isinf(variance) else float(student_t.ppf((1 + confidence) / 2, runs - 1)) * sqrt(variance)
    return MeanInterval(mean, mean - half, mean + half, runs, confidence)
