"""Tables with named columns: .csv with the standard library, .parquet with pyarrow."""

import csv
import math
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from boundcheck.datasets.dataset import Table, check_memory, listed, quoted
from boundcheck.datasets.prepare import encode
from boundcheck.errors import InputError, MissingExtraError
from boundcheck.softlabels.encoding import label_name


def read_csv(path: Path, target: str | None) -> Table:
    """A UTF-8 file of comma-separated cells: a first line of column names, then numbers, and classes in `target`.

    Blank lines are skipped. Raises InputError naming line and column of the first cell that cannot be used.
    """
    values, codes, names = array("d"), array("q"), dict[str, int]()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = next((row for row in lines if row), [])
            label = _target_index(path, header, target)
            for cells in lines:
                if not cells:
                    continue
                where = f"{path}: line {lines.line_num}"
                if len(cells) != len(header):
                    raise InputError(f"{where} has {len(cells)} cells, the header has {len(header)}; mend the line")
                name = label_name(cells.pop(label))
                if not name:
                    raise InputError(f"{where} has no label in column {quoted(header[label])}; fill in or remove it")
                codes.append(names.setdefault(name, len(names)))
                values.extend(_numbers(where, cells, header, label))
                check_memory(str(path), len(codes), len(cells))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}: line {lines.line_num} is not csv ({error}); mend the line") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    X = np.array(values).reshape(len(codes), len(header) - 1)
    return Table(X, np.array(codes, dtype=np.int64), tuple(names))


def _numbers(where: str, cells: list[str], header: list[str], label: int) -> list[float]:
    """The cells of one line as finite numbers; `header` still has the label column, the cells have not."""
    try:
        numbers = list(map(float, cells))
        if all(map(math.isfinite, numbers)) and "_" not in "".join(cells):  # float("1_0") is 10
            return numbers
    except ValueError:
        pass
    columns = header[:label] + header[label + 1 :]
    column, cell = next((h, c) for h, c in zip(columns, cells, strict=True) if not _is_number(c))
    raise InputError(
        f"{where}, column {quoted(column)}: {quoted(cell)} is not a finite number; correct it, or drop the column"
    )


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell
    except ValueError:
        return False


def _target_index(path: Path, header: Sequence[str], target: str | None) -> int:
    """Where the label column is; every other column is a feature."""
    if not header:
        raise InputError(f"{path}: no line of column names; the file is empty")
    columns = [name.strip() for name in header]
    if target is None:
        raise InputError(f"{path}: say with --target which column holds the labels: {listed(columns)}")
    if columns.count(target.strip()) != 1:
        many = "several columns" if target.strip() in columns else "no column"
        hint = " (cells must be separated by commas)" if len(columns) == 1 else ""
        raise InputError(f"{path}: {many} {quoted(target)} for --target; the columns are {listed(columns)}{hint}")
    if len(columns) == 1:
        raise InputError(f"{path}: no column besides {quoted(target)}; add the features")
    return columns.index(target.strip())


def read_parquet(path: Path, target: str | None) -> Table:
    """A parquet file of numeric columns, and classes in the column `target`. Needs the extra `data`."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError(f"{path}: reading parquet", "data") from error
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata
            check_memory(str(path), metadata.num_rows, metadata.num_columns)
            for group in range(metadata.num_row_groups):
                check_memory(str(path), metadata.row_group(group).total_byte_size // 8)
            label = _target_index(path, file.schema_arrow.names, target)
            table = file.read()
            codes, names = encode(str(path), np.array([*table.column(label).to_pylist(), None], dtype=object)[:-1])
            columns = list(_feature_columns(path, table, label, pa))
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: not a readable parquet file ({quoted(str(error), 80)}); write it again") from error
    return Table(np.column_stack(columns), codes, names)


def _feature_columns(path: Path, table: Any, label: int, pa: Any) -> Iterator[np.ndarray]:
    for i, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if i == label:
            continue
        kind = column.type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            raise InputError(f"{path}: column {quoted(name)} has type {kind}; drop it or turn it into numbers")
        if column.null_count:
            raise InputError(f"{path}: column {quoted(name)} has {column.null_count} missing values; fill them in")
        yield column.to_numpy()
