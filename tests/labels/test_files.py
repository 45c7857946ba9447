"""Label files and truth files: round trips, and one line for everything that cannot be used."""

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.crowds.reading import read_truth
from boundcheck.datasets import load_dataset
from boundcheck.errors import InputError
from boundcheck.labels.files import LabelFile, labels_for, load_labels, save_labels, true_labels


def written(path: Path, **more: Any) -> LabelFile:
    logits = np.array([-1.0, 0.5, 2.0])
    save_labels(path, p=1 / (1 + np.exp(-logits)), logits=logits, source="crowd", seed=3, **more)
    return load_labels(path)


def test_round_trip(tmp_path: Path) -> None:
    found = written(tmp_path / "a.npz", radius=2.5, rows=np.array([4, 5, 9]), digest="abc", y=np.array([-1, 1, 1]))
    assert found.labels.scores[:, 1].tolist() == [-1.0, 0.5, 2.0]
    assert (found.source, found.digest, found.radius) == ("crowd", "abc", 2.5)
    assert found.y is not None
    assert found.y.tolist() == [-1, 1, 1]
    assert found.tasks is None
    assert not found.deterministic
    assert not found.in_sample


def test_without_a_radius_it_is_nan(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", p=[[0.2, 0.3, 0.5]])
    found = load_labels(tmp_path / "a.npz")
    assert math.isnan(found.radius)
    assert (found.source, found.digest, found.y) == ("", None, None)


@pytest.mark.parametrize(
    ("source", "deterministic", "in_sample"),
    [
        ("kernel, sup norm, logit scale 1", True, True),
        ("network, width 512, 5-fold cross-fitted", True, False),
        ("network, width 512, own training points", True, True),
        ("smoothing, alpha 0.1", False, True),
        ("crowd", False, False),
    ],
)
def test_what_the_source_says(tmp_path: Path, source: str, deterministic: bool, in_sample: bool) -> None:
    save_labels(tmp_path / "a.npz", p=np.array([0.5]), logits=np.array([0.0]), source=source, seed=0)
    found = load_labels(tmp_path / "a.npz")
    assert (found.deterministic, found.in_sample) == (deterministic, in_sample)


@pytest.mark.filterwarnings("ignore:.*favour another class")
def test_the_file_feeds_the_data_stage(tmp_path: Path) -> None:
    data = load_dataset("synthetic:circle:points=4")
    logits = np.array([-1.0, 0.5, 2.0, 800.0])
    p = np.clip(1 / (1 + np.exp(-logits)), 0, np.nextafter(1.0, 0.0))
    save_labels(tmp_path / "a.npz", p=p, logits=logits, source="x", seed=0, digest=data.digest)
    found, given, _ = labels_for(tmp_path / "a.npz", data)
    assert (given == logits).all()
    assert (found == p).all()


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"q": [0.5]}, "neither p nor logits"),
        ({"p": [0.5, 0.2], "y": [0]}, "y has shape"),
        ({"p": [0.5], "radius": "far"}, "radius"),
        ({"p": [np.nan]}, "not finite"),
        ({"p": np.array([{}])}, "pickle"),
    ],
)
def test_bad_label_files(tmp_path: Path, arrays: dict[str, Any], says: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=says) as caught:
        load_labels(tmp_path / "a.npz")
    assert "a.npz" in str(caught.value)


def test_missing_truncated_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_labels(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("p,0.5")
    with pytest.raises(InputError, match=r"not a \.npz"):
        load_labels(tmp_path / "text.npz")
    written(tmp_path / "whole.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:200])
    with pytest.raises(InputError):
        load_labels(tmp_path / "cut.npz")
    with pytest.raises(InputError, match=r"-o FILE.npz"):
        written(tmp_path / "a.csv")
    with pytest.raises(InputError, match="cannot be written"):
        written(tmp_path / "nowhere" / "a.npz")


def test_candidate_sets(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", p=np.array([[1, 0, 1], [0, 1, 0]]))
    assert load_labels(tmp_path / "a.npz", candidates=True).labels.weights.tolist() == [[0.5, 0, 0.5], [0, 1, 0]]
    with pytest.raises(InputError, match="sums to 2"):
        load_labels(tmp_path / "a.npz")


def codes(found: LabelFile, path: Path, **options: Any) -> list[int]:
    known = true_labels(found, path, **options)
    assert known is not None
    return known.codes.tolist()


def test_truth_by_position_and_by_source_row(tmp_path: Path) -> None:
    found = written(tmp_path / "a.npz", rows=np.array([4, 0, 2]))
    np.savez(tmp_path / "short.npz", y=[0, 1, 1])
    np.savez(tmp_path / "long.npz", y=[0, 1, 0, 1, 1])
    assert codes(found, tmp_path / "short.npz") == [0, 1, 1]
    assert codes(found, tmp_path / "long.npz") == [1, 0, 0]


def test_a_truth_that_the_system_does_not_hand_out_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = written(tmp_path / "a.npz")
    (tmp_path / "t.csv").write_text("task,label\nt1,0\n")

    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    for read in (partial(true_labels, found), read_truth):
        with pytest.raises(InputError, match=r"t\.csv: cannot be read \(Permission denied\)"):
            read(tmp_path / "t.csv")


def test_truth_by_task_name(tmp_path: Path) -> None:
    found = written(tmp_path / "a.npz", tasks=np.array(["t7", "t1", "t3"]))
    (tmp_path / "t.csv").write_text("task,label\nt1,0\nt3,1\nt5,1\nt7,1\n")
    assert codes(found, tmp_path / "t.csv") == [1, 0, 1]
    (tmp_path / "some.csv").write_text("task,label\nt3,1\nt9,0\n")
    assert codes(found, tmp_path / "some.csv") == [-1, -1, 1]
    (tmp_path / "plain.csv").write_text("\ufefflabel\n0\n1\n1\n")
    assert codes(found, tmp_path / "plain.csv") == [0, 1, 1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("task,label\ns1,0\ns3,1\n", "none of its 2 labels"),
        ("task,label\nt1,0\nt1,1\nt3,1\nt7,1\n", "'t1' has several labels"),
        ("task,p\nt1,0\n", "no column of true labels"),
        ("task,label\nt1,cat\n", "label 'cat' only; say with --positive"),
        ("task,label\nt1\n", "line 2 has 1 cells"),
        ("label\n", "no rows"),
        ("", "no line of column names"),
    ],
)
def test_bad_truth_files(tmp_path: Path, text: str, says: str) -> None:
    found = written(tmp_path / "a.npz", tasks=np.array(["t7", "t1", "t3"]))
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        true_labels(found, tmp_path / "t.csv")


def test_a_truth_that_is_not_text(tmp_path: Path) -> None:
    found = written(tmp_path / "a.npz")
    (tmp_path / "t.csv").write_bytes(b"label\n\xff\xfe\n")
    with pytest.raises(InputError, match="UTF-8"):
        true_labels(found, tmp_path / "t.csv")
    np.savez(tmp_path / "n.npz", z=[1])
    with pytest.raises(InputError, match="no column of true labels"):
        true_labels(found, tmp_path / "n.npz")
