"""Answers and truth from files: csv with named columns, or npz. Nothing is unpickled."""

import csv
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from boundcheck.crowds.answers import Answers, as_signs, from_matrix, from_triples
from boundcheck.datasets.dataset import listed, quoted
from boundcheck.datasets.files import existing_file
from boundcheck.datasets.npz import read_npz
from boundcheck.errors import InputError


def read_answers(path: str | Path, positive: Collection[str] = ()) -> Answers:
    """A .csv with columns task, worker, label (a missing answer is a missing row), or a .npz with X.

    Labels of a csv are 0/1 or -1/+1; of any others, those in `positive` mean +1 and the rest -1.
    The npz holds X (n_workers, n_tasks) in {-1, 0, 1}, 0 for no answer, and optionally names `workers` and `tasks`
    and the `digest` of the data set whose rows are the tasks.
    Other columns and arrays are ignored. Raises InputError, on one line, for everything that cannot be read.
    """
    path = existing_file(str(path))
    if path.suffix.lower() == ".csv":
        tasks, workers, labels = _columns(path, ("task", "worker", "label"))
        return from_triples(tasks, workers, _signs(path, labels, positive), where=str(path))
    if path.suffix.lower() == ".npz":
        arrays = read_npz(path, ("X",), ("workers", "tasks", "digest"))
        names = {key: arrays[key].ravel().tolist() for key in ("workers", "tasks") if key in arrays}
        found = from_matrix(arrays["X"], **names, where=str(path))
        return replace(found, made_for=str(arrays["digest"])) if "digest" in arrays else found
    raise InputError(f"{path}: unknown kind of file; use .csv (task,worker,label) or .npz (X)")


def read_truth(path: str | Path, tasks: tuple[str, ...], positive: Collection[str] = ()) -> Int[np.ndarray, " d"]:
    """True labels (d,) in {-1, +1} of `tasks`, 0 where the file does not say.

    The file is a .csv with columns task and label (as for `read_answers`), or a .npz with y in the order of `tasks`.
    Raises InputError where it cannot be read, contradicts itself, or names none of the tasks.
    """
    path = existing_file(str(path))
    if path.suffix.lower() == ".npz":
        y = read_npz(path, ("y",))["y"]
        if y.shape != (len(tasks),) or y.dtype.kind not in "biuf":
            raise InputError(f"{path}: y is {y.dtype} of shape {y.shape}, expected {len(tasks)} labels, one per task")
        return as_signs(y.astype(np.float64), str(path)).astype(int)
    if path.suffix.lower() != ".csv":
        raise InputError(f"{path}: unknown kind of file; use .csv (task,label) or .npz (y)")
    names, labels = _columns(path, ("task", "label"))
    signs = as_signs(_signs(path, labels, positive), str(path)).astype(int).tolist()
    known: dict[str, int] = {}
    for name, label in zip(names, signs, strict=True):
        if known.setdefault(name, label) != label:
            raise InputError(f"{path}: task {quoted(name)} has both labels; keep one")
    truth = np.array([known.get(task, 0) for task in tasks])
    if not truth.any():
        raise InputError(f"{path}: none of its {len(known)} tasks has answers; the names must agree")
    return truth


def _columns(path: Path, wanted: tuple[str, ...]) -> tuple[list[str], ...]:
    """The cells of the named columns, stripped, blank lines skipped."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            header = [name.strip().lower() for name in next((row for row in lines if row), [])]
            for name in wanted:
                if header.count(name) != 1:
                    raise InputError(
                        f"{path}: the first line must name the columns {','.join(wanted)} once each; "
                        f"it has {listed(header) or 'nothing'}"
                    )
            places = [header.index(name) for name in wanted]
            cells: tuple[list[str], ...] = tuple([] for _ in wanted)
            for row in lines:
                if not row:
                    continue
                if len(row) != len(header):
                    raise InputError(
                        f"{path}: line {lines.line_num} has {len(row)} cells, the header has {len(header)}; mend it"
                    )
                for column, place in zip(cells, places, strict=True):
                    if not (cell := row[place].strip()):
                        raise InputError(f"{path}: line {lines.line_num} has an empty {header[place]}; fill or drop it")
                    column.append(cell)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}: line {lines.line_num} is not csv ({error}); mend the line") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    return cells


def _signs(path: Path, labels: list[str], positive: Collection[str]) -> list[float]:
    """The labels as numbers where they are 0, 1 or -1, else +1 for those in `positive` and -1 for the rest."""
    other = next((label for label in labels if not _is_plain(label)), None)
    if other is None:
        return [float(label) for label in labels]
    if not positive:
        raise InputError(
            f"{path}: label {quoted(other)}: use 0 and 1, or -1 and 1, or name the labels that mean +1 with --positive"
        )
    if not set(positive) & set(labels):
        raise InputError(f"{path}: no label is {' or '.join(map(quoted, positive))}; correct --positive")
    return [1.0 if label in positive else -1.0 for label in labels]


def _is_plain(label: str) -> bool:
    try:
        return float(label) in (-1, 0, 1)
    except ValueError:
        return False
