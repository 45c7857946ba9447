"""The doors: data from a file, from a collection by name, from memory, or as any of these."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from boundcheck.datasets.arrays import read_arrays
from boundcheck.datasets.builtin import read_openml, read_sklearn
from boundcheck.datasets.dataset import Dataset, Table
from boundcheck.datasets.files import file_sha256, read_file, refuse_unread
from boundcheck.datasets.make import make_dataset
from boundcheck.datasets.synthetic import read_synthetic
from boundcheck.errors import BoundcheckWarning, InputError, quoted


def load_dataset(
    source: str,
    *,
    target: str | None = None,
    ignore: Sequence[str] = (),
    keys: Sequence[str] = (),
    split: str = "train",
    positive: Sequence[str] = (),
    drop: Sequence[str] = (),
    subsample: int | None = None,
    prepare: str | Sequence[str] = (),
    normalize: str = "max",
    seed: int = 0,
) -> Dataset:
    """Load DATA: a file, sklearn:NAME, synthetic:FAMILY..., or openml:NAME.

    Files are .npz (arrays X and y, x_train and y_train, data and target, features and labels, or those `keys` name),
    .npy or IDX (MNIST's, also gzipped) with the labels in a second file, .csv, .tsv, .parquet, .feather.

    target: label column of a table, or the file of labels beside a .npy or IDX file (found by its name: X_train.npy
        has y_train.npy, train-images-idx3-ubyte has train-labels-idx1-ubyte).
    ignore: columns of a table to leave out. A column that is a pandas index is left out anyway, with a warning.
    keys: names of the arrays of rows and of labels in a .npz.
    split: train (the default; rows that the source keeps for testing are `Dataset.held_out`), test, or all.
    positive: classes, by their text form, that become +1; the rest become -1. Required above two classes; of exactly
        two the larger in sorted order (by value if both are numbers) is +1.
    drop: classes to remove first, whether positive or not.
    subsample: keep this many rows, drawn with `seed`, both classes in proportion.
    prepare: steps learned on these rows, in order: impute (or impute=drop), onehot, center, standardize, whiten,
        pca=K, bias (a column as large as a typical row) or bias=B.
    normalize: the last step: max (divide by the largest norm), unit (every row by its own) or none (refuse norms above
        1). Integer images are first divided by their largest level (255 for uint8), which `Dataset.scale` records.
    seed: a nonnegative integer, of the subsample and of the synthetic families.

    Raises InputError, on one line, for everything about the source or the options that cannot be used, and
    MissingExtraError (an InputError) where an optional dependency is needed. Nothing is ever unpickled.
    """
    source = str(source)
    try:
        table, sha = read_table(source, target=target, ignore=ignore, keys=keys, split=split, seed=seed)
        return make_dataset(
            source,
            table,
            positive=positive,
            drop=drop,
            subsample=subsample,
            steps=prepare,
            normalize=normalize,
            seed=seed,
            file_sha256=sha,
        )
    except MemoryError as error:
        raise InputError(f"{source}: not enough memory; use fewer rows or features") from error


def dataset(
    X: Any,
    y: Any,
    *,
    p: Any = None,
    positive: Any = (),
    drop: Any = (),
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
    p: (n,) probabilities of the class +1, in (0, 1).  positive, drop: one class, or several in a list, a tuple
    or a set.
    name: what messages call the data.
    """
    name = name or "arrays"
    return make_dataset(
        name,
        read_arrays(name, X, y, p),
        positive=positive,
        drop=drop,
        subsample=subsample,
        steps=prepare,
        normalize=normalize,
        seed=seed,
    )


Data = Dataset | str | Path | tuple[Any, Any]
"""What every function takes as data: a Dataset, DATA as text or a path, or a pair (X, y) as for `dataset`."""


def as_dataset(data: Any, y: Any = None, **options: Any) -> Dataset:
    """The Dataset that a function is given: one, DATA as text or a path, or rows and labels, also as a pair (X, y).

    options: as for `load_dataset` and `dataset`, for all but a Dataset.  Raises InputError for anything else, and as
    these do.
    """
    if isinstance(data, tuple) and len(data) == 2 and y is None:
        data, y = data
    if isinstance(data, Dataset | str | Path):
        if y is not None:
            raise InputError(f"{getattr(data, 'name', data)}: has its labels already; leave y out")
        if not isinstance(data, Dataset):
            return load_dataset(str(data), **options)
        if options:
            raise InputError(f"{data.name}: is prepared already; give DATA, or rows and labels (X, y)")
        return data
    if y is None:
        what = quoted(type(data).__name__)
        raise InputError(f"{what} is no data set; give a Dataset, DATA as for bc.load_dataset, or rows and labels")
    return dataset(data, y, **options)


def as_table(data: Any, y: Any = None, *, seed: int = 0, **reading: Any) -> tuple[str, Table, str | None]:
    """The name, rows and labels of data of any kind that `as_dataset` takes, as they come, and the SHA-256 of a file.

    Of a Dataset the rows before its norm rule, with +1 and -1 for classes.  reading: as for `read_table`.
    """
    if isinstance(data, str | Path):
        return (str(data), *read_table(str(data), seed=seed, **reading))
    if isinstance(data, tuple) and len(data) == 2 and y is None:
        data, y = data
    refuse_unread("arrays", (), **reading)
    if y is not None and not isinstance(data, Dataset):
        return "arrays", read_arrays("arrays", data, y), None
    found = as_dataset(data, y)
    rows = found.raw if found.image_shape is None else found.raw.reshape(-1, *found.image_shape)
    done = replace(found.preparation, normalize="none", norm=1.0) if found.preparation.steps else None
    table = Table(rows, (found.y > 0).astype(np.int64), ("-1", "1"), columns=found.columns, before=done)
    return found.name, table, found.file_sha256


def read_table(
    source: str,
    *,
    target: str | None = None,
    ignore: Sequence[str] = (),
    keys: Sequence[str] = (),
    split: str = "train",
    seed: int = 0,
) -> tuple[Table, str | None]:
    """The rows and labels of DATA as they come, and the SHA-256 of the file; options as for `load_dataset`."""
    made: dict[str, Callable[[str], Table]] = {
        "sklearn:": read_sklearn,
        "openml:": read_openml,
        "synthetic:": partial(read_synthetic, seed=seed),
    }
    for kind, make in made.items():
        if source.startswith(kind):
            refuse_unread(source, (), target=target, ignore=ignore, keys=keys, split=split)
            return make(source.removeprefix(kind)), None
    table = read_file(source, target, ignore=ignore, keys=keys, split=split)
    for column in table.left_out:
        if "--ignore" not in column:
            warnings.warn(f"{source}: {column} is left out", BoundcheckWarning, stacklevel=3)
    return table, file_sha256(Path(source))
