"""Every .npz is either loaded or refused in one line, and nothing is inflated or unpickled on its word."""

import os
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.crowds import read_crowd
from boundcheck.datasets import load_dataset
from boundcheck.datasets import npz as npz_module
from boundcheck.experiments.images import load_images
from boundcheck.labels.files import labels_for, load_labels

from .conftest import GOOD_X, GOOD_Y, header, npy, refusal

Write = Callable[..., str]
MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist10k.npz"


class Trap:
    """Ends the process when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os._exit, (99,))


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["f8", ">f8", "f4", "f2", "i8", ">i2", "i1", "u2", "u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_numpy_saves_is_loaded(npz: Write, compress: bool, dtype: str, order: Any) -> None:
    X = np.array([[3, 4], [0, 1], [1, 0]], dtype=dtype, order=order)
    data = load_dataset(npz(compress, X=X, y=np.array([0, 1, 1])))
    assert data.raw.tolist() == X.tolist()
    assert data.raw.dtype == np.dtype(dtype).newbyteorder("=")
    assert np.array_equal(data.X, [[0.6, 0.8], [0, 0.2], [0.2, 0]])
    assert data.y.tolist() == [-1, 1, 1]


def test_header_versions_2_and_3_are_read(npz: Write) -> None:
    text = "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 2), }\n"
    for version in (b"\x02\x00", b"\x03\x00"):
        data = load_dataset(npz(X=header(text, GOOD_X.tobytes(), version), y=GOOD_Y))
        assert np.array_equal(data.raw, GOOD_X)


def test_booleans_are_numbers_0_and_1(npz: Write) -> None:
    text = "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 2), }"
    data = load_dataset(npz(X=header(text, b"\x01\x07\x00\x01"), y=np.array([False, True])))
    assert data.raw.tolist() == [[1, 1], [0, 1]]
    assert data.scale == 1
    assert (data.negative, data.positive) == (("False",), ("True",))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"X": GOOD_X}, "no array 'y'"),
        ({"y": GOOD_Y}, "no array 'X'"),
        ({}, "no array 'X' (it has none)"),
        ({"data": GOOD_X, "y": GOOD_Y}, "it has 'data', 'y'"),
        ({"X": np.array([[Trap(), Trap()]] * 4), "y": GOOD_Y}, "pickled"),
        ({"X": GOOD_X, "y": np.array([Trap()] * 4)}, "pickled"),
        ({"X": np.zeros(4, dtype=[("a", "f8")]), "y": GOOD_Y}, "structured"),
        ({"X": np.array([["a", "b"]] * 4), "y": GOOD_Y}, "dtype <U1; use real numbers"),
        ({"X": GOOD_X * 1j, "y": GOOD_Y}, "dtype complex128; use real numbers"),
        ({"X": GOOD_X.astype(np.longdouble), "y": GOOD_Y}, "at most 64 bits"),
        ({"X": GOOD_X.astype("M8[s]"), "y": GOOD_Y}, "pickles and structured"),
        ({"X": GOOD_X[:, 0], "y": GOOD_Y}, "X has shape (4,); give rows (n, d)"),
        ({"X": GOOD_X.reshape(1, 1, 1, 4, 2), "y": GOOD_Y}, "X has shape (1, 1, 1, 4, 2)"),
        ({"X": np.array(1.0), "y": GOOD_Y}, "X has shape ()"),
        ({"X": GOOD_X[:0], "y": GOOD_Y[:0]}, "is empty"),
        ({"X": GOOD_X[:1], "y": GOOD_Y[:1]}, "one row only"),
        ({"X": GOOD_X, "y": GOOD_Y[:3]}, "X has 4 rows but y has 3 labels"),
        ({"X": GOOD_X, "y": np.stack([GOOD_Y, GOOD_Y], 1)}, "y has shape (4, 2), expected (n,), (n, 1) or one-hot"),
        ({"X": GOOD_X, "y": np.zeros(4)}, "1 class left ('0')"),
        ({"X": GOOD_X, "y": np.arange(4)}, "4 classes ('0', '1', '2', '3'); say with --positive"),
        ({"X": GOOD_X, "y": np.array([0, 1, np.nan, 1])}, "label of row 2 (counting from 0) is missing ('nan')"),
        ({"X": GOOD_X, "y": np.array(["a", "b", " ", "b"])}, "label of row 2 (counting from 0) is missing"),
        ({"X": GOOD_X, "y": np.array([b"a", b"\xff", b"b", b"b"])}, "row 1 (counting from 0): label b'\\xff' is not"),
        ({"X": GOOD_X, "y": GOOD_Y * 1j}, "names no classes"),
        ({"X": GOOD_X, "y": GOOD_Y, "p": np.full(3, 0.5)}, "p have shape (3,), expected (4,)"),
        ({"X": GOOD_X, "y": GOOD_Y, "p": np.array([0.5, 0.5, 1.0, 0.5])}, "p[2] = 1.0 is outside (0, 1)"),
        ({"X": GOOD_X, "y": GOOD_Y, "p": np.array([0.5, np.nan, 0.5, 0.5])}, "p[1] = nan is outside (0, 1)"),
        ({"X": GOOD_X, "y": GOOD_Y, "p": np.array([0.0, 0.5, 0.5, 0.5])}, "p[0] = 0.0 is outside (0, 1)"),
        ({"X": GOOD_X, "y": GOOD_Y, "p": np.array(["a"] * 4)}, "p have dtype <U1"),
        (
            {"X": np.where(GOOD_X == 4, np.nan, GOOD_X), "y": GOOD_Y},
            "row 0 (counting from 0), column 1 (counting from 0) has no value (NaN)",
        ),
        ({"X": np.where(GOOD_X == 2, -np.inf, GOOD_X), "y": GOOD_Y}, "X is -inf at row 3 (counting from 0), column 0"),
        ({"X": GOOD_X * [[1], [1], [0], [0]], "y": GOOD_Y}, "row 2 (counting from 0) is zero (2 of 4 are)"),
        ({"X": GOOD_X, "y": np.array([1, 2, 1, 2**21], dtype="<u4").view("<U1")}, "text that is not Unicode"),
        ({"X": GOOD_X, "y": np.array([1, 2, 1, 2**21], dtype=">u4").view(">U1")}, "text that is not Unicode"),
        ({"X": b"", "y": GOOD_Y}, "not in NumPy's format"),
        ({"X": npy(GOOD_X)[:-1], "y": GOOD_Y}, "claims 64 bytes but 63 are stored"),
        ({"X": npy(GOOD_X)[:20], "y": GOOD_Y}, "header that is not read"),
        ({"X": header("{'descr': '<U0', 'fortran_order': False, 'shape': (4, 2), }"), "y": GOOD_Y}, "is empty"),
        ({"X": header("__import__('os')._exit(1)"), "y": GOOD_Y}, "header that is not read"),
        ({"X": header("{'descr': '<f3', 'fortran_order': False, 'shape': (4, 2), }"), "y": GOOD_Y}, "not read"),
        ({"X": header("{'descr': '<f8', 'fortran_order': False, 'shape': (4, -2), }"), "y": GOOD_Y}, "not read"),
    ],
)
def test_a_bad_array_is_refused_by_name(npz: Write, members: dict[str, Any], words: str) -> None:
    assert words in refusal(npz(**members))


@pytest.mark.parametrize("compress", [False, True])
def test_a_file_cut_anywhere_is_refused(npz: Write, compress: bool) -> None:
    path = npz(compress, X=GOOD_X, y=GOOD_Y)
    whole = Path(path).read_bytes()
    for length in range(0, len(whole), 7):
        Path(path).write_bytes(whole[:length])
        refusal(path)


def test_what_is_no_archive_is_refused(tmp_path: Path, npz: Write) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(npy(GOOD_X))
    assert "not a .npz archive" in refusal(str(path))
    path.unlink()
    assert "no such file" in refusal(str(path))
    path.mkdir()
    assert "is a directory" in refusal(str(path))


def test_only_where_a_data_set_may_stand_does_a_missing_file_name_the_others(tmp_path: Path) -> None:
    missing = tmp_path / "none.npz"
    assert refusal(str(missing)).endswith("check the path, or use sklearn:NAME or synthetic:FAMILY")
    for read in (
        load_labels,
        load_images,
        read_crowd,
        partial(labels_for, dataset=load_dataset("synthetic:circle")),
    ):
        with pytest.raises(npz_module.InputError, match=r"no such file; check the path$"):
            read(missing)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    """Opening a named pipe would wait for a writer for ever."""
    os.mkfifo(tmp_path / "pipe.npz")
    assert "not a regular file" in refusal(str(tmp_path / "pipe.npz"))


@pytest.mark.parametrize("name", ["a\0b.npz", "x" * 5000 + ".npz", "\ud800.npz"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(npz_module.InputError, match=r"cannot be opened|no such file"):
        load_dataset(name)


def test_an_unknown_suffix_and_a_needless_target_are_refused(tmp_path: Path, npz: Write) -> None:
    (tmp_path / "data.xls").write_bytes(b"")
    assert "use .csv, .tsv, .parquet, .feather, .arrow, .npz, .npy or IDX" in refusal(str(tmp_path / "data.xls"))
    assert "--target names the column of labels of a table" in refusal(npz(X=GOOD_X, y=GOOD_Y), target="y")


def test_encrypted_and_oddly_packed_members_are_refused(npz: Write, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("X.npy", npy(GOOD_X))
        archive.writestr("y.npy", npy(GOOD_Y))
    assert "unknown method" in refusal(str(path))
    whole = bytearray(Path(npz(X=GOOD_X, y=GOOD_Y)).read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.find(mark) + offset] |= 1
    path.write_bytes(whole)
    assert "encrypted" in refusal(str(path))


def test_a_changed_byte_is_noticed(npz: Write) -> None:
    path = npz(X=GOOD_X, y=GOOD_Y)
    whole = bytearray(Path(path).read_bytes())
    where = whole.find(np.float64(4).tobytes())
    whole[where + 7] ^= 1
    Path(path).write_bytes(whole)
    assert "Bad CRC-32" in refusal(path)


def test_sizes_beyond_the_memory_limit_are_refused_before_allocation(npz: Write, tmp_path: Path) -> None:
    shape = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }"
    assert "need 7,450.6 GiB, above the limit of 4 GiB" in refusal(npz(X=header(shape, b"12345678"), y=GOOD_Y))
    path = tmp_path / "directory.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", npy(GOOD_X))
        archive.writestr("y.npy", npy(GOOD_Y))
        archive.infolist()[0].file_size = 5 * 2**30
    assert "need 5.0 GiB" in refusal(str(path))


def test_small_integers_count_as_the_floats_they_become(npz: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boundcheck.datasets.limits.MAX_BYTES", 8 * 10**4)
    X = np.ones((101, 100), dtype=np.uint8)
    assert "101 x 100 numbers need" in refusal(npz(X=X, y=np.arange(101) % 2))
    assert load_dataset(npz(X=X[:100], y=np.arange(100) % 2)).X.shape == (100, 100)


def test_a_zip_bomb_is_refused_before_it_is_inflated(npz: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boundcheck.datasets.limits.MAX_BYTES", 2**20)
    path = npz(compress=True, X=np.ones((2**20, 64), dtype=np.uint8), y=GOOD_Y)
    assert Path(path).stat().st_size < 2**17
    tracemalloc.start()
    assert "above the limit" in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_member_that_inflates_beyond_its_claim_is_not_followed(tmp_path: Path) -> None:
    path, honest = tmp_path / "data.npz", npy(GOOD_X)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", honest + bytes(2**26))
        archive.writestr("y.npy", npy(GOOD_Y))
        archive.infolist()[0].file_size = len(honest)
    tracemalloc.start()
    assert "damaged" in refusal(str(path))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_member_that_inflates_to_less_than_its_claim_is_refused(tmp_path: Path) -> None:
    path, honest = tmp_path / "data.npz", npy(GOOD_X)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", honest[:-8])
        archive.writestr("y.npy", npy(GOOD_Y))
        archive.infolist()[0].file_size = len(honest)
    assert "is cut short" in refusal(str(path))


@pytest.mark.skipif(not MNIST.exists(), reason="needs ../shared/data")
def test_mnist_loads_as_the_paper_uses_it() -> None:
    """uint8 rows of 28 x 28 pixels; digits 5 to 9 against 0 to 4."""
    data = load_dataset(str(MNIST), positive=("5", "6", "7", "8", "9"))
    assert (data.X.shape, data.raw.dtype, data.scale) == ((10000, 784), np.uint8, 1.0)
    assert int((data.y > 0).sum()) == 863 + 1014 + 1070 + 944 + 978
    assert np.linalg.norm(data.X, axis=1).max() == pytest.approx(1, abs=1e-15)
    ratio = data.X / np.where(data.raw == 0, 1, data.raw)
    assert np.ptp(ratio[data.raw > 0]) < 1e-15
