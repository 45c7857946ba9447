"""Indicators against counting by hand, closed forms and simulated coverage."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import skillful_but_bad
from scipy.stats import beta, binomtest

from boundcheck.errors import InputError
from boundcheck.labels.dominance import psi, psi_hull
from boundcheck.labels.quality import choose_k, indicators, split
from boundcheck.numerics import clopper_pearson_lower, clopper_pearson_upper
from boundcheck.records.base import Estimate
from boundcheck.records.labels import Ties
from boundcheck.softlabels.estimates import proportion
from boundcheck.softlabels.probabilities import soft_labels, top_k


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_values_against_counting_by_hand(seed: int, classes: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    members, y = rng.random((n, classes)) < 0.5, rng.integers(0, classes, n)
    found = indicators(members, y)
    missing, intruding, gaps, a, b = [], [], [], [], []
    for c in range(classes):
        sets = [set(np.flatnonzero(m)) for m, truth in zip(members, y, strict=True) if truth == c]
        if not sets:
            continue
        missing.append(sum(c not in s for s in sets) / len(sets))
        for other in set(range(classes)) - {c}:
            inside = sum(other in s for s in sets) / len(sets)
            intruding.append(inside)
            gaps.append(1 - missing[-1] - inside)
            a.append(sum(c in s and other not in s for s in sets) / len(sets))
            b.append(sum(c not in s and other in s for s in sets) / len(sets))
    assert found.delta.value == pytest.approx(
        np.mean([t not in np.flatnonzero(m) for m, t in zip(members, y, strict=True)])
    )
    assert found.delta_max.value == pytest.approx(max(missing))
    assert found.gamma.value == pytest.approx(max(intruding))
    assert found.kappa.value == pytest.approx(min(gaps))
    assert found.psi.value == pytest.approx(psi(max(missing), max(intruding)))
    assert found.psi_pairs.value == pytest.approx(psi_hull(np.array(a), np.array(b)))
    assert found.psi_pairs.value >= found.psi.value - 1e-9
    for estimate in (found.delta, found.delta_max, found.gamma, found.kappa, found.psi, found.psi_pairs):
        assert estimate.lower <= estimate.value + 1e-9
        assert estimate.value <= estimate.upper + 1e-9


def test_limits_against_beta_quantiles_pair_by_pair() -> None:
    """theory: Estimated quality: alpha/4 for Delta, and shares of alpha/4 for classes, pairs, and sides of (a, b)."""
    rng, classes, n, alpha = np.random.default_rng(3), 4, 700, 0.07
    y = rng.integers(0, classes, n)
    members = rng.random((n, classes)) < 0.25 + 0.6 * np.eye(classes)[y]

    def low(count: int, total: int, level: float) -> float:
        return float(beta.ppf(level, count, total - count + 1)) if count else 0.0

    def high(count: int, total: int, level: float) -> float:
        return float(beta.ppf(1 - level, count + 1, total - count)) if count < total else 1.0

    missed, wrong, lead, pairs = [], [], [], []
    share = alpha / 4
    for c in range(classes):
        sets = members[y == c]
        total, miss = len(sets), int((~sets[:, c]).sum())
        missed.append([limit(miss, total, share / classes / 2) for limit in (low, high)])
        for other in set(range(classes)) - {c}:
            inside, level = int(sets[:, other].sum()), share / (classes * (classes - 1)) / 2
            wrong.append([limit(inside, total, level) for limit in (low, high)])
            a = low(int((sets[:, c] & ~sets[:, other]).sum()), total, level)
            b = high(int((~sets[:, c] & sets[:, other]).sum()), total, level)
            pairs.append((a, b))
            bounds = [1 - missed[-1][1] - wrong[-1][1], 1 - missed[-1][0] - wrong[-1][0]]
            lead.append([max(a - b, bounds[0]), bounds[1]])
    found = indicators(members, y, alpha=alpha)
    outside = int((~members[np.arange(n), y]).sum())
    assert (found.delta.lower, found.delta.upper) == pytest.approx(
        (low(outside, n, share / 2), high(outside, n, share / 2))
    )
    assert (found.delta_max.lower, found.delta_max.upper) == pytest.approx(tuple(np.max(missed, axis=0)))
    assert (found.gamma.lower, found.gamma.upper) == pytest.approx(tuple(np.max(wrong, axis=0)))
    assert (found.kappa.lower, found.kappa.upper) == pytest.approx(tuple(np.min(lead, axis=0)))
    assert found.psi.lower == pytest.approx(psi(found.delta_max.upper, found.gamma.upper))
    assert found.psi_pairs.lower == pytest.approx(psi_hull(*np.array(pairs).T))
    assert found.psi_pairs.upper == pytest.approx(found.kappa.upper)


@pytest.mark.parametrize(("count", "total"), [(0, 7), (7, 7), (3, 10), (400, 1000)])
@pytest.mark.parametrize("alpha", [0.05, 1e-6])
def test_limits_are_those_of_scipy(count: int, total: int, alpha: float) -> None:
    found = proportion(count, total, alpha)
    reference = binomtest(count, total).proportion_ci(1 - alpha, method="exact")
    assert (found.lower, found.upper) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_no_trial_leaves_the_unit_interval() -> None:
    zero = np.array(0)
    assert (clopper_pearson_lower(zero, zero, 0.01), clopper_pearson_upper(zero, zero, 0.01)) == (0, 1)


def test_correct_one_hot_labels_are_perfect() -> None:
    y = np.random.default_rng(0).integers(0, 10, 2000)
    found = indicators(top_k(soft_labels(np.eye(10)[y]), 1), y)
    assert (found.delta.value, found.gamma.value, found.kappa.value, found.psi.value) == (0, 0, 1, 1)
    assert found.kappa.lower > 0.8
    assert found.kappa.upper == 1


@pytest.mark.parametrize("k", [1, 3, 7])
def test_random_ranking_is_the_null(k: int) -> None:
    """Delta = 1 - k/L, gamma = k/L, kappa = 0; mean inclusion of wrong labels (k - 1 + Delta)/(L - 1) exactly."""
    n, classes = 200_000, 10
    rng = np.random.default_rng(k)
    y, members = rng.integers(0, classes, n), top_k(soft_labels(rng.random((n, classes)), normalised=False), k)
    found = indicators(members, y)
    assert abs(found.delta.value - (1 - k / classes)) < 0.004
    assert abs(found.kappa.value) < 0.03
    assert found.kappa.lower <= 0 <= found.kappa.upper
    wrong = (members.sum() - members[np.arange(n), y].sum()) / (n * (classes - 1))
    assert wrong == pytest.approx((k - 1 + found.delta.value) / (classes - 1), abs=1e-12)
    assert found.gamma.value >= (k - 1 + found.delta_max.value) / (classes - 1)


def test_symmetric_noise_with_a_top_one_accuracy_of_thirty_per_cent_is_consistent() -> None:
    """Delta = e, gamma = e/(L-1), kappa = 1 - e L/(L-1) = .222 at e = .7, L = 10."""
    rng, n = np.random.default_rng(2), 100_000
    y = rng.integers(0, 10, n)
    top = np.where(rng.random(n) < 0.7, (y + rng.integers(1, 10, n)) % 10, y)
    found = indicators(top_k(soft_labels(np.eye(10)[top]), 1), y)
    assert found.delta.lower <= 0.7 <= found.delta.upper
    assert found.gamma.lower <= 0.7 / 9 <= found.gamma.upper
    assert found.kappa.lower <= 1 - 0.7 * 10 / 9 <= found.kappa.upper
    assert found.kappa.lower > 0.15


def test_skillful_but_bad_labels_are_useless_at_one_and_perfect_at_two() -> None:
    y = np.random.default_rng(3).integers(0, 10, 20_000)
    labels = soft_labels(skillful_but_bad(y, 10, 4))
    assert indicators(top_k(labels, 1), y).delta.value == 1
    found = indicators(top_k(labels, 2), y)
    assert found.delta.value == 0
    assert found.gamma.lower <= 1 / 9 <= found.gamma.upper
    assert found.psi.lower <= 1 - 1 / 9 <= found.psi.upper
    assert choose_k(labels, y) == 2


def test_two_classes_depend_on_the_worse_class_only() -> None:
    """Delta_max = gamma = max e, kappa = 1 - 2 max e; Delta + gamma < 1 on average is not enough (.2 + .6 < 1)."""
    rng, n = np.random.default_rng(5), 50_000
    y = (rng.random(n) > 0.2).astype(int)
    flipped = rng.random(n) < np.where(y == 0, 0.6, 0.1)
    found = indicators(top_k(soft_labels(np.where(flipped, 1 - y, y).astype(float)), 1), y)
    assert found.delta.lower <= 0.2 <= found.delta.upper
    assert found.delta.value + found.gamma.value < 1
    assert found.delta_max.value == found.gamma.value
    assert found.kappa.value == pytest.approx(1 - 2 * found.gamma.value)
    assert found.kappa.upper < 0
    assert found.psi.value == 0


def test_kappa_may_be_positive_where_delta_and_gamma_exceed_one() -> None:
    """Class 1 (Delta .7, gamma .1), class 2 (Delta 0, gamma .6): the sum is 1.3, kappa .2."""
    n = 1000
    members = np.zeros((2 * n, 4), dtype=bool)
    y = np.repeat([0, 1], n)
    members[:300, 0] = True
    members[300:400, 1], members[400:500, 2], members[500:600, 3] = True, True, True
    members[n:, 1] = True
    members[n : n + 600, 2] = True
    found = indicators(members, y)
    assert found.delta_max.value + found.gamma.value == pytest.approx(1.3)
    assert found.kappa.value == pytest.approx(0.2)
    assert found.psi.value == 0
    assert found.psi_pairs.value > 0


def test_a_class_without_examples_cannot_be_certified() -> None:
    y = np.repeat([0, 1], 500)
    found = indicators(np.eye(3, dtype=bool)[y], y)
    assert found.empty_classes == (2,)
    assert found.delta_max == Estimate(0.0, pytest.approx(0), 1.0)  # type: ignore[arg-type]
    assert found.kappa.value == 1
    assert found.kappa.lower <= 0
    assert found.classes[2].kappa is None


def test_delta_falls_and_gamma_grows_with_k() -> None:
    rng = np.random.default_rng(6)
    y = rng.integers(0, 8, 3000)
    labels = soft_labels(logits=rng.normal(size=(3000, 8)) + 1.5 * np.eye(8)[y])
    rows = [indicators(top_k(labels, k), y) for k in range(1, 9)]
    for before, after in itertools.pairwise(rows):
        assert after.delta.value <= before.delta.value
        assert after.delta_max.value <= before.delta_max.value
        assert after.gamma.value >= before.gamma.value
    assert (rows[-1].delta.value, rows[-1].gamma.value) == (0, 1)


@pytest.mark.parametrize("ties", ["random", "inclusive", "exclusive"])
def test_choose_k_is_the_exhaustive_maximum(ties: Ties) -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 6, 400)
        near = 0.9 * np.eye(6)[y] + rng.random() * np.eye(6)[(y + 1 + (rng.random(400) < 0.5)) % 6]
        labels = soft_labels(logits=np.round(rng.normal(size=(400, 6)) + 2 * near, 1))
        scores = [indicators(top_k(labels, k, ties=ties), y).psi_pairs.value for k in range(1, 6)]
        assert choose_k(labels, y, ties=ties) == 1 + int(np.argmax(scores))


def test_halves_are_disjoint_seeded_and_need_two_rows() -> None:
    first, rest = split(101, 0)
    assert sorted([*first, *rest]) == list(range(101))
    assert len(first) == 50
    assert (split(101, 0)[0] == first).all()
    assert (split(101, 1)[0] != first).any()
    with pytest.raises(InputError, match="--k"):
        split(1, 0)


def coverage(runs: int, n: int, alpha: float) -> np.ndarray:
    """How often each interval holds the truth, then all of them at once: random confusion matrices, L = 4, k = 1."""
    classes, hits = 4, np.zeros((runs, 7))
    for run in range(runs):
        rng = np.random.default_rng([11, run])
        confusion = rng.dirichlet(np.full(classes, 0.5), classes) * 0.4 + 0.6 * np.eye(classes)
        share = rng.dirichlet(np.full(classes, 4.0))
        y = rng.choice(classes, n, p=share)
        top = (rng.random(n)[:, None] > confusion[y].cumsum(1)).sum(1).clip(0, classes - 1)
        found = indicators(np.eye(classes, dtype=bool)[top], y, alpha=alpha)
        missed, wrong = 1 - np.diagonal(confusion), ~np.eye(classes, dtype=bool)
        delta_max, gamma = missed.max(), confusion[wrong].max()
        a, b = np.broadcast_to(1 - missed[:, None], (classes, classes))[wrong], confusion[wrong]
        truths = [share @ missed, delta_max, gamma, (a - b).min(), psi(delta_max, gamma), psi_hull(a, b)]
        estimates = [found.delta, found.delta_max, found.gamma, found.kappa, found.psi, found.psi_pairs]
        inside = [e.lower - 1e-9 <= t <= e.upper + 1e-9 for e, t in zip(estimates, truths, strict=True)]
        hits[run] = [*inside, all(inside)]
    return hits.mean(axis=0)


def test_all_intervals_hold_jointly() -> None:
    """At alpha = .2, so that the test would see intervals that are too short."""
    runs, alpha = 400, 0.2
    found = coverage(runs, 400, alpha)
    assert found[-1] >= 1 - alpha - 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert found[0] < 1  # the simulation does produce misses
