"""Soft labels and true labels on disk."""

import itertools
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from boundcheck.crowds.reading import places, read_truth
from boundcheck.datasets import Dataset
from boundcheck.datasets.columns import Columns, column, read_columns
from boundcheck.datasets.dataset import check_made_for, checked_probabilities
from boundcheck.datasets.tables import STDIN
from boundcheck.errors import InputError, listed, quoted, writing
from boundcheck.labels.weak import partial_labels
from boundcheck.records import LabelCount
from boundcheck.softlabels.encoding import (
    Encoding,
    count_labels,
    encode,
    label_name,
    present,
    tally,
    warn_if_contradicted,
)
from boundcheck.softlabels.probabilities import (
    OPEN_ABOVE,
    OPEN_BELOW,
    SoftLabels,
    log_odds,
    soft_labels,
    true_classes,
)

_KNOWN = ("p", "logits", "y", "rows", "tasks", "eta", "source", "seed", "digest", "radius", "negative", "positive")
OWN_TRAINING_POINTS = "own training points"


def is_in_sample(source: str) -> bool:
    """Whether labels of this source were made from the true labels of the same rows."""
    return source.startswith(("kernel", "smoothing")) or OWN_TRAINING_POINTS in source


@dataclass(frozen=True, eq=False)
class LabelFile:
    """What a file of soft labels holds.

    y: true labels, rows: indices in the source, tasks: names of the rows, eta: known P(class 1 | x); None where absent.
    source: what made the labels ("" if unknown).  digest: of the data they were made for, or None.
    radius: B >= sup ||v|| of the teacher's field, NaN where no theory gives one.
    classes: names of the classes that are -1 and +1, empty where the file does not say.
    """

    name: str
    labels: SoftLabels
    y: Shaped[np.ndarray, " n"] | None
    rows: Shaped[np.ndarray, " n"] | None
    tasks: tuple[str, ...] | None
    eta: Float[np.ndarray, " n"] | None
    source: str
    digest: str | None
    radius: float
    classes: tuple[tuple[str, ...], ...]

    @property
    def deterministic(self) -> bool:
        """Whether the labels are a function of the input: a kernel's or a network's."""
        return self.source.startswith(("kernel", "network"))

    @property
    def in_sample(self) -> bool:
        """Whether the labels were made from the true labels of the same rows."""
        return is_in_sample(self.source)


def load_labels(
    path: Any, *, normalised: bool = True, candidates: bool = False, columns: Sequence[str] = ()
) -> LabelFile:
    """Read `p` or `logits`, (n,) or (n, L), and whatever else of `LabelFile` a file has.

    path: an .npz, an .npy that is p, or a csv (- is stdin) with a column p or logits, or p0, p1, ... one a class, and
    optionally task and label; or an array that is p.  candidates: p holds 0/1 candidate sets.  normalised: rows of p
    must be weights of sum 1.
    columns: names of the columns of a csv that make p.
    Raises InputError for a file that cannot be read or holds no soft labels. Nothing is ever unpickled.
    """
    if isinstance(path, str | Path):
        name, found = "stdin" if str(path) == STDIN else str(path), read_columns(path, _KNOWN)
    else:
        name, found = "labels", {"p": np.asarray(path)}
    text = all(isinstance(values, list) for values in found.values())
    if columns and not text:
        raise InputError(f"{name}: --columns names columns of a csv; leave it out")
    arrays = _from_text(name, found, columns) if text else {key: np.asarray(found[key]) for key in found}
    if candidates:
        if "p" not in arrays:
            raise InputError(f"{name}: no array 'p'; candidate sets are an (n, L) array p of 0 and 1")
        labels = partial_labels(arrays["p"], where=name)
    else:
        labels = soft_labels(arrays.get("p"), arrays.get("logits"), normalised=normalised, where=name)
    n = len(labels.weights)
    for key in ("y", "rows", "tasks", "eta"):
        if key in arrays and arrays[key].shape != (n,):
            raise InputError(f"{name}: {key} has shape {arrays[key].shape}, expected ({n},); write the file again")
    for key, kinds in (("rows", "iu"), ("eta", "biuf")):
        if key in arrays and arrays[key].dtype.kind not in kinds:
            raise InputError(f"{name}: {key} has dtype {arrays[key].dtype}; write the file again")
    return LabelFile(
        name=name,
        labels=labels,
        y=arrays.get("y"),
        rows=arrays.get("rows"),
        tasks=tuple(map(str, arrays["tasks"])) if "tasks" in arrays else None,
        eta=arrays.get("eta"),
        source=str(arrays["source"]) if "source" in arrays else "",
        digest=str(arrays["digest"]) if "digest" in arrays else None,
        radius=_scalar(name, arrays["radius"]) if "radius" in arrays else math.nan,
        classes=tuple(tuple(map(str, arrays.get(key, ()))) for key in ("negative", "positive")),
    )


