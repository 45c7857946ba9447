"""Calibration: binned error, temperature and proper scores."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from boundcheck.softlabels.calibration import calibration, expected_calibration_error, fit_temperature
from boundcheck.softlabels.probabilities import soft_labels


def draw(n: int, seed: int, scale: float, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Logits z and classes drawn from softmax(z), then logits multiplied by `scale`: the right temperature is scale."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, classes)) * 2
    y = (rng.random(n)[:, None] > softmax(z, axis=1).cumsum(1)).sum(1).clip(0, classes - 1)
    return scale * z, y


def test_binned_error_by_hand() -> None:
    """Two bins of [0, 1]: the residuals sum to -.6 in the lower and to -.4 in the upper, which holds 1."""
    claimed = np.array([0.1, 0.5 - 1e-9, 0.6, 0.8, 1.0])
    event = np.array([False, False, True, True, False])
    expected = (0.6 + 0.4) / 5
    assert expected_calibration_error(claimed, event, bins=2).value == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("bins", [1, 5, 15])
def test_binned_error_against_a_loop(bins: int) -> None:
    rng = np.random.default_rng(0)
    claimed, event = rng.random(700), rng.random(700) < 0.4
    total = 0.0
    for b in range(bins):
        inside = (claimed >= b / bins) & ((claimed < (b + 1) / bins) | (b == bins - 1))
        if inside.any():
            total += inside.mean() * abs(event[inside].mean() - claimed[inside].mean())
    assert expected_calibration_error(claimed, event, bins=bins).value == pytest.approx(total)


@pytest.mark.parametrize("shift", [0.0, 0.15])
def test_the_interval_of_the_binned_error_holds(shift: float) -> None:
    """True binned error: 0 for calibrated labels, `shift` for labels that claim that much too little."""
    hits = 0
    for seed in range(300):
        rng = np.random.default_rng([seed, 5])
        claimed = rng.random(500) * 0.8
        event = rng.random(500) < claimed + shift
        found = expected_calibration_error(claimed, event, alpha=0.1)
        hits += found.lower <= shift <= found.upper
    assert hits >= 270


def test_calibrated_labels_look_miscalibrated_in_small_samples() -> None:
    """Why the interval is not a bootstrap of the plug-in value."""
    rng = np.random.default_rng(1)
    claimed = rng.random(200)
    assert expected_calibration_error(claimed, rng.random(200) < claimed).value > 0.03


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0, 1e4])
def test_temperature_recovers_the_scale_of_the_logits(scale: float, classes: int) -> None:
    logits, y = draw(20_000, classes, scale, classes)
    found = fit_temperature(logits, y, alpha=1e-4)
    assert found.lower <= scale <= found.upper
    assert found.upper / found.lower < 1.3
    best = minimize_scalar(
        lambda t: -log_softmax(logits / math.exp(t), axis=1)[np.arange(len(y)), y].mean(),
        bounds=(math.log(scale) - 1, math.log(scale) + 1),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert found.value == pytest.approx(math.exp(best.x), rel=1e-5)


def test_the_interval_of_the_temperature_covers() -> None:
    hits = 0
    for seed in range(200):
        found = fit_temperature(*draw(400, seed, 2.0), alpha=0.05)
        hits += found.lower <= 2.0 <= found.upper
    assert 0.9 <= hits / 200 <= 1.0


def test_temperature_at_its_ends() -> None:
    y = np.array([0, 1, 1])
    right = np.array([[2.0, 1], [0, 1], [0, 3]])
    assert fit_temperature(right, y).value == 0
    assert fit_temperature(-right, y).value == math.inf
    assert fit_temperature(np.zeros((3, 2)), y).upper == math.inf


def test_temperature_is_invariant_to_a_constant_per_row() -> None:
    logits, y = draw(500, 3, 1.7, 4)
    shifted = logits + np.random.default_rng(0).normal(size=(500, 1)) * 10
    assert fit_temperature(shifted, y).value == pytest.approx(fit_temperature(logits, y).value, rel=1e-9)


def test_over_confident_posteriors_are_repaired_by_their_temperature() -> None:
    logits, y = draw(4000, 8, 6.0)
    report = calibration(softmax(logits, axis=1), y, logits)
    assert report.temperature is not None
    assert report.temperature.value == pytest.approx(6, rel=0.15)
    assert report.log_loss_at_temperature is not None
    assert report.log_loss_at_temperature < report.log_loss.value - 0.1
    assert report.self_estimated_error < report.error.lower
    assert report.ece.lower > 0


def test_each_half_is_scaled_by_the_temperature_of_the_other() -> None:
    logits, y = draw(60, 1, 3.0)
    first, second = (np.random.default_rng(4).permutation(60)[i::2] for i in (0, 1))
    total = 0.0
    for here, there in ((first, second), (second, first)):
        scaled = logits[here] / fit_temperature(logits[there], y[there], smoothing=1 / 31).value
        total -= float(log_softmax(scaled, axis=1)[range(30), y[here]].sum())
    found = calibration(softmax(logits, axis=1), y, logits, seed=4).log_loss_at_temperature
    assert found == pytest.approx(total / 60, rel=1e-9)


def test_the_log_loss_at_the_temperature_is_finite_where_one_half_is_all_right() -> None:
    """Without the extra row T = 0 for the half without the wrong row, which then costs an infinite loss."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 20)
    logits = np.stack([np.zeros(40), (2 * y - 1) * rng.uniform(1, 3, 40)], axis=1)
    logits[7] *= -1
    for seed in range(5):
        found = calibration(softmax(logits, axis=1), y, logits, seed=seed)
        assert found.log_loss_at_temperature is not None
        assert 0 < found.log_loss_at_temperature < 0.3


