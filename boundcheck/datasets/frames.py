"""Tables with named columns of types: data frames in memory (through narwhals), parquet and Feather files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from boundcheck.datasets.dataset import Table
from boundcheck.datasets.limits import check_memory
from boundcheck.datasets.tables import feature_columns, target_index
from boundcheck.errors import InputError, MissingExtraError, quoted


def is_frame(X: Any) -> bool:
    """Whether X is a data frame (pandas, Polars, PyArrow, ...)."""
    import narwhals as nw

    return isinstance(nw.from_native(X, eager_only=True, pass_through=True), nw.DataFrame)


def read_frame(name: str, frame: Any, y: Any, ignore: Sequence[str] = (), p: Any = None) -> Table:
    """The table of a data frame: numeric and boolean columns, text as categories, missing values as NaN.

    y: labels, or the name of the column that holds them.
    """
    import narwhals as nw

    table = nw.from_native(frame, eager_only=True)
    header = [str(column) for column in table.columns]
    check_memory(name, len(table), len(header))
    label = target_index(name, header, y) if isinstance(y, str) or y is None else None
    kept, left_out = feature_columns(name, header, label, ignore)
    labels = y if label is None else table[table.columns[label]]
    if hasattr(labels, "to_list"):  # a Series, whose missing entries stay None
        labels = labels.to_list()
    flat = np.array([*labels, None], dtype=object)[:-1] if isinstance(labels, list) else np.asarray(labels)
    columns = [_column(name, table[table.columns[j]]) for j in kept]
    return Table.of(
        name,
        np.column_stack([values for values, _ in columns]),
        flat,
        p=p,
        columns=tuple(header[j] for j in kept),
        levels={k: levels for k, (_, levels) in enumerate(columns) if levels},
        left_out=left_out,
    )


def _column(name: str, column: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """One column as numbers, and its categories if it holds text."""
    import narwhals as nw

    kind, missing = column.dtype, column.is_null().to_numpy()
    if kind.is_integer() and not missing.any():
        return column.to_numpy(), ()
    values = column.to_list()
    present = [v for v, gone in zip(values, missing, strict=True) if not gone]
    if kind == nw.Boolean or kind.is_numeric() or all(isinstance(v, bool) for v in present):
        return np.array([np.nan if gone else float(v) for v, gone in zip(values, missing, strict=True)]), ()
    if not all(isinstance(v, str) for v in present):
        raise InputError(
            f"{name}: column {quoted(column.name)} has type {kind}; turn it into numbers or text, or leave it out with "
            "--ignore"
        )
    levels = tuple(sorted(set(present)))
    code = {v: float(k) for k, v in enumerate(levels)}
    return np.array([np.nan if gone else code[v] for v, gone in zip(values, missing, strict=True)]), levels


def read_arrow(path: Path, target: str | None, ignore: Sequence[str] = ()) -> Table:
    """A parquet or Feather file, with its classes in the column `target`. Needs the extra `data`."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError(f"{path}: reading {path.suffix[1:]}", "data") from error
    batches, held = [], 0
    try:
        with _opened(path, target) as (schema, parts):
            for batch in parts:
                batch.validate(full=True)  # no text that is not UTF-8, no offsets beyond the end
                batches.append(batch)
                held += batch.nbytes
                check_memory(str(path), held // 8)
        return read_frame(str(path), pa.Table.from_batches(batches, schema), target, ignore)
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        what = f"{path.suffix[1:].lower()} file"
        raise InputError(f"{path}: not a readable {what} ({quoted(str(error), 80)}); write it again") from error


@contextmanager
def _opened(path: Path, target: str | None) -> Iterator[tuple[Any, Iterator[Any]]]:
    """The schema of a file and its batches of rows, each read when it is asked for."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix.lower() != ".parquet":
        with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as stream:
            yield stream.schema, map(stream.get_batch, range(stream.num_record_batches))
        return
    with pq.ParquetFile(path) as file:
        check_memory(str(path), file.metadata.num_rows, file.metadata.num_columns)
        target_index(str(path), file.schema_arrow.names, target)
        yield file.schema_arrow, file.iter_batches()
