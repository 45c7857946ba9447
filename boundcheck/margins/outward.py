"""Ends that are called exact, rounded outward: the one place where an interval meets the rounding of float64.

They contain the margin of the rows that are meant, of which float64 holds rounded ones: normalising leaves each within
`row_rounding` of its length.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float64

from boundcheck.kernels import rounding_error
from boundcheck.records import Interval

_UNIT = 2.0**-53
_FEW = 8  # roundings of single operations beside a sum


def below(ball: Any) -> float:
    """A float that is no larger than any number in the (arb) ball."""
    return math.nextafter(float(ball.lower()), -math.inf)


def above(ball: Any) -> float:
    """A float that is no smaller than any number in the ball."""
    return math.nextafter(float(ball.upper()), math.inf)


def row_rounding(dimension: int) -> float:
    """How far a row is from the row meant, relative to its length: a norm, a division and the coordinates themselves.

    It moves gamma by at most as much of the largest length: E||phi_x - phi_x'|| <= ||x - x'||/2 + ||x|| angle / pi.
    """
    return (dimension / 2 + 4) * _UNIT


def kernel_rounding(dimension: int) -> float:
    """How far an entry of the kernel is from that of the rows meant, relative to both lengths."""
    return rounding_error(dimension) + 1.5 * row_rounding(dimension)


def worst_level(values: Float64[np.ndarray, " n"], cap: float) -> float:
    """The largest of the smallest values that weights of at most `cap` are needed for: the quantile below the CVaR."""
    place = min(math.ceil(1 / cap), len(values)) - 1
    return float(np.partition(values, place)[place])


def cvar(values: Float64[np.ndarray, " n"], cap: float) -> float:
    """min { p.values : p in the simplex, p <= cap } = max over t of t - cap sum_i (t - values_i)_+, rounded down."""
    t = worst_level(values, cap)
    if cap == 1.0:
        return t
    least = float(t - cap * np.maximum(t - values, 0.0).sum())
    return least - (len(values) + _FEW) * _UNIT * float(np.abs(values).max())


def root_interval(
    q: Float64[np.ndarray, " n"],
    gradient: Float64[np.ndarray, " n"],
    lengths: Float64[np.ndarray, " n"],
    rounding: float,
    cap: float = 1.0,
) -> tuple[Interval, bool]:
    """[CVaR(Hq) / sqrt(q'Hq), sqrt(q'Hq)] at q / sum(q), and whether q'Hq may be 0 for all that float64 tells.

    cap: of each weight, as for `cvar`; 1: the CVaR is the minimum.  gradient: (n,) Hq as computed.
    lengths: (n,) sqrt(2 H_ii), so |H_ij| <= lengths_i lengths_j / 2.  rounding: entries of H are off by at most
    rounding lengths_i lengths_j.  A sum of k products, in whatever order, is off by at most k u / (1 - k u) times the
    sum of their sizes (Higham 2002, section 3.1), so with r = q.lengths

        |(Hq)_i - computed| <= lengths_i r (rounding + k u / 2),   |q'Hq - computed| <= r^2 (rounding + k u).
    """
    count = 1.01 * (int(np.count_nonzero(q)) + _FEW) * _UNIT
    reach = float(lengths @ q) * (1 + count)
    square, off = float(q @ gradient), reach**2 * (rounding + count)
    root = math.sqrt(max(square + off, 0.0)) * (1 + _FEW * _UNIT)
    least = cvar(gradient - lengths * reach * (rounding + count / 2), cap)
    lower = max(least, 0.0) / root * (1 - _FEW * _UNIT) if root > 0 else 0.0
    return Interval(lower, root / math.fsum(q) * (1 + _FEW * _UNIT)), bool(square <= off)


def outer_interval(rkhs: Interval, norm_min: float, norm_max: float, dimension: int) -> Interval:
    """[gamma_rkhs^2, min(gamma_rkhs, norm_min / 2)], which contains gamma_sup where no norm exceeds 1.

    E||s||^2 <= max ||x_i|| E||s||, and gamma_sup <= E||phi_i|| = ||x_i|| / 2 for every i.
    """
    few = (dimension + _FEW) * _UNIT
    lower = rkhs.lower**2 / max(norm_max, 1.0) * (1 - 2 * few)
    return Interval(lower, min(rkhs.upper, norm_min / 2 * (1 + few)))
