"""From a table to a Dataset: signs, subsample, normalisation, digest."""

import hashlib
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundcheck.datasets import Dataset, from_arrays
from boundcheck.errors import InputError

X4 = np.array([[3.0, 4.0], [0.0, 1.0], [-1.0, 0.0], [2.0, 0.0]])


def digits(n: int = 100) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).normal(size=(n, 3)), np.arange(n) % 10


def refused(*args: Any, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        from_arrays(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("y", "larger"),
    [
        ([0, 1], "1"),
        ([-1, 1], "1"),
        ([9, 10], "10"),  # by value, not by text
        ([0.0, 1.0], "1"),
        ([0.5, 2.0], "2"),
        ([False, True], "True"),
        (["benign", "malignant"], "malignant"),
        (["9", "10"], "10"),
        (["9", "b10"], "b10"),
        ([b"no", b"yes"], "yes"),
    ],
)
def test_of_two_classes_the_larger_is_positive(y: list[Any], larger: str) -> None:
    data = from_arrays(X4, [y[1], y[0], y[0], y[1]])
    assert data.positive == (larger,)
    assert sorted(data.y.tolist()) == [-1, -1, 1, 1]
    assert data.y.dtype == np.int8


def test_objects_are_classes_by_their_text() -> None:
    assert from_arrays(X4, np.array(["a", 5, 5.0, "a"], dtype=object)).y.tolist() == [1, -1, -1, 1]
    assert "label of row 1 (counting from 0) is missing" in refused(X4, np.array(["a", None, "b", "a"], dtype=object))


def test_positive_and_drop_choose_the_classes() -> None:
    X, y = digits()
    data = from_arrays(X, y, positive=("5", "6", "7", "8", "9"), drop=("1", "7", "4", "9"))
    kept = ~np.isin(y, [1, 7, 4, 9])
    assert data.rows.tolist() == np.flatnonzero(kept).tolist()
    assert data.y.tolist() == np.where(y[kept] >= 5, 1, -1).tolist()
    assert (data.negative, data.positive) == (("0", "2", "3"), ("5", "6", "8"))
    assert np.array_equal(data.raw, X[kept])


def test_the_norm_is_the_largest_of_the_rows_used() -> None:
    data = from_arrays([[100.0, 0], [3, 4], [1, 0]], ["c", "a", "b"], drop=["c"])
    assert np.array_equal(data.X, [[0.6, 0.8], [0.2, 0]])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "10 classes ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'); say with --positive"),
        ({"positive": ["10"]}, "--positive names '10', but the classes are '0', "),
        ({"positive": ["5"], "drop": ["x"]}, "--drop names 'x'"),
        ({"positive": ["6"], "drop": ["6"]}, "--positive names dropped classes only"),
        ({"positive": list("0123456789")}, "--positive names every class left"),
        ({"drop": list("012345678")}, "1 class left ('9'); two classes are needed"),
        ({"drop": list("0123456789")}, "0 class left"),
        ({"positive": ["5"], "subsample": 1}, "--subsample 1 is impossible; ask for 2 to 100 rows"),
        ({"positive": ["5"], "subsample": 101}, "--subsample 101 is impossible"),
        ({"positive": ["5"], "subsample": 5, "seed": -1}, "--seed -1 is negative"),
        ({"positive": ["5"], "normalize": "l2"}, "--normalize 'l2' is unknown; use max, unit, none"),
    ],
)
def test_options_that_do_not_fit_the_data_are_refused(options: dict[str, Any], words: str) -> None:
    assert words in refused(*digits(), **options)


def test_gaps_and_mismatches_of_arrays_in_memory_are_refused() -> None:
    assert "without gaps" in refused([[1, 2], [3]], [0, 1])
    assert "X has 2 rows but y has 3 labels" in refused([[1, 2], [3, 4]], [0, 1, 1])


