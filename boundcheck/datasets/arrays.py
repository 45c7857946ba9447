"""Data in memory: NumPy arrays and what converts to them, lists, data frames, sparse matrices."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from boundcheck.datasets.classes import encode
from boundcheck.datasets.dataset import Dataset, Table, check_memory, prepare
from boundcheck.errors import InputError, quoted


def dataset(
    X: Any,
    y: Any,
    *,
    p: Any = None,
    positive: Sequence[Any] | None = None,
    drop: Sequence[Any] = (),
    subsample: int | None = None,
    prepare: str | Sequence[str] = (),
    normalize: str = "max",
    seed: int = 0,
    name: str | None = None,
) -> Dataset:
    """Make a Dataset of rows and labels in memory; see `load_dataset` for the options and the errors.

    X: (n, d), (n, h, w) or (n, h, w, channels) numbers: an array, a tensor that converts to one (PyTorch, JAX), nested
    lists, a SciPy sparse matrix (made dense: the kernel needs every entry), or a data frame (pandas, Polars, PyArrow)
    whose columns of text need the step onehot.
    y: n classes, two or more, of any type with a text form: (n,), (n, 1), one-hot, a Series, or the name of a column.
    p: (n,) probabilities of the class +1, in (0, 1).  positive: one class or several that become +1.
    name: what messages call the data.
    """
    name = name or "arrays"
    table = _table(name, X, y)
    if p is not None:
        table = replace(table, p=_array(name, "p", p))
    chosen = () if positive is None else tuple(positive) if isinstance(positive, list | tuple | set) else (positive,)
    return _prepare(
        name,
        table,
        positive=chosen,
        drop=drop,
        subsample=subsample,
        steps=prepare,
        normalize=normalize,
        seed=seed,
    )


_prepare = prepare


def as_dataset(data: Any, y: Any = None) -> Dataset:
    """`data` itself if it is a Dataset, else the Dataset of the rows `data` and the labels `y`."""
    if isinstance(data, Dataset):
        if y is not None:
            raise InputError(f"{data.name}: has its labels already; leave y out")
        return data
    if y is None:
        raise InputError(f"{quoted(type(data).__name__)} is no data set; give rows and labels, or bc.load_dataset(...)")
    return dataset(data, y)


def _table(name: str, X: Any, y: Any) -> Table:
    from boundcheck.datasets.frames import is_frame, read_frame

    if is_frame(X):
        return read_frame(name, X, y)
    if hasattr(X, "tocsr") and hasattr(X, "toarray"):
        check_memory(f"{name}: a sparse matrix is made dense, and", *X.shape)
        X = X.toarray()
    rows = _array(name, "X", X)
    if isinstance(y, str):
        raise InputError(f"{name}: y names the column {quoted(y)}, but X is no data frame; give the labels")
    codes, names = encode(name, _array(name, "y", y))
    return Table(np.array(rows), codes, names)


def _array(name: str, what: str, values: Any) -> np.ndarray:
    """`values` by NumPy's array protocol."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{name}: {what} does not convert to an array without gaps ({quoted(str(error), 80)}); give numbers on the "
            "CPU, without gradients"
        ) from error
