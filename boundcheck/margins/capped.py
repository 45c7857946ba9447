"""The eps-margin: how much margin is left when the worst rows count only on average (theory: Eps-margin).

CVaR_nu(u), the mean of the worst nu-fraction of u, is min { q.u : q in the simplex, q_i <= 1/(nu n) }, and

    gamma_nu = max over v of CVaR_nu(y_i E[v.phi_i]) = min over the capped simplex of ||sum_i q_i y_i phi_i||

in both norms (minimax: bilinear, both sets convex and one of them compact).  gamma_nu = gamma for nu <= 1/n, it grows
with nu, and gamma_nu,rkhs^2 <= max||x|| gamma_nu,sup, gamma_nu,sup <= gamma_nu,rkhs by the same two lines as for gamma.
So any capped q certifies: with v = s_q / ||s_q||, CVaR_nu(Hq) / sqrt(q'Hq) <= gamma_nu,rkhs <= sqrt(q'Hq).
Rows on one ray may not be merged here: how many there are is how much weight they can take.

Every solver of an eps-margin minimises quadratics over the capped simplex, which is done here.
"""

import numpy as np
from jaxtyping import Float64
from scipy.linalg import cho_factor, cho_solve

from boundcheck.margins.outward import cvar

# Gradient steps of the first round; the next ones have twice as many.  Between 8 and 60 the time hardly changes.
_FIRST_STEPS, _ROUNDS, _PIVOTS = 16, 6, 200
_PATIENCE = 3  # exchanges of all wrong weights at once that gain nothing, before only one is exchanged
_RIDGE = 1e-13  # of the mean diagonal: repeated rows leave the matrix singular
_GAP = 1e-11  # sizes of the matrix, as q'Mq


def capped_minimum(
    M: Float64[np.ndarray, "n n"], b: Float64[np.ndarray, " n"], cap: float, q: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """Minimise q'Mq/2 + b.q over { 0 <= q <= cap, sum q = 1 } for a positive semidefinite M.

    q: of that set, where to begin.  Newton steps correct a guess which weights are at their bounds, accelerated
    projected gradients make a better one, until no point of the set promises a gain of more than 1e-11 q'Mq, or six
    rounds have passed: callers recompute their gaps.
    """
    largest, steps, best, least = 0.0, _FIRST_STEPS, q, np.inf
    for turn in range(_ROUNDS):
        if turn:
            largest = largest or _largest_eigenvalue(M)
            q = _descend(M, b, best, cap, largest, steps)
            steps *= 2
        for point in (q, feasible(_pivots(M, b, q, cap), cap)):
            gradient = M @ point + b
            gap = float(gradient @ point) - cvar(gradient, cap)
            if gap < least:
                best, least = point, gap
        if least <= _GAP * abs(float(best @ M @ best)):
            break
    return best


def feasible(q: Float64[np.ndarray, " n"], cap: float) -> Float64[np.ndarray, " n"]:
    """A point of the capped simplex near q, a little inside the cap: the cap is part of what is certified."""
    q = np.clip(q, 0.0, cap)
    q = q / q.sum() if q.any() else np.full(len(q), 1 / len(q))
    excess, room = float(q.max()) - cap * (1 - 1e-14), cap - 1 / len(q)
    if cap == 1.0 or excess <= 0:
        return q
    share = 1.0 if room <= 1e-12 * cap else min(1.0, 1.01 * excess / room)
    return (1 - share) * q + share / len(q)


def _project(x: Float64[np.ndarray, " n"], cap: float) -> Float64[np.ndarray, " n"]:
    """The nearest point of { 0 <= q <= cap, sum q = 1 }: clip(x - t), t where the sum is 1, by bisection."""
    low, high = float(x.min()) - cap, float(x.max())
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(x - middle, 0, cap).sum() > 1 else (low, middle)
    return np.clip(x - (low + high) / 2, 0, cap)


def _largest_eigenvalue(M: np.ndarray) -> float:
    x = np.random.default_rng(0).standard_normal(len(M))
    for _ in range(12):
        x = M @ (x / np.linalg.norm(x))
    return 1.1 * float(np.linalg.norm(x))


def _descend(M: np.ndarray, b: np.ndarray, q: np.ndarray, cap: float, largest: float, steps: int) -> np.ndarray:
    """Accelerated projected gradients, begun again where they overshoot (O'Donoghue, Candes 2015)."""
    point, speed = q, 1.0
    for _ in range(steps):
        gradient = M @ point + b
        new = _project(point - gradient / largest, cap)
        if gradient @ (new - q) > 0:
            speed = 1.0
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        point = new + (speed - 1) / faster * (new - q)
        q, speed = new, faster
    return q


def _pivots(M: np.ndarray, b: np.ndarray, q: np.ndarray, cap: float) -> np.ndarray:
    """Exchange all wrong weights at once, which is Newton's method for the optimality conditions (Hintermueller, Ito,
    Kunisch 2003), with the gradient equal to a price where weights are free; only the last one where that cycles.
    """
    edge = 1e-9 * cap
    at_cap, free = q >= cap - edge, (q > edge) & (q < cap - edge)
    ridge, point = _RIDGE * float(M.diagonal().mean()), q
    fewest, patience = len(q) + 1, _PATIENCE
    for _ in range(_PIVOTS):
        rows = np.flatnonzero(free)
        if not len(rows):
            break
        block = M[rows].take(rows, axis=1)
        block[np.diag_indices(len(rows))] += ridge
        try:
            factor = cho_factor(block, lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            break
        fixed = b[rows] + cap * M[rows][:, at_cap].sum(axis=1)
        one, other = cho_solve(factor, np.ones(len(rows))), cho_solve(factor, fixed)
        price = (1 - cap * at_cap.sum() + other.sum()) / one.sum()
        point = cap * at_cap.astype(float)
        point[rows] = price * one - other
        gradient = M @ point + b
        slack = 1e-11 * float(np.abs(gradient).max())
        wrong = np.where(free, (point < 0) | (point > cap), np.where(at_cap, gradient > price, gradient < price))
        wrong &= free | (np.abs(gradient - price) > slack)
        count = int(wrong.sum())
        if not count:
            break
        if count < fewest:
            fewest, patience = count, _PATIENCE
        elif patience:
            patience -= 1
        else:
            wrong[: np.flatnonzero(wrong)[-1]] = False
        at_cap = np.where(wrong, free & (point > cap), at_cap)
        free = free ^ wrong
    return point
