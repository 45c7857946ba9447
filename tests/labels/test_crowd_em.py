"""EM against loops over single answers, against crowd-kit, and against its own objective."""

import itertools

import numpy as np
import pytest
from crowd_oracles import dawid_skene
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit, logsumexp

from boundcheck.crowds import em, from_matrix, scenario
from boundcheck.crowds.em import (
    Coin,
    OneCoin,
    Scaled,
    TwoCoin,
    fit,
    from_types,
    from_votes,
    identified,
    log_joint,
)
from boundcheck.crowds.models import several_types
from boundcheck.crowds.spectral import spectrum


def small(seed: int, n: int = 5, d: int = 9) -> np.ndarray:
    X = np.random.default_rng(seed).choice([-1, 0, 1], (n, d), p=[0.35, 0.2, 0.45])
    X[:, 0] = np.where(np.arange(n) % 2, 1, -1)
    return X


@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from([1, 2]))
@settings(max_examples=40, deadline=None)
def test_em_is_the_loop_over_single_answers(seed: int, steps: int, coins: int) -> None:
    X = small(seed)
    answers = from_matrix(X)
    mixture = fit(answers, from_votes(answers), OneCoin() if coins == 1 else TwoCoin(), max_steps=steps, tolerance=0)
    expected = dawid_skene(X, len(mixture.objective), coins=coins)
    np.testing.assert_allclose(expit(mixture.logits), expected, atol=1e-10)


@pytest.mark.parametrize("coins", [1, 2])
def test_the_first_step_is_crowd_kits(coins: int) -> None:
    """crowd-kit smooths nothing, so the pseudo-counts are (almost) switched off here."""
    aggregation = pytest.importorskip("crowdkit.aggregation")
    pd = pytest.importorskip("pandas")
    answers = scenario("hardeasy", 12, density=0.7, tasks_per_type=60, seed=4).answers
    workers, tasks, values = answers.triples()
    data = pd.DataFrame({"worker": workers, "task": tasks, "label": (values > 0).astype(int)})
    model = aggregation.OneCoinDawidSkene(n_iter=1) if coins == 1 else aggregation.DawidSkene(n_iter=1)
    theirs = model.fit_predict_proba(data).sort_index()[1].to_numpy()
    coin: Coin = OneCoin(1, 1e-12, 1e-12) if coins == 1 else TwoCoin(1e-12, 1e-12)
    ours = fit(answers, from_votes(answers), coin, weight_count=0.0, max_steps=1)
    np.testing.assert_allclose(expit(ours.logits), theirs, atol=1e-10)


@pytest.mark.parametrize("name", ["hardeasy", "parallel", "opposed", "one"])
@pytest.mark.parametrize(
    ("coin", "types"), [(OneCoin(), 1), (TwoCoin(), 1), (OneCoin(2), 2), (OneCoin(3), 3), (Scaled(), 2)], ids=str
)
def test_the_objective_never_decreases(name: str, coin: Coin, types: int) -> None:
    crowd = scenario(name, 15, density=0.5, tasks_per_type=60, seed=1)
    groups = np.arange(120) % types
    mixture = fit(crowd.answers, from_types(groups, crowd.answers.surplus, types), coin, max_steps=200, tolerance=0)
    gains = np.diff(mixture.objective)
    assert len(gains) > 5
    assert gains.min() >= -1e-9 * abs(mixture.objective[-1])


def test_the_objective_is_log_likelihood_plus_log_prior() -> None:
    """Enumerated: ln P(answers) over every assignment of labels, plus Beta and Dirichlet log densities."""
    X = small(3, n=3, d=4)
    answers = from_matrix(X)
    mixture = fit(answers, from_votes(answers), TwoCoin(1.5, 0.7), max_steps=3, tolerance=0)
    alpha, wrong = mixture.theta
    total = -np.inf
    for labels in itertools.product((0, 1), repeat=4):
        log = 0.0
        for j, state in enumerate(labels):
            log += np.log(mixture.weights[state])
            for i in range(3):
                if X[i, j]:
                    log += np.log(mixture.theta[state, i] if X[i, j] == 1 else 1 - mixture.theta[state, i])
        total = np.logaddexp(total, log)
    prior = 1.5 * np.log(alpha * (1 - wrong)).sum() + 0.7 * np.log((1 - alpha) * wrong).sum()
    prior += np.log(mixture.weights).sum()
    assert mixture.objective[-1] == pytest.approx(total + prior, rel=1e-12)


def test_posteriors_of_types_are_bayes_rule() -> None:
    """Two types, fitted parameters put into products over answers one at a time."""
    crowd = scenario("hardeasy", 6, density=0.8, tasks_per_type=20, seed=2)
    X = crowd.answers.X
    mixture = several_types(crowd.answers, spectrum(crowd.answers), 2)
    for j in range(0, 40, 7):
        joint = np.array(
            [
                w * np.prod([t[i] if X[i, j] == 1 else 1 - t[i] for i in range(6) if X[i, j]])
                for w, t in zip(mixture.weights, mixture.theta, strict=True)
            ]
        )
        assert expit(mixture.logits[j]) == pytest.approx(joint[0::2].sum() / joint.sum(), rel=1e-10)
        np.testing.assert_allclose(mixture.type_posterior[:, j], joint.reshape(2, 2).sum(1) / joint.sum(), rtol=1e-10)


