"""Answers of a crowd and true labels from files. Nothing is unpickled."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from boundcheck.crowds.answers import Answers, from_matrix, from_triples
from boundcheck.datasets.columns import ALIASES, Columns, column, read_columns
from boundcheck.datasets.tables import STDIN
from boundcheck.errors import InputError, listed, quoted
from boundcheck.records import LabelCount
from boundcheck.softlabels.encoding import Encoding, count_labels, encode, label_name, tally

_ANSWER_ARRAYS = ("X", "workers", "tasks", "digest", *ALIASES["task"], *ALIASES["worker"], *ALIASES["label"])


@dataclass(frozen=True, eq=False)
class CrowdFiles:
    """What the files of a crowd say.

    truth: (d,) labels in {-1, +1} of the tasks, 0 where unknown; None without a file of true labels.
    encoding, labels: what the labels of both files mean, and how often each occurs.
    """

    answers: Answers
    truth: Int[np.ndarray, " d"] | None
    encoding: Encoding
    labels: tuple[LabelCount, ...]


def read_crowd(
    answers: str | Path,
    truth: str | Path | None = None,
    *,
    positive: Collection[str] = (),
    missing: Collection[str] = (),
    columns: Sequence[str] = (),
    option: str = "--positive",
) -> CrowdFiles:
    """Read answers and, if given, true labels; what labels mean is decided over both files together (see `encode`).

    answers: a csv (- is stdin) or npz with columns task, worker and label (or other names of ALIASES; a missing answer
    is a missing row or one of `missing`); or an npy, or an npz with X: (n_workers, n_tasks) in {-1, 0, 1}, 0 for no
    answer; the npz may name `workers` and `tasks` and has the `digest` of the data set whose rows are the tasks.
    truth: a file as for `read_truth`.  columns: names of the columns task, worker, label where they differ.
    option: what messages call `positive`.
    Raises InputError, on one line, for everything that cannot be read.
    """
    if str(answers) == STDIN == str(truth):
        raise InputError("-: answers and truth cannot both come from stdin; give one of them as a file")
    if columns and len(columns) != 3:
        raise InputError(f"--columns {','.join(columns)}: give three names, of the columns task, worker and label")
    names, labels = (None, []) if truth is None else read_truth(truth, columns)
    known = tally(labels)
    where, said, build = _read_answers(answers, columns, "0" if "0" in known and "-1" not in known else "-1")
    if truth is None:
        found = encode(where, said, positive=positive, missing=missing, option=option)
        return CrowdFiles(build(found), None, found, count_labels(found, answers=said))
    found = encode(f"{where}, {truth}", {**said, **known}, positive=positive, missing=missing, option=option)
    result = build(found)
    place = places(truth, names, labels, result.tasks)
    signs = np.append(found.signs(labels), 0)[place]
    if not signs.any():
        raise InputError(f"{truth}: none of its {len(labels)} tasks has answers; the names must agree")
    return CrowdFiles(result, signs, found, count_labels(found, answers=said, truth=known))


def _read_answers(
    path: str | Path, wanted: Sequence[str], minus: str
) -> tuple[str, Counter[str], Callable[[Encoding], Answers]]:
    """What to call the file, how often it has each label, and its answers once it is known what labels mean.

    minus: what true labels call the -1 of a matrix of answers.
    """
    where = "stdin" if str(path) == STDIN else str(path)
    found = read_columns(path, _ANSWER_ARRAYS)
    if "X" in found:
        if wanted:
            raise InputError(f"{where}: --columns names columns, but the answers are the matrix X; leave it out")
        matrix = _matrix(where, found)
        values = np.where(matrix.triples()[2] > 0, "1", minus).tolist()
        return (
            where,
            tally(values),
            lambda encoding: replace(
                matrix.with_values(encoding.signs(values).astype(float)), made_for=matrix.made_for
            ),
        )
    task, worker, label = (
        _needed(found, where, role, wanted[i] if wanted else None) for i, role in enumerate(("task", "worker", "label"))
    )
    return where, tally(label), lambda encoding: from_triples(task, worker, label, encoding, where=where)


def _matrix(where: str, found: Columns) -> Answers:
    names = {key: np.ravel(found[key]).tolist() for key in ("workers", "tasks") if key in found}
    answers = from_matrix(found["X"], **names, where=where)
    return replace(answers, made_for=str(found["digest"])) if "digest" in found else answers


def _needed(found: Columns, where: str, role: str, wanted: str | None) -> list[Any]:
    """The cells of a column that has to be there; tasks and workers must have names."""
    cells = column(found, where, role, wanted)
    if cells is None:
        raise InputError(
            f"{where}: no column {role} (or {', '.join(ALIASES[role][1:])}), it has {listed(list(found)) or 'none'}; "
            "say with --columns TASK,WORKER,LABEL which they are"
        )
    values = _plain(cells)
    if role != "label" and "" in values:
        raise InputError(f"{where}: answer {values.index('') + 1} has an empty {role}; fill it in or remove it")
    return values


def _plain(cells: Any) -> list[Any]:
    return list(cells.tolist() if hasattr(cells, "tolist") else cells)


def read_truth(path: str | Path, columns: Sequence[str] = ()) -> tuple[list[str] | None, list[Any]]:
    """Names of tasks (None where the file has none) and the label of each, as the file spells it.

    path: a csv (- is stdin) or npz with columns task and truth (or other names of ALIASES), or an npy of labels.
    columns: names of the columns task, worker, label, used where the file has them.
    Raises InputError where it cannot be read or has no labels.
    """
    where = "stdin" if str(path) == STDIN else str(path)
    found = read_columns(path, ("y", *ALIASES["task"], *ALIASES["truth"]))
    task, label = (columns[0].lower(), columns[2].lower()) if columns else ("", "")
    names = found[task] if task in found else column(found, where, "task")
    labels = found[label] if label in found else column(found, where, "truth")
    if labels is None or not len(labels):
        what = "no rows" if labels is not None else f"no column of true labels (it has {listed(list(found)) or 'none'})"
        raise InputError(f"{where}: {what}; call it {' or '.join(ALIASES['truth'])}")
    if (names is not None and len(names) != len(labels)) or np.ndim(labels) != 1:
        raise InputError(f"{where}: true labels of shape {np.shape(labels)}; give one per task")
    return None if names is None else list(map(str, names)), _plain(labels)


def places(
    where: str | Path, names: Sequence[str] | None, labels: Sequence[Any], tasks: Sequence[str]
) -> Int[np.ndarray, " d"]:
    """Index into `labels` of each of the `tasks`, -1 where there is none; without names, by position.

    Raises InputError for another number of labels than tasks, and where one task has different labels.
    """
    if names is None:
        if len(labels) != len(tasks):
            raise InputError(f"{where}: {len(labels)} true labels, expected {len(tasks)} labels, one per task")
        return np.arange(len(tasks))
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        if label_name(labels[first.setdefault(name, i)]) != label_name(labels[i]):
            raise InputError(f"{where}: task {quoted(name)} has several labels; keep one")
    return np.array([first.get(task, -1) for task in tasks])
