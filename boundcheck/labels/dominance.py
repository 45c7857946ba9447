"""The Chernoff exponents psi: how fast evidence for the true label outgrows evidence for a wrong one.

For a wrong label l:  a = P(y in S, l not in S),  b = P(y not in S, l in S), with S the label set (theory: Label sets).
Both formulas are derived there, not taken from the paper on biased soft labels.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize_scalar


def psi(unreliability: float, ambiguity: float) -> float:
    """(sqrt(1 - max) - sqrt(min))^2 of the two if their sum is below 1, else 0; decreasing in each, in [0, 1].

    The smallest (sqrt a - sqrt b)^2 over all laws of S with P(y not in S) <= unreliability and P(l in S) <= ambiguity.
    psi(0, g) = 1 - g; psi(e, e) = 1 - 2 sqrt(e (1 - e)).  See theory: Label sets.
    """
    if unreliability + ambiguity >= 1:
        return 0.0
    high, low = max(unreliability, ambiguity), min(unreliability, ambiguity)
    return (math.sqrt(1 - high) - math.sqrt(low)) ** 2


def psi_hull(a: Float[np.ndarray, " pairs"], b: Float[np.ndarray, " pairs"]) -> float:
    """max over 0 < s <= 1 of min over pairs of a (1 - s) - b (1/s - 1), pairs in [0, 1]^2.

    Equals the minimum of (sqrt a - sqrt b)_+^2 over the convex hull of the pairs (minimax); one pair gives
    (sqrt a - sqrt b)_+^2. At least psi(Delta_max, gamma). Every s gives a lower bound, so an inexact maximiser errs
    on the safe side.  See theory: Label sets.
    """
    a, b = np.asarray(a, dtype=float).ravel(), np.asarray(b, dtype=float).ravel()
    order = np.lexsort((-b, a))
    a, b = a[order], b[order]
    # A pair with larger a and no larger b than another never attains the minimum.
    binding = np.concatenate([[True], b[1:] > np.maximum.accumulate(b)[:-1]])
    a, b = a[binding], b[binding]
    if b[-1] == 0:
        return float(a[0])
    if a[-1] <= b[-1]:
        return 0.0

    # a (1 - s) - b (1/s - 1) = (1 - s)(a - b/s): concave in t = -ln s, and negative beyond t = ln(a/b).
    def loss(t: float) -> float:
        return float(math.expm1(-t) * (a - b / math.exp(-t)).min())

    last = math.log(a[-1]) - math.log(b[-1])
    found = minimize_scalar(loss, bounds=(0.0, last), method="bounded", options={"xatol": 1e-12})
    return max(0.0, -float(found.fun))
