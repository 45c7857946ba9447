"""The sup-norm margin in the plane, without sampling, to the last digits of float64.

The minimum of a sum of Euclidean norms over the simplex is approached by a primal-dual method (Andersen, Christiansen,
Conn, Overton 2000, SIAM J. Sci. Comput. 22) until it is clear which sums vanish and which rows have weight; an active
set method then solves the equations that remain.  The interval is evaluated at the feasible q and v that this ends
in, so it does not rest on either having converged.
"""

import numpy as np
from jaxtyping import Float64
from scipy.linalg import lu_factor, lu_solve

from boundcheck.blas import threads_for
from boundcheck.margins.active import polished
from boundcheck.margins.arcs import ArcProgramme, PlanarMargin
from boundcheck.progress import SILENT, Progress

_ROUNDS = 120
_STALLED = 10
_POLISH = 1e-2  # relative width from which on the active set is guessed
_SHORTEST = 1e-12
_SHORT = 0.1  # a dual step shorter than this leaves v too close to the boundary: it is centred again


def planar_margin(
    X: Float64[np.ndarray, "n 2"],
    y: Float64[np.ndarray, " n"],
    *,
    tolerance: float = 1e-12,
    progress: Progress = SILENT,
) -> PlanarMargin:
    """max over ||v|| <= 1 of min_i y_i E[v.phi_i], to `tolerance` relative or as far as float64 goes.

    The margin must be positive, and of rows on one ray with one label only one may be given.
    """
    with threads_for(0):
        return _solve(ArcProgramme(X, y), tolerance, progress)


def _solve(problem: ArcProgramme, tolerance: float, progress: Progress) -> PlanarMargin:
    point = _Point(problem)
    best, idle = problem.certify(point.q, point.v), 0
    for _ in range(_ROUNDS):
        point.step()
        found = problem.certify(point.q, point.v)
        gap = _width(found)
        if min(found.margin.relative_width, best.margin.relative_width) <= _POLISH:
            found = _narrowest(found, polished(problem, point.q, point.v))
        idle = 0 if _width(found) < 0.9 * _width(best) else idle + 1
        best = _narrowest(best, found)
        progress.update(f"margin in [{best.margin.lower:.9g}, {best.margin.upper:.9g}]")
        if best.margin.relative_width <= tolerance or idle >= _STALLED:
            break
        point.lower_mu(max(gap, 1e-16 * best.margin.upper))
    return best


def _width(found: PlanarMargin) -> float:
    return found.margin.upper - found.margin.lower


def _narrowest(*found: PlanarMargin) -> PlanarMargin:
    return min(found, key=_width)


class _Point:
    """An iterate on the way to  g(v) - level - z = 0,  t v = s(q),  q z = mu / n,  sum q = 1,  t^2 = ||s||^2 + mu^2."""

    def __init__(self, problem: ArcProgramme) -> None:
        n = problem.psi.shape[2]
        self.problem, self.q = problem, np.full(n, 1 / n)
        self.mu = problem.value(self.q)
        self._centre()
        gains = problem.gains(self.v)
        self.level = float(gains.min()) - self.mu
        self.z = gains - self.level

    def _centre(self) -> None:
        s = self.problem.sums(self.q)
        self.v = s / np.hypot(np.hypot(*s), self.mu)

    def lower_mu(self, gap: float) -> None:
        self.mu = min(self.mu, max(0.1 * gap, 1e-3 * self.mu))

    def step(self) -> None:
        """One Newton step, the dual variables shortened so that z > 0 and ||v|| < 1, the primal ones so that q > 0."""
        problem, q, v, z, psi = self.problem, self.q, self.v, self.z, self.problem.psi
        s = problem.sums(q)
        t = np.hypot(np.hypot(*s), self.mu)
        lag = (s - t * v) / t  # dv = (I - v s'/t) ds / t + lag
        weight = problem.shares / t
        cross = (psi[0] * (-0.5 * weight * (v[0] * s[1] + v[1] * s[0]) / t)[:, None]).T @ psi[1]
        matrix = cross + cross.T
        for k in range(2):
            matrix += (psi[k] * (weight * (1 - v[k] * s[k] / t))[:, None]).T @ psi[k]
        target = self.mu / len(q)
        matrix[np.diag_indices(len(q))] += z / q
        right = self.level - problem.gains(v) - problem.gains(lag) + target / q
        bordered = np.block([[matrix, -np.ones((len(q), 1))], [np.ones((1, len(q))), np.zeros((1, 1))]])
        solution = lu_solve(lu_factor(bordered, check_finite=False), np.append(right, 1 - q.sum()), check_finite=False)
        dq = solution[:-1]
        dz = (target - q * z - z * dq) / q
        ds = problem.sums(dq)
        dv = (ds - v * ((s * ds).sum(axis=0) / t)) / t + lag
        dual = min(_longest(z, dz), _inside(v, dv))
        self.q = self._descend(dq)
        self.v, self.level, self.z = v + dual * dv, self.level + dual * float(solution[-1]), z + dual * dz
        if dual < _SHORT:
            self._centre()

    def _barrier(self, q: np.ndarray) -> float:
        """sum_a p_a t_a - mu/n sum_i log q_i, of which the Newton step in q is a descent direction."""
        t = np.hypot(np.hypot(*self.problem.sums(q)), self.mu)
        return float(self.problem.shares @ t - self.mu * np.log(q).mean())

    def _descend(self, dq: np.ndarray) -> np.ndarray:
        length, before = _longest(self.q, dq), self._barrier(self.q)
        while length > _SHORTEST and self._barrier(self.q + length * dq) > before:
            length /= 2
        return np.asarray(self.q + length * dq)


def _longest(u: np.ndarray, du: np.ndarray) -> float:
    """The step that keeps u + step du positive, with a little room."""
    falling = du < 0
    return min(1.0, 0.99 * float((-u[falling] / du[falling]).min())) if falling.any() else 1.0


def _inside(v: np.ndarray, dv: np.ndarray) -> float:
    """The step that keeps ||v + step dv|| < 1 on every arc, with a little room."""
    a, b, c = (dv**2).sum(axis=0), (v * dv).sum(axis=0), 1 - (v**2).sum(axis=0)
    root = np.sqrt(np.maximum(b * b + a * c, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        longest = np.where(a > 0, np.maximum(c, 0.0) / (b + root), np.inf)
    return min(1.0, 0.999 * float(np.nanmin(longest)))