def _from_text(name: str, columns: Columns, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    """The arrays that the columns of a csv stand for."""
    numbered = sorted((c for c in columns if re.fullmatch(r"p[0-9]{1,4}", c)), key=lambda c: int(c[1:]))
    if missing := [c for c in wanted if c.lower() not in columns]:
        raise InputError(f"{name}: no column {quoted(missing[0])} (it has {listed(list(columns))}); correct --columns")
    weights = [c.lower() for c in wanted] or [c for c in ("p",) if c in columns] or numbered
    arrays = {}
    for key, names in (("p", weights), ("logits", [c for c in ("logits", "logit") if c in columns][:1])):
        if names and not (wanted and key == "logits"):
            cells = np.array([[_number(name, c, row, cell) for row, cell in enumerate(columns[c])] for c in names])
            arrays[key] = cells[0] if len(names) == 1 else cells.T
    for key, role in (("tasks", "task"), ("y", "truth")):
        cells_of_role = column(columns, name, role)
        if cells_of_role is not None:
            arrays[key] = np.array(cells_of_role)
    return arrays


def _number(name: str, column: str, row: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise InputError(
            f"{name}: column {quoted(column)}, row {row + 1}: {quoted(cell)} is not a number; correct it"
        ) from None


def labels_for(
    path: str | Path, dataset: Dataset, columns: Sequence[str] = ()
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], LabelFile]:
    """Soft labels p in (0, 1) and their logits, both (n,), for the rows of `dataset`, and the file they came from.

    A p that rounds to 0 or 1 is moved to the nearest double inside (0, 1) where the file has logits. Warns where labels
    contradict those of `dataset`.  Raises InputError where the file cannot be read, was made for other data, or has
    more than two classes, another number of rows, or a p of 0 or 1 without logits.
    """
    found = load_labels(path, columns=columns)
    n, labels = len(dataset.y), found.labels
    check_made_for(found.name, found.digest, dataset)
    if labels.weights.shape != (n, 2):
        raise InputError(
            f"{found.name}: soft labels of shape {labels.weights.shape}, expected ({n},); give P(y = +1) of each row"
        )
    p = labels.weights[:, 1]
    if labels.logits:
        logits = labels.scores[:, 1] - labels.scores[:, 0]
        p = np.clip(p, OPEN_ABOVE, OPEN_BELOW)
    else:
        p = checked_probabilities(found.name, p, n)
        logits = log_odds(p)
    warn_if_contradicted(found.name, labels.weights, (dataset.y > 0).astype(int))
    return p, logits, found


def check_place(path: Path) -> None:
    """Raise InputError for a path that `save_labels` refuses: worth asking before a long computation."""
    if path.suffix != ".npz":
        raise InputError(f"{path}: soft labels are written as .npz; give -o FILE.npz")


def save_labels(
    path: Path,
    *,
    p: Float[np.ndarray, "..."],
    logits: Float[np.ndarray, "..."],
    source: str,
    seed: int,
    radius: float = math.nan,
    **more: Any,
) -> None:
    """Write soft labels for `verify --labels` and `labels check`.

    more: further arrays and scalars, None is left out: y, rows, tasks, digest, eta, ...
    Raises OutputError if the file cannot be written.
    """
    check_place(path)
    extra: Mapping[str, Any] = {key: value for key, value in more.items() if value is not None}
    with writing(path), path.open("wb") as file:
        np.savez(file, p=p, logits=logits, source=source, seed=seed, radius=radius, **extra)


@dataclass(frozen=True, eq=False)
class TrueLabels:
    """codes: (n,) true classes 0..L-1 of the rows of a label file, -1 where unknown.  labels: the labels counted."""

    codes: Int[np.ndarray, " n"]
    labels: tuple[LabelCount, ...] = ()


def true_labels(
    found: LabelFile,
    path: str | Path | None = None,
    *,
    positive: Collection[str] = (),
    missing: Collection[str] = (),
) -> TrueLabels | None:
    """True classes for the rows of `found`, by default its own y; None where there is none.

    path: a file as for `crowds.read_truth`. Its labels are matched by name with the tasks (or rows) of `found` where
    both have names, else by position; rows that it does not name are unknown.
    Two classes: what labels mean is decided as everywhere (see `encode`), with the names of the classes that `found`
    was made with where the file uses those. Above two classes labels are 0..L-1.
    Raises InputError for files that cannot be read and labels that do not say what they mean.
    """
    n, classes = found.labels.weights.shape
    if path is None:
        if found.y is None:
            return None
        where, labels, place = found.name, found.y.tolist(), np.arange(n)
    else:
        where = str(path)
        names, labels = read_truth(path)
        tasks = found.tasks or tuple(map(str, range(n) if found.rows is None else found.rows))
        if names is None and found.rows is not None and len(labels) > n:
            names = list(map(str, range(len(labels))))
        elif found.tasks is None and found.rows is None:
            names = None
        place = places(where, names, labels, tasks)
    counts = tally(labels)
    if classes == 2:
        names_of_file = {*itertools.chain(*found.classes)}
        if path is not None and not positive and set(counts) <= names_of_file | set(missing):
            absent = present(where, counts, missing=missing, classes=names_of_file - set(missing))[1]
            encoding = Encoding(found.classes[1], found.classes[0], absent)
        else:
            encoding = encode(where, counts, positive=positive, missing=missing)
        signs = encoding.signs(labels)
        codes, rows = np.where(signs == 0, -1, (signs + 1) // 2), count_labels(encoding, truth=counts)
    else:
        codes, rows = _numbered(where, labels, counts, classes, positive, missing)
    result = np.append(codes, -1)[place]
    if (result < 0).all():
        raise InputError(f"{where}: none of its {len(labels)} labels is of a row of {found.name}; the names must agree")
    return TrueLabels(result, rows)


def _numbered(
    where: str,
    labels: list[Any],
    counts: Mapping[str, int],
    classes: int,
    positive: Collection[str],
    missing: Collection[str],
) -> tuple[Int[np.ndarray, " labels"], tuple[LabelCount, ...]]:
    """The class 0..L-1 that each label names, -1 for none."""
    if positive:
        raise InputError(f"{where}: --positive is for two classes, these soft labels have {classes}; leave it out")
    names, absent = present(where, counts, missing=missing)
    try:
        numbers = true_classes([float(name) for name in names], len(names), classes, where=where)
    except ValueError:
        raise InputError(f"{where}: true labels {listed(names)}; give the classes 0..{classes - 1}") from None
    code = dict(zip(names, numbers.tolist(), strict=True))
    rows = [LabelCount(name, code[name], truth=counts[name]) for name in names]
    rows += [LabelCount(name, None, truth=counts[name]) for name in absent]
    return np.array([code.get(label_name(label), -1) for label in labels]), tuple(rows)


def _scalar(name: str, array: np.ndarray) -> float:
    if array.shape != () or array.dtype.kind not in "iuf":
        raise InputError(f"{name}: radius is not a number; write the file again")
    return float(array)
