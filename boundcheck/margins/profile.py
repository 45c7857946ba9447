"""The eps-margin: how much margin is left when the worst rows count only on average (theory: Eps-margin).

CVaR_nu(u), the mean of the worst nu-fraction of u, is min { q.u : q in the simplex, q_i <= 1/(nu n) }, and

    gamma_nu = max over v of CVaR_nu(y_i E[v.phi_i]) = min over the capped simplex of ||sum_i q_i y_i phi_i||

in both norms (minimax: bilinear, both sets convex and one of them compact).  gamma_nu = gamma for nu <= 1/n, it grows
with nu, and gamma_nu,rkhs^2 <= max||x|| gamma_nu,sup, gamma_nu,sup <= gamma_nu,rkhs by the same two lines as for gamma.
So any capped q certifies: with v = s_q / ||s_q||, CVaR_nu(Hq) / sqrt(q'Hq) <= gamma_nu,rkhs <= sqrt(q'Hq).
Rows on one ray may not be merged here: how many there are is how much weight they can take.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.linalg import cho_factor, cho_solve

from boundcheck.blas import threads_for
from boundcheck.margins.outward import cvar, root_interval
from boundcheck.records import Interval

# Gradient steps of the first round; the next ones have twice as many.  Between 8 and 60 the time hardly changes.
_FIRST_STEPS, _ROUNDS, _PIVOTS = 16, 10, 30
_RIDGE = 1e-13  # of the mean diagonal: repeated rows make H singular, and the certificate uses the true H
_GAP = 1e-10


@dataclass(frozen=True, eq=False)
class CappedMargin:
    """q: (n,) in the capped simplex; gradient: (n,) Hq; margin: certified by q; gap: 1 - CVaR(Hq) / q'Hq."""

    q: Float64[np.ndarray, " n"]
    gradient: Float64[np.ndarray, " n"]
    margin: Interval
    gap: float


def capped_margin(H: Float64[np.ndarray, "n n"], nu: float, *, rounding: float = 0.0) -> CappedMargin:
    """gamma_nu in the RKHS norm: minimise q'Hq over { q >= 0, sum q = 1, q_i <= 1/(nu n) } for H = yy' o K, all rows.

    Accelerated projected gradients guess which weights are at their bounds, Newton steps on the others correct the
    guess, and both are repeated with more of the first until the relative gap is 1e-10 or ten rounds have passed; the
    interval says how far it got.  nu: in (0, 1].  rounding: as for `Gram`.
    """
    n, cap = len(H), cap_of(nu, len(H))
    best = _certified(H, np.full(n, 1 / n), cap, rounding)
    with threads_for(n):
        largest = _largest_eigenvalue(H)
        steps = _FIRST_STEPS
        for _ in range(_ROUNDS):
            if best.gap <= _GAP:
                break
            guess = _descend(H, best.q, cap, largest, steps)
            for q in (guess, _pivots(H, guess, cap)):
                best = min(best, _certified(H, feasible(q, cap), cap, rounding), key=lambda one: one.gap)
            steps *= 2
    return best


def cap_of(nu: float, n: int) -> float:
    """1 / (nu n), or 1 where that leaves no row out."""
    return 1.0 if nu * n <= 1 else 1 / (nu * n)


def nu_zero(lines: Int64[np.ndarray, " n"], X: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, " n"]) -> float:
    """The largest nu with gamma_nu = 0: n nu = max { sum w : 0 <= w <= 1, sum_i w_i y_i phi_i = 0 }.

    On a line with direction u the sum is u (A 1[z.u > 0] - B 1[z.u < 0]), A and B the sums of w_i y_i ||x_i|| on its
    two sides: it jumps by A + B, and jumps on distinct hyperplanes are independent.  So A + B = 0 on every line, which
    needs both labels there, and sum over lines of B u = 0: a linear programme on the rows of such lines.
    lines: the line of each row, from the exact test.  The programme is solved to 1e-9 of a row.
    """
    from scipy.optimize import linprog

    both = np.intersect1d(lines[y > 0], lines[y < 0])
    rows = np.flatnonzero(np.isin(lines, both))
    if not len(rows):
        return 0.0
    lengths = np.linalg.norm(X[rows], axis=1)
    first = {line: i for i, line in reversed(list(enumerate(lines[rows].tolist())))}
    heads = np.array([first[line] for line in lines[rows].tolist()])
    along = np.einsum("nd,nd->n", X[rows], X[rows][heads]) > 0
    jumps = (lines[rows] == both[:, None]) * (y[rows] * lengths)
    linear = (X[rows] * (y[rows] * ~along)[:, None]).T
    found = linprog(
        -np.ones(len(rows)), A_eq=np.concatenate([jumps, linear]), b_eq=np.zeros(len(both) + X.shape[1]), bounds=(0, 1)
    )
    share = -float(found.fun) / len(X)
    return round(share * len(X), 9) / len(X)


def _certified(H: np.ndarray, q: np.ndarray, cap: float, rounding: float) -> CappedMargin:
    gradient = H @ q
    square = float(q @ gradient)
    margin, _ = root_interval(q, gradient, np.sqrt(2 * H.diagonal()), rounding, cap)
    return CappedMargin(q, gradient, margin, 1 - cvar(gradient, cap) / square if square > 0 else 1.0)


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


def _largest_eigenvalue(H: np.ndarray) -> float:
    x = np.ones(len(H))
    for _ in range(12):
        x = H @ (x / np.linalg.norm(x))
    return 1.1 * float(np.linalg.norm(x))


def _descend(H: np.ndarray, q: np.ndarray, cap: float, largest: float, steps: int) -> np.ndarray:
    """Accelerated projected gradients, begun again where they overshoot (O'Donoghue, Candes 2015)."""
    point, speed = q, 1.0
    for _ in range(steps):
        gradient = H @ point
        new = _project(point - gradient / largest, cap)
        if gradient @ (new - q) > 0:
            speed = 1.0
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        point = new + (speed - 1) / faster * (new - q)
        q, speed = new, faster
    return q


def _pivots(H: np.ndarray, q: np.ndarray, cap: float) -> np.ndarray:
    """Exchange all wrong weights at once, which is Newton's method for the optimality conditions (Hintermueller, Ito,
    Kunisch 2003); it may cycle, and then ends anywhere.
    """
    edge = 1e-9 * cap
    at_cap, free = q >= cap - edge, (q > edge) & (q < cap - edge)
    ridge, point = _RIDGE * float(H.diagonal().mean()), q
    for _ in range(_PIVOTS):
        rows = np.flatnonzero(free)
        if not len(rows):
            break
        block = H[rows].take(rows, axis=1)
        block[np.diag_indices(len(rows))] += ridge
        try:
            factor = cho_factor(block, lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            break
        fixed = cap * H[rows][:, at_cap].sum(axis=1)
        one, other = cho_solve(factor, np.ones(len(rows))), cho_solve(factor, fixed)
        price = (1 - cap * at_cap.sum() + other.sum()) / one.sum()
        point = cap * at_cap.astype(float)
        point[rows] = price * one - other
        gradient = H @ point
        slack = 1e-11 * float(np.abs(gradient).max())
        below, above = free & (point < 0), free & (point > cap)
        back = (~free & ~at_cap & (gradient < price - slack)) | (at_cap & (gradient > price + slack))
        if not (below.any() or above.any() or back.any()):
            break
        free, at_cap = (free & ~below & ~above) | back, (at_cap & ~back) | above
    return point
