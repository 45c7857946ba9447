"""Weak supervision: closed forms against simulation and against 30-digit integration."""

import mpmath
import numpy as np
import pytest

from boundcheck.errors import InputError
from boundcheck.labels.assess import soft_label_report
from boundcheck.labels.quality import indicators
from boundcheck.labels.weak import additive_noise, incomplete_supervision, partial_labels
from boundcheck.records.labels import LabelSettings
from boundcheck.softlabels.probabilities import soft_labels, top_k


@pytest.mark.parametrize(
    ("sigma", "k", "delta", "gamma"), [(0.5, 1, 0.3264, 0.0363), (1, 2, 0.4746, 0.1638), (2, 3, 0.5259, 0.2807)]
)
def test_additive_noise_reference_values(sigma: float, k: int, delta: float, gamma: float) -> None:
    found = additive_noise(sigma, k, 10)
    assert found.delta == pytest.approx(delta, abs=6e-5)
    assert found.gamma == pytest.approx(gamma, abs=6e-5)


@pytest.mark.parametrize("sigma", [1e-3, 0.05, 0.3, 1.0, 50.0])
@pytest.mark.parametrize(("k", "classes"), [(1, 2), (2, 5), (6, 7)])
def test_additive_noise_in_thirty_digits(sigma: float, k: int, classes: int) -> None:
    with mpmath.workdps(30):

        def density(t: mpmath.mpf) -> mpmath.mpf:
            q = mpmath.erfc((t + 1 / mpmath.mpf(sigma)) / mpmath.sqrt(2)) / 2
            m = classes - 1
            return mpmath.npdf(t) * sum(mpmath.binomial(m, j) * q**j * (1 - q) ** (m - j) for j in range(k, m + 1))

        expected = mpmath.quad(density, mpmath.linspace(-14, 14, 15))
    assert additive_noise(sigma, k, classes).delta == pytest.approx(float(expected), abs=1e-10)


def test_additive_noise_by_simulation() -> None:
    rng, n, classes = np.random.default_rng(0), 60_000, 10
    y = rng.integers(0, classes, n)
    noisy = np.eye(classes)[y] + rng.normal(size=(n, classes))
    report = soft_label_report(soft_labels(noisy, normalised=False), y, LabelSettings(k=2, noise=1.0))
    assert report.additive_noise is not None
    assert report.delta is not None
    assert report.gamma is not None
    assert report.delta.lower <= report.additive_noise.delta <= report.delta.upper
    assert report.gamma.lower <= report.additive_noise.gamma <= report.gamma.upper
    assert report.calibration is None  # scores are no probabilities
    assert report.bias is None


def test_infinite_noise_is_random_ranking() -> None:
    found = additive_noise(1e9, 3, 10)
    assert (found.delta, found.gamma) == pytest.approx((0.7, 0.3), abs=1e-8)


def test_candidate_sets_have_delta_zero_and_the_ambiguity_degree() -> None:
    """The true label is always a candidate; class 3 is a candidate for class 0 half of the time (Cour et al.)."""
    rng, n, classes = np.random.default_rng(1), 40_000, 5
    y = rng.integers(0, classes, n)
    sets = np.eye(classes, dtype=int)[y]
    sets[(y == 0) & (rng.random(n) < 0.5), 3] = 1
    sets[:, 4] |= rng.random(n) < 0.2
    report = soft_label_report(partial_labels(sets), y, LabelSettings(candidates=True, deterministic=False))
    assert report.k is None
    assert report.delta is not None
    assert report.gamma is not None
    assert report.delta.value == 0
    assert report.gamma.lower <= 0.5 <= report.gamma.upper
    assert report.certified


@pytest.mark.parametrize(("sets", "says"), [([[0, 1], [0, 0]], "row 1 has no candidate"), ([[0.5, 0.5]], "0 and 1")])
def test_what_is_no_candidate_set(sets: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        partial_labels(np.array(sets))


def test_incomplete_supervision_is_the_indicator_of_the_mixture() -> None:
    rng, n, classes, u = np.random.default_rng(2), 60_000, 4, 0.3
    y = rng.integers(0, classes, n)
    top = np.where(rng.random(n) < 0.7, (y + rng.integers(1, classes, n)) % classes, y)
    soft = indicators(top_k(soft_labels(np.eye(classes)[top]), 1), y)
    found = incomplete_supervision(soft, u)
    mixed = indicators(np.eye(classes, dtype=bool)[np.where(rng.random(n) < u, top, y)], y)
    for theory, measured in ((found.delta, mixed.delta_max), (found.gamma, mixed.gamma), (found.kappa, mixed.kappa)):
        assert measured.lower <= theory.value <= measured.upper
    assert not indicators(top_k(soft_labels(np.eye(classes)[(y + 1) % classes]), 1), y).kappa.lower > 0
    assert found.certified


def test_the_largest_useful_fraction() -> None:
    """Delta + gamma of the mixture is u (Delta + gamma) < 1 up to u = 1/(Delta + gamma)."""
    y = np.repeat(np.arange(4), 5000)
    soft = indicators(np.eye(4, dtype=bool)[(y + 1) % 4], y)  # always wrong
    below = incomplete_supervision(soft, incomplete_supervision(soft, 1.0).fraction_limit * 0.999)
    assert below.delta.upper + below.gamma.upper < 1
    assert below.certified
    above = incomplete_supervision(soft, 0.51)
    assert above.kappa.value < 0
    assert not above.certified


@pytest.mark.parametrize("bad", [0.0, -1.0, 1.01, float("nan")])
def test_fractions_outside_the_unit_interval_are_refused(bad: float) -> None:
    soft = indicators(np.eye(2, dtype=bool)[[0, 1]], np.array([0, 1]))
    with pytest.raises(InputError, match="fraction"):
        incomplete_supervision(soft, bad)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf"), float("nan")])
def test_noise_must_be_positive(bad: float) -> None:
    with pytest.raises(InputError, match="noise"):
        additive_noise(bad, 1, 3)
