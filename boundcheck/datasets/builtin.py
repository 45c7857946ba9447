"""Data sets that scikit-learn ships (sklearn:NAME) or fetches (openml:NAME). Both need the extra `data`."""

import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

import numpy as np

from boundcheck.datasets.dataset import Table
from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, MissingExtraError

SKLEARN = ("breast_cancer", "digits", "iris", "wine")
_NETWORK_SECONDS = 30.0


def read_sklearn(name: str) -> Table:
    """One of the SKLEARN sets: digits (1797 x 64, classes 0..9), breast_cancer (569 x 30), wine, iris."""
    if name not in SKLEARN:
        raise InputError(f"sklearn:{name}: unknown data set; use {', '.join(SKLEARN)}")
    try:
        from sklearn import datasets
    except ImportError as error:
        raise MissingExtraError(f"sklearn:{name}", "data") from error
    data = getattr(datasets, f"load_{name}")()
    names = tuple(str(c) for c in data.target_names)
    columns = () if name == "digits" else tuple(str(c) for c in data.feature_names)
    rows = data.images if name == "digits" else data.data
    return Table(rows, data.target.astype(np.int64), names, columns=columns)


def read_openml(name: str) -> Table:
    """The active version of an OpenML data set, from scikit-learn's cache or the network; nominal columns are text."""
    source = f"openml:{name}"
    if not name or not name.isprintable() or any(c in " /\\" for c in name):
        raise InputError(f"{source}: names no data set; use openml:NAME, such as openml:iris")
    try:
        from sklearn.datasets import fetch_openml
    except ImportError as error:
        raise MissingExtraError(source, "data") from error
    try:
        with _time_limit(_NETWORK_SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = fetch_openml(name, as_frame=False, parser="liac-arff", n_retries=1)
    except (OSError, EOFError, HTTPException) as error:
        raise InputError(
            f"{source}: openml.org cannot be reached ({error}); without a network use a file, sklearn:NAME or "
            "synthetic:FAMILY"
        ) from error
    except ValueError as error:
        raise InputError(f"{source}: cannot be used ({error}); check the name, or convert it to a csv file") from error
    check_memory(source, *data.data.shape)
    X = data.data.toarray() if hasattr(data.data, "toarray") else data.data
    if data.target is None or np.ndim(data.target) != 1:
        raise InputError(f"{source}: has no single column of labels; convert it to a csv file")
    nominal = {str(name): tuple(map(str, values)) for name, values in (data.categories or {}).items()}
    columns = tuple(map(str, data.feature_names))
    levels = {j: nominal[name] for j, name in enumerate(columns) if name in nominal}
    return Table.of(source, X, data.target, columns=columns, levels=levels)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Let no new connection wait longer: fetch_openml has no time limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
