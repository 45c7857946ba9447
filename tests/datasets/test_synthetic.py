"""Synthetic families: seeded, both classes present, and what their docstrings say of the margin."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundcheck.datasets import FAMILIES, load_dataset
from boundcheck.errors import InputError

from .conftest import refusal


def nearest(number: Any) -> float:
    return float(mpmath.mpf(number))


@pytest.mark.parametrize("points", [2, 3, 4, 5, 6, 7, 8, 12, 97, 360])
def test_circle_coordinates_are_correctly_rounded(points: int) -> None:
    """Against mpmath at 50 digits, bit for bit."""
    raw = load_dataset(f"synthetic:circle:points={points}").raw
    with mpmath.workdps(50):
        for i, row in enumerate(raw):
            angle = mpmath.mpf(2 * i) / points
            assert row.tolist() == [nearest(mpmath.cospi(angle)), nearest(mpmath.sinpi(angle))]


@pytest.mark.parametrize("points", [2, 6, 8, 10, 14, 20, 1000])
def test_opposite_points_of_a_circle_are_exactly_antipodal(points: int) -> None:
    data = load_dataset(f"synthetic:circle:points={points}")
    half = points // 2
    assert np.array_equal(data.raw[:half], -data.raw[half:])
    assert np.array_equal(data.X[:half], -data.X[half:])
    assert data.y.tolist() == [(-1) ** i for i in range(points)]
    x, y = data.raw.T
    assert np.array_equal(x[1:], x[:0:-1])  # the reflection in the first axis
    assert np.array_equal(y[1:], -y[:0:-1])


def sup_norm_margin(X: np.ndarray, y: np.ndarray, q: np.ndarray) -> float:
    """F(q) = E||sum_i q_i y_i 1[z.x_i > 0] x_i|| in the plane: the integrand is constant between breakpoints."""
    angles = np.sort(np.concatenate([np.arctan2(X[:, 1], X[:, 0]) + s for s in (np.pi / 2, -np.pi / 2)]) % (2 * np.pi))
    edges = np.append(angles, angles[0] + 2 * np.pi)
    middle = (edges[1:] + edges[:-1]) / 2
    active = np.stack([np.cos(middle), np.sin(middle)], axis=1) @ X.T > 0
    s = active @ (X * (q * y)[:, None])
    return float(np.linalg.norm(s, axis=1) @ np.diff(edges) / (2 * np.pi))


def test_the_octagon_has_the_margin_of_its_docstring() -> None:
    """By symmetry the uniform q is optimal: reflections and rotations by two steps act transitively on each class."""
    data = load_dataset("synthetic:circle")
    assert sup_norm_margin(data.X, data.y, np.full(8, 1 / 8)) == pytest.approx(0.1352990250, abs=1e-9)
    hexagon = load_dataset("synthetic:circle:points=6")
    assert sup_norm_margin(hexagon.X, hexagon.y, np.full(6, 1 / 6)) < 1e-16


@pytest.mark.parametrize("degrees", ["0", "30", "60", "90", "179.999", "180", "1e-9"])
def test_pair_lies_at_its_angle_and_has_its_margin(degrees: str) -> None:
    data = load_dataset(f"synthetic:pair:angle={degrees}")
    t = math.radians(float(degrees))
    (u, v), cos = data.X, math.cos(t)
    assert u.tolist() == [1, 0]
    assert math.atan2(v[1], v[0]) == pytest.approx(t, rel=1e-14)
    assert data.y.tolist() == [1, -1]
    q = np.array([0.5, 0.5])  # optimal by symmetry
    gamma = (math.pi - t) / (2 * math.pi) * math.sin(t / 2) + t / (2 * math.pi)
    assert sup_norm_margin(data.X, data.y, q) == pytest.approx(gamma, rel=1e-6, abs=1e-15)
    K = [[0.5, cos * (math.pi - t) / (2 * math.pi)], [cos * (math.pi - t) / (2 * math.pi), 0.5]]
    H = np.array(K) * np.outer(data.y, data.y)
    assert q @ H @ q == pytest.approx((1 - cos * (1 - t / math.pi)) / 4, abs=1e-15)


def test_pair_at_180_degrees_is_exactly_antipodal() -> None:
    assert load_dataset("synthetic:pair:angle=180").raw.tolist() == [[1, 0], [-1, 0]]


@settings(deadline=None, max_examples=100)
@given(n=st.integers(2, 40), d=st.integers(2, 6), seed=st.integers(0, 2**40))
def test_every_random_family_is_seeded_and_has_both_classes(n: int, d: int, seed: int) -> None:
    for source in (
        f"synthetic:sphere:n={n},d={d}",
        f"synthetic:gauss:n={n},d={d},distance=1.5",
        f"synthetic:teacher:n={n},d={d},neurons=3,gap=0.05",
        f"synthetic:xor:d={max(d, 6)},k=2,n={n}",
    ):
        one, again, other = (load_dataset(source, seed=s) for s in (seed, seed, seed + 1))
        assert one.digest == again.digest
        assert len(one.y) == n
        assert {-1, 1} == set(one.y.tolist())
        assert one.digest != other.digest or (n <= 3 and "xor" in source)


def test_sphere_points_lie_on_the_sphere_and_labels_are_fair() -> None:
    data = load_dataset("synthetic:sphere:n=4000,d=3")
    assert np.allclose(np.linalg.norm(data.raw, axis=1), 1, atol=1e-15)
    # Means of 4000 draws: standard error 1/sqrt(4000) = 0.016 for labels, 0.009 for coordinates.
    assert abs(data.y.mean()) < 5 * 0.016
    assert np.all(np.abs(data.raw.mean(axis=0)) < 5 * 0.0092)


@pytest.mark.parametrize(("d", "k"), [(2, 2), (4, 1), (4, 3), (5, 2), (5, 5), (7, 3)])
def test_xor_is_the_parity_on_the_whole_cube(d: int, k: int) -> None:
    data = load_dataset(f"synthetic:xor:d={d},k={k}", normalize="none")
    assert len(np.unique(data.raw, axis=0)) == 2**d == len(data.y)
    assert np.array_equal(data.y, np.sign(data.raw[:, :k]).prod(axis=1))
    assert np.array_equal(np.abs(data.raw), np.full((2**d, d), 1 / math.sqrt(d)))
    antipodes_conflict = k % 2 == 1
    opposite = {tuple(row): s for row, s in zip(data.raw.tolist(), data.y.tolist(), strict=True)}
    for row, s in opposite.items():
        assert opposite[tuple(-v for v in row)] == (-s if antipodes_conflict else s)
    if k >= 2:  # 0 is in the hull of the y x, so an odd k >= 3 has margin 0
        assert np.abs((data.raw * data.y[:, None]).sum(axis=0)).max() < 1e-13


def test_xor_subsamples_distinct_corners_of_a_large_cube() -> None:
    data = load_dataset("synthetic:xor:d=40,k=3,n=50", seed=4)
    assert len(np.unique(data.raw, axis=0)) == 50
    assert np.array_equal(data.y, np.sign(data.raw[:, :3]).prod(axis=1))


def test_xor_of_two_corners_has_both_classes_and_true_parities() -> None:
    """Half of all pairs of corners share their parity; one of the two is then moved, not relabelled."""
    for seed in range(40):
        data = load_dataset("synthetic:xor:d=6,k=2,n=2", seed=seed)
        assert data.y.sum() == 0
        assert np.array_equal(data.y, np.sign(data.raw[:, :2]).prod(axis=1))


def test_teacher_keeps_only_points_beyond_the_gap() -> None:
    """The network is rebuilt here from the documented seeds and formula."""
    n, d, neurons, gap, seed = 300, 6, 5, 0.4, 11
    data = load_dataset(f"synthetic:teacher:n={n},d={d},neurons={neurons},gap={gap}", seed=seed)
    W = np.random.default_rng([seed, 1]).standard_normal((neurons, d))
    f = sum((-1) ** j * np.maximum(0, data.raw @ W[j]) for j in range(neurons)) / math.sqrt(neurons)
    assert np.abs(f).min() > gap
    assert np.array_equal(np.sign(f), data.y)
    assert np.allclose(np.linalg.norm(data.raw, axis=1), 1)


def test_teacher_finds_the_rare_class() -> None:
    """Two points of a lopsided network: one of each class although the first two draws seldom are."""
    for seed in range(30):
        assert set(load_dataset("synthetic:teacher:n=2,d=2,neurons=2,gap=0.6", seed=seed).y.tolist()) == {-1, 1}


def test_gauss_classes_are_apart_by_the_distance() -> None:
    data = load_dataset("synthetic:gauss:n=4000,d=4,distance=6")
    apart = data.raw[data.y > 0].mean(axis=0) - data.raw[data.y < 0].mean(axis=0)
    assert np.all(np.abs(apart - [6, 0, 0, 0]) < 5 * math.sqrt(2 / 2000))  # five standard errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "unknown family; use circle, pair, sphere, xor, teacher, gauss"),
        ("", "unknown family"),
        ("circle:ponits=8", "key 'ponits' is unknown; use points="),
        ("sphere:n=5,n=6", "key 'n' is given twice; use n=, d="),
        ("circle:seed=8", "key 'seed' is unknown"),
        ("circle:8", "key '8' is unknown"),
        ("circle:points=eight", "points='eight' is not an integer"),
        ("circle:points=8.0", "is not an integer"),
        ("circle:points=", "points='' is not an integer"),
        ("circle:points=" + "9" * 5000, "is not an integer"),
        ("circle:points=1", "points=1 is out of range; use 2 to 1000000"),
        ("circle:points=1000001", "out of range"),
        ("pair:angle=x", "angle='x' is not a number"),
        ("pair:angle=nan", "not a number"),
        ("pair:angle=1e999999999", "not a number"),
        ("pair:angle=-1", "degrees from 0 to 180"),
        ("pair:angle=181", "degrees from 0 to 180"),
        ("sphere:n=1,d=5", "use n >= 2 and d >= 2"),
        ("sphere:n=10,d=1", "use n >= 2 and d >= 2"),
        ("sphere:n=1000000000,d=1000", "1000000000 x 1000 numbers need 7,450.6 GiB"),
        ("gauss:n=1000000000000000000000000,d=1000", "above the limit"),
        ("gauss:distance=-1", "distance=-1 is out of range"),
        ("gauss:distance=inf", "out of range"),
        ("xor:d=60,k=2", "GiB, above the limit of 4 GiB"),
        ("xor:d=63,k=2", "use d from 2 to 62"),
        ("xor:d=1000000000,k=2", "use d from 2 to 62"),
        ("xor:d=4,k=5", "k from 1 to d"),
        ("xor:d=4,k=0", "k from 1 to d"),
        ("xor:d=4,k=2,n=17", "use 2 to 16"),
        ("xor:d=4,k=2,n=1", "use 2 to 16"),
        ("teacher:gap=100", "use a smaller gap"),
        ("teacher:gap=nan", "gap >= 0"),
        ("teacher:neurons=1", "neurons >= 2"),
        ("teacher:neurons=1000000000000", "above the limit"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        load_dataset(f"synthetic:{text}")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_angle_below_every_double_is_zero() -> None:
    assert load_dataset("synthetic:pair:angle=1e-999999999").raw.tolist() == [[1, 0], [1, 0]]


def test_a_negative_seed_and_a_target_are_refused() -> None:
    with pytest.raises(InputError, match="--seed -1 is negative"):
        load_dataset("synthetic:sphere", seed=-1)
    assert "--target names the column" in refusal("synthetic:circle", target="y")


def test_every_family_has_defaults_and_says_what_is_known_of_its_margin() -> None:
    for family, make in FAMILIES.items():
        assert len(load_dataset(f"synthetic:{family}").y) >= 2
        assert "gamma" in (make.__doc__ or "")
