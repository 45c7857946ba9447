"""Files of data on disk, of every kind."""

import hashlib
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from boundcheck.datasets.dataset import Table
from boundcheck.datasets.idx import is_idx, read_idx
from boundcheck.datasets.npz import npz_keys, read_npy, read_npz
from boundcheck.datasets.preparation import Preparation
from boundcheck.datasets.tables import read_csv
from boundcheck.errors import InputError

KEYS = (("X", "y"), ("x_train", "y_train"), ("data", "target"), ("features", "labels"), ("images", "labels"))
"""Names of rows and labels in a .npz, in capitals or not: NumPy's own, Keras', scikit-learn's, and two more."""
PARTNERS = (
    ("images-idx3", "labels-idx1"),
    ("images", "labels"),
    ("features", "labels"),
    ("data", "target"),
    ("x", "y"),
)
"""What stands in the name of a file of rows -> in that of its labels."""
HELD_OUT = (("train", "test"), ("train", "t10k"))
SPLITS = ("train", "test", "all")


_READ = {
    **dict.fromkeys((".csv", ".tsv", ".parquet", ".feather", ".arrow"), ("target", "ignore")),
    ".npz": ("keys", "split"),
    ".npy": ("target", "split"),
}
"""Options that each kind of file reads, by its ending; .npy also stands for IDX."""
_FOR = {
    "target": "names the column of labels of a table, or the file of labels beside a .npy or IDX file",
    "ignore": "names columns of a csv, parquet or Feather file",
    "keys": "names arrays of a .npz file",
    "split": "has no held-out rows to choose from",
}


def refuse_unread(source: str, read: Sequence[str], **given: Any) -> None:
    """Raise InputError for an option that says something and that this source does not read."""
    for option, value in given.items():
        if option not in read and value not in (None, "train") and len(value):
            raise InputError(f"{source}: --{option} {_FOR[option]}; leave it out")


def read_file(
    source: str,
    target: str | None = None,
    *,
    ignore: Sequence[str] = (),
    keys: Sequence[str] = (),
    split: str = "train",
) -> Table:
    """The table in a file whose kind its name tells; see `load_dataset`."""
    if split not in SPLITS:
        raise InputError(f"{source}: --split {split!r} is unknown; use {', '.join(SPLITS)}")
    path = existing_file(source, ", or use sklearn:NAME or synthetic:FAMILY")
    suffix = ".npy" if is_idx(path) else path.suffix.lower()
    if suffix not in _READ:
        raise InputError(f"{source}: unknown kind of file; use {', '.join(_READ)} or IDX")
    refuse_unread(source, _READ[suffix], target=target, ignore=ignore, keys=keys, split=split)
    if suffix == ".npz":
        return _read_npz(path, keys, split)
    if suffix == ".npy":
        return _read_pair(path, target, split)
    if suffix in (".csv", ".tsv"):
        return read_csv(path, target, ignore)
    from boundcheck.datasets.frames import read_arrow

    return read_arrow(path, target, ignore)


def _read_npz(path: Path, keys: Sequence[str], split: str) -> Table:
    """Rows and labels under `keys`, or the first of KEYS that is there, and the held-out ones beside them."""
    if keys and len(keys) != 2:
        raise InputError(f"{path}: --keys {','.join(keys)} does not name two arrays; give rows and labels: --keys X,y")
    present = npz_keys(path)
    named = {name.lower(): name for name in reversed(present)} | {name: name for name in present}
    found = tuple(keys) or next(
        ((here[0], here[1]) for pair in KEYS if all(here := [named.get(k, named.get(k.lower(), "")) for k in pair])),
        ("X", "y"),
    )
    held_out = tuple(named.get(key.replace("train", "test"), key) for key in found)
    if set(held_out) & set(found):
        held_out = ()
    arrays = read_npz(path, found + held_out, ("p", "preparation"))
    before = None
    if "preparation" in arrays:
        try:
            before = Preparation.read(arrays["preparation"].tobytes())
        except ValueError as error:
            raise InputError(f"{path}: array 'preparation' is not one that boundcheck wrote; leave it out") from error
    rows, labels = arrays[found[0]], arrays[found[1]]
    other = (arrays[held_out[0]], arrays[held_out[1]]) if held_out else None
    table = _split(str(path), rows, labels, other, split)
    return replace(table, p=arrays.get("p") if split == "train" else None, before=before)


def _read_pair(path: Path, target: str | None, split: str) -> Table:
    """Rows in one file (.npy or IDX) and labels in another: `target`, or the one beside it named so by PARTNERS."""
    partner = Path(target) if target is not None else _partner(path)
    if partner is None:
        raise InputError(f"{path}: no file of labels beside it; name one with --target FILE")
    other = None
    for train, test in HELD_OUT:
        rows = path.with_name(path.name.replace(train, test))
        labels = partner.with_name(partner.name.replace(train, test))
        if rows != path and labels != partner and rows.is_file() and labels.is_file():
            other = (_read_one(rows), _read_one(labels))
            break
    return _split(str(path), _read_one(path), _read_one(existing_file(str(partner))), other, split)


def _partner(path: Path) -> Path | None:
    """The file of labels beside `path`, by its name."""
    for rows, labels in PARTNERS:
        for a, b in ((rows, labels), (rows.capitalize(), labels), (rows.capitalize(), labels.capitalize())):
            other = path.with_name(re.sub(rf"(?<![A-Za-z]){a}(?![A-Za-z])", b, path.name))
            if other != path and other.is_file():
                return other
    return None


def _read_one(path: Path) -> np.ndarray:
    return read_idx(path) if is_idx(path) else read_npy(path)


def _split(name: str, X: np.ndarray, y: np.ndarray, other: tuple[np.ndarray, np.ndarray] | None, split: str) -> Table:
    """The training rows with the held-out ones beside them; or these alone; or all rows, training rows first."""
    if other is None:
        if split != "train":
            raise InputError(f"{name}: has no held-out rows; leave --split {split} out")
        return Table.of(name, X, y)
    test = Table.of(f"{name}: the held-out rows", *other)
    if split == "test":
        return test
    train = Table.of(name, X, y)
    if other[0].ndim != X.ndim or other[0].shape[1:] != X.shape[1:] or other[1].shape[1:] != y.shape[1:]:
        raise InputError(f"{name}: held-out rows have shape {other[0].shape}, the others {X.shape}; make them alike")
    names = tuple(dict.fromkeys(train.names + test.names))
    codes = np.array([names.index(c) for c in test.names])[test.codes]
    held_out = len(codes) if split == "train" else 0
    return Table(np.concatenate([X, other[0]]), np.append(train.codes, codes), names, held_out=held_out)


def file_sha256(path: Path) -> str | None:
    """SHA-256 of a file in hex, None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def existing_file(source: str, instead: str = "") -> Path:
    """`source` as a path to a regular file; InputError says why it is not one, and what may stand `instead` of one."""
    try:
        mode = Path(source).stat().st_mode
    except FileNotFoundError as error:
        raise InputError(f"{source}: no such file; check the path{instead}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{source!r}: cannot be opened ({error}); check the path") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{source}: is a directory; name a file in it")
    if not stat.S_ISREG(mode):
        raise InputError(f"{source}: not a regular file; copy the data to one")
    return Path(source)
