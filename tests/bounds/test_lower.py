"""Lower bounds on a circle, against networks found by a mixed-integer programme over all weights."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, milp

import boundcheck as bc
from boundcheck import bounds
from boundcheck.bounds.bound import point
from boundcheck.bounds.exact import to_float
from boundcheck.bounds.lower import alternating_points, circle, errors_allowed, planar_width
from boundcheck.errors import InputError


def on_circle(signs, angles=None):
    angles = 2 * np.pi * np.arange(len(signs)) / len(signs) if angles is None else angles
    return np.stack([np.cos(angles), np.sin(angles)], axis=1), np.asarray(signs)


def network(X, y, m, errors):
    """W (m, d) of a network with at most so many errors, half of a_j = +1; None if there is none with |W_jk| <= 1.

    relu is written with a binary for each neuron and row; a right row has y f >= 10^-4.
    """
    n, d = X.shape
    a = np.repeat([1, -1], m // 2)
    reach = np.abs(X).sum(axis=1)
    count = m * d + 2 * n * m + n  # W, r, on, wrong
    rows, low, high = [], [], []

    def add(lower, upper, **parts):
        row = np.zeros(count)
        for start, values in parts.values():
            row[start : start + len(values)] += values
        rows.append(row)
        low.append(lower)
        high.append(upper)

    for i in range(n):
        for j in range(m):
            r, on = m * d + i * m + j, m * d + n * m + i * m + j
            add(0, np.inf, r=(r, [1]), w=(j * d, -X[i]))
            add(-np.inf, reach[i], r=(r, [1]), w=(j * d, -X[i]), on=(on, [reach[i]]))
            add(-np.inf, 0, r=(r, [1]), on=(on, [-reach[i]]))
        add(1e-4, np.inf, r=(m * d + i * m, y[i] * a), wrong=(count - n + i, [m * reach[i] + 1]))
    add(-np.inf, errors, wrong=(count - n, np.ones(n)))
    bounds_ = ([-1] * (m * d) + [0] * (count - m * d), [1] * (m * d) + [2] * (n * m) + [1] * (n * m + n))
    whole = np.repeat([0, 1], [m * d + n * m, n * m + n])
    found = milp(np.zeros(count), constraints=LinearConstraint(rows, low, high), bounds=bounds_, integrality=whole)
    if found.x is None:
        assert found.status == 2
        return None
    W = found.x[: m * d].reshape(m, d)
    assert np.sum(y * (np.maximum(X @ W.T, 0) @ a) <= 0) <= errors
    return W


@pytest.mark.parametrize(("K", "errors", "least", "true"), [(4, 0, 4, 4), (8, 0, 6, 6), (8, 1, 4, 6)])
def test_the_bound_without_errors_is_attained_on_small_circles(K, errors, least, true):
    """No network one pair smaller errs so little; with errors the bound leaves room."""
    X, y = on_circle([1, -1] * (K // 2))
    assert planar_width(X, y, errors) == least
    assert network(X, y, true, errors) is not None
    assert network(X, y, true - 2, errors) is None


def test_no_network_beats_the_bound_on_random_rows_of_the_plane():
    rng = np.random.default_rng(0)
    attained = 0
    for _ in range(25):
        n, errors = int(rng.integers(4, 7)), int(rng.integers(0, 2))
        X, y = on_circle(rng.choice([-1, 1], n), rng.uniform(0, 2 * np.pi, n))
        X = X * rng.uniform(0.2, 1, (n, 1))
        least = planar_width(X, y, errors)
        if least > 2:
            assert network(X, y, least - 2, errors) is None
        attained += network(X, y, least, errors) is not None
    assert attained >= 12


def test_long_runs_hide_no_sign_changes_from_few_errors():
    X, y = on_circle([1, 1, 1, -1, -1, -1, 1, 1, 1, -1, -1, -1])
    assert planar_width(X, y, 2) == 2
    assert planar_width(X, y, 0) == 4  # two positive arcs, each negative one shorter than pi
    assert planar_width(X, -y, 0) == 4


def test_rows_of_one_ray_are_not_told_apart():
    X, y = on_circle([1, -1, 1], np.array([0.0, 1e-12, 2.0]))
    assert planar_width(X, y, 0) is None
    assert planar_width(*on_circle([1, 1, 1]), 0) == 2


@pytest.mark.parametrize("K", [4, 8, 12, 16])
def test_the_points_are_the_most_that_have_the_margin(K):
    """The margin of K alternating points is computed from the points."""
    gamma = bc.margin(bc.load_dataset(f"synthetic:circle:points={K}"), norm="sup").gamma_sup
    assert gamma.lower <= 1 / (K * np.cos(np.pi / K)) <= gamma.upper
    for shift, points in ((-1e-9, K), (1e-9, max(K - 4, 2))):
        at = point(gamma=Fraction(gamma.lower) + Fraction(shift), eps="0.01", n=1000)
        assert alternating_points(at) == points


def test_the_row_is_the_bound_of_its_points():
    for gamma in ("0.5", "0.3", "0.1353", "0.1352", "0.02", "0.0013"):
        for eps in ("0.001", "0.05", "0.3", "0.6"):
            at = point(gamma=gamma, eps=eps, n=2000)
            K, row = alternating_points(at), bounds.evaluate("circle-lower", gamma=gamma, eps=eps, n=2000)
            signs = [1, -1] * (K // 2)
            assert row.width == planar_width(*on_circle(signs), int(Fraction(eps) * K))
            assert row.width >= to_float(circle.width, at.values)
            assert row.direction == "lower"
            assert not row.at_floor
    few = bounds.evaluate("circle-lower", gamma="0.001", eps="0.01", n=10)
    assert few.width == 6  # eight of ten rows


def test_it_never_exceeds_what_suffices():
    for gamma in ("0.001", "0.05", "0.13"):
        rows = bc.compare(eps=0.05, gamma=[gamma]).rows
        lower = [row.width for row in rows if row.direction == "lower"]
        assert len(lower) == 1
        assert lower[0] < min(row.width for row in rows if row.direction == "upper")


@pytest.mark.parametrize(("eps", "n", "errors"), [(0.29, 100, 29), (0.05, 8, 0), (0.15, 20, 3), (0.3, 10, 3)])
def test_as_many_errors_as_an_average_allows(eps, n, errors):
    assert errors_allowed(eps, n) == errors
    assert errors / n <= eps < (errors + 1) / n


def test_a_lower_bound_prescribes_no_training():
    with pytest.raises(InputError, match="prescribes no training"):
        bc.verify(bc.load_dataset("synthetic:circle:points=8"), width=8, bound="circle-lower")
