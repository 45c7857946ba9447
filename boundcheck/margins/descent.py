"""Minimising F(q) = E||s_q|| over the simplex by Newton steps on samples (MARGIN sections 3.1 and 3.3).

Nothing here needs to be right for an interval to be right: the certificate takes whatever point comes out.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from boundcheck.margins.certificate import FLOOR
from boundcheck.margins.nnqp import solve_nnqp
from boundcheck.margins.sampling import Sample, Sampler

_RIDGE = 1e-4
# F is smoothed where ||s|| < FLOOR F (the field of the certificate is its gradient); where a kink (s = 0 on a cell)
# makes the Newton step fail, its Hessian is taken of a smoother function.
_FLOORS = (FLOOR, 3 * FLOOR, 10 * FLOOR)
_NEAR, _MOST_NEAR = 1.3, 5000
# With more rows than this a sampled Hessian costs more than it is worth: H, as if ||s|| were constant, is the metric.
_MOST_SAMPLED = 3000
_STIFFER = 1.1  # E[1/||s||] >= 1/F
_TRIAL_PAIRS = 1 << 12
_WORSE = 1.001


def newton_point(
    q: Float64[np.ndarray, " n"],
    value: float,
    g: Float64[np.ndarray, " n"],
    matrix: Float64[np.ndarray, "n n"],
) -> Float64[np.ndarray, " n"]:
    """The minimiser over the simplex of a model of F at q with gradient g and this Hessian of F^2 / 2.

    F is 1-homogeneous, so minimise F(a)^2/2 - sum a over a >= 0 instead, at a = q / F(q)^2; that Hessian is
    homogeneous of degree 0, so it is the same at both.
    """
    a = q / value**2
    a = solve_nnqp(matrix, matrix @ a + 1 - g / value, q > 0)
    return np.asarray(a / a.sum())


def curvature(
    value: float, g: Float64[np.ndarray, " n"], hessian: Float64[np.ndarray, "n n"]
) -> Float64[np.ndarray, "n n"]:
    """The Hessian of F^2 / 2 where F has this value, gradient and Hessian, with a ridge."""
    matrix = value * hessian + np.outer(g, g)
    matrix[np.diag_indices(len(g))] *= 1 + _RIDGE
    return matrix


class Descent:
    """The current q, and steps from it.  X: (n, d), y: (n,), H = yy' o K: (n, n)."""

    def __init__(
        self,
        X: Float64[np.ndarray, "n d"],
        y: Float64[np.ndarray, " n"],
        H: Float64[np.ndarray, "n n"],
        q: Float64[np.ndarray, " n"],
        seed: int,
    ) -> None:
        self.X, self.y, self.H, self.q = X, y, H, q
        self._seeds = np.random.SeedSequence([seed, 1])

    def improve(self, pairs: int) -> None:
        """A step by a gradient that is sampled too."""
        seen = self._sample(self.q, np.arange(len(self.q)), pairs, _FLOORS[0], hessian=False)
        self.step(seen.g, pairs)

    def step(self, g: Float64[np.ndarray, " n"], hessian_pairs: int) -> None:
        """A Newton step given the gradient at q; one that makes F larger gives way to a more careful one."""
        value = float(g @ self.q)
        order = np.argsort(np.where(self.q > 0, -np.inf, g), kind="stable")
        count = int(((self.q > 0) | (g < _NEAR * value)).sum())
        near = np.sort(order[: max(min(count, _MOST_NEAR), int((self.q > 0).sum()))])
        trial = self._seeds.spawn(1)[0]
        best, lowest = self.q, self._value(self.q, near, trial)
        limit = lowest * _WORSE
        for matrix in self._metrics(near, value, g, hessian_pairs):
            target = np.zeros_like(self.q)
            target[near] = newton_point(self.q[near], value, g[near], matrix)
            for length in (1.0, 0.5):
                q = self.q + length * (target - self.q)
                reached = self._value(q, near, trial)
                if reached <= limit:
                    self.q = q
                    return
                if reached < lowest:
                    best, lowest = q, reached
        self.q = best

    def _metrics(self, near: np.ndarray, value: float, g: np.ndarray, pairs: int) -> Iterator[np.ndarray]:
        """Hessians of F^2/2, each more careful than the one before: F T + gg' for the Hessian T of F, or H."""
        if len(near) > _MOST_SAMPLED:
            yield _STIFFER * self.H[np.ix_(near, near)]
            return
        for floor in _FLOORS:
            model = self._sample(self.q, near, pairs, floor, hessian=True)
            assert model.hessian is not None
            yield curvature(value, g[near], model.hessian)

    def _value(self, q: np.ndarray, near: np.ndarray, trial: np.random.SeedSequence) -> float:
        """The smoothed F at q, estimated on the same draws for every q of one step."""
        sampler = Sampler(self.X[near], self.y[near], int(trial.generate_state(1)[0]))
        Hq = self.H[near] @ q
        return sampler.draw(q[near], Hq, FLOOR * float(np.sqrt(q[near] @ Hq)), _TRIAL_PAIRS, hessian=False).value

    def _sample(self, q: np.ndarray, near: np.ndarray, pairs: int, floor: float, *, hessian: bool) -> Sample:
        seed = int(self._seeds.spawn(1)[0].generate_state(1)[0])
        Hq = self.H[near] @ q
        scale = float(np.sqrt(q[near] @ Hq))
        return Sampler(self.X[near], self.y[near], seed).draw(q[near], Hq, floor * scale, pairs, hessian=hessian)
