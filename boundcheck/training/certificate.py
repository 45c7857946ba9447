"""A-posteriori certificate: what projected gradient descent must achieve from one given W(0).

No probability and no assumption on the data: the activation patterns reachable from W(0) within the
radius are enclosed sample by sample, and the regret inequality does the rest (theory: Certificate).

Notation: f_i^t(V) = m^{-1/2} sum_j a_j 1[W_j(t).x_i > 0] V_j.x_i, Wbar = W(0) + D with ||D_j|| <= B/sqrt m,
F_i = f_i^t(Wbar).  Projected gradient descent on the mean loss satisfies (theory: Regret)

    (1/T) sum_t (1/n) sum_i [ l_i'(f_i)(f_i - F_i) - (eta kappa/2) l_i'(f_i)^2 ]  <=  ||D||_F^2 / (2 eta T),

with kappa >= ||grad f_i||^2.  The bracket is at least `wrong_i` where sample i is misclassified and at least
`right_i` elsewhere, for every F_i in its enclosure; the average error is then a fractional knapsack.
The statement is about exact arithmetic; every quantity computed here is rounded outward.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, wrightomega

from boundcheck.errors import InputError
from boundcheck.numerics import LOGISTIC_SELF_BOUND
from boundcheck.records import TrainingSpec
from boundcheck.training.intervals import (
    RELATIVE,
    UNIT,
    LogitIntervals,
    Neurons,
    PerSample,
    Rows,
    Signs,
    logit_intervals,
    norms_up,
)


@dataclass(frozen=True)
class Certificate:
    """Proved upper bounds for one run: the averages over t = 0..T-1 of error (y f <= 0) and of the loss.

    average_error lies in [0, 1]; 1 says nothing (`vacuous`).  average_risk is never above the largest loss
    reachable within the radius.  kappa, energy, flip_fraction: see `LogitIntervals`.
    """

    average_error: float
    average_risk: float
    width: int
    kappa: float
    energy: float
    flip_fraction: float
    vacuous: bool


def certify(
    X: Rows, y: PerSample, z: PerSample | None, W0: Neurons, a: Signs, D: Neurons, spec: TrainingSpec
) -> Certificate:
    """Bound the average error and risk of projected gradient descent from W(0), for this data and this W(0).

    X: inputs of any norm.  y: labels +-1.  z: teacher logits, needed by soft labels only (p = sigmoid(z)).
    W0, a: symmetric initialisation, W_{j+m/2} = W_j exactly and a_{j+m/2} = -a_j = +-1.  D: any comparator with
    ||D_j|| <= B/sqrt m; it may have been fitted to W0.  Cost O(n m d).  See theory: Certificate.

    Raises:
        InputError: shapes, pairing, labels, radius or comparator outside these hypotheses.
    """
    _check_network(X, y, W0, a, D)
    _check_settings(y, z, spec)
    return certify_intervals(X, y, z, logit_intervals(X, W0, a, D, spec.radius), spec)


def certify_intervals(
    X: Rows, y: PerSample, z: PerSample | None, intervals: LogitIntervals, spec: TrainingSpec
) -> Certificate:
    """`certify` from the enclosures of `logit_intervals` at spec.radius: O(n), to compare step sizes.

    Raises:
        InputError: labels, logits or settings outside the hypotheses of `certify`.
    """
    _check_settings(y, z, spec)
    # A temperature is a change of units: the loss is tau l(f/tau), theory: Temperature
    tau = spec.temperature
    lower, upper = _minus(intervals.lower / tau, 0), _minus(intervals.upper / tau, 0, up=True)
    pull = intervals.curvature * spec.step_size / tau * (1 + RELATIVE)  # eta kappa
    budget = intervals.energy / (2 * spec.step_size * spec.steps * tau) * (1 + RELATIVE)
    reach = spec.radius / tau * norms_up(X) * (1 + RELATIVE)  # |f_i| <= B ||x_i||, from f(W(0)) = 0
    margins = np.where(y > 0, lower, -upper)
    if spec.loss == "logistic":
        error, risk = _logistic(margins, reach, pull, budget)
    elif spec.loss == "perceptron":
        error, risk = _perceptron(margins, reach, pull, budget)
    else:
        assert z is not None
        error, risk = _soft(y, z, lower, upper, reach, pull, budget)
    return Certificate(
        average_error=error,
        average_risk=risk * tau * (1 + RELATIVE),
        width=intervals.width,
        kappa=intervals.curvature,
        energy=intervals.energy,
        flip_fraction=intervals.flip_fraction,
        vacuous=error >= 1,
    )


def _soft(
    y: PerSample, z: PerSample, lower: PerSample, upper: PerSample, reach: PerSample, pull: float, budget: float
) -> tuple[float, float]:
    """KL against sigmoid(z): bounds on average error and risk; theory: KL risk, theory: Sharp soft bound."""
    trivial = _mean(np.maximum(_kl(z, -reach), _kl(z, reach)))
    if pull >= 4:
        return 1.0, trivial
    risk = (budget + _mean(np.maximum(_kl(z, lower), _kl(z, upper)))) / (1 - pull / 4) * (1 + RELATIVE)

    # With delta = sigmoid(f) - sigmoid(z), |delta| <= |f - z|/4: bracket >= |delta|(4 rho |delta| - e)
    size, positive = np.abs(z), z >= 0
    below = np.maximum(_minus(size, np.where(positive, lower, -upper), up=True), 0)  # F short of the target
    above = np.maximum(_minus(np.where(positive, upper, -lower), size, up=True), 0)
    rho = (1 - pull / 8) * (1 - RELATIVE)
    right = -(np.maximum(below, above) ** 2) / (16 * rho) * (1 + RELATIVE)
    # Where the sign is wrong 2|delta| >= t; for F >= 0 the bracket is then smallest at f = 0
    t = np.tanh(size / 2) * (1 - RELATIVE)
    straight = np.where(below <= size, t / 2 * (size - below) - pull / 8 * t**2, -np.inf)
    quadratic = np.where(t >= below / (4 * rho), t / 2 * (2 * rho * t - below), -np.inf)
    wrong = np.maximum(np.maximum(straight, quadratic) - RELATIVE * t * (size + below + pull), right)
    wrong = np.where(y * z > 0, wrong, right)  # where the teacher errs, being wrong costs nothing
    return _knapsack(wrong, right, budget), min(risk, trivial)


def _logistic(M: PerSample, reach: PerSample, pull: float, budget: float) -> tuple[float, float]:
    """ln(1 + e^-m) with margins at least M at the comparator; theory: Logistic loss."""
    trivial = _mean(np.logaddexp(0, reach))
    if pull >= 4:
        return 1.0, trivial
    shrink = (1 - pull * LOGISTIC_SELF_BOUND / 2) * (1 - RELATIVE)
    risk = (budget + _mean(np.logaddexp(0, -M) * (1 + RELATIVE))) / shrink * (1 + RELATIVE)
    # s = sigmoid(-m), bracket = s(M - m) - (eta kappa/2) s^2, with s <= 1/2 on m > 0 and s <= 1 on m <= 0;
    # for M >= 0 it is smallest over m <= 0 at m = 0
    right = _smallest_pull(_minus(M, pull / 4), on_errors=False)
    wrong = np.where(M >= 0, _minus(M / 2, pull / 8), _smallest_pull(_minus(M, pull / 2), on_errors=True))
    return _knapsack(wrong, right, budget), min(risk, trivial)


def _smallest_pull(M: PerSample, *, on_errors: bool) -> PerSample:
    """Lower bound of sigmoid(-m)(M - m) over m <= 0 (`on_errors`) or over m > 0.

    The unconstrained minimum is -W0(e^{-(M+1)}), taken at e^{-m} = W0, so at m > 0 exactly when M > -2; the
    function is monotone on either side of it, and otherwise the constrained minimum is M/2, at m = 0.
    """
    interior = M < -2 if on_errors else M > -2
    lambert = -np.real(wrightomega(-(M + 1))) * (1 + 16 * RELATIVE)
    return np.where(interior, lambert, _minus(M / 2, 0))


def _perceptron(M: PerSample, reach: PerSample, pull: float, budget: float) -> tuple[float, float]:
    """max(0, -m), derivative -1 on m <= 0: bracket >= 1[m <= 0](M - m - eta kappa/2); theory: Perceptron loss."""
    wrong = _minus(M, pull / 2)
    risk = (budget + _mean(np.maximum(-wrong, 0))) * (1 + RELATIVE)
    return _knapsack(wrong, np.zeros_like(wrong), budget), min(risk, _mean(reach))


def _knapsack(wrong: PerSample, right: PerSample, budget: float) -> float:
    """max (1/n) sum w_i over 0 <= w_i <= 1 with sum_i w_i wrong_i + (1 - w_i) right_i <= n budget; at most 1.

    A negative cost wrong_i - right_i is always taken and pays for others.
    """
    n = len(wrong)
    cost = np.sort(wrong - right - RELATIVE * (np.abs(wrong) + np.abs(right)))
    free, paid = cost[cost <= 0], cost[cost > 0]
    capacity = (n * budget + math.fsum(-right) + math.fsum(-free)) * (1 + RELATIVE)
    spent = np.cumsum(paid) * (1 - (n + 4) * UNIT)
    whole = int(np.searchsorted(spent, capacity, side="right"))
    if whole == len(paid):
        return 1.0
    left = max(capacity - (spent[whole - 1] if whole else 0.0), 0.0)
    return float(min((len(free) + whole + left / paid[whole]) / n * (1 + RELATIVE), 1.0))


def _kl(z: PerSample, f: PerSample) -> PerSample:
    """KL(sigmoid(z) || sigmoid(f)) = A(f) - A(z) - sigmoid(z)(f - z), A = softplus, rounded up."""
    A_f, A_z, p = np.logaddexp(0, f), np.logaddexp(0, z), expit(z)
    return np.asarray(np.maximum(A_f - A_z - p * (f - z), 0) + RELATIVE * (A_f + A_z + p * (np.abs(f) + np.abs(z))))


def _minus(x: PerSample, c: PerSample | float, *, up: bool = False) -> PerSample:
    """x - c rounded down, or up."""
    slack = RELATIVE * (np.abs(x) + np.abs(c))
    return np.asarray(x - c + slack if up else x - c - slack)


def _mean(values: PerSample) -> float:
    """Mean of nonnegative values, rounded up."""
    return math.fsum(values) / len(values) * (1 + RELATIVE)


def _check_network(X: Rows, y: PerSample, W0: Neurons, a: Signs, D: Neurons) -> None:
    half = len(W0) // 2
    if len(W0) % 2 or half == 0:
        raise InputError(f"width {len(W0)}: the symmetric initialisation needs an even width of at least 2")
    if W0.shape[1:] != X.shape[1:] or W0.shape != D.shape or a.shape != (len(W0),) or y.shape != (len(X),):
        raise InputError("certificate: the shapes of X, y, W0, a and D do not fit together; pass (n,d) and (m,d)")
    if not (np.isfinite(X).all() and np.isfinite(W0).all() and np.isfinite(D).all()):
        raise InputError("certificate: X, W0 and D must be finite; remove the other rows")
    if not (np.array_equal(W0[:half], W0[half:]) and np.array_equal(a[:half], -a[half:]) and np.all(np.abs(a) == 1)):
        raise InputError("certificate: W0, a must be paired as W[j + m/2] = W[j], a[j + m/2] = -a[j] = +-1")


def _check_settings(y: PerSample, z: PerSample | None, spec: TrainingSpec) -> None:
    if not np.all(np.abs(y) == 1):
        raise InputError("certificate: labels y must be +1 or -1; map the classes first")
    if (spec.labels == "soft") != (spec.loss == "kl"):
        raise InputError(f"certificate: loss '{spec.loss}' does not go with {spec.labels} labels; soft goes with kl")
    if spec.loss == "kl" and (z is None or z.shape != y.shape or not np.isfinite(z).all()):
        raise InputError("certificate: soft labels need one finite teacher logit z per sample")
    if not (0 < spec.radius < math.inf and spec.step_size > 0 and spec.steps >= 1 and spec.temperature > 0):
        raise InputError("certificate: radius (finite), step_size, steps and temperature must be positive")