@settings(deadline=None, max_examples=200)
@given(plus=st.integers(1, 60), minus=st.integers(1, 60), data=st.data())
def test_a_subsample_keeps_both_classes_in_proportion(plus: int, minus: int, data: st.DataObject) -> None:
    n = plus + minus
    size = data.draw(st.integers(2, n))
    X = np.arange(1, n + 1)[:, None] / n
    y = np.random.default_rng(n).permutation([1] * plus + [-1] * minus)
    one = from_arrays(X, y, subsample=size, seed=3)
    assert len(one.y) == size
    assert np.all(np.diff(one.rows) > 0)
    assert np.array_equal(one.y, y[one.rows])
    assert np.array_equal(one.raw, X[one.rows])
    share = int((one.y > 0).sum())
    assert 1 <= share < size
    assert abs(share - size * plus / n) <= 1
    again = from_arrays(X, y, subsample=size, seed=3)
    assert again.digest == one.digest


def test_another_seed_draws_another_subsample() -> None:
    X, y = digits(1000)
    draws = [from_arrays(X, y, positive="5", subsample=100, seed=seed).rows for seed in range(40)]
    assert len({rows.tobytes() for rows in draws}) == 40
    # Each of the 1000 rows is drawn about 4 times in 40; a row drawn 20 times has probability below 1e-8.
    assert np.bincount(np.concatenate(draws), minlength=1000).max() < 20


def exact_norm(row: np.ndarray) -> Fraction:
    """The square of the norm, in rational arithmetic."""
    return sum((Fraction(float(v)) ** 2 for v in row), Fraction(0))


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=3, max_size=3).filter(any),
        min_size=2,
        max_size=8,
    ),
    st.sampled_from([1.0, 1e-300, 1e300, 2.0**-1000]),
)
def test_normalisation_is_right_at_every_magnitude(rows: list[list[float]], magnitude: float) -> None:
    """Against rational arithmetic; squares of 1e300 and of 1e-300 are no doubles, their norms are."""
    raw = np.array(rows) * magnitude
    y = np.arange(len(raw)) % 2
    largest = max(exact_norm(r) for r in raw)
    by_largest, by_own = from_arrays(raw, y), from_arrays(raw, y, normalize="unit")
    for i in range(len(raw)):
        for j in range(3):
            square, sign = Fraction(float(raw[i, j])) ** 2, np.sign(raw[i, j])
            for X, norm in ((by_largest.X, largest), (by_own.X, exact_norm(raw[i]))):
                assert X[i, j] == pytest.approx(sign * float(square / norm) ** 0.5, rel=1e-14, abs=1e-290)
    for data in (by_largest, by_own):
        assert np.linalg.norm(data.X, axis=1).max() == pytest.approx(1, abs=1e-15)
        assert np.array_equal(data.raw, raw)


def test_ordinary_rows_are_divided_by_the_plain_norm() -> None:
    X = np.random.default_rng(1).normal(size=(50, 7))
    assert np.allclose(from_arrays(X, np.arange(50) % 2).X, X / np.linalg.norm(X, axis=1).max(), rtol=3e-16, atol=0)


def test_exact_antipodes_stay_exact() -> None:
    X = np.random.default_rng(2).normal(size=(20, 5))
    for normalize in ("max", "unit"):
        data = from_arrays(np.concatenate([X, -X]), np.arange(40) % 2, normalize=normalize)
        assert np.array_equal(data.X[:20], -data.X[20:])


def test_norms_too_far_apart_and_norms_above_one_are_refused() -> None:
    far = [[1e200, 0], [0, 1e-200]]
    assert "norm of row 1 (counting from 0) is below 1e-150 of the largest" in refused(far, [0, 1])
    assert np.array_equal(from_arrays(far, [0, 1], normalize="unit").X, np.eye(2))
    message = refused([[0.1, 0], [0.8, 0.7]], [0, 1], normalize="none")
    assert "row 1 (counting from 0) has norm 1.06301; use --normalize max or unit" in message
    assert "has norm inf" in refused([[1.7e308, 1.7e308], [0.8, 0.6]], [0, 1], normalize="none")
    assert "below 1e-150" in refused([[1e-200, 0], [1e-200, 1e-210]], [0, 1], normalize="none")


