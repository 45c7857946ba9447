"""Files as people have them: array names, held-out rows, pairs, IDX, semicolons, decimal commas, indices."""

import gzip
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.datasets import load_dataset, save_dataset
from boundcheck.errors import BoundcheckWarning

from .conftest import GOOD_X, GOOD_Y, npy, refusal

Write = Callable[..., str]
TEST_X = np.array([[6.0, 8.0], [0.5, 0.0]])
TEST_Y = np.array([1, 0])
IMAGES = np.arange(1, 17, dtype=np.uint8).reshape(4, 2, 2)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("X", "y"),
        ("x", "Y"),
        ("x_train", "y_train"),
        ("X_train", "y_train"),
        ("data", "target"),
        ("features", "labels"),
    ],
)
def test_arrays_go_by_the_names_that_libraries_give_them(npz: Write, x: str, y: str) -> None:
    assert np.array_equal(load_dataset(npz(**{x: GOOD_X, y: GOOD_Y})).raw, GOOD_X)


def test_keys_name_other_arrays(npz: Write) -> None:
    source = npz(a=GOOD_X, b=GOOD_Y, X=TEST_X, y=TEST_Y)
    assert np.array_equal(load_dataset(source, keys=("a", "b")).raw, GOOD_X)
    assert "no array 'c'" in refusal(source, keys=("a", "c"))
    assert "does not name two arrays" in refusal(source, keys=("a",))
    assert "--keys names arrays of a .npz" in refusal_of("sklearn:wine", keys=("a", "b"))


def refusal_of(source: str, **options: Any) -> str:
    pytest.importorskip("sklearn")
    return refusal(source, **options)


def keras(npz: Write, **more: Any) -> str:
    return npz(**({"x_train": GOOD_X, "y_train": GOOD_Y, "x_test": TEST_X, "y_test": TEST_Y} | more))


def test_held_out_rows_go_through_what_the_training_rows_taught(npz: Write) -> None:
    data = load_dataset(keras(npz), prepare="center")
    assert data.held_out is not None
    mean = GOOD_X.mean(axis=0)
    norm = np.linalg.norm(GOOD_X - mean, axis=1).max()
    assert np.allclose(data.X, (GOOD_X - mean) / norm)
    assert np.allclose(data.held_out.X, (TEST_X - mean) / norm)
    assert data.held_out.y.tolist() == [1, -1]
    assert load_dataset(keras(npz)).digest == load_dataset(npz(X=GOOD_X, y=GOOD_Y)).digest


def test_split_chooses_the_rows(npz: Write) -> None:
    test = load_dataset(keras(npz), split="test")
    assert (test.raw.tolist(), test.held_out) == (TEST_X.tolist(), None)
    assert load_dataset(keras(npz), split="all").raw.tolist() == [*GOOD_X.tolist(), *TEST_X.tolist()]
    assert "--split 'half' is unknown; use train, test, all" in refusal(keras(npz), split="half")
    assert "no held-out rows" in refusal(npz(X=GOOD_X, y=GOOD_Y), split="test")
    assert "have shape (2, 1), the others (4, 2)" in refusal(keras(npz, x_test=TEST_X[:, :1]))
    assert "classes '5'" in refusal(keras(npz, y_test=np.array([5, 1])))
    fewer = load_dataset(keras(npz, y_test=np.array([5, 1])), drop=["5"]).held_out
    assert fewer is not None
    assert fewer.rows.tolist() == [1]
    assert "held-out rows: X has 2 rows but y has 1 labels" in refusal(keras(npz, y_test=np.array([0])))


@pytest.mark.parametrize(
    "y",
    [GOOD_Y[:, None], np.eye(2)[GOOD_Y], np.eye(2, dtype=bool)[GOOD_Y], GOOD_Y.astype(np.float16), GOOD_Y.astype("u1"),
     GOOD_Y == 1, np.array(["no", "yes"])[GOOD_Y], np.array([[b"no"], [b"yes"]])[GOOD_Y]],
)  # fmt: skip
def test_labels_come_in_many_shapes_and_types(npz: Write, y: np.ndarray) -> None:
    assert load_dataset(npz(X=GOOD_X, y=y)).y.tolist() == [-1, 1, 1, -1]


