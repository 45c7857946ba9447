"""Every door of data against every kind of bad input: one line that names it, and what to do."""

import gzip
import io
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.crowds import read_crowd
from boundcheck.crowds.reading import read_truth
from boundcheck.datasets import from_arrays, load_dataset
from boundcheck.errors import InputError
from boundcheck.labels.files import load_labels

from .conftest import header, npy

GOOD = (np.array([[3.0, 4.0], [0.0, 1.0], [-1.0, 0.0], [2.0, 0.5]]), np.array([0, 1, 1, 0]))
Door = Callable[[Path, np.ndarray, np.ndarray], Callable[..., Any]]


def loader(path: Path, **reading: Any) -> Callable[..., Any]:
    return lambda **options: load_dataset(str(path), **reading, **options)


def an_npz(**names: str) -> Door:
    def write(folder: Path, X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
        np.savez(folder / "d.npz", **{names["x"]: X, names["y"]: y})
        return loader(folder / "d.npz")

    return write


def keras(folder: Path, X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
    """The bad rows are the held-out ones where they can be: those of training are good."""
    np.savez(folder / "d.npz", x_train=GOOD[0], y_train=GOOD[1], x_test=X, y_test=y)
    return loader(folder / "d.npz")


def npy_pair(folder: Path, X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
    np.save(folder / "X.npy", X)
    np.save(folder / "y.npy", y)
    return loader(folder / "X.npy")


def as_idx(array: np.ndarray) -> bytes:
    kind = ">f8" if array.dtype.kind == "f" else "u1"
    shape = struct.pack(f">HBB{array.ndim}I", 0, {"u1": 8, ">f8": 14}[kind], array.ndim, *array.shape)
    return shape + array.astype(kind).tobytes()


def idx_gz(folder: Path, X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
    for name, array in (("train-images-idx3-ubyte.gz", X), ("train-labels-idx1-ubyte.gz", y)):
        (folder / name).write_bytes(gzip.compress(as_idx(array)))
    return loader(folder / "train-images-idx3-ubyte.gz")


def lines(X: np.ndarray, y: np.ndarray, separator: str) -> str:
    rows = [["a", "b", "y"], *([*map(repr, map(float, row)), str(c)] for row, c in zip(X, y, strict=True))]
    return "\n".join(separator.join(row) for row in rows) + "\n"


def text(suffix: str, separator: str) -> Door:
    def write(folder: Path, X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
        (folder / f"d{suffix}").write_text(lines(X, y, separator))
        return loader(folder / f"d{suffix}", target="y")

    return write


def arrow(suffix: str) -> Door:
    def write(folder: Path, X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
        pa = pytest.importorskip("pyarrow")
        from pyarrow import feather, parquet

        table = pa.table({"a": X[:, 0], "b": X[:, 1], "y": y})
        (parquet.write_table if suffix == ".parquet" else feather.write_feather)(table, folder / f"d{suffix}")
        return loader(folder / f"d{suffix}", target="y")

    return write


def frame(folder: Path, X: np.ndarray, y: np.ndarray) -> Callable[..., Any]:
    pandas = pytest.importorskip("pandas")
    return lambda **options: from_arrays(pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": y}), "y", **options)


DOORS: dict[str, Door] = {
    "npz": an_npz(x="X", y="y"),
    "npz of scikit-learn": an_npz(x="data", y="target"),
    "npz of Keras": keras,
    "npy": npy_pair,
    "idx.gz": idx_gz,
    "csv": text(".csv", ";"),
    "tsv": text(".tsv", "\t"),
    "parquet": arrow(".parquet"),
    "feather": arrow(".feather"),
    "arrays": lambda folder, X, y: lambda **options: from_arrays(X, y, **options),
    "lists": lambda folder, X, y: lambda **options: from_arrays(X.tolist(), y.tolist(), **options),
    "data frame": frame,
}


def with_entry(value: float) -> np.ndarray:
    X = GOOD[0].copy()
    X[1, 1] = value
    return X


CASES: dict[str, tuple[np.ndarray, np.ndarray, dict[str, Any], str]] = {
    "a missing value": (with_entry(np.nan), GOOD[1], {}, "has no value (NaN)"),
    "an infinity": (with_entry(np.inf), GOOD[1], {}, "inf"),
    "a row of zeros": (GOOD[0] * [[1], [0], [1], [1]], GOOD[1], {}, "is zero"),
    "one class": (GOOD[0], np.zeros(4, dtype=int), {}, "two classes are needed"),
    "three classes": (GOOD[0], np.array([0, 1, 2, 0]), {}, "say with --positive"),
    "one row": (GOOD[0][:1], GOOD[1][:1], {}, "one row only"),
    "no row": (GOOD[0][:0], GOOD[1][:0], {}, ""),
    "norms above 1": (*GOOD, {"normalize": "none"}, "--normalize none needs norms of at most 1"),
    "an unknown class": (*GOOD, {"positive": ["7"]}, "--positive names '7'"),
    "an unknown step": (*GOOD, {"prepare": "scale"}, "has no step 'scale'"),
    "too large a subsample": (*GOOD, {"subsample": 5}, "ask for 2 to 4 rows"),
}
ACCEPTED = {("npz of Keras", case) for case in ("a row of zeros", "one class", "one row")}
"""What held-out rows may be."""
OTHER = {
    ("npz of Keras", "three classes"): "the held-out rows have classes '2' that the others have not",
    ("npz of Keras", "no row"): "empty",
    ("lists", "no row"): "X has shape (0,)",
    ("csv", "no row"): "one row",
    ("data frame", "a missing value"): "has no value (NaN)",
}


def refused(load: Callable[..., Any], **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(**options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert ";" in message, f"does not say what to do: {message}"
    return message


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("door", DOORS)
def test_bad_rows_and_options_are_refused_at_every_door(tmp_path: Path, door: str, case: str) -> None:
    X, y, options, words = CASES[case]
    assert DOORS[door](tmp_path, *GOOD)().y.tolist() == [-1, 1, 1, -1]
    load = DOORS[door](tmp_path, X, y)
    if (door, case) in ACCEPTED:
        assert load(**options).held_out is not None
        return
    message = refused(load, **options)
    assert OTHER.get((door, case), words) in message or words in message
    if (tmp_path / "d.npz").exists():
        assert message.startswith(str(tmp_path / "d.npz"))


@pytest.mark.parametrize(
    "door", [door for door in DOORS if door not in ("csv", "tsv", "parquet", "feather", "data frame")]
)
def test_labels_for_other_rows_are_refused(tmp_path: Path, door: str) -> None:
    assert "give one label a row" in refused(DOORS[door](tmp_path, GOOD[0], GOOD[1][:3]))


FILES = ("npz", "npz of Keras", "npy", "idx.gz", "csv", "tsv", "parquet", "feather")
PICKLED = npy(np.array([{}, {}], dtype=object))
HUGE = header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }", b"12345678")


@pytest.mark.parametrize("door", FILES)
def test_damaged_files_are_refused_at_every_door(tmp_path: Path, door: str) -> None:
    load = DOORS[door](tmp_path, *GOOD)
    path = next(p for p in sorted(tmp_path.iterdir()) if p.name != "y.npy" and "labels" not in p.name)
    sound = path.read_bytes()
    for damaged in (b"", b"\0" * 40, b"PK\x03\x04" + bytes(40), sound[: len(sound) // 2], sound[7:], PICKLED, HUGE):
        path.write_bytes(damaged)
        assert refused(load).startswith(str(path))
    path.unlink()
    assert "no such file; check the path" in refused(load)
    path.mkdir()
    assert "is a directory; name a file in it" in refused(load)


LABELS: dict[str, tuple[str, Callable[[Any], Any], bytes]] = {
    "labels.csv": (".csv", load_labels, b"task,p\na,0.5\nb,0.25\n"),
    "labels.npy": (".npy", load_labels, npy(np.array([0.5, 0.25]))),
    "answers.csv": (".csv", read_crowd, b"task,performer,answer\na,1,1\na,2,0\nb,1,0\n"),
    "truth.csv": (".csv", read_truth, b"task,label\na,1\nb,0\n"),
}


@pytest.mark.parametrize("kind", LABELS)
def test_damaged_files_of_labels_are_refused(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    suffix, read, sound = LABELS[kind]
    path = tmp_path / f"f{suffix}"
    path.write_bytes(sound)
    read(path)
    for damaged in (b"", b"\xff\xfe\x00", b'task,p,label\n"a,1', b"x\n1\n", PICKLED, HUGE):
        path.write_bytes(damaged)
        assert refused(lambda: read(path)).startswith(str(path))
        if suffix == ".csv":
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(damaged)))
            assert refused(lambda: read("-")).startswith("stdin")
    path.unlink()
    assert "no such file; check the path" in refused(lambda: read(path))
