"""The deterministic half of the certificate: minimise its lower bound over the simplex, and verify the minimum.

At a in the simplex the statements (1) to (5) of certificate.py give, with Q = a'Ha and any c >= 1,

    L(a) = A(a) + b.a - e sqrt(kappa_1 Q) - e t/(3 N_1) + (Q - a'Ma - sqrt(kappa_2 Q) - rounding) / (2c),
    A(a) = (m - sqrt(kappa ((1 + kappa) Q - m^2))) / (1 + kappa),   m = sum_i a_i m_i - 2t/(3N)

(A solves A = m - sqrt(kappa (Q - A^2))).  Each square root is replaced by sqrt(k D) <= mu D / 2 + k / (2 mu), which
leaves a quadratic function.  It is convex on the simplex whenever Cholesky succeeds, and then its tangent at ANY point
bounds it from below: the minimiser need not be trusted.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from boundcheck.margins.blas import one_thread
from boundcheck.margins.nnqp import solve_nnqp

_CURVATURES = (1.0, 1.4, 2.0, 3.0, 4.5, 7.0)
_SHARES = (0.9, 0.75, 0.6, 0.45, 0.3)
_SPLITS = np.linspace(0.04, 0.96, 24)
_TRIALS, _TRIALS_ROWS = 5, 1800  # so many choices of c and mu are tried up to this many rows; a trial costs n^3
_POWER_ROUNDS = 12
_MULTIPLIER_ROUNDS = 4
_RATIO_ROUNDS = 4


@dataclass(frozen=True, eq=False)
class Samples:
    """What the three samples showed.  t: minus the log of the risk of each statement.

    anchor: (n,) means of y_i v_0.phi_i over `pairs`.  step: (n,) means of y_i D.phi_i over `step_pairs`, with
    ||D|| <= reach.  outer, rounding: M and r with (mean of (v.S_a)^2 over `draws`) <= a'Ma + r on the simplex.
    """

    t: float
    anchor: Float64[np.ndarray, " n"]
    pairs: int
    outer: Float64[np.ndarray, "n n"]
    draws: int
    rounding: float
    step: Float64[np.ndarray, " n"] | None = None
    step_pairs: int = 1
    reach: float = 0.0

    def scaled(self, factor: float) -> "Samples":
        """The same for the field multiplied by `factor` <= 1."""
        return replace(self, anchor=factor * self.anchor, step=None if self.step is None else factor * self.step)


@dataclass(frozen=True)
class _Choice:
    """c, and the weights mu of the two square roots; penalty: what they cost where the minimum is expected."""

    penalty: float
    c: float
    anchor: float
    rest: float


def lower_envelope(
    H: Float64[np.ndarray, "n n"],
    samples: Samples,
    costs: Float64[np.ndarray, " n"],
    a: Float64[np.ndarray, " n"],
    target: float,
) -> float:
    """A number that L(a) / (costs.a) exceeds on the whole simplex, as large as a few choices of c and mu make it.

    a: where the minimum is expected; target: about what the answer is (both affect only how good it is).
    """
    with one_thread():
        return _best(H, samples, costs, a, target)


def _best(H: np.ndarray, samples: Samples, costs: np.ndarray, a: np.ndarray, target: float) -> float:
    best = _without_curvature(samples, costs)
    square, value = float(a @ H @ a), float(samples.anchor @ a)
    room = 1 - _largest_ratio(H, samples.outer, a)
    choices = [_choose(samples, square, value, c, share * room) for c in _CURVATURES for share in _SHARES if room > 0]
    trials = max(1, round(_TRIALS * min(1.0, (_TRIALS_ROWS / len(a)) ** 3)))
    for choice in sorted(choices, key=lambda one: one.penalty)[:_TRIALS]:
        if trials and target - choice.penalty / float(costs @ a) > best:
            found = _minimum(H, samples, costs, a, target, choice)
            best, trials = max(best, found), trials - (found > -np.inf)
    return best


def _largest_ratio(H: np.ndarray, M: np.ndarray, a: np.ndarray) -> float:
    """About the largest d'Md / d'Hd over d with d'Ha = 0 (power iteration): the share of H that M takes away."""
    try:
        factor = cholesky(H, lower=True, check_finite=False)
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