def test_bytes_are_scaled_in_images_and_never_in_tables(npz: Write) -> None:
    assert load_dataset(npz(X=IMAGES, y=GOOD_Y)).scale == 255
    assert load_dataset(npz(X=IMAGES.reshape(4, 4), y=GOOD_Y)).scale == 1
    assert load_dataset(npz(images=IMAGES, labels=GOOD_Y), prepare="bias=1").raw[:, -2:].tolist() == [
        [v / 255, 1.0] for v in (4, 8, 12, 16)
    ]


def test_npy_files_come_in_pairs(tmp_path: Path) -> None:
    for name, content in (("X_train", GOOD_X), ("y_train", GOOD_Y), ("X_test", TEST_X), ("y_test", TEST_Y)):
        (tmp_path / f"{name}.npy").write_bytes(npy(content))
    data = load_dataset(str(tmp_path / "X_train.npy"))
    assert np.array_equal(data.raw, GOOD_X)
    assert data.held_out is not None
    assert data.held_out.y.tolist() == [1, -1]
    (tmp_path / "rows.npy").write_bytes(npy(GOOD_X))
    assert "no file of labels beside it; name one with --target FILE" in refusal(str(tmp_path / "rows.npy"))
    assert load_dataset(str(tmp_path / "rows.npy"), target=str(tmp_path / "y_train.npy")).digest == data.digest
    (tmp_path / "rows.npy").write_bytes(npy(np.array([{}])))
    assert "pickled" in refusal(str(tmp_path / "rows.npy"), target=str(tmp_path / "y_train.npy"))
    (tmp_path / "rows.npy").write_bytes(npy(GOOD_X)[:-3])
    assert "claims 64 bytes but 61 are stored" in refusal(
        str(tmp_path / "rows.npy"), target=str(tmp_path / "y_train.npy")
    )


def idx(array: np.ndarray) -> bytes:
    kinds = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    kind = kinds[array.dtype.str[1:]]
    return (
        struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


@pytest.mark.parametrize("end", ["", ".gz"])
def test_idx_files_are_mnists_own(tmp_path: Path, end: str) -> None:
    pack = gzip.compress if end else bytes
    for name, content in (
        ("train-images-idx3", IMAGES),
        ("train-labels-idx1", GOOD_Y.astype("u1")),
        ("t10k-images-idx3", IMAGES[:2]),
        ("t10k-labels-idx1", TEST_Y.astype("u1")),
    ):
        (tmp_path / f"{name}-ubyte{end}").write_bytes(pack(idx(content)))
    data = load_dataset(str(tmp_path / f"train-images-idx3-ubyte{end}"))
    assert (data.scale, data.image_shape, data.raw.tolist()) == (255, (2, 2), IMAGES.reshape(4, 4).tolist())
    assert data.held_out is not None
    assert data.held_out.X.shape == (2, 4)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_every_type_of_idx_is_read(tmp_path: Path, dtype: str) -> None:
    rows = np.abs(GOOD_X).astype(dtype)
    (tmp_path / "a.idx").write_bytes(idx(rows))
    (tmp_path / "b.idx").write_bytes(idx(GOOD_Y.astype("u1")))
    assert load_dataset(str(tmp_path / "a.idx"), target=str(tmp_path / "b.idx")).raw.tolist() == rows.tolist()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged or cut short"),
        (b"PK\x03\x04" * 9, "not an IDX file"),
        (idx(IMAGES)[:-1], "shorter than the 16 bytes"),
        (idx(IMAGES) + b"x", "longer than the 16 bytes"),
        (struct.pack(">HBB3I", 0, 8, 3, 2**31, 2**31, 9), "GiB"),
        (struct.pack(">HBB1I", 0, 8, 1, 0), "is empty (shape (0,))"),
    ],
)
def test_a_bad_idx_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "y.idx").write_bytes(idx(GOOD_Y.astype("u1")))
    (tmp_path / "x.idx").write_bytes(content)
    assert words in refusal(str(tmp_path / "x.idx"))
    packed = tmp_path / "x.idx.gz"
    packed.write_bytes(gzip.compress(idx(IMAGES))[:-9])
    assert "damaged or cut short" in refusal(str(packed), target=str(tmp_path / "y.idx"))


