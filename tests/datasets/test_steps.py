"""Steps of preparation: against scikit-learn, on held-out rows, and where they must say what they did."""

import json
from typing import Any

import numpy as np
import pytest

from boundcheck.datasets import STEPS, Dataset, Preparation, from_arrays, load_dataset
from boundcheck.errors import InputError
from boundcheck.pipeline.margin import margin

RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 5)) @ RNG.normal(size=(5, 5)) + RNG.normal(size=5) * 10
Y = np.arange(60) % 2
NEW = RNG.normal(size=(7, 5)) * 3


def refused(X: Any, steps: Any, y: Any = None, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        from_arrays(X, np.arange(len(X)) % 2 if y is None else y, prepare=steps, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def oracle(step: str, rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    """scikit-learn's transformer, learned on `rows`, of `new`."""
    decomposition, preprocessing = (
        pytest.importorskip("sklearn.decomposition"),
        pytest.importorskip("sklearn.preprocessing"),
    )
    made = {
        "center": preprocessing.StandardScaler(with_std=False),
        "standardize": preprocessing.StandardScaler(),
        "whiten": decomposition.PCA(whiten=True, svd_solver="full"),
        "pca=3": decomposition.PCA(3, svd_solver="full"),
    }[step].fit(rows)
    found = np.asarray(made.transform(new))
    if step == "whiten":  # scikit-learn divides by n - 1
        found *= np.sqrt(len(rows) / (len(rows) - 1))
    return found


@pytest.mark.parametrize("step", ["center", "standardize", "whiten", "pca=3"])
@pytest.mark.parametrize("normalize", ["max", "unit"])
def test_a_step_is_scikit_learns_on_the_rows_and_on_others(step: str, normalize: str) -> None:
    data = from_arrays(X, Y, prepare=step, normalize=normalize)
    for found, rows in ((data.X, X), (data.preparation.apply(NEW), NEW)):
        expected = oracle(step, X, rows)
        if step in ("whiten", "pca=3"):  # axes are found up to their sign
            expected *= np.sign((found * expected).sum(axis=0))
        norm = np.linalg.norm(oracle(step, X, X), axis=1).max()
        if normalize == "unit":
            norm = np.linalg.norm(expected, axis=1, keepdims=True)
        assert np.allclose(found, expected / norm, rtol=1e-9, atol=1e-12)


def test_the_steps_come_in_their_order() -> None:
    twice = from_arrays(X, Y, prepare="bias=2,center", normalize="max").raw
    assert np.array_equal(twice[:, -1], np.zeros(60))
    last = from_arrays(X, Y, prepare=["center", "bias=2"]).raw
    assert np.array_equal(last[:, -1], np.full(60, 2.0))
    assert np.allclose(last[:, :-1], X - X.mean(axis=0))


def test_statistics_are_those_of_the_rows_that_remain() -> None:
    y = np.where(np.arange(60) < 20, "a", np.where(np.arange(60) < 40, "b", "c"))
    data = from_arrays(X, y, drop=["c"], prepare="center")
    assert np.allclose(data.preparation.steps[0].learned["mean"], X[:40].mean(axis=0))


def test_missing_values_become_the_mean_or_their_rows_go() -> None:
    gaps = X.copy()
    gaps[4, 1] = gaps[9, 1] = gaps[9, 3] = np.nan
    data = from_arrays(gaps, Y, prepare="impute")
    assert data.raw[4, 1] == pytest.approx(np.nanmean(gaps[:, 1]))
    assert data.preparation.steps[0].said == "3 missing values became the column's mean"
    fewer = from_arrays(gaps, Y, prepare="impute=drop")
    assert fewer.rows.tolist() == [i for i in range(60) if i not in (4, 9)]
    assert np.array_equal(fewer.raw, X[fewer.rows])
    assert fewer.y.tolist() == np.where(Y[fewer.rows] == 1, 1, -1).tolist()
    assert fewer.left_out == ("2 rows with missing values left out",)
    assert "add impute to --prepare" in refused(gaps, "center")
    assert "row 4 (counting from 0), column 1" in refused(gaps, ())
    gaps[:, 2] = np.nan
    assert "column '2' has no value at all" in refused(gaps, "impute")
    assert "every row has a missing value" in refused(gaps, "impute=drop")


def test_steps_that_destroy_columns_say_so() -> None:
    flat = np.column_stack([X, np.full(60, 0.1), X[:, 0] + X[:, 1]])
    data = from_arrays(flat, Y, prepare="standardize")
    assert data.preparation.steps[0].said == "1 constant columns became 0 ('5')"
    assert np.array_equal(data.raw[:, 5], np.zeros(60))
    white = from_arrays(flat, Y, prepare="whiten")
    assert white.raw.shape == (60, 5)
    assert white.preparation.steps[0].said == "5 directions of 7 kept, the others have no variance"
    assert np.allclose(np.cov(white.raw.T, bias=True), np.eye(5), atol=1e-9)
    assert "only 5 directions" in from_arrays(flat, Y, prepare="pca=6").preparation.steps[0].said
    assert "every column is constant" in refused(np.ones((4, 2)), "standardize")
    assert "all rows are the same" in refused(np.ones((4, 2)), "whiten")
    assert "is zero" in refused([[1.0, 2], [1, 2], [3, 4], [-1, 0]], "center")  # the mean itself is a row
    assert "too large" in refused([[1e308, 1], [-1e308, 2], [1e308, 3], [1, 1]], "standardize")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("scale", "--prepare has no step 'scale'; use impute, onehot, center"),
        ("pca", "'pca' is not understood; write pca=K"),
        ("pca=0", "'pca=0' is not understood"),
        ("pca=2.5", "'pca=2.5' is not understood"),
        ("bias=0", "write bias or bias=B with B not 0"),
        ("bias=inf", "write bias"),
        ("bias=x", "write bias"),
        ("center=1", "it takes no parameter"),
        ("impute=median", "impute=drop"),
        (["center", 3], "no step '3'"),
    ],
)
def test_a_step_that_is_not_understood_is_refused(steps: Any, words: str) -> None:
    assert words in refused(X, steps)


def same(one: Preparation, other: Preparation) -> bool:
    return bool(one.text() == other.text() and np.array_equal(one.apply(NEW), other.apply(NEW)))


@pytest.mark.parametrize("steps", ["", "center", "standardize,bias=.5", "pca=4,whiten", "impute,standardize"])
def test_what_was_learned_is_read_back_from_its_text(steps: str) -> None:
    done = from_arrays(X, Y, prepare=steps, normalize="unit").preparation
    assert same(Preparation.read(done.text()), done)
    assert done.spec == steps.replace(".5", "0.5")
    assert json.loads(json.dumps(done.summary()))["normalize"] == "unit"


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'{"steps": 3}', b"[" * 100_000])
def test_another_text_is_no_preparation(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Preparation.read(text)


def test_every_step_has_a_usage() -> None:
    for name in STEPS:
        assert "--prepare" in refused(X, f"{name}=!")


MEASURED = {
    "sklearn:breast_cancer": (0.00078, 0.0040, 0.00043, 0.0106, 0.0083, 0.0517, 0.0111, 0.0464),
    "sklearn:wine": (0.0020, 0.0052, 0.0013, 0.0098, 0.0536, 0.0989, 0.0544, 0.0815),
}
RECIPES = (
    ("", "max"), ("", "unit"), ("center", "max"), ("center", "unit"), ("standardize", "max"), ("standardize", "unit"),
    ("standardize,bias", "max"), ("whiten", "unit"),
)  # fmt: skip


@pytest.mark.parametrize("source", MEASURED)
def test_gamma_after_each_recipe_is_what_libsvm_measured(source: str) -> None:
    """Seven columns of the theory's table on real data, which another solver filled; whitened by scikit-learn."""
    pytest.importorskip("sklearn")
    positive = ("class_1",) if source.endswith("wine") else ()
    for (steps, normalize), expected in zip(RECIPES, MEASURED[source], strict=True):
        data: Dataset = load_dataset(source, positive=positive, prepare=steps, normalize=normalize)
        found = margin(data, norm="rkhs").gamma_rkhs
        digits = 0.5 * 10.0 ** -(5 if expected < 1e-3 else 4)
        assert found.lower == pytest.approx(expected, abs=1.01 * digits), (steps, normalize)
