"""Intervals of means over seeds, against SciPy's tests and by simulation; verdicts on differences."""

import math

import numpy as np
import pytest
from scipy.stats import beta, ttest_1samp, ttest_rel

from boundcheck.experiments.estimates import crossed, difference, estimate, paired, percent, positive, proportion
from boundcheck.records.reproduce import MeanInterval

VALUES = np.random.default_rng(0).normal(0.9, 0.02, 20)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_the_interval_of_a_mean_is_students(confidence: float) -> None:
    ours = estimate(VALUES.tolist(), confidence)
    theirs = ttest_1samp(VALUES, 0).confidence_interval(confidence)
    assert (ours.lower, ours.upper) == pytest.approx((theirs.low, theirs.high), rel=1e-12)
    assert ours.runs == 20


def test_the_paired_interval_is_that_of_the_paired_test() -> None:
    other = VALUES + np.random.default_rng(1).normal(0.01, 0.005, 20)
    ours, theirs = paired(other.tolist(), VALUES.tolist()), ttest_rel(other, VALUES).confidence_interval()
    assert (ours.lower, ours.upper) == pytest.approx((theirs.low, theirs.high), rel=1e-10)


def test_one_run_says_nothing() -> None:
    assert math.isinf(estimate([0.5]).upper)
    assert math.isinf(crossed(np.zeros((1, 9))).upper)
    assert math.isinf(crossed(np.zeros((9, 1))).upper)


def test_without_spread_over_points_the_crossed_interval_is_students() -> None:
    same = np.repeat(VALUES[:, None], 50, axis=1)
    ours, theirs = crossed(same), estimate(VALUES.tolist())
    assert (ours.mean, ours.lower, ours.upper) == pytest.approx((theirs.mean, theirs.lower, theirs.upper), rel=1e-12)


@pytest.mark.parametrize("kind", ["crossed", "student"])
def test_only_the_crossed_interval_covers_when_points_are_drawn_too(kind: str) -> None:
    """Seed and point effects, 10 x 60: at least 95 % coverage; ignoring the points, coverage collapses."""
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(1000):
        x = rng.normal(0, 0.1, (10, 1)) + rng.normal(0, 1, (1, 60)) + rng.normal(0, 0.3, (10, 60))
        interval = crossed(x) if kind == "crossed" else estimate(x.mean(axis=1).tolist())
        hits += interval.lower <= 0 <= interval.upper
    assert hits >= 940 if kind == "crossed" else hits < 700


def test_a_proportions_interval_is_that_of_the_beta_quantiles() -> None:
    ours = proportion(355, 360)
    assert (ours.lower, ours.upper) == pytest.approx((beta.ppf(0.025, 355, 6), beta.ppf(0.975, 356, 5)), rel=1e-9)


def test_variances_of_independent_estimates_add() -> None:
    both = difference(MeanInterval(0.5, 0.2, 0.8, 9, 0.95), MeanInterval(0.1, -0.3, 0.5, 9, 0.95))
    assert (both.mean, both.lower, both.upper) == pytest.approx((0.4, -0.1, 0.9))


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (0.1, 0.3, "holds"),
        (-0.1, 0.3, "undecided"),
        (0.0, 0.3, "undecided"),
        (-0.3, -0.1, "refuted"),
        (0, 0, "refuted"),
    ],
)
def test_verdicts(lower: float, upper: float, verdict: str) -> None:
    assert positive(MeanInterval((lower + upper) / 2, lower, upper, 5, 0.95)) == verdict


def test_percent() -> None:
    assert percent(MeanInterval(0.9658, 0.9621, 0.9695, 20, 0.95)) == "96.58 [96.21, 96.95]"