TABLE = 'id;a;b;city;label\n0;1,5;2;"Rome; old";yes\n1;?;-3,25e0;Oslo;no\n2;4;NA;Oslo;yes\n3;0,5;1;;no\n'


def test_semicolons_decimal_commas_quotes_and_gaps_are_read(text: Write) -> None:
    data = load_dataset(text("\ufeff" + TABLE), target="label", ignore=["id"], prepare="impute,onehot")
    assert data.columns == ("a", "b", "city=Oslo", "city=Rome; old")
    assert data.raw.tolist() == [[1.5, 2, 0, 1], [2, -3.25, 1, 0], [4, -0.25 / 3, 1, 0], [0.5, 1, 1, 0]]
    assert data.left_out == ("column 'id' (--ignore)",)
    tabs = TABLE.replace(";", "\t").replace("Rome\t", "Rome;")
    assert load_dataset(text(tabs), target="label", ignore=["id"], prepare="impute,onehot").digest == data.digest


def test_text_is_refused_without_onehot_and_a_slip_always(text: Write) -> None:
    source = text(TABLE)
    assert "column 'city' holds text ('Rome; old', 'Oslo')" in refusal(
        source, target="label", ignore=["id"], prepare="impute"
    )
    assert "column 'a' has no value (NaN), 3 of 4 rows" in refusal(source, target="label", prepare="onehot")
    slip = text(TABLE + "4;1,5;x;Rome;no\n")
    assert "line 6, column 'b': 'x' is not a finite number, as most of the column is" in refusal(
        slip, target="label", prepare="impute,onehot"
    )
    both = text(TABLE + "4;1.5;2;Rome;no\n")
    assert "decimal commas (line 2) and decimal points (line 6)" in refusal(both, target="label")
    names = text("who,a,y\nann,1,0\nbob,2,1\ncid,3,1\n")
    assert "column 'who' has another text in every row" in refusal(names, target="y", prepare="onehot")
    assert "--ignore names 'x'" in refusal(names, target="y", ignore=["x"])
    late = refusal(text("c,y\nu,0\nu,1\n,1\n"), target="y", prepare="onehot,impute")
    assert "column 'c' has missing values; put impute before onehot" in late


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__"])
def test_an_index_is_no_feature(text: Write, name: str) -> None:
    with pytest.warns(BoundcheckWarning, match="an index, not a feature"):
        data = load_dataset(text(f"{name},a,y\n7,1,0\n8,2,1\n9,3,1\n"), target="y")
    assert data.columns == ("a",)
    assert data.left_out == (f"column {name!r} (an index, not a feature)",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_dataset(text("index,a,y\n7,1,0\n8,2,1\n9,3,1\n"), target="y")


def test_feather_is_the_same_as_csv(tmp_path: Path, text: Write) -> None:
    pa, feather = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.feather")
    columns = {"a": [1.0, None, 3.0], "c": ["u", "v", "u"], "y": [0, 1, 1]}
    path = tmp_path / "d.feather"
    feather.write_feather(pa.table(columns), path)
    expected = load_dataset(text("a,c,y\n1,u,0\n,v,1\n3,u,1\n"), target="y", prepare="impute,onehot")
    assert load_dataset(str(path), target="y", prepare="impute,onehot").digest == expected.digest
    whole = path.read_bytes()
    for length in range(0, len(whole) - 8, 60):
        path.write_bytes(whole[:length])
        assert "not a readable feather file" in refusal(str(path), target="y")


def test_what_was_prepared_is_written_and_read_back(tmp_path: Path, npz: Write) -> None:
    data = load_dataset(keras(npz), prepare="standardize", normalize="unit")
    save_dataset(tmp_path / "out.npz", data)
    again = load_dataset(str(tmp_path / "out.npz"), normalize="none")
    assert again.digest == data.digest
    assert data.held_out is not None
    assert again.held_out is not None
    assert np.array_equal(again.held_out.X, data.held_out.X)
    assert np.array_equal(again.preparation.apply(TEST_X), data.preparation.apply(TEST_X))
    assert "prepared before (standardize)" in again.provenance
    assert "'preparation' is not one that boundcheck wrote" in refusal(npz(X=GOOD_X, y=GOOD_Y, preparation=GOOD_Y))
