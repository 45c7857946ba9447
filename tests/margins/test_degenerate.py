"""Margin zero, decided exactly: against the definition itself on sets full of opposite rows, and on hard cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from margin_oracles import margin_is_zero

from boundcheck.datasets import load_dataset
from boundcheck.margins.zero import find_rays, positive_combination


def conflicts(X: np.ndarray, y: list[int] | np.ndarray) -> tuple[int, ...]:
    return find_rays(X, np.asarray(y)).conflicts


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(2, 5), st.booleans())
def test_verdict_agrees_with_the_definition_on_random_antipodal_sets(
    seed: int, d: int, lines: int, integers: bool
) -> None:
    """Rows that may have their opposite with them, labels at random: is there q with s_q = 0 everywhere?"""
    rng = np.random.default_rng(seed)
    half = rng.integers(-1, 2, (lines, d))
    half[~half.any(axis=1), 0] = 1
    X = np.concatenate([half, -half[rng.random(lines) < 0.7]])
    y = rng.choice([-1, 1], len(X))
    y[half.shape[0] :] = np.where(rng.random(len(X) - lines) < 0.7, -y[: len(X) - lines], y[half.shape[0] :])
    found = conflicts(X if integers else X.astype(float), y)
    assert bool(found) == margin_is_zero(X.astype(float), y)
    if found:
        named = list(found)
        assert margin_is_zero(X[named].astype(float), y[named])


@pytest.mark.parametrize("points", [6, 10, 14, 18])
def test_circles_of_two_mod_four_have_margin_zero_without_a_repeated_ray(points: int) -> None:
    dataset = load_dataset(f"synthetic:circle:points={points}")
    rays = find_rays(dataset.raw, dataset.y)
    assert len({(line, side) for line, side in zip(rays.line, rays.side, strict=True)}) == points
    assert len(rays.conflicts) >= 6
    assert margin_is_zero(dataset.X[list(rays.conflicts)], dataset.y[list(rays.conflicts)])


@pytest.mark.parametrize("points", [2, 3, 4, 5, 8, 12, 20])
def test_other_circles_have_a_positive_margin(points: int) -> None:
    dataset = load_dataset(f"synthetic:circle:points={points}")
    assert find_rays(dataset.raw, dataset.y).conflicts == ()


def test_one_ray_with_both_labels_is_a_conflict_and_only_its_rows_are_named() -> None:
    X = np.array([[1, 2], [5, 1], [3, 6], [-1, -2]])
    assert conflicts(X, [1, 1, -1, -1]) == (0, 2)
    assert conflicts(X, [1, -1, 1, -1]) == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3).filter(lambda v: abs(v) > 1e-3), min_size=2, max_size=5), st.integers(-40, 40))
def test_float_rows_that_are_exact_multiples_share_a_ray_and_an_ulp_separates_them(row: list[float], k: int) -> None:
    x = np.array(row)
    moved = x.copy()
    moved[0] = np.nextafter(x[0], np.inf)
    X = np.stack([x, x * 2.0**k, moved, -x])
    rays = find_rays(X, np.array([1, -1, -1, -1]))
    assert rays.conflicts == (0, 1)
    assert rays.line[0] == rays.line[1] == rays.line[3] != rays.line[2]
    assert rays.side[0] == rays.side[1] == -rays.side[3]


def test_multiples_that_floats_cannot_hold_are_different_rays() -> None:
    """3 * 0.1 is not 0.30000000000000004 / 0.1 exactly: floats are taken at their exact value."""
    x = np.array([0.1, 0.7, 0.3])
    assert conflicts(np.stack([x, 3.0 * x]), [1, -1]) == ()
    assert conflicts(np.stack([x, 4.0 * x]), [1, -1]) == (0, 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, np.float64])
def test_whole_numbers_are_compared_exactly_in_every_type(dtype: type) -> None:
    X = np.array([[6, 10, 0], [9, 15, 0], [9, 16, 0]], dtype=dtype)
    assert conflicts(X, [1, -1, 1]) == (0, 1)
    assert conflicts(X, [1, 1, -1]) == ()


def test_large_integers_are_not_rounded() -> None:
    X = np.array([[2**53 + 1, 1], [2**53, 1]], dtype=np.int64)
    assert conflicts(X, [1, -1]) == ()
    assert conflicts(np.array([[2**40 + 1, 3], [3 * (2**40 + 1), 9]]), [1, -1]) == (0, 1)


def test_cancellation_needs_zero_in_the_hull_not_merely_antipodal_pairs() -> None:
    """Three pairs x, -x with opposite labels: y x sums to zero in one set and stays on one side in the other."""
    ring = np.array([[2, 0], [-1, 1], [-1, -1]])
    apart = np.array([[2, 0], [1, 1], [1, -1]])
    labels = [1, 1, 1, -1, -1, -1]
    assert conflicts(np.concatenate([ring, -ring]), labels) == (0, 1, 2, 3, 4, 5)
    assert conflicts(np.concatenate([apart, -apart]), labels) == ()


def test_hull_that_misses_zero_by_less_than_a_float_is_decided_exactly() -> None:
    near = np.array([[2**45, 1], [-(2**45), 1], [0, 1]], dtype=np.int64)
    labels = [1, 1, 1, -1, -1, -1]
    assert conflicts(np.concatenate([near, -near]), labels) == ()
    touching = np.array([[2**45, 0], [-(2**45), 0], [0, 1]], dtype=np.int64)
    # x and its opposite are the same two rays here, so both carry both labels
    assert conflicts(np.concatenate([touching, -touching]), labels) == (0, 1, 3, 4)


def test_shortest_row_of_each_ray_and_label_binds() -> None:
    X = np.array([[2.0, 2.0], [1.0, 1.0], [-3.0, -3.0], [1.0, 0.0], [4.0, 4.0]])
    rays = find_rays(X, np.array([1, 1, 1, -1, 1]))
    np.testing.assert_array_equal(rays.binding, [1, 2, 3])
    assert rays.conflicts == ()


def cancelling(k: int, d: int, seed: int) -> list[list[int]]:
    """k integer vectors of 50 bits whose sum is zero."""
    vectors = np.random.default_rng(seed).integers(-(2**50), 2**50, (k, d)).tolist()
    return [*vectors[:-1], [-sum(column) for column in zip(*vectors[:-1], strict=True)]]


@pytest.mark.parametrize(("k", "d"), [(60, 24), (200, 50)])
def test_many_cancelling_pairs_are_decided_and_the_rows_named_do_cancel(k: int, d: int) -> None:
    """A minute and a half in rational tableaux for (60, 24); the support found has weights that are exactly right."""
    from flint import fmpz_mat

    vectors = cancelling(k, d, seed=k)
    support = positive_combination(vectors)
    matrix = fmpz_mat([[vectors[j][i] for j in support] for i in range(d)] + [[1] * len(support)])
    assert 2 <= len(support) <= d + 1
    assert matrix.rank() == len(support)
    square = matrix.transpose() * matrix
    weights = square.solve(matrix.transpose() * fmpz_mat(d + 1, 1, [0] * d + [1]))
    assert all(weight > 0 for weight in weights.entries())
    assert all(entry == 0 for entry in (matrix * weights).entries()[:d])
    apart = [[2**60, *vector] for vector in vectors]
    assert positive_combination(apart) == []
    assert positive_combination([[0, *vector] for vector in vectors])


@pytest.mark.parametrize("touches", [True, False])
def test_hull_within_a_float_of_zero_is_decided_by_exact_pivots(touches: bool) -> None:
    """Eight vectors cancel in a hyperplane; all leave it by 2^-40 of their length, or all but four cancelling ones."""
    rng = np.random.default_rng(3)
    flat = [*rng.integers(-9, 10, (3, 3)).tolist(), *rng.integers(-9, 10, (4, 3)).tolist()]
    flat = [flat[0], flat[1], flat[2], [-sum(c) for c in zip(*flat[:3], strict=True)], *flat[3:]]
    turn = rng.integers(-9, 10, (4, 4)).tolist()
    lifted = [[v << 40 for v in row] + [0 if touches and i < 4 else 1] for i, row in enumerate(flat)]
    vectors = [[sum(a * b for a, b in zip(row, column, strict=True)) for column in turn] for row in lifted]
    support = positive_combination(vectors)
    assert bool(support) == touches
    assert set(support) <= {0, 1, 2, 3}
