"""How many examples empirical risk minimisation needs, with label sets S in place of labels.

All statements: with probability >= 1 - delta every minimiser of the sample mean of 1[h(x) not in S] over a class H
that contains the true classifier has P(h(x) != y) <= eps. Derived in theory: Sample size; at Delta = 0 the Natarajan
form is that of Liu & Dietterich (ICML 2014). Every function returns math.inf where nothing is guaranteed.
"""

import math

from boundcheck.errors import InputError

Count = int | float
"""A number of examples, or math.inf."""
_ROUNDING = 1e-12


def _whole(value: float) -> Count:
    """The next integer above a value known to twelve digits."""
    return math.ceil(value * (1 + _ROUNDING)) if math.isfinite(value) else math.inf


def check(eps: float, failure: float, *, natarajan: int | None = None, class_size: int | None = None) -> None:
    """Raise InputError unless eps and the failure probability are in (0, 1), d_H >= 1 and |H| >= 1."""
    for name, value in (("eps", eps), ("delta", failure)):
        if not 0 < value < 1:
            raise InputError(f"{name} = {value} is outside (0, 1)")
    if natarajan is not None and natarajan < 1:
        raise InputError(f"Natarajan dimension {natarajan}: must be at least 1")
    if class_size is not None and class_size < 1:
        raise InputError(f"class size {class_size}: must be at least 1")


def finite_class(psi: float, class_size: int, eps: float, failure: float) -> Count:
    """n >= ln(|H|/delta) / -ln(1 - psi eps), supersets random given (x, y); theory: Sample size, Theorem A1."""
    check(eps, failure, class_size=class_size)
    if psi <= 0:
        return math.inf
    return max(1, _whole(math.log(class_size / failure) / -math.log1p(-psi * eps)))


def natarajan_closed(psi: float, dimension: int, classes: int, eps: float, failure: float) -> Count:
    """n >= 4/(theta eps) (d_H (ln 4 d_H + 2 ln L + ln 1/(theta eps)) + ln 1/delta + 1), theta = ln(2/(2 - psi)).

    Label sets independent given (x, y). See theory: Sample size, Theorem A2.
    """
    check(eps, failure, natarajan=dimension)
    if psi <= 0:
        return math.inf
    theta = -math.log1p(-psi / 2)
    complexity = dimension * (math.log(4 * dimension) + 2 * math.log(classes) - math.log(theta * eps))
    return _whole(4 / (theta * eps) * (complexity + math.log(1 / failure) + 1))


def natarajan_exact(psi: float, dimension: int, classes: int, eps: float, failure: float) -> Count:
    """The n from which on n >= 8 ln 2 / eps and 2 (2n)^d_H L^(2 d_H) (1 - psi/2)^(n eps/2) <= delta.

    The inequality that `natarajan_closed` solves; bisection right of n = 2 d_H/(theta eps), where it decreases.
    See theory: Sample size, Theorem A2.
    """
    check(eps, failure, natarajan=dimension)
    if psi <= 0:
        return math.inf
    theta = -math.log1p(-psi / 2)

    def slack(n: float) -> float:
        gain = n * eps * theta / 2
        cost = math.log(2) + dimension * (math.log(2 * n) + 2 * math.log(classes)) + math.log(1 / failure)
        return gain * (1 - _ROUNDING) - cost

    low = math.ceil(max(2 * dimension / (theta * eps), 8 * math.log(2) / eps))
    if slack(low) >= 0:
        return low
    high = int(natarajan_closed(psi, dimension, classes, eps, failure))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if slack(middle) < 0 else (low, middle)
    return high


def margin_natarajan(margin: float, dimension: int, classes: int, eps: float, failure: float) -> Count:
    """n >= 64/(m^2 eps^2) (d_H ln(64 d_H/(m^2 eps^2)) + 2 d_H ln L + ln 4/delta), m the margin of H.

    m = inf over h in H of (R(h) - R(h*))/P(h != y). Needs no independence, so it serves deterministic teachers.
    See theory: Sample size, Theorem A3; the uniform bound is Anthony & Bartlett (1999) Theorem 4.3.
    """
    check(eps, failure, natarajan=dimension)
    if margin <= 0:
        return math.inf
    rate = (8 / (margin * eps)) * (8 / (margin * eps))  # overflows to infinity, where a square is an error
    complexity = dimension * (math.log(rate * dimension) + 2 * math.log(classes))
    return _whole(rate * (complexity + math.log(4 / failure)))


def margin_finite(margin: float, class_size: int, eps: float, failure: float) -> Count:
    """n >= 2 ln(|H|/delta)/(m^2 eps), m as in `margin_natarajan`.  See theory: Sample size."""
    check(eps, failure, class_size=class_size)
    return max(1, _whole(2 * math.log(class_size / failure) / (margin**2 * eps))) if margin > 0 else math.inf


def error_floor(unreliability: float, ambiguity: float, n: int, dimension: int, classes: int, failure: float) -> float:
    """Error of every minimiser when Delta is known on average only: at most (Delta + 2 tau)/(1 - gamma).

    tau = sqrt(8 ln(4 (2n)^d_H L^(2 d_H)/delta)/n); gamma must hold at every x. It tends to Delta/(1 - gamma), which
    is attained, not to 0.  See theory: Label sets, theory: Sample size.
    """
    check(0.5, failure, natarajan=dimension)
    if ambiguity >= 1:
        return 1.0
    log_growth = dimension * (math.log(2 * n) + 2 * math.log(classes))
    tau = math.sqrt(8 * (math.log(4 / failure) + log_growth) / n)
    return min(1.0, (unreliability + 2 * tau) / (1 - ambiguity))
