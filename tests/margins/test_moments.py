"""Widths from the data's own moments: each number against brute force, each width against certificates of networks."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from boundcheck.bounds.data_dependent import DATA_BOUNDS, deviation, perceptron_slack, soft_slack, worst_deviation
from boundcheck.datasets import Dataset, from_arrays, load_dataset
from boundcheck.errors import InputError
from boundcheck.margins.moments import moments, worst_mean
from boundcheck.pipeline.data_bounds import DataField, data_width, eps_field
from boundcheck.records import Labels, TrainingSpec
from boundcheck.training.certificate import certify
from boundcheck.training.intervals import default_comparator
from boundcheck.training.network import initial_weights

RNG = np.random.default_rng(0)


def field(data: Dataset, q: np.ndarray, Z: np.ndarray) -> np.ndarray:
    s = (data.X @ Z.T > 0).T @ ((q * data.y)[:, None] * data.X)
    return np.asarray(s / np.linalg.norm(s, axis=1, keepdims=True))


def uniform(data: Dataset) -> np.ndarray:
    return np.full(len(data.y), 1 / len(data.y))


def logits(data: Dataset, q: np.ndarray, draws: int = 1 << 18) -> np.ndarray:
    Z = np.random.default_rng(99).standard_normal((draws, data.X.shape[1]))
    along = field(data, q, Z) @ data.X.T
    return np.asarray((along * (Z @ data.X.T > 0)).mean(axis=0))


@pytest.fixture(scope="module")
def sphere() -> Dataset:
    X = RNG.standard_normal((30, 6))
    return from_arrays(X, np.sign(X[:, 0] * X[:, 1]), normalize="unit")


def test_moments_are_above_the_means_of_many_draws(sphere: Dataset) -> None:
    q, width, radius = uniform(sphere), 400, 1.0
    z = logits(sphere, q)
    found = moments(sphere.X, sphere.y.astype(float), q, z, eps=0.1, width=width, radius=radius, draws=1 << 15)
    Z = RNG.standard_normal((1 << 17, 6))
    g, along = Z @ sphere.X.T, field(sphere, q, Z) @ sphere.X.T
    edge = radius / math.sqrt(width)
    flips = np.abs(g) <= edge
    share = np.where(flips, along / 2, along * (g > 0))
    half = np.where(flips, np.maximum(np.abs(g) / edge, np.abs(along)) / 2, 0)
    drift = (half - sphere.y * share).mean(axis=0)
    truth = {
        "variance": share.var(axis=0).mean(),
        "weak_variance": np.linalg.eigvalsh(np.cov(share.T))[-1] / 30,
        "flip_variance": half.var(axis=0).mean(),
        "flip_weak_variance": np.linalg.eigvalsh(np.cov(half.T))[-1] / 30,
        "bias": np.sqrt(((np.abs(share.mean(axis=0) - z) + half.mean(axis=0)) ** 2).mean()),
        "shortfall": worst_mean(drift, 0.1),
        "undershoot": worst_mean((drift - sphere.y * z) / 2, 0.1),
    }
    for name, value in truth.items():
        assert value * (1 if value < 0 else 0.99) <= getattr(found, name) <= value + 0.2 * abs(value) + 0.03, name
    assert np.all(found.row_variance >= 0.97 * (half - sphere.y * share).var(axis=0))
    assert np.abs(half - sphere.y * share - drift).max() <= found.row_reach


def test_a_pair_stays_within_its_half_width_whatever_flips() -> None:
    """All four patterns of two members with weights +-g/sqrt(m) + B q/m, against q/2 +- max(u, |q|)/2."""
    for g, q in RNG.uniform(-1, 1, (200, 2)):
        u, nominal = abs(g), q if g > 0 else 0.0
        members = (g + q) / 2, (-g + q) / 2
        patterns = [a * members[0] + b * members[1] for a in (0, 1) for b in (0, 1)]
        middle, half = q / 2, max(u, abs(q)) / 2
        assert max(patterns) == pytest.approx(middle + half)
        assert min(patterns) == pytest.approx(middle - half)
        assert middle - half - 1e-12 <= nominal <= middle + half + 1e-12


def test_deviations_cover_networks_at_their_risk(sphere: Dataset) -> None:
    q, width, risk = uniform(sphere), 100, 0.2
    found = moments(
        sphere.X, sphere.y.astype(float), q, logits(sphere, q), eps=0.1, width=width, radius=1e-6, draws=1 << 15
    )
    truth = logits(sphere, q)
    beyond = np.zeros(2)
    for _ in range(400):
        Z = RNG.standard_normal((width // 2, 6))
        f = (field(sphere, q, Z) @ sphere.X.T * (Z @ sphere.X.T > 0)).mean(axis=0)
        beyond += (
            np.sqrt(((f - truth) ** 2).mean()) > deviation(found, risk),
            worst_mean(-sphere.y * (f - truth), 0.1) > worst_deviation(found, risk),
        )
    for count in beyond:
        assert stats.binomtest(int(count), 400, risk, alternative="greater").pvalue > 1e-3
    assert deviation(found, risk) < 4 * math.sqrt(2 * found.variance / width), "not far above the root mean square"


@pytest.mark.parametrize("labels", ["soft", "hard"])
@pytest.mark.parametrize(("source", "limit"), [("circle:points=8", 4000), ("pair:angle=30", 1200)])
def test_at_its_width_the_certificate_of_the_plain_comparator_fails_no_more_often_than_promised(
    labels: Labels, source: str, limit: int
) -> None:
    """tests/benchmarks/bench_data_bounds.py asks the same of eight data sets, with 200 W(0)."""
    data = load_dataset(f"synthetic:{source}")
    eps, y = 0.15, data.y.astype(np.float64)
    known = eps_field(data, eps)
    found = data_width(data, f"{labels}-data", field=known, eps=eps, draws=1 << 16)
    assert found.radius is not None
    spec = TrainingSpec(labels, DATA_BOUNDS[found.bound].loss, found.radius, 2.0**-20, 10**18)
    failures = 0
    for seed in range(60):
        W0, a = initial_weights(found.width, 2, seed)
        D = default_comparator(W0, a, found.radius, known.q, data.X, y) * (1 - 1e-9)
        failures += certify(data.X, y, known.z, W0, a, D, spec).average_error > eps
    assert stats.binomtest(failures, 60, found.failure_probability, alternative="greater").pvalue > 1e-3
    assert found.width < limit, "the sharp theorems ask for 4,184 and 8,308 neurons on the circle"


def test_fewer_neurons_and_larger_risks_never_help(sphere: Dataset) -> None:
    q = uniform(sphere)
    z = logits(sphere, q)
    one, other = (
        moments(sphere.X, sphere.y.astype(float), q, z, eps=0.1, width=width, radius=1.0, draws=1 << 14)
        for width in (500, 5000)
    )
    for slack in (soft_slack, perceptron_slack):
        assert slack(other, 0.1) > slack(one, 0.1)
        assert slack(one, 0.2) > slack(one, 0.1)
        assert slack(one, 0.1) > slack(one, 0.1, step_size=0.1, steps=1000)
    # what the steps cost: ||D||^2/(2 eta T) is 1/(2 eta T) in units of B^2 (soft), B/(2 eta T eps) in units of B (hard)
    small = replace(one, radius=0.5)
    assert soft_slack(small, 0.1, step_size=0.1, steps=1000) == soft_slack(one, 0.1, step_size=0.1, steps=1000)
    endless, finite = (perceptron_slack(small, 0.1, step_size=0.1, steps=steps) for steps in (None, 1000))
    assert endless - finite == pytest.approx(0.5 / (2 * 0.1 * 1000 * 0.1))
    with pytest.raises(InputError, match="below 4"):
        soft_slack(one, 0.1, step_size=4.0)


def test_worst_mean_is_the_linear_programme() -> None:
    from scipy.optimize import linprog

    for n, eps in ((7, 0.3), (5, 0.1), (10, 0.25)):
        values = RNG.standard_normal(n)
        cap = min(1.0, 1 / (eps * n))
        best = linprog(-values, A_eq=np.ones((1, n)), b_eq=[1], bounds=[(0, cap)] * n)
        assert worst_mean(values, eps) == pytest.approx(-best.fun)


def test_a_field_that_separates_nothing_gives_no_width() -> None:
    data = from_arrays(RNG.standard_normal((20, 3)), np.arange(20) % 2, normalize="unit")
    with pytest.raises(InputError, match="no width suffices"):
        data_width(data, "hard-data", field=DataField(uniform(data), np.zeros(20)), eps=0.01, draws=1 << 14)
    with pytest.raises(InputError, match="strictly between"):
        data_width(data, "hard-data", eps=0.0)
