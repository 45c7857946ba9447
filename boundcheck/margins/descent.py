"""Minimising F(q) = E||s_q|| over the simplex by Newton steps on samples (theory: Margin interval).

Nothing here needs to be right for an interval to be right: the certificate takes whatever point comes out.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float64, Int

from boundcheck.margins.capped import capped_minimum, feasible
from boundcheck.margins.certificate import FLOOR
from boundcheck.margins.nnqp import solve_nnqp
from boundcheck.margins.outward import cvar, worst_level
from boundcheck.margins.problem import MarginProblem
from boundcheck.margins.slope import Slope, slope

Gradient = Callable[[Float64[np.ndarray, " n"], Int[np.ndarray, " k"]], Float64[np.ndarray, " k"]]
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
_FLAT = 2e-3  # steps end where no gain g_i is further below F, relative to F: min g_i is a lower bound of the margin


def newton_point(
    q: Float64[np.ndarray, " n"],
    value: float,
    g: Float64[np.ndarray, " n"],
    matrix: Float64[np.ndarray, "n n"],
    cap: float = 1.0,
) -> Float64[np.ndarray, " n"]:
    """The minimiser over the capped simplex of a model of F^2 / 2 at q, where F has gradient g, with this Hessian.

    F is 1-homogeneous, so without a cap minimise F(a)^2/2 - sum a over a >= 0 instead, at a = q / F(q)^2; that Hessian
    is homogeneous of degree 0, so it is the same at both.
    """
    if cap < 1:
        return feasible(capped_minimum(matrix, value * g - matrix @ q, cap, q), cap)
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
    """The current q, and steps from it."""

    def __init__(self, problem: MarginProblem, q: Float64[np.ndarray, " n"], seed: int) -> None:
        self.problem, self.q = problem, q
        self._near = self._all = np.arange(len(q))
        self._seeds = np.random.SeedSequence([seed, 1])

    def improve(self, pairs: int) -> None:
        """A step by a gradient that is sampled too."""
        self.refine(lambda q, rows: self._slope(rows, pairs, _FLOORS[0]).g, 1, pairs)

    def refine(self, gradient: Gradient, steps: int, pairs: int) -> None:
        """Newton steps by gradient(q, rows), of all rows at first, then of those only that are near the minimum.

        steps: at most, until the CVaR of the gains g_i is about their weighted mean.  pairs: for the Hessian, which all
        steps share.
        """
        g = gradient(self.q, self._all)
        # The gain below which rows have weight at the minimum is F, or under a cap the level of the worst rows.
        level = max(float(g @ self.q), worst_level(g, self.problem.cap))
        count = int(((self.q > 0) | (g < _NEAR * level)).sum())
        order = np.argsort(np.where(self.q > 0, -np.inf, g), kind="stable")
        self._near = np.sort(order[: max(min(count, _MOST_NEAR), int((self.q > 0).sum()))])
        g, hessians = g[self._near], list[np.ndarray]()
        for step in range(steps):
            if step:
                g = gradient(self.q, self._near)
            if cvar(g, self.problem.cap) > (1 - _FLAT) * float(g @ self.q[self._near]):
                return
            self._step(g, hessians, pairs)

    def _step(self, g: Float64[np.ndarray, " k"], hessians: list[np.ndarray], pairs: int) -> None:
        """A step that makes F larger gives way to a more careful one."""
        near, value = self._near, float(g @ self.q[self._near])
        trial = self._seeds.spawn(1)[0]
        best, lowest = self.q, self._value(self.q, trial)
        limit = lowest * _WORSE
        for matrix in self._metrics(value, g, hessians, pairs):
            target = np.zeros_like(self.q)
            target[near] = newton_point(self.q[near], value, g, matrix, self.problem.cap)
            for length in (1.0, 0.5):
                q = self.q + length * (target - self.q)
                reached = self._value(q, trial)
                if reached <= limit:
                    self.q = q
                    return
                if reached < lowest:
                    best, lowest = q, reached
        self.q = best

    def _metrics(
        self, value: float, g: np.ndarray, hessians: list[np.ndarray], pairs: int
    ) -> Iterator[Float64[np.ndarray, "k k"]]:
        """Hessians of F^2/2 on the near rows, each more careful than the last: F T + gg' for the Hessian T of F.

        hessians: the T sampled before, to which others are added when they are needed.
        """
        if len(self._near) > _MOST_SAMPLED:
            yield _STIFFER * self.problem.gram.block(self._near, self._near)
            return
        for i, floor in enumerate(_FLOORS):
            if i == len(hessians):
                hessian = self._slope(self._near, pairs, floor, hessian=True).hessian
                assert hessian is not None
                hessians.append(hessian)
            yield curvature(value, g, hessians[i])

    def _value(self, q: np.ndarray, trial: np.random.SeedSequence) -> float:
        """The smoothed F at q, estimated on the same draws for every q of one step."""
        return slope(self.problem, self._near, q, _TRIAL_PAIRS, _number(trial), floor=FLOOR).value

    def _slope(self, rows: Int[np.ndarray, " k"], pairs: int, floor: float, *, hessian: bool = False) -> Slope:
        seed = _number(self._seeds.spawn(1)[0])
        return slope(self.problem, rows, self.q, pairs, seed, floor=floor, hessian=hessian)


def _number(seeds: np.random.SeedSequence) -> int:
    return int(seeds.generate_state(1)[0])