def test_the_scaled_m_step_is_a_maximum_in_r_and_in_c() -> None:
    """Coordinates moved either way lower the expected log density."""
    rng = np.random.default_rng(0)
    plus, minus = rng.uniform(1, 30, (2, 4, 6))
    coin = Scaled()
    theta = None
    for _ in range(200):
        theta = coin.maximise(plus, minus, theta)

    def value(r: np.ndarray, c: float) -> float:
        theta = np.stack([1 + r, 1 - r, 1 + c * r, 1 - c * r]) / 2
        return float((plus * np.log(theta) + minus * np.log(1 - theta)).sum()) + coin.log_prior(theta)

    r = theta[0] - theta[1]
    c = float((theta[2] - theta[3]) @ r / (r @ r))
    np.testing.assert_allclose(theta[2] - theta[3], c * r, atol=1e-12)
    best = value(r, c)
    for i, step in itertools.product(range(6), (-1e-3, 1e-3)):
        assert value(r + step * np.eye(6)[i], c) < best
    assert all(value(r, min(1.0, max(0.0, c + step))) <= best + 1e-9 for step in (-1e-3, 1e-3))


def test_the_scaled_m_step_finds_the_roots_that_brent_finds() -> None:
    """Also where a worker is nearly always right or wrong, and where the best c lies at an end of [0, 1]."""
    right, wrong = (
        np.array([[30.0, 0.1, 500.0, 7.0], [8.0, 0.0, 2.0, 9.0]]),
        np.array([[2.0, 40.0, 0.0, 7.0], [6.0] * 4]),
    )
    coin, c = Scaled(a=1e-6, b=1e-6), 0.7
    for i, r in enumerate(coin._reliabilities(right, wrong, c)):

        def slope(r: float, i: int = i) -> float:
            first = (right[0, i] + 1e-6) / (1 + r) - (wrong[0, i] + 1e-6) / (1 - r)
            return first + c * right[1, i] / (1 + c * r) - c * wrong[1, i] / (1 - c * r)

        assert r == pytest.approx(brentq(slope, -1 + 1e-15, 1 - 1e-15, xtol=1e-15), abs=1e-12)
    r = np.array([0.5, 0.8])

    def in_c(c: float, right: np.ndarray, wrong: np.ndarray) -> float:
        return float((right * r / (1 + c * r) - wrong * r / (1 - c * r)).sum())

    ups, downs = np.array([20.0, 9.0]), np.array([14.0, 4.0])
    assert em._scale(ups, downs, r) == pytest.approx(brentq(in_c, 0, 1, args=(ups, downs), xtol=1e-15), abs=1e-12)
    assert (em._scale(ups, 0 * downs, r), em._scale(0 * ups, downs, r)) == (1.0, 0.0)


def test_swapping_labels_of_a_type_leaves_the_law_alone() -> None:
    """`identified` may turn a type over and reorder types; the likelihood stays, sum_i m_i r_i becomes positive."""
    crowd = scenario("opposed", 40, tasks_per_type=80, seed=0)
    groups = crowd.types
    wrong = np.where(groups == 0, -1.0, 1.0) * crowd.y * 3.0  # type 0 labelled upside down
    mixture = fit(crowd.answers, from_types(groups, wrong, 2), OneCoin(2))
    turned = identified(mixture, crowd.answers)
    assert (mixture.reliability @ crowd.answers.per_worker).min() < 0
    assert (turned.reliability @ crowd.answers.per_worker).min() > 0
    np.testing.assert_allclose(logsumexp(turned.joint, axis=0), logsumexp(mixture.joint, axis=0), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(turned.joint, log_joint(crowd.answers, turned.weights, turned.theta), atol=1e-9)
    assert np.mean(np.sign(turned.logits) != crowd.y) < 0.1 < np.mean(np.sign(mixture.logits) != crowd.y)


def test_a_worker_who_always_says_yes_counts_for_nothing_with_two_coins() -> None:
    """ln(alpha/(1 - beta)) -> 0: the answer is the same whatever the label. One coin cannot see it."""
    crowd = scenario("one", 8, tasks_per_type=300, seed=6)
    answers = from_matrix(np.vstack([crowd.answers.X, np.ones(600)]))
    alpha, wrong = fit(answers, from_votes(answers), TwoCoin(1e-6, 1e-6)).theta[:, -1]
    assert alpha == pytest.approx(1.0, abs=1e-5)
    assert np.log(alpha / wrong) == pytest.approx(0.0, abs=1e-3)


def test_deterministic_workers_give_no_nan() -> None:
    """The smallest allowed pseudo-counts with perfect and perfectly wrong workers."""
    y = np.where(np.arange(40) % 3, 1, -1)
    answers = from_matrix(np.stack([y, y, y, -y]))
    one, types = from_votes(answers), from_types(np.arange(40) % 2, y.astype(float), 2)
    for start, coin in (
        (one, OneCoin(1, 1e-6, 1e-6)),
        (one, TwoCoin(1e-6, 1e-6)),
        (types, Scaled(1e-6, 1e-6)),
        (types, OneCoin(2, 1e-6, 1e-6)),
    ):
        mixture = fit(answers, start, coin)
        assert np.isfinite(mixture.logits).all()
        np.testing.assert_array_equal(np.sign(mixture.logits), y)