def test_none_leaves_the_rows_alone() -> None:
    X = np.array([[0.6, 0.8], [0.1, -0.3]])
    assert np.array_equal(from_arrays(X, [0, 1], normalize="none").X, X)
    rounded = np.array([[1 / 3**0.5] * 3, [1, 0, 0]])  # a norm of 1 that rounding may put above 1
    assert from_arrays(rounded, [0, 1], normalize="none").normalize == "none"


@pytest.mark.parametrize(
    ("X", "scale"),
    [
        (np.array([[[200, 0]], [[0, 3]]], dtype=np.uint8), 255),
        (np.array([[[1, 0]], [[0, 1]]], dtype=np.uint8), 255),
        (np.array([[200, 0], [0, 3]], dtype=np.uint8), 1),
        (np.array([[200, 0], [0, 3]]), 1),  # integer features are no image
        (np.array([[[200, 0]], [[0, 3]]]), 255),
        (np.array([[[1, 0]], [[0, 1]]]), 1),
        (np.array([[[256, 0]], [[0, 3]]]), 65535),
        (np.array([[[2**16, 0]], [[0, 3]]], dtype=np.uint64), 2**32 - 1),
        (np.array([[[200, 0]], [[0, -3]]]), 1),
        (np.array([[[200.0, 0]], [[0, 3]]]), 1),
    ],
)
def test_integer_images_are_scaled_to_one(X: np.ndarray, scale: int) -> None:
    data = from_arrays(X, [0, 1])
    assert data.scale == scale
    assert data.raw.dtype == X.dtype
    assert np.array_equal(data.raw, X.reshape(2, -1))
    assert data.image_shape == (X.shape[1:] if X.ndim > 2 else None)
    if X.max() <= scale:
        unscaled = from_arrays(X / np.float64(scale), [0, 1])
        assert np.allclose(data.X, unscaled.X, rtol=1e-15)


def test_scaled_images_may_lie_in_the_unit_ball_as_they_are() -> None:
    data = from_arrays(np.array([[[51, 0]], [[0, 255]]], dtype=np.uint8), [0, 1], normalize="none")
    assert np.array_equal(data.X, [[0.2, 0], [0, 1]])


def make(X: np.ndarray, **options: Any) -> Dataset:
    return from_arrays(X, [0, 1, 1, 0], **options)


def test_the_digest_is_the_sha256_of_the_data_used() -> None:
    data = make(X4, p=[0.1, 0.9, 0.8, 0.2])
    assert data.p is not None
    text = b"boundcheck data 1, (4, 2), p True"
    expected = hashlib.sha256(text + (X4 / 5).tobytes() + b"\xff\x01\x01\xff" + data.p.tobytes()).hexdigest()
    assert data.digest == expected


def test_whatever_changes_the_data_changes_the_digest() -> None:
    assert make(X4).digest == make(2 * X4).digest  # the same rows once normalised
    others = [
        make(X4 + np.array([[0, 0], [0, 0], [0, 0], [0, 1e-15]])),
        make(X4, normalize="unit"),
        make(X4, positive="0"),
        make(X4, p=[0.5] * 4),
        make(X4[::-1]),
        make(X4, subsample=3),
    ]
    assert len({d.digest for d in others} | {make(X4).digest}) == 7


def test_arrays_are_read_only_and_the_callers_stay_writable() -> None:
    X, p = X4.copy(), np.full(4, 0.5)
    data = make(X, p=p, normalize="none") if X.max() <= 1 else make(X, p=p)
    for array in (data.X, data.y, data.raw, data.rows, data.p):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    X[0, 0] = p[0] = 0.25
    assert data.raw[0, 0] == 3.0
