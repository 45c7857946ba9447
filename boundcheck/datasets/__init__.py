"""Data as the theory sees it: rows in the unit ball, labels +1 and -1."""

from collections.abc import Sequence

from boundcheck.datasets.builtin import SKLEARN, read_openml, read_sklearn
from boundcheck.datasets.dataset import MAX_BYTES, Dataset, Table
from boundcheck.datasets.files import read_file
from boundcheck.datasets.npz import read_npz
from boundcheck.datasets.prepare import NORMALIZATIONS, from_arrays, prepare
from boundcheck.datasets.synthetic import FAMILIES, read_synthetic
from boundcheck.errors import InputError

__all__ = [
    "FAMILIES",
    "MAX_BYTES",
    "NORMALIZATIONS",
    "SKLEARN",
    "Dataset",
    "from_arrays",
    "load_dataset",
    "read_npz",
]


def load_dataset(
    source: str,
    *,
    target: str | None = None,
    positive: Sequence[str] = (),
    drop: Sequence[str] = (),
    subsample: int | None = None,
    normalize: str = "max",
    seed: int = 0,
) -> Dataset:
    """Load DATA: FILE.npz, FILE.csv, FILE.parquet, sklearn:NAME, synthetic:FAMILY..., openml:NAME.

    target: label column of a csv or parquet file; every other column must be a number.
    positive: classes, by their text form, that become +1; the rest become -1. Required above two classes; of exactly
        two the larger in sorted order (by value if both are numbers) is +1.
    drop: classes to remove first, whether positive or not.
    subsample: keep this many rows, drawn with `seed`, both classes in proportion.
    normalize: max (divide by the largest norm), unit (every row by its own) or none (refuse norms above 1). uint8 data
        and integer images are first divided by their largest level (255, ...), which `Dataset.scale` records.
    seed: a nonnegative integer, of the subsample and of the synthetic families.

    Raises InputError, on one line, for everything about the source or the options that cannot be used, and
    MissingExtraError (an InputError) where an optional dependency is needed. Nothing is ever unpickled.
    """
    source = str(source)
    try:
        return prepare(
            source,
            _read(source, target, seed),
            positive=positive,
            drop=drop,
            subsample=subsample,
            normalize=normalize,
            seed=seed,
        )
    except MemoryError as error:
        raise InputError(f"{source}: not enough memory; use fewer rows or features") from error


def _read(source: str, target: str | None, seed: int) -> Table:
    """The rows and labels of a source, as it gives them."""
    kind, colon, rest = source.partition(":")
    if not colon or kind not in ("sklearn", "synthetic", "openml"):
        return read_file(source, target)
    if target is not None:
        raise InputError(f"{source}: --target is for csv and parquet files; leave it out")
    if kind == "sklearn":
        return read_sklearn(rest)
    return read_synthetic(rest, seed) if kind == "synthetic" else read_openml(rest)
