"""Soft labels and true labels on disk."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from boundcheck.datasets.dataset import listed, quoted
from boundcheck.datasets.files import existing_file
from boundcheck.datasets.npz import read_npz
from boundcheck.errors import InputError, writing
from boundcheck.labels.weak import partial_labels
from boundcheck.softlabels.probabilities import SoftLabels, soft_labels

_KNOWN = ("p", "logits", "y", "rows", "tasks", "eta", "source", "seed", "digest", "radius")
OWN_TRAINING_POINTS = "own training points"
_LABEL_COLUMNS, _NAME_COLUMNS = ("label", "truth", "y"), ("task", "row", "id")


def is_in_sample(source: str) -> bool:
    """Whether labels of this source were made from the true labels of the same rows."""
    return source.startswith(("kernel", "smoothing")) or OWN_TRAINING_POINTS in source


@dataclass(frozen=True, eq=False)
class LabelFile:
    """What a file of soft labels holds.

    y: true labels, rows: indices in the source, tasks: names of the rows, eta: known P(class 1 | x); None where absent.
    source: what made the labels ("" if unknown).  digest: of the data they were made for, or None.
    radius: B >= sup ||v|| of the teacher's field, NaN where no theory gives one.
    """

    path: Path
    labels: SoftLabels
    y: Shaped[np.ndarray, " n"] | None
    rows: Shaped[np.ndarray, " n"] | None
    tasks: tuple[str, ...] | None
    eta: Float[np.ndarray, " n"] | None
    source: str
    digest: str | None
    radius: float

    @property
    def deterministic(self) -> bool:
        """Whether the labels are a function of the input: a kernel's or a network's."""
        return self.source.startswith(("kernel", "network"))

    @property
    def in_sample(self) -> bool:
        """Whether the labels were made from the true labels of the same rows."""
        return is_in_sample(self.source)


def load_labels(path: str | Path, *, normalised: bool = True, candidates: bool = False) -> LabelFile:
    """Read an .npz with `p` or `logits`, (n,) or (n, L), and whatever else of `LabelFile` it has.

    candidates: p holds 0/1 candidate sets.  normalised: whether rows of p must be weights that sum to 1.
    Raises InputError for a file that cannot be read or holds no soft labels. Nothing is ever unpickled.
    """
    name = str(path)
    arrays = read_npz(existing_file(name), (), _KNOWN)
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
        path=Path(path),
        labels=labels,
        y=arrays.get("y"),
        rows=arrays.get("rows"),
        tasks=tuple(map(str, arrays["tasks"])) if "tasks" in arrays else None,
        eta=arrays.get("eta"),
        source=str(arrays["source"]) if "source" in arrays else "",
        digest=str(arrays["digest"]) if "digest" in arrays else None,
        radius=_scalar(name, arrays["radius"]) if "radius" in arrays else math.nan,
    )


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


def load_truth(path: str | Path, found: LabelFile) -> Shaped[np.ndarray, " n"]:
    """True labels for the rows of `found`, from an .npz with `y` or a .csv with a column label, truth or y.

    A csv with a column task, row or id is matched by name with the tasks (or rows) of the label file; other
    files go by position. Raises InputError for anything missing, repeated or of the wrong length.
    """
    name, n = str(path), len(found.labels.weights)
    file = existing_file(name)
    if file.suffix.lower() == ".csv":
        return _csv_truth(file, found)
    y = read_npz(file, ("y",))["y"]
    if found.rows is not None and y.ndim == 1 and len(y) > n and found.rows.max() < len(y) and found.rows.min() >= 0:
        return np.asarray(y[found.rows])
    return y


def _csv_truth(path: Path, found: LabelFile) -> Shaped[np.ndarray, " n"]:
    names, labels = _read_csv(path)
    keys = found.tasks or (None if found.rows is None else tuple(map(str, found.rows)))
    if names is None or keys is None:
        return np.array(labels)
    truth = dict(zip(names, labels, strict=True))
    if len(truth) < len(names):
        repeated = next(name for i, name in enumerate(names) if name in names[:i])
        raise InputError(f"{path}: {quoted(repeated)} has several labels; keep one")
    missing = [key for key in keys if key not in truth]
    if missing:
        raise InputError(f"{path}: no label for {listed(missing, 3)} of {found.path}; add it")
    return np.array([truth[key] for key in keys])


def _read_csv(path: Path) -> tuple[list[str] | None, list[float]]:
    """Names (None without such a column) and labels of a UTF-8 csv file with a line of column names."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = [column.strip() for column in reader.fieldnames or ()]
            label = next((c for c in _LABEL_COLUMNS if c in columns), None)
            if label is None:
                raise InputError(f"{path}: no column of true labels; call it label (columns: {listed(columns)})")
            reader.fieldnames = columns
            name = next((c for c in _NAME_COLUMNS if c in columns), None)
            names, labels = [], []
            for row in reader:
                try:
                    labels.append(float(row[label]))
                except (TypeError, ValueError) as error:
                    cell = quoted(str(row[label]))
                    raise InputError(f"{path}: line {reader.line_num}: {cell} is no label; give a number") from error
                names.append((row[name] or "").strip() if name else "")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}: not csv ({error}); mend the file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the file") from error
    if not labels:
        raise InputError(f"{path}: no rows; add the true labels")
    return (names if name else None), labels


def _scalar(name: str, array: np.ndarray) -> float:
    if array.shape != () or array.dtype.kind not in "iuf":
        raise InputError(f"{name}: radius is not a number; write the file again")
    return float(array)
