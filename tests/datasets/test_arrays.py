"""Data in memory: `bc.dataset`, data frames, tensors, sparse matrices, and what takes them."""

from typing import Any

import numpy as np
import pytest

import boundcheck as bc
from boundcheck.errors import InputError

X = np.array([[3.0, 4.0], [0.0, 1.0], [-1.0, 0.0], [2.0, 0.5]])
Y = np.array([0, 1, 1, 0])
COLUMNS = {
    "a": [3.0, None, -1.0, 2.0],
    "c": ["u", "v", None, "u"],
    "flag": [True, False, True, True],
    "y": [0, 1, 1, 0],
}


def refused(*args: Any, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        bc.dataset(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class Tensor:
    """Converts by the array protocol, as PyTorch's do; on another device that raises."""

    def __init__(self, values: np.ndarray, device: str = "cpu") -> None:
        self.values, self.device = values, device

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.device != "cpu":
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return self.values


def test_arrays_lists_and_tensors_are_the_same_data() -> None:
    expected = bc.dataset(X, Y).digest
    import jax.numpy as jnp

    for rows, labels in ((X.tolist(), Y.tolist()), (Tensor(X), Tensor(Y)), (jnp.asarray(X), jnp.asarray(Y))):
        assert bc.dataset(rows, labels).digest == expected
    assert "without gradients" in refused(Tensor(X, "cuda"), Y)
    assert bc.dataset(X, Y, name="mine").name == "mine"
    assert bc.dataset(X, Y, positive=0).y.tolist() == [1, -1, -1, 1]


def test_sparse_matrices_are_made_dense_within_memory() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for rows in (sparse.csr_matrix(X), sparse.coo_array(X)):
        assert bc.dataset(rows, Y).digest == bc.dataset(X, Y).digest
    assert "a sparse matrix is made dense" in refused(sparse.csr_matrix((200_000, 10_000)), Y)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_data_frame_is_its_columns(library: str) -> None:
    module = pytest.importorskip(library)
    frame = module.table(COLUMNS) if library == "pyarrow" else module.DataFrame(COLUMNS)
    data = bc.dataset(frame, "y", prepare="impute,onehot")
    assert data.columns == ("a", "c=u", "c=v", "flag")
    assert data.raw.tolist() == [[3, 1, 0, 1], [4 / 3, 0, 1, 0], [-1, 1, 0, 1], [2, 1, 0, 1]]
    features = module.table({k: v for k, v in COLUMNS.items() if k != "y"}) if library == "pyarrow" else None
    if features is None:
        features = frame.drop(columns="y") if library == "pandas" else frame.drop("y")
        assert bc.dataset(features, frame["y"], prepare="impute,onehot").digest == data.digest
    assert bc.dataset(features, COLUMNS["y"], prepare="impute,onehot").digest == data.digest
    assert "no column 'z' for --target" in refused(frame, "z")
    assert "column 'c' holds text" in refused(frame, "y", prepare="impute")


def test_functions_take_rows_and_labels_or_a_data_set() -> None:
    data = bc.dataset(X, Y)
    assert bc.margin(X, Y).gamma_sup == bc.margin(data).gamma_sup
    with pytest.raises(InputError, match="leave y out"):
        bc.margin(data, Y)
    with pytest.raises(InputError, match="or rows and labels"):
        bc.margin(X)
    assert "X is no data frame" in refused(X, "label")


def test_soft_labels_are_given_as_an_array() -> None:
    data = bc.load_dataset("synthetic:circle:points=4")
    p = np.where(data.y > 0, 0.55, 0.45)
    report = bc.verify(data, width=40, bound="soft-sharp-nfree", labels=p, seeds=2)
    assert report.to_json()["runs"]
    with pytest.raises(InputError, match=r"p\[0\] = 1.* is outside"):
        bc.verify(data, width=40, labels=p + 1.5 - p[0], seeds=2)
