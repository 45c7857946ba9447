"""Text tables (.csv, .tsv): numbers, categories and missing cells, read line by line with the standard library."""

import csv
import io
import math
import re
import sys
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
from jaxtyping import Float64

from boundcheck.datasets.dataset import Table
from boundcheck.datasets.limits import check_memory
from boundcheck.errors import InputError, listed, quoted
from boundcheck.softlabels.encoding import label_name

MISSING = {"", "?", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "none"}
"""Cells, in lower case, without a value. Other words of `softlabels.encoding.MISSING` may be categories."""
STDIN = "-"
_INDEX = re.compile(r"|unnamed: \d+|__index_level_\d+__", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?\d*([.,])\d+([eE][+-]?\d+)?")


def read_csv(path: Path, target: str | None, ignore: Sequence[str] = ()) -> Table:
    """A UTF-8 file with a line of column names: columns of numbers, columns of text, and classes in `target`.

    Cells are separated by commas, semicolons or tabs, whichever the first line has most of; beside the last two a
    number may have a decimal comma. Blank lines are skipped. Raises InputError naming the line and column of the first
    cell that cannot be used: a text among numbers, an infinite number, a missing label.
    """
    name = str(path)
    values, codes, names = array("d"), array("q"), dict[str, int]()
    lines = csv_lines(path)
    header = [column.strip() for column in next(lines)[1]]
    label = target_index(name, header, target)
    kept, left_out = feature_columns(name, header, label, ignore)
    with _text(path) as file:
        reader = _Cells(name, [header[j] for j in kept], _separator(file))
    for line, cells in lines:
        found = label_name(cells[label])
        if not found:
            raise InputError(
                f"{name}: line {line} has no label in column {quoted(header[label])}; fill in or remove it"
            )
        values.extend(reader.numbers(len(codes), line, [cells[j] for j in kept]))
        codes.append(names.setdefault(found, len(names)))
        check_memory(name, len(codes), len(kept))
    X = np.array(values).reshape(len(codes), len(kept))
    return Table(
        X,
        np.array(codes, dtype=np.int64),
        tuple(names),
        columns=tuple(reader.columns),
        levels=reader.categories(X),
        left_out=left_out,
    )


def csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of every line of a csv, or of stdin for -, that is not blank; the first names the columns.

    UTF-8 text. Cells are separated by commas, semicolons or tabs, whichever the first line has most of.
    Raises InputError naming the first line that cannot be read, or has another number of cells.
    """
    name, number, header = ("stdin" if str(path) == STDIN else str(path)), 1, None
    try:
        with _text(path) as file:
            reader = csv.reader(file, delimiter=_separator(file), strict=True)
            for cells in filter(None, reader):
                number, header = reader.line_num, header or cells
                if len(cells) != len(header):
                    raise InputError(
                        f"{name}: line {number} has {len(cells)} cells, the header has {len(header)}; mend the line"
                    )
                yield number, cells
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{name}: line {number + 1} is not csv ({error}); mend the line") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); check the file") from error
    if header is None:
        raise InputError(f"{name}: no line of column names; the file is empty")


def _text(path: Path) -> TextIO:
    if str(path) != STDIN:
        return path.open(encoding="utf-8-sig", newline="")
    content = b"" if sys.stdin is None else sys.stdin.buffer.read()
    return io.StringIO(content.decode("utf-8-sig"), newline="")


def _separator(file: TextIO) -> str:
    first = next((line for line in file if line.strip()), "")
    file.seek(0)
    return max(",;\t", key=first.count)


class _Cells:
    """Turns cells into numbers, and keeps those that hold text."""

    def __init__(self, path: str, columns: list[str], separator: str) -> None:
        self.path, self.columns, self.comma = path, columns, separator != ","
        self.text: dict[int, list[tuple[int, int, str]]] = {}  # column -> row, line and text of its cells of text
        self.decimals: dict[str, int] = {}  # "," or "." -> line of the first such number

    def numbers(self, row: int, line: int, cells: list[str]) -> list[float]:
        """The cells of one line, NaN for those missing and for text."""
        try:
            found = list(map(float, cells))
            if all(map(math.isfinite, found)) and "_" not in (whole := "".join(cells)):  # float("1_0") is 10
                if self.comma and "." in whole:
                    self._decimal(".", line)
                return found
        except ValueError:
            pass
        return [self._number(row, line, k, cell.strip()) for k, cell in enumerate(cells)]

    def _number(self, row: int, line: int, k: int, cell: str) -> float:
        if cell.casefold() in MISSING:
            return math.nan
        number = cell
        if self.comma and (mark := _DECIMAL.fullmatch(cell)):
            self._decimal(mark[1], line)
            number = cell.replace(",", ".")
        try:
            value = math.nan if "_" in number else float(number)
        except ValueError:
            value = math.nan
        if math.isinf(value):
            raise self._not_a_number(k, line, cell, "")
        if math.isnan(value):
            self.text.setdefault(k, []).append((row, line, cell))
        return value

    def _decimal(self, mark: str, line: int) -> None:
        self.decimals.setdefault(mark, line)
        if len(self.decimals) > 1:
            raise InputError(
                f"{self.path}: decimal commas (line {self.decimals[',']}) and decimal points (line "
                f"{self.decimals['.']}) in one file; use one of them"
            )

    def _not_a_number(self, k: int, line: int, cell: str, why: str) -> InputError:
        return InputError(
            f"{self.path}: line {line}, column {quoted(self.columns[k])}: {quoted(cell)} is not a finite number{why}; "
            "correct it, or leave the column out with --ignore"
        )

    def categories(self, X: Float64[np.ndarray, "n k"]) -> dict[int, tuple[str, ...]]:
        """The categories of each column that holds text, after their indices have taken its place in X.

        A few texts among numbers are an InputError: a slip, not categories.
        """
        found = {}
        for k, cells in sorted(self.text.items()):
            numbers = np.flatnonzero(~np.isnan(X[:, k]))
            if len(cells) < len(numbers):
                raise self._not_a_number(k, *cells[0][1:], ", as most of the column is")
            names = [(row, cell) for row, _, cell in cells] + [(row, label_name(X[row, k])) for row in numbers]
            code: dict[str, int] = {}
            for row, name in names:
                X[row, k] = code.setdefault(name, len(code))
            found[k] = tuple(code)
        return found


def target_index(where: str, header: Sequence[str], target: str | None) -> int:
    """Where the label column is; every other column is a feature. InputError where that is not clear."""
    columns = [name.strip() for name in header]
    if target is None:
        raise InputError(f"{where}: no --target; say which column holds the labels: {listed(columns)}")
    if columns.count(target.strip()) != 1:
        many = "several columns" if target.strip() in columns else "no column"
        hint = " (cells must be separated by commas, semicolons or tabs)" if len(columns) == 1 else ""
        raise InputError(f"{where}: {many} {quoted(target)} for --target; the columns are {listed(columns)}{hint}")
    return columns.index(target.strip())


def feature_columns(
    where: str, header: Sequence[str], label: int | None, ignore: Sequence[str]
) -> tuple[list[int], tuple[str, ...]]:
    """Which columns are features, and in words those left out: by --ignore, and the index that pandas writes."""
    columns = [name.strip() for name in header]
    wanted = [name.strip() for name in ignore]
    if missing := [name for name in wanted if name not in columns]:
        raise InputError(
            f"{where}: --ignore names {listed(missing)}, but the columns are {listed(columns)}; correct it"
        )
    index = [j for j, name in enumerate(columns) if j != label and _INDEX.fullmatch(name) and name not in wanted]
    kept = [j for j, name in enumerate(columns) if j != label and j not in index and name not in wanted]
    if not kept:
        label_name = "" if label is None else f" {quoted(columns[label])}"
        raise InputError(f"{where}: no column besides{label_name or ' those left out'}; add the features")
    said = [f"column {quoted(name)} (--ignore)" for name in wanted]
    said += [f"column {quoted(columns[j])} (an index, not a feature)" for j in index]
    return kept, tuple(said)
