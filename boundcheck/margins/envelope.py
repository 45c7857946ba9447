"""The deterministic half of the certificate: minimise its lower bound over the simplex, and verify the minimum.

Statements (1) and (2) of certificate.py give, at a in the simplex with Q = a'Ha, L(a) = B + Q/2, where for any b

    B >= m.a - a'Ma/2 - h.a/2 - t/(6N) - sqrt(kappa (Q - B^2)),   sqrt(kappa D) <= mu D/2 + kappa/(2 mu),
    B^2 >= 2bB - b^2,   so   (1 - mu b) B >= m.a - a'Ma/2 - h.a/2 - t/(6N) - mu (Q + b^2)/2 - kappa/(2 mu),

which leaves a quadratic function.  It is convex on the simplex whenever Cholesky succeeds, and then its tangent at ANY
point bounds it from below: the minimiser need not be trusted.
"""

import numpy as np
from jaxtyping import Float64
from scipy.linalg import LinAlgError, cholesky, eigvalsh, solve_triangular

from boundcheck.blas import threads_for
from boundcheck.margins.capped import capped_minimum
from boundcheck.margins.fields import Moments
from boundcheck.margins.nnqp import solve_nnqp
from boundcheck.margins.outward import cvar

_SHARES = (0.93, 0.87, 0.8, 0.7, 0.55)
_CAUTIOUS = (0.75, 0.55, 0.4)  # where the room is only known of a part of the rows
_TRIALS_ROWS = 1800  # so many choices of mu are tried up to this many rows; a trial costs n^3
_POWER_ROUNDS, _MOST_ROWS = 12, 3000
_SMALL = (0.3, 0.1, 0.03, 0.01, 0.003)  # mu where there is no room: L is made convex by a ridge
_SURELY = 1.1
_MULTIPLIER_ROUNDS = 4
_RATIO_ROUNDS = 4
_RIDGE = 1e-12  # of the trace: rows may be dependent, and a'Ha >= a'(H + ridge)a - ridge on the simplex


def lower_envelope(
    H: Float64[np.ndarray, "n n"],
    sample: Moments,
    t: float,
    costs: Float64[np.ndarray, " n"],
    a: Float64[np.ndarray, " n"],
    target: float,
    cap: float = 1.0,
) -> float:
    """A number that L(a) / (costs.a) exceeds on the whole simplex, as large as a few choices of mu make it.

    cap: of each weight a_i, if there is one: then all costs are the same, and the simplex is that with this cap.
    t: minus the log of the risk.  a: where the minimum is expected; target: about what the answer is (both affect
    only how good it is).  Minus infinity where nothing is proved.
    """
    square, value = float(a @ H @ a), target * float(costs @ a)
    b = min(value - square / 2, 0.5)  # about B, which is at most 1/2
    kappa, spread = 2 * t / sample.draws, max(square - b**2, 1e-300)
    ideal = float(np.sqrt(kappa / spread))

    def penalty(mu: float) -> float:
        return mu * spread / 2 + kappa / (2 * mu) + t / (6 * sample.draws)

    # No mu beyond 1 leaves L convex, and M of fewer draws than rows leaves no room at all.
    if penalty(min(ideal, 1.0)) >= value or sample.draws < len(a):
        return -np.inf
    with threads_for(len(a)):
        ridge = _RIDGE * float(np.trace(H))
        shares = _SHARES if len(a) <= _MOST_ROWS else _CAUTIOUS
        most = max(1 - _largest_ratio(H, sample.outer, a, ridge), 0.0) / (1 + b)
        choices = dict.fromkeys(min(share * most, ideal) for share in shares if most > 0)
        trials, best = max(1, round(len(shares) * min(1.0, (_TRIALS_ROWS / len(a)) ** 3))), -np.inf
        for mu in choices:
            if trials and target - penalty(mu) / float(costs @ a) > best:
                found = _minimum(H, sample, t, costs, a, target, cap, (mu, b, ridge))
                best, trials = max(best, found), trials - (found > -np.inf)
        if best == -np.inf:
            ridges = {mu: ridge + _lacking(H, sample.outer, a, mu, b) for mu in _SMALL}
            mu = min(_SMALL, key=lambda one: penalty(one) + ridges[one] / 2)
            best = _minimum(H, sample, t, costs, a, target, cap, (mu, b, ridges[mu]))
    return best


