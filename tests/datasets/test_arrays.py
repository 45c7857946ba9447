"""Data in memory: `bc.dataset`, data frames, tensors, sparse matrices, and what takes them."""

from collections.abc import Callable
from pathlib import Path
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
    masked = np.ma.masked_equal(X, 4.0)
    assert "row 0 (counting from 0), column 1" in refused(masked, Y)
    assert bc.dataset(masked, Y, prepare="impute").raw[0, 1] == 0.5
    assert bc.dataset(X, Y, name="mine").name == "mine"
    assert bc.dataset(X, Y, positive=0).y.tolist() == [1, -1, -1, 1]


def test_sparse_matrices_are_made_dense_within_memory() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for rows in (sparse.csr_matrix(X), sparse.coo_array(X)):
        assert bc.dataset(rows, Y).digest == bc.dataset(X, Y).digest
        assert bc.dataset(rows, sparse.csr_array(Y[:, None])).digest == bc.dataset(X, Y).digest
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


def test_tensors_of_pytorch_are_rows_and_labels() -> None:
    torch = pytest.importorskip("torch")
    rows, labels = torch.tensor(X), torch.tensor(Y)
    assert bc.dataset(rows, labels).digest == bc.dataset(X, Y).digest
    assert bc.dataset(list(rows), list(labels)).digest == bc.dataset(X, Y).digest
    assert "without gradients" in refused(rows.requires_grad_(), labels)


FUNCTIONS: dict[str, Callable[[Any, Path], Any]] = {
    "margin": lambda data, _: bc.margin(data).gamma_sup,
    "data": lambda data, _: bc.data(data).recipes,
    "compare": lambda data, _: bc.compare(eps=0.05, data=data, bound=["soft-sharp"]).rows,
    "verify": lambda data, _: bc.verify(data, width=40, seeds=2).runs,
    "labels_make": lambda data, folder: bc.labels_make(data, "smoothing", folder / "p.npz").digest,
    "labels_check": lambda data, _: bc.labels_check([0.2, 0.9, 0.3, 0.6], data),
}


@pytest.mark.filterwarnings("ignore:.*exceeds 1/2")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_take_a_data_set_or_rows_and_labels(tmp_path: Path, function: str) -> None:
    run = FUNCTIONS[function]
    rows, labels = [[1.0, 0], [0, 1], [-1, 0], [0, -1]], [0, 1, 0, 1]  # gamma is large here: training is short
    assert run((rows, labels), tmp_path) == run(bc.dataset(rows, labels), tmp_path)


def test_what_is_no_data_set_is_refused() -> None:
    data = bc.dataset(X, Y)
    assert bc.margin(X, Y).gamma_sup == bc.margin(data).gamma_sup
    with pytest.raises(InputError, match="is prepared already"):
        bc.reproduce.table1(data)
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