def _root(samples: Samples, c: float) -> float:
    """The factor of sqrt(Q) in L."""
    step = samples.reach * np.sqrt(2 * samples.t / samples.step_pairs) if samples.step is not None else 0.0
    return float(step + np.sqrt(2 * samples.t / samples.draws) / (2 * c))


def _choose(samples: Samples, square: float, value: float, c: float, share: float) -> _Choice:
    """The best mu with mu_anchor + mu_rest = share / c, so that (1 - share) of the curvature is left."""
    kappa, k = 2 * samples.t / samples.pairs, _root(samples, c) ** 2
    mu = share / c * _SPLITS
    rest = share / c - mu
    spread = max((1 + kappa) * square - value**2, 0.0)
    penalty = mu * spread / 2 + kappa / (2 * mu) + rest * square / 2 + k / (2 * rest)
    i = int(np.argmin(penalty))
    return _Choice(float(penalty[i]), c, float(mu[i]), float(rest[i]))


def _minimum(
    H: np.ndarray, samples: Samples, costs: np.ndarray, a: np.ndarray, target: float, choice: _Choice
) -> float:
    """A lower bound of min L / costs with these mu, or minus infinity where L is not convex on the simplex."""
    kappa = 2 * samples.t / samples.pairs
    m = samples.anchor - 2 * samples.t / (3 * samples.pairs)
    linear = m / (1 + kappa)
    constant = -kappa / (2 * choice.anchor * (1 + kappa)) - _root(samples, choice.c) ** 2 / (2 * choice.rest)
    constant -= samples.rounding / (2 * choice.c)
    if samples.step is not None:
        linear = linear + samples.step
        constant -= samples.reach * samples.t / (3 * samples.step_pairs)
    matrix = (1 / choice.c - choice.anchor - choice.rest) * H
    matrix -= samples.outer / choice.c
    matrix += np.outer(m * (choice.anchor / (1 + kappa)), m)
    shift = float(np.trace(matrix)) / len(matrix) + float(np.abs(linear).max())
    matrix += shift  # convex on sum(a) = 1 if and only if positive definite for some multiple of 11' added
    try:
        cholesky(matrix, lower=True, check_finite=False)
    except LinAlgError:
        return -np.inf
    ratio, answer = target, -np.inf
    for _ in range(_RATIO_ROUNDS):
        a, value = _on_simplex(matrix, shift, linear - ratio * costs, a)
        value += constant
        # L - ratio costs >= value on the simplex, so L / costs >= ratio + value / costs.
        answer = max(answer, ratio + value / float(costs.min() if value < 0 else costs.max()))
        ratio += value / float(costs @ a)
    return answer


def _on_simplex(matrix: np.ndarray, shift: float, linear: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, float]:
    """Minimise a'(matrix - shift 11')a/2 + linear.a over the simplex: a good point, and a proved lower bound.

    The multiplier of sum(a) = 1 is found by the method of multipliers.
    """
    free, multiplier = a > 0, 0.0
    for _ in range(_MULTIPLIER_ROUNDS):
        a = solve_nnqp(matrix, shift + multiplier - linear, free)
        free = a > 0
        multiplier += shift * (1 - float(a.sum()))
    a = a / a.sum()
    gradient = matrix @ a - shift + linear
    value = (float(a @ gradient) + float(linear @ a)) / 2
    return a, value + float(gradient.min()) - float(gradient @ a)


def _without_curvature(samples: Samples, costs: np.ndarray) -> float:
    """The bound without statement (5): Q <= 1/2 for unit rows, so every square root has its largest value."""
    kappa = 2 * samples.t / samples.pairs
    gains = (samples.anchor - 2 * samples.t / (3 * samples.pairs)) / (1 + kappa)
    constant = -float(np.sqrt(kappa / 2))
    if samples.step is not None:
        gains = gains + samples.step
        constant -= samples.reach * float(np.sqrt(samples.t / samples.step_pairs))
        constant -= samples.reach * samples.t / (3 * samples.step_pairs)
    lowest = float(gains.min()) + constant
    return lowest / float(costs.max() if lowest > 0 else costs.min())