def _lacking(H: np.ndarray, M: np.ndarray, a: np.ndarray, mu: float, b: float) -> float:
    """About the least multiple of I that makes L with this mu convex where sum(a) = 1."""
    factor = 1 / (1 - mu * b)
    rows = _heaviest(a)
    matrix = (1 - mu * factor) * H[rows].take(rows, axis=1) - factor * M[rows].take(rows, axis=1)
    matrix += 1.0  # 11', which is constant there
    return _SURELY * max(0.0, -float(eigvalsh(matrix, subset_by_index=[0, 0], check_finite=False)[0]))


def _heaviest(a: np.ndarray) -> np.ndarray:
    """The rows with the most weight, or all of them where there are few."""
    return np.argsort(-a, kind="stable")[:_MOST_ROWS]


def _largest_ratio(H: np.ndarray, M: np.ndarray, a: np.ndarray, ridge: float) -> float:
    """About the largest d'Md / d'Hd over d with d'Ha = 0 (power iteration): the share of H that M takes away."""
    rows = _heaviest(a)
    factor, M, a = H[rows].take(rows, axis=1), M[rows].take(rows, axis=1), a[rows]
    factor[np.diag_indices(len(a))] += ridge
    try:
        factor = cholesky(factor, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return 1.0
    towards = factor.T @ a
    towards /= np.linalg.norm(towards)
    x = np.random.default_rng(0).standard_normal(len(a))
    ratio = 0.0
    for _ in range(_POWER_ROUNDS):
        x -= towards * (towards @ x)
        x /= np.linalg.norm(x)
        d = solve_triangular(factor, x, lower=True, trans="T", check_finite=False)
        image = solve_triangular(factor, M @ d, lower=True, check_finite=False)
        ratio = float(x @ image)
        x = image
    return ratio


def _minimum(
    H: np.ndarray,
    sample: Moments,
    t: float,
    costs: np.ndarray,
    a: np.ndarray,
    target: float,
    cap: float,
    choice: tuple[float, float, float],
) -> float:
    """A lower bound of min L / costs with these mu, b and ridge; minus infinity where that is not seen to be convex."""
    mu, b, ridge = choice
    factor = 1 / (1 - mu * b)
    kappa = 2 * t / sample.draws
    linear = factor * (sample.mean - sample.excess / 2)
    constant = -factor * (t / (6 * sample.draws) + mu * b**2 / 2 + kappa / (2 * mu)) - ridge / 2
    matrix = (1 - mu * factor) * H
    matrix -= factor * sample.outer
    matrix[np.diag_indices(len(a))] += ridge
    # Convex on sum(a) = 1 if and only if positive definite for some multiple of 11' added.
    shift = float(np.trace(matrix)) / len(matrix) + float(np.abs(linear).max())
    matrix += shift
    try:
        cholesky(matrix, lower=True, check_finite=False)
    except LinAlgError:
        return -np.inf
    ratio, answer = target, -np.inf
    for _ in range(_RATIO_ROUNDS):
        a, value = _on_simplex(matrix, shift, linear - ratio * costs, a, cap)
        value += constant
        # L - ratio costs >= value on the simplex, so L / costs >= ratio + value / costs.
        answer = max(answer, ratio + value / float(costs.min() if value < 0 else costs.max()))
        ratio += value / float(costs @ a)
    return answer


def _on_simplex(
    matrix: np.ndarray, shift: float, linear: np.ndarray, a: np.ndarray, cap: float
) -> tuple[np.ndarray, float]:
    """Minimise a'(matrix - shift 11')a/2 + linear.a over the (capped) simplex: a good point, and a proved lower bound.

    Without a cap the multiplier of sum(a) = 1 is found by the method of multipliers.
    """
    if cap < 1:
        a = capped_minimum(matrix, linear, cap, a)
    else:
        free, multiplier = a > 0, 0.0
        for _ in range(_MULTIPLIER_ROUNDS):
            a = solve_nnqp(matrix, shift + multiplier - linear, free)
            free = a > 0
            multiplier += shift * (1 - float(a.sum()))
        a = a / a.sum()
    gradient = matrix @ a - shift + linear
    value = (float(a @ gradient) + float(linear @ a)) / 2
    return a, value + cvar(gradient, cap) - float(gradient @ a)
