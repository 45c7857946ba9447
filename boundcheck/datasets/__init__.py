"""Data as the theory sees it: rows in the unit ball, labels +1 and -1."""

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path

from boundcheck.datasets.arrays import as_dataset
from boundcheck.datasets.arrays import dataset as from_arrays
from boundcheck.datasets.builtin import SKLEARN, read_openml, read_sklearn
from boundcheck.datasets.dataset import MAX_BYTES, Dataset, HeldOut, Table, prepare
from boundcheck.datasets.files import read_file
from boundcheck.datasets.norms import NORMALIZATIONS
from boundcheck.datasets.npz import read_npz, save_dataset
from boundcheck.datasets.steps import STEPS, Preparation, Step
from boundcheck.datasets.synthetic import FAMILIES, read_synthetic
from boundcheck.errors import BoundcheckWarning, InputError

__all__ = [
    "FAMILIES",
    "MAX_BYTES",
    "NORMALIZATIONS",
    "SKLEARN",
    "STEPS",
    "Dataset",
    "HeldOut",
    "Preparation",
    "Step",
    "as_dataset",
    "from_arrays",
    "load_dataset",
    "read_npz",
    "read_table",
    "save_dataset",
]


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
        return _prepare(
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


_prepare = prepare


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
    table = _read(source, target, seed, ignore=ignore, keys=keys, split=split)
    for column in table.left_out:
        if "--ignore" not in column:
            warnings.warn(f"{source}: {column} is left out", BoundcheckWarning, stacklevel=2)
    return table, _file_sha256(source)


def _file_sha256(source: str) -> str | None:
    path = Path(source)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(
    source: str, target: str | None, seed: int, *, ignore: Sequence[str], keys: Sequence[str], split: str
) -> Table:
    """The rows and labels of a source, as it gives them."""
    kind, colon, rest = source.partition(":")
    if not colon or kind not in ("sklearn", "synthetic", "openml"):
        return read_file(source, target, ignore=ignore, keys=keys, split=split)
    for option, value, default in (("target", target, None), ("ignore", ignore, ()), ("keys", keys, ())):
        if value not in (default, []):
            raise InputError(f"{source}: --{option} is for files; leave it out")
    if split != "train":
        raise InputError(f"{source}: has no held-out rows; leave --split {split} out")
    if kind == "sklearn":
        return read_sklearn(rest)
    return read_synthetic(rest, seed) if kind == "synthetic" else read_openml(rest)
