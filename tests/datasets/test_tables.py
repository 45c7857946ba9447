"""Tables with named columns: what is loaded, and where exactly a bad cell stands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.datasets import load_dataset

from .conftest import refusal

Write = Callable[..., str]
GOOD = "a,label,b\n3,yes,4\n0,no,1\n\n-1.5e0,no,0\n"


def test_a_csv_is_numbers_and_one_column_of_labels(text: Write) -> None:
    data = load_dataset(text(GOOD), target="label")
    assert data.raw.tolist() == [[3, 4], [0, 1], [-1.5, 0]]
    assert data.y.tolist() == [1, -1, -1]
    assert data.positive == ("yes",)
    assert np.array_equal(data.X, data.raw / 5)


@pytest.mark.parametrize(
    "same",
    ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("3,", '" 3",'), GOOD.replace("label,b", " label , b")],
)
def test_marks_line_ends_quotes_and_blanks_change_nothing(text: Write, same: str) -> None:
    expected = load_dataset(text(GOOD), target="label").digest
    assert load_dataset(text(same), target="label").digest == expected


def test_a_byte_order_mark_is_no_part_of_the_first_name(text: Write) -> None:
    assert load_dataset(text("\ufefflabel,a\nu,1\nv,2\n"), target="label").positive == ("v",)


@pytest.mark.parametrize(
    ("content", "target", "words"),
    [
        ("", "label", "no line of column names"),
        ("\n\n", "label", "no line of column names"),
        (GOOD, None, "say which column holds the labels: 'a', 'label', 'b'"),
        (GOOD, "class", "no column 'class' for --target; the columns are 'a', 'label', 'b'"),
        (GOOD.replace("label", "a"), "a", "several columns 'a'"),
        (GOOD.replace(",", "|"), "label", "cells must be separated by commas"),
        ("label\nyes\nno\n", "label", "no column besides 'label'"),
        ("a,label,b\n", "label", "X is empty"),
        ("a,label\n1,yes\n", "label", "one row only"),
        (GOOD + "1,yes\n", "label", "line 6 has 2 cells, the header has 3"),
        (GOOD + "1,yes,2,3\n", "label", "line 6 has 4 cells"),
        (GOOD + "1,yes,x\n", "label", "line 6, column 'b': 'x' is not a finite number"),
        (GOOD + "1,yes,\n", "label", "row 3 (counting from 0), column 'b' has no value (NaN), 1 of 4 rows"),
        (GOOD + "nan,yes,1\n", "label", "row 3 (counting from 0), column 'a' has no value (NaN)"),
        (GOOD + "1,yes,-inf\n", "label", "line 6, column 'b': '-inf'"),
        (GOOD + "1e999,yes,1\n", "label", "line 6, column 'a': '1e999'"),
        (GOOD + "1_0,yes,1\n", "label", "line 6, column 'a': '1_0'"),
        (GOOD + "1, ,1\n", "label", "line 6 has no label in column 'label'"),
        (GOOD + '1,"yes\n', "label", "is not csv (unexpected end of data)"),
        (GOOD + "1,yes," + "9" * 200_000 + "\n", "label", "field larger than field limit"),
        (b"a,label\n1,caf\xe9\n", "label", "not UTF-8 text"),
        (GOOD.encode("utf-16"), "label", "not UTF-8 text"),
        (b"PK\x03\x04\x00\x00", "label", "no column 'label'"),
        ("a,label\n0,yes\n1,no\n", "label", "row 0 (counting from 0) is zero"),
    ],
)
def test_a_bad_csv_is_refused_with_its_place(text: Write, content: Any, target: str | None, words: str) -> None:
    assert words in refusal(text(content), target=target)


def test_a_csv_too_large_for_memory_is_refused_while_reading(text: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boundcheck.datasets.limits.MAX_BYTES", 800)
    rows = "".join(f"1,{i % 2},2\n" for i in range(100))
    assert "51 x 2 numbers need" in refusal(text("a,label,b\n" + rows + "bad,0,bad\n"), target="label")


def parquet(path: Path, **columns: Any) -> str:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table(columns), path / "data.parquet")
    return str(path / "data.parquet")


@pytest.mark.parametrize("labels", [["yes", "no", "no"], [1, 0, 0], [1.0, 0.0, 0.0], [True, False, False]])
def test_a_parquet_file_is_the_same_as_its_csv(tmp_path: Path, text: Write, labels: list[Any]) -> None:
    data = load_dataset(parquet(tmp_path, a=[3.0, 0.0, -1.5], label=labels, b=[4, 1, 0]), target="label")
    assert data.digest == load_dataset(text(GOOD), target="label").digest


def test_dictionary_labels_and_boolean_features_are_read(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    labels = pa.array(["x", "y", "x"]).dictionary_encode()
    data = load_dataset(parquet(tmp_path, a=[True, True, False], b=[1, 2, 3], c=labels), target="c")
    assert data.raw.tolist() == [[1, 1], [1, 2], [0, 3]]
    assert data.positive == ("y",)


@pytest.mark.parametrize(
    ("columns", "target", "words"),
    [
        ({"a": [1, 2], "y": [0, 1]}, None, "no --target; say which"),
        ({"a": [1, 2], "y": [0, 1]}, "z", "no column 'z'"),
        ({"a": [1, None], "y": [0, 1]}, "y", "row 1 (counting from 0), column 'a' has no value (NaN), 1 of 2 rows"),
        ({"a": [1, 2], "y": [0, None]}, "y", "label of row 1 (counting from 0) is missing"),
        ({"a": ["u", "v"], "y": [0, 1]}, "y", "column 'a' holds text ('u', 'v')"),
        ({"a": [[1], [2]], "y": [0, 1]}, "y", "column 'a' has type List"),
        ({"a": [1.0, float("nan")], "y": [0, 1]}, "y", "row 1 (counting from 0), column 'a' has no value (NaN)"),
    ],
)
def test_a_bad_parquet_file_is_refused(tmp_path: Path, columns: dict[str, Any], target: str, words: str) -> None:
    assert words in refusal(parquet(tmp_path, **columns), target=target)


def test_damaged_and_absurd_parquet_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path, a=[1, 2, 3], b=[1, 2, 3], y=[0, 1, 1])
    monkeypatch.setattr("boundcheck.datasets.limits.MAX_BYTES", 8)
    assert "above the limit" in refusal(path, target="y")
    monkeypatch.undo()
    whole = Path(path).read_bytes()
    for length in range(0, len(whole), len(whole) // 40):
        Path(path).write_bytes(whole[:length])
        assert "not a readable parquet file" in refusal(path, target="y")


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path, a=[1, 2], y=[0, 1])
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert "pip install 'boundcheck[data]'" in refusal(path, target="y")
