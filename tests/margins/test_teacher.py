"""The kernel teacher on disk: what is written is read back bit for bit, anything else is refused in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boundcheck.errors import InputError
from boundcheck.margins.teacher import load_teacher, save_teacher
from boundcheck.records import Interval
from boundcheck.records.margin import Limiting, MarginReport, Moment, Teacher


def teacher(kind: Any = "sup", *, exact: bool = False) -> Teacher:
    rng = np.random.default_rng(0)
    z = rng.standard_normal(7)
    q = rng.random(7) / 3
    return Teacher(
        q=q,
        z=z,
        p=1 / (1 + np.exp(-z)),
        kind=kind,
        margin=Interval(0.1, 0.1 + 1e-17 + 0.2, 0.95, exact),
        radius=1.0 if kind == "sup" else 2.7182818284590455,
        digest="ab" * 32,
        z_error=np.full(7, 0.003),
    )


@pytest.mark.parametrize("kind", ["sup", "rkhs"])
@pytest.mark.parametrize("exact", [True, False])
def test_what_is_saved_is_read_back_bit_for_bit(tmp_path: Path, kind: str, exact: bool) -> None:
    before = teacher(kind, exact=exact)
    path = tmp_path / "teacher.anything"
    save_teacher(before, path)
    after = load_teacher(path)
    for name in ("q", "z", "p", "z_error"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert getattr(after, name).dtype == np.float64
    for name in ("kind", "margin", "radius", "digest"):
        assert getattr(after, name) == getattr(before, name)
    assert type(after.margin.exact) is bool
    assert type(after.digest) is str


def test_file_holds_the_documented_keys(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    save_teacher(teacher(), path)
    with np.load(path) as file:
        assert {"q", "logits", "p", "gamma_lower", "gamma_upper", "confidence", "exact", "kind"} <= set(file)
        assert {"radius", "digest", "logits_error"} <= set(file)


def contents() -> dict[str, Any]:
    t = teacher()
    return {
        "q": t.q, "logits": t.z, "logits_error": t.z_error, "p": t.p, "gamma_lower": 0.1, "gamma_upper": 0.3,
        "confidence": 0.95, "exact": False, "kind": "sup", "radius": 1.0, "digest": "ab",
    }  # fmt: skip


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_teacher(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    assert "--save-teacher" in refusal(tmp_path / "none.npz")


@pytest.mark.parametrize("missing", sorted(contents()))
def test_missing_key_is_named(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, **{key: value for key, value in contents().items() if key != missing})
    assert missing in refusal(path)


def test_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    save_teacher(teacher(), path)
    whole = path.read_bytes()
    for size in (0, 3, 200, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:size])
        refusal(path)


@pytest.mark.parametrize(
    "change", [{"radius": 0.0}, {"gamma_lower": np.nan}, {"exact": [True, False]}, {"logits": 0.5}]
)
def test_numbers_out_of_range_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    save_teacher(teacher(), path)
    with np.load(path) as file:
        whole = dict(file)
    np.savez(path, **(whole | change))
    refusal(path)


def test_damaged_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    save_teacher(teacher(), path)
    whole = bytearray(path.read_bytes())
    place = whole.index(teacher().q.tobytes())
    whole[place : place + 8] = b"\0" * 8
    path.write_bytes(whole)
    refusal(path)


def test_text_an_array_a_folder_and_pickles_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "t.txt"
    text.write_text("q\n1\n")
    refusal(text)
    array = tmp_path / "t.npy"
    np.save(array, np.zeros(3))
    refusal(array)
    refusal(tmp_path)
    pickled = tmp_path / "t.npz"
    np.savez(pickled, **{**contents(), "q": np.array([{}], dtype=object)})
    refusal(pickled)


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, **{**contents(), "kind": "both"})
    assert "'both'" in refusal(path)


@pytest.mark.parametrize("key", ["gamma_lower", "radius", "confidence"])
def test_numbers_of_the_wrong_shape_or_type_are_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "t.npz"
    for wrong in (np.zeros(2), np.array("much")):
        np.savez(path, **{**contents(), key: wrong})
        refusal(path)


def test_report_becomes_json_without_its_teacher() -> None:
    gamma = Interval(0.1, 0.2)
    report = MarginReport(
        "x", 2, 2, 0.5, 1.0, 1, 1, gamma, gamma, 2, True, (), (Limiting(4, -1, 0.5, 1, 0.2),), gamma, 0, 0.1,
        history=(Moment(0.1, 0.1, 0.2),), teacher=teacher(),
    )  # fmt: skip
    body = report.to_json()
    assert "teacher" not in body
    assert body["gamma_sup"] == {"lower": 0.1, "upper": 0.2, "confidence": 1.0, "exact": True}
    assert body["limiting"] == [{"row": 4, "label": -1, "weight": 0.5, "rival": 1, "angle": 0.2}]
    assert body["history"] == [{"seconds": 0.1, "lower": 0.1, "upper": 0.2}]
