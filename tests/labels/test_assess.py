"""The whole report: certificate, choice of k, notes."""

import json
import math

import numpy as np
import pytest

from boundcheck.errors import InputError
from boundcheck.labels.assess import soft_label_report
from boundcheck.records.labels import ASSUMPTION_C, DETERMINISTIC, LabelSettings
from boundcheck.softlabels.probabilities import SoftLabels, soft_labels


def bad_but_skillful(n: int, seed: int = 0, classes: int = 10) -> tuple[SoftLabels, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    wrong = (y + rng.integers(1, classes, n)) % classes
    return soft_labels(0.4 * np.eye(classes)[y] + 0.6 * np.eye(classes)[wrong]), y


def noise(n: int, seed: int = 0, classes: int = 10) -> tuple[SoftLabels, np.ndarray]:
    rng = np.random.default_rng(seed)
    return soft_labels(rng.dirichlet(np.ones(classes), n)), rng.integers(0, classes, n)


def test_the_certificate_orders_good_and_useless_labels() -> None:
    good = soft_label_report(*bad_but_skillful(1100), LabelSettings(deterministic=False))
    assert good.certified
    assert not good.refuted
    assert good.k == 2
    assert good.k_choice == "half"
    assert good.n_used == 550
    assert good.assumption == ASSUMPTION_C
    useless = soft_label_report(*noise(1100), LabelSettings(deterministic=False))
    assert not useless.certified
    assert any("no guarantee" in note for note in useless.notes)


def test_labels_that_always_mislead_are_refuted() -> None:
    y = np.arange(4000) % 2
    report = soft_label_report(soft_labels((1.0 - y) * 0.8 + 0.1), y, LabelSettings(deterministic=False))
    assert report.refuted
    assert report.kappa is not None
    assert report.kappa.upper < 0


def test_false_certificates_are_rarer_than_alpha() -> None:
    """No information: kappa = 0 for every k, also after k was chosen for looking best, with or without a split."""
    runs, alpha = 150, 0.3
    for split in (True, False):
        false = sum(
            soft_label_report(
                *noise(150, seed, 4), LabelSettings(alpha=alpha, split=split, deterministic=False)
            ).certified
            for seed in range(runs)
        )
        assert false / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_without_a_split_every_interval_pays_for_the_choice() -> None:
    labels, y = bad_but_skillful(800)
    chosen = soft_label_report(labels, y, LabelSettings(split=False))
    given = soft_label_report(labels, y, LabelSettings(k=2))
    strict = soft_label_report(labels, y, LabelSettings(k=2, alpha=0.05 / 9))
    assert chosen.kappa == strict.kappa
    assert chosen.kappa != given.kappa
    assert chosen.joint_confidence == 0.95


def test_a_deterministic_teacher_gets_diagnostics_only() -> None:
    labels, y = bad_but_skillful(3000)
    report = soft_label_report(labels, y, LabelSettings(k=2))
    assert report.kappa is not None
    assert report.kappa.lower > 0
    assert not report.certified
    assert report.assumption == DETERMINISTIC
    assert report.error_bound is None
    assert all("any label sets" in row.theorem for row in report.sample_sizes)


def test_sample_sizes_at_the_bound_exceed_those_at_the_value() -> None:
    report = soft_label_report(
        *bad_but_skillful(5000), LabelSettings(k=2, natarajan=5, class_size=1000, deterministic=False)
    )
    assert len(report.sample_sizes) == 5
    for row in report.sample_sizes:
        assert row.at_value is not None
        assert row.at_bound is not None
        assert row.at_bound > row.at_value


def test_no_guarantee_is_none_and_says_so() -> None:
    report = soft_label_report(*noise(300), LabelSettings(k=3, class_size=10, deterministic=False))
    assert all(row.at_bound is None for row in report.sample_sizes)
    assert any("missed at worst + ambiguity >= 1: no guarantee" in note for note in report.notes)


def test_class_without_examples_is_named() -> None:
    report = soft_label_report(soft_labels(np.eye(3)[[0, 1] * 300]), np.array([0, 1] * 300))
    assert not report.certified
    assert any("class 2 has no example" in note for note in report.notes)


def test_top_k_accuracy_below_chance_is_named() -> None:
    """Delta_max + gamma < 1 needs top-k accuracy above k/L in every class."""
    y = np.repeat([0, 1, 2], 300)
    top = np.where(y == 2, np.arange(900) % 2, y)
    report = soft_label_report(soft_labels(np.eye(3)[top]), y, LabelSettings(k=1))
    assert not report.marginal_condition
    assert any("does not beat chance (1/3) in class 2" in note for note in report.notes)


def test_without_truth_only_the_labels_own_claim_is_left() -> None:
    """mean min(p, 1 - p) for two classes."""
    report = soft_label_report(soft_labels([0.1, 0.8, 0.5]))
    assert report.self_estimated_delta == pytest.approx((0.1 + 0.2 + 0.5) / 3)
    assert report.delta is None
    assert not report.certified
    assert "calibrated" in report.assumption
    with pytest.raises(InputError, match="--truth"):
        soft_label_report(soft_labels([[3.0, 1.0]], normalised=False))


def test_self_estimate_is_right_for_calibrated_labels() -> None:
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(4), 40_000)
    y = (rng.random(40_000)[:, None] > weights.cumsum(1)).sum(1).clip(0, 3)
    report = soft_label_report(soft_labels(weights), y, LabelSettings(k=2))
    assert report.self_estimated_delta is not None
    assert report.delta is not None
    assert report.delta.lower <= report.self_estimated_delta <= report.delta.upper


def test_temperature_changes_calibration_but_no_indicator() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 5, 600)
    logits = rng.normal(size=(600, 5)) * 2 + np.eye(5)[y]
    cool, warm = (soft_label_report(soft_labels(logits=logits / t), y, LabelSettings(k=2)) for t in (0.01, 3.0))
    for name in ("delta", "delta_max", "gamma", "kappa", "psi", "psi_pairs"):
        assert getattr(cool, name) == getattr(warm, name)
    assert cool.calibration is not None
    assert warm.calibration is not None
    assert cool.calibration.log_loss.value > warm.calibration.log_loss.value + 1
    assert cool.calibration.temperature is not None
    assert warm.calibration.temperature is not None
    ratio = cool.calibration.temperature.value / warm.calibration.temperature.value
    assert ratio == pytest.approx(300, rel=1e-6)


@pytest.mark.parametrize(
    "bad",
    [
        {"k": 0},
        {"k": 10},
        {"alpha": 0},
        {"alpha": 1},
        {"eps": 0},
        {"failure": 1},
        {"natarajan": 0},
        {"class_size": 0},
    ],
)
def test_settings_out_of_range(bad: dict[str, int]) -> None:
    with pytest.raises(InputError):
        soft_label_report(*bad_but_skillful(50), LabelSettings(**bad))  # type: ignore[arg-type]


def test_a_single_row_is_enough_with_k_given() -> None:
    report = soft_label_report(soft_labels([[0.2, 0.5, 0.3]]), [1], LabelSettings(k=1))
    assert not report.certified
    with pytest.raises(InputError, match="--k"):
        soft_label_report(soft_labels([[0.2, 0.5, 0.3]]), [1])


def test_the_record_is_json() -> None:
    body = soft_label_report(*bad_but_skillful(300), LabelSettings(k=2)).to_json()
    for key in ("delta", "delta_max", "gamma", "kappa", "psi"):
        assert set(body[key]) == {"value", "lower", "upper"}
    assert {"k", "certified", "assumption"} <= set(body)
    json.dumps(body)
