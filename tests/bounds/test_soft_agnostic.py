"""The bound for any teacher: its width at 50 digits, its inequality on random labels, and training held against it."""

import math

import mpmath as mp
import numpy as np
import pytest
from bounds import reference
from scipy.special import rel_entr

from boundcheck import bounds
from boundcheck.bounds.soft_agnostic import width_to_follow
from boundcheck.errors import InputError
from boundcheck.records import TrainingSpec
from boundcheck.training import train

TOTAL = 0.15


def bound(m, radius, risk, *, eta=0, work=0, total=TOTAL):
    """The right side of the theorem."""
    error = radius * (mp.sqrt(reference.x_of(total / 2) / m) + reference.flip_quantile(m, radius, 1 - mp.log(total)))
    return (radius**2 * work + (mp.sqrt(risk) + error / mp.sqrt(8)) ** 2) / (1 - mp.mpf(eta) / 4)


def kl(p, f):
    q = 1 / (1 + np.exp(-f))
    return rel_entr(p, q) + rel_entr(1 - p, 1 - q)


@pytest.mark.parametrize("options", [{}, {"steps": 10**6}, {"steps": 10**6, "step_size": "0.5"}, {"step_size": 1}])
@pytest.mark.parametrize(
    ("radius", "risk", "beta"), [("1", "0", "0.01"), ("22", "0.2", "0.32"), ("0.4", "0.1", "0.1001")]
)
def test_the_width_is_the_first_even_one_that_keeps_the_risk_below_beta(
    radius: str, risk: str, beta: str, options: dict
) -> None:
    at = {"gamma": "0.1", "eps": "0.1", "n": 7, "logit_scale": radius, "field_risk": risk, "beta": beta}
    if "step_size" in options and beta == "0.1001":
        with pytest.raises(InputError, match="at any width"):
            bounds.evaluate("soft-agnostic", **at, **options)
        return
    row = bounds.evaluate("soft-agnostic", **at, **options)
    training = {"eta": row.step_size or 0}
    training["work"] = 0 if row.steps is None else 1 / (2 * mp.mpf(row.step_size) * row.steps)
    total = mp.mpf(3) / 20
    risks = [
        bound(mp.mpf(m), mp.mpf(radius), mp.mpf(risk), total=total, **training) for m in (row.width - 2, row.width)
    ]
    assert risks[1] <= mp.mpf(beta) < risks[0]


def test_worked_numbers() -> None:
    """Theorem 2# at beta = .01 (332 neurons, with Bernstein's flips) and a teacher followed at B = 22."""
    at = {"gamma": "0.05", "eps": "0.01", "n": 1000, "beta": "0.01"}
    assert bounds.evaluate("soft-agnostic", **at, steps=800, step_size="0.5").width == pytest.approx(332, rel=0.01)
    assert width_to_follow(22, 0.205, 0.320) == pytest.approx(2.1e6, rel=0.03)


@pytest.mark.parametrize("risk", [0.32, 0.4, -0.1])
def test_a_field_that_misses_the_target_itself_is_refused(risk: float) -> None:
    with pytest.raises(InputError):
        width_to_follow(1.0, risk, 0.32)


def test_any_labels_obey_the_inequality_and_not_a_sharper_one() -> None:
    """mean KL(p||F) <= (sqrt R* + rms(F - z)/sqrt 8)^2 for p in [0, 1], its ends included; 8 cannot be 9."""
    rng = np.random.default_rng(0)
    sharper = 0
    for _ in range(2000):
        p = rng.choice([rng.random(6), rng.integers(0, 2, 6), np.full(6, 0.5)])
        z, shift = rng.normal(0, rng.choice([0.1, 3]), 6), rng.normal(0, rng.choice([0.1, 1, 5]), 6)
        risk, new, rms = kl(p, z).mean(), kl(p, z + shift).mean(), math.sqrt(np.mean(shift**2))
        assert new <= (math.sqrt(risk) + rms / math.sqrt(8)) ** 2 + 1e-12
        sharper += new > (math.sqrt(risk) + rms / 3) ** 2
    assert sharper > 0


@pytest.mark.parametrize("hard", [False, True])
def test_trained_networks_stay_below_the_bound_on_labels_that_no_field_fits(hard: bool) -> None:
    """A constant field v = B u has z_i = B u.x_i/2 exactly; every row occurs again with the contrary label."""
    rng = np.random.default_rng(3)
    half = rng.standard_normal((20, 4))
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    radius, u = 3.0, np.array([1.0, 0, 0, 0])
    z = radius * half @ u / 2
    p = np.concatenate([1 / (1 + np.exp(-2.5 * z)), 1 - 1 / (1 + np.exp(-z / 2))])
    p = np.clip(np.round(p), 1e-9, 1 - 1e-9) if hard else p
    X, z = np.concatenate([half, half]), np.concatenate([z, z])
    risk, eta, steps, m = float(kl(p, z).mean()), 0.5, 400, 2048
    promised = float(bound(mp.mpf(m), radius, risk, eta=eta, work=1 / (2 * eta * steps)))
    spec = TrainingSpec("soft", "kl", radius, eta, steps, precision="float64")
    runs = train(X, np.where(p < 0.5, -1, 1), p, spec, [(m, seed) for seed in range(20)])
    assert max(run.average_risk for run in runs) <= promised
    without_the_field = float(bound(mp.mpf(m), radius, 0, eta=eta, work=1 / (2 * eta * steps)))
    assert min(run.average_risk for run in runs) > without_the_field  # R* cannot be left out


@pytest.mark.parametrize(("beta", "vacuous"), [("0.6", False), ("0.7", True), ("0.9", True)])
def test_a_risk_that_the_untrained_network_has_is_vacuous(beta: str, vacuous: bool) -> None:
    """f = 0 has KL risk at most ln 2 = .693 on any labels."""
    assert bounds.evaluate("soft-agnostic", gamma="0.1", eps="0.1", n=1000, beta=beta).vacuous is vacuous
