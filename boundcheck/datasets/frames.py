"""Tables with named columns of types: data frames in memory (through narwhals), parquet and Feather files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from boundcheck.datasets.classes import encode
from boundcheck.datasets.dataset import Table, check_memory
from boundcheck.datasets.tables import feature_columns, target_index
from boundcheck.errors import InputError, MissingExtraError, quoted


def is_frame(X: Any) -> bool:
    """Whether X is a data frame (pandas, Polars, PyArrow, ...)."""
    import narwhals as nw

    return isinstance(nw.from_native(X, eager_only=True, pass_through=True), nw.DataFrame)


def read_frame(name: str, frame: Any, y: Any, ignore: Sequence[str] = ()) -> Table:
    """The table of a data frame: numeric and boolean columns, text as categories, missing values as NaN.

    y: labels, or the name of the column that holds them.
    """
    import narwhals as nw

    table = nw.from_native(frame, eager_only=True)
    header = [str(column) for column in table.columns]
    check_memory(name, len(table), len(header))
    label = target_index(name, header, y) if isinstance(y, str) or y is None else None
    kept, left_out = feature_columns(name, header, label, ignore)
    columns, levels = [], {}
    for k, j in enumerate(kept):
        values, categories = _column(name, table[table.columns[j]], nw)
        columns.append(values)
        if categories:
            levels[k] = categories
    labels = y if label is None else table[table.columns[label]].to_list()
    if hasattr(labels, "to_list"):  # a Series, whose missing entries stay None
        labels = labels.to_list()
    flat = np.array([*labels, None], dtype=object)[:-1] if isinstance(labels, list) else np.asarray(labels)
    codes, names = encode(name, flat)
    return Table(
        np.column_stack(columns),
        codes,
        names,
        columns=tuple(header[j] for j in kept),
        levels=levels,
        left_out=left_out,
    )


def _column(name: str, column: Any, nw: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """One column as numbers, and its categories if it holds text."""
    kind, missing = column.dtype, column.is_null().to_numpy()
    if kind == nw.Boolean or kind.is_numeric():
        if not missing.any() and kind != nw.Boolean and not kind.is_decimal():
            return column.to_numpy(), ()
        return np.array([np.nan if v is None else float(v) for v in column.to_list()]), ()
    values = column.to_list()
    if missing.all():
        return np.full(len(values), np.nan), ()
    if not all(isinstance(v, str) or gone for v, gone in zip(values, missing, strict=True)):
        raise InputError(
            f"{name}: column {quoted(column.name)} has type {kind}; turn it into numbers or text, or leave it out with "
            "--ignore"
        )
    categories = tuple(sorted({v for v, gone in zip(values, missing, strict=True) if not gone}))
    number = {v: float(k) for k, v in enumerate(categories)}
    return np.array([np.nan if gone else number[v] for v, gone in zip(values, missing, strict=True)]), categories


def read_arrow(path: Path, target: str | None, ignore: Sequence[str] = ()) -> Table:
    """A parquet or Feather file, with its classes in the column `target`. Needs the extra `data`."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError(f"{path}: reading {path.suffix[1:]}", "data") from error
    try:
        frame = _parquet(path, target) if path.suffix.lower() == ".parquet" else _feather(path)
        for column in frame.columns:  # no text that is not UTF-8, no offsets beyond the end
            column.validate(full=True)
        return read_frame(str(path), frame, target, ignore)
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        what = f"{path.suffix[1:].lower()} file"
        raise InputError(f"{path}: not a readable {what} ({quoted(str(error), 80)}); write it again") from error


def _parquet(path: Path, target: str | None) -> Any:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        metadata = file.metadata
        check_memory(str(path), metadata.num_rows, metadata.num_columns)
        for group in range(metadata.num_row_groups):
            check_memory(str(path), metadata.row_group(group).total_byte_size // 8)
        target_index(str(path), file.schema_arrow.names, target)
        return file.read()


def _feather(path: Path) -> Any:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as stream:
        batches, held = [], 0
        for k in range(stream.num_record_batches):
            batches.append(stream.get_batch(k))
            held += batches[-1].nbytes
            check_memory(str(path), held // 8)
        return pa.Table.from_batches(batches, stream.schema)