def test_smoothing_is_one_row_more_whose_class_is_anyones_guess() -> None:
    """Against the minimiser of the summed loss, by bisection of its own derivative in beta."""
    logits, y = draw(40, 1, 3.0)
    rows = [(row, label, 1.0) for row, label in zip(logits, y, strict=True)]
    rows = [(row, label, 40 / 41) for row, label, _ in rows] + [(row, c, 1 / 82) for row in logits for c in (0, 1)]

    def slope(beta: float) -> float:
        return sum(weight * (softmax(beta * row) @ row - row[label]) for row, label, weight in rows)

    low, high = 1e-3, 1e3
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    assert fit_temperature(logits, y, smoothing=1 / 41).value == pytest.approx(1 / low, rel=1e-8)


def test_scores_of_a_known_example() -> None:
    labels = soft_labels([0.25, 0.5, 0.9])
    report = calibration(labels.weights, np.array([0, 1, 0]), alpha=0.05)
    assert report.error.value == pytest.approx((0 + 0.5 + 1) / 3)
    assert report.brier.value == pytest.approx(2 * (0.0625 + 0.25 + 0.81) / 3)
    assert report.log_loss.value == pytest.approx(-(math.log(0.75) + math.log(0.5) + math.log(0.1)) / 3)
    assert report.self_estimated_error == pytest.approx((0.25 + 0.5 + 0.1) / 3)


def test_weights_of_zero_without_logits_have_no_temperature() -> None:
    report = calibration(np.eye(3)[[0, 1, 2]], np.array([0, 1, 2]))
    assert report.temperature is None
    assert report.log_loss.value == 0
    wrong = calibration(np.eye(3)[[0, 1, 2]], np.array([0, 1, 1]))
    assert wrong.log_loss.value == math.inf
    assert (report.impossible, wrong.impossible) == (0, 1)


def test_logits_keep_the_loss_finite_where_weights_underflow() -> None:
    logits = np.array([[0.0, 2000.0], [0.0, 2000.0], [0.0, -2000.0]])
    report = calibration(expit(logits - logits[:, ::-1]), np.array([0, 1, 0]), logits)
    assert report.log_loss.value == pytest.approx(2000 / 3)


def test_top_label_above_two_classes() -> None:
    """.9 claimed for the top label of four, three of them right."""
    weights = np.full((4, 3), 0.05) + 0.85 * np.eye(3)[[0, 1, 2, 0]]
    assert calibration(weights, np.array([0, 1, 2, 1])).ece.value == pytest.approx(0.15)
