"""The rounds towards the sup-norm margin: what is drawn, what a step gains, how the next round is planned."""

import numpy as np
import pytest

from boundcheck.datasets import load_dataset
from boundcheck.kernels import limiting_kernel
from boundcheck.margins import descent, fields, supnorm
from boundcheck.margins.descent import Descent
from boundcheck.margins.planar import planar_margin
from boundcheck.records import Interval


@pytest.fixture(name="rows")
def random_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """11 unit rows in four dimensions (not a multiple of the strips), their labels, a point with zeros."""
    rng = np.random.default_rng(0)
    U = rng.standard_normal((11, 4))
    a = np.where(np.arange(11) % 3 == 1, 0.0, rng.random(11))
    return U / np.linalg.norm(U, axis=1, keepdims=True), np.where(rng.random(11) < 0.5, 1.0, -1.0), a / a.sum()


def test_second_moments_of_the_field_agree_with_numpy(rows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    U, y, a = rows
    M, rounding, draws = fields.Draws(U, y, seed=1).outer(fields.Chain((a,), floor=0.01), 1 << 17)
    active = np.random.default_rng(2).standard_normal((1 << 17, 4)) @ U.T > 0
    s = (active * (a * y)) @ U
    v = s / np.maximum(np.linalg.norm(s, axis=1, keepdims=True), 0.01)
    along = active * (v @ U.T) * y
    products = along[:, :, None] * along[:, None, :]
    error = products.std(axis=0) * np.sqrt(1 / draws + 1 / len(active))
    assert draws >= 1 << 17
    assert 0 < rounding < 1e-4
    assert np.array_equal(M, M.T)
    assert np.all(np.abs(M - products.mean(axis=0)) <= 5 * error + 2e-3 * np.abs(M) + 1e-4)


def test_rounding_is_added_and_never_taken_away(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    U, y, a = rows
    chain = fields.Chain((a,), floor=0.01)
    M, constant, _ = fields.Draws(U, y, seed=1).outer(chain, 4096)
    monkeypatch.setattr(fields, "_rounding", lambda dimension: (0.0, 0.0, 0.0))
    plain, none, _ = fields.Draws(U, y, seed=1).outer(chain, 4096)
    points = np.random.default_rng(3).dirichlet(np.full(11, 0.3), size=200)
    bound, sampled = (np.einsum("ki,ij,kj->k", points, matrix, points) for matrix in (M, plain))
    e, g = ((terms + 8) * 2.0**-24 for terms in (4, 1024))
    # (b + e)^2 for the computed b = v.S_a, and g times the largest mean of (sum_i a_i |b_i|)^2.
    assert np.all(bound + constant >= (np.sqrt(sampled) + e) ** 2 + g * points @ plain.diagonal())
    assert none == 0


@pytest.mark.parametrize("most_sampled", [0, 3000])
def test_steps_with_either_metric_come_near_the_exact_minimum(
    most_sampled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descent, "_MOST_SAMPLED", most_sampled)
    data = load_dataset("synthetic:pair:angle=60")
    X, y = data.X, data.y.astype(float)
    exact = planar_margin(X, y)
    H = limiting_kernel(X) * np.outer(y, y)
    steps = Descent(X, y, H, np.array([0.9, 0.1]), seed=0)
    for _ in range(4):
        steps.improve(1 << 14)
    assert np.abs(steps.q - exact.q).max() < 0.05


def test_next_round_is_no_longer_than_the_tolerance_asks_for() -> None:
    plan = supnorm._Plan({"anchor": 1000})
    assert plan.extend(1.0, 1.0, 1000.0, enough=2.0)
    assert (1.8 * 1000 < plan.sizes["anchor"] <= 2000, plan.last) == (True, False)
    assert plan.extend(1.0, 1.0, 1000.0, enough=np.inf)
    assert (plan.sizes["anchor"] > 20_000, plan.last) == (True, False)


def test_last_round_fills_the_time_and_no_round_is_begun_that_cannot_end() -> None:
    plan = supnorm._Plan({"anchor": 1000})
    assert plan.extend(1.0, 1.0, 20.0, enough=np.inf)
    assert (15_000 < plan.sizes["anchor"] < 20_000, plan.last) == (True, True)
    assert not supnorm._Plan({"anchor": 1000}).extend(1.0, 1.0, 0.4, enough=np.inf)
    plan = supnorm._Plan({"anchor": 1000})
    assert plan.extend(1.0, 1.0, 20.0, enough=10.0)
    assert (9_000 < plan.sizes["anchor"] <= 10_000, plan.last) == (True, False)  # enough, and time for another


def test_tolerance_ends_the_rounds_before_the_deadline() -> None:
    data = load_dataset("synthetic:sphere:n=40,d=5")
    X, y = data.X, data.y.astype(float)
    H = limiting_kernel(X) * np.outer(y, y)
    q = np.full(len(y), 1 / len(y))
    found = supnorm.sup_margin(
        X, y, H, q, Interval(0.0, 0.5), confidence=0.99, tolerance=0.2, deadline=float("inf"), seed=0
    )
    assert found.margin.relative_width <= 0.2
    assert not found.interrupted
