"""Named columns of text and of arrays, for answers, true labels and soft labels: csv (or stdin), npz, npy."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boundcheck.datasets.files import existing_file
from boundcheck.datasets.npz import read_npy, read_npz
from boundcheck.datasets.tables import STDIN, csv_lines
from boundcheck.errors import InputError, listed, quoted

ALIASES: Mapping[str, tuple[str, ...]] = {
    "task": ("task", "item", "question", "row", "id"),
    "worker": ("worker", "performer", "annotator", "rater"),
    "label": ("label", "answer", "response"),
    "truth": ("truth", "gold", "label", "answer", "y"),
}
"""What the columns of answers and of true labels may be called; of several that are there, the first."""

Columns = Mapping[str, Any]
"""Name of a column -> its cells: a list of text (csv) or an array (npz)."""


def read_columns(path: str | Path, arrays: tuple[str, ...] = ()) -> Columns:
    """Columns by name: of a csv all of them, as text; of an npz those of `arrays` that are there; of an npy the first.

    A csv is read as by `tables.csv_lines`; column names count in capitals or not, cells are stripped.
    Raises InputError for everything else, and for a column name that is there twice.
    """
    name = str(path)
    file = Path(name) if name == STDIN else existing_file(name)
    suffix = file.suffix.lower()
    if suffix == ".npz":
        return read_npz(file, (), arrays)
    if suffix == ".npy":
        return {arrays[0]: read_npy(file)}
    if suffix not in (".csv", ".tsv") and name != STDIN:
        raise InputError(f"{name}: unknown kind of file; use .csv, .tsv, .npz, .npy or - (csv on stdin)")
    first, *rows = (cells for _, cells in csv_lines(file))
    header = [column.strip().lower() for column in first]
    if any(column and header.count(column) > 1 for column in header):
        where = "stdin" if name == STDIN else name
        raise InputError(f"{where}: the first line names a column twice ({listed(header)}); rename one")
    return {column: [row[j].strip() for row in rows] for j, column in enumerate(header)}


def column(columns: Columns, where: str, role: str, wanted: str | None = None) -> Any:
    """The column that plays `role` (a key of ALIASES), None where there is none.

    wanted: its name, where the user says it.  Raises InputError where `wanted` is not there.
    """
    if wanted is not None and wanted.lower() not in columns:
        raise InputError(f"{where}: no column {quoted(wanted)} (it has {listed(list(columns))}); correct --columns")
    names = (wanted.lower(),) if wanted is not None else ALIASES[role]
    return next((columns[name] for name in names if name in columns), None)
