"""The last digits of the margin in the plane: once it is known where s vanishes and which rows have weight.

With Z the arcs where s_a = 0 and S the rows with q_i > 0, the optimum solves  s_a = 0 on Z, sum q = 1, and
    sum_{a not in Z} p_a psi_ai.s_a/||s_a|| + sum_{a in Z} p_a psi_ai.v_a = F(q)   for i in S,   ||v_a|| <= 1,
a smooth problem for q in the null space of the linear equations, and linear equations for v on Z.
"""

import numpy as np
from jaxtyping import Bool, Float64, Int

from boundcheck.margins.arcs import ArcProgramme, PlanarMargin

_THRESHOLDS = (1e-3, 1e-4, 1e-5, 1e-6)
_EXCHANGES = 6
_NEWTON_STEPS = 15
_RANK = 1e-10
_VANISHES = 1e-13
_DIGITS = 1e-13  # relative to the margin


def polished(problem: ArcProgramme, q: Float64[np.ndarray, " n"], v: Float64[np.ndarray, "2 a"]) -> PlanarMargin:
    """The narrowest interval over several guesses of Z and S from a point that is only nearly optimal."""
    best = problem.certify(q, v)
    sizes = np.hypot(*problem.sums(q))
    for threshold in _THRESHOLDS:
        zero, rows = sizes < threshold * sizes.max(), q > threshold * q.max()
        found = _exchange(problem, q, v, zero, rows)
        best = min(best, found, key=lambda one: one.margin.upper - one.margin.lower)
        if best.margin.relative_width <= _DIGITS:
            break
    return best


def _exchange(
    problem: ArcProgramme, q: np.ndarray, v: np.ndarray, zero: Bool[np.ndarray, " a"], rows: Bool[np.ndarray, " n"]
) -> PlanarMargin:
    """Solve on Z and S, take rows of negative weight out of S, and solve again while the interval shrinks."""
    best, last = problem.certify(q, v), 1.0
    for _ in range(_EXCHANGES):
        q = _primal(problem, q, zero, np.flatnonzero(rows))
        v = _dual(problem, q, v, zero, np.flatnonzero(rows))
        if not (np.isfinite(q).all() and np.isfinite(v).all() and q.max() > 0):
            break
        found = problem.certify(q, v)
        if last < found.margin.relative_width:
            break
        last = found.margin.relative_width
        best = min(best, found, key=lambda one: one.margin.upper - one.margin.lower)
        if best.margin.relative_width <= _DIGITS or not (q < 0).any():
            break
        rows, q = rows & (q >= 0), np.maximum(q, 0.0)
    return best


def _primal(problem: ArcProgramme, q: np.ndarray, zero: np.ndarray, rows: Int[np.ndarray, " k"]) -> np.ndarray:
    """Minimise sum_{a not in Z} p_a ||s_a|| over q on S with s_a = 0 on Z and sum q = 1, by Newton's method."""
    psi, weights = problem.psi[:, ~zero][:, :, rows], problem.shares[~zero]
    equations = np.concatenate([*problem.psi[:, zero][:, :, rows], np.ones((1, len(rows)))])
    x = q[rows] / q[rows].sum()
    _, values, basis = np.linalg.svd(np.linalg.qr(equations, mode="r"))
    rank = int((values > _RANK * values[0]).sum())
    null = basis[rank:].T
    # The nearest point of the null space through 0 and (0, ..., 0, 1), which the equations alone determine.
    goal = np.append(np.zeros(len(equations) - 1), 1.0)
    x = x - np.linalg.lstsq(equations, equations @ x - goal, rcond=_RANK)[0]
    for _ in range(_NEWTON_STEPS if null.shape[1] else 0):
        s = psi @ x
        size = np.hypot(*s)
        if not size.min() > _VANISHES * size.max():  # Z is too small: no gradient there
            break
        u = s / size
        slope = null.T @ np.einsum("ka,kan->n", weights * u, psi)
        across = np.sqrt(weights / size)[:, None] * (u[0][:, None] * psi[1] - u[1][:, None] * psi[0]) @ null
        step = -null @ np.linalg.lstsq(across.T @ across, slope, rcond=1e-14)[0]
        if not np.abs(step).max() < 1 / _RANK:  # the curvature is singular to working precision
            break
        length, value = 1.0, weights @ size
        while length > 1e-9 and weights @ np.hypot(*(psi @ (x + length * step))) > value * (1 + 1e-15):
            length /= 2
        x = x + length * step
        if np.abs(step).max() <= 1e-15:
            break
    result = np.zeros_like(q)
    result[rows] = x
    return result


def _dual(
    problem: ArcProgramme, q: np.ndarray, v: np.ndarray, zero: np.ndarray, rows: Int[np.ndarray, " k"]
) -> np.ndarray:
    """s/||s|| off Z; on Z the field nearest to v, weighted by the shares, with gain F(q) on all rows of S."""
    s = problem.sums(q)
    size = np.hypot(*s)
    field = np.where(zero, v, s / np.where(size > 0, size, 1.0))
    if zero.any():
        root = np.sqrt(problem.shares[zero])
        equations = np.concatenate([*(root[:, None] * problem.psi[:, zero][:, :, rows])]).T
        lacking = problem.value(q) - problem.gains(field)[rows]
        change = np.linalg.lstsq(equations, lacking, rcond=_RANK)[0]
        field[:, zero] += change.reshape(2, -1) / root
    return field
