"""Data in memory: NumPy arrays and what converts to them, lists, sparse matrices, data frames."""

from typing import Any

import numpy as np

from boundcheck.datasets.dataset import Table
from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, quoted


def read_arrays(name: str, X: Any, y: Any, p: Any = None) -> Table:
    """The table of rows and labels in memory; see `load.dataset`."""
    from boundcheck.datasets.frames import is_frame, read_frame

    p = None if p is None else read_array(name, "p", p)
    if is_frame(X):
        return read_frame(name, X, y, p=p)
    if hasattr(X, "collect"):
        raise InputError(f"{name}: X is a lazy frame, which holds no rows yet; give X.collect()")
    if isinstance(y, str):
        raise InputError(f"{name}: y names the column {quoted(y)}, but X is no data frame; give the labels")
    return Table.of(name, np.array(read_array(name, "X", X)), read_array(name, "y", y), p=p)


def read_array(name: str, what: str, values: Any) -> np.ndarray:
    """`values` by NumPy's array protocol: sparse matrices made dense, masked entries NaN."""
    if hasattr(values, "tocsr") and hasattr(values, "toarray"):
        check_memory(f"{name}: a sparse matrix is made dense, and", *values.shape)
        values = values.toarray()
    try:
        if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
            return np.ma.filled(values.astype(np.float64), np.nan)
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(
            f"{name}: {what} does not convert to an array without gaps ({quoted(str(error), 80)}); give numbers on the "
            "CPU, of 32 or 64 bits, without gradients"
        ) from error
