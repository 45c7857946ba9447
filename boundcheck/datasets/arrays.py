"""Data in memory: NumPy arrays and what converts to them, lists, sparse matrices, data frames."""

from typing import Any

import numpy as np

from boundcheck.datasets.dataset import Table
from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, quoted


def read_arrays(name: str, X: Any, y: Any, p: Any = None) -> Table:
    """The table of rows and labels in memory; see `load.dataset`."""
    from boundcheck.datasets.frames import is_frame, read_frame

    if is_frame(X):
        return read_frame(name, X, y, p=p)
    if isinstance(y, str):
        raise InputError(f"{name}: y names the column {quoted(y)}, but X is no data frame; give the labels")
    if hasattr(X, "tocsr") and hasattr(X, "toarray"):
        check_memory(f"{name}: a sparse matrix is made dense, and", *X.shape)
        X = X.toarray()
    return Table.of(name, np.array(read_array(name, "X", X)), read_array(name, "y", y), p=p)


def read_array(name: str, what: str, values: Any) -> np.ndarray:
    """`values` by NumPy's array protocol."""
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{name}: {what} does not convert to an array without gaps ({quoted(str(error), 80)}); give numbers on the "
            "CPU, without gradients"
        ) from error
