"""Upper quantiles of flipping pairs: against bisection at 50 digits and exact binomial tails."""

from itertools import pairwise

import mpmath as mp
import pytest
from bounds import reference
from flint import arb
from scipy import stats

from boundcheck.bounds import quantiles
from boundcheck.bounds.exact import precision

CASES = [
    (m, radius, level)
    for m in (2, 40, 1000, 372_172, 10**9, 10**16)
    for radius in (0.01, 1.0, 130.0)
    for level in (0.4, 0.05, 1e-6)
    if radius**2 < 40 * m
]


@pytest.mark.parametrize(("m", "radius", "level"), CASES)
def test_chernoff_quantile_solves_its_equation(m: int, radius: float, level: float) -> None:
    with precision(200):
        q = quantiles.bernoulli_kl(arb(radius), arb(m), -arb(level).log())
    expected = reference.flip_quantile(m, mp.mpf(radius), -mp.log(mp.mpf(level)))
    assert q.contains(arb(str(expected)).mid()) or abs(float(q.mid()) / float(expected) - 1) < 1e-30
    if expected < 0.998:
        assert float(q.rad()) < 1e-40 * float(expected)


@pytest.mark.parametrize(("m", "radius", "level"), [case for case in CASES if case[0] < 10**9])
def test_more_pairs_than_the_quantile_flip_with_at_most_its_probability(m: int, radius: float, level: float) -> None:
    """P(Bin(N, p) > N q) <= level for both quantiles, by the exact binomial tail."""
    N, p = m // 2, float(mp.erf(radius / mp.sqrt(2 * m)))
    for quantile in (quantiles.bernoulli_kl, quantiles.hoeffding):
        with precision(128):
            q = float(quantile(arb(radius), arb(m), -arb(level).log()).upper())
        assert stats.binom.sf(N * q, N, p) <= level


def test_a_quantile_a_fifth_smaller_is_wrong_somewhere() -> None:
    """The previous test can fail: shrink the quantile and the exact tail exceeds the level."""
    with precision(128):
        q = 0.8 * float(quantiles.bernoulli_kl(arb(1), arb(40_000), -arb(0.4).log()).mid())
    assert stats.binom.sf(20_000 * q, 20_000, float(mp.erf(1 / mp.sqrt(80_000)))) > 0.4


@pytest.mark.parametrize("radius", [0.1, 1.0, 10.0])
def test_both_quantiles_decrease_in_the_width(radius: float) -> None:
    """So that a width which suffices is followed by widths which suffice."""
    widths = [max(2, int(radius**2)) * 2**k for k in range(30)]
    for quantile in (quantiles.bernoulli_kl, quantiles.hoeffding):
        with precision(128):
            values = [quantile(arb(radius), arb(m), arb(3)) for m in widths]
        assert all(later < earlier for earlier, later in pairwise(values) if earlier < 0.99)


def test_chernoff_never_exceeds_hoeffding() -> None:
    with precision(128):
        for m in (100, 10**4, 10**8):
            assert quantiles.bernoulli_kl(arb(1), arb(m), arb(5)) < quantiles.hoeffding(arb(1), arb(m), arb(5))


@pytest.mark.parametrize("level", [0.5, 0.1, 1e-3, 1e-9])
def test_the_condition_of_the_root_mean_square_quantile_always_holds(level: float) -> None:
    """lambda* N q >= ln(e/(2d)) >= 1 for d <= 1/2 (theory: Flips needs lambda* N q >= 1)."""
    for m in (10, 1000, 10**7):
        odds = 1 - mp.log(2 * mp.mpf(level))  # ln(e/(2d))
        p = mp.erf(1 / mp.sqrt(2 * mp.mpf(m)))
        q = reference.flip_quantile(m, 1, odds)
        if q < 0.999:
            assert mp.log(q * (1 - p) / (p * (1 - q))) * m / 2 * q >= odds >= 1
