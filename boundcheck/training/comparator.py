"""A comparator D fitted to one W(0), so that its certificate is small (the certificate allows any D).

With u_j = sqrt m a_j D_j, ||u_j|| <= B, the enclosure of F_i (theory: Certificate) has midpoint and half-width

    mid_i = (1/m) sum_fixed 1[g_ij > 0] u_j.x_i + (1/2) sum_flip c_ij,   rad_i = (1/2) sum_flip |c_ij|,
    c_ij = (a_j sqrt m g_ij + u_j.x_i)/m,

and the budget of the certificate is ||D||^2/(2 eta T) + (1/n) sum_i e_i^2/16, e_i = |mid_i - t_i| + rad_i for a
target t (for hard labels only falling short of t counts).  This is convex in u.  A neuron that can flip on x_i
costs nothing once u_j cancels c_ij, which the theorems' comparator does not try.

Few neurons flip on a sample, so what concerns flips is kept by place, and the rest is products of matrices; both
in float32, since no D needs to be exact.
"""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from boundcheck.training.intervals import Neurons, PerSample, Rows, Signs

ITERATIONS = 50  # between two comparators
_SMOOTHING = 0.02  # |c| is smoothed over this fraction of B/m
_START_CURVATURE = 1e-3
_ROUNDING = 1e-6  # relative error of a budget in float32, which must not look like an ascent


def fit_comparator(
    X: Rows,
    W0: Neurons,
    a: Signs,
    D: Neurons,
    target: PerSample,
    *,
    radius: float,
    duration: float,
    one_sided: bool,
) -> Iterator[Neurons]:
    """Yield better and better D (m, d) with ||D_j|| <= radius/sqrt m, which tend to the least budget.

    D: (m, d) a comparator whose half is where to begin: from below the targets no kink |mid_i - t_i| is in the way.
    target: (n,) logits to be reached, of the sign of the labels.  duration: eta T.  one_sided: only falling short of
    the target counts (hard labels).  Accelerated projected gradient with restarts; cost O(ITERATIONS n m d) each.
    """
    m = len(W0)
    problem = _Budget(X, W0, a, target, radius, duration, one_sided)
    u = point = best = (math.sqrt(m) / 2 * a[:, None] * D).astype(np.float32)
    momentum, curvature, lowest = 1.0, _START_CURVATURE, math.inf
    while True:
        for _ in range(ITERATIONS):
            value, slope = problem.value_and_slope(point)
            while True:
                trial = _clip(point - slope / np.float32(curvature), radius)
                reached = problem.value(trial)
                step = trial - point
                descent = (np.vdot(slope, step) + curvature / 2 * np.vdot(step, step)) / m
                if reached <= value + descent + _ROUNDING * value:
                    break
                curvature *= 2
            if reached < lowest:
                best, lowest = trial, reached
            grown = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            uphill = np.vdot(point - trial, trial - u) > 0
            point = trial if uphill else trial + np.float32((momentum - 1) / grown) * (trial - u)
            u, momentum, curvature = trial, (1.0 if uphill else grown), 0.9 * curvature
        yield a[:, None] * _clip(best.astype(np.float64), radius) / math.sqrt(m)


class _Budget:
    """The smoothed budget as a function of u (m, d); slopes are m times gradients, free of the scale of m."""

    def __init__(
        self, X: Rows, W0: Neurons, a: Signs, target: PerSample, radius: float, duration: float, one_sided: bool
    ) -> None:
        m, root = len(W0), math.sqrt(len(W0))
        G = W0 @ X.T
        flip = np.abs(G) <= radius / root * np.linalg.norm(X, axis=1)
        self.X, self.m, self.duration, self.one_sided = X.astype(np.float32), m, duration, one_sided
        self.fixed = ((G > 0) & ~flip).astype(np.float32)
        self.place = np.flatnonzero(flip)
        self.sample = self.place % len(X)
        self.offset = (a[:, None] * root * G).ravel()[self.place]
        self.sign, self.size = np.where(target >= 0, 1.0, -1.0), np.abs(target)
        self.smoothing = (_SMOOTHING * radius / m) ** 2

    def value(self, u: Float[np.ndarray, "m d"]) -> float:
        return self._parts(u)[0]

    def value_and_slope(self, u: Float[np.ndarray, "m d"]) -> tuple[float, Float[np.ndarray, "m d"]]:
        value, error, gap, lean = self._parts(u)
        weight = error / (8 * len(self.size))
        pull = self.sign * weight * (-1.0 if self.one_sided else np.sign(gap))
        by_neuron = self.fixed * pull.astype(np.float32)
        by_neuron.ravel()[self.place] = (pull[self.sample] + weight[self.sample] * lean) / 2
        return value, u / np.float32(self.duration) + by_neuron @ self.X

    def _parts(self, u: Float[np.ndarray, "m d"]) -> tuple[float, PerSample, PerSample, Float[np.ndarray, " flips"]]:
        """Return the budget, e, mid - t towards the target's sign, and d|c|/dc of each flip."""
        n = len(self.size)
        reached = u @ self.X.T
        c = (self.offset + reached.ravel()[self.place]) / self.m
        r = np.sqrt(c * c + self.smoothing)
        fixed = np.einsum("mn,mn->n", self.fixed, reached).astype(np.float64)
        mid = self.sign * (fixed / self.m + np.bincount(self.sample, c, n) / 2)
        gap, rad = mid - self.size, np.bincount(self.sample, r, n) / 2
        error = np.maximum(rad - gap, 0) if self.one_sided else rad + np.abs(gap)
        return float(np.vdot(u, u)) / (2 * self.duration * self.m) + float(np.mean(error**2)) / 16, error, gap, c / r


def _clip(u: Float[np.ndarray, "m d"], radius: float) -> Float[np.ndarray, "m d"]:
    norms = np.linalg.norm(u, axis=1, keepdims=True)
    limit = u.dtype.type(radius)
    return np.asarray(u * np.minimum(1, limit / np.maximum(norms, limit)))
