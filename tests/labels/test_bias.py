"""Bias, and the margin of soft cross-entropy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundcheck.errors import InputError
from boundcheck.labels.bias import bias
from boundcheck.labels.quality import indicators
from boundcheck.softlabels.probabilities import soft_labels, top_k


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_small_bias_means_small_delta(seed: int, classes: int) -> None:
    """P(y not in Omega_k) <= (k+1)/k B/2 on every sample, for every k."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, 60)
    labels = soft_labels(logits=rng.normal(size=(60, classes)) + rng.random() * 6 * np.eye(classes)[y])
    for k in range(1, classes):
        found = bias(labels, y, k)
        delta = indicators(top_k(labels, k, ties="exclusive"), y).delta.value
        assert delta <= (k + 1) / k * found.bias.value / 2 + 1e-12
        assert found.delta_bound is not None
        assert delta <= found.delta_bound + 1e-12


def test_bias_is_the_l1_distance() -> None:
    rng = np.random.default_rng(0)
    labels, y = soft_labels(rng.dirichlet(np.ones(4), 50)), rng.integers(0, 4, 50)
    distance = np.abs(labels.weights - np.eye(4)[y]).sum(1).mean()
    assert bias(labels, y, 1).bias.value == pytest.approx(distance)


def test_large_bias_does_not_mean_large_delta() -> None:
    """.6 on one random wrong label, .4 on the true one: B = 1.2, Delta = 0 at k = 2, margin .4 - .6/9 of soft CE."""
    rng, n = np.random.default_rng(1), 40_000
    y = rng.integers(0, 10, n)
    weights = 0.4 * np.eye(10)[y] + 0.6 * np.eye(10)[(y + rng.integers(1, 10, n)) % 10]
    found = bias(soft_labels(weights), y, 2)
    assert found.bias.value == pytest.approx(1.2)
    assert found.soft_ce_margin is not None
    assert found.soft_ce_margin.lower <= 0.4 - 0.6 / 9 <= found.soft_ce_margin.upper
    assert found.soft_ce_margin.lower > 0.2


def test_a_missing_class_leaves_the_margin_unknown() -> None:
    assert bias(soft_labels(np.eye(3)[[0, 1]]), np.array([0, 1]), 1).soft_ce_margin is None


def test_against_a_known_posterior() -> None:
    found = bias(soft_labels([0.2, 0.6, 0.9]), np.array([0, 1, 1]), 1, posterior=np.array([0.3, 0.4, 0.9]))
    assert found.posterior_bias is not None
    assert found.sign_disagreement is not None
    assert found.posterior_bias.value == pytest.approx(0.1)
    assert found.sign_disagreement.value == pytest.approx(1 / 3)


@pytest.mark.parametrize("eta", [[0.1, 0.2], [0.1, 0.2, 1.2], [0.1, 0.2, np.nan]])
def test_a_posterior_that_is_none_is_refused(eta: list[float]) -> None:
    with pytest.raises(InputError, match="posterior"):
        bias(soft_labels([0.2, 0.6, 0.9]), np.array([0, 1, 1]), 1, posterior=np.array(eta))


def test_intervals_cover() -> None:
    """E d_y = .6 and E d_l = .2 over three classes: margin .4, bias .8."""
    hits = np.zeros(2)
    for seed in range(200):
        rng = np.random.default_rng([seed, 9])
        y = rng.integers(0, 3, 120)
        top = np.where(rng.random(120) < 0.6, y, (y + rng.integers(1, 3, 120)) % 3)
        found = bias(soft_labels(np.eye(3)[top]), y, 1, alpha=0.1)
        assert found.soft_ce_margin is not None
        hits += [
            found.bias.lower <= 0.8 <= found.bias.upper,
            found.soft_ce_margin.lower <= 0.4 <= found.soft_ce_margin.upper,
        ]
    assert (hits >= 180).all()


@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_bound_on_delta_is_sharp(k: int) -> None:
    """d_y just below 1/(k+1), k wrong labels just above: the truth is always missed and (k+1)/k B/2 is 1."""
    y = np.arange(600) % 6
    weights = np.zeros((600, 6))
    for shift in range(k):
        weights[np.arange(600), (y + 1 + shift) % 6] = (1 + 1e-9 / k) / (k + 1)
    weights[np.arange(600), y] = (1 - 1e-9) / (k + 1)
    labels = soft_labels(weights)
    found = bias(labels, y, k)
    assert indicators(top_k(labels, k), y).delta.value == 1
    assert (k + 1) / k * found.bias.value / 2 == pytest.approx(1)
    assert found.delta_bound == 1
