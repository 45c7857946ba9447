"""Data sets from scikit-learn and OpenML, with the margin of digits as the oracle of the whole loader."""

import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from boundcheck.datasets import SKLEARN, Dataset, load_dataset

from .conftest import refusal

HIGH = ("5", "6", "7", "8", "9")


def rkhs_margin(data: Dataset) -> float:
    """OneClassSVM on yy' o K solves the same quadratic programme; libsvm's gap is 3e-6."""
    svm = pytest.importorskip("sklearn.svm")
    G = data.X @ data.X.T
    norms = np.sqrt(np.diag(G))
    angle = np.arccos(np.clip(G / np.outer(norms, norms), -1, 1))
    H = np.outer(data.y, data.y) * G * (np.pi - angle) / (2 * np.pi)
    n = len(data.y)
    fit = svm.OneClassSVM(kernel="precomputed", nu=1 / n, tol=1e-8).fit(H)
    q = np.zeros(n)
    q[fit.support_] = fit.dual_coef_[0] / fit.dual_coef_.sum()
    return float(np.sqrt(q @ H @ q))


@pytest.mark.parametrize(("drop", "n", "gamma"), [((), 1797, 0.0153768), (("1", "7", "4", "9"), 1075, 0.0300735)])
def test_digits_have_the_published_rkhs_margin(drop: tuple[str, ...], n: int, gamma: float) -> None:
    """The figures of issue 2, so classes, dropping and normalisation after dropping are as meant."""
    data = load_dataset("sklearn:digits", positive=HIGH, drop=drop)
    assert data.X.shape == (n, 64)
    assert data.image_shape == (8, 8)
    assert rkhs_margin(data) == pytest.approx(gamma, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "options", "plus"),
    [
        ("breast_cancer", (569, 30), {}, 212),
        ("breast_cancer", (569, 30), {"positive": ["benign"]}, 357),
        ("wine", (178, 13), {"positive": ["class_0"]}, 59),
        ("iris", (150, 4), {"positive": ["setosa", "virginica"]}, 100),
    ],
)
def test_classes_go_by_their_names(name: str, shape: tuple[int, int], options: dict[str, Any], plus: int) -> None:
    data = load_dataset(f"sklearn:{name}", **options)
    assert data.X.shape == shape
    assert int((data.y > 0).sum()) == plus


def test_unknown_names_list_the_known_ones() -> None:
    assert "use breast_cancer, digits, iris, wine" in refusal("sklearn:mnist")
    assert len(SKLEARN) == 4
    assert "--target" in refusal("sklearn:digits", target="y")


@pytest.mark.parametrize("source", ["sklearn:digits", "openml:iris"])
def test_without_scikit_learn_the_extra_is_named(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert "pip install 'boundcheck[data]'" in refusal(source)


def test_without_a_network_openml_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def unreachable(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    message = refusal("openml:surely-not-cached")
    assert "openml.org cannot be reached" in message
    assert "use a file" in message
    assert socket.getdefaulttimeout() is None


def test_openml_data_become_a_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    scipy_sparse = pytest.importorskip("scipy.sparse")
    fetched = SimpleNamespace(
        data=scipy_sparse.csr_matrix([[3.0, 4], [1, 0]]),
        target=np.array(["a", "b"], dtype=object),
        feature_names=["u", "v"],
        categories={},
    )
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *args, **options: fetched)
    assert np.array_equal(load_dataset("openml:thing").X, [[0.6, 0.8], [0.2, 0]])
    fetched.data, fetched.target = np.array([[3.0, 1], [1, np.nan], [2, 0]]), np.array(["a", "b", "b"], dtype=object)
    fetched.categories = {"v": ["red", "blue"], "class": ["a", "b"]}
    assert "column 'v' holds text ('red', 'blue')" in refusal("openml:thing", prepare="impute")
    data = load_dataset("openml:thing", prepare="impute,onehot")
    assert (data.columns, data.raw.tolist()) == (("u", "v=blue", "v=red"), [[3, 1, 0], [1, 0, 1], [2, 0, 1]])
    fetched.target = None
    assert "no single column of labels" in refusal("openml:thing")


def test_importing_the_loaders_loads_no_optional_library() -> None:
    script = "import boundcheck.datasets, sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"jax", "sympy", "scipy", "sklearn", "pyarrow", "flint"} & {m.split(".")[0] for m in out.split()}
