"""Nonnegative quadratic programmes min_{a >= 0} a'Ha/2 - b'a, by block principal pivoting."""

import numpy as np
from jaxtyping import Bool, Float64
from scipy.linalg import LinAlgError
from scipy.linalg.blas import dsymv

from boundcheck.blas import threads_for
from boundcheck.margins.subsets import SubsetSolver

# Multipliers above this (relative to max |b|) count as nonnegative.
_TOLERANCE = 1e-10
_PATIENCE = 3
_MAX_ROUNDS = 300
_PROXIMAL_ROUNDS = 12


def solve_nnqp(
    H: Float64[np.ndarray, "k k"],
    b: Float64[np.ndarray, " k"],
    free: Bool[np.ndarray, " k"] | None = None,
) -> Float64[np.ndarray, " k"]:
    """Minimiser of a'Ha/2 - b'a over a >= 0 for symmetric H, positive definite or, nearly so, semidefinite.

    free: the variables first guessed to be positive (default: all with b > 0).
    A matrix that Cholesky refuses is handled by proximal steps (H + ridge I, the centre moving), whose limit
    is a minimiser for H itself.  No duality gap is promised: callers recompute theirs with the true H.
    Source: Portugal, Judice, Vicente 1994 (Math. Comp. 63), with Murty's rule as the fallback that terminates.
    """
    start = np.asarray(b > 0) if free is None else free
    with threads_for(int(start.sum())):
        try:
            return _pivot(H, b, start)
        except LinAlgError:
            return _proximal(H, b, start, 1e-11 * float(np.trace(H)) / len(H))


def _proximal(H: np.ndarray, b: np.ndarray, start: np.ndarray, ridge: float) -> np.ndarray:
    a = np.zeros_like(b)
    shifted = H + ridge * np.eye(len(H))
    for _ in range(_PROXIMAL_ROUNDS):
        previous = a
        try:
            a = _pivot(shifted, b + ridge * previous, start)
        except LinAlgError:
            return _proximal(H, b, start, ridge * 100)
        start = a > 0
        if np.abs(a - previous).max() <= 1e-13 * np.abs(a).max():
            break
    return a


def _pivot(H: np.ndarray, b: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Exchange all infeasible variables at once while that helps, then only the last one."""
    free = free.copy()
    slack = _TOLERANCE * max(float(np.abs(b).max()), 1e-300)
    best, patience = len(b) + 1, _PATIENCE
    a = np.zeros_like(b)
    solver = SubsetSolver(H, b)
    for _ in range(_MAX_ROUNDS):
        a = solver.solve(free)
        wrong = np.where(free, a < 0, dsymv(1.0, H.T, a) - b < -slack)  # reads half of H
        count = int(wrong.sum())
        if not count:
            return a
        if count < best:
            best, patience = count, _PATIENCE
        elif patience:
            patience -= 1
        else:
            wrong[: np.flatnonzero(wrong)[-1]] = False
        free ^= wrong
    return np.asarray(np.maximum(a, 0.0))
