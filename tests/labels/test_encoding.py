"""What labels mean: which classes are +1, which spellings stand for no label."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from boundcheck.datasets import from_arrays
from boundcheck.errors import InputError
from boundcheck.softlabels.encoding import (
    MISSING,
    count_labels,
    counted,
    encode,
    in_order,
    is_missing,
    label_name,
    tally,
)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (5, "5"), (5.0, "5"), (np.float32(5), "5"), ("5", "5"), (" 5.0 ", "5"), ("+5", "5"), ("05", "5"), ("5e0", "5"),
        ("5.", "5"), (Decimal("5.0"), "5"), ("-0", "0"), (-1.0, "-1"), (0.5, "0.5"), ("0.50", "0.5"), ("1_0", "1_0"),
        ("yes ", "yes"), (b"no", "no"), (True, "True"), ("a1", "a1"), ("1e400", "1e400"), ("9" * 5000, "9" * 5000),
        ("12345678901234567891", "12345678901234567891"), (None, "None"), (math.nan, "nan"), ("", ""),
    ],
)  # fmt: skip
def test_the_same_number_is_the_same_class_however_it_is_written(value: Any, name: str) -> None:
    assert label_name(value) == name


@pytest.mark.parametrize("value", [math.inf, -np.inf, b"\xff"])
def test_what_names_no_class(value: Any) -> None:
    with pytest.raises(InputError, match="label"):
        label_name(value)


@pytest.mark.parametrize(
    ("names", "options", "positive", "negative"),
    [
        (["0", "1"], {}, ["1"], ["0"]),
        (["-1", "1"], {}, ["1"], ["-1"]),
        (["1"], {}, ["1"], []),
        (["0"], {}, ["1"], ["0"]),
        (["-1"], {}, ["1"], ["-1"]),
        (["1", "2"], {}, ["2"], ["1"]),
        (["10", "9"], {}, ["10"], ["9"]),
        (["no", "yes"], {}, ["yes"], ["no"]),
        (["0", "1"], {"positive": ["0"]}, ["0"], ["1"]),
        (["-1", "1"], {"positive": ["-1"]}, ["-1"], ["1"]),
        (["-1", "0", "1"], {"positive": ["1"]}, ["1"], ["-1", "0"]),
        (["-1", "0", "1"], {"missing": ["0"]}, ["1"], ["-1"]),
        (["1", "2", "3"], {"positive": ["3.0", "4"]}, ["3"], ["1", "2"]),
        (["1"], {"positive": ["2"]}, ["2"], ["1"]),
        (["none", "mild"], {"positive": ["none"]}, ["none"], ["mild"]),
        (["a", "b", "?"], {"missing": ["?"]}, ["b"], ["a"]),
    ],
)
def test_which_classes_are_positive(
    names: list[str], options: dict[str, list[str]], positive: list[str], negative: list[str]
) -> None:
    found = encode("f", names, **options)
    assert (list(found.positive), list(found.negative)) == (positive, negative)


@pytest.mark.parametrize(
    ("names", "options", "says"),
    [
        (["a", "b", "c"], {}, "3 classes ('a', 'b', 'c'); say with --positive"),
        (["yes"], {}, "label 'yes' only; say with --positive"),
        (["-1", "0"], {}, "0 may be a class or no label"),
        (["-1", "0", "1"], {}, "0 may be a class or no label"),
        (["a", "b"], {"positive": ["c"]}, "no label is 'c', they are 'a', 'b'; correct --positive"),
        (["a", "b"], {"positive": ["a"], "missing": ["a"]}, "is a class and named by --missing"),
        (["?"], {"missing": ["?"]}, "no labels"),
        ([], {}, "no labels"),
    ],
)
def test_what_is_not_guessed(names: list[str], options: dict[str, list[str]], says: str) -> None:
    with pytest.raises(InputError) as caught:
        encode("f", names, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("token", [*sorted(MISSING), "NaN", "None", "NOT SURE", "N/A"])
def test_a_missing_label_is_refused_or_left_out_and_never_a_class(token: str) -> None:
    assert is_missing(token)
    with pytest.raises(InputError, match="--missing"):
        encode("f", [token, "0", "1"])
    found = encode("f", [token, "0", "1"], missing=[token])
    assert found.signs([token, "1", 0.0, token]).tolist() == [0, 1, -1, 0]


def test_counts_join_the_spellings_of_a_class_and_name_its_meaning() -> None:
    counts = tally(["1", "1.0", "?", "0", 1, "?"])
    assert counts == {"1": 3, "?": 2, "0": 1}
    found = encode("f", counts, missing=["?"])
    rows = count_labels(found, answers=counts, truth={"1": 1})
    assert counted(rows) == "+1: '1' (3 answers, 1 true); -1: '0' (1 answers); no label: '?' (2 answers)"


def test_order_of_classes_is_numerical_where_all_are_numbers() -> None:
    assert in_order(["10", "9", "-1"]) == ("-1", "9", "10")
    assert in_order(["10", "9", "b"]) == ("10", "9", "b")


def test_data_are_encoded_by_the_same_rule() -> None:
    """1 and 1.0 are one class of DATA; a missing label is refused with its row."""
    data = from_arrays(np.eye(3), np.array(["1", "1.0", "2"]))
    assert (data.negative, data.positive, data.y.tolist()) == (("1",), ("2",), [-1, -1, 1])
    with pytest.raises(InputError, match=r"row 1 \(counting from 0\) is missing \('N/A'\).*--drop"):
        from_arrays(np.eye(3), np.array(["1", "N/A", "2"]))
    kept = from_arrays(np.eye(3), np.array(["1", "N/A", "2"]), drop=["N/A"])
    assert kept.rows.tolist() == [0, 2]
