"""Named columns of text and of arrays, for answers, true labels and soft labels: csv (or stdin) and npz."""

import csv
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boundcheck.datasets.files import existing_file
from boundcheck.datasets.npz import read_npz
from boundcheck.errors import InputError, listed, quoted

STDIN = "-"
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
    """Columns by name: of a csv all of them, as text; of an npz those of `arrays` that are there.

    A csv is UTF-8 text whose first line names the columns, in capitals or not; cells are separated by commas,
    semicolons or tabs, whichever the first line has most of, and stripped. Blank lines are skipped. - is csv on stdin.
    Raises InputError for everything else.
    """
    name = str(path)
    if name == STDIN:
        return _read_csv("stdin", b"" if sys.stdin is None else sys.stdin.buffer.read())
    file = existing_file(name)
    suffix = file.suffix.lower()
    if suffix == ".npz":
        return read_npz(file, (), arrays)
    if suffix not in (".csv", ".tsv"):
        raise InputError(f"{name}: unknown kind of file; use .csv, .npz or - (csv on stdin)")
    try:
        with file.open("rb") as stream:
            return _read_csv(name, stream.read())
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); check the file") from error


def _read_csv(name: str, content: bytes) -> dict[str, list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 text ({error.reason}); save it as UTF-8") from error
    first = text.lstrip().partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header = [column.strip().lower() for column in next((row for row in lines if row), [])]
        if any(column and header.count(column) > 1 for column in header) or not any(header):
            raise InputError(f"{name}: the first line must name every column once; it has {listed(header) or 'none'}")
        cells: tuple[list[str], ...] = tuple([] for _ in header)
        for row in lines:
            if row and len(row) != len(header):
                raise InputError(
                    f"{name}: line {lines.line_num} has {len(row)} cells, the header has {len(header)}; mend it"
                )
            for column, cell in zip(cells, row, strict=False):
                column.append(cell.strip())
    except csv.Error as error:
        raise InputError(f"{name}: line {lines.line_num} is not csv ({error}); mend the line") from error
    return dict(zip(header, cells, strict=True))


def column(columns: Columns, where: str, role: str, wanted: str | None = None) -> Any:
    """The column that plays `role` (a key of ALIASES), None where there is none.

    wanted: its name, where the user says it.  Raises InputError where `wanted` is not there.
    """
    if wanted is not None and wanted.lower() not in columns:
        raise InputError(f"{where}: no column {quoted(wanted)} (it has {listed(list(columns))}); correct --columns")
    names = (wanted.lower(),) if wanted is not None else ALIASES[role]
    return next((columns[name] for name in names if name in columns), None)
