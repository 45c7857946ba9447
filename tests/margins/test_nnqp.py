"""Nonnegative quadratic programmes against nonnegative least squares and against their optimality conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from boundcheck.margins import subsets
from boundcheck.margins.nnqp import solve_nnqp


def assert_optimal(H: np.ndarray, b: np.ndarray, a: np.ndarray, tolerance: float = 1e-8) -> None:
    """Karush, Kuhn, Tucker: a >= 0, Ha - b >= 0, and the two are complementary."""
    slope = H @ a - b
    assert np.all(a >= 0)
    assert np.all(slope >= -tolerance * np.abs(b).max())
    assert abs(a @ slope) <= tolerance * max(1.0, abs(a @ b))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_minimiser_agrees_with_nonnegative_least_squares(seed: int, k: int) -> None:
    """a'Ha/2 - b'a = ||La - c||^2/2 + const with H = L'L and L'c = b."""
    rng = np.random.default_rng(seed)
    L = rng.standard_normal((k + 3, k))
    H, b = L.T @ L, rng.standard_normal(k)
    c = np.linalg.lstsq(L.T, b, rcond=None)[0]
    a = solve_nnqp(H, b)
    np.testing.assert_allclose(a, nnls(L, c)[0], atol=1e-7 * (1 + np.abs(a).max()))
    assert_optimal(H, b, a)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_first_guess_of_the_support_does_not_change_the_minimiser(seed: int) -> None:
    rng = np.random.default_rng(seed)
    L = rng.standard_normal((20, 15))
    H, b = L.T @ L, np.ones(15)
    expected = solve_nnqp(H, b)
    for free in (np.zeros(15, dtype=bool), np.ones(15, dtype=bool), rng.random(15) < 0.5):
        given_guess = free.copy()
        np.testing.assert_allclose(solve_nnqp(H, b, free), expected, atol=1e-10)
        np.testing.assert_array_equal(free, given_guess)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_singular_matrices_have_a_minimiser_too(rank: int) -> None:
    """b in the range of H, so that the programme is bounded; rows are repeated, so that Cholesky refuses."""
    L = np.abs(np.random.default_rng(rank).standard_normal((rank, 6)))
    H = np.tile(L.T @ L, (2, 2))
    b = np.tile(L.T @ np.ones(rank), 2)
    assert_optimal(H, b, solve_nnqp(H, b), 1e-7)


def test_without_a_positive_slope_at_zero_the_minimiser_is_zero() -> None:
    H = np.eye(4) + 0.5
    np.testing.assert_array_equal(solve_nnqp(H, -np.ones(4)), np.zeros(4))
    np.testing.assert_array_equal(solve_nnqp(H, -np.ones(4), np.ones(4, dtype=bool)), np.zeros(4))


def test_hard_pivoting_example_terminates_at_the_optimum() -> None:
    """Murty's exponential example of principal pivoting: H = LL', L lower triangular with 2 below the diagonal."""
    k = 14
    L = np.tril(np.full((k, k), 2.0), -1) + np.eye(k)
    H = L @ L.T
    assert_optimal(H, np.ones(k), solve_nnqp(H, np.ones(k)))


@pytest.mark.parametrize("anew", [0, 1000])
def test_systems_on_sets_that_differ_little_are_solved_as_if_alone(anew: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subsets, "_ANEW", anew)
    rng = np.random.default_rng(0)
    L = rng.standard_normal((80, 60))
    H, b = L.T @ L, rng.standard_normal(60)
    solver = subsets.SubsetSolver(H, b)
    free = rng.random(60) < 0.7
    factorised = 0
    for _ in range(30):
        a = solver.solve(free)
        factorised += len(solver.order) == 0
        assert not a[~free].any()
        np.testing.assert_allclose(a[free], np.linalg.solve(H[np.ix_(free, free)], b[free]), rtol=1e-9)
        free = free ^ (rng.random(60) < 0.03)
    assert factorised == 30 if anew else factorised < 20
