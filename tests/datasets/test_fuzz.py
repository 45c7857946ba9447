"""Whatever the bytes are, a loader returns a valid Dataset or raises InputError on one line."""

import contextlib
import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boundcheck.datasets import load_dataset
from boundcheck.errors import BoundcheckWarning, InputError

from .conftest import GOOD_X, GOOD_Y, header, npy

EXAMPLES = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["set", "insert", "delete", "repeat"]), st.binary()), max_size=4
)


def load_or_refuse(path: Path, content: bytes, target: str | None = None) -> None:
    path.write_bytes(content)
    refused = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BoundcheckWarning)
            data = load_dataset(str(path), target=target)
    except InputError as error:
        refused = str(error).removeprefix(str(path))
    if refused is not None:
        assert "\n" not in refused
        assert len(refused) < 800
        return
    n, d = data.X.shape
    assert data.X.dtype == np.float64
    assert data.raw.shape == (n, d)
    assert data.rows.shape == data.y.shape == (n,)
    assert set(data.y.tolist()) == {-1, 1}
    norms = np.linalg.norm(data.X, axis=1)
    assert norms.min() > 0
    assert norms.max() == pytest.approx(1, abs=1e-12)


def mutated(content: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    """`content` after edits at relative positions."""
    for where, kind, new in edits:
        at = int(where * len(content))
        if kind == "set":
            content = content[:at] + new + content[at + len(new) :]
        elif kind == "insert":
            content = content[:at] + new + content[at:]
        elif kind == "delete":
            content = content[:at] + content[at + 1 + len(new) :]
        else:
            content = content[:at] + content[at : at + 50] * (1 + len(new)) + content[at:]
    return content


def zipped(method: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for key, value in members.items():
            archive.writestr(f"{key}.npy", value)
    return buffer.getvalue()


@EXAMPLES
@given(content=st.binary(max_size=400))
def test_random_bytes(tmp_path: Path, content: bytes) -> None:
    load_or_refuse(tmp_path / "data.npz", content)
    load_or_refuse(tmp_path / "data.csv", content, "label")
    load_or_refuse(tmp_path / "data.csv", b"a,label\n" + content, "label")


@EXAMPLES
@given(edits=EDITS, method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_mutated_archives(tmp_path: Path, edits: list[tuple[float, str, bytes]], method: int) -> None:
    load_or_refuse(tmp_path / "data.npz", mutated(zipped(method, X=npy(GOOD_X), y=npy(GOOD_Y)), edits))


@EXAMPLES
@given(
    edits=EDITS,
    key=st.sampled_from("Xyp"),
    y=st.sampled_from([GOOD_Y, GOOD_Y.astype(float), GOOD_Y.astype("U3"), GOOD_Y.astype("S3"), GOOD_Y > 0]),
    dtype=st.sampled_from(["f8", "f4", "f2", "i4", "u1", ">f8", ">i8", "?"]),
)
def test_mutated_members_of_a_sound_archive(
    tmp_path: Path, edits: list[tuple[float, str, bytes]], key: str, y: np.ndarray, dtype: str
) -> None:
    """The archive's own check sums are right, so the damage reaches the reader of the arrays."""
    members = {"X": npy(GOOD_X.astype(dtype)), "y": npy(y), "p": npy(np.full(4, 0.5))}
    members[key] = mutated(members[key], edits)
    load_or_refuse(tmp_path / "data.npz", zipped(**members))


@pytest.mark.filterwarnings("ignore:.*favour another class")
@pytest.mark.parametrize("key", ["X", "y", "p"])
def test_every_byte_of_a_member_replaced(tmp_path: Path, key: str) -> None:
    """NumPy raises a SystemError when asked for text whose code points do not exist: found this way."""
    members = {"X": npy(GOOD_X), "y": npy(GOOD_Y.astype("U2")), "p": npy(np.full(4, 0.5))}
    for at in range(len(members[key])):
        for new in (b"\x00", b"\x7f", b"\xff"):
            damaged = members[key][:at] + new + members[key][at + 1 :]
            load_or_refuse(tmp_path / "data.npz", zipped(**{**members, key: damaged}))


@EXAMPLES
@given(
    descr=st.from_regex(r"[<>|=]?[a-zA-Z?][0-9]{0,2}", fullmatch=True) | st.text(max_size=8),
    order=st.sampled_from(["True", "False", "0"]),
    shape=st.lists(st.integers(-1, 5) | st.integers(0, 2**70), max_size=5).map(str),
    body=st.binary(max_size=100),
    key=st.sampled_from("Xyp"),
)
def test_invented_headers(tmp_path: Path, descr: str, order: str, shape: str, body: bytes, key: str) -> None:
    text = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape[1:-1]}), }}"
    members = {"X": npy(GOOD_X), "y": npy(GOOD_Y), key: header(text, body)}
    load_or_refuse(tmp_path / "data.npz", zipped(**members))


@EXAMPLES
@given(
    X=st.lists(st.lists(st.floats(width=32) | st.floats(), min_size=2, max_size=2), min_size=4, max_size=4),
    dtype=st.sampled_from(["f8", "f4", "f2"]),
)
def test_any_floats(tmp_path: Path, X: list[list[float]], dtype: str) -> None:
    with np.errstate(all="ignore"):
        array = np.array(X).astype(dtype)
    load_or_refuse(tmp_path / "data.npz", zipped(X=npy(array), y=npy(GOOD_Y)))


CELL = st.sampled_from(
    ["1", "-2.5", "1e308", "1e-320", "nan", "", " ", "x", '"', '"1"', '"a\nb"', "label", "0x1p3", "٣"]
)


@EXAMPLES
@given(st.lists(st.lists(CELL | st.floats().map(str) | st.text(max_size=3), max_size=4).map(",".join), max_size=6))
def test_plausible_csv(tmp_path: Path, lines: list[str]) -> None:
    content = "\n".join(["a,label,b", "1,u,2", "3,v,4", *lines])
    load_or_refuse(tmp_path / "data.csv", content.encode("utf-8", "surrogatepass"), "label")


@EXAMPLES
@given(edits=EDITS)
def test_mutated_csv(tmp_path: Path, edits: list[tuple[float, str, bytes]]) -> None:
    load_or_refuse(tmp_path / "data.csv", mutated(b"a,label,b\n1,u,2\n3,v,4\n-1,v,0.5\n", edits), "label")


@EXAMPLES
@given(
    st.text(max_size=60) | st.from_regex(r"(circle|pair|sphere|xor|teacher|gauss):([a-z]{1,8}=[0-9.e-]{0,3},?){0,3}")
)
def test_any_synthetic_text(text: str) -> None:
    source = f"synthetic:{text}"
    with contextlib.suppress(InputError):
        assert load_dataset(source).name == source
