"""Is a success probability at least a target? Tested after any number of seeds, as often as one likes.

With S successes in n seeds, a prior G on the success probability and the likelihood L_n(q) = q^S (1-q)^(n-S),

    M_n(q) = integral of L_n(theta) G(d theta) / L_n(q)

is a non-negative martingale of mean 1 when q is the truth, so by Ville's inequality it ever reaches 1/alpha with
probability at most alpha. Hence {q : M_n(q) < 1/alpha} contains the truth at all n at once with probability at
least 1 - alpha (Robbins, Ann. Math. Statist. 41 (1970) 1397-1409; Howard, Ramdas, McAuliffe & Sekhon, Ann. Statist.
49 (2021) 1055-1080). L_n is unimodal and the integral does not depend on q, so that set is an interval.
Coverage holds for every G. Here G is Jeffreys' Beta(1/2, 1/2) with half of its mass moved to either side of the
target, because that is the question asked: at a target of 0.9 it saves about eight seeds of ninety.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betaln

Outcome = Literal["succeeds", "fails", "undecided"]
_PRIOR = 0.5  # Jeffreys' Beta(1/2, 1/2)


@dataclass(frozen=True)
class SuccessTest:
    """Test of `success probability >= target` at error probability `alpha`, both in (0, 1).

    However often it is asked, `verdict` says "succeeds" with probability at most alpha where the success probability
    is below the target, and "fails" with probability at most alpha where it is not.
    """

    target: float
    alpha: float
    _prior_above: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_prior_above", float(betaincc(_PRIOR, _PRIOR, self.target)))

    def log_evidence(self, seeds: int, successes: int, q: float) -> float:
        """log M_n(q) of the module's docstring, for 0 < q < 1."""
        return self._log_marginal(seeds, successes) - _log_likelihood(seeds, successes, q)

    def verdict(self, seeds: int, successes: int) -> Outcome:
        """`succeeds` once the lower limit reaches the target, `fails` once the upper limit is below it."""
        if not seeds or self.log_evidence(seeds, successes, self.target) < -math.log(self.alpha):
            return "undecided"
        return "succeeds" if successes > self.target * seeds else "fails"

    def interval(self, seeds: int, successes: int) -> tuple[float, float]:
        """Interval that contains the success probability at all n at once with probability >= 1 - alpha."""
        if not seeds:
            return 0.0, 1.0
        floor = self._log_marginal(seeds, successes) + math.log(self.alpha)
        return _lower(seeds, successes, floor), 1.0 - _lower(seeds, seeds - successes, floor)

    def seeds_for_verdict(self, seeds: int, successes: int, most: int) -> int:
        """Total number of seeds, seeds < result <= most, at which a verdict is due if the success rate stays.

        `most` where none is due by then. Bisection: evidence grows with n at a fixed rate, up to rounding of S.
        """
        rate = successes / seeds
        low, high = seeds, most
        while high - low > 1:
            middle = (low + high) // 2
            decided = self.verdict(middle, round(rate * middle)) != "undecided"
            low, high = (low, middle) if decided else (middle, high)
        return high

    def _log_marginal(self, seeds: int, successes: int) -> float:
        a, b = _PRIOR + successes, _PRIOR + seeds - successes
        with np.errstate(divide="ignore"):
            above = np.log(betaincc(a, b, self.target)) - math.log(self._prior_above)
            below = np.log(betainc(a, b, self.target)) - math.log1p(-self._prior_above)
        log_beta = float(betaln(a, b) - betaln(_PRIOR, _PRIOR))
        return log_beta + float(np.logaddexp(above, below)) - math.log(2)


def _log_likelihood(seeds: int, successes: int, q: float) -> float:
    failures = seeds - successes
    return (successes * math.log(q) if successes else 0.0) + (failures * math.log1p(-q) if failures else 0.0)


def _lower(seeds: int, successes: int, floor: float) -> float:
    """Smallest q with log L_n(q) >= floor, where floor < log L_n(S/n)."""
    if not successes:
        return 0.0
    # L_n(q) <= q^S, so the root lies above exp(floor / S), and is that when there are no failures.
    least = math.exp(floor / successes)
    if successes == seeds or _log_likelihood(seeds, successes, least) >= floor:
        return least
    root: float = brentq(
        lambda q: _log_likelihood(seeds, successes, q) - floor, least, successes / seeds, xtol=1e-13, rtol=1e-13
    )
    return root
