"""Reliabilities without EM and the weighted vote: closed forms and enumeration."""

from collections.abc import Callable

import numpy as np
import pytest
from crowd_oracles import one_coin_posterior, vote_error
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import binom

from boundcheck.crowds import attach_crowd, from_matrix, scenario
from boundcheck.crowds.answers import Answers
from boundcheck.crowds.votes import majority, rank_one, triangular, vote_bounds, weighted_vote
from boundcheck.errors import InputError

R = np.array([0.8, 0.5, 0.3, -0.2, 0.6])


def crowd(r: np.ndarray, d: int, *, positive: float = 0.5, density: float = 1.0, seed: int = 0) -> Answers:
    y = np.where(np.random.default_rng([seed, 9]).random(d) < positive, 1, -1)
    return attach_crowd(y, np.zeros(d, dtype=int), r[None], density=density, seed=seed)


@pytest.mark.parametrize("method", [triangular, rank_one])
def test_reliabilities_are_recovered_whatever_the_class_balance(method: Callable[[Answers], np.ndarray]) -> None:
    """Class share .3, twelve crowds: the mean of each estimate is within four of its standard errors."""
    found = np.array([method(crowd(R, 30_000, positive=0.3, seed=seed)) for seed in range(12)])
    error = found.std(axis=0, ddof=1) / np.sqrt(12)
    assert error.max() < 5e-3
    assert (np.abs(found.mean(axis=0) - R) < 4 * error + 1e-4).all()


def test_three_workers_give_the_closed_form() -> None:
    """|r_1| = sqrt(C12 C13 / C23), and cyclically."""
    answers = crowd(np.array([0.7, 0.5, 0.4]), 2_000)
    C = answers.X @ answers.X.T / 2_000
    expected = [np.sqrt(C[0, 1] * C[0, 2] / C[1, 2]), np.sqrt(C[0, 1] * C[1, 2] / C[0, 2])]
    np.testing.assert_allclose(triangular(answers)[:2], expected, rtol=1e-12)


def test_triangular_takes_the_best_pair_that_avoids_the_worker() -> None:
    """Against the definition: a loop over k and all pairs of others."""
    answers = crowd(np.linspace(-0.3, 0.8, 9), 400, density=0.6, seed=3)
    X = answers.X
    C = X @ X.T / np.maximum(np.abs(X) @ np.abs(X).T, 1)
    found = triangular(answers)
    for k in range(9):
        pairs = [(i, j) for i in range(9) for j in range(i) if k not in (i, j)]
        i, j = max(pairs, key=lambda pair: abs(C[pair]))
        assert abs(found[k]) == pytest.approx(min(1.0, np.sqrt(abs(C[i, k] * C[j, k] / C[i, j]))), rel=1e-12)


def test_triangular_needs_three_workers() -> None:
    with pytest.raises(InputError, match="three workers"):
        triangular(from_matrix([[1, -1, 1], [1, 1, -1]]))


def test_rank_one_is_a_fixed_point_of_its_equation() -> None:
    """r_i ((N r^2)_i + 1) = (S r)_i without the diagonals, on sparse answers."""
    answers = crowd(np.random.default_rng(5).uniform(0.1, 0.8, 40), 1_500, density=0.08, seed=5)
    X = answers.X.toarray()
    S, N = X @ X.T, np.abs(X) @ np.abs(X).T
    np.fill_diagonal(S, 0)
    np.fill_diagonal(N, 0)
    r = rank_one(answers)
    free = np.abs(r) < 1
    np.testing.assert_allclose((r * (N @ r**2 + 1))[free], (S @ r)[free], atol=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_rank_one_takes_the_majority_to_be_right(seed: int) -> None:
    """sum_i m_i r_i >= 0, also on opposed types, where one-coin EM from the same start ends on the other side."""
    answers = scenario("opposed", 60, seed=2000 + seed).answers
    assert float(answers.per_worker @ rank_one(answers)) >= 0


def test_equal_reliabilities_make_the_weighted_vote_the_majority() -> None:
    """Five workers right with probability .7: the majority errs with probability .16308; five agreeing say .98575."""
    answers = crowd(np.full(5, 0.4), 200_000)
    logits = weighted_vote(answers, np.full(5, 0.4))
    np.testing.assert_array_equal(np.sign(logits), np.sign(answers.surplus))
    assert expit(logits).max() == pytest.approx(0.98575, abs=1e-5)
    exact = binom.cdf(2, 5, 0.7)
    assert exact == pytest.approx(0.16308, abs=1e-5)
    y = np.where(np.random.default_rng([0, 9]).random(200_000) < 0.5, 1, -1)
    assert np.mean(np.sign(logits) != y) == pytest.approx(exact, abs=4 * np.sqrt(exact / 200_000))


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_weighted_vote_is_the_posterior(seed: int) -> None:
    """Bayes' rule, one product at a time; reliabilities small enough not to be clipped."""
    rng = np.random.default_rng(seed)
    X = rng.choice([-1, 0, 1], (6, 12), p=[0.4, 0.2, 0.4])
    X[:, 0] = rng.choice([-1, 1], 6)
    r = rng.uniform(-0.4, 0.4, 6)
    answers = from_matrix(X)
    np.testing.assert_allclose(expit(weighted_vote(answers, r)), one_coin_posterior(X, r), atol=1e-12)


def test_one_lucky_worker_does_not_outvote_everybody() -> None:
    """|r| = 1 after m answers is clipped to 1 - 1/(m + 2), so every log odds is finite."""
    answers = from_matrix([[1, -1, 1], [1, -1, -1]])
    logits = weighted_vote(answers, np.array([1.0, 1.0]))
    assert np.isfinite(logits).all()
    assert logits[0] == pytest.approx(2 * np.log((2 - 0.2) / 0.2))


@pytest.mark.parametrize("seed", range(6))
def test_vote_bounds_enclose_the_exact_error(seed: int) -> None:
    """Committees of up to eight: 2^n answers enumerated."""
    rng = np.random.default_rng(seed)
    r = rng.uniform(0, 0.9, int(rng.integers(1, 9)))
    answers = from_matrix(np.ones((len(r), 400)) * np.where(np.arange(400) % 2, 1, -1))  # enough tasks not to clip
    lower, upper = vote_bounds(answers, r)
    assert lower <= vote_error(r) <= upper


def test_majority_is_the_share_of_votes_and_one_half_without_any() -> None:
    answers = from_matrix([[1, -1, 1, 0], [1, 1, -1, 0], [1, -1, 0, 0]])
    np.testing.assert_allclose(expit(majority(answers)), [0.999, 1 / 3, 0.5, 0.5])
    assert majority(answers)[2] == logit(0.5) == 0
