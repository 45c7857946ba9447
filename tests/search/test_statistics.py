"""The success test against exact enumeration, quadrature at 50 digits, and a rule that must fail."""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from scipy.stats import binom, binomtest

from boundcheck.numerics import clopper_pearson
from boundcheck.search.statistics import SuccessTest

ALPHA = 0.05
TEST = SuccessTest(target=0.9, alpha=ALPHA)


def chance_of_ever(rejects: Callable[[int, int], bool], q: float, most: int) -> float:
    """Exact probability that `rejects(n, S)` holds at some n <= most, for S binomial with success probability q."""
    alive = np.array([1.0])  # alive[s]: probability of s successes and no rejection so far
    for n in range(1, most + 1):
        alive = np.append(alive, 0) * (1 - q) + np.append(0, alive) * q
        alive[[s for s in range(n + 1) if alive[s] and rejects(n, s)]] = 0
    return 1 - float(alive.sum())


@pytest.mark.parametrize("q", [0.1, 0.5, 0.89, 0.9, 0.97])
@pytest.mark.parametrize("n", [1, 7, 40])
def test_evidence_is_a_martingale_of_mean_one_under_the_truth(n: int, q: float) -> None:
    values = [np.exp(TEST.log_evidence(n, s, q)) for s in range(n + 1)]
    assert binom.pmf(range(n + 1), n, q) @ values == pytest.approx(1, rel=1e-11)


@pytest.mark.parametrize(("n", "s"), [(3, 0), (10, 7), (60, 60), (300, 150)])
def test_evidence_equals_the_integral_at_fifty_digits(n: int, s: int) -> None:
    with mpmath.workdps(50):
        target, q = mpmath.mpf("0.9"), mpmath.mpf("0.8")

        def density(theta: mpmath.mpf) -> mpmath.mpf:
            return 1 / (mpmath.pi * mpmath.sqrt(theta * (1 - theta)))

        total = mpmath.mpf(0)
        for ends in ((0, target), (target, 1)):
            side = mpmath.linspace(*ends, 31)
            weight = mpmath.quad(density, side)
            total += mpmath.quad(lambda t: t**s * (1 - t) ** (n - s) * density(t), side) / weight / 2
        expected = mpmath.log(total / (q**s * (1 - q) ** (n - s)))
    assert TEST.log_evidence(n, s, 0.8) == pytest.approx(float(expected), abs=1e-9)


@pytest.mark.parametrize("q", [0.3, 0.85, 0.8999])
def test_wrong_success_is_rare_however_often_one_looks(q: float) -> None:
    chance = chance_of_ever(lambda n, s: TEST.verdict(n, s) == "succeeds", q, 250)
    assert chance <= ALPHA
    if q > 0.88:
        assert chance > ALPHA / 20, "the test is valid but should not be wildly conservative at the boundary"


@pytest.mark.parametrize("q", [0.9, 0.93, 0.99])
def test_wrong_failure_is_rare_however_often_one_looks(q: float) -> None:
    assert chance_of_ever(lambda n, s: TEST.verdict(n, s) == "fails", q, 250) <= ALPHA


@pytest.mark.parametrize("q", [0.05, 0.5, 0.9])
def test_interval_misses_the_truth_rarely_at_all_times_together(q: float) -> None:
    def misses(n: int, s: int) -> bool:
        low, high = TEST.interval(n, s)
        return not low <= q <= high

    assert chance_of_ever(misses, q, 100) <= ALPHA


def test_repeated_looks_break_the_fixed_sample_interval() -> None:
    """The same enumeration exposes Clopper-Pearson limits used sequentially, so it can fail."""

    def misses(n: int, s: int) -> bool:
        low, high = clopper_pearson(n, s, ALPHA)
        return not low <= 0.5 <= high

    assert chance_of_ever(misses, 0.5, 100) > 2 * ALPHA


def test_verdict_says_where_the_interval_lies() -> None:
    for n in range(1, 120):
        for s in range(n + 1):
            low, high = TEST.interval(n, s)
            assert low <= s / n <= high
            said = "succeeds" if low >= 0.9 else "fails" if high < 0.9 else "undecided"
            assert TEST.verdict(n, s) == said


def test_nothing_is_known_before_the_first_seed() -> None:
    assert TEST.interval(0, 0) == (0, 1)
    assert TEST.verdict(0, 0) == "undecided"


def test_clear_widths_cost_few_seeds_and_hard_ones_many() -> None:
    share = SuccessTest(0.9, ALPHA / 39)
    assert share.verdict(4, 0) == "fails"
    first_proof = next(n for n in range(1, 200) if share.verdict(n, n) == "succeeds")
    assert first_proof < 90
    assert share.seeds_for_verdict(100, 88, 10**6) > 1000


def test_seeds_for_verdict_finds_the_first_verdict_at_an_unchanged_rate() -> None:
    first = next(n for n in range(11, 200) if TEST.verdict(n, n) == "succeeds")
    assert TEST.seeds_for_verdict(10, 10, 200) == first
    assert TEST.seeds_for_verdict(10, 10, 20) == 20


@pytest.mark.parametrize(("n", "s"), [(1, 0), (1, 1), (20, 0), (20, 13), (20, 20)])
def test_clopper_pearson_equals_scipy(n: int, s: int) -> None:
    expected = binomtest(s, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson(n, s, 0.05) == pytest.approx((expected.low, expected.high), abs=1e-12)
